"""Seeds pass; a seed replays exactly; the sides are mirror images."""

import os
import subprocess
import sys

import pytest

from openline.sim.batch import describe, run_seeds
from openline.sim.world import Plan, simulate

PRINT = "from openline.sim.world import simulate; print(simulate({seed}).digest)"


@pytest.mark.timeout(0)
def test_every_seed_passes(sim_seeds: int) -> None:
    for outcome in run_seeds(range(sim_seeds), workers=2):
        assert outcome.passed, describe(outcome)


def replay(seed: int, hash_seed: str) -> str:
    """Digest of a run in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT.format(seed=seed)],
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("seed", [3, 8])
def test_a_seed_replays_in_another_process(seed: int) -> None:
    here = simulate(seed).digest
    assert len(here) == 64
    assert {replay(seed, "1"), replay(seed, "77")} == {here}


@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_line_checks_break_no_rule_and_replay(seed: int) -> None:
    plan = Plan(line_checks=True, busy_ms=15_000)
    outcome = simulate(seed, plan)
    assert outcome.passed, describe(outcome)
    assert outcome.facts["line_checks"] > 0
    assert simulate(seed, plan).digest == outcome.digest


def test_another_seed_is_another_run() -> None:
    assert simulate(3).digest != simulate(4).digest


@pytest.mark.parametrize("seed", range(3))
def test_swapped_parties_are_the_mirror_image(seed: int) -> None:
    there = simulate(seed, Plan(faults=False, busy_ms=10_000))
    back = simulate(seed, Plan(faults=False, busy_ms=10_000, swapped=True))
    assert there.passed, there.what
    assert back.passed, back.what
    assert there.digest != back.digest
    assert there.shape == back.shape
    assert there.facts["texts"] > 0
