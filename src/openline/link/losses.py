"""What share of the voice each path brings, whatever the others brought. Pure.

Every path carries every MEDIA frame, numbered alike: what came by one path alone is counted against
what was sent, which is known by the highest number that came by any.
"""

from typing import Final

from openline.link.window import SequenceWindow

SPAN: Final = 500
"""Frames looked at: ten seconds of voice."""

SLACK: Final = 50
"""The newest second is left out: a slower path may still bring it."""

SILENT_MS: Final = 2_000.0


class MediaByPath:
    """See the module."""

    __slots__ = ("_came_at_ms", "_first", "_highest", "_incarnation", "_windows")

    def __init__(self) -> None:
        """Nothing came yet."""
        self._incarnation = b""
        self._first = self._highest = 0
        self._came_at_ms = 0.0
        self._windows: dict[str, SequenceWindow] = {}

    def take(self, path: str, incarnation: bytes, sequence: int, now_ms: float) -> None:
        """A MEDIA frame came by a path, first copy or not."""
        if incarnation != self._incarnation:
            self._incarnation = incarnation
            self._first, self._highest = sequence, 0
            self._windows.clear()
        window = self._windows.get(path)
        if window is None:
            window = self._windows[path] = SequenceWindow()
        window.add(sequence)
        if sequence > self._highest:
            self._highest, self._came_at_ms = sequence, now_ms

    def loss(self, path: str, now_ms: float) -> float | None:
        """The share that did not come by ``path``; None without voice to judge by."""
        last = self._highest - SLACK
        count = min(SPAN, last - self._first + 1)
        if count <= 0 or now_ms - self._came_at_ms > SILENT_MS:
            return None
        window = self._windows.get(path)
        return 1.0 if window is None else window.missing(last, count) / count
