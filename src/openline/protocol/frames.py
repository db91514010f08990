"""Bodies of the frames that carry the record (spec/frames, sections 2 and 3).

The link moves a frame as class, sequence and body; here are the classes and the bodies. Everything
is deterministic CBOR, bounded before it is decoded, and means the same however often and in
whatever order it arrives.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from openline.errors import PeerProtocolError
from openline.record.cbor import Value, as_bytes, as_list, as_uint, decode_list, encode
from openline.record.limits import (
    BODY_BYTES_MAX,
    LEAF_BYTES_MAX,
    NOTE_BYTES_MAX,
    SALT_SIZE,
    UINT_MAX,
)


class FrameClass(IntEnum):
    """What a frame is."""

    HELLO = 1
    HEARTBEAT = 2
    MEDIA = 3
    CONTROL = 4
    BATCH = 5
    RECEIPT = 6
    SEAL = 7
    CLOSE = 8
    WANT = 9


BATCH_BYTES_MAX: Final = 65_536
BATCH_BYTES_AIM: Final = 60_000
BATCH_ENTRIES_MAX: Final = 128
SEAL_BYTES_MAX: Final = NOTE_BYTES_MAX + 64
WANT_BYTES_MAX: Final = 64
DATAGRAM_BODY_BYTES_MAX: Final = 4_400
"""Larger bodies go by stream only: they would not fit four packets."""

_ENTRY_OVERHEAD: Final = 16


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One entry in a BATCH: exact leaf, salt, body (None once erased)."""

    leaf: bytes
    salt: bytes
    body: bytes | None

    @property
    def size(self) -> int:
        """Bytes that it takes in a frame, at most."""
        return len(self.leaf) + len(self.salt) + len(self.body or b"") + _ENTRY_OVERHEAD


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive entries of one log.

    Attributes:
        log: party index of their author; the receiver's own index means "returned to you".
        first: index of the first entry. note: the author's checkpoint at the end of the entries,
            or None when the frame ends between two checkpoints.
    """

    log: int
    first: int
    entries: tuple[BatchEntry, ...]
    note: bytes | None

    @property
    def stop(self) -> int:
        """Index after the last entry."""
        return self.first + len(self.entries)


def batch_frame(log: int, first: int, entries: Sequence[BatchEntry], note: bytes | None) -> bytes:
    """Body of a BATCH frame."""
    items: list[Value] = [[entry.leaf, entry.salt, entry.body] for entry in entries]
    return encode([log, first, items, note])


def parse_batch(body: bytes) -> Batch:
    """The batch in ``body``; nothing in it is verified yet.

    Raises:
        RecordError: ``record.encoding``, ``record.truncated`` or ``record.too_large``.
        PeerProtocolError: ``protocol.batch``.
    """
    log, first, items, note = decode_list(body, BATCH_BYTES_MAX, 4)
    entries = tuple(_batch_entry(item) for item in as_list(items, BATCH_ENTRIES_MAX))
    start = as_uint(first, UINT_MAX - BATCH_ENTRIES_MAX)
    if not entries or start < 1:
        raise PeerProtocolError("protocol.batch", "no entry, or the genesis")
    checkpoint = None if note is None else as_bytes(note)
    if checkpoint is not None and len(checkpoint) > NOTE_BYTES_MAX:
        raise PeerProtocolError("protocol.batch", "note too large")
    return Batch(as_uint(log, 1), start, entries, checkpoint)


def _batch_entry(item: Value) -> BatchEntry:
    parts = as_list(item, 3)
    if len(parts) != 3:  # noqa: PLR2004 - leaf, salt, body
        raise PeerProtocolError("protocol.batch", "not leaf, salt and body")
    leaf, salt = as_bytes(parts[0]), as_bytes(parts[1], SALT_SIZE)
    body = None if parts[2] is None else as_bytes(parts[2])
    if len(leaf) > LEAF_BYTES_MAX or len(body or b"") > BODY_BYTES_MAX:
        raise PeerProtocolError("protocol.batch", "leaf or body too large")
    return BatchEntry(leaf, salt, body)


def cut(entries: Sequence[BatchEntry], first: int, noted: Iterable[int]) -> int:
    """How many of ``entries`` the next BATCH takes.

    As many as fit, but ending at a size that has a checkpoint if any such end fits: what ends
    between two checkpoints can be held, and not yet receipted.

    Args:
        entries: at least one.
        first: index of the first.
        noted: log sizes that have a checkpoint.
    """
    count = size = 0
    for entry in entries[:BATCH_ENTRIES_MAX]:
        size += entry.size
        if count and size > BATCH_BYTES_AIM:
            break
        count += 1
    ends = [end - first for end in noted if 0 < end - first <= count]
    return max(ends, default=count)


def seal_frame(note: bytes) -> bytes:
    """Body of a SEAL frame: ``[note]`` with one 0x06 line."""
    return encode([note])


def parse_seal(body: bytes) -> bytes:
    """The note in a SEAL frame, not verified. Raises RecordError as :func:`parse_batch`."""
    (note,) = decode_list(body, SEAL_BYTES_MAX, 1)
    return as_bytes(note)


def want_frame(log: int, first: int) -> bytes:
    """Body of a WANT frame: ``[log, first]``: send me that log from that index on."""
    return encode([log, first])


def parse_want(body: bytes) -> tuple[int, int]:
    """Log and index in a WANT frame. Raises RecordError as :func:`parse_batch`."""
    log, first = decode_list(body, WANT_BYTES_MAX, 2)
    return as_uint(log, 1), as_uint(first, UINT_MAX)
