"""When cells leave: one each 10 ms for every pair of desks that speaks or could (spec/voice 4).

A browser's packets carry the rhythm of what makes their sound: a silent track and a microphone are
told apart by it on the wire (measured: docs/measured.md). So the post's own clock sends the cells,
full or not, and nothing about a desk but that it is there decides when one leaves.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

from openline.voice.cells import (
    ControlBlock,
    is_handshake,
    restamp,
    without_piece,
)

SLOT_MS: Final = 10
WAITING_MAX: Final = 12
"""Cells of one pair that wait; the oldest gives way: late sound is worth nothing."""
GONE_MS: Final = 2_000
"""A desk that stands sends all the time: after so long without a cell its pair is gone."""
_PAIR_AT: Final = 1


class _Pair:
    """One pair of desks: what waits, and the last cell that went."""

    __slots__ = ("fed_ms", "last", "waiting")

    def __init__(self, cell: bytes, now_ms: int) -> None:
        self.waiting: deque[bytes] = deque(maxlen=WAITING_MAX)
        self.last = cell
        self.fed_ms = now_ms


class CellCadence:
    """See the module. Every cell carries the control block of the moment at which it leaves.

    Attributes:
        dropped: cells that waited in vain.
        empty: cells that left without a piece.

    Args:
        send: takes each body of a MEDIA frame.
        clock: monotonic milliseconds.
    """

    def __init__(self, send: Callable[[bytes], None], clock: Callable[[], int]) -> None:
        """See the class."""
        self._send = send
        self._clock = clock
        self._pairs: dict[int, _Pair] = {}
        self._control = ControlBlock()
        self.dropped = self.empty = 0

    def set_control(self, block: ControlBlock) -> None:
        """Put the block into every cell that leaves from now on."""
        self._control = block

    def put(self, cell: bytes) -> None:
        """Take a cell of an own desk: it leaves with the next slot of its pair.

        Cells of a handshake leave at once: they show that a desk comes, which everything shows,
        and would make it come late.
        """
        now_ms = self._clock()
        number = cell[_PAIR_AT]
        if is_handshake(cell):
            self._send(restamp(cell, self._control))
            return
        pair = self._pairs.get(number)
        if pair is None:
            pair = self._pairs[number] = _Pair(cell, now_ms)
        pair.fed_ms = now_ms
        self.dropped += len(pair.waiting) == WAITING_MAX
        pair.waiting.append(cell)

    def slot(self) -> None:
        """The time of one cell of each pair has come."""
        now_ms = self._clock()
        for number, pair in list(self._pairs.items()):
            if now_ms - pair.fed_ms > GONE_MS:
                del self._pairs[number]
                continue
            if pair.waiting:
                pair.last = pair.waiting.popleft()
                cell = pair.last
            else:
                self.empty += 1
                cell = without_piece(pair.last)
            self._send(restamp(cell, self._control))
