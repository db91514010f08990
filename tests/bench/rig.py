"""What the benchmarks share: floors of the same run, tables, and the load that they ran under.

As root the measured programs run at nice -10: on a shared machine the load of
others moves every figure more than the code does. The load stands in each table.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from openline.app.demo.figures import Spread, fsync_floor, spread
from tests.e2e.line_rig import load, say
from tests.e2e.post_rig import PostProcess

NICE = -10 if os.geteuid() == 0 else 0
Row = tuple[str, Spread, str]


def hurry(*pids: int) -> None:
    """Put processes, with all their threads, before the rest of the machine."""
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(task.name), NICE)


def hurry_posts(*posts: PostProcess) -> None:
    hurry(os.getpid(), *(post.process.pid for post in posts if post.process is not None))


def time_text(post: PostProcess, number: int) -> float:
    """Milliseconds from handing a text to the post until it names the peer's receipt."""
    began = time.perf_counter()
    post.text(f"Line check {number}.", "receipted", 60.0)
    return (time.perf_counter() - began) * 1000


def time_texts(posts: Sequence[PostProcess], count: int) -> list[float]:
    """From each post in turn, in a rhythm that no tick of ours divides."""
    for post in posts:
        time_text(post, 0)
    took = []
    for number in range(count):
        took.append(time_text(posts[number % len(posts)], number + 1))
        time.sleep(0.023 + (number % 7) * 0.0031)
    return took


def round_trip(posts: Sequence[PostProcess]) -> float:
    """The median round trip of all paths, as the links' own heartbeats measured it."""
    paths = [path for post in posts for path in post.status()["link"]["paths"]]
    return spread([path["rtt_ms"] for path in paths if path["rtt_ms"] is not None])["median"] or 0.0


def beside(median: float | None, gate_ms: float, folder: Path, trip_ms: float) -> str:
    """The floors of the same run: the round trip, this disk's sync, and the ratio to them."""
    sync = fsync_floor(folder)
    floor = trip_ms + 2 * (sync["median"] or 0.0)
    ratio = (median or 0.0) / floor if floor else 0.0
    return (
        f"R {trip_ms:.1f}; fsync {sync['median']} (p99 {sync['p99']}); "
        f"R + 2 fsync {floor:.1f}: x{ratio:.1f}; gate {gate_ms:.0f}"
    )


def table(title: str, rows: Sequence[Row]) -> None:
    say(f"\n{title}   (load {load()}; times in ms)")
    say(f"  {'case':36} {'median':>8} {'p99':>8} {'n':>5}  beside it")
    for name, row, near in rows:
        say(f"  {name:36} {row['median']!s:>8} {row['p99']!s:>8} {row['n']:>5}  {near}")
