"""The link: TLS 1.3 over TCP and keyed UDP, every frame on every path."""

from openline.link.config import (
    LinkConfig,
    LinkHandler,
    LinkStatus,
    LinkTiming,
    MediaCounts,
    Offence,
    PathConfig,
    PathStatus,
)
from openline.link.frames import FrameClass
from openline.link.link import Link
from openline.link.tls import make_certificate, spki_pin

__all__ = [
    "FrameClass",
    "Link",
    "LinkConfig",
    "LinkHandler",
    "LinkStatus",
    "LinkTiming",
    "MediaCounts",
    "Offence",
    "PathConfig",
    "PathStatus",
    "make_certificate",
    "spki_pin",
]
