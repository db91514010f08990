"""HELLO: what a post says of both logs when a connection opens.

A COSE_Sign1 by the log key over ``[version, suite, line, author, own incarnation, peer incarnation,
own size, own root, held n, held root]``; on the wire it travels as ``[hello, genesis signature]``.
(spec/record, section 9)
"""

from dataclasses import dataclass

from openline.errors import OpenlineError, RecordError
from openline.record.cbor import as_bytes, as_uint, decode_list, encode
from openline.record.cose import CONTEXT_HELLO, parse_sign1
from openline.record.genesis import Genesis
from openline.record.limits import (
    HASH_SIZE,
    HELLO_BYTES_MAX,
    INCARNATION_SIZE,
    LINE_SIZE,
    SUITE,
    UINT_MAX,
    VERSION,
)

NO_INCARNATION = bytes(INCARNATION_SIZE)
"""Stands for the peer's incarnation while it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The claims of a HELLO.

    Attributes:
        line: line id. author: party index. incarnation: 16 random bytes of the author's start.
        peer_incarnation: the other's as last heard, zeros if not known.
        own_size, own_root: the author's own log. held_size, held_root: what it holds of the other.
    """

    line: bytes
    author: int
    incarnation: bytes
    peer_incarnation: bytes
    own_size: int
    own_root: bytes
    held_size: int
    held_root: bytes

    def payload(self) -> bytes:
        """The bytes to sign with context ``openline/hello/1``."""
        return encode(
            [
                VERSION,
                SUITE,
                self.line,
                self.author,
                self.incarnation,
                self.peer_incarnation,
                self.own_size,
                self.own_root,
                self.held_size,
                self.held_root,
            ]
        )


def verify_hello(genesis: Genesis, author: int, data: bytes) -> Hello:
    """The HELLO of ``author`` in ``data``, signature verified.

    Raises:
        RecordError: ``record.version``, ``record.suite``, ``record.line``, ``record.author``,
            ``record.encoding``, ``record.too_large``, ``record.hello``.
        SignatureError: ``record.key_id`` or ``record.signature``.
    """
    signed = parse_sign1(data, HELLO_BYTES_MAX)
    items = decode_list(signed.payload, HELLO_BYTES_MAX, 10)
    if items[0] != VERSION or isinstance(items[0], bool):
        raise RecordError("record.version", "HELLO of another version")
    if items[1] != SUITE or isinstance(items[1], bool):
        raise RecordError("record.suite", "HELLO of another suite")
    hello = Hello(
        line=as_bytes(items[2], LINE_SIZE),
        author=as_uint(items[3], 1),
        incarnation=as_bytes(items[4], INCARNATION_SIZE),
        peer_incarnation=as_bytes(items[5], INCARNATION_SIZE),
        own_size=as_uint(items[6], UINT_MAX),
        own_root=as_bytes(items[7], HASH_SIZE),
        held_size=as_uint(items[8], UINT_MAX),
        held_root=as_bytes(items[9], HASH_SIZE),
    )
    if hello.line != genesis.line:
        raise RecordError("record.line", "HELLO of another line")
    if hello.author != author:
        raise RecordError("record.author", "HELLO of the other party")
    if hello.own_size < 1 or hello.held_size < 1 or hello.incarnation == NO_INCARNATION:
        raise RecordError("record.hello", "claims that no post can make")
    signed.verify(genesis.cards[author].keys.log, CONTEXT_HELLO)
    return hello


def hello_frame(hello: bytes, genesis_signature: bytes) -> bytes:
    """Body of a HELLO frame: ``[hello, genesis signature]``."""
    return encode([hello, genesis_signature])


def parse_hello_frame(body: bytes) -> tuple[bytes, bytes]:
    """Both COSE_Sign1 in a HELLO frame, not verified.

    Raises:
        RecordError: ``record.hello``.
    """
    try:
        hello, signature = decode_list(body, HELLO_BYTES_MAX, 2)
        return as_bytes(hello), as_bytes(signature)
    except OpenlineError as error:
        raise RecordError("record.hello", str(error)) from error
