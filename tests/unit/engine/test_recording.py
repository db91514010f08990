"""Recording: told before it is kept, at one's own desk, its hash in the record."""

from typing import Any

import pytest

from openline.engine.desk import AudioReport
from openline.engine.desk_spoken import RecordCall
from openline.engine.ports import PostSettings
from openline.protocol import control
from openline.protocol.control import parse_control
from openline.protocol.frames import FrameClass
from openline.record.bodies import KIND_RECORDING, Recording, parse_recording
from openline.record.entry import parse_entry
from tests.unit.engine.pair import DESK, Pair, Side

SWAPPED = pytest.mark.parametrize("swapped", [False, True])


def told(side: Side) -> list[tuple[bytes | None, bool, int]]:
    """What desks were told: which desk, begin or end, which part."""
    return [
        (desk, event.on, event.part)
        for desk, event in side.desk_events
        if isinstance(event, RecordCall)
    ]


def record(pair: Pair, side: Side, *, on: bool = True) -> None:
    side.post.spoken.record_call(DESK[side.letter], pair.now, on=on)
    pair.settle()


def tag_of(pair: Pair, side: Side) -> bytes:
    call = side.post.view(pair.now).call
    assert call is not None
    return bytes.fromhex(call.call)


def keep(
    pair: Pair, side: Side, call: bytes, part: int = 1, *, size: int = 9, fault: str = ""
) -> bool:
    recording = Recording(
        call=call, part=part, sha256=bytes(32), size=size, type="audio/webm", duration_ms=1500
    )
    kept = side.post.spoken.part_kept(recording, fault, pair.now)
    pair.settle()
    return kept


def entries(side: Side, log: int) -> list[Recording]:
    return [
        parse_recording(entry.body or b"")
        for entry in side.store.entries[log][1:]
        if parse_entry(entry.leaf).claims.kind == KIND_RECORDING
    ]


def now_said(pair: Pair, side: Side) -> bool:
    """What the peer of ``side`` was told."""
    return pair.other(side).post.view(pair.now).peer_declared.now


def state(pair: Pair, side: Side) -> str:
    return side.post.view(pair.now).recording.state


@SWAPPED
def test_per_call_records_on_the_officers_key_and_the_peer_knows_first(*, swapped: bool) -> None:
    pair = Pair(swapped=swapped)
    pair.run(1_000)
    pair.talk(pair.a)
    pair.run(1_000)
    assert told(pair.a) == []
    tag = tag_of(pair, pair.a)
    assert pair.a.post.spoken.takes_part(tag, 1) == "recording.over"
    said_before = len(pair.a.sent)
    record(pair, pair.a)
    assert told(pair.a) == [(DESK["a"], True, 1)]
    frames = [parse_control(frame.body) for frame in pair.a.sent[said_before:]
              if frame.frame_class == FrameClass.CONTROL]  # fmt: skip
    assert any(
        f.name == control.DECLARED and f.payload == {"recording": 1, "now": True} for f in frames
    )
    assert now_said(pair, pair.a)
    assert not now_said(pair, pair.b)
    assert pair.a.post.spoken.takes_part(tag, 1) == ""
    assert pair.a.post.spoken.takes_part(tag, 2) == "recording.over"
    assert pair.a.post.spoken.takes_part(bytes(4), 1) == "recording.over"
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.run(100)
    assert told(pair.a) == [(DESK["a"], True, 1), (DESK["a"], False, 1)]
    assert state(pair, pair.a) == "ending"
    assert pair.a.post.spoken.takes_part(tag, 1) == ""  # the last piece is on its way
    assert keep(pair, pair.a, tag)
    assert not now_said(pair, pair.a)
    mine = pair.a.post._ctx.own
    assert [(item.call, item.part) for item in entries(pair.b, mine)] == [(tag, 1)]
    assert entries(pair.a, 1 - mine) == []
    assert pair.a.post.spoken.takes_part(tag, 1) == "recording.over"
    assert state(pair, pair.a) == "off"


def test_the_order_on_the_way_out_is_the_word_first() -> None:
    pair = Pair()
    pair.run(1_000)
    pair.talk(pair.a)
    pair.a.post.drain()
    pair.a.post.spoken.record_call(DESK["a"], pair.now, on=True)
    names: list[Any] = []
    for command in pair.a.post.drain():
        body = getattr(command, "body", None)
        event = getattr(command, "event", None)
        if isinstance(body, bytes) and getattr(command, "frame_class", None) == FrameClass.CONTROL:
            names.append(parse_control(body).name)
        elif isinstance(event, RecordCall):
            names.append("begin")
    assert names == [control.DECLARED, "begin"]


@SWAPPED
def test_always_begins_with_each_call_at_either_role(*, swapped: bool) -> None:
    pair = Pair(swapped=swapped, settings=PostSettings(recording="always"))
    pair.run(1_000)
    assert not now_said(pair, pair.a)
    pair.talk(pair.a)
    pair.run(100)
    for side in (pair.a, pair.b):
        assert told(side) == [(DESK[side.letter], True, 1)]
        assert now_said(pair, side)


def test_never_refuses_and_ends_what_runs() -> None:
    pair = Pair()
    pair.run(1_000)
    pair.talk(pair.a)
    record(pair, pair.a)
    pair.a.post.spoken.declare(DESK["a"], ("never", ""), 0, pair.now)
    pair.settle()
    assert told(pair.a)[-1] == (DESK["a"], False, 1)
    keep(pair, pair.a, tag_of(pair, pair.a))
    record(pair, pair.a)
    assert [event.code for event in pair.a.refused()] == ["recording.never"]
    assert told(pair.a)[-1] == (DESK["a"], False, 1)
    assert not now_said(pair, pair.a)


def test_without_a_call_there_is_nothing_to_record() -> None:
    pair = Pair()
    record(pair, pair.a)
    assert [event.code for event in pair.a.refused()] == ["recording.no_call"]
    pair.talk(pair.a)
    pair.run(1_000)
    assert told(pair.a) == []


def test_what_was_wanted_for_one_call_is_not_wanted_for_the_next() -> None:
    pair = Pair()
    pair.run(1_000)
    pair.talk(pair.a)
    record(pair, pair.a)
    tag = tag_of(pair, pair.a)
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.settle()
    pair.talk(pair.a)
    pair.run(100)
    keep(pair, pair.a, tag)
    pair.run(15_000)
    assert told(pair.a) == [(DESK["a"], True, 1), (DESK["a"], False, 1)]


def test_a_lost_page_leaves_its_part_and_the_next_page_begins_another() -> None:
    pair = Pair()
    pair.run(1_000)
    pair.talk(pair.a)
    record(pair, pair.a)
    tag = tag_of(pair, pair.a)
    pair.desks_alive = False
    pair.a.post.desk_closed(DESK["a"], pair.now)
    pair.run(1_000)
    assert now_said(pair, pair.a)
    assert keep(pair, pair.a, tag)
    assert now_said(pair, pair.a) is False
    pair.run(6_000)
    assert told(pair.a) == [(DESK["a"], True, 1)]
    assert state(pair, pair.a) == "waiting"
    pair.a.post.desk_opened(b"desk-a-2", pair.now)
    report = AudioReport(mic="COLD", context="running", connection="connected")
    pair.a.post.desk_alive(b"desk-a-2", report, pair.now)
    pair.run(100)
    assert told(pair.a)[-1] == (b"desk-a-2", True, 2)
    assert now_said(pair, pair.a)
    assert keep(pair, pair.a, tag, 2)
    assert [item.part for item in entries(pair.b, 0)] == [1, 2]


def test_a_desk_whose_sound_does_not_run_is_not_asked() -> None:
    pair = Pair(desks=False, settings=PostSettings(recording="always"))
    pair.a.post.desk_opened(DESK["a"], pair.now)
    report = AudioReport(mic="COLD", context="suspended", connection="connected")
    pair.a.post.desk_alive(DESK["a"], report, pair.now)
    pair.talk(pair.a)
    pair.run(500)
    assert told(pair.a) == []
    assert not now_said(pair, pair.a)
    assert state(pair, pair.a) == "waiting"


def test_a_full_disk_ends_it_in_words_and_is_not_tried_again() -> None:
    pair = Pair(settings=PostSettings(recording="always"))
    pair.run(1_000)
    pair.talk(pair.a)
    pair.run(100)
    assert keep(pair, pair.a, tag_of(pair, pair.a), fault="recording.disk_full")
    pair.run(20_000)
    assert told(pair.a) == [(DESK["a"], True, 1), (DESK["a"], False, 1)]
    view = pair.a.post.view(pair.now).recording
    assert (view.state, view.fault) == ("off", "recording.disk_full")


def test_a_part_that_never_came_leaves_no_entry() -> None:
    pair = Pair()
    pair.run(1_000)
    pair.talk(pair.a)
    record(pair, pair.a)
    record(pair, pair.a, on=False)
    pair.run(10_500)
    assert state(pair, pair.a) == "off"
    assert keep(pair, pair.a, tag_of(pair, pair.a), size=0)
    assert entries(pair.a, 0) == []
    assert not now_said(pair, pair.a)


def test_the_entry_waits_when_the_record_cannot_take_it_now() -> None:
    pair = Pair()
    pair.run(1_000)
    pair.talk(pair.a)
    record(pair, pair.a)
    tag = tag_of(pair, pair.a)
    pair.a.post._record.keeper.pending.extend([None] * 128)  # type: ignore[list-item]
    recording = Recording(
        call=tag, part=1, sha256=bytes(32), size=9, type="audio/webm", duration_ms=1
    )
    kept = pair.a.post.spoken._recording.kept(recording, "", pair.now)
    pair.a.post._record.keeper.pending.clear()
    assert not kept
    assert keep(pair, pair.a, tag)
    assert len(entries(pair.b, 0)) == 1
