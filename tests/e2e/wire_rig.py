"""What an observer of a path sees: sizes and spacings of packets, and whether two lots differ.

The capture is the laboratory's own (a pcap of what entered its paths). The observer reads no byte
behind the headers of IP, UDP and TCP. Lots of packets are compared by the two-sample test of
Kolmogorov and Smirnov with its asymptotic critical value.
"""

import asyncio
import math
import struct
import time
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from tests.e2e.line_rig import RealDesk

ALPHA = 0.01
UDP, TCP = 17, 6
_HEADER_SIZE = 24
_RECORD = struct.Struct("<IIII")


@dataclass(frozen=True, slots=True)
class Seen:
    """One packet: when (seconds of the wall clock), how long, which protocol, from which side."""

    at_s: float
    size: int
    protocol: int
    source: str


def read_capture(path: Path) -> list[Seen]:
    """All whole packets of a capture that may still be written."""
    data = path.read_bytes()
    found, at = [], _HEADER_SIZE
    while at + _RECORD.size <= len(data):
        seconds, nanos, size, _whole = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        packet = data[at : at + size]
        at += size
        if len(packet) < size:
            break
        side = "a" if packet[15] == 1 else "b"
        found.append(Seen(seconds + nanos / 1e9, size, packet[9], f"{side}{packet[14]}"))
    return found


def distance(one: Sequence[float], two: Sequence[float]) -> float:
    """Kolmogorov-Smirnov: the largest distance of the two empirical distributions."""
    first, second = np.sort(one), np.sort(two)
    every = np.concatenate([first, second])
    below_first = np.searchsorted(first, every, side="right") / len(first)
    below_second = np.searchsorted(second, every, side="right") / len(second)
    return float(np.abs(below_first - below_second).max())


def critical(count: int, other: int, alpha: float = ALPHA) -> float:
    """The distance above which two lots differ at ``alpha``, for large lots."""
    return math.sqrt(-math.log(alpha / 2) / 2) * math.sqrt((count + other) / (count * other))


@dataclass
class Lot:
    """What was seen of one source while one thing went on, over any number of spans of time."""

    spacings_ms: list[float] = field(default_factory=list)
    sizes: Counter[int] = field(default_factory=Counter)
    packets: int = 0
    seconds: float = 0.0

    def add(self, seen: Sequence[Seen], begin_s: float, end_s: float) -> None:
        """The packets of one span; a spacing belongs to it if both its packets do."""
        times = [item.at_s for item in seen]
        inside = seen[bisect_left(times, begin_s) : bisect_right(times, end_s)]
        self.spacings_ms += [(two.at_s - one.at_s) * 1000 for one, two in pairwise(inside)]
        self.sizes.update(item.size for item in inside)
        self.packets += len(inside)
        self.seconds += end_s - begin_s

    def join(self, other: "Lot") -> None:
        """Put another lot to this one."""
        self.spacings_ms += other.spacings_ms
        self.sizes.update(other.sizes)
        self.packets += other.packets
        self.seconds += other.seconds


KINDS = ("idle", "speech", "idle again", "speech again")


async def look(
    desks: tuple[RealDesk, RealDesk],
    capture: Path,
    *,
    rounds: int,
    span_s: float,
    together: bool = False,
) -> dict[tuple[int, str], dict[str, Lot]]:
    """Turns of silence and speech, and what an observer saw in each: by protocol and path, by kind.

    The turns are short and take each other's place: whatever else this machine does is in all lots
    alike. One desk speaks in the first kind of speech, the other in the second; or both in both.
    """
    spans: list[tuple[str, float, float]] = []
    for _ in range(rounds):
        for number, kind in enumerate(KINDS):
            begin = time.time_ns()
            speakers = (desks if together else (desks[number // 2],)) if number % 2 else ()
            for speaker in speakers:
                await speaker.press()
            await asyncio.sleep(span_s)
            for speaker in speakers:
                await speaker.release()
            spans.append((kind, begin / 1e9, time.time_ns() / 1e9))
    found: dict[tuple[int, str], dict[str, Lot]] = {}
    by_place: dict[tuple[int, str], list[Seen]] = {}
    for seen in await asyncio.to_thread(read_capture, capture):
        if seen.at_s >= spans[0][1]:
            by_place.setdefault((seen.protocol, seen.source), []).append(seen)
    for place, packets in by_place.items():
        lots = found.setdefault(place, {kind: Lot() for kind in KINDS})
        for kind, begin_s, end_s in spans:
            lots[kind].add(packets, begin_s, end_s)
    return found
