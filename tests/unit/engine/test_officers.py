"""Officers at desks: who signs, who came and went, what a locked desk may do, what crosses."""

from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openline.engine.desk import AudioReport, Refused, Seat, StopTalking
from openline.engine.ports import PostSettings
from openline.engine.signer import LocalSigner
from openline.errors import OpenlineError
from openline.protocol.frames import FrameClass
from openline.record.cbor import decode
from openline.record.entry import parse_entry
from tests.unit.engine.pair import DESK, Pair, Side

SECOND = Ed25519PrivateKey.generate()
PUBLIC = SECOND.public_key().public_bytes_raw()
OTHER = b"desk-x-2"
NAMES = {"W-1": "Adaeze Chen", "W-2": "Bo Larsen"}

either = pytest.mark.parametrize("letter", ["a", "b"])


def signer(side: Side) -> LocalSigner:
    return cast("LocalSigner", side.post._ctx.signer)


def enrol(pair: Pair, side: Side, code: str = "W-2", by: str = "W-1") -> None:
    with signer(side).lent({code: SECOND}):
        side.post.officers.enrol(code, PUBLIC, (by, ""), "r-enrol", pair.now)
    pair.settle()


def standings(side: Side) -> dict[str, str]:
    return {view.code: view.standing for view in side.post.officers.views()}


@either
def test_a_second_officer_is_enrolled_and_signs_in_their_own_name(letter: str) -> None:
    pair = Pair()
    side = pair.sides[letter]
    enrol(pair, side)
    assert standings(side) == {"W-1": "enrolled", "W-2": "enrolled"}
    assert [taken.request for taken in side.taken()] == ["r-enrol"]
    entry = parse_entry(side.store.entries["ab".index(letter)][-1].leaf)
    assert entry.claims.kind == "enrol"
    assert len(entry.statements) == 2
    signer(side).unlock("W-2", SECOND)
    side.post.desk_opened(OTHER, pair.now, Seat(officer="W-2"))
    side.post.write_text(OTHER, "r2", "by the second", "en", pair.now)
    pair.text(side, "by the first")
    pair.run(300)
    for who in (side, pair.other(side)):
        said = {item.text: item.officer for item in pair.texts(who)}
        assert said == {"by the second": "W-2", "by the first": "W-1"}
    pair.assert_identical()


@either
def test_what_cannot_enter_now_waits_in_its_order(letter: str) -> None:
    pair = Pair(live=False, connect=False)
    side = pair.sides[letter]
    enrol(pair, side)
    assert standings(side) == {"W-1": "enrolled", "W-2": "enrolling"}
    assert side.taken()[0].item.startswith("outbox-")
    signer(side).unlock("W-2", SECOND)
    side.post.write_text(None, "r2", "before the peer knows me", "en", pair.now, ("W-2", ""))
    pair.settle()
    pair.restart(side, connect=False)
    assert standings(side)["W-2"] == "enrolling"
    pair.connect()
    pair.run(600)
    assert standings(side) == {"W-1": "enrolled", "W-2": "enrolled"}
    assert [item.officer for item in pair.texts(pair.other(side))] == ["W-2"]


@either
def test_a_revoked_officer_signs_nothing_more(letter: str) -> None:
    pair = Pair()
    side = pair.sides[letter]
    enrol(pair, side)
    with pytest.raises(OpenlineError, match=r"officer\.known"):
        enrol(pair, side)
    side.post.officers.revoke("W-1", ("W-1", ""), "r-revoke", pair.now)
    pair.run(300)
    assert standings(side) == {"W-1": "revoked", "W-2": "enrolled"}
    for who in (side, pair.other(side)):
        (line,) = [item for item in who.post.timeline(100) if item.kind == "revoke"]
        assert (line.facts, line.officer) == ({"code": "W-1"}, "W-1")
    pair.text(side, "too late", "r-late")
    assert [(item.request, item.code) for item in side.refused()] == [("r-late", "record.officer")]
    with pytest.raises(OpenlineError, match=r"officer\.last"):
        side.post.officers.revoke("W-2", ("W-2", ""), "r", pair.now)
    for code, wanted in (("W-1", "officer.revoked"), ("W-9", "officer.unknown")):
        with pytest.raises(OpenlineError, match=wanted):
            side.post.officers.revoke(code, ("W-2", ""), "r", pair.now)
    with pytest.raises(OpenlineError, match=r"officer\.known"):
        enrol(pair, side, "W-1", "W-2")
    with pytest.raises(OpenlineError, match=r"officer\.revoked"):
        enrol(pair, side, "W-3", "W-1")


def test_the_last_who_can_sign_is_not_one_who_only_waits_to_be_enrolled() -> None:
    pair = Pair(live=False, connect=False)
    enrol(pair, pair.a)
    with pytest.raises(OpenlineError, match=r"officer\.last"):
        pair.a.post.officers.revoke("W-1", ("W-1", ""), "r", pair.now)


def test_a_key_is_with_the_signer_only_while_it_is_unlocked() -> None:
    pair = Pair()
    enrol(pair, pair.a)
    held = signer(pair.a)
    assert not held.holds("W-2")
    pair.a.post.write_text(None, "r1", "unsigned", "en", pair.now, ("W-2", ""))
    pair.settle()
    assert [(item.request, item.code) for item in pair.a.refused()] == [("r1", "engine.no_officer")]
    held.unlock("W-2", SECOND)
    assert held.officer_key("W-2") == PUBLIC
    held.lock("W-2")
    assert not held.holds("W-2")
    held.lock("W-1")
    assert held.holds("W-1")  # its file is open: there is nothing to let go
    held.drop("W-1")
    assert not held.holds("W-1")


@either
def test_a_locked_desk_hears_and_does_nothing(letter: str) -> None:
    pair = Pair()
    side, peer = pair.sides[letter], pair.other(pair.sides[letter])
    pair.text(peer, "to be opened")
    pair.run(300)
    (item,) = pair.texts(side)
    side.post.desk_locked(DESK[letter], pair.now)
    pair.talk(peer)
    pair.run(200)
    assert side.gates()[-1]
    call = side.post.view(pair.now).call
    assert call is not None
    assert call.state == "announcing"
    size = len(side.store.entries["ab".index(letter)])
    side.post.sounded(DESK[letter], call.call, pair.now)
    side.post.silence_call(DESK[letter], pair.now)
    side.post.end_call(DESK[letter], pair.now)
    side.post.text_opened(DESK[letter], item.id, pair.now)
    side.post.write_text(DESK[letter], "r9", "unsigned", "en", pair.now)
    side.post.acknowledge(DESK[letter], "link_down", pair.now)
    pair.talk(side)
    pair.run(200)
    assert side.stops() == ["call.desk_locked", "call.desk_locked"]
    codes = [refused.code for refused in side.refused()]
    assert codes == ["engine.desk_locked"] * 5
    call = side.post.view(pair.now).call
    assert call is not None
    assert (call.state, call.own_talking, call.sounded_here, call.silenced) == (
        "announcing",
        False,
        False,
        "",
    )
    assert len(side.store.entries["ab".index(letter)]) == size
    side.post.desk_unlocked(DESK[letter], "W-1", pair.now)
    pair.talk(side)
    pair.run(100)
    taken = peer.post.view(pair.now).call
    assert taken is not None
    assert taken.state == "taken"


@either
def test_locking_ends_what_the_desk_transmits(letter: str) -> None:
    pair = Pair()
    side = pair.sides[letter]
    pair.talk(side)
    pair.run(100)
    side.post.desk_locked(DESK[letter], pair.now)
    pair.run(100)
    call = side.post.view(pair.now).call
    assert call is not None
    assert not call.own_talking
    assert "call.desk_locked" in [
        event.reason for _, event in side.desk_events if isinstance(event, StopTalking)
    ]


@either
def test_only_an_officer_makes_a_desk_attended(letter: str) -> None:
    pair = Pair()
    side, peer = pair.sides[letter], pair.other(pair.sides[letter])
    assert peer.post.view(pair.now).peer_watch.attended
    side.post.desk_locked(DESK[letter], pair.now)
    pair.run(200)
    view = peer.post.view(pair.now).peer_watch
    assert (view.attended, view.code) == (False, None)
    assert side.post.view(pair.now).voice != "no_desk"  # it is there, and hears
    # A page that fell silent and came back is as locked as it was.
    pair.desks_alive = False
    pair.run(6_000)
    pair.desks_alive = True
    pair.run(200)
    assert side.post.view(pair.now).own_watch.attended is False
    side.post.desk_unlocked(DESK[letter], "W-7", pair.now)
    pair.run(200)
    view = peer.post.view(pair.now).peer_watch
    assert (view.attended, view.code) == (True, "W-7")


@either
def test_the_principal_of_the_lowest_slot_is_on_watch(letter: str) -> None:
    pair = Pair(desks=False)
    side, peer = pair.sides[letter], pair.other(pair.sides[letter])

    def seen() -> tuple[bool | None, str | None]:
        for desk in list(side.post._watch._desks):
            report = AudioReport(mic="COLD", context="running", connection="", hears=True)
            side.post.desk_alive(desk, report, pair.now)
        pair.run(200)
        view = peer.post.view(pair.now).peer_watch
        return view.attended, view.code

    side.post.desk_opened(b"desk-y-1", pair.now, Seat(slot=0, role="note_taker", officer="W-3"))
    assert seen() == (True, None)
    side.post.desk_opened(b"desk-y-2", pair.now, Seat(slot=2, officer="W-2"))
    assert seen() == (True, "W-2")
    side.post.desk_opened(b"desk-y-3", pair.now, Seat(slot=1), locked=True)
    assert seen() == (True, "W-2")
    side.post.desk_unlocked(b"desk-y-3", "W-4", pair.now)
    assert seen() == (True, "W-4")


@pytest.mark.parametrize("level", [0, 1, 2, 3])
@either
def test_no_more_is_said_of_an_officer_than_was_agreed(level: int, letter: str) -> None:
    settings = PostSettings(officer_names=NAMES)
    pair = Pair(disclosure=level, settings=settings)
    side, peer = pair.sides[letter], pair.other(pair.sides[letter])
    enrol(pair, side)
    signer(side).unlock("W-2", SECOND)
    side.post.desk_unlocked(DESK[letter], "W-2", pair.now)
    pair.text(side, "one")
    side.post.desk_locked(DESK[letter], pair.now)
    pair.run(300)
    side.post.desk_unlocked(DESK[letter], "W-2", pair.now)
    pair.run(300)
    for frame in side.sent:
        assert (NAMES["W-2"].encode() in frame.body) <= (
            level == 3 and frame.frame_class == FrameClass.CONTROL
        )
        # Codes stand in enrolments by design; elsewhere only where it was agreed.
        if frame.frame_class != FrameClass.BATCH:
            assert (b"W-2" in frame.body) <= (level >= 2)
    members: set[str] = set()
    for body in side.bodies(FrameClass.CONTROL):
        said = decode(body, 65_536)
        assert isinstance(said, list | tuple)
        if said[1] == "presence" and isinstance(said[3], dict):
            members |= {str(key) for key in said[3]} - {"hears"}
    assert (
        members == [set(), {"attended"}, {"attended", "code"}, {"attended", "code", "name"}][level]
    )
    view = peer.post.view(pair.now).peer_watch
    assert view.attended is (None if level == 0 else True)
    assert view.code == ("W-2" if level >= 2 else None)
    assert view.name == (NAMES["W-2"] if level == 3 else None)


def test_a_refusal_for_a_locked_desk_names_the_request() -> None:
    pair = Pair()
    pair.a.post.desk_locked(DESK["a"], pair.now)
    pair.text(pair.a, "no", "r7")
    assert [event for _, event in pair.a.desk_events if isinstance(event, Refused)] == [
        Refused(request="r7", code="engine.desk_locked")
    ]
