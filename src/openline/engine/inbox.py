"""Entries of one log that arrived and are not yet in the record (spec/delivery, section 4).

They may come out of order and more than once. What waits is bounded by count, bytes and distance;
what does not fit is dropped, for it will be sent again.
"""

from typing import Final

from openline.protocol.frames import Batch, BatchEntry

WAITING_ENTRIES_MAX: Final = 512
WAITING_BYTES_MAX: Final = 1_048_576
NOTES_MAX: Final = 64


class Inbox:
    """What waits of one log."""

    __slots__ = ("_bytes", "_entries", "_notes")

    def __init__(self) -> None:
        """Nothing waits."""
        self._entries: dict[int, BatchEntry] = {}
        self._notes: dict[int, bytes] = {}
        self._bytes = 0

    def __len__(self) -> int:
        """Entries that wait."""
        return len(self._entries)

    def take_in(self, batch: Batch, size: int) -> list[tuple[int, BatchEntry]]:
        """Let what is new wait.

        Args:
            batch: parsed, its note verified.
            size: entries of this log that are in the record.

        Returns:
            Entries that stand at a position that is already taken here, to be compared by the
            caller: a difference is a fork.
        """
        taken: list[tuple[int, BatchEntry]] = []
        for index, entry in enumerate(batch.entries, batch.first):
            if index < size:
                taken.append((index, entry))
            elif index in self._entries:
                continue
            elif self._fits(index - size, entry):
                self._entries[index] = entry
                self._bytes += entry.size
        if batch.note is not None and batch.stop >= size and len(self._notes) < NOTES_MAX:
            self._notes[batch.stop] = batch.note
        return taken

    def _fits(self, distance: int, entry: BatchEntry) -> bool:
        # The very next entry always fits, or a full inbox of later ones would wait for ever.
        return distance == 0 or (
            distance < WAITING_ENTRIES_MAX
            and len(self._entries) < WAITING_ENTRIES_MAX
            and self._bytes + entry.size <= WAITING_BYTES_MAX
        )

    def run(self, size: int, count_max: int, bytes_max: int) -> list[BatchEntry]:
        """The entries that continue a log of ``size``, within the bounds."""
        found: list[BatchEntry] = []
        total = 0
        while len(found) < count_max and (entry := self._entries.get(size + len(found))):
            total += entry.size
            if found and total > bytes_max:
                break
            found.append(entry)
        return found

    def note(self, size: int) -> bytes | None:
        """The checkpoint that came for ``size``."""
        return self._notes.get(size)

    def noted_within(self, start: int, stop: int) -> int | None:
        """The largest size in (start, stop] that came with a checkpoint."""
        return max((size for size in self._notes if start < size <= stop), default=None)

    def settle(self, size: int) -> None:
        """The record holds ``size`` entries of this log now: forget what it has."""
        for index in [index for index in self._entries if index < size]:
            self._bytes -= self._entries.pop(index).size
        for end in [end for end in self._notes if end <= size]:
            del self._notes[end]

    def clear(self) -> None:
        """Forget everything: it did not hold, or its sender starts anew."""
        self._entries.clear()
        self._notes.clear()
        self._bytes = 0

    def gap(self, size: int) -> bool:
        """Something waits, and not the next entry."""
        return bool(self._entries) and size not in self._entries
