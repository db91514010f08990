"""``make fuzz``: coverage-guided executions of every target, one process each.

Prints for each target its executions, how many a second, the branches that were reached and what
was found. A finding is written to tests/fuzz/found/; mended, it goes to tests/fuzz/kept/ and stays
a test (tests/property/test_fuzz_targets.py).
"""

import argparse
import contextlib
import importlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOUND = HERE / "found"
PROGRESS = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+) .*", re.MULTILINE)
DONE = re.compile(r"^Done (\d+) runs", re.MULTILINE)
ONE_SECONDS_MAX = 5
MEMORY_MB_MAX = 1024


def one(name: str, options: list[str]) -> None:
    """Run one target under the fuzzer, in this process, until it has had its executions."""
    atheris: Any = importlib.import_module("atheris")  # only ``make fuzz`` has it
    with atheris.instrument_imports(include=["openline", "tools"]):
        from openline.errors import OpenlineError  # noqa: PLC0415 - instrumented
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - instrumented
    target = TARGETS[name]

    def attempt(data: bytes) -> None:
        with contextlib.suppress(OpenlineError):
            target.parse(data)

    atheris.Setup([sys.argv[0], *options], attempt)
    atheris.Fuzz()


def run(name: str, runs: int, seed: int) -> tuple[int, float, int, bool]:
    """Executions, seconds, branches reached, and whether something was found."""
    from tests.fuzz.targets import TARGETS, kept, slug  # noqa: PLC0415 - not in the fuzzed process

    target = TARGETS[name]
    FOUND.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="openline-fuzz-") as scratch:
        for number, data in enumerate([*target.seeds(), *kept(name)]):
            (Path(scratch) / str(number)).write_bytes(data)
        options = [
            scratch,
            f"-runs={runs}",
            f"-seed={seed}",
            f"-max_len={target.size_max}",
            f"-timeout={ONE_SECONDS_MAX}",
            f"-rss_limit_mb={MEMORY_MB_MAX}",
            f"-artifact_prefix={FOUND}/{slug(name)}-",
        ]
        command = [sys.executable, "-m", "tests.fuzz.run", "--one", name, "--", *options]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    (FOUND / f"{slug(name)}.log").write_text(said, encoding="utf-8")
    progress = PROGRESS.findall(said)
    counted = DONE.findall(said) or [progress[-1][0] if progress else "0"]
    branches = int(progress[-1][1]) if progress else 0
    return int(counted[-1]), time.monotonic() - began, branches, done.returncode != 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run all targets, or those that are named."""
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - not in the fuzzed process

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000_000, help="executions of all together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", choices=list(TARGETS))
    given = parser.parse_args()
    names = given.only or list(TARGETS)
    shares = sum(TARGETS[name].share for name in names)
    total, findings = 0, 0
    say(f"{'target':32} {'executions':>11} {'a second':>9} {'branches':>9}")
    for name in names:
        runs = max(1, -(-given.runs * TARGETS[name].share // shares))
        count, seconds, branches, found = run(name, runs, given.seed)
        total, findings = total + count, findings + found
        word = f"  FOUND, see {FOUND.name}/" if found else ""
        say(f"{name:32} {count:11,} {count / seconds:9,.0f} {branches:9,}{word}")
    say(f"{total:,} executions in all, {findings} targets with a finding")
    return 1 if findings else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[4:])
    else:
        sys.exit(main())
