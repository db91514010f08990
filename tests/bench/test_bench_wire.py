"""On the wire, speech against silence: sizes, and spacings (Kolmogorov-Smirnov), 3,000 of each.

Two Chromium desks, one path of 20 ms. Lots of silence and of speech take turns of a second, so that
the machine's load is the same in all. Each lot of speech is held against each of silence, and the
lots of silence against each other. docs/spec/voice.md section 4, docs/spec/frames.md section 4.
"""

from itertools import product
from pathlib import Path

import pytest

from tests.e2e.line_rig import pick_up, say
from tests.e2e.session import machine, open_session
from tests.e2e.wire_rig import ALPHA, UDP, Lot, critical, distance, look

pytestmark = [
    pytest.mark.bench,
    pytest.mark.asyncio,
    pytest.mark.needs_root,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(600),
]

COUNT = 3_000
ROUNDS, SPAN_S = 27, 1.0
PORT = 26140
IDLE, SPEECH = ("idle", "idle again"), ("speech", "speech again")


async def test_speech_and_silence_look_alike(chromium_path: str, tmp_path: Path) -> None:
    capture = tmp_path / "path.pcap"
    async with open_session(
        tmp_path, chromium_path, ["delay=20"], port=PORT, capture=capture
    ) as session:
        for way in session.ways:
            await pick_up(*way)
        seen = await look(session.desks, capture, rounds=ROUNDS, span_s=SPAN_S)
    say(f"\n| packets of | sizes, UDP | pair | n | distance | critical | load {machine()} |")
    say("|---|---|---|---|---|---|---|")
    alike = differ = 0
    for (protocol, source), lots in sorted(seen.items()):
        if protocol != UDP:
            continue
        pairs = [IDLE, *product(IDLE, SPEECH)]
        for pair in pairs:
            one, two = (lots[kind] for kind in pair)
            apart = rejected(one, two)
            alike += apart and pair == IDLE
            differ += apart and pair != IDLE
            say(row(source, pair, one, two))
    # One pair of idle lots for each four of speech and idle.
    assert differ <= 4 * alike + 1


def rejected(one: Lot, two: Lot) -> bool:
    first, second = one.spacings_ms[:COUNT], two.spacings_ms[:COUNT]
    return distance(first, second) > critical(len(first), len(second), ALPHA)


def row(source: str, pair: tuple[str, ...], one: Lot, two: Lot) -> str:
    first, second = one.spacings_ms[:COUNT], two.spacings_ms[:COUNT]
    sizes = " / ".join(
        ", ".join(f"{size}: {count / lot.seconds:.1f}/s" for size, count in top(lot))
        for lot in (one, two)
    )
    return (
        f"| {source} | {sizes} | {pair[0]}, {pair[1]} | {len(first)}, {len(second)} |"
        f" {distance(first, second):.4f} | {critical(len(first), len(second)):.4f} | |"
    )


def top(lot: Lot) -> list[tuple[int, int]]:
    return sorted(lot.sizes.most_common(3))
