"""What may enter a log, and that what may not changes nothing."""

from typing import Any

import pytest

from openline.errors import ForkError, ProofError, RecordError
from openline.record.bodies import enrol_body, opened_body, revoke_body, shown_body, text_body
from openline.record.cbor import decode_list, encode
from openline.record.cose import CONTEXT_ENTRY, CONTEXT_STATEMENT, parse_sign1, sign1
from openline.record.entry import commit_body, parse_entry, parse_statement
from openline.record.log import RawEntry, Record
from openline.record.notes import Checkpoint
from openline.record.receipt import verify_receipt
from tests.unit.record.makers import Keys, Pair
from tests.unit.record.trials import enrol_second, refused, state, text


@pytest.fixture
def pair() -> Pair:
    pair = Pair().founded()
    pair.text(0, "Routine check.")
    pair.text(1, "Nothing to pass.")
    return pair


def test_a_good_entry_enters(pair: Pair) -> None:
    raw = text(pair)
    own, other = pair.record.logs
    entry = pair.record.append(0, *raw)
    assert own.size == 4
    assert entry.claims.prev == own.leaf_hash(2)
    assert entry.claims.lamport == own.lamport == 1 + other.lamport
    assert entry.claims.seen_n == other.size == own.seen_at(3)
    assert own.head == entry.leaf_hash
    assert parse_statement(raw_statement(entry.claims.statements)).claims.kind == "text"


def raw_statement(statements: tuple[bytes, ...]) -> bytes:
    assert len(statements) == 1
    return statements[0]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"line": bytes(16)}, "record.line"),
        ({"author": 1}, "record.author"),
        ({"index": 2}, "record.index"),
        ({"index": 4}, "record.index"),
        ({"index": 0}, "record.index"),
        ({"prev": bytes(32)}, "record.chain"),
        ({"seen_head": bytes(32)}, "record.seen"),
        ({"seen_n": 4}, "record.cites_unknown"),
        ({"seen_n": 1}, "record.seen_back"),
        ({"seen_n": 0}, "record.seen_back"),
        ({"lamport": 0}, "record.lamport"),
        ({"lamport": 6}, "record.lamport"),
        ({"lamport": 2**62}, "record.lamport"),
        ({"body_commit": bytes(32)}, "record.body"),
        ({"kind": "opened"}, "record.statement"),
        ({"drill": True}, "record.statement"),
        ({"statements": ()}, "record.statement_missing"),
        ({"statements": (b"junk",)}, "record.encoding"),
        ({"kind": "Text"}, "record.encoding"),
        ({"kind": "t" * 33}, "record.encoding"),
        ({"claimed_ms": 2**63}, "record.encoding"),
        ({"claimed_ms": -1}, "record.encoding"),
    ],
)
def test_a_false_claim_is_refused(pair: Pair, changes: dict[str, Any], code: str) -> None:
    assert refused(pair, 0, text(pair, **changes)) == code


def test_an_entry_of_another_line_is_refused(pair: Pair) -> None:
    foreign = Pair().founded()
    foreign.text(0)
    foreign.text(1)
    assert refused(pair, 0, text(foreign)) == "record.line"


def test_the_other_partys_entry_is_refused(pair: Pair) -> None:
    assert refused(pair, 0, text(pair, 1)) == "record.author"


def test_an_entry_signed_by_somebody_else_is_refused(pair: Pair) -> None:
    leaf, salt, body = pair.make(0, "text", text_body("en", "x"))
    payload = parse_sign1(leaf).payload
    forged = pair.cose(1, "log", payload, CONTEXT_ENTRY)
    assert refused(pair, 0, (forged, salt, body)) == "record.key_id"
    own_key = pair.keys[0].public().log
    forged = sign1(payload, own_key, CONTEXT_ENTRY, pair.keys[1].log.sign)
    assert refused(pair, 0, (forged, salt, body)) == "record.signature"
    wrong_purpose = sign1(payload, own_key, CONTEXT_STATEMENT, pair.keys[0].log.sign)
    assert refused(pair, 0, (wrong_purpose, salt, body)) == "record.signature"


def test_every_changed_byte_of_an_entry_is_refused(pair: Pair) -> None:
    leaf, salt, body = pair.make(0, "text", text_body("en", "x"))
    for at in range(len(leaf)):
        changed = bytearray(leaf)
        changed[at] ^= 1 << (at % 8)
        assert refused(pair, 0, (bytes(changed), salt, body)).startswith("record.")
    for part in (salt, body):
        for at in range(len(part)):
            changed = bytearray(part)
            changed[at] ^= 1
            raw = (leaf, bytes(changed), body) if part is salt else (leaf, salt, bytes(changed))
            assert refused(pair, 0, raw) == "record.body"
    pair.record.append(0, leaf, salt, body)


def test_a_repeated_entry_and_a_replayed_statement_are_refused(pair: Pair) -> None:
    raw = text(pair)
    pair.add(0, raw)
    assert refused(pair, 0, raw) == "record.index"
    leaf, salt, body = raw
    statements = parse_entry(leaf).claims.statements
    assert body is not None
    replay = pair.leaf(0, pair.claims(0, "text", commit_body(salt, body), statements=statements))
    assert refused(pair, 0, (replay, salt, body)) == "record.nonce_repeated"


def test_one_nonce_twice_in_one_entry_is_refused(pair: Pair) -> None:
    second = enrol_second(pair, 0)
    salt, body = pair.fresh(), text_body("en", "x")
    commit = commit_body(salt, body)
    nonce = pair.fresh()
    first = pair.statement(0, "text", commit, nonce=nonce)
    payload = parse_sign1(first).payload
    other = sign1(payload, second.officer_public, CONTEXT_STATEMENT, second.officer.sign)
    leaf = pair.leaf(0, pair.claims(0, "text", commit, statements=(first, other)))
    assert refused(pair, 0, (leaf, salt, body)) == "record.nonce_repeated"


@pytest.mark.parametrize(
    "changes",
    [
        {"line": bytes(16)},
        {"author": 1},
        {"kind": "opened"},
        {"drill": True},
        {"body_commit": bytes(32)},
        {"seen_n": 4},
        {"seen_n": 0},
    ],
)
def test_a_statement_of_something_else_is_refused(pair: Pair, changes: dict[str, Any]) -> None:
    salt, body = pair.fresh(), text_body("en", "x")
    commit = commit_body(salt, body)
    statement = pair.statement(0, "text", commit, **changes)
    leaf = pair.leaf(0, pair.claims(0, "text", commit, statements=(statement,)))
    assert refused(pair, 0, (leaf, salt, body)) == "record.statement"


def test_a_statement_may_have_seen_less_but_not_another_history(pair: Pair) -> None:
    salt, body = pair.fresh(), text_body("en", "x")
    commit = commit_body(salt, body)
    head = pair.record.logs[1].leaf_hash(0)
    for seen, code in ((head, ""), (bytes(32), "record.seen")):
        statement = pair.statement(0, "text", commit, seen_n=1, seen_head=seen)
        leaf = pair.leaf(0, pair.claims(0, "text", commit, statements=(statement,)))
        if code:
            salt = pair.fresh()
        if code:
            assert refused(pair, 0, (leaf, b"", None), body_required=False) == code
        else:
            pair.record.append(0, leaf, salt, body)


def test_statements_of_strangers_are_refused(pair: Pair) -> None:
    salt, body = pair.fresh(), text_body("en", "x")
    commit = commit_body(salt, body)
    payload = parse_sign1(pair.statement(0, "text", commit)).payload
    stranger = Keys("stranger")
    for key, code in (
        (stranger.officer, "record.officer"),
        (pair.keys[1].officer, "record.officer"),
        (pair.keys[0].log, "record.officer"),
    ):
        public = key.public_key().public_bytes_raw()
        signed = sign1(payload, public, CONTEXT_STATEMENT, key.sign)
        leaf = pair.leaf(0, pair.claims(0, "text", commit, statements=(signed,)))
        assert refused(pair, 0, (leaf, salt, body)) == code
    forged = sign1(payload, pair.keys[0].officer_public, CONTEXT_STATEMENT, stranger.officer.sign)
    leaf = pair.leaf(0, pair.claims(0, "text", commit, statements=(forged,)))
    assert refused(pair, 0, (leaf, salt, body)) == "record.signature"


def test_one_officer_counts_once(pair: Pair) -> None:
    """Two statements of one officer are not two persons."""
    salt, body = pair.fresh(), text_body("en", "x")
    commit = commit_body(salt, body)
    twice = (pair.statement(0, "text", commit), pair.statement(0, "text", commit))
    leaf = pair.leaf(0, pair.claims(0, "text", commit, statements=twice))
    assert refused(pair, 0, (leaf, salt, body)) == "record.statement"


def test_machine_entries_carry_no_statement(pair: Pair) -> None:
    assert refused(pair, 0, pair.make(0, "shown", shown_body(2))) == "record.statement"
    pair.add(0, pair.make(0, "shown", shown_body(2), officer=False))
    pair.add(0, pair.make(0, "opened", opened_body(2)))
    raw = pair.make(0, "opened", opened_body(2), officer=False)
    assert refused(pair, 0, raw) == "record.statement_missing"


def test_erased_bodies(pair: Pair) -> None:
    leaf, _salt, _body = text(pair)
    assert refused(pair, 0, (leaf, b"", None)) == "record.body_missing"
    pair.record.append(0, leaf, b"", None, body_required=False)
    body = enrol_body(Keys("second").officer_public, "W-2")
    leaf, _salt, _ = pair.make(0, "enrol", body)
    assert refused(pair, 0, (leaf, b"", None), body_required=False) == "record.body_missing"


def test_a_body_that_is_not_canonical_is_refused(pair: Pair) -> None:
    assert refused(pair, 0, pair.make(0, "text", bytes.fromhex("a1616118ff00"))).startswith(
        "record."
    )
    assert refused(pair, 0, pair.make(0, "text", b"\x18\x01")) == "record.encoding"


def test_oversized_parts_are_refused(pair: Pair) -> None:
    leaf, salt, _body = text(pair)
    assert refused(pair, 0, (leaf, salt, bytes(16 * 1024 + 1))) == "record.too_large"
    assert refused(pair, 0, (leaf, salt[:-1], b"")) == "record.body"
    assert refused(pair, 0, (bytes(3000), salt, b"")) == "record.too_large"


def test_another_version_is_refused(pair: Pair) -> None:
    leaf, salt, body = text(pair)
    items = decode_list(parse_sign1(leaf).payload, 3000, 13)
    for version in (0, 2, True):
        payload = encode([version, *items[1:]])
        other = pair.cose(0, "log", payload, CONTEXT_ENTRY)
        assert refused(pair, 0, (other, salt, body)) == "record.version"


def test_a_bad_entry_in_the_middle_changes_nothing(pair: Pair) -> None:
    twin = Record(pair.genesis)
    twin.load((pair.entries[0], pair.entries[1]))
    batch: list[RawEntry] = []
    for words in ("one", "two", "three"):
        raw = text(pair, 0, words)
        pair.add(0, raw)
        batch.append(raw)
    before = state(twin)
    leaf, salt, _body = batch[1]
    with pytest.raises(RecordError) as caught:
        twin.append_batch(0, [batch[0], (leaf, salt, b"\xa0"), batch[2]])
    assert caught.value.code == "record.body"
    assert state(twin) == before
    assert [entry.claims.index for entry in twin.append_batch(0, batch)] == [3, 4, 5]
    assert state(twin) == state(pair.record)


def test_rollback_undoes_officers_and_nonces(pair: Pair) -> None:
    before, mark = state(pair.record), pair.record.mark()
    enrol_second(pair, 0)
    pair.text(1)
    pair.add(0, pair.make(0, "revoke", revoke_body(pair.keys[0].officer_public)))
    assert state(pair.record) != before
    pair.record.rollback(mark)
    assert state(pair.record) == before
    pair.entries[0] = pair.entries[0][:2]
    pair.text(0, "again")


def test_load_finds_an_order_by_itself(pair: Pair) -> None:
    for number in range(6):
        pair.text(number % 2, str(number))
        pair.text(1 - number % 2, str(number))
    for check in (False, True):
        record = Record(pair.genesis)
        record.load((pair.entries[0], pair.entries[1]), check_signatures=check)
        assert state(record) == state(pair.record)
    with pytest.raises(RecordError) as caught:
        Record(pair.genesis).load((pair.entries[0], pair.entries[1][:-3]))
    assert caught.value.code == "record.cites_unknown"
    swapped = [*pair.entries[0][:2], pair.entries[0][3], pair.entries[0][2], *pair.entries[0][4:]]
    with pytest.raises(RecordError) as caught:
        Record(pair.genesis).load((swapped, pair.entries[1]))
    assert caught.value.code == "record.index"
    assert caught.value.facts == {"party": "a", "index": 3}


def taken(pair: Pair, log: int, **sizes: int) -> None:
    pair.record.take_receipt(verify_receipt(pair.genesis, log, pair.receipt(log, **sizes)))


def test_nothing_is_backdated_behind_a_receipt(pair: Pair) -> None:
    """Party 1 receipts log 0 at 4; from then on its entries must have seen 4."""
    pair.text(0)
    taken(pair, 0)
    assert pair.record.logs[1].seen_required(3) == 4
    assert refused(pair, 1, text(pair, 1, seen_n=3)) == "record.backdated"
    pair.text(1)


def test_a_receipt_that_its_holder_already_broke_is_found(pair: Pair) -> None:
    pair.text(0)
    pair.add(1, text(pair, 1, seen_n=3))
    receipt = verify_receipt(pair.genesis, 0, pair.receipt(0, size=4, holder_size=3))
    with pytest.raises(RecordError) as caught:
        pair.record.take_receipt(receipt)
    assert caught.value.code == "record.backdated"


def test_bounds_hold_whatever_the_order_of_the_receipts(pair: Pair) -> None:
    pair.text(0)
    pair.text(0)
    taken(pair, 0, size=5, holder_size=6)
    taken(pair, 0, size=4, holder_size=4)
    taken(pair, 0, size=3, holder_size=5)
    taken(pair, 0, size=2, holder_size=4)
    taken(pair, 0, size=5, holder_size=6)
    required = [pair.record.logs[1].seen_required(index) for index in range(2, 9)]
    assert required == [1, 1, 4, 4, 5, 5, 5]
    taken(pair, 0, size=5, holder_size=3)
    assert [pair.record.logs[1].seen_required(index) for index in (2, 3, 9)] == [1, 5, 5]


def test_checkpoints_are_held_against_the_log(pair: Pair) -> None:
    record, origin = pair.record, pair.genesis.origin(0)
    for size in range(1, 4):
        record.check_checkpoint(0, pair.checkpoint(0, size))
    with pytest.raises(ForkError, match=r"record\.fork"):
        record.check_checkpoint(0, Checkpoint(origin, 2, bytes(32)))
    with pytest.raises(ForkError, match=r"record\.fork"):
        record.check_checkpoint(0, Checkpoint(origin, 0, bytes(32)))
    with pytest.raises(ProofError, match=r"record\.checkpoint_ahead"):
        record.check_checkpoint(0, Checkpoint(origin, 9, bytes(32)))
