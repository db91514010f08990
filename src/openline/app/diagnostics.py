"""The program's own diagnostics: structured lines of JSON, never a body, never a secret."""

import contextlib
import os
import sys
from pathlib import Path
from typing import IO, Any, Final

import structlog

from openline.app.config import DiagnosticsSettings
from openline.app.folder import PRIVATE_FILE, Folder

FILE_BYTES_MAX: Final = 8 * 1024 * 1024
"""A file that is larger at a start gives way to a new one."""

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


class _Unfailing:
    """A text sink that forgets what a full disk refuses: diagnostics never stop the line."""

    def __init__(self, sink: IO[str] | None) -> None:
        self._sink = sink

    def write(self, text: str) -> int:
        try:
            return 0 if self._sink is None else self._sink.write(text)
        except OSError:
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
            return _Unfailing(_opened(folder.diagnostics))
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
