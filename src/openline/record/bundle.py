"""The evidence bundle: all that a stranger needs to check a record offline, in one file.

A sequence (RFC 8742) of deterministic CBOR items: header, genesis, both genesis signatures, the
entries of log a from index 1, those of log b, the notes in order of log and size, and the SHA-256
of everything before it. Any other encoding is refused. (spec/bundle)
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from openline.errors import OpenlineError, RecordError
from openline.record.cbor import Value, as_bytes, as_list, as_uint, encode, sequence
from openline.record.genesis import Genesis
from openline.record.limits import (
    BUNDLE_BYTES_MAX,
    BUNDLE_ITEM_BYTES_MAX,
    BUNDLE_NOTES_MAX,
    HASH_SIZE,
    UINT_MAX,
)
from openline.record.log import RawEntry, Record

_LABEL: Final = "openline-bundle-v1"
_END: Final = "end"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleHeader:
    """What the exporter says.

    Attributes:
        exporter: party index of who claims to have exported it. exported_ms: when, by its clock.
            Both are claims: nothing signs them.
        sizes: of both logs, the genesis included. notes: number of note items.
    """

    exporter: int
    exported_ms: int
    sizes: tuple[int, int]
    notes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleNote:
    """What stands on the checkpoint of ``log`` at ``size``; at least one of the four."""

    log: int
    size: int
    note: bytes | None = None
    receipt: bytes | None = None
    seal_author: bytes | None = None
    seal_holder: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle in its only encoding, digest checked; nothing else is verified."""

    header: BundleHeader
    genesis: bytes
    genesis_signatures: tuple[bytes, bytes]
    entries: tuple[tuple[RawEntry, ...], tuple[RawEntry, ...]]
    notes: tuple[BundleNote, ...]


def write_bundle(
    header: BundleHeader,
    genesis: Genesis,
    genesis_signatures: tuple[bytes, bytes],
    entries: tuple[Iterable[RawEntry], Iterable[RawEntry]],
    notes: Iterable[BundleNote],
) -> Iterator[bytes]:
    """The bundle's bytes, item by item, so that it need not fit into memory.

    Args:
        header: its sizes and its number of notes must be those of what follows.
        genesis: the line.
        genesis_signatures: by party index.
        entries: of both logs, from index 1 on, in order.
        notes: in order of log and size.

    Raises:
        RecordError: ``bundle.order`` if the items are not as many, or not in the order, announced.
    """
    digest = hashlib.sha256()
    for value in _values(header, genesis, genesis_signatures, entries, notes):
        item = encode(value)
        digest.update(item)
        yield item
    yield encode([_END, digest.digest()])


def _values(
    header: BundleHeader,
    genesis: Genesis,
    genesis_signatures: tuple[bytes, bytes],
    entries: tuple[Iterable[RawEntry], Iterable[RawEntry]],
    notes: Iterable[BundleNote],
) -> Iterator[Value]:
    sizes: list[Value] = list(header.sizes)
    yield [_LABEL, header.exporter, header.exported_ms, sizes, header.notes]
    yield genesis.raw
    yield list(genesis_signatures)
    for log in (0, 1):
        count = 1
        for leaf, salt, body in entries[log]:
            count += 1
            yield [leaf, b"" if body is None else salt, body]
        if count != header.sizes[log]:
            raise RecordError("bundle.order", f"{count} entries, announced {header.sizes[log]}")
    previous, count = (-1, 0), 0
    for note in notes:
        if (note.log, note.size) <= previous:
            raise RecordError("bundle.order", "notes are not in order")
        previous, count = (note.log, note.size), count + 1
        yield [
            note.log, note.size, note.note, note.receipt, note.seal_author, note.seal_holder
        ]  # fmt: skip
    if count != header.notes:
        raise RecordError("bundle.order", f"{count} notes, announced {header.notes}")


def read_bundle(data: bytes) -> Bundle:
    """The bundle in ``data``; only its form and its digest are checked.

    Raises:
        RecordError: ``bundle.too_large``, ``bundle.digest`` (any byte changed since export),
            ``bundle.encoding``, ``bundle.order``.
    """
    if len(data) > BUNDLE_BYTES_MAX:
        raise RecordError("bundle.too_large", f"{len(data)} bytes")
    digest_at = _check_digest(data)
    reader = _Reader(data)
    header = _header(reader.next())
    genesis = reader.take(as_bytes)
    signatures = reader.take(lambda value: _bytes_list(value, 2))
    entries = tuple(tuple(reader.take(_entry) for _ in range(1, size)) for size in header.sizes)
    notes = tuple(reader.take(_note) for _ in range(header.notes))
    places = [(note.log, note.size) for note in notes]
    if places != sorted(set(places)):
        raise RecordError("bundle.order", "notes are not in order")
    reader.end(digest_at)
    return Bundle(
        header=header,
        genesis=genesis,
        genesis_signatures=(signatures[0], signatures[1]),
        entries=(entries[0], entries[1]),
        notes=notes,
    )


def _check_digest(data: bytes) -> int:
    """The last item is the digest of everything before it; returns where it starts."""
    head = encode([_END, bytes(HASH_SIZE)])[:-HASH_SIZE]
    start = len(data) - len(head) - HASH_SIZE
    if start < 0 or data[start : start + len(head)] != head:
        raise RecordError("bundle.encoding", "does not end in a digest")
    if hashlib.sha256(memoryview(data)[:start]).digest() != data[-HASH_SIZE:]:
        raise RecordError("bundle.digest", "a byte was changed after the export")
    return start


class _Reader:
    """Items one after the other, every fault as a bundle's fault."""

    def __init__(self, data: bytes) -> None:
        self._items = sequence(data, BUNDLE_ITEM_BYTES_MAX)
        self._at = 0

    def next(self) -> Value:
        try:
            value, self._at = next(self._items)
        except StopIteration:
            raise RecordError("bundle.order", "ends before what its header announces") from None
        except OpenlineError as error:
            raise RecordError("bundle.encoding", str(error)) from error
        return value

    def take(self, read: Callable[[Value], _T]) -> _T:
        value = self.next()
        try:
            return read(value)
        except OpenlineError as error:
            raise RecordError("bundle.order", f"another item here: {error}") from error

    def end(self, digest_at: int) -> None:
        """Only the digest that was checked is left."""
        self.next()
        if self._at != digest_at:
            raise RecordError("bundle.order", "more items than its header announces")


def _header(value: Value) -> BundleHeader:
    try:
        items = as_list(value, 5)
        if len(items) != 5 or items[0] != _LABEL:  # noqa: PLR2004 - label and four fields
            raise RecordError("bundle.encoding", "not a bundle of this version")
        sizes = [as_uint(size, BUNDLE_BYTES_MAX) for size in as_list(items[3], 2)]
        if len(sizes) != 2 or min(sizes) < 1:  # noqa: PLR2004 - two logs
            raise RecordError("bundle.encoding", "a log holds at least the genesis")
        return BundleHeader(
            exporter=as_uint(items[1], 1),
            exported_ms=as_uint(items[2], UINT_MAX),
            sizes=(sizes[0], sizes[1]),
            notes=as_uint(items[4], BUNDLE_NOTES_MAX),
        )
    except OpenlineError as error:
        raise RecordError("bundle.encoding", str(error)) from error


def _bytes_list(value: Value, count: int) -> list[bytes]:
    items = as_list(value, count)
    if len(items) != count:
        raise RecordError("record.encoding", f"not {count} byte strings")
    return [as_bytes(item) for item in items]


def _entry(value: Value) -> RawEntry:
    items = as_list(value, 3)
    if len(items) != 3:  # noqa: PLR2004 - leaf, salt, body
        raise RecordError("record.encoding", "not an entry")
    leaf, salt = as_bytes(items[0]), as_bytes(items[1])
    body = None if items[2] is None else as_bytes(items[2])
    if body is None and salt:
        raise RecordError("record.encoding", "a salt without a body")
    return leaf, salt, body


def _note(value: Value) -> BundleNote:
    items = as_list(value, 6)
    if len(items) != 6:  # noqa: PLR2004 - log, size and four notes
        raise RecordError("record.encoding", "not a note item")
    parts = [None if item is None else as_bytes(item) for item in items[2:]]
    if not any(parts):
        raise RecordError("record.encoding", "a note item without a note")
    return BundleNote(
        log=as_uint(items[0], 1),
        size=as_uint(items[1], UINT_MAX),
        note=parts[0],
        receipt=parts[1],
        seal_author=parts[2],
        seal_holder=parts[3],
    )


def export_sizes(record: Record, receipted: tuple[Sequence[int], Sequence[int]]) -> tuple[int, int]:
    """The largest sizes of both logs that are receipted and cite nothing outside of themselves.

    Args:
        record: the record to export.
        receipted: sizes of log a and log b at which a receipt is held, in any order.
    """
    choices = [sorted({1, *sizes}) for sizes in receipted]
    while True:
        sizes = (choices[0][-1], choices[1][-1])
        for log in (0, 1):
            if record.logs[log].seen_at(sizes[log] - 1) > sizes[1 - log]:
                choices[log].pop()
                break
        else:
            return sizes
