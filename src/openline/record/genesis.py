"""The genesis: index 0 of both logs, a pure function of both cards.

Deterministic CBOR ``["openline-genesis-v1", card, card, terms]``, cards ordered by fingerprint. The
position of its card is a party's index: 0 is letter a, 1 is letter b. (spec/cards, section 6)
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from openline.errors import ConfigError, OpenlineError, RecordError, SignatureError
from openline.record.card import Card, parse_card
from openline.record.cbor import Value, as_bytes, decode_list, encode
from openline.record.cose import CONTEXT_GENESIS, parse_sign1
from openline.record.limits import GENESIS_BYTES_MAX, LINE_SIZE, VERSION
from openline.record.tree import leaf_hash

_LABEL: Final = "openline-genesis-v1"
_PARTIES: Final = (0, 1)

PROTECTED_TRAFFIC: Final = ("acts", "line-check", "safety")
"""What a suspension does not stop, from the first day of a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Genesis:
    """A line: both verified cards and what follows from them.

    Attributes:
        raw: exact bytes, the leaf at index 0 of both logs. sha256: their hash. leaf_hash: their
            Merkle leaf hash. line: line id, 16 bytes. cards: by party index.
        disclosure: the lesser of what both cards want. off_record: both cards allow it.
    """

    raw: bytes
    sha256: bytes
    leaf_hash: bytes
    line: bytes
    cards: tuple[Card, Card]
    disclosure: int
    off_record: bool
    protected: tuple[str, ...]

    def party_of(self, card: Card) -> int:
        """Party index of ``card``.

        Raises:
            RecordError: ``record.genesis`` if the card is not of this line.
        """
        for party in _PARTIES:
            if self.cards[party].fingerprint == card.fingerprint:
                return party
        raise RecordError("record.genesis", "this card is not of this line")

    def origin(self, party: int) -> str:
        """Origin of that party's log; also the name of its 0x01 and author's 0x06 key."""
        return f"openline/{self.line.hex()}/{'ab'[party]}"

    def cosigner(self, party: int) -> str:
        """Name of that party's cosign keys (0x04 and holder's 0x06)."""
        return f"{self.origin(party)}/cosign"


def make_genesis(one: Card, other: Card) -> Genesis:
    """The genesis of the line between two parties, whichever is named first.

    Raises:
        ConfigError: ``card.own`` if the cards share a key.
    """
    if set(one.keys.in_order()) & set(other.keys.in_order()):
        raise ConfigError("card.own", "the two cards share a key")
    first, second = sorted((one, other), key=lambda card: card.fingerprint)
    disclosure = min(first.fields.disclosure, second.fields.disclosure)
    off_record = first.fields.off_record and second.fields.off_record
    protected: list[Value] = list(PROTECTED_TRAFFIC)
    terms: Value = {"disclosure": disclosure, "off_record": off_record, "protected": protected}
    raw = encode([_LABEL, first.raw, second.raw, terms])
    digest = hashlib.sha256(raw).digest()
    return Genesis(
        raw=raw,
        sha256=digest,
        leaf_hash=leaf_hash(raw),
        line=digest[:LINE_SIZE],
        cards=(first, second),
        disclosure=disclosure,
        off_record=off_record,
        protected=PROTECTED_TRAFFIC,
    )


def genesis_cards(data: bytes) -> tuple[bytes, bytes]:
    """The exact bytes of both cards in a genesis; neither is verified yet.

    Raises:
        RecordError: ``record.genesis``.
    """
    try:
        label, first, second, _terms = decode_list(data, GENESIS_BYTES_MAX, 4)
        cards = (as_bytes(first), as_bytes(second))
    except OpenlineError as error:
        raise RecordError("record.genesis", str(error)) from error
    if label != _LABEL:
        raise RecordError("record.genesis", "not a genesis of this version")
    return cards


@lru_cache(maxsize=8)
def parse_genesis(data: bytes) -> Genesis:
    """The genesis in ``data``: both cards verified, and exactly what follows from them.

    Raises:
        RecordError: ``record.genesis``.
        ConfigError: a ``card.`` code for a card that does not hold.
    """
    first, second = genesis_cards(data)
    genesis = make_genesis(parse_card(first), parse_card(second))
    if genesis.raw != data:
        raise RecordError("record.genesis", "not what follows from its two cards")
    return genesis


def genesis_payload(genesis: Genesis) -> bytes:
    """What a party signs with its log key once its people confirmed the comparison string."""
    return encode([VERSION, genesis.line, genesis.sha256])


def verify_genesis_signature(genesis: Genesis, party: int, data: bytes) -> None:
    """Check ``party``'s signature of the genesis.

    Raises:
        SignatureError: ``record.genesis_signature``.
    """
    try:
        signed = parse_sign1(data)
        signed.verify(genesis.cards[party].keys.log, CONTEXT_GENESIS)
    except OpenlineError as error:
        raise SignatureError("record.genesis_signature", str(error)) from error
    if signed.payload != genesis_payload(genesis):
        raise SignatureError("record.genesis_signature", "signs another genesis")
