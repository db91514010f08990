"""What a path asks of the link that it belongs to."""

from typing import Protocol

from OpenSSL import SSL

from openline.errors import OpenlineError
from openline.link.config import LinkTiming
from openline.link.frames import Frame, FrameClass


class PathHost(Protocol):
    """The link, as its paths see it."""

    @property
    def line(self) -> bytes:
        """The line id."""

    @property
    def own_pin(self) -> bytes:
        """The pin of the own link key."""

    @property
    def peer_pin(self) -> bytes:
        """The pin that the peer must have."""

    @property
    def context(self) -> SSL.Context:
        """For both roles."""

    @property
    def timing(self) -> LinkTiming:
        """Every interval."""

    def now(self) -> float:
        """Milliseconds of the link's clock."""

    def uniform(self) -> float:
        """A random number of [0, 1)."""

    def frame(self, frame_class: FrameClass, body: bytes) -> Frame:
        """Number a frame of the link's own."""

    def hello(self) -> bytes:
        """The body of the current HELLO."""

    def hello_received(self, body: bytes) -> bytes:
        """Have a HELLO judged; return the incarnation or raise OpenlineError."""

    def deliver(self, path: str, incarnation: bytes, frame: Frame) -> None:
        """Take a frame; the link drops copies."""

    def round_trip(self, path: str, trip_ms: float) -> None:
        """Learn of a proved round trip."""

    def connected(self, path: str) -> None:
        """Learn of a usable connection."""

    def offence(self, path: str, error: OpenlineError, data: bytes) -> None:
        """Keep what the peer should not have sent."""
