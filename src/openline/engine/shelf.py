"""The checkpoints of both logs with what stands on them, as far as they are needed again."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from openline.engine.ports import StoredNote

NOTES_KEPT_MAX: Final = 512
RECEIPTS_BINDING: Final = 32


class Shelf:
    """Notes by log and size, newest kept; what was reached never goes back."""

    __slots__ = ("_newest", "_notes", "_receipts", "_seals")

    def __init__(self, stored: Iterable[StoredNote] = ()) -> None:
        """Put what the disk holds on the shelf."""
        self._notes: tuple[dict[int, StoredNote], dict[int, StoredNote]] = ({}, {})
        self._newest = [0, 0]
        self._receipts: list[tuple[int, bytes]] = [(0, b""), (0, b"")]
        self._seals: dict[tuple[int, bool], tuple[int, bytes]] = {}
        for note in sorted(stored, key=lambda item: (item.log, item.size)):
            self.put(note)

    def put(self, note: StoredNote) -> None:
        """Insert, or merge field by field."""
        notes = self._notes[note.log]
        old = notes.get(note.size)
        if old is not None:
            note = replace(
                note,
                note=note.note or old.note,
                receipt=note.receipt or old.receipt,
                seal_author=note.seal_author or old.seal_author,
                seal_holder=note.seal_holder or old.seal_holder,
            )
        notes[note.size] = note
        if note.note and note.size > self._newest[note.log]:
            self._newest[note.log] = note.size
        if note.receipt is not None and note.size > self._receipts[note.log][0]:
            self._receipts[note.log] = (note.size, note.receipt)
        for by_author, seal in ((True, note.seal_author), (False, note.seal_holder)):
            if seal is not None and note.size > self.sealed_by(note.log, author=by_author)[0]:
                self._seals[note.log, by_author] = (note.size, seal)
        if len(notes) > NOTES_KEPT_MAX:
            del notes[min(notes)]

    def note(self, log: int, size: int) -> bytes | None:
        """The author's checkpoint note at ``size``."""
        found = self._notes[log].get(size)
        return None if found is None or not found.note else found.note

    def noted(self, log: int, start: int, stop: int) -> list[int]:
        """Sizes in (start, stop] at which that log has a checkpoint here."""
        return [size for size in range(start + 1, stop + 1) if self.note(log, size) is not None]

    def newest(self, log: int) -> int:
        """The largest size with a checkpoint, or 0."""
        return self._newest[log]

    def receipt(self, log: int) -> tuple[int, bytes]:
        """Size and bytes of the newest receipt over that log; (0, b"") if there is none."""
        return self._receipts[log]

    def receipts(self, log: int) -> list[bytes]:
        """The newest receipts over that log, oldest first."""
        newest = sorted(self._notes[log].values(), key=lambda note: note.size)[-RECEIPTS_BINDING:]
        return [note.receipt for note in newest if note.receipt is not None]

    def sealed_by(self, log: int, *, author: bool) -> tuple[int, bytes]:
        """Size and bytes of the newest seal over that log by its author, or by its holder."""
        return self._seals.get((log, author), (0, b""))

    def sealed(self, log: int) -> int:
        """How much of that log both parties sealed."""
        return min(self.sealed_by(log, author=role)[0] for role in (True, False))
