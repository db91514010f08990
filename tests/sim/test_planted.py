"""A simulation that finds nothing proves nothing: each planted bug is found, by the right rule."""

import pytest

from openline.engine.post import Post
from openline.sim.world import Outcome, Plan, simulate
from tests.sim import planted

SEEDS = 24
BUSY_MS = 12_000


def hunt(kind: type[Post], *, disks_only: bool = False, rules: set[str]) -> Outcome:
    """The first seed that finds the bug at post x; every finding must be by one of the rules."""
    plan = Plan(make_posts=(kind, Post), disks_only=disks_only, busy_ms=BUSY_MS, restore=False)
    for seed in range(SEEDS):
        outcome = simulate(seed, plan)
        if not outcome.passed:
            assert outcome.rule in rules, f"seed {seed}: {outcome.rule}: {outcome.what}"
            return outcome
    pytest.fail(f"{kind.__name__} was not found in {SEEDS} seeds")


def test_the_same_seeds_find_nothing_in_the_true_engine() -> None:
    for seed in range(2):
        outcome = simulate(seed, Plan(busy_ms=BUSY_MS, restore=False))
        assert outcome.passed, outcome.what


def test_receipt_before_commit_is_seen_as_the_frame_leaves() -> None:
    assert "receipt" in hunt(planted.ReceiptBeforeCommit, rules={"commit-first"}).what


def test_receipt_before_commit_is_seen_on_the_disk_that_a_crash_leaves() -> None:
    outcome = hunt(planted.ReceiptBeforeCommit, disks_only=True, rules={"receipted-kept"})
    assert "its disk holds" in outcome.what


def test_receipt_for_a_failed_commit_is_seen_as_the_frame_leaves() -> None:
    hunt(planted.ReceiptForFailedCommit, rules={"commit-first"})


def test_receipt_for_a_failed_commit_is_seen_on_a_disk() -> None:
    hunt(planted.ReceiptForFailedCommit, disks_only=True, rules={"receipted-kept"})


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (planted.UpForEver, "up-earned"),
        (planted.LadderGoesBack, "no-way-back"),
        (planted.ReceiptedGoesBack, "no-way-back"),
        (planted.NoResend, "liveness"),
        (planted.TalksByItself, "microphone"),
        (planted.GateStaysOpen, "gate"),
        (planted.LetsOut, "escape"),
        (planted.TwoWayStaysOpen, "microphone"),
        (planted.CallGoesBack, "no-way-back"),
        (planted.NamesAnActOfTheOther, "accounts"),
    ],
)
def test_bug_is_found(kind: type[Post], rule: str) -> None:
    hunt(kind, rules={rule})
