"""Signed notes, receipts, seals and HELLOs: one encoding, the right keys, nothing more."""

import base64
from typing import Any

import pytest

from openline.errors import OpenlineError, RecordError, SignatureError
from openline.record.cbor import decode_list, encode
from openline.record.cose import CONTEXT_HELLO, CONTEXT_RECEIPT, parse_sign1
from openline.record.hello import hello_frame, parse_hello_frame, verify_hello
from openline.record.notes import (
    Checkpoint,
    Note,
    SignatureLine,
    checkpoint_text,
    parse_checkpoint,
    parse_note,
    verify_checkpoint,
)
from openline.record.receipt import (
    Receipt,
    assemble_seal,
    receipt_payload,
    seal_text,
    verify_receipt,
    verify_seal,
)
from tests.unit.record.makers import Pair


@pytest.fixture(scope="module")
def pair() -> Pair:
    pair = Pair().founded()
    pair.text(0)
    pair.text(1)
    return pair


def check(pair: Pair, note: bytes, log: int = 0) -> Checkpoint:
    return verify_checkpoint(note, pair.genesis.origin(log), pair.keys[log].public().log)


def code_of(note: bytes, pair: Pair, log: int = 0) -> str:
    with pytest.raises(RecordError) as caught:
        check(pair, note, log)
    return caught.value.code


def test_a_checkpoint_survives(pair: Pair) -> None:
    note = pair.note(0)
    assert check(pair, note) == pair.checkpoint(0)
    text, line = note.decode().split("\n\n")
    assert text.split("\n") == [
        pair.genesis.origin(0),
        "3",
        base64.b64encode(pair.record.logs[0].root).decode(),
    ]
    assert line.startswith(f"\u2014 {pair.genesis.origin(0)} ")


def test_every_changed_byte_of_a_checkpoint_is_refused(pair: Pair) -> None:
    note = pair.note(0)
    for at in range(len(note)):
        changed = bytearray(note)
        changed[at] ^= 1 << (at % 8)
        assert code_of(bytes(changed), pair).startswith("record.")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\n3\n", b"\n03\n"), (b"\n3\n", b"\n+3\n"), (b"\n3\n", b"\n 3\n"), (b"\n3\n", b"\n3 \n"),
        (b"\n3\n", b"\n3\r\n"), (b"\n\n", b"\n\n\n"), (b"\n\n", b"\n"), (b"=\n", b"\n"),
        (b"\n3\n", "\n\u0663\n".encode()), (b"\n\n", b"\nextension\n\n"),
        (b"\xe2\x80\x94 ", b"- "), (b"\xe2\x80\x94 ", b"\xe2\x80\x94  "), (b"=\n", b"= \n"),
    ],
)  # fmt: skip
def test_other_spellings_are_refused(pair: Pair, old: bytes, new: bytes) -> None:
    note = pair.note(0)
    assert old in note
    assert code_of(note.replace(old, new, 1), pair) in ("record.note", "record.signature")


def test_a_note_has_exactly_its_lines(pair: Pair) -> None:
    note = parse_note(pair.note(0))
    other = parse_note(pair.note(1))
    assert code_of(Note(note.text, note.lines * 2).format(), pair) == "record.note"
    assert code_of(Note(note.text, note.lines + other.lines).format(), pair) == "record.note"
    assert code_of(Note(note.text, other.lines).format(), pair) == "record.note_key"
    assert code_of(note.text, pair) == "record.note"
    assert code_of(note.text + b"\n", pair) == "record.note"
    assert code_of(Note(note.text, note.lines * 17).format(), pair) == "record.note"
    assert code_of(pair.note(1), pair) == "record.origin"
    assert code_of(bytes(20_000), pair) == "record.too_large"
    assert code_of(b"\xff\n\n\xff\n", pair) == "record.note"
    assert code_of(pair.note(0).replace(b"openline", b"open\tline"), pair) == "record.note"


def test_base64_has_one_spelling(pair: Pair) -> None:
    """The last character of a base64 text has unused bits: they must be zero."""
    line = SignatureLine("name", b"four", b"x")  # five bytes: two unused bits
    note = Note(b"text\n", (line,)).format()
    assert parse_note(note).lines == (line,)
    assert note.endswith(b"g=\n")
    for end in (b"h=\n", b"i=\n"):
        with pytest.raises(RecordError, match="only encoding"):
            parse_note(note[:-3] + end)
    with pytest.raises(RecordError, match="no signature after"):
        parse_note(Note(b"text\n", (SignatureLine("name", b"four", b""),)).format())
    text = checkpoint_text("o", 1, bytes(32))
    assert parse_checkpoint(text) == Checkpoint("o", 1, bytes(32))
    with pytest.raises(RecordError, match=r"record\.note"):
        parse_checkpoint(text.replace(b"A=\n", b"B=\n"))
    with pytest.raises(RecordError, match=r"record\.note"):
        parse_checkpoint(checkpoint_text("o", 1, bytes(31)))
    with pytest.raises(RecordError, match=r"record\.note"):
        parse_checkpoint(checkpoint_text("o", 2**63, bytes(32)))
    with pytest.raises(RecordError, match=r"record\.note"):
        parse_checkpoint(b"o\n" + b"9" * 5000 + b"\n\n")
    assert pair.genesis.origin(0) != pair.genesis.origin(1)


# --- receipts ------------------------------------------------------------------------------------


def test_a_receipt_survives(pair: Pair) -> None:
    raw = pair.receipt(0)
    receipt = verify_receipt(pair.genesis, 0, raw)
    assert receipt == Receipt(
        raw=raw,
        log=0,
        size=3,
        root=pair.record.logs[0].root,
        holder_size=3,
        time_s=1_700_000_100,
        checkpoint_note=pair.note(0),
    )
    assert receipt.holder == 1
    assert len(raw) < 700  # with a checkpoint and a few entries it must fit one packet


def receipt_code(pair: Pair, raw: bytes, log: int = 0) -> str:
    with pytest.raises(OpenlineError) as caught:
        verify_receipt(pair.genesis, log, raw)
    return caught.value.code


def test_every_changed_byte_of_a_receipt_is_refused(pair: Pair) -> None:
    raw = pair.receipt(0)
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1 << (at % 8)
        assert receipt_code(pair, bytes(changed)) == "record.receipt"


def test_a_receipt_of_something_else_is_refused(pair: Pair) -> None:
    raw = pair.receipt(0)
    note, cose = decode_list(raw, 5000, 2)
    other_note, other_cose = decode_list(pair.receipt(0, size=2), 5000, 2)
    for mixed in ([note, other_cose], [other_note, cose], [note, note], [cose, note], [note]):
        assert receipt_code(pair, encode(mixed)) == "record.receipt"
    assert receipt_code(pair, raw, log=1) == "record.receipt"
    assert receipt_code(pair, pair.receipt(1), log=0) == "record.receipt"
    assert receipt_code(Pair().founded(), raw) == "record.receipt"


@pytest.mark.parametrize(("role", "context"), [("log", CONTEXT_RECEIPT), ("cosign", CONTEXT_HELLO)])
def test_a_receipt_by_another_key_or_purpose_is_refused(
    pair: Pair, role: str, context: bytes
) -> None:
    note, _cose = decode_list(pair.receipt(0), 5000, 2)
    payload = receipt_payload(pair.genesis, pair.checkpoint(0), 3)
    wrong = pair.cose(1, role, payload, context)
    assert receipt_code(pair, encode([note, wrong])) == "record.receipt"


def test_receipts_and_seals_have_exactly_their_lines(pair: Pair) -> None:
    """A line more would change bytes that nothing signs."""
    note, cose = decode_list(pair.receipt(0), 5000, 2)
    assert isinstance(note, bytes)
    parsed = parse_note(note)
    stranger = parse_note(pair.note(1)).lines
    for lines in (parsed.lines + stranger, parsed.lines[:1], parsed.lines[::-1]):
        forged = encode([Note(parsed.text, lines).format(), cose])
        assert receipt_code(pair, forged) == "record.receipt"
    for party in (0, 1):
        seal = parse_note(pair.seal(0, party))
        forged = Note(seal.text, seal.lines + stranger).format()
        with pytest.raises(RecordError, match=r"record\.seal"):
            verify_seal(pair.genesis, 0, party, forged)


def test_an_authors_seal_makes_no_claim_about_time(pair: Pair) -> None:
    checkpoint, keys = pair.checkpoint(0), pair.keys[0]
    signature = keys.log_pq.sign(seal_text(pair.genesis, 0, checkpoint, 5))
    with pytest.raises(RecordError, match="no claim about time"):
        assemble_seal(pair.genesis, 0, checkpoint, 5, signature)
    with pytest.raises(RecordError, match=r"record\.origin"):
        seal_text(Pair().genesis, 0, checkpoint, 0)


def test_times_beyond_63_bits_are_refused(pair: Pair) -> None:
    checkpoint, keys = pair.checkpoint(0), pair.keys[1]
    signature = keys.cosign_pq.sign(seal_text(pair.genesis, 1, checkpoint, 2**63))
    with pytest.raises(RecordError, match=r"record\.seal"):
        assemble_seal(pair.genesis, 1, checkpoint, 2**63, signature)


def test_a_receipt_of_no_own_size_is_refused(pair: Pair) -> None:
    with pytest.raises(RecordError, match=r"record\.receipt"):
        pair.receipt(0, holder_size=0)


# --- seals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("party", [0, 1])
def test_seals(pair: Pair, party: int) -> None:
    raw = pair.seal(0, party)
    seal = verify_seal(pair.genesis, 0, party, raw)
    assert (seal.size, seal.root, seal.log) == (3, pair.record.logs[0].root, 0)
    assert seal.time_s == (0 if party == 0 else 1_700_000_200)
    for log, other in ((0, 1 - party), (1, party), (1, 1 - party)):
        with pytest.raises(RecordError, match=r"record\.seal"):
            verify_seal(pair.genesis, log, other, raw)
    for at in (*range(200), *range(200, len(raw), 37)):
        changed = bytearray(raw)
        changed[at] ^= 1
        with pytest.raises(RecordError, match=r"record\.seal"):
            verify_seal(pair.genesis, 0, party, bytes(changed))


# --- HELLO ---------------------------------------------------------------------------------------


def hello_code(pair: Pair, **changes: Any) -> str:  # noqa: ANN401 - any field
    with pytest.raises(RecordError) as caught:
        verify_hello(pair.genesis, 0, pair.hello(0, **changes))
    return caught.value.code


def test_a_hello_survives(pair: Pair) -> None:
    raw = pair.hello(0)
    hello = verify_hello(pair.genesis, 0, raw)
    assert (hello.own_size, hello.held_size) == (3, 3)
    assert hello.own_root == pair.record.logs[0].root
    assert parse_hello_frame(hello_frame(raw, b"g")) == (raw, b"g")
    for at in range(len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 1 << (at % 8)
        with pytest.raises(RecordError):
            verify_hello(pair.genesis, 0, bytes(changed))


def test_false_hellos_are_refused(pair: Pair) -> None:
    assert hello_code(pair, line=bytes(16)) == "record.line"
    assert hello_code(pair, author=1) == "record.author"
    assert hello_code(pair, own_size=0) == "record.hello"
    assert hello_code(pair, held_size=0) == "record.hello"
    assert hello_code(pair, incarnation=bytes(16)) == "record.hello"
    with pytest.raises(RecordError, match=r"record\.author"):
        verify_hello(pair.genesis, 1, pair.hello(0))


@pytest.mark.parametrize(("place", "code"), [(0, "record.version"), (1, "record.suite")])
def test_another_version_or_suite_is_refused(pair: Pair, place: int, code: str) -> None:
    items = decode_list(parse_sign1(pair.hello(0)).payload, 3000, 10)
    items[place] = 2
    raw = pair.cose(0, "log", encode(items), CONTEXT_HELLO)
    with pytest.raises(RecordError) as caught:
        verify_hello(pair.genesis, 0, raw)
    assert caught.value.code == code


def test_a_hello_for_another_purpose_is_refused(pair: Pair) -> None:
    payload = parse_sign1(pair.hello(0)).payload
    with pytest.raises(SignatureError, match=r"record\.signature"):
        verify_hello(pair.genesis, 0, pair.cose(0, "log", payload, CONTEXT_RECEIPT))
    for junk in (b"", b"\x80", encode([b"x"]), encode([b"x", 1]), bytes(5000)):
        with pytest.raises(RecordError, match=r"record\.hello"):
            parse_hello_frame(junk)
