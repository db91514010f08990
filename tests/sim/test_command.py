"""The command ``openline sim``: what it prints when all held, and when a rule broke."""

import pytest
from typer.testing import CliRunner

from openline.cli import sim as command
from openline.cli.main import build
from openline.cli.words import Words
from openline.sim.batch import describe
from openline.sim.world import Outcome


def outcome(seed: int, rule: str = "") -> Outcome:
    return Outcome(
        seed=seed,
        rule=rule,
        what="y lost what it had receipted",
        digest="d" * 64,
        shape="",
        tail=("   1200 y killed", "   1300 y starts, boot 2"),
        facts={"kill": 1},
    )


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(build(Words("en"), "sim"), ["sim", *arguments])
    return result.exit_code, result.output


def test_one_seed_shows_what_happened_and_its_digest() -> None:
    status, output = run("--seed", "1")
    assert status == 0
    assert "all is well" in output
    assert "virtual_ms" in output
    assert "digest" in output


def test_many_seeds_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "run_seeds", lambda seeds: map(outcome, seeds))
    status, output = run("--seeds", "30", "--start", "100")
    assert status == 0
    assert "30 of 30 seeds passed." in output
    assert "kill             30" in output


def test_a_broken_rule_is_told_with_its_seed_and_how_to_see_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = [outcome(7), outcome(8, "receipted-kept"), outcome(9)]
    monkeypatch.setattr(command, "run_seeds", lambda _seeds: iter(broken))
    status, output = run("--seeds", "3")
    assert status == 1
    assert describe(broken[1]) in output
    assert "openline sim --seed 8" in output
    assert "y killed" in output
    assert "seeds passed" not in output
