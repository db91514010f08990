"""Offer entries to a record and see that a refusal changes nothing."""

from typing import Any

import pytest

from openline.errors import RecordError
from openline.record.bodies import enrol_body, text_body
from openline.record.cose import CONTEXT_STATEMENT, parse_sign1, sign1
from openline.record.entry import commit_body
from openline.record.log import RawEntry, Record
from tests.unit.record.makers import Keys, Pair


def state(record: Record) -> tuple[Any, ...]:
    """Everything that a refused entry must leave as it was."""
    return tuple(
        (
            log.size, log.root, log.head, log.lamport, log.seen, log.officers, log.two,
            [log.lamport_at(i) for i in range(log.size)], set(log._nonce_set), list(log._nonces),
        )
        for log in record.logs
    )  # fmt: skip


def refused(pair: Pair, log: int, raw: RawEntry, *, body_required: bool = True) -> str:
    before = state(pair.record)
    with pytest.raises(RecordError) as caught:
        pair.record.append(log, *raw, body_required=body_required)
    assert state(pair.record) == before
    return caught.value.code


def text(pair: Pair, party: int = 0, words: str = "x", **changes: Any) -> RawEntry:  # noqa: ANN401 - any field
    return pair.make(party, "text", text_body("en", words), **changes)


def stated(pair: Pair, party: int, kind: str, body: bytes, *signers: Keys) -> RawEntry:
    """An entry that these officers state, whoever they are."""
    salt = pair.fresh()
    commit = commit_body(salt, body)
    statements = tuple(
        sign1(
            parse_sign1(pair.statement(party, kind, commit)).payload,
            keys.officer_public,
            CONTEXT_STATEMENT,
            keys.officer.sign,
        )
        for keys in signers
    )
    return pair.leaf(party, pair.claims(party, kind, commit, statements=statements)), salt, body


def enrolment(pair: Pair, party: int, newcomer: Keys, *signers: Keys) -> RawEntry:
    return stated(pair, party, "enrol", enrol_body(newcomer.officer_public, "W-2"), *signers)


def enrol_second(pair: Pair, party: int) -> Keys:
    second = Keys(f"second of {party}")
    pair.add(party, enrolment(pair, party, second, pair.keys[party], second))
    return second
