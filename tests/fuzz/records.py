"""The parsers of the record room, each with bytes that it takes."""

from collections.abc import Callable
from functools import cache

from openline.record.audit import audit
from openline.record.bodies import (
    parse_enrol,
    parse_opened,
    parse_revoke,
    parse_shown,
    parse_text,
    text_body,
)
from openline.record.bundle import read_bundle
from openline.record.card import parse_card
from openline.record.cbor import decode, encode, sequence
from openline.record.cose import parse_sign1
from openline.record.entry import decode_body, parse_entry, parse_statement
from openline.record.exchange import (
    commit_body,
    open_body,
    pad,
    parse_commit,
    parse_open,
    parse_reveal,
    unpad,
)
from openline.record.fork import HEAD_ENTRY, Head, build_fork, verify_fork
from openline.record.genesis import genesis_cards, parse_genesis, verify_genesis_signature
from openline.record.hello import parse_hello_frame, verify_hello
from openline.record.notes import parse_checkpoint, parse_note, verify_checkpoint
from openline.record.receipt import verify_receipt, verify_seal
from tests.unit.record.makers import Pair
from tests.unit.record.sealed import TERMS


@cache
def pair() -> Pair:
    made = Pair().founded()
    made.text(0)
    made.text(1)
    return made


def forged() -> bytes:
    """A fork proof: party 0 signs two entries at one index."""
    made = pair()
    other = made.make(0, "text", text_body("en", "another"), index=2)
    heads = (Head(HEAD_ENTRY, made.entries[0][1][0]), Head(HEAD_ENTRY, other[0]))
    return build_fork(made.genesis, 0, heads)


Parser = Callable[[bytes], object]
PARSERS: dict[str, tuple[Parser, Callable[[], bytes]]] = {
    "value": (lambda data: decode(data, 5000), lambda: encode({"a": [1, b"x", None]})),
    "sequence": (lambda data: list(sequence(data, 5000)), lambda: encode(1) + encode([2])),
    "card": (parse_card, lambda: pair().genesis.cards[0].raw),
    "genesis": (parse_genesis, lambda: pair().genesis.raw),
    "cards of a genesis": (genesis_cards, lambda: pair().genesis.raw),
    "genesis signature": (
        lambda data: verify_genesis_signature(pair().genesis, 0, data),
        lambda: pair().genesis_signature(0),
    ),
    "cose": (parse_sign1, lambda: pair().entries[0][1][0]),
    "entry": (parse_entry, lambda: pair().entries[0][1][0]),
    "statement": (
        parse_statement,
        lambda: parse_entry(pair().entries[0][1][0]).claims.statements[0],
    ),
    "body": (decode_body, lambda: pair().entries[0][1][2] or b""),
    "enrol": (parse_enrol, lambda: pair().entries[0][0][2] or b""),
    "revoke": (parse_revoke, lambda: encode({"officer": bytes(32)})),
    "text": (parse_text, lambda: pair().entries[0][1][2] or b""),
    "shown": (parse_shown, lambda: encode({"upto": 5})),
    "opened": (parse_opened, lambda: encode({"index": 5})),
    "terms of an exchange": (parse_open, lambda: open_body(TERMS)),
    "commitment": (parse_commit, lambda: commit_body(bytes(32), bytes(32))),
    "opening": (
        parse_reveal,
        lambda: encode({"exchange": bytes(32), "salt": bytes(32), "padded": b"p", "receipt": b"r"}),
    ),
    "padded text": (unpad, lambda: pad("en", "Bearing 041", 512)),
    "note": (parse_note, lambda: pair().note(0)),
    "checkpoint text": (parse_checkpoint, lambda: pair().checkpoint(0).text()),
    "checkpoint": (
        lambda data: verify_checkpoint(
            data, pair().genesis.origin(0), pair().genesis.cards[0].keys.log
        ),
        lambda: pair().note(0),
    ),
    "receipt": (lambda data: verify_receipt(pair().genesis, 0, data), lambda: pair().receipt(0)),
    "seal": (lambda data: verify_seal(pair().genesis, 0, 1, data), lambda: pair().seal(0, 1)),
    "hello": (lambda data: verify_hello(pair().genesis, 0, data), lambda: pair().hello(0)),
    "hello frame": (parse_hello_frame, lambda: encode([b"h", b"g"])),
    "fork proof": (lambda data: verify_fork(pair().genesis, data), forged),
    "bundle": (read_bundle, lambda: pair().bundle()),
    "audit": (lambda data: audit(data, pair().pins), lambda: pair().bundle()),
    "log": (lambda data: pair().record.append(0, data, bytes(16), b"\xa0"), forged),
}
