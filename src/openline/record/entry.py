"""Entries and statements: what stands in a log, and what an officer signs.

An entry is a COSE_Sign1 by the log key; its exact bytes are the Merkle leaf and are never encoded
again. A statement is an officer's COSE_Sign1 that the entry carries. The body stands beside both as
a salted commitment. (spec/record, sections 4 and 5)
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from openline.errors import RecordError
from openline.record.cbor import (
    Value,
    as_bool,
    as_bytes,
    as_list,
    as_map,
    as_text,
    as_uint,
    decode,
    decode_list,
    encode,
)
from openline.record.cose import (
    CONTEXT_ENTRY,
    CONTEXT_STATEMENT,
    Sign1,
    parse_sign1,
)
from openline.record.limits import (
    BODY_BYTES_MAX,
    HASH_SIZE,
    KIND_CHARACTERS_MAX,
    LEAF_BYTES_MAX,
    LINE_SIZE,
    NONCE_SIZE,
    SALT_SIZE,
    STATEMENT_BYTES_MAX,
    STATEMENTS_MAX,
    UINT_MAX,
    VERSION,
)
from openline.record.tree import leaf_hash

KIND: Final = re.compile(r"[a-z][a-z0-9-]*\Z", re.ASCII)
_BODY_LABEL: Final = b"openline-body-v1"
_MAP_ITEMS_MAX: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementClaims:
    """What an officer signs.

    Attributes:
        line: line id. author: party index. kind: kind of the entry. drill: an exercise.
        body_commit: commitment to the body. seen_n, seen_head: size of the other log as shown to
            the officer, and its last leaf hash. nonce: 16 random bytes, never repeated.
    """

    line: bytes
    author: int
    kind: str
    drill: bool
    body_commit: bytes
    seen_n: int
    seen_head: bytes
    nonce: bytes

    def payload(self) -> bytes:
        """The bytes to sign with context ``openline/statement/1``."""
        return encode(
            [
                VERSION,
                self.line,
                self.author,
                self.kind,
                self.drill,
                self.body_commit,
                self.seen_n,
                self.seen_head,
                self.nonce,
            ]
        )


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed statement; ``verify`` checks the officer's signature."""

    signed: Sign1
    claims: StatementClaims

    @property
    def kid(self) -> bytes:
        """Key id of the officer who signed."""
        return self.signed.kid

    def verify(self, public: bytes) -> None:
        """Check the signature under the officer's key.

        Raises:
            SignatureError: ``record.key_id`` or ``record.signature``.
        """
        self.signed.verify(public, CONTEXT_STATEMENT)


def parse_statement(data: bytes) -> Statement:
    """The statement in ``data``, not yet verified.

    Raises:
        RecordError: ``record.encoding``, ``record.too_large``, ``record.version``.
    """
    signed = parse_sign1(data, STATEMENT_BYTES_MAX)
    items = decode_list(signed.payload, STATEMENT_BYTES_MAX, 9)
    _check_version(items[0])
    claims = StatementClaims(
        line=as_bytes(items[1], LINE_SIZE),
        author=as_uint(items[2], 1),
        kind=_kind(items[3]),
        drill=as_bool(items[4]),
        body_commit=as_bytes(items[5], HASH_SIZE),
        seen_n=as_uint(items[6], UINT_MAX),
        seen_head=as_bytes(items[7], HASH_SIZE),
        nonce=as_bytes(items[8], NONCE_SIZE),
    )
    return Statement(signed, claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryClaims:
    """What the log key signs: one entry.

    Attributes:
        line: line id. author: party index. index: position in the author's log, from 1.
        prev: leaf hash at index - 1. seen_n, seen_head: size of the other log durably held when
            writing, and its last leaf hash. lamport: 1 + the larger of both logs' last lamport as
            seen. claimed_ms: the author's wall clock, a label. kind, drill, body_commit: as in the
            statements. statements: 0 to 2 officers' COSE_Sign1.
    """

    line: bytes
    author: int
    index: int
    prev: bytes
    seen_n: int
    seen_head: bytes
    lamport: int
    claimed_ms: int
    kind: str
    drill: bool
    body_commit: bytes
    statements: tuple[bytes, ...] = ()

    def payload(self) -> bytes:
        """The bytes to sign with context ``openline/entry/1``."""
        statements: list[Value] = list(self.statements)
        return encode(
            [
                VERSION,
                self.line,
                self.author,
                self.index,
                self.prev,
                self.seen_n,
                self.seen_head,
                self.lamport,
                self.claimed_ms,
                self.kind,
                self.drill,
                self.body_commit,
                statements,
            ]
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A parsed entry.

    Attributes:
        leaf: exact bytes. leaf_hash: their Merkle leaf hash. signed: the COSE_Sign1.
        statements: its parsed statements, in order.
    """

    leaf: bytes
    leaf_hash: bytes
    signed: Sign1
    claims: EntryClaims
    statements: tuple[Statement, ...]

    def verify(self, log_key: bytes) -> None:
        """Check the author's signature.

        Raises:
            SignatureError: ``record.key_id`` or ``record.signature``.
        """
        self.signed.verify(log_key, CONTEXT_ENTRY)


def parse_entry(leaf: bytes) -> Entry:
    """The entry in ``leaf``, not yet verified.

    Raises:
        RecordError: ``record.encoding``, ``record.too_large``, ``record.version``.
    """
    signed = parse_sign1(leaf, LEAF_BYTES_MAX)
    items = decode_list(signed.payload, LEAF_BYTES_MAX, 13)
    _check_version(items[0])
    raw_statements = tuple(as_bytes(item) for item in as_list(items[12], STATEMENTS_MAX))
    claims = EntryClaims(
        line=as_bytes(items[1], LINE_SIZE),
        author=as_uint(items[2], 1),
        index=as_uint(items[3], UINT_MAX),
        prev=as_bytes(items[4], HASH_SIZE),
        seen_n=as_uint(items[5], UINT_MAX),
        seen_head=as_bytes(items[6], HASH_SIZE),
        lamport=as_uint(items[7], UINT_MAX),
        claimed_ms=as_uint(items[8], UINT_MAX),
        kind=_kind(items[9]),
        drill=as_bool(items[10]),
        body_commit=as_bytes(items[11], HASH_SIZE),
        statements=raw_statements,
    )
    statements = tuple(parse_statement(item) for item in raw_statements)
    return Entry(leaf, leaf_hash(leaf), signed, claims, statements)


def _check_version(value: Value) -> None:
    if value != VERSION or isinstance(value, bool):
        raise RecordError("record.version", "of another version")


def _kind(value: Value) -> str:
    kind = as_text(value, KIND_CHARACTERS_MAX)
    if not KIND.match(kind):
        raise RecordError("record.encoding", "not a kind")
    return kind


def commit_body(salt: bytes, body: bytes) -> bytes:
    """SHA-256("openline-body-v1" || salt || body).

    Raises:
        RecordError: ``record.body`` if the salt is not of 16 bytes, ``record.too_large``.
    """
    if len(salt) != SALT_SIZE:
        raise RecordError("record.body", "a salt has 16 bytes")
    if len(body) > BODY_BYTES_MAX:
        raise RecordError("record.too_large", f"body of {len(body)} bytes")
    return hashlib.sha256(_BODY_LABEL + salt + body).digest()


def encode_body(content: dict[str, Value]) -> bytes:
    """The body's bytes.

    Raises:
        RecordError: ``record.encoding`` or ``record.too_large``.
    """
    body = encode(content)
    if len(body) > BODY_BYTES_MAX:
        raise RecordError("record.too_large", f"body of {len(body)} bytes")
    return body


def decode_body(body: bytes) -> dict[str, Value]:
    """The map in a body.

    Raises:
        RecordError: ``record.encoding`` or ``record.too_large``.
    """
    return as_map(decode(body, BODY_BYTES_MAX), _MAP_ITEMS_MAX)
