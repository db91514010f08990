"""``openline sim``: two posts under faults in one process, by the seed."""

import os
from collections import Counter
from typing import Annotated

import typer

from openline.cli.output import EXIT_FAILED, Output
from openline.sim.batch import describe, run_seeds
from openline.sim.world import Outcome, simulate

SEEDS: int = 50
EVERY: int = 25


def register(app: typer.Typer, output: Output) -> None:
    """Add the command to the program."""
    words = output.words

    @app.command("sim", help=words("cli.help.sim"))
    @output.guarded
    def sim(
        *,
        seeds: Annotated[
            int, typer.Option("--seeds", min=1, max=10_000_000, help=words("cli.help.sim.seeds"))
        ] = SEEDS,
        start: Annotated[int, typer.Option("--start", min=0, help=words("cli.help.sim.start"))] = 0,
        seed: Annotated[
            int | None, typer.Option("--seed", min=0, help=words("cli.help.sim.seed"))
        ] = None,
    ) -> None:
        if seed is None:
            _many(output, start, seeds)
        else:
            _one(output, seed)


def _one(output: Output, seed: int) -> None:
    outcome = simulate(seed)
    output.plain("\n".join(outcome.tail))
    for name, count in sorted(outcome.facts.items()):
        output.plain(f"{name:<16} {count}")
    output.plain(f"{'digest':<16} {outcome.digest}")
    _judge(output, outcome)
    output.say("cli.sim.passed", passed=1, seeds=1)


def _many(output: Output, start: int, seeds: int) -> None:
    output.note("cli.sim.begins", seeds=seeds, workers=os.cpu_count() or 1)
    total: Counter[str] = Counter()
    for done, outcome in enumerate(run_seeds(range(start, start + seeds)), 1):
        _judge(output, outcome)
        total.update(outcome.facts)
        if done % EVERY == 0 and done < seeds:
            output.note("cli.sim.so_far", done=done, seeds=seeds)
    for name, count in sorted(total.items()):
        output.plain(f"{name:<16} {count}")
    output.say("cli.sim.passed", passed=seeds, seeds=seeds)


def _judge(output: Output, outcome: Outcome) -> None:
    """Stop at the first broken rule, with all that is needed to see it again."""
    if outcome.passed:
        return
    output.plain(describe(outcome))
    output.say("cli.sim.failed", seed=outcome.seed, rule=outcome.rule)
    raise typer.Exit(EXIT_FAILED)
