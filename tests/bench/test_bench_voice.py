"""Pick-up to heard, and speech back after an outage and after a restart, on whole posts.

Measured as measured/peers.md does it: from the press of the talk key to the
first audible sample, a tone running all the time. In Chromium the end point is
the far page's audio worklet (both ends Date.now, one machine, no loudspeaker);
without a browser it is decoded sound handed to the program.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from openline.app.demo.desks_headless import Desk
from openline.app.demo.figures import spread
from openline.headless.sound import make_tone
from tests.bench.rig import NICE, Row, hurry, hurry_posts, table
from tests.e2e.line_rig import (
    LabPost,
    RealDesk,
    laboratory,
    make_lab_pair,
    pick_up,
    real_desk,
    say,
)
from tests.e2e.post_rig import is_up, running
from tests.e2e.voice_rig import write_tone
from tests.pathlab.pathlab import PathLab

pytestmark = [pytest.mark.bench, pytest.mark.needs_root, pytest.mark.timeout(600)]

PICK_UPS = 12
PAUSE_S = 0.9
GATE_MS = 90.0
GROSS_MS = 2_000.0
PORT = 26060
OUTAGE_S = 5.0
ROUNDS = 3


@asynccontextmanager
async def two_desks(
    tmp_path: Path, chromium_path: str, lab: PathLab
) -> AsyncIterator[tuple[tuple[LabPost, LabPost], tuple[RealDesk, RealDesk]]]:
    # Two tones: a browser takes its own for an echo of the other's where they are one.
    tones = [write_tone(tmp_path / f"{hertz}.wav", hertz=hertz) for hertz in (440, 1130)]
    posts = make_lab_pair(tmp_path, lab, port=PORT)
    assert lab.forwarder is not None
    hurry(lab.forwarder.pid)
    with running(*posts):
        for post in posts:
            post.until(is_up)
        hurry_posts(*posts)
        async with (
            real_desk(posts[0], chromium_path, tones[0], nice=NICE) as north,
            real_desk(posts[1], chromium_path, tones[1], nice=NICE) as south,
        ):
            for desk in (north, south):
                await desk.ready()
            yield posts, (north, south)


@pytest.mark.asyncio
@pytest.mark.needs_chromium
@pytest.mark.parametrize("delay", [0, 50])
async def test_pick_up_to_heard_in_chromium(chromium_path: str, tmp_path: Path, delay: int) -> None:
    path = f"delay={delay}"
    with laboratory(path, path) as lab:
        async with two_desks(tmp_path, chromium_path, lab) as (_posts, desks):
            cold = await pick_up(*desks)
            took: tuple[list[float], list[float]] = ([], [])
            for _ in range(PICK_UPS):
                for way, (speaker, listener) in enumerate((desks, desks[::-1])):
                    await asyncio.sleep(PAUSE_S)
                    took[way].append(await pick_up(speaker, listener, hold_s=0.3))
    near = f"T {delay}; gate {delay + GATE_MS:.0f}; very first press, device closed: {cold:.0f}"
    rows = [
        ("Chromium, north to south", spread(took[0]), near),
        ("Chromium, south to north", spread(took[1][1:]), near),  # its first opened the device
    ]
    table("pick-up -> heard, armed microphone", rows)
    assert max(row["median"] or 0 for _name, row, _near in rows) < GROSS_MS


class ThreadDesk:
    """A headless desk in a thread that stands in its post's namespace."""

    def __init__(self, lab: PathLab, post: LabPost) -> None:
        self._lab, self._post = lab, post
        self._url = post.ask("desk-url")[0]["url"]
        self.loop = asyncio.new_event_loop()
        self.desk: Desk | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with self._lab.inside(self._post.side):
            self.loop.run_until_complete(self._sit())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    async def _sit(self) -> None:
        self.desk = Desk(self._url, make_tone(10.0))
        self._task = asyncio.ensure_future(self.desk.run())
        await asyncio.gather(self._task, return_exceptions=True)

    def act(self, what: str) -> float:
        """Talk or release; the moment at which it was asked, in monotonic seconds."""
        assert self.desk is not None
        began = time.monotonic()
        asyncio.run_coroutine_threadsafe(getattr(self.desk, what)(), self.loop).result(5)
        return began

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)


def wait(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("delay", [0, 50])
def test_pick_up_to_heard_without_a_browser(tmp_path: Path, delay: int) -> None:
    path = f"delay={delay}"
    rows: list[Row] = []
    with laboratory(path, path) as lab:
        posts = make_lab_pair(tmp_path, lab, port=PORT)
        assert lab.forwarder is not None
        hurry(lab.forwarder.pid)
        with running(*posts):
            for post in posts:
                post.until(is_up)
            hurry_posts(*posts)
            desks = [ThreadDesk(lab, post) for post in posts]
            wait(lambda: all(desk.desk is not None and desk.desk.can_talk for desk in desks))
            took = []
            for number in range(2 * PICK_UPS):
                time.sleep(PAUSE_S + number * 0.0037)
                took.append(one_word(desks[number % 2], desks[1 - number % 2]))
            for desk in desks:
                desk.stop()
    rows.append(("headless, both ways", spread(took), f"T {delay}; gate {delay + GATE_MS:.0f}"))
    table("pick-up -> heard", rows)
    assert (rows[0][1]["median"] or 0) < GROSS_MS


def one_word(speaker: ThreadDesk, listener: ThreadDesk) -> float:
    ears = listener.desk
    assert ears is not None
    before = len(ears.heard_s)
    began = speaker.act("talk")
    wait(lambda: len(ears.heard_s) > before, 5.0)
    time.sleep(0.2)
    speaker.act("release")
    return (ears.heard_s[before] - began) * 1000


@pytest.mark.asyncio
@pytest.mark.needs_chromium
async def test_speech_back(chromium_path: str, tmp_path: Path) -> None:
    with laboratory("delay=50", "delay=50") as lab:
        async with two_desks(tmp_path, chromium_path, lab) as (posts, desks):
            outages = [await after_outage(lab, desks) for _ in range(ROUNDS)]
            restarts = [await after_restart(posts[1], desks) for _ in range(ROUNDS)]
    table(
        "speech back",
        [
            (
                f"outage of {OUTAGE_S:.0f} s, all paths",
                spread(outages),
                "from restoring; gate 1000",
            ),
            ("peer killed", spread([ms for ms, _up in restarts]), "from its answering; gate 1000"),
        ],
    )
    say(f"  its process took {[round(up) for _ms, up in restarts]} ms from start to answering")
    assert max(outages) < 30_000


async def after_outage(lab: PathLab, desks: tuple[RealDesk, RealDesk]) -> float:
    """The key stays down; milliseconds from the paths' return to the next sound."""
    north, south = desks
    await asyncio.sleep(PAUSE_S)
    await south.heard_after(await north.press())
    lab.cut("all")
    await asyncio.sleep(OUTAGE_S)
    lab.restore("all")
    began = float(await south.page.evaluate("Date.now()"))
    heard = await south.heard_after(began)
    await north.release()
    return heard - began


async def after_restart(post: LabPost, desks: tuple[RealDesk, RealDesk]) -> tuple[float, float]:
    """The officer presses again and again; from the post's first answer to the first sound."""
    north, south = desks
    await asyncio.sleep(PAUSE_S)
    post.kill()
    await asyncio.sleep(1.0)
    started = time.monotonic()
    await asyncio.to_thread(post.start)
    hurry_posts(post)
    began = float(await south.page.evaluate("Date.now()"))
    answered = (time.monotonic() - started) * 1000
    end = time.monotonic() + 20
    while time.monotonic() < end:
        await north.press()
        for _ in range(15):
            await asyncio.sleep(0.02)
            if await south.page.evaluate(f"line.seen.heard.some((at) => at > {began})"):
                await north.release()
                return await south.heard_after(began) - began, answered
        await north.release()
        await asyncio.sleep(0.05)
    pytest.fail(f"no speech after a restart: {await north.told()}")
