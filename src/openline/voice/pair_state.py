"""What one pair of desks keeps between its cells (docs/spec/voice.md section 4).

Each pair counts its datagrams, joins its pieces and judges lateness for itself: nothing that
comes under one number can hold up, fill or age another.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from openline.voice.cells import Cell, ControlBlock, Reassembler, build_cells
from openline.voice.leg import Leg

LATE_WINDOW: Final = 256
_DATAGRAM_IDS: Final = 0x10000


@dataclass(slots=True)
class PairState:
    """State of one pair.

    Attributes:
        pair: its number.
        leg: of our own desk, once joined with the far one.
        pieces: of datagrams that are not whole yet.
    """

    pair: int
    leg: Leg | None = None
    pieces: Reassembler = field(default_factory=Reassembler)
    _next_id: int = field(default_factory=lambda: secrets.randbelow(_DATAGRAM_IDS))
    _far_id: int | None = None
    _far_control: ControlBlock | None = None

    def join(self, leg: Leg) -> None:
        """From now on ``leg`` speaks for our side of the pair."""
        if self.leg is not leg:
            self.pieces.clear()
        self.leg = leg

    def news(self, cell: Cell) -> bool:
        """Whether the control block of this cell says something new of this pair's sender."""
        last = self._far_id
        if last is not None and 0 < (last - cell.datagram_id) % _DATAGRAM_IDS <= LATE_WINDOW:
            return False  # A late cell of a slower path says what was, not what is.
        self._far_id = cell.datagram_id
        if cell.control == self._far_control:
            return False
        self._far_control = cell.control
        return True

    def cut(self, datagram: bytes, control: ControlBlock) -> Iterator[bytes]:
        """The cells of one datagram of our desk, which is joined."""
        if self.leg is None or self.leg.far is None:
            return
        ident = self._next_id
        self._next_id = (ident + 1) % _DATAGRAM_IDS
        yield from build_cells(
            datagram,
            pair=self.pair,
            generation=self.leg.far.generation,
            control=control,
            datagram_id=ident,
        )
