"""Sealed exchange: both commit, both commitments are held by the other side, then both reveal.

Bodies of its three kinds, the commitment, and the rules by which an entry of an exchange counts.
An entry that does not count stays in the record and is void, under a code. Every rule looks only
at what the entry cites, so that both posts and every auditor judge alike, in whatever order the
two logs reached them. (spec/exchange)
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from openline.errors import OpenlineError, RecordError
from openline.record.bodies import (
    KIND_SEAL_COMMIT,
    KIND_SEAL_OPEN,
    KIND_SEAL_REVEAL,
    parse_text,
    text_body,
)
from openline.record.cbor import Value, as_bytes, as_text, as_uint, sequence
from openline.record.entry import decode_body, encode_body, parse_entry
from openline.record.genesis import Genesis
from openline.record.limits import HASH_SIZE, RECEIPT_BYTES_MAX, UINT_MAX
from openline.record.receipt import verify_receipt

KINDS: Final = frozenset({KIND_SEAL_OPEN, KIND_SEAL_COMMIT, KIND_SEAL_REVEAL})
STEP: Final = 256
"""Every sealed text of an exchange is padded to one size, a multiple of this."""

SIZE_MAX: Final = 44 * STEP
SALT_SIZE: Final = 32
TITLE_CHARACTERS_MAX: Final = 200
DEFAULT_CHARACTERS_MAX: Final = 1_000
_LABEL: Final = b"openline-seal-v1\0"
_MARK: Final = b"seal-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a ``seal-open`` fixes. Whoever commits agrees to it; nobody else is bound.

    Attributes:
        language: of title and default. title: what is exchanged.
        size: of every padded text, in bytes.
        until_s: the last second that is in time, since 1970; each side judges it by its own clock.
        default: what a side that committed and did not reveal in time counts as having said.
    """

    language: str
    title: str
    size: int
    until_s: int
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A parsed ``seal-reveal``: what the commitment was made of.

    Attributes:
        receipt: the other side's, over the own log beyond the own commitment.
    """

    exchange: bytes
    salt: bytes
    padded: bytes
    receipt: bytes


def open_body(terms: Terms) -> bytes:
    """Body of a ``seal-open`` entry. Raises RecordError as :func:`parse_open`."""
    body = encode_body(
        {
            "lang": terms.language,
            "title": terms.title,
            "size": terms.size,
            "until_s": terms.until_s,
            "default": terms.default,
        }
    )
    parse_open(body)
    return body


def parse_open(body: bytes) -> Terms:
    """The terms in a ``seal-open`` body; raises ``exchange.content``."""
    content = _exactly(body, "lang", "title", "size", "until_s", "default")
    try:
        terms = Terms(
            language=as_text(content["lang"], 35),
            title=as_text(content["title"], TITLE_CHARACTERS_MAX),
            size=as_uint(content["size"], SIZE_MAX),
            until_s=as_uint(content["until_s"], UINT_MAX),
            default=as_text(content["default"], DEFAULT_CHARACTERS_MAX),
        )
        parse_text(text_body(terms.language, terms.title))
        parse_text(text_body(terms.language, terms.default))
    except RecordError as error:
        raise RecordError("exchange.content", str(error)) from error
    if terms.size == 0 or terms.size % STEP:
        raise RecordError("exchange.content", f"size {terms.size}")
    return terms


def commit_body(exchange: bytes, commitment: bytes) -> bytes:
    """Body of a ``seal-commit`` entry."""
    return encode_body({"exchange": exchange, "commitment": commitment})


def parse_commit(body: bytes) -> tuple[bytes, bytes]:
    """Exchange id and commitment in a ``seal-commit`` body; raises ``exchange.content``."""
    content = _exactly(body, "exchange", "commitment")
    return _hash(content["exchange"]), _hash(content["commitment"])


def reveal_body(opening: Opening) -> bytes:
    """Body of a ``seal-reveal`` entry."""
    return encode_body(
        {
            "exchange": opening.exchange,
            "salt": opening.salt,
            "padded": opening.padded,
            "receipt": opening.receipt,
        }
    )


def parse_reveal(body: bytes) -> Opening:
    """The opening in a ``seal-reveal`` body; raises ``exchange.content``."""
    content = _exactly(body, "exchange", "salt", "padded", "receipt")
    salt, padded, receipt = (_bytes(content[name]) for name in ("salt", "padded", "receipt"))
    if len(salt) != SALT_SIZE or len(padded) > SIZE_MAX or len(receipt) > RECEIPT_BYTES_MAX:
        raise RecordError("exchange.content", "salt, padded or receipt of another size")
    return Opening(exchange=_hash(content["exchange"]), salt=salt, padded=padded, receipt=receipt)


def pad(language: str, text: str, size: int) -> bytes:
    """A text as it is sealed: the body of a ``text`` entry, zeros behind it up to ``size``.

    Raises:
        RecordError: ``record.content`` if it is no text, ``exchange.too_long`` if it does not fit.
    """
    body = text_body(language, text)
    if len(body) > size:
        raise RecordError("exchange.too_long", f"{len(body)} bytes", size=len(body), most=size)
    return body.ljust(size, b"\0")


def unpad(padded: bytes) -> tuple[str, str]:
    """Language and text out of what was sealed; raises ``exchange.content``."""
    try:
        items = sequence(padded, len(padded))
        next(items)
        # Each zero behind the text reads as an item of its own: the second starts where it ends.
        _zero, end = next(items, (None, len(padded)))
        found = parse_text(padded[:end])
    except (RecordError, StopIteration) as error:
        raise RecordError("exchange.content", str(error)) from error
    if any(padded[end:]):
        raise RecordError("exchange.content", "not zeros behind the text")
    return found.language, found.text


def commitment(line: bytes, exchange: bytes, party: int, salt: bytes, padded: bytes) -> bytes:
    """What a ``seal-commit`` holds: bound to this line, this exchange and this party.

    SHA-256("openline-seal-v1" || 0 || line || exchange || u8 party || salt || SHA-256(padded))
    """
    inner = hashlib.sha256(padded).digest()
    bound = line + exchange + bytes((party,)) + salt
    return hashlib.sha256(_LABEL + bound + inner).digest()


def _exactly(body: bytes, *names: str) -> dict[str, Value]:
    content = decode_body(body)
    if content.keys() != set(names):
        raise RecordError("exchange.content", f"not exactly the fields {', '.join(names)}")
    return content


def _bytes(value: Value) -> bytes:
    try:
        return as_bytes(value)
    except RecordError as error:
        raise RecordError("exchange.content", str(error)) from error


def _hash(value: Value) -> bytes:
    found = _bytes(value)
    if len(found) != HASH_SIZE:
        raise RecordError("exchange.content", "not 32 bytes")
    return found


# --- which entries count --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SealEntry:
    """One entry of these kinds, as it stands in a log.

    Attributes:
        log, index: permanent citation. seen_n: of the other log. body: None once erased.
    """

    log: int
    index: int
    lamport: int
    seen_n: int
    leaf_hash: bytes
    kind: str
    body: bytes | None


def seal_entry(log: int, leaf: bytes, body: bytes | None) -> SealEntry | None:
    """A verified entry of that log as one of an exchange; None if it is of another kind."""
    if _MARK not in leaf:  # most of a long record need not be parsed
        return None
    parsed = parse_entry(leaf)
    claims = parsed.claims
    if claims.kind not in KINDS:
        return None
    return SealEntry(
        log=log,
        index=claims.index,
        lamport=claims.lamport,
        seen_n=claims.seen_n,
        leaf_hash=parsed.leaf_hash,
        kind=claims.kind,
        body=body,
    )


@dataclass(slots=True)
class Half:
    """One party's part of an exchange; None and "" while there is nothing that counts."""

    commit_index: int | None = None
    commitment: bytes = b""
    reveal_index: int | None = None
    language: str = ""
    text: str = ""


@dataclass(slots=True)
class Exchange:
    """One exchange, by what counts.

    Attributes:
        id: leaf hash of the ``seal-open`` entry. log, index: where that stands.
        halves: by party.
    """

    id: bytes
    log: int
    index: int
    terms: Terms
    halves: tuple[Half, Half] = field(default_factory=lambda: (Half(), Half()))


@dataclass(frozen=True, slots=True)
class Void:
    """An entry that does not count, and the code of why."""

    log: int
    index: int
    exchange: bytes
    code: str


class ExchangeBook:
    """All exchanges of a line, from its entries taken in an order that respects causality."""

    def __init__(self, genesis: Genesis, root_at: Callable[[int, int], bytes]) -> None:
        """An empty book; ``root_at`` gives the root of a log at a size that is held."""
        self._genesis = genesis
        self._root_at = root_at
        self.exchanges: dict[bytes, Exchange] = {}
        self.voids: list[Void] = []
        self.places: dict[tuple[int, int], Exchange] = {}
        """Every entry that counts, and of which exchange it is."""
        self._commitments: dict[bytes, list[tuple[int, int]]] = {}

    def take_all(self, entries: Iterable[SealEntry]) -> None:
        """Judge entries of both logs, given in any order; Lamport numbers extend causality."""
        for entry in sorted(entries, key=lambda item: (item.lamport, item.log)):
            self.take(entry)

    def take(self, entry: SealEntry) -> str:
        """Judge one entry: "" if it counts, else the code under which it is void."""
        named = b""
        try:
            if entry.body is None:
                raise RecordError("exchange.erased", "no body")
            if entry.kind == KIND_SEAL_OPEN:
                terms = parse_open(entry.body)
                found = Exchange(entry.leaf_hash, entry.log, entry.index, terms)
                self.exchanges[entry.leaf_hash] = found
                self.places[entry.log, entry.index] = found
            elif entry.kind == KIND_SEAL_COMMIT:
                named, sealed = parse_commit(entry.body)
                self._commit(entry, named, sealed)
            else:
                opening = parse_reveal(entry.body)
                named = opening.exchange
                self._reveal(entry, opening)
        except OpenlineError as error:
            code = error.code if error.code.startswith("exchange.") else "exchange.content"
            self.voids.append(Void(entry.log, entry.index, named, code))
            return code
        return ""

    def _cited(self, entry: SealEntry, log: int, index: int | None) -> bool:
        """Whether ``entry`` stands after that place in its own log, or had seen it in the other."""
        if index is None:
            return False
        return index < (entry.index if log == entry.log else entry.seen_n)

    def _known(self, entry: SealEntry, name: bytes) -> Exchange:
        found = self.exchanges.get(name)
        if found is None or not self._cited(entry, found.log, found.index):
            raise RecordError("exchange.unknown", "names no exchange that it cites")
        return found

    def _commit(self, entry: SealEntry, name: bytes, sealed: bytes) -> None:
        found = self._known(entry, name)
        half = found.halves[entry.log]
        if half.commit_index is not None:
            raise RecordError("exchange.twice", "committed before")
        places = self._commitments.setdefault(sealed, [])
        places.append((entry.log, entry.index))
        if any(self._cited(entry, log, index) for log, index in places):
            raise RecordError("exchange.echoed", "a commitment that was made before")
        half.commit_index, half.commitment = entry.index, sealed
        self.places[entry.log, entry.index] = found

    def _reveal(self, entry: SealEntry, opening: Opening) -> None:
        found = self._known(entry, opening.exchange)
        own, other = found.halves[entry.log], found.halves[1 - entry.log]
        if own.commit_index is None:
            raise RecordError("exchange.no_commit", "nothing was committed")
        if own.reveal_index is not None:
            raise RecordError("exchange.twice", "revealed before")
        if not self._cited(entry, 1 - entry.log, other.commit_index):
            raise RecordError("exchange.early", "the other commitment is not cited")
        self._check_receipt(entry, own.commit_index, opening.receipt)
        if len(opening.padded) != found.terms.size:
            raise RecordError("exchange.opening", "of another size than agreed")
        made = commitment(self._genesis.line, found.id, entry.log, opening.salt, opening.padded)
        if made != own.commitment:
            raise RecordError("exchange.opening", "does not open the commitment")
        own.language, own.text = unpad(opening.padded)
        own.reveal_index = entry.index
        self.places[entry.log, entry.index] = found

    def _check_receipt(self, entry: SealEntry, commit_index: int, raw: bytes) -> None:
        """The other side held the own commitment before this entry was written."""
        try:
            receipt = verify_receipt(self._genesis, entry.log, raw)
        except OpenlineError as error:
            raise RecordError("exchange.receipt", str(error)) from error
        if not commit_index < receipt.size <= entry.index:
            raise RecordError("exchange.receipt", f"receipt at {receipt.size}")
        if self._root_at(entry.log, receipt.size) != receipt.root:
            raise RecordError("exchange.receipt", "receipt of another history")
