"""Text written to receipted by the peer's disk, beside the floors of the same run."""

import asyncio
import os
import time
from pathlib import Path

import pytest
import uvloop

from openline.app.assembly import Running, assemble
from openline.app.demo.figures import spread
from openline.app.folder import FolderLock
from openline.engine.desk import DeskEvent, Refused
from tests.bench.rig import beside, hurry, hurry_posts, round_trip, table, time_texts
from tests.bench.sampler import Sampler, cpu_seconds
from tests.e2e.line_rig import laboratory, load, make_lab_pair, say
from tests.e2e.post_rig import PostProcess, config_without_checks, is_up, make_pair, running, settle

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

TEXTS = 200
GROSS = 25
"""Beyond so many times its gate a figure is no load of the machine any more."""
MEDIAN_MS = 12.0
TAIL_MS = 80.0
PORT = 26020
BATCHED = 2_000
WAITING = 200


def measure(posts: tuple[PostProcess, PostProcess], folder: Path, name: str) -> None:
    for post in posts:
        post.until(is_up)
    settle(*posts)
    hurry_posts(*posts)
    time.sleep(1.0)
    trip = round_trip(posts)
    took = spread(time_texts(posts, TEXTS))
    near = beside(took["median"], trip + MEDIAN_MS, folder, trip)
    table("text written -> receipted", [(name, took, near)])
    assert (took["median"] or 0) < trip + GROSS * MEDIAN_MS


def test_text_to_receipt_on_loopback(tmp_path: Path) -> None:
    posts = make_pair(tmp_path)
    with running(*posts):
        measure(posts, tmp_path, "loopback, two paths")


@pytest.mark.needs_root
@pytest.mark.parametrize("loss", [0, 5])
def test_text_to_receipt_over_two_paths(tmp_path: Path, loss: int) -> None:
    path = f"delay=50,loss={loss}"
    with laboratory(path, path, seed=7) as lab:
        hurry(lab.forwarder.pid)
        posts = make_lab_pair(tmp_path, lab, port=PORT)
        with running(*posts):
            measure(posts, tmp_path, f"R = 100 ms, two paths, loss {loss} %")


async def write_and_wait(north: PostProcess) -> tuple[float, float]:
    """Give the engine of a post in this process many texts at once; entries per second."""
    loop = asyncio.get_running_loop()
    with FolderLock.take(north.folder):
        post = assemble(north.folder, config_without_checks(north.folder), loop)
        post.writer.start()
        tasks = [asyncio.ensure_future(post.link.run()), asyncio.ensure_future(tick(post))]
        try:
            while (view := post.front.view()).link.state != "UP" or view.record.state != "live":  # noqa: ASYNC110 the view is asked, it tells nobody
                await asyncio.sleep(0.05)
            await asyncio.sleep(1.0)
            size = post.front.view().record.own_size
            refused: list[DeskEvent] = []
            post.shell.watchers.add(
                lambda event: refused.append(event) if isinstance(event, Refused) else None
            )
            began = loop.time()
            for number in range(BATCHED):
                post.front.write_text(None, f"r{number}", f"Position {number}.", "en")
                # A post refuses what more than so many already wait before.
                while number - post.front.view().record.own_size + size > WAITING:  # noqa: ASYNC110 as above
                    await asyncio.sleep(0)
            handed = loop.time() - began
            while post.front.view().record.receipted < size + BATCHED:
                assert loop.time() - began < 40, (refused[:2], post.front.view())
                await asyncio.sleep(0.005)
            took = loop.time() - began
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            post.writer.stop()
    return BATCHED / took, BATCHED / handed


async def tick(post: Running) -> None:
    while True:
        post.shell.tick()
        await asyncio.sleep(0.05)


def test_receipted_entries_per_second(tmp_path: Path) -> None:
    """Texts handed to one post as fast as it takes them, until the other's disk holds them all."""
    north, south = make_pair(tmp_path)
    with running(south):
        hurry_posts(south)
        assert south.process is not None
        sampler, pids = Sampler(), (os.getpid(), south.process.pid)
        before, began = [cpu_seconds(pid) for pid in pids], time.perf_counter()
        sampler.start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rate, handed = runner.run(write_and_wait(north))
        took = time.perf_counter() - began
        used = [100 * (cpu_seconds(pid) - b) / took for pid, b in zip(pids, before, strict=True)]
        say("\n" + "\n".join(sampler.rows()))
        say(f"  of a core, start and end included: writer {used[0]:.0f} %, holder {used[1]:.0f} %")
        say(f"\nreceipted entries, batched, one line: {rate:.0f} /s (taken {handed:.0f} /s)")
        say(f"  n {BATCHED}; both posts on this machine; load {load()}; gate 2000")
        assert rate > 20
