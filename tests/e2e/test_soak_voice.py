"""``make soak``: half an hour of calls under random cuts; neither memory nor delay may grow.

``OPENLINE_SOAK_MINUTES`` and ``OPENLINE_SOAK_DESKS`` (desks of each side) set the amounts. What it
prints goes into docs/measured.md.
"""

import asyncio
import contextlib
import os
import random  # noqa: TID251 - cuts at random, by a printed seed
import statistics
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.line_rig import LabPost, RealDesk, laboratory, make_lab_pair, real_desk, say
from tests.e2e.post_rig import is_up, running
from tests.e2e.session import PLAYS_AT_ONCE, machine, write_bursts
from tests.pathlab.pathlab import PathLab

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio,
    pytest.mark.needs_root,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(0),
]

MINUTES = float(os.environ.get("OPENLINE_SOAK_MINUTES", "30"))
DESKS = int(os.environ.get("OPENLINE_SOAK_DESKS", "1"))
SEED = int.from_bytes(os.urandom(4))
PORT = 26180
SAMPLE_S = 30.0
WORD_S, PAUSE_S = 4.0, 1.0
GROWTH_MAX = 1.15
GROWTH_KB_MAX = 20_000
DELAY_MS_MAX = 40.0


@dataclass
class Sample:
    """One look at everything."""

    minute: float
    posts_kb: list[int]
    pages_kb: list[int]
    heap_kb: list[int]
    delay_ms: list[float]
    load: str

    def row(self) -> str:
        delay = f"{statistics.median(self.delay_ms):.0f}" if self.delay_ms else "-"
        cells = [f"{self.minute:.1f}", self.posts_kb, self.pages_kb, self.heap_kb, delay, self.load]
        return " | ".join(str(cell) for cell in cells)


def resident_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        return int((status.partition("VmRSS:")[2].split() or ["0"])[0])
    return 0


def renderers_kb(tone: Path) -> int:
    """Resident memory of the page processes of the browsers whose microphone hears ``tone``."""
    lines: dict[int, bytes] = {}
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                lines[int(entry.name)] = (entry / "cmdline").read_bytes()
                after_name = (entry / "stat").read_text().rpartition(")")[2]
                parents[int(entry.name)] = int(after_name.split()[1])

    def ours(pid: int) -> bool:
        while pid > 1:
            if str(tone).encode() in lines.get(pid, b""):
                return True
            pid = parents.get(pid, 0)
        return False

    return sum(resident_kb(pid) for pid in lines if b"--type=renderer" in lines[pid] and ours(pid))


@contextlib.asynccontextmanager
async def desks_of(
    post: LabPost, chromium_path: str, tone: Path, count: int
) -> AsyncIterator[list[RealDesk]]:
    """Some desks of one side, each in a browser of its own."""
    async with contextlib.AsyncExitStack() as stack:
        desks = [
            await stack.enter_async_context(
                real_desk(post, chromium_path, tone, flags=[PLAYS_AT_ONCE], probed=True)
            )
            for _ in range(count)
        ]
        yield desks


async def cuts(lab: PathLab, rng: random.Random) -> None:
    """Paths that go and come back; now and then all, long enough to end a call."""
    while True:
        await asyncio.sleep(rng.uniform(3.0, 15.0))
        path = rng.choice(["0", "1", "0", "1", "all"])
        away_s = rng.choice([0.3, 1.0, 3.0, 12.0]) if path == "all" else rng.uniform(0.2, 8.0)
        lab.cut(path)
        await asyncio.sleep(away_s)
        lab.restore(path)


async def talk(sides: Sequence[Sequence[RealDesk]], rng: random.Random) -> None:
    """One officer after the other presses, speaks and lets go; not heard is no fault in a cut."""
    while True:
        desk = rng.choice(rng.choice(sides))
        await desk.page.keyboard.down("Space")
        await asyncio.sleep(WORD_S)
        await desk.page.keyboard.up("Space")
        await asyncio.sleep(PAUSE_S)


async def sample(
    minute: float,
    posts: Sequence[LabPost],
    sides: Sequence[Sequence[RealDesk]],
    tones: Sequence[Path],
    since: float,
) -> Sample:
    delays: list[float] = []
    for speakers, listeners in (sides, sides[::-1]):
        mouths = [at for desk in speakers for at in (await desk.bursts())["mouth"] if at > since]
        for listener in listeners:
            ears = (await listener.bursts())["ear"]
            for at in mouths:
                heard = [ear for ear in ears if at < ear < at + 900]
                delays += [min(heard) - at] if heard else []
    heaps = [
        int(await desk.page.evaluate("performance.memory.usedJSHeapSize / 1024"))
        for side in sides
        for desk in side
    ]
    return Sample(
        minute=minute,
        posts_kb=[resident_kb(post.process.pid) for post in posts if post.process is not None],
        pages_kb=[renderers_kb(tone) for tone in tones],
        heap_kb=heaps,
        delay_ms=delays,
        load=machine(),
    )


async def test_half_an_hour_under_random_cuts(chromium_path: str, tmp_path: Path) -> None:
    rng = random.Random(SEED)
    say(f"\nsoak: seed {SEED}, {MINUTES:g} minutes, {DESKS} desk(s) on each side")
    say("minute | posts kB | renderers kB | page heaps kB | mouth to ear ms | load")
    tones = [write_bursts(tmp_path / f"{hertz}.wav", hertz) for hertz in (440, 1130)]
    found: list[Sample] = []
    with laboratory("delay=20", "delay=50", seed=SEED) as lab:
        posts = make_lab_pair(tmp_path, lab, port=PORT)
        with running(*posts):
            for post in posts:
                await asyncio.to_thread(post.until, is_up)
            async with (
                desks_of(posts[0], chromium_path, tones[0], DESKS) as north,
                desks_of(posts[1], chromium_path, tones[1], DESKS) as south,
            ):
                sides = (north, south)
                for desk in (*north, *south):
                    await desk.ready()
                for desk in (*north, *south):
                    await desk.press()
                    await asyncio.sleep(1.0)
                    await desk.release()
                    await desk.lay_probes()
                found = await go_on(lab, posts, sides, (tones, rng))
                lab.restore("all")
                for side in sides:
                    for desk in side:
                        await desk.until("line.seen.state?.pc === 'connected'", 60.0)
                        assert not [fault for fault in desk.faults if "pageerror" in fault]
    judge(found)


async def go_on(
    lab: PathLab,
    posts: Sequence[LabPost],
    sides: Sequence[Sequence[RealDesk]],
    given: tuple[Sequence[Path], random.Random],
) -> list[Sample]:
    tones, rng = given
    loop = asyncio.get_running_loop()
    began = loop.time()
    found: list[Sample] = []
    jobs = [asyncio.ensure_future(cuts(lab, rng)), asyncio.ensure_future(talk(sides, rng))]
    try:
        while (spent := loop.time() - began) < MINUTES * 60:
            since = float(await sides[0][0].page.evaluate("Date.now()"))
            await asyncio.sleep(min(SAMPLE_S, MINUTES * 60 - spent + 0.1))
            for job in jobs:
                assert not job.done(), job.exception()
            minute = (loop.time() - began) / 60
            found.append(await sample(minute, posts, sides, tones, since))
            say(found[-1].row())
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
    return found


def judge(found: Sequence[Sample]) -> None:
    """The last third against the third before it: what grows all the time is seen there."""
    third = max(1, len(found) // 3)
    middle, last = found[-2 * third : -third] or found[:1], found[-third:]
    for name in ("posts_kb", "pages_kb"):
        for number in (0, 1):
            before, after = (
                statistics.median(getattr(item, name)[number] for item in lot)
                for lot in (middle, last)
            )
            assert after <= before * GROWTH_MAX + GROWTH_KB_MAX, (SEED, name, before, after)
    before, after = (
        statistics.median([ms for item in lot for ms in item.delay_ms] or [0.0])
        for lot in (middle, last)
    )
    assert after <= before + DELAY_MS_MAX, (SEED, before, after)
