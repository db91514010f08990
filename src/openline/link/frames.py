"""The bytes of a frame: in a stream record, and in the plaintext of a packet.

Pure. Every length and count is checked before anything is allocated by it;
what does not hold raises `LinkError`. spec/link sections 3 to 5.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from openline.errors import LinkError, LocalProtocolError

RECORD_LENGTH_MAX: Final = 131_072
"""Most bytes that a record's length field may announce (class, sequence and body)."""
HEAD_SIZE: Final = 9
STREAM_BODY_MAX: Final = RECORD_LENGTH_MAX - HEAD_SIZE
PLAINTEXT_MAX: Final = 1200
DATAGRAM_BODY_MAX: Final = PLAINTEXT_MAX - HEAD_SIZE
PIECE_HEAD_SIZE: Final = HEAD_SIZE + 2
PIECE_MAX: Final = PLAINTEXT_MAX - PIECE_HEAD_SIZE
PIECES_MIN: Final = 2
PIECES_MAX: Final = 4
FRAGMENT_BIT: Final = 0x80
SEQUENCE_MAX: Final = 2**64 - 1
CODE_SIZE_MAX: Final = 64

_RECORD = struct.Struct(">IBQ")
_HEAD = struct.Struct(">BQ")
_PIECE = struct.Struct(">BQBB")
_LENGTH = struct.Struct(">I")


class FrameClass(IntEnum):
    """The classes of frames of this version; another from 1 to 127 is dropped and counted."""

    HELLO = 1
    HEARTBEAT = 2
    MEDIA = 3
    CONTROL = 4
    BATCH = 5
    RECEIPT = 6
    SEAL = 7
    CLOSE = 8
    WANT = 9


STREAM_ONLY: Final = frozenset({FrameClass.HELLO, FrameClass.SEAL, FrameClass.CLOSE})
LINKS_OWN: Final = frozenset({FrameClass.HELLO, FrameClass.HEARTBEAT, FrameClass.CLOSE})
"""Classes that `Link.send` refuses: the link itself sends them."""
KNOWN: Final = frozenset(int(item) for item in FrameClass)


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame.

    Attributes:
        frame_class: 1 to 127, see `FrameClass`.
        sequence: from 1, per class and incarnation of its sender.
        body: what the class says; opaque here.
    """

    frame_class: int
    sequence: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a frame that was too long for one packet."""

    frame_class: int
    sequence: int
    index: int
    count: int
    body: bytes


def encode_record(frame: Frame) -> bytes:
    """Lay a frame out for a stream.

    Raises:
        LocalProtocolError: ``link.size``, the body is over the limit.
    """
    if len(frame.body) > STREAM_BODY_MAX:
        raise LocalProtocolError("link.size", f"body of {len(frame.body)} bytes")
    head = _RECORD.pack(HEAD_SIZE + len(frame.body), frame.frame_class, frame.sequence)
    return head + frame.body


class RecordReader:
    """Cuts a byte stream into frames; holds at most one unfinished record."""

    def __init__(self) -> None:
        """See the class."""
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Append what came from the stream."""
        self._buffer += data

    def rest(self) -> bytes:
        """What is left unread, for evidence."""
        return bytes(self._buffer)

    def next(self) -> Frame | None:
        """Take the next whole frame, or None if more bytes are needed.

        Raises:
            LinkError: ``link.frame``, a length, class or sequence is not allowed;
                the stream cannot be read any further.
        """
        if len(self._buffer) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer)
        if not HEAD_SIZE <= length <= RECORD_LENGTH_MAX:
            raise LinkError("link.frame", f"record of {length} bytes")
        end = _LENGTH.size + length
        if len(self._buffer) < end:
            return None
        _, frame_class, sequence = _RECORD.unpack_from(self._buffer)
        if not 0 < frame_class < FRAGMENT_BIT or sequence == 0:
            raise LinkError("link.frame", f"class {frame_class}, sequence {sequence}")
        body = bytes(self._buffer[_RECORD.size : end])
        del self._buffer[:end]
        return Frame(frame_class, sequence, body)


def datagram_plaintexts(frame: Frame) -> list[bytes]:
    """Lay a frame out for packets: one plaintext, or one for each of up to 4 pieces.

    Returns:
        The plaintexts, each of at most 1200 bytes; empty if the frame does not
        fit four pieces and must go by stream alone.
    """
    body = frame.body
    if len(body) <= DATAGRAM_BODY_MAX:
        return [_HEAD.pack(frame.frame_class, frame.sequence) + body]
    count = -(-len(body) // PIECE_MAX)
    if count > PIECES_MAX:
        return []
    marked = frame.frame_class | FRAGMENT_BIT
    return [
        _PIECE.pack(marked, frame.sequence, index, count)
        + body[index * PIECE_MAX : (index + 1) * PIECE_MAX]
        for index in range(count)
    ]


def parse_plaintext(plaintext: bytes) -> Frame | Piece:
    """Read the plaintext of one packet.

    All pieces but the last are full, so that a frame has one layout only.

    Raises:
        LinkError: ``link.frame``.
    """
    if not HEAD_SIZE <= len(plaintext) <= PLAINTEXT_MAX:
        raise LinkError("link.frame", f"plaintext of {len(plaintext)} bytes")
    marked, sequence = _HEAD.unpack_from(plaintext)
    frame_class = marked & ~FRAGMENT_BIT
    if frame_class == 0 or frame_class in STREAM_ONLY or sequence == 0:
        raise LinkError("link.frame", f"class {marked}, sequence {sequence}")
    if not marked & FRAGMENT_BIT:
        return Frame(frame_class, sequence, plaintext[HEAD_SIZE:])
    if len(plaintext) <= PIECE_HEAD_SIZE:
        raise LinkError("link.frame", "empty piece")
    _, _, index, count = _PIECE.unpack_from(plaintext)
    piece = plaintext[PIECE_HEAD_SIZE:]
    full = len(piece) == PIECE_MAX
    if not PIECES_MIN <= count <= PIECES_MAX or index >= count or (index < count - 1 and not full):
        raise LinkError("link.frame", f"piece {index} of {count}, {len(piece)} bytes")
    return Piece(frame_class, sequence, index, count, piece)


def close_code(body: bytes) -> str:
    """Read the body of a CLOSE frame; what is not a plain code becomes ``link.frame``."""
    if len(body) <= CODE_SIZE_MAX and body.isascii():
        code = body.decode("ascii")
        if code and all(c.islower() or c.isdigit() or c in ".-_" for c in code):
            return code
    return "link.frame"
