"""Cells: how media crosses the link, always in bodies of one size (docs/spec/voice.md section 4).

Every MEDIA frame has a body of exactly ``CELL_SIZE`` octets: a header, the
control block of the call, one piece of a datagram, zeros. An observer of the
link sees equal packets at an equal rate and cannot tell who speaks.

Pure: no clock, no socket. Hostile cells raise ``VoiceError``.
"""

import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from openline.errors import VoiceError

CELL_SIZE: Final = 320
CELL_VERSION: Final = 1
DATAGRAM_SIZE_MAX: Final = 1500
_HEADER: Final = struct.Struct("!BBH4sBBHI4xBBHH")
PIECE_SIZE: Final = CELL_SIZE - _HEADER.size
PART_COUNT_MAX: Final = 6
PENDING_MAX: Final = 16
PAIR_COUNT: Final = 9
"""Pairs of one desk here and one there: three seats on each side."""

_FLAG_TALKING: Final = 0x01
_FLAG_CALL_OPEN: Final = 0x02
_ZEROS: Final = bytes(CELL_SIZE)
_RESERVED: Final = slice(16, 20)
_BLOCK: Final = struct.Struct("!4sBBHI")
_CONTROL: Final = slice(4, 4 + _BLOCK.size)
_INDEX_AT: Final = 20
_COUNT_AT: Final = 21
_ID: Final = slice(22, 24)
_DTLS_FIRST: Final = 20
_DTLS_LAST: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlBlock:
    """What each side says about its call in every cell.

    Attributes:
        call_tag: four octets naming the call, zeros outside a call.
        talking: this side's talk key is held.
        call_open: this side holds the call open.
        manner: number of the manner of the call (engine's table), 0 to 255.
        talk_seq: grows by one with every change of what the block says, modulo 2**16.
        stamp_ms: when the block was last changed, sender's clock modulo 2**32.
    """

    call_tag: bytes = bytes(4)
    talking: bool = False
    call_open: bool = False
    manner: int = 0
    talk_seq: int = 0
    stamp_ms: int = 0

    def __post_init__(self) -> None:
        """Refuse values that have no place in the block."""
        if (
            len(self.call_tag) != 4  # noqa: PLR2004 - the block has four octets for it
            or not 0 <= self.manner <= 0xFF  # noqa: PLR2004 - one octet
            or not 0 <= self.talk_seq <= 0xFFFF  # noqa: PLR2004 - two octets
            or not 0 <= self.stamp_ms <= 0xFFFFFFFF  # noqa: PLR2004 - four octets
        ):
            raise VoiceError("voice.control", "control block value out of range")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One parsed cell.

    Attributes:
        pair: number of the pair of desks, 0 to 8.
        generation: low 16 bits of the generation of the desk pair.
        control: the sender's control block.
        part_index: 0-based place of the piece in its datagram.
        part_count: pieces of this datagram, 1 to ``PART_COUNT_MAX``.
        datagram_id: grows by one with every datagram, modulo 2**16.
        piece: octets of the datagram; none in a cell that only keeps the rhythm.
    """

    pair: int
    generation: int
    control: ControlBlock
    part_index: int
    part_count: int
    datagram_id: int
    piece: bytes


def build_cells(
    datagram: bytes, *, generation: int, control: ControlBlock, datagram_id: int, pair: int = 0
) -> list[bytes]:
    """Cut one datagram into cells.

    Args:
        datagram: 1 to ``DATAGRAM_SIZE_MAX`` octets.
        generation: of the desk pair; the low 16 bits are carried.
        control: the control block that stands in every cell.
        datagram_id: taken modulo 2**16.
        pair: number of the pair of desks.

    Raises:
        VoiceError: ``voice.size`` if the datagram is empty or too long; ``voice.pair`` if there is
            no such pair.
    """
    if not 0 <= pair < PAIR_COUNT:
        raise VoiceError("voice.pair", str(pair))
    if not 1 <= len(datagram) <= DATAGRAM_SIZE_MAX:
        raise VoiceError("voice.size", f"datagram of {len(datagram)} octets")
    count = -(-len(datagram) // PIECE_SIZE)
    flags = _FLAG_TALKING * control.talking | _FLAG_CALL_OPEN * control.call_open
    cells = []
    for index in range(count):
        piece = datagram[index * PIECE_SIZE : (index + 1) * PIECE_SIZE]
        header = _HEADER.pack(
            CELL_VERSION,
            pair,
            generation & 0xFFFF,
            control.call_tag,
            flags,
            control.manner,
            control.talk_seq,
            control.stamp_ms,
            index,
            count,
            datagram_id & 0xFFFF,
            len(piece),
        )
        cells.append((header + piece).ljust(CELL_SIZE, b"\0"))
    return cells


def parse_cell(body: bytes) -> Cell:
    """Parse one cell strictly: known version, reserved bits and padding zero.

    Raises:
        VoiceError: ``voice.cell``.
    """
    if len(body) != CELL_SIZE:
        raise VoiceError("voice.cell", f"{len(body)} octets")
    version, pair, generation, tag, flags, manner, seq, stamp, index, count, ident, size = (
        _HEADER.unpack_from(body)
    )
    end = _HEADER.size + size
    full = index + 1 < count
    if version != CELL_VERSION or pair >= PAIR_COUNT:
        raise VoiceError("voice.cell", f"version {version}, pair {pair}")
    if flags & ~(_FLAG_TALKING | _FLAG_CALL_OPEN) or any(body[_RESERVED]):
        raise VoiceError("voice.cell", "reserved bits are set")
    if not index < count <= PART_COUNT_MAX:
        raise VoiceError("voice.cell", f"part {index} of {count}")
    if not (count > 1) <= size <= PIECE_SIZE or (full and size != PIECE_SIZE):
        raise VoiceError("voice.cell", f"piece of {size} octets, part {index} of {count}")
    if body[end:] != _ZEROS[end:]:
        raise VoiceError("voice.cell", "padding is not zero")
    control = ControlBlock(
        call_tag=tag,
        talking=bool(flags & _FLAG_TALKING),
        call_open=bool(flags & _FLAG_CALL_OPEN),
        manner=manner,
        talk_seq=seq,
        stamp_ms=stamp,
    )
    return Cell(
        pair=pair,
        generation=generation,
        control=control,
        part_index=index,
        part_count=count,
        datagram_id=ident,
        piece=body[_HEADER.size : end],
    )


def is_handshake(cell: bytes) -> bool:
    """Whether a cell of our own carries DTLS: all that needs more than one, or begins as DTLS."""
    return cell[_COUNT_AT] > 1 or _DTLS_FIRST <= cell[_HEADER.size] <= _DTLS_LAST


def restamp(cell: bytes, control: ControlBlock) -> bytes:
    """A cell of our own with another control block."""
    return cell[: _CONTROL.start] + _pack_control(control) + cell[_CONTROL.stop :]


def without_piece(cell: bytes) -> bytes:
    """The cell that says the same as one of our own and carries nothing.

    Its datagram id is that of the given one: it is neither late nor news.
    """
    return (cell[:_INDEX_AT] + b"\0\1" + cell[_ID]).ljust(CELL_SIZE, b"\0")


def _pack_control(control: ControlBlock) -> bytes:
    flags = _FLAG_TALKING * control.talking | _FLAG_CALL_OPEN * control.call_open
    return _BLOCK.pack(control.call_tag, flags, control.manner, control.talk_seq, control.stamp_ms)


class Reassembler:
    """Joins pieces to datagrams within a fixed amount of memory.

    At most ``PENDING_MAX`` datagrams are waited for; the oldest gives way.
    Duplicates of a piece are ignored, contradictions raise.
    """

    def __init__(self) -> None:
        """Start with nothing pending."""
        self._pending: OrderedDict[tuple[int, int], dict[int, Cell]] = OrderedDict()

    @property
    def pending(self) -> int:
        """Datagrams of which pieces are missing."""
        return len(self._pending)

    def clear(self) -> None:
        """Forget all pieces."""
        self._pending.clear()

    def add(self, cell: Cell) -> bytes | None:
        """Take one cell; the datagram if it is complete with this one, None of an empty one.

        Raises:
            VoiceError: ``voice.cell`` if pieces of one datagram contradict each
                other or are too long together; the datagram is forgotten.
        """
        if cell.part_count == 1:
            return cell.piece or None
        key = (cell.generation, cell.datagram_id)
        parts = self._pending.setdefault(key, {})
        held = parts.setdefault(cell.part_index, cell)
        if held.piece != cell.piece or any(
            part.part_count != cell.part_count for part in parts.values()
        ):
            del self._pending[key]
            raise VoiceError("voice.cell", "pieces of one datagram contradict each other")
        if len(parts) == cell.part_count:
            del self._pending[key]
            datagram = b"".join(parts[index].piece for index in range(cell.part_count))
            if len(datagram) > DATAGRAM_SIZE_MAX:
                raise VoiceError("voice.cell", f"datagram of {len(datagram)} octets")
            return datagram
        while len(self._pending) > PENDING_MAX:
            self._pending.popitem(last=False)
        return None
