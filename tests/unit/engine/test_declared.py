"""What each side declares of recording and of its interpreter: said, shown, kept, never guessed."""

from dataclasses import replace

import pytest

from openline.engine.desk_spoken import DeclaredView
from openline.engine.ports import PostSettings
from openline.protocol import control
from openline.protocol.control import parse_control
from openline.protocol.frames import FrameClass
from openline.record.bodies import KIND_DECLARE, parse_declare
from openline.record.cbor import Value, encode
from openline.record.entry import parse_entry
from tests.unit.engine.pair import DESK, Pair, Side

SWAPPED = pytest.mark.parametrize("swapped", [False, True])


def declare(
    pair: Pair, side: Side, recording: str = "", interpreter: str = "", eta: int = 0
) -> None:
    side.post.spoken.declare(DESK[side.letter], (recording, interpreter), eta, pair.now)
    pair.settle()


def own(pair: Pair, side: Side) -> DeclaredView:
    return side.post.view(pair.now).own_declared


def peer(pair: Pair, side: Side) -> DeclaredView:
    return side.post.view(pair.now).peer_declared


def entries(side: Side, log: int) -> list[tuple[str, int]]:
    """Declarations in a log, and by how many officers each."""
    found = []
    for entry in side.store.entries[log][1:]:
        parsed = parse_entry(entry.leaf)
        if parsed.claims.kind == KIND_DECLARE:
            found.append((parse_declare(entry.body or b""), len(parsed.statements)))
    return found


def said(side: Side) -> list[Value]:
    frames = [parse_control(body) for body in side.bodies(FrameClass.CONTROL)]
    return [frame.payload for frame in frames if frame.name == control.DECLARED]


@SWAPPED
def test_each_side_knows_what_the_other_declares_and_the_record_holds_each_change(
    *,
    swapped: bool,
) -> None:
    pair = Pair(swapped=swapped)
    assert peer(pair, pair.b).recording == "per_call"
    assert entries(pair.b, 0) == entries(pair.b, 1) == []
    declare(pair, pair.a, "never")
    declare(pair, pair.a, "never")
    declare(pair, pair.a, "always")
    assert peer(pair, pair.b).recording == own(pair, pair.a).recording == "always"
    assert peer(pair, pair.a).recording == own(pair, pair.b).recording == "per_call"
    mine = pair.a.post._ctx.own
    assert entries(pair.b, mine) == [("never", 1), ("always", 1)]
    assert entries(pair.b, 1 - mine) == []


def test_an_officers_word_outlives_a_restart_and_a_new_setting_outweighs_it() -> None:
    pair = Pair()
    declare(pair, pair.a, "never")
    pair.restart(pair.a)
    pair.run(300)
    assert own(pair, pair.a).recording == peer(pair, pair.b).recording == "never"
    assert entries(pair.b, 0) == [("never", 1)]
    pair.a.settings = replace(pair.a.settings, recording="always")
    pair.restart(pair.a)
    pair.run(300)
    assert own(pair, pair.a).recording == peer(pair, pair.b).recording == "always"
    assert entries(pair.b, 0) == [("never", 1), ("always", 0)]
    pair.restart(pair.a)
    pair.run(300)
    assert entries(pair.b, 0) == [("never", 1), ("always", 0)]


def test_a_setting_is_declared_with_the_first_start() -> None:
    pair = Pair(settings=PostSettings(recording="never"))
    pair.run(300)
    for side in (pair.a, pair.b):
        assert peer(pair, side).recording == "never"
        assert entries(side, 0) == entries(side, 1) == [("never", 0)]


def test_without_contact_the_peers_word_is_unknown_and_our_own_is_not() -> None:
    pair = Pair()
    declare(pair, pair.a, "never", "present")
    declare(pair, pair.b, "always", "none")
    pair.cut()
    pair.run(11_000)
    assert peer(pair, pair.a) == peer(pair, pair.b) == DeclaredView(recording="")
    assert own(pair, pair.a).recording == "never"
    pair.connect()
    pair.run(300)
    assert peer(pair, pair.b) == DeclaredView(recording="never", interpreter="present")


@SWAPPED
def test_an_interpreters_time_runs_down_and_stands_as_overdue(*, swapped: bool) -> None:
    pair = Pair(swapped=swapped)
    assert peer(pair, pair.b).interpreter == ""
    declare(pair, pair.a, interpreter="eta", eta=120)
    assert peer(pair, pair.b).eta_ms == 120_000
    pair.run(100_000, step=1_000)
    assert peer(pair, pair.b).eta_ms == own(pair, pair.a).eta_ms == 20_000
    pair.restart(pair.b)  # a start that did not hear it said
    pair.run(500)
    assert 18_000 <= (peer(pair, pair.b).eta_ms or 0) <= 20_000
    pair.run(40_000, step=1_000)
    overdue = peer(pair, pair.b).eta_ms
    assert overdue is not None
    assert -21_000 <= overdue <= -19_000
    pair.restart(pair.b)
    pair.run(500)
    again = peer(pair, pair.b)
    assert again.interpreter == "eta"
    assert (again.eta_ms or 0) < 0
    declare(pair, pair.a, interpreter="present")
    assert peer(pair, pair.b) == DeclaredView(recording="per_call", interpreter="present")


def test_a_line_that_discloses_no_desk_says_nothing_of_an_interpreter() -> None:
    pair = Pair(disclosure=0)
    declare(pair, pair.a, "always", "present")
    declare(pair, pair.a, interpreter="eta", eta=60)
    assert own(pair, pair.a).interpreter == "eta"
    plain = [{"recording": 1, "now": False}, {"recording": 2, "now": False}]
    assert all(payload in plain for payload in said(pair.a))
    assert peer(pair, pair.b) == DeclaredView(recording="always")
    frame = encode([
        pair.a.post._ctx.incarnation[:8], control.DECLARED, 99,
        {"recording": 0, "now": False, "interpreter": 2},
    ])  # fmt: skip
    pair.b.post.frame_received(FrameClass.CONTROL, 0, frame, pair.now)
    pair.settle()
    assert peer(pair, pair.b) == DeclaredView(recording="always")
    assert "protocol.declared" in pair.b.store.codes()


@pytest.mark.parametrize(
    ("words", "eta", "code"),
    [
        (("sometimes", ""), 0, "recording.word"),
        (("", "soon"), 0, "recording.interpreter"),
        (("", "eta"), 0, "recording.interpreter"),
        (("", "eta"), 86_401, "recording.interpreter"),
    ],
)
def test_what_cannot_be_declared_is_refused(words: tuple[str, str], eta: int, code: str) -> None:
    pair = Pair()
    declare(pair, pair.a, *words, eta)
    assert [event.code for event in pair.a.refused()] == [code]
    assert own(pair, pair.a) == DeclaredView(recording="per_call")


@pytest.mark.parametrize(
    "payload",
    [
        {"recording": 3, "now": False},
        {"recording": 1},
        {"now": True},
        {"recording": 1, "now": 1},
        {"recording": 1, "now": False, "interpreter": 3},
        {"recording": 1, "now": False, "interpreter": 1},
        {"recording": 1, "now": False, "interpreter": 2, "eta_s": 5},
        {"recording": 1, "now": False, "eta_s": 5},
        {"recording": 1, "now": False, "interpreter": 1, "eta_s": 86_401},
        {"recording": 1, "now": False, "by": "W-1"},
        None,
        [],
    ],
)
def test_a_declaration_that_is_none_changes_nothing(payload: Value) -> None:
    pair = Pair()
    frame = encode([pair.a.post._ctx.incarnation[:8], control.DECLARED, 99, payload])
    pair.b.post.frame_received(FrameClass.CONTROL, 0, frame, pair.now)
    pair.settle()
    assert peer(pair, pair.b) == DeclaredView(recording="per_call")
    assert len(pair.b.store.evidence) == 1
