"""Sends one log to the peer: what it lacks, again until it is receipted, never too much at once.

``base`` is what the peer is known to hold, ``cursor`` what was sent. What lies between waits for a
receipt; when none comes, it is sent again, with growing patience (spec/delivery, section 5).
"""

from collections import deque
from typing import Final

from openline.engine.context import Context
from openline.engine.ports import ReadEntries, StoredEntry
from openline.engine.shelf import Shelf
from openline.protocol.clock import Now
from openline.protocol.frames import (
    BATCH_BYTES_AIM,
    BATCH_ENTRIES_MAX,
    BatchEntry,
    FrameClass,
    batch_frame,
    cut,
)

WINDOW_ENTRIES: Final = 512
WINDOW_BYTES: Final = 262_144
"""Nothing more is sent while so much waits for its receipt: a slow line must not drown in it."""
CACHE_ENTRIES_MAX: Final = 512
CACHE_BYTES_MAX: Final = 1_048_576
RESEND_MS_MIN: Final = 200
RESEND_MS_MAX: Final = 5_000
_RESEND_SLACK_MS: Final = 50


class Feed:
    """One log on its way to the peer."""

    def __init__(self, ctx: Context, shelf: Shelf, log: int, size: int) -> None:
        """Nothing is sent before :meth:`start`.

        Args:
            ctx: the post.
            shelf: where the checkpoints are.
            log: party index of the log's author.
            size: its durable size.
        """
        self._ctx = ctx
        self._shelf = shelf
        self._log = log
        self._size = size
        self._base = self._cursor = size
        self._active = False
        self._cache: dict[int, StoredEntry] = {}
        self._cache_bytes = 0
        self._reading: int | None = None
        self._patience_ms = RESEND_MS_MIN
        self._resend_at = 0
        self._anew_at = 0
        self._sent: deque[tuple[int, int]] = deque()

    @property
    def active(self) -> bool:
        """It sends."""
        return self._active

    def start(self, base: int, now: Now) -> None:
        """The peer holds ``base`` entries, the genesis at least: send the rest.

        Asked again and again, it begins anew only as often as it would send again by itself.
        """
        base = max(1, min(base, self._size))
        if self._active and now.mono_ms < self._anew_at:
            self.held(base, now)
            return
        self._active = True
        self._base = base
        self._rewind()
        self._patience_ms = self._patience()
        self._anew_at = now.mono_ms + self._patience_ms
        self.pump(now)

    def stop(self) -> None:
        """Send nothing until the next :meth:`start`."""
        self._active = False

    def appended(self, entries: list[StoredEntry], now: Now) -> None:
        """These continue the log, durably."""
        for entry in entries:
            self._size = entry.index + 1
            self._cache[entry.index] = entry
            self._cache_bytes += _size(entry)
        while len(self._cache) > CACHE_ENTRIES_MAX or self._cache_bytes > CACHE_BYTES_MAX:
            oldest = next(iter(self._cache))
            self._cache_bytes -= _size(self._cache.pop(oldest))
        self.pump(now)

    def held(self, size: int, now: Now) -> None:
        """The peer proved that it holds ``size`` entries."""
        if size > self._base:
            self._base = size
            self._cursor = max(self._cursor, size)
            while self._sent and self._sent[0][0] <= size:
                self._sent.popleft()
            self._patience_ms = self._patience()
            self._resend_at = now.mono_ms + self._patience_ms
            self.pump(now)

    def kick(self, now: Now) -> None:
        """A connection came up: what is not receipted goes again at once."""
        if self._active and self._base < self._cursor:
            self._rewind()
            self._patience_ms = self._patience()
            self.pump(now)

    def tick(self, now: Now) -> None:
        """Send again what was not receipted in time."""
        if self._active and self._base < self._cursor and now.mono_ms >= self._resend_at:
            self._rewind()
            self._patience_ms = min(RESEND_MS_MAX, 2 * self._patience_ms)
        self.pump(now)

    def pump(self, now: Now) -> None:
        """Send what may be sent now."""
        while (
            self._active
            and self._reading is None
            and self._cursor < self._size
            and self._cursor - self._base < WINDOW_ENTRIES
            and sum(size for _, size in self._sent) < WINDOW_BYTES
        ):
            entries = self._cached()
            if not entries:
                self._read()
                return
            self._send(entries, now)

    def entries_read(self, ticket: int, entries: tuple[StoredEntry, ...], now: Now) -> bool:
        """An answer of the disk; False if it was not asked for here."""
        if ticket != self._reading:
            return False
        self._reading = None
        wanted = [entry for entry in entries if entry.index >= self._cursor]
        if self._active and wanted and wanted[0].index == self._cursor:
            self._send(wanted, now)
        # What was asked for before it began anew helps nobody: it asks again.
        self.pump(now)
        return True

    def read_failed(self, ticket: int) -> bool:
        """The disk did not answer; the next tick asks again. False if not asked for here."""
        if ticket != self._reading:
            return False
        self._reading = None
        return True

    def cached(self, index: int) -> StoredEntry | None:
        """The entry, if it is still in memory."""
        return self._cache.get(index)

    def _rewind(self) -> None:
        self._cursor = self._base
        self._sent.clear()

    def _patience(self) -> int:
        return max(RESEND_MS_MIN, int(2 * self._ctx.rtt_ms) + _RESEND_SLACK_MS)

    def _cached(self) -> list[StoredEntry]:
        found: list[StoredEntry] = []
        size = 0
        while len(found) < BATCH_ENTRIES_MAX and size <= BATCH_BYTES_AIM:
            entry = self._cache.get(self._cursor + len(found))
            if entry is None:
                break
            found.append(entry)
            size += _size(entry)
        return found

    def _read(self) -> None:
        self._reading = self._ctx.ticket()
        self._ctx.emit(
            ReadEntries(
                ticket=self._reading,
                log=self._log,
                start=self._cursor,
                stop=min(self._size, self._cursor + BATCH_ENTRIES_MAX),
                bytes_max=BATCH_BYTES_AIM,
            )
        )

    def _send(self, entries: list[StoredEntry], now: Now) -> None:
        parts = [BatchEntry(entry.leaf, entry.salt, entry.body) for entry in entries]
        noted = self._shelf.noted(self._log, self._cursor, self._cursor + len(parts))
        count = cut(parts, self._cursor, noted)
        stop = self._cursor + count
        note = self._shelf.note(self._log, stop)
        body = batch_frame(self._log, self._cursor, parts[:count], note)
        self._ctx.send(FrameClass.BATCH, body)
        self._sent.append((stop, len(body)))
        if self._cursor == self._base:
            self._resend_at = now.mono_ms + self._patience_ms
        self._cursor = stop


def _size(entry: StoredEntry) -> int:
    return len(entry.leaf) + len(entry.salt) + len(entry.body or b"")
