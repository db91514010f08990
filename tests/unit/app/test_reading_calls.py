"""Accounts of calls as ``openline record DIR list`` and ``show`` give them."""

from typing import Any

import pytest

from openline.app.reading import Holding, describe
from openline.cli.output import Output
from openline.cli.record import _list
from openline.cli.words import Words
from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import DESK, Pair, Side


def shown(pair: Pair, side: Side) -> list[dict[str, Any]]:
    state = side.store.load()
    holding = Holding(
        own=0 if side.who.card.fingerprint < pair.other(side).who.card.fingerprint else 1,
        genesis=state.genesis,
        genesis_signatures=state.genesis_signatures,
        entries=state.entries,
        notes=state.notes,
    )
    return [entry for entry in describe(holding) if entry["kind"] == "call"]


def ended_call(pair: Pair) -> None:
    pair.talk(pair.a)
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_both_accounts_stand_with_how_they_compare(
    swapped: bool,  # noqa: FBT001 - parameter
    language: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pair = Pair(swapped=swapped)
    ended_call(pair)
    for side in (pair.a, pair.b):
        entries = shown(pair, side)
        assert [entry["account"]["compare"] for entry in entries] == ["match", "match"]
        assert {entry["account"]["role"] for entry in entries} == {"caller", "called"}
        _list(Output(Words(language)), entries, json=False, whole=True)
        text = capsys.readouterr().out
        assert "account.outcome: withdrawn" in text
        assert ("the two accounts match" if language == "en" else "双方记载一致") in text


def test_one_is_missing_until_it_comes() -> None:
    pair = Pair()
    pair.drop = lambda to, frame_class, _body: to == "a" and frame_class == FrameClass.BATCH
    ended_call(pair)
    (entry,) = shown(pair, pair.a)
    assert entry["account"]["compare"] == "missing"
    facts = [item.facts for item in pair.a.post.timeline(9) if item.kind == "call"]
    assert [fact["compare"] for fact in facts] == ["missing"]
    pair.drop = lambda _to, _class, _body: False
    pair.run(6_000)
    assert [entry["account"]["compare"] for entry in shown(pair, pair.a)] == ["match", "match"]
    facts = [item.facts for item in pair.a.post.timeline(9) if item.kind == "call"]
    assert [fact["compare"] for fact in facts] == ["match", "match"]
