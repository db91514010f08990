"""What a test run admits: a test left out is named, or fails where nothing may be left out."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = """
import pytest

def test_runs():
    pass

@pytest.mark.needs_chromium
def test_needs():
    pass

def test_leaves_itself_out():
    pytest.skip("no such device")

@pytest.mark.slow
def test_takes_long():
    pass
"""


def outcome(folder: Path, **environment: str) -> tuple[int, str]:
    """Run the sample under our own settings, without any Chromium."""
    root = Path(__file__).parents[2]
    (folder / "tests").mkdir()
    (folder / "tests" / "test_sample.py").write_text(SAMPLE, encoding="utf-8")
    shutil.copy(root / "tests" / "conftest.py", folder / "tests")
    shutil.copy(root / "pyproject.toml", folder)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OPENLINE")}
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-p", "no:cacheprovider"),
        cwd=folder,
        env=clean | {"PATH": "/nowhere"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_left_out_tests_are_named(tmp_path: Path) -> None:
    status, output = outcome(tmp_path)
    assert status == 0
    assert "needs Chromium" in output
    assert "no such device" in output
    assert "2 tests were LEFT OUT" in output
    last = output.rstrip().splitlines()[-1]
    assert "1 passed, 2 skipped, 1 deselected" in last


def test_left_out_tests_fail_where_all_are_required(tmp_path: Path) -> None:
    status, output = outcome(tmp_path, OPENLINE_REQUIRE_ALL="1")
    assert status == 1
    assert "1 failed, 1 passed, 1 deselected, 1 error" in output.rstrip().splitlines()[-1]
    assert "left out, but OPENLINE_REQUIRE_ALL=1" in output


def test_soaking_lets_long_tests_in(tmp_path: Path) -> None:
    _, output = outcome(tmp_path, OPENLINE_SOAK="1")
    assert "2 passed, 2 skipped" in output.rstrip().splitlines()[-1]


@pytest.mark.parametrize("lint", ["", "1"])
def test_failed_lint_is_repeated(tmp_path: Path, lint: str) -> None:
    _, output = outcome(tmp_path, OPENLINE_LINT_FAILED=lint)
    assert ("make lint FAILED" in output) == bool(lint)
