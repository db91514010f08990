"""kill -9, power cuts, full and failing disks at random moments: nothing receipted is ever lost."""

import os
import random  # noqa: TID251 - a test picks its moments by a printed seed
import time
from pathlib import Path

import pytest
from typing_extensions import override

from openline.errors import OpenlineError
from tests.e2e.kill_rig import Case, hurt, texts_of
from tests.e2e.post_rig import PostProcess, is_up, make_pair, running, settle
from tests.e2e.power import PowerPost, build_shim, powered


@pytest.fixture
def seed(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> int:
    """By which the moments are chosen; printed, to be given again."""
    found = int(os.environ.get("OPENLINE_KILL_SEED", str(random.SystemRandom().randrange(2**32))))
    with capsys.disabled():
        print(f"\n{request.node.name}: OPENLINE_KILL_SEED={found}")  # noqa: T201 - to repeat it
    return found


@pytest.mark.timeout(7200)
def test_kill_9_at_random_moments(tmp_path: Path, kill_rounds: int, seed: int) -> None:
    north, south = make_pair(tmp_path)
    with running(north, south):
        north.until(is_up)
        hurt(Case((north, south), seed), kill_rounds, tmp_path)


class FailingDisk(Case):
    """The disk is full, or confirms nothing, for some time before the current goes."""

    flags = ("full", "deaf")

    @override
    def blow(self, post: PostProcess) -> None:
        assert isinstance(post, PowerPost)
        post.set(self.random.choice(self.flags), on=True)
        time.sleep(self.random.uniform(0.0, 0.4))


@pytest.mark.needs_compiler
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", [Case, FailingDisk])
def test_power_cuts_at_random_moments(
    tmp_path: Path,
    kill_rounds: int,
    seed: int,
    kind: type[Case],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    rng = random.Random(seed)
    shim = build_shim(tmp_path_factory)
    north, south = (powered(post, shim, rng) for post in make_pair(tmp_path))
    with running(north, south):
        north.until(is_up)
        hurt(kind((north, south), seed), kill_rounds, tmp_path)


def text_once_there_is_room(post: PostProcess, text: str) -> None:
    """The post looks at its disk now and then; until it has, it refuses by name."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            post.text(text)
        except OpenlineError as fault:
            if fault.code != "store.full":
                raise
            time.sleep(0.2)
        else:
            return
    pytest.fail("still full")


@pytest.mark.needs_compiler
@pytest.mark.parametrize("full", [0, 1])
def test_a_full_disk_stops_neither_post(
    tmp_path: Path, full: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What did not fit was never said to be written; with room again it goes on by itself."""
    shim = build_shim(tmp_path_factory)
    posts = [powered(post, shim, random.Random(0)) for post in make_pair(tmp_path)]
    mine, other = posts[full], posts[1 - full]
    with running(*posts):
        mine.until(is_up)
        mine.text("before")
        mine.set("full", on=True)
        with pytest.raises(OpenlineError) as refused:
            mine.ask("text", 10.0, text="in vain", lang="en", wait="written", timeout=5)
        assert refused.value.code in ("store.full", "post.timeout"), refused.value.code
        other.text("while theirs is full", wait="written")
        mine.until(lambda status: status["link"]["state"] == "UP")
        mine.set("full", on=False)
        text_once_there_is_room(mine, "after")
        settle(*posts)
        assert [post.stop() for post in posts] == [0, 0]
    for post in posts:
        found = texts_of(post.disk(), 0) | texts_of(post.disk(), 1)
        assert found == {"before", "while theirs is full", "after"}
