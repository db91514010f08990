"""``make bench-voice``: Chromium to Chromium, delay by loss by paths, beside the floor of each.

One pair of posts and browsers for each delay and number of paths; the laboratory changes the loss
while they run. ``BENCH_CELLS="50-0-2 50-20 pauses"`` takes cells T-LOSS-PATHS by the beginning of
their name, and the run of pick-ups at growing pauses. docs/measured.md says what the figures are.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from openline.app.demo.figures import Spread, spread
from tests.bench.rig import NICE, hurry, hurry_posts
from tests.e2e.line_rig import RealDesk, pick_up, say
from tests.e2e.session import Session, machine, open_session

pytestmark = [
    pytest.mark.bench,
    pytest.mark.asyncio,
    pytest.mark.needs_root,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(1500),
]

DELAYS_MS, LOSSES = (0, 50, 150), (0, 5, 20)
FRAME_MS = 20
PICK_UPS = 7
PAUSE_S = 0.7
SPEAK_S = 13.0
SETTLE_S = 1.5
SERIES = 50
PAUSES_S = (0.5, 1.0, 1.5, 2.0, 3.0)
LONG_PAUSE_S = 10.0
GATE_MS = 90
PORT = 26100
WANTED = os.environ.get("BENCH_CELLS", "").replace(",", " ").split()


def wanted(name: str) -> bool:
    return not WANTED or any(name.startswith(item) for item in WANTED)


@dataclass
class Cell:
    """One line of the table."""

    paths: int
    delay: int
    loss: int
    trip_ms: float
    picked: Spread
    replied: Spread
    mouth: Spread
    concealed: float
    load: str

    def row(self) -> str:
        picked, replied, mouth = self.picked, self.replied, self.mouth
        floor = self.trip_ms / 2 + FRAME_MS
        held = "held" if (picked["median"] or 1e9) <= self.delay + GATE_MS else "missed"
        return (
            f"| {self.paths} | {self.delay} | {self.loss} % | {floor:.0f} |"
            f" **{picked['median']}** |"
            f" {picked['p99']} | {picked['n']} | {held} |"
            f" **{replied['median']}** | {replied['p99']} | {replied['n']} |"
            f" **{mouth['median']}** | {mouth['p99']} |"
            f" {mouth['n']} | {self.concealed:.1f} | {self.load} |"
        )


HEAD = """
| paths | T | loss | floor | pick-up | p99 | n | T+90 | talk | p99 | n | ear | p99 | n | hid |load|
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


async def mouth_to_ear(session: Session) -> tuple[list[float], float]:
    """Both speak for a while: delay of each burst, and milliseconds concealed in each second."""
    await session.both_speak()
    await asyncio.sleep(1.0)
    before, began = await session.concealed_ms(), asyncio.get_running_loop().time()
    took = await delays(session, SPEAK_S)
    seconds = asyncio.get_running_loop().time() - began
    after = await session.concealed_ms()
    await session.release()
    hidden = sum(two - one for one, two in zip(before, after, strict=True))
    return took, hidden / seconds / 2


async def mouth_to_ear_of(session: Session, seconds: float) -> list[float]:
    """Both speak: the delay of each burst."""
    await session.both_speak()
    took = await delays(session, seconds)
    await session.release()
    return took


async def delays(session: Session, seconds: float) -> list[float]:
    since = float(await session.desks[0].page.evaluate("Date.now()"))
    await asyncio.sleep(seconds)
    took = []
    for speaker, listener in session.ways:
        mouth = [at for at in (await speaker.bursts())["mouth"] if at > since]
        ear = (await listener.bursts())["ear"]
        for at in mouth:
            heard = [other for other in ear if at < other < at + 900]
            took += [min(heard) - at] if heard else []
    return took


async def presses(ways: Sequence[tuple[RealDesk, RealDesk]]) -> list[float]:
    """Pick-ups one after the other, each of its way, at no round pause."""
    took = []
    for number, way in enumerate(ways):
        await asyncio.sleep(PAUSE_S + number * 0.0037)
        took.append(await pick_up(*way, hold_s=0.2))
    return took


async def measure(session: Session, delay: int, loss: int) -> Cell:
    session.lab.set("all", delay=delay, loss=loss)
    await asyncio.sleep(SETTLE_S)
    picked = []
    for way in session.ways:
        # One side picks up, the other was silent for a while: its microphone is closed.
        for desk in session.desks:
            await desk.page.evaluate("line.cold()")
        picked += await presses([way] * PICK_UPS)
    replied = await presses(session.ways * PICK_UPS)
    for desk in session.desks:
        await desk.lay_probes()
    took, hidden = await mouth_to_ear(session)
    for desk in session.desks:
        await desk.lift_probes()
    trips = [
        path["rtt_ms"]
        for post in session.posts
        for path in (await asyncio.to_thread(post.status))["link"]["paths"]
    ]
    return Cell(
        paths=len(session.lab.specs),
        delay=delay,
        loss=loss,
        trip_ms=min(trip for trip in trips if trip is not None),
        picked=spread(picked),
        replied=spread(replied),
        mouth=spread(took),
        concealed=hidden,
        load=machine(),
    )


async def open_device(session: Session) -> None:
    """The first press of each opens its device; then the probes are laid."""
    for way in session.ways:
        await pick_up(*way)
    for desk in session.desks:
        await desk.lay_probes()


def hurry_all(session: Session) -> None:
    assert session.lab.forwarder is not None
    hurry(session.lab.forwarder.pid)
    hurry_posts(*session.posts)


@pytest.mark.parametrize("paths", [2, 1])
@pytest.mark.parametrize("delay", DELAYS_MS)
async def test_voice_matrix(chromium_path: str, tmp_path: Path, delay: int, paths: int) -> None:
    # A line for each delay: a jitter buffer that saw the delay grow stays fat for minutes.
    losses = [loss for loss in LOSSES if wanted(f"{delay}-{loss}-{paths}")]
    if not losses:
        return
    specs = [f"delay={delay}"] * paths
    async with open_session(
        tmp_path, chromium_path, specs, port=PORT, nice=NICE, probed=True
    ) as session:
        hurry_all(session)
        found = [await measure(session, delay, loss) for loss in losses]
    say(HEAD)
    for cell in found:
        say(cell.row())
    assert all(cell.picked["n"] for cell in found)


def series_rows(took: Sequence[float], pauses: Sequence[float]) -> list[str]:
    """The numbered pick-ups, and the median of each pause."""
    rows = [f"| number {at + 1} | {took[at]:.0f} | 1 |" for at in (0, 1, 9, 49)]
    for pause in sorted(set(pauses)):
        after = spread([ms for ms, rest in zip(took, pauses, strict=True) if rest == pause])
        rows.append(f"| after {pause} s | {after['median']} (p99 {after['p99']}) | {after['n']} |")
    return rows


async def test_the_fiftieth_pick_up(chromium_path: str, tmp_path: Path) -> None:
    if not wanted("pauses"):
        return
    took, pauses = [], []
    specs = ["delay=50"] * 2
    async with open_session(tmp_path, chromium_path, specs, port=PORT, nice=NICE) as session:
        hurry_all(session)
        for number in range(SERIES):
            pause = LONG_PAUSE_S if number % 10 == 9 else PAUSES_S[number % len(PAUSES_S)]
            await asyncio.sleep(pause)
            took.append(await pick_up(*session.ways[0], hold_s=0.3))
            pauses.append(pause)
    say(f"\n| pick-up, T = 50, two paths, load {machine()} | ms | n |\n|---|---|---|")
    for row in series_rows(took, pauses):
        say(row)
