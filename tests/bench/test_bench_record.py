"""``make bench-record``: written to receipted by delay, loss and paths; 100,000 entries verified.

2,000 texts of each cell, written by two officers at each side, each one after the other.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

import pytest

from openline.app.demo.figures import spread
from tests.bench.rig import beside, hurry, hurry_posts, round_trip, table
from tests.e2e.line_rig import laboratory, load, make_lab_pair, say
from tests.e2e.post_rig import PostProcess, is_up, running, settle
from tests.unit.record.makers import Pair

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1200)]

PORT = 26220
TEXTS = int(os.environ.get("BENCH_TEXTS", "2000"))
ENTRIES = int(os.environ.get("BENCH_ENTRIES", "100000"))
WRITERS = 2
MEDIAN_MS, TAIL_MS, MEMORY_MB = 12.0, 80.0, 300.0
GROSS = 25


def write(post: PostProcess, count: int, took: list[float], number: int) -> None:
    """One officer: a text, its receipt, a short pause in a rhythm that no tick of ours divides."""
    for at in range(count):
        began = time.perf_counter()
        post.text(f"Line check {number} {at}.", "receipted", 60.0)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.023 + (at % 7) * 0.0031)


def texts_of_all(posts: tuple[PostProcess, PostProcess]) -> list[float]:
    took: list[float] = []
    each = -(-TEXTS // (2 * WRITERS))
    threads = [
        threading.Thread(target=write, args=(post, each, took, number))
        for number, post in enumerate(posts * WRITERS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


@pytest.mark.needs_root
@pytest.mark.parametrize("paths", [1, 2])
@pytest.mark.parametrize("loss", [0, 5])
@pytest.mark.parametrize("trip", [0, 100])
def test_written_to_receipted(tmp_path: Path, trip: int, loss: int, paths: int) -> None:
    path = f"delay={trip // 2},loss={loss}"
    with laboratory(*[path] * paths, seed=7) as lab:
        hurry(lab.forwarder.pid)
        posts = make_lab_pair(tmp_path, lab, port=PORT)
        with running(*posts):
            for post in posts:
                post.until(is_up)
            settle(*posts)
            hurry_posts(*posts)
            time.sleep(1.0)
            measured = round_trip(posts)
            took = spread(texts_of_all(posts))
            gate = measured + (TAIL_MS if loss else MEDIAN_MS)
            near = beside(took["median"], gate, tmp_path, measured)
            of, value = ("p99", took["p99"]) if loss else ("median", took["median"])
            held = "held" if (value or 0.0) <= gate else "missed"
            name = f"R = {trip} ms, {loss} %, {paths} path(s)"
            table(f"text written -> receipted; gate for the {of}: {held}", [(name, took, near)])
            assert len(posts[0].status()["paths"]) == paths
    assert (took["median"] or 0) < measured + GROSS * MEDIAN_MS


def long_bundle(path: Path) -> Pair:
    """A whole record of so many entries, every signature in it real; texts of 200 bytes."""
    pair = Pair().founded()
    for number in range(2, ENTRIES):
        pair.text(number % 2, f"{number:>8} " + "Position unchanged. " * 9)
    path.write_bytes(pair.bundle())
    return pair


def test_many_entries_are_verified(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    pair = long_bundle(bundle)
    pins = [item for pin in pair.pins for item in ("--pin", pin.hex())]
    root = Path(__file__).parents[2]
    for name, program in (
        ("openline verify", [sys.executable, "-m", "openline", "verify"]),
        ("openline_verify.py", [sys.executable, str(root / "tools/verify/openline_verify.py")]),
    ):
        out = tmp_path / "out"
        began = time.perf_counter()
        with out.open("wb") as file:
            pid = os.posix_spawn(
                program[0],
                [*program, str(bundle), *pins, "--json"],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, file.fileno(), 1)],
            )
            _pid, status, used = os.wait4(pid, 0)
        took = time.perf_counter() - began
        assert os.waitstatus_to_exitcode(status) == 0
        assert json.loads(out.read_text(encoding="utf-8"))["verified"]
        memory = used.ru_maxrss / 1024
        size = bundle.stat().st_size / 1e6
        say(
            f"\n{name}: {ENTRIES} entries, {size:.0f} MB, in {took:.1f} s"
            f" ({used.ru_utime + used.ru_stime:.1f} s of one core), {memory:.0f} MB at most"
            f" (gate {MEMORY_MB:.0f}); load {load()}"
        )
