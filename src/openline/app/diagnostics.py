"""The program's own diagnostics: structured lines of JSON, never a body, never a secret."""

import contextlib
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import structlog
from structlog.typing import EventDict

from openline.app.config import DiagnosticsSettings
from openline.app.folder import PRIVATE_FILE, Folder

FILE_BYTES_MAX: Final = 8 * 1024 * 1024
"""A file that is larger gives way to a new one."""

LINES_PER_MINUTE: Final = 30
"""Of one event. Whatever the peer does to be noted, the loop does not write at its pace."""

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def start_diagnostics(settings: DiagnosticsSettings, folder: Folder, **bound: str) -> None:
    """Send diagnostics where the settings say; a file that cannot be opened gives way to stderr.

    Args:
        settings: where to and from which level.
        folder: of the post, for "file".
        **bound: stands on every line.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _Sparing(),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        logger_factory=structlog.WriteLoggerFactory(file=_sink(settings, folder)),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**bound)


class _Sparing:
    """Lets so many lines of each event through in a minute, then says how many were left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minute = 0.0
        self._counts: Counter[str] = Counter()

    def __call__(self, _logger: Any, _method: str, line: EventDict) -> EventDict:  # noqa: ANN401 - structlog's signature
        now = self._clock()
        if now - self._minute >= 60:  # noqa: PLR2004 - seconds of a minute
            left_out = {
                name: count - LINES_PER_MINUTE
                for name, count in self._counts.items()
                if count > LINES_PER_MINUTE
            }
            self._minute = now
            self._counts.clear()
            if left_out:
                line["left_out"] = left_out
        name = str(line.get("event", ""))
        self._counts[name] += 1
        if self._counts[name] > LINES_PER_MINUTE:
            raise structlog.DropEvent
        return line


class _Unfailing:
    """A text sink that forgets what a full disk refuses: diagnostics never stop the line."""

    def __init__(self, sink: IO[str] | None, path: Path | None = None) -> None:
        self._sink = sink
        self._path = path
        self._written = 0

    def write(self, text: str) -> int:
        try:
            self._written += len(text)
            if self._written > FILE_BYTES_MAX and self._sink is not None and self._path is not None:
                self._written = 0
                self._sink.close()
                self._sink = _opened(self._path)
            return 0 if self._sink is None else self._sink.write(text)
        except (OSError, ValueError):
            return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            if self._sink is not None:
                self._sink.flush()


def _sink(settings: DiagnosticsSettings, folder: Folder) -> Any:  # noqa: ANN401 - structlog wants an IO[str]; ours has its two calls
    if settings.to == "none":
        return _Unfailing(None)
    if settings.to == "file":
        try:
            return _Unfailing(_opened(folder.diagnostics), folder.diagnostics)
        except OSError:
            return _Unfailing(sys.stderr)
    return _Unfailing(sys.stderr)


def _opened(path: Path) -> IO[str]:
    _turn_over(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, PRIVATE_FILE), "a", encoding="utf-8", buffering=1)


def _turn_over(path: Path) -> None:
    """Keep one older file; what is older still goes."""
    if path.exists() and path.stat().st_size > FILE_BYTES_MAX:
        path.replace(path.with_name(f"{path.name}.1"))
