"""What every test shares: what a test may need, how far it goes, and what the summary must admit.

A test that needs root, Chromium or a C compiler carries the marker ``needs_root``,
``needs_chromium`` or ``needs_compiler``. Where that is missing the test is skipped and
says why; with ``OPENLINE_REQUIRE_ALL=1`` any skipped test is a failure. ``OPENLINE_SOAK=1``
asks for hours instead of minutes. ``OPENLINE_SIM_SEEDS`` and ``OPENLINE_KILLS``
set single amounts.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Generator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from typing_extensions import override
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

REQUIRE_ALL = os.environ.get("OPENLINE_REQUIRE_ALL") == "1"
SOAK = os.environ.get("OPENLINE_SOAK") == "1"
ROOT = Path(__file__).parents[1]

# In one process quick and pure first, real desks last: the cheapest failure is seen first.
ORDER = ("unit", "property", "sim", "interop", "e2e", "bench")
PURE = ORDER[:4]
# Of the real desks those whose sound has a time to keep come last: by then little runs beside them.
SOUNDING = re.compile("voice|line_|talk|mesh|spoken|deaf|authentic|attack_call|desk_command")
# Posts without a desk or a namespace, which ask little of a processor.
BARE = re.compile(
    r"tests/e2e/test_(conformance|exchange|interop_peer|link_(faults|intruders|pair)|post_line)\.py"
)

settings.register_profile(
    "openline",
    deadline=None,
    max_examples=2000 if SOAK else 60,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("openline")


@cache
def find_chromium() -> str | None:
    """Return the path of a Chromium that the tests can drive."""
    named = os.environ.get("OPENLINE_CHROMIUM")
    if named:
        return named
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@cache
def missing_for_root() -> str | None:
    """Say what keeps a test from making network namespaces here."""
    if os.geteuid() != 0:
        return "needs root"
    if not shutil.which("ip"):
        return "needs the ip command (package iproute2)"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    probe = ("unshare", "--net", "true")
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        return "root may not make network namespaces here"
    return None


def missing_for(item: pytest.Item) -> str | None:
    """Say what a test needs and this machine lacks."""
    if item.get_closest_marker("needs_root") and (reason := missing_for_root()):
        return reason
    if item.get_closest_marker("needs_chromium") and not find_chromium():
        return "needs Chromium (package chromium, or OPENLINE_CHROMIUM=/path/to/it)"
    if item.get_closest_marker("needs_compiler") and not shutil.which("cc"):
        return "needs a C compiler (packages gcc and libc6-dev)"
    return None


class PureBeside(LoadScopeScheduling):  # type: ignore[misc]  # xdist bears no types
    """Real desks run one at a time in one worker; beside them the pure tests, then bare posts."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        if BARE.match(nodeid):
            return "posts"
        # Those that look for free ports do not do it beside each other.
        alone = nodeid.split("/")[1] not in PURE or nodeid.startswith("tests/unit/demo/")
        return "desks" if alone else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> PureBeside:
    """Only with ``-n``: without it the tests run one after the other."""
    return PureBeside(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order by folder; within one, the (random) order stays as it is.

    With two workers real desks come first: they take longest, and only one worker has them.
    """
    beside = "PYTEST_XDIST_WORKER" in os.environ

    def turn(item: pytest.Item, *, real: bool) -> int:
        if not beside:
            return 0
        if BARE.match(item.nodeid):
            return 2
        return 0 if real else 1

    def rank(item: pytest.Item) -> tuple[int, int, bool]:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        at = ORDER.index(folder) if folder in ORDER else len(ORDER)
        real = folder not in PURE
        sounding = real and bool(SOUNDING.search(item.path.name))
        return (turn(item, real=real), at, sounding)

    items.sort(key=rank)


def pytest_configure(config: pytest.Config) -> None:
    """Let the long tests in when soaking."""
    if SOAK and config.option.markexpr == "not slow and not bench":
        config.option.markexpr = "not bench"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a test out, with its reason, where its needs are not met."""
    if reason := missing_for(item):
        pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where everything is required, turn a skipped test into a failed one."""
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"left out, but OPENLINE_REQUIRE_ALL=1: {item.nodeid}: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Likewise for a test module that leaves itself out."""
    report = yield
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"left out, but OPENLINE_REQUIRE_ALL=1: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Repeat what must not be overlooked, before pytest's own closing line."""
    left_out = len(terminalreporter.stats.get("skipped", []))
    if left_out:
        terminalreporter.write_line(f"{left_out} tests were LEFT OUT, each with its reason above")
    if os.environ.get("OPENLINE_LINT_FAILED"):
        terminalreporter.write_line("make lint FAILED: its findings stand before the tests' output")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return the path of the Chromium to drive."""
    path = find_chromium()
    if path is None:
        pytest.skip("needs Chromium")
    return path


@pytest.fixture(scope="session")
def sim_seeds() -> int:
    """Return how many seeds a simulation test runs."""
    return int(os.environ.get("OPENLINE_SIM_SEEDS", "5000" if SOAK else "50"))


@pytest.fixture(scope="session")
def kill_rounds() -> int:
    """Return how often a post is killed at a random moment."""
    return int(os.environ.get("OPENLINE_KILLS", "334" if SOAK else "8"))
