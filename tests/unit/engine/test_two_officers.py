"""What needs two officers: the own post writes nothing else, and the peer takes nothing else."""

from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openline.engine.keeper import Keeper
from openline.engine.signer import LocalSigner
from openline.errors import OpenlineError
from openline.protocol.frames import FrameClass
from openline.record.entry import parse_entry
from tests.unit.engine.pair import DESK, Pair, Side

SECOND, THIRD = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
BOTH = ("W-1", "W-2")

either = pytest.mark.parametrize("letter", ["a", "b"])


def signer(side: Side) -> LocalSigner:
    return cast("LocalSigner", side.post._ctx.signer)


def keeper(side: Side) -> Keeper:
    return side.post._record.keeper


def enrol(pair: Pair, side: Side, by: tuple[str, str] = ("W-1", "")) -> None:
    signer(side).unlock("W-2", SECOND)
    public = SECOND.public_key().public_bytes_raw()
    side.post.officers.enrol("W-2", public, by, "r-enrol", pair.now)
    pair.settle()


def rule(pair: Pair, side: Side, *kinds: str, by: tuple[str, str] = BOTH) -> None:
    side.post.officers.rule(kinds, by, "r-rule", pair.now)
    pair.settle()


def codes(side: Side) -> list[tuple[str, str]]:
    return [(item.request, item.code) for item in side.refused()]


@either
def test_a_text_under_the_rule_is_written_by_two(letter: str) -> None:
    pair = Pair()
    side = pair.sides[letter]
    enrol(pair, side)
    rule(pair, side, "text")
    assert side.post.officers.two == {"text"}
    pair.text(side, "by one", "r-one")
    side.post.write_text(None, "r-same", "by one twice", "en", pair.now, ("W-1", "W-1"))
    side.post.write_text(None, "r-both", "by two", "en", pair.now, ("W-2", "W-1"))
    pair.run(300)
    assert codes(side) == [("r-one", "record.second_officer"), ("r-same", "officer.same")]
    for who in (side, pair.other(side)):
        assert [(item.text, item.officer) for item in pair.texts(who)] == [("by two", "W-2 W-1")]
        (said,) = [item for item in who.post.timeline(100) if item.kind == "rule"]
        assert (said.facts, said.officer) == ({"two": "text"}, "W-1 W-2")
    assert pair.ladder(side, "by two")["receipted"] == "done"
    pair.text(pair.other(side), "the other side made no rule")
    pair.assert_identical()


@either
def test_a_rule_is_made_and_lifted_by_two(letter: str) -> None:
    pair = Pair()
    side = pair.sides[letter]
    enrol(pair, side)
    for by in (("W-1", ""), ("W-2", "")):
        with pytest.raises(OpenlineError, match=r"record\.second_officer"):
            rule(pair, side, "text", by=by)
    with pytest.raises(OpenlineError, match=r"officer\.unknown"):
        rule(pair, side, "text", by=("W-1", "W-9"))
    rule(pair, side, "text")
    with pytest.raises(OpenlineError, match=r"record\.second_officer"):
        rule(pair, side, by=("W-1", ""))
    rule(pair, side)
    pair.text(side, "one is enough again")
    pair.run(300)
    assert len(pair.texts(pair.other(side))) == 1


@either
def test_a_rule_that_waits_binds_at_once_and_enters_in_its_order(letter: str) -> None:
    pair = Pair(live=False, connect=False)
    side = pair.sides[letter]
    pair.text(side, "before the rule")
    enrol(pair, side)
    rule(pair, side, "text")
    pair.text(side, "too late", "r-late")
    side.post.write_text(None, "r-both", "by two", "en", pair.now, BOTH)
    pair.settle()
    assert codes(side) == [("r-late", "record.second_officer")]
    pair.restart(side, connect=False)
    assert side.post.officers.two == {"text"}
    pair.connect()
    pair.run(600)
    said = [(item.text, item.officer) for item in pair.texts(pair.other(side))]
    assert said == [("before the rule", "W-1"), ("by two", "W-1 W-2")]
    pair.assert_identical()


@either
def test_under_a_rule_two_vouch_for_a_new_officer_and_two_remove_one(letter: str) -> None:
    pair = Pair()
    side = pair.sides[letter]
    enrol(pair, side)
    rule(pair, side, "enrol", "revoke")
    signer(side).unlock("W-3", THIRD)
    public = THIRD.public_key().public_bytes_raw()
    with pytest.raises(OpenlineError, match=r"record\.second_officer"):
        side.post.officers.enrol("W-3", public, ("W-1", ""), "r", pair.now)
    side.post.officers.enrol("W-3", public, BOTH, "r-3", pair.now)
    pair.settle()
    entry = parse_entry(side.store.entries["ab".index(letter)][-1].leaf)
    own = keeper(side).record.logs["ab".index(letter)]
    vouched = {own.officers[0].kid, own.officers[1].kid}
    assert {statement.kid for statement in entry.statements} == vouched
    with pytest.raises(OpenlineError, match=r"record\.second_officer"):
        side.post.officers.revoke("W-1", ("W-3", ""), "r", pair.now)
    side.post.officers.revoke("W-1", ("W-3", "W-2"), "r-1", pair.now)
    pair.run(300)
    assert [view.standing for view in side.post.officers.views()] == [
        "revoked",
        "enrolled",
        "enrolled",
    ]
    with pytest.raises(OpenlineError, match=r"officer\.last_two"):
        side.post.officers.revoke("W-2", ("W-3", "W-2"), "r", pair.now)
    pair.assert_identical()


@either
def test_the_peer_halts_at_what_one_officer_wrote_under_the_rule(
    letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A post that forgot its own rule: the other holds it to that, and keeps the evidence."""
    pair = Pair()
    side = pair.sides[letter]
    other = pair.other(side)
    enrol(pair, side)
    rule(pair, side, "text")
    pair.run(300)
    own = keeper(side).record.logs["ab".index(letter)]
    monkeypatch.setattr(own, "needs_two", lambda _kind: False)
    monkeypatch.setattr("openline.engine.keeper.check_officers", lambda *_given: None)
    held = other.post.view(pair.now).record.peer_size
    pair.text(side, "by one")
    monkeypatch.undo()
    assert side.bodies(FrameClass.BATCH), "it was sent"
    pair.run(300)
    view = other.post.view(pair.now).record
    assert (view.state, view.fault) == ("halted", "record.second_officer")
    assert view.peer_size == held
    assert pair.texts(other) == []
    assert [code for code, _data, _at in other.store.evidence] == ["record.second_officer"]
    other.post.talk(DESK[other.letter], on=True, now=pair.now)
    pair.settle()
    assert other.post.view(pair.now).call is not None, "speech goes on"
