"""What the desk server must be told, checked once."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openline.errors import ConfigError
from openline.web.catalogue import LANGUAGES
from openline.web.recordings import RecordingSink

SECRET_BYTES_MIN: Final = 32
_POST_NAME: Final = re.compile(r"[a-z0-9-]{1,40}")
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]{1,100}(:[0-9]{1,5})?")
_PORT_MAX: Final = 65535


def system_wall_ms() -> int:
    """The machine's clock, for the expiry of cookies and the stamps of ticks."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskServerConfig:
    """Settings of one post's desk server.

    Attributes:
        port: TCP port on 127.0.0.1 and ::1; 0 takes a free one.
        secret: at least 32 random bytes that sign the cookies of desks; kept beside the post's
            keys, so that a desk stays signed in when the post restarts.
        post_name: tells the cookies of several posts on one machine apart (cookies ignore
            ports); lower case letters, digits and ``-``.
        frame_ancestors: origins that may frame the page and drive it (the demonstration only).
        sample: a recorded voice that may stand in for the microphone (the demonstration only).
        language: language of the page until an officer chooses, and of refusals.
        phrases: folder of the side's own recordings of the agreed phrases.
        recordings: takes what the media page recorded; None refuses it.
        wall_ms: the clock.
    """

    port: int
    secret: bytes
    post_name: str
    frame_ancestors: tuple[str, ...] = ()
    sample: Path | None = None
    language: str = "en"
    phrases: Path | None = None
    recordings: RecordingSink | None = None
    wall_ms: Callable[[], int] = system_wall_ms

    def __post_init__(self) -> None:
        """Refuse what cannot be used.

        Raises:
            ConfigError: ``web.config``.
        """
        if not 0 <= self.port <= _PORT_MAX:
            raise ConfigError("web.config", "port")
        if len(self.secret) < SECRET_BYTES_MIN:
            raise ConfigError("web.config", "secret is shorter than 32 bytes")
        if not _POST_NAME.fullmatch(self.post_name):
            raise ConfigError("web.config", "post_name")
        if any(not _ORIGIN.fullmatch(origin) for origin in self.frame_ancestors):
            raise ConfigError("web.config", "frame_ancestors")
        if self.language not in LANGUAGES:
            raise ConfigError("web.config", "language")

    @property
    def cookie_name(self) -> str:
        """Name of this post's cookie."""
        return f"openline-desk-{self.post_name}"
