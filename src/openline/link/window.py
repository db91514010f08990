"""Which numbers were seen before: one window for packets, one set for frames.

Pure: no socket, no clock. spec/link sections 4 and 6.
"""

from collections import OrderedDict
from enum import Enum
from typing import Final

SIZE: Final = 4096
INCARNATIONS_KEPT: Final = 4
_FULL: Final = (1 << SIZE) - 1


class Verdict(Enum):
    """What a window says of a number."""

    NEW = "new"
    DUPLICATE = "duplicate"
    OLD = "old"


class SequenceWindow:
    """The newest 4096 numbers of one growing sequence that starts at 1.

    Attributes:
        highest: the highest number added so far, 0 before the first.
    """

    __slots__ = ("_mask", "highest")

    def __init__(self) -> None:
        """See the class."""
        self.highest = 0
        self._mask = 0

    def judge(self, number: int) -> Verdict:
        """Say whether ``number`` (from 1) was added before; changes nothing."""
        if number > self.highest:
            return Verdict.NEW
        behind = self.highest - number
        if behind >= SIZE:
            return Verdict.OLD
        return Verdict.DUPLICATE if self._mask >> behind & 1 else Verdict.NEW

    def missing(self, last: int, count: int) -> int:
        """How many of the ``count`` numbers up to ``last`` were never added."""
        shift = self.highest - last
        mask = self._mask >> shift if shift >= 0 else self._mask << -shift
        return count - (mask & ((1 << count) - 1)).bit_count()

    def add(self, number: int) -> None:
        """Remember ``number``; one that is older than the window is let go."""
        if number > self.highest:
            shift = number - self.highest
            self._mask = ((self._mask << shift) | 1) & _FULL if shift < SIZE else 1
            self.highest = number
        elif self.highest - number < SIZE:
            self._mask |= 1 << (self.highest - number)


class FrameWindows:
    """One window per class of frames for each recent incarnation of the peer.

    At most four incarnations are remembered; the least recently used goes first.
    """

    def __init__(self) -> None:
        """See the class."""
        self._by_incarnation: OrderedDict[bytes, dict[int, SequenceWindow]] = OrderedDict()

    def take(self, incarnation: bytes, frame_class: int, sequence: int) -> Verdict:
        """Judge one frame and remember it.

        Args:
            incarnation: that of the peer, from the HELLO of the frame's connection.
            frame_class: the class without the fragment bit.
            sequence: from 1.
        """
        classes = self._by_incarnation.get(incarnation)
        if classes is None:
            classes = self._by_incarnation[incarnation] = {}
            while len(self._by_incarnation) > INCARNATIONS_KEPT:
                self._by_incarnation.popitem(last=False)
        self._by_incarnation.move_to_end(incarnation)
        window = classes.get(frame_class)
        if window is None:
            window = classes[frame_class] = SequenceWindow()
        verdict = window.judge(sequence)
        if verdict is Verdict.NEW:
            window.add(sequence)
        return verdict
