"""Agreed phrases: an officer's act where the key is, nobody's where it is heard."""

import pytest

from openline.engine.call_views import CallView
from openline.engine.desk import StopTalking
from openline.engine.desk_spoken import SpeakPhrase
from openline.protocol import control
from openline.protocol.control import parse_control
from openline.protocol.frames import FrameClass
from openline.record.bodies import KIND_CALL
from openline.record.cbor import Value, encode
from openline.record.entry import decode_body, parse_entry
from tests.unit.engine.pair import DESK, Pair, Side

SWAPPED = pytest.mark.parametrize("swapped", [False, True])


def press(pair: Pair, side: Side, n: int) -> None:
    side.post.spoken.phrase(DESK[side.letter], n, pair.now)
    pair.settle()


def heard(side: Side) -> list[int]:
    return [event.n for event in side.events(SpeakPhrase) if isinstance(event, SpeakPhrase)]


def call_of(pair: Pair, side: Side) -> CallView:
    call = side.post.view(pair.now).call
    assert call is not None
    return call


def accounts(side: Side) -> list[list[dict[str, Value]]]:
    found = []
    for log in (0, 1):
        entries = side.store.entries[log][1:]
        found.append([
            decode_body(entry.body or b"")
            for entry in entries
            if parse_entry(entry.leaf).claims.kind == KIND_CALL
        ])  # fmt: skip
    return found


def say(pair: Pair, side: Side, payload: Value, version: int = 50) -> None:
    """A peer that is not ours says ``phrase``."""
    tag = pair.other(side).post._ctx.incarnation[:8]
    frame = encode([tag, control.PHRASE, version, payload])
    side.post.frame_received(FrameClass.CONTROL, 0, frame, pair.now)
    pair.settle()


@SWAPPED
def test_a_phrase_begins_an_announce_like_the_talk_key_and_is_nobodys_act_where_it_sounds(
    *,
    swapped: bool,
) -> None:
    pair = Pair(swapped=swapped)
    press(pair, pair.a, 2)
    assert heard(pair.b) == [2]
    assert heard(pair.a) == []
    here, there = call_of(pair, pair.a), call_of(pair, pair.b)
    assert (here.role, there.role, here.state, there.state) == (
        "caller", "called", "announcing", "announcing",
    )  # fmt: skip
    assert not here.own_talking
    assert not there.peer_talking
    assert pair.a.block is not None
    assert pair.b.block is not None
    assert not pair.b.block.talking
    assert pair.a.block.call_open
    assert not pair.a.block.talking
    spoken = pair.b.post.view(pair.now).spoken
    assert spoken is not None
    assert (spoken.whose, spoken.n, spoken.sounded) == ("peer", 2, True)
    pair.run(61_000)
    assert call_of(pair, pair.a).outcome == "untaken"
    for side in (pair.a, pair.b):
        for log in accounts(side):
            assert [account["phrases"] for account in log] == [[2]]
            assert [account["taken"] for account in log] == [False]


@SWAPPED
def test_the_called_officers_phrase_takes_nothing_and_is_heard_at_once(*, swapped: bool) -> None:
    pair = Pair(swapped=swapped)
    pair.talk(pair.a)
    press(pair, pair.b, 3)
    assert heard(pair.a) == [3]
    assert call_of(pair, pair.a).state == call_of(pair, pair.b).state == "announcing"
    assert pair.a.gates() == []  # no far microphone is heard for it
    pair.talk(pair.b)
    pair.talk(pair.b, on=False)
    press(pair, pair.b, 9)
    press(pair, pair.a, 8)
    assert heard(pair.a) == [3, 9]
    assert heard(pair.b) == [8]
    pair.b.post.end_call(DESK["b"], pair.now)
    pair.run(500)
    for side in (pair.a, pair.b):
        assert [account["phrases"] for log in accounts(side) for account in log] == [[3, 8, 9]] * 2


def test_nothing_sounds_past_a_silenced_announce_or_a_ring_but_the_words_are_shown() -> None:
    pair = Pair()
    pair.talk(pair.a)
    pair.b.post.silence_call(DESK["b"], pair.now)
    press(pair, pair.a, 5)
    assert heard(pair.b) == []
    spoken = pair.b.post.view(pair.now).spoken
    assert spoken is not None
    assert (spoken.n, spoken.sounded) == (5, False)
    events = [item.facts for item in pair.b.post.timeline(100) if item.kind == "event"]
    assert {"event": "phrase_peer", "n": 5, "sounded": False} in events


def test_one_sequence_number_is_one_phrase_however_often_it_is_told() -> None:
    pair = Pair()
    press(pair, pair.a, 4)
    call = call_of(pair, pair.a).call
    for version in (60, 61, 62):
        say(pair, pair.b, {"n": 4, "seq": 1, "call": bytes.fromhex(call)}, version)
    pair.run(5_000)  # what stands is said again every two seconds
    assert heard(pair.b) == [4]


def test_a_phrase_of_a_call_that_is_over_or_never_was_is_not_heard() -> None:
    pair = Pair()
    press(pair, pair.a, 1)
    tag = bytes.fromhex(call_of(pair, pair.a).call)
    pair.restart(pair.b)  # the peer's object of that call still stands
    pair.run(3_000)
    pair.b.desk_events.clear()
    say(pair, pair.b, {"n": 1, "seq": 7, "call": tag})
    say(pair, pair.b, {"n": 1, "seq": 8, "call": b""}, 51)
    pair.run(3_000)
    assert heard(pair.b) == []
    assert pair.b.post.view(pair.now).call is None


def test_a_phrase_that_overtakes_its_call_waits_for_it() -> None:
    pair = Pair()
    held: list[tuple[str, int, bytes]] = []

    def drop(to: str, frame_class: int, body: bytes) -> bool:
        if frame_class == FrameClass.CONTROL and parse_control(body).name == control.CALL:
            held.append((to, frame_class, body))
            return True
        return False

    pair.drop = drop
    press(pair, pair.a, 6)
    assert heard(pair.b) == []
    pair.drop = lambda _to, _class, _body: False
    for _to, frame_class, body in held:
        pair.b.post.frame_received(frame_class, 0, body, pair.now)
    pair.run(50)
    assert heard(pair.b) == [6]


def test_twenty_a_minute_and_no_more() -> None:
    pair = Pair()
    for _ in range(22):
        press(pair, pair.a, 4)
    assert len(heard(pair.b)) == 20
    assert [event.code for event in pair.a.refused()] == ["phrase.too_many"] * 2
    pair.run(60_000)
    press(pair, pair.a, 4)
    assert len(heard(pair.b)) == 21


def test_a_peer_that_floods_is_not_heard_beyond_its_measure() -> None:
    pair = Pair()
    press(pair, pair.a, 4)
    tag = bytes.fromhex(call_of(pair, pair.a).call)
    for seq in range(2, 60):
        say(pair, pair.b, {"n": 4, "seq": seq, "call": tag}, 100 + seq)
    assert len(heard(pair.b)) == 30


@pytest.mark.parametrize(
    "payload",
    [
        {"n": 0, "seq": 1, "call": b""},
        {"n": 11, "seq": 1, "call": b""},
        {"n": 1, "seq": 0, "call": b""},
        {"n": 1, "seq": 1, "call": b"abc"},
        {"n": 1, "seq": 1},
        {"n": 1, "seq": 1, "call": b"", "text": "other words"},
        None,
        {"n": True, "seq": 1, "call": b""},
    ],
)
def test_a_phrase_that_is_none_changes_nothing(payload: Value) -> None:
    pair = Pair()
    before = len(pair.b.store.evidence)
    say(pair, pair.b, payload)
    assert heard(pair.b) == []
    assert pair.b.post.view(pair.now).spoken is None
    assert len(pair.b.store.evidence) > before


def test_without_contact_a_phrase_is_refused_in_words_and_begins_nothing() -> None:
    pair = Pair()
    pair.cut()
    pair.run(11_000)
    press(pair, pair.a, 2)
    assert [event.code for event in pair.a.refused()] == ["phrase.no_contact"]
    assert pair.a.post.view(pair.now).call is None
    assert pair.a.events(StopTalking) == []


def test_a_number_that_no_phrase_has_is_refused() -> None:
    pair = Pair()
    press(pair, pair.a, 11)
    assert [event.code for event in pair.a.refused()] == ["phrase.unknown"]
    assert pair.a.post.view(pair.now).call is None


@SWAPPED
@pytest.mark.parametrize("speaker", ["", "a", "b"])
def test_two_phrases_at_once_make_one_call_that_only_speech_takes(
    *, swapped: bool, speaker: str
) -> None:
    pair = Pair(swapped=swapped)
    for side, n in ((pair.a, 1), (pair.b, 7)):
        if speaker == side.letter:
            side.post.talk(DESK[side.letter], on=True, now=pair.now)
        side.post.spoken.phrase(DESK[side.letter], n, pair.now)
    pair.settle()
    pair.run(100)
    here, there = call_of(pair, pair.a), call_of(pair, pair.b)
    assert here.call == there.call
    called = "a" if here.role == "called" else "b"
    expected = "taken" if speaker == called else "announcing"
    assert here.state == there.state == expected
    assert (heard(pair.a), heard(pair.b)) == ([7], [1])
    pair.run(61_000 if expected == "announcing" else 100)
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.run(700)
    for side in (pair.a, pair.b):
        assert [account["phrases"] for log in accounts(side) for account in log] == [[1, 7]] * 2
