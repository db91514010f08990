"""The program's own diagnostics: structured lines of JSON, never a body, never a secret."""

import sys
from typing import IO, Any

import structlog

from openline.app.config import DiagnosticsSettings
from openline.app.folder import Folder

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def start_diagnostics(settings: DiagnosticsSettings, folder: Folder, **bound: str) -> None:
    """Send diagnostics where the settings say; a file that cannot be opened gives way to stderr.

    Args:
        settings: where to and from which level.
        folder: of the post, for "file".
        **bound: stands on every line.
    """
    level = _LEVELS[settings.level] if settings.to != "none" else 100
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=_sink(settings, folder)),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**bound)


class _Unfailing:
    """A text sink that forgets what a full disk refuses: diagnostics never stop the line."""

    def __init__(self, sink: IO[str]) -> None:
        self._sink = sink

    def write(self, text: str) -> int:
        try:
            return self._sink.write(text)
        except OSError:
            return 0

    def flush(self) -> None:
        try:
            self._sink.flush()
        except OSError:
            return


def _sink(settings: DiagnosticsSettings, folder: Folder) -> Any:  # noqa: ANN401 - structlog wants an IO[str]; ours has its two calls
    if settings.to == "file":
        try:
            sink = folder.diagnostics.open("a", encoding="utf-8", buffering=1)
            folder.diagnostics.chmod(0o600)
        except OSError:
            return _Unfailing(sys.stderr)
        return _Unfailing(sink)
    return _Unfailing(sys.stderr)
