"""Many seeds, in as many processes as there are cores."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from openline.sim.world import Outcome, Plan, simulate

WORKERS_MAX = 8


def run_seeds(
    seeds: Iterable[int], plan: Plan | None = None, *, workers: int | None = None
) -> Iterator[Outcome]:
    """Run each seed; outcomes come in the order of the seeds.

    Args:
        seeds: which.
        plan: what kind of runs; an ordinary one by default.
        workers: processes; by default one for each core.
    """
    count = workers or min(WORKERS_MAX, os.cpu_count() or 1)
    # Not forked: a process that shares another's open files of SQLite may break their locks.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        yield from pool.map(simulate, seeds, _endless(plan))


def _endless(plan: Plan | None) -> Iterator[Plan | None]:
    while True:
        yield plan


def describe(outcome: Outcome) -> str:
    """A failure for people: what broke, what happened before, how to see it again."""
    return "\n".join(
        (
            f"seed {outcome.seed} broke the rule {outcome.rule}: {outcome.what}",
            "the last events (virtual ms, post, event):",
            *outcome.tail,
            f"replay: openline sim --seed {outcome.seed}",
        )
    )
