"""The rules that an entry must keep to enter a log (spec/record, section 6).

Each function raises and changes nothing; :class:`openline.record.log.Record` calls them in order.
"""

from typing import Final

from openline.errors import RecordError
from openline.record.bodies import (
    KIND_ENROL,
    KIND_REVOKE,
    KIND_RULE,
    MACHINE_KINDS,
    OFFICER_KINDS,
    STRUCTURAL_KINDS,
    Changed,
    Enrolment,
    parse_enrol,
    parse_revoke,
    parse_rule,
)
from openline.record.cbor import decode
from openline.record.entry import Entry, Statement, commit_body
from openline.record.keys import key_id
from openline.record.limits import BODY_BYTES_MAX
from openline.record.logstate import LogState

STATEMENTS_TWO: Final = 2
"""Of different officers, where the rule in force asks for two."""


def check_position(entry: Entry, own: LogState) -> None:
    """Author, line, index and chain. Raises RecordError."""
    claims = entry.claims
    if claims.line != own.genesis.line:
        raise RecordError("record.line", "entry of another line")
    if claims.author != own.log:
        raise RecordError("record.author", "entry of the other party")
    if claims.index != own.size:
        raise RecordError("record.index", f"index {claims.index} where {own.size} is next")
    if claims.prev != own.head:
        raise RecordError("record.chain", "does not continue the entry before it")


def check_cited(entry: Entry, own: LogState, other: LogState) -> None:
    """What it has seen of the other log, and its Lamport number. Raises RecordError."""
    claims = entry.claims
    if claims.seen_n < own.seen:
        raise RecordError("record.seen_back", "has seen less than the entry before it")
    if claims.seen_n < own.seen_required(claims.index):
        raise RecordError("record.backdated", "has seen less than its author receipted")
    if claims.seen_n > other.size:
        raise RecordError("record.cites_unknown", f"cites {claims.seen_n} of {other.size}")
    if claims.seen_head != other.leaf_hash(claims.seen_n - 1):
        raise RecordError("record.seen", "cites another history of the other log")
    if claims.lamport != 1 + max(own.lamport, other.lamport_at(claims.seen_n - 1)):
        raise RecordError("record.lamport", "Lamport number is not what follows")


def check_body(entry: Entry, salt: bytes, body: bytes | None, *, required: bool) -> Changed:
    """The body's commitment, and what it changes of who may sign. Raises RecordError."""
    kind = entry.claims.kind
    if body is None:
        if required or kind in STRUCTURAL_KINDS:
            raise RecordError("record.body_missing", f"{kind} without its body")
        return Changed()
    if commit_body(salt, body) != entry.claims.body_commit:
        raise RecordError("record.body", "body is not the one that was signed")
    if kind == KIND_ENROL:
        return Changed(enrolled=parse_enrol(body))
    if kind == KIND_REVOKE:
        return Changed(revoked=parse_revoke(body))
    if kind == KIND_RULE:
        return Changed(two=parse_rule(body))
    decode(body, BODY_BYTES_MAX)
    return Changed()


def check_statements(entry: Entry, own: LogState, other: LogState) -> None:
    """That its statements say what it says, are enough, and were never used. Raises RecordError."""
    claims, statements = entry.claims, entry.statements
    if claims.kind in OFFICER_KINDS and not statements:
        raise RecordError("record.statement_missing", f"{claims.kind} needs an officer's statement")
    if claims.kind in MACHINE_KINDS and statements:
        raise RecordError("record.statement", f"{claims.kind} carries no statement")
    if own.needs_two(claims.kind) and len(statements) != STATEMENTS_TWO:
        raise RecordError("record.second_officer", f"{claims.kind} needs two officers")
    if len({statement.kid for statement in statements}) != len(statements):
        raise RecordError("record.statement", "one officer twice")
    nonces = [statement.claims.nonce for statement in statements]
    if len(set(nonces)) != len(nonces) or any(own.has_nonce(nonce) for nonce in nonces):
        raise RecordError("record.nonce_repeated", "a statement was used before")
    for statement in statements:
        _check_statement(statement, entry, other)


def _check_statement(statement: Statement, entry: Entry, other: LogState) -> None:
    said, claims = statement.claims, entry.claims
    if (said.line, said.author, said.kind, said.drill, said.body_commit) != (
        claims.line,
        claims.author,
        claims.kind,
        claims.drill,
        claims.body_commit,
    ):
        raise RecordError("record.statement", "statement of something else")
    if not 1 <= said.seen_n <= claims.seen_n:
        raise RecordError("record.statement", "statement has seen more than its entry")
    if said.seen_head != other.leaf_hash(said.seen_n - 1):
        raise RecordError("record.seen", "statement cites another history")


def check_officers(
    entry: Entry, own: LogState, enrolled: Enrolment | None, *, check_signatures: bool
) -> None:
    """Officers who are enrolled signed it. Raises RecordError or SignatureError."""
    if own.size == 1 and enrolled is None:
        raise RecordError("record.enrolment", "index 1 enrols the first officer")
    newcomer = None if enrolled is None else key_id(enrolled.officer)
    if newcomer is not None:
        _check_newcomer(entry, own, newcomer)
    for statement in entry.statements:
        if enrolled is not None and statement.kid == newcomer:
            key = enrolled.officer
        else:
            officer = own.officer(statement.kid)
            if officer is None:
                raise RecordError("record.officer", "signed by somebody who is not enrolled")
            key = officer.key
        if check_signatures:
            statement.verify(key)


def _check_newcomer(entry: Entry, own: LogState, newcomer: bytes) -> None:
    """The new officer proves the key; from the second on, an enrolled officer vouches.

    Where enrolling needs two officers, both are enrolled ones: else one could become two alone.
    """
    kids = {statement.kid for statement in entry.statements}
    if own.needs_two(KIND_ENROL):
        if newcomer in kids:
            raise RecordError("record.enrolment", "two enrolled officers must vouch")
    elif newcomer not in kids:
        raise RecordError("record.enrolment", "the new officer did not sign")
    if own.size > 1 and len(kids) == 1:
        raise RecordError("record.enrolment", "no enrolled officer vouches")
    if any(officer.kid == newcomer for officer in own.officers):
        raise RecordError("record.enrolment", "this key was enrolled before")
    if newcomer in _role_kids(own):
        raise RecordError("record.enrolment", "this key has another role on the line")


def _role_kids(own: LogState) -> set[bytes]:
    return {
        key_id(key)
        for card in own.genesis.cards
        for key in (card.keys.link, card.keys.log, card.keys.cosign)
    }
