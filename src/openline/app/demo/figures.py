"""Figures of one run, with the machine's load and the floors that they stand on."""

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

FSYNCS = 40
PAGE_BYTES = 4096


class Spread(TypedDict):
    """Median and 99th percentile in milliseconds of ``n`` measurements; None of none."""

    median: float | None
    p99: float | None
    n: int


def spread(values: Sequence[float]) -> Spread:
    """Summarise measurements in milliseconds; p99 of fewer than 100 is their largest."""
    if not values:
        return {"median": None, "p99": None, "n": 0}
    ordered = sorted(values)
    rank = min(len(ordered) - 1, -(-len(ordered) * 99 // 100) - 1)
    return {
        "median": round(statistics.median(ordered), 1),
        "p99": round(ordered[rank], 1),
        "n": len(ordered),
    }


def load() -> float:
    """The machine's load over the last minute."""
    return round(os.getloadavg()[0], 2)


def fsync_floor(folder: Path) -> Spread:
    """How long this disk takes to make one page durable, in the folder where the posts write."""
    took = []
    path = folder / "fsync-floor"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(FSYNCS):
            os.pwrite(descriptor, os.urandom(PAGE_BYTES), 0)
            began = time.perf_counter()
            os.fsync(descriptor)
            took.append((time.perf_counter() - began) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return spread(took)
