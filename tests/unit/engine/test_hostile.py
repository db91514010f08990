"""Frames that do not hold: coded evidence, bounded, and everything else goes on."""

import pytest

from openline.engine.context import EVIDENCE_BYTES_MAX, EVIDENCE_PER_CODE_MAX
from openline.protocol.control import TAG_BYTES
from openline.protocol.frames import (
    BatchEntry,
    FrameClass,
    batch_frame,
    parse_batch,
    seal_frame,
    want_frame,
)
from openline.record.cbor import Value, encode
from tests.unit.engine.pair import DESK, Pair
from tests.unit.engine.test_hello import hello_of
from tests.unit.engine.test_restore import party, write_both


def control(pair: Pair, name: str, payload: Value, version: int = 1_000) -> bytes:
    incarnation = hello_of(pair, pair.b).incarnation[:TAG_BYTES]
    return encode([incarnation, name, version, payload])


def hostile(pair: Pair) -> list[tuple[int, bytes, str]]:
    """Class, body, and the code under which it is kept."""
    good = parse_batch(pair.b.bodies(FrameClass.BATCH)[-1])
    receipt = pair.b.bodies(FrameClass.RECEIPT)[-1]
    seal = pair.b.bodies(FrameClass.SEAL)[-1]
    entry = good.entries[-1]
    flipped = BatchEntry(entry.leaf[:-1] + bytes([entry.leaf[-1] ^ 1]), entry.salt, entry.body)
    unsigned = batch_frame(good.log, good.stop, [flipped], None)
    cases = [
        (FrameClass.BATCH, b"", "record.truncated"),
        (FrameClass.BATCH, bytes(70_000), "record.too_large"),
        (FrameClass.BATCH, batch_frame(good.log, 1, [entry], b"no note"), "record.note"),
        (FrameClass.BATCH, batch_frame(good.log, 1, good.entries, good.note), "protocol.batch"),
        (FrameClass.BATCH, batch_frame(1 - good.log, good.stop, [entry], good.note), ""),
        (FrameClass.BATCH, unsigned, "record.index"),
        (FrameClass.RECEIPT, b"\x82", "record.receipt"),
        (FrameClass.RECEIPT, receipt[:-1] + bytes([receipt[-1] ^ 1]), "record.receipt"),
        (FrameClass.RECEIPT, pair.a.bodies(FrameClass.RECEIPT)[-1], "record.receipt"),
        (FrameClass.SEAL, b"\x81", "record.truncated"),
        (FrameClass.SEAL, seal_frame(b"x"), "record.note"),
        (FrameClass.WANT, want_frame(0, 10**6), "protocol.want"),
        (FrameClass.WANT, want_frame(0, 0), "protocol.want"),
        (FrameClass.WANT, b"\x00" * 100, "record.too_large"),
        (FrameClass.CONTROL, b"\xf6", "record.encoding"),
        (FrameClass.CONTROL, bytes(5_000), "record.too_large"),
        (FrameClass.CONTROL, control(pair, "nonsense", None), "protocol.unknown_object"),
        (FrameClass.CONTROL, control(pair, "presence", {"attended": 1}), "record.encoding"),
        (
            FrameClass.CONTROL,
            control(pair, "presence", {"attended": True, "room": 1}, 1_001),
            "protocol.presence",
        ),
        (FrameClass.CONTROL, control(pair, "leg", None), "protocol.unknown_object"),
        (FrameClass.CONTROL, control(pair, "legs", 5), "protocol.leg"),
        (FrameClass.CONTROL, control(pair, "legs", None, 1_001), "protocol.leg"),
        (FrameClass.CONTROL, control(pair, "legs", {"0": bytes(2_100)}, 1_002), "protocol.leg"),
        (FrameClass.CONTROL, control(pair, "call", {"manner": 9}), "protocol.call"),
        (FrameClass.CONTROL, control(pair, "call", [], 1_001), "record.encoding"),
        (FrameClass.CONTROL, control(pair, "call-answer", {}, 1_001), "record.encoding"),
        (FrameClass.HEARTBEAT, b"", "protocol.frame_class"),
        (77, b"", "protocol.frame_class"),
        (FrameClass.SEAL, seal[:60] + b"A" + seal[61:], ""),
    ]
    return [(int(number), body, code) for number, body, code in cases]


@pytest.mark.parametrize("place", range(26))
def test_hostile_frame(place: int) -> None:
    pair = Pair()
    write_both(pair, 2, "before")
    pair.run(2_000)
    frame_class, body, code = hostile(pair)[place]
    sizes = [len(half) for half in pair.a.store.entries]
    pair.a.post.frame_received(frame_class, 99, body, pair.now)
    pair.run(400)
    if code:
        assert code in pair.a.store.codes()
    assert [len(half) for half in pair.a.store.entries] == sizes
    view = pair.a.post.view(pair.now)
    assert view.record.fault is None
    write_both(pair, 2, "after")
    pair.run(1_500)
    pair.assert_identical()
    pair.talk(pair.b)
    assert pair.a.gates() == [True]


def test_evidence_is_bounded() -> None:
    pair = Pair()
    for number in range(100):
        pair.a.post.frame_received(FrameClass.BATCH, number, bytes(100_000), pair.now)
    pair.settle()
    kept = [data for code, data, _ in pair.a.store.evidence if code == "record.too_large"]
    assert len(kept) == EVIDENCE_PER_CODE_MAX
    assert max(len(data) for data in kept) == EVIDENCE_BYTES_MAX


def test_entries_far_ahead_are_not_hoarded() -> None:
    pair = Pair()
    own = party(pair, pair.b)
    entry = BatchEntry(bytes(2_000), bytes(16), bytes(16_000))
    for first in range(5, 5_000, 3):
        body = batch_frame(own, first, [entry] * 3, None)
        pair.a.post.frame_received(FrameClass.BATCH, first, body, pair.now)
    inbox = pair.a.post._record.keeper.inboxes[own]
    assert len(inbox) <= 512
    assert inbox._bytes <= 1_048_576
    pair.drop = lambda to, frame_class, _body: to == "a" and frame_class == FrameClass.WANT
    write_both(pair, 3, "all the same")
    pair.run(8_000)
    pair.assert_identical()


def test_many_desks_are_bounded() -> None:
    pair = Pair()
    for number in range(1_000):
        pair.a.post.desk_opened(number.to_bytes(8, "big"), pair.now)
    assert len(pair.a.post._watch._desks) <= 64


def test_unknown_desk_and_items_do_nothing() -> None:
    pair = Pair()
    for item in ("", "a-1", "b-99", "outbox-0", "x"):
        pair.a.post.text_opened(DESK["a"], item, pair.now)
    pair.a.post.end_call(DESK["a"], pair.now)
    pair.a.post.silence_call(DESK["a"], pair.now)
    pair.a.post.sounded(DESK["a"], "00000000", pair.now)
    pair.a.post.desk_closed(b"nobody", pair.now)
    pair.a.post.committed(9_999, pair.now)
    pair.a.post.commit_failed(9_999, "store.full", pair.now)
    pair.a.post.entries_read(9_999, (), pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).disk_fault is None
    assert pair.a.store.codes() == []


@pytest.mark.parametrize(
    ("text", "lang", "code"),
    [
        ("", "en", "record.content"),
        ("   ", "en", "record.content"),
        ("x", "not a language", "record.content"),
        ("x" * 17_000, "en", "record.too_large"),
        ("x" * 16_001, "en", "record.encoding"),
        ("\ud800", "en", "record.encoding"),
    ],
)
def test_text_that_cannot_be_written_is_refused(text: str, lang: str, code: str) -> None:
    pair = Pair()
    pair.a.post.write_text(DESK["a"], "r", text, lang, pair.now)
    pair.settle()
    assert [refused.code for refused in pair.a.refused()] == [code]
