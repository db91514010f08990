"""The link: every frame on every live path, the first copy wins. spec/link section 6."""

import asyncio
import time
from collections import Counter, deque
from dataclasses import replace
from typing import Final

import structlog

from openline.errors import ConfigError, LocalProtocolError, OpenlineError
from openline.link.address import interface_addresses
from openline.link.config import (
    LinkConfig,
    LinkHandler,
    LinkStatus,
    MediaCounts,
    Offence,
)
from openline.link.frames import (
    KNOWN,
    LINKS_OWN,
    STREAM_BODY_MAX,
    STREAM_ONLY,
    Frame,
    FrameClass,
    datagram_plaintexts,
    encode_record,
)
from openline.link.losses import MediaByPath
from openline.link.path import Path
from openline.link.tls import make_context, spki_pin
from openline.link.window import FrameWindows, Verdict

INCARNATION_SIZE: Final = 16
OFFENCES_MAX: Final = 16
OFFENCE_BYTES_MAX: Final = 1024
_CLOCK: Final[int] = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_WARNINGS_EVERY_MS: Final = 10_000

_diagnostics = structlog.get_logger("openline.link")


def boot_clock_ms() -> float:
    """Milliseconds of a monotonic clock that goes on while the machine sleeps."""
    return time.clock_gettime(_CLOCK) * 1000.0


class Link:
    """The authenticated connection to the peer's post over all paths.

    One object lives as long as one incarnation of the post: sequences start at
    1 with it. Call everything on the event loop that runs `run`.
    """

    def __init__(self, config: LinkConfig, handler: LinkHandler) -> None:
        """Check the configuration and the TLS library; nothing is bound yet.

        Raises:
            ConfigError: ``link.config``, ``link.address`` or ``link.openssl``.
        """
        config.check()
        self._config: Final = config
        self._handler: Final = handler
        self.line, self.peer_pin, self.timing = config.line, config.peer_pin, config.timing
        self.own_pin: Final = spki_pin(config.key.public_key())
        if self.own_pin == self.peer_pin:
            raise ConfigError("link.config", "the peer's key is our own")
        self.context: Final = make_context(config.key, config.certificate, config.peer_pin)
        self._began_ms: Final = boot_clock_ms()
        self._sequences: Counter[int] = Counter()
        self._windows: Final = FrameWindows()
        self._incarnation = b""
        self._media: Counter[str] = Counter()
        self._media_first = 0
        self._media_highest = 0
        self._media_by_path: Final = MediaByPath()
        self._unknown_frames = 0
        self._offences: deque[Offence] = deque(maxlen=OFFENCES_MAX)
        self._warnings: dict[str, tuple[str, ...]] = {}
        self._warnings_at_ms = 0.0
        self._paths: Final = [Path(self, item) for item in config.paths]

    async def run(self) -> None:
        """Keep all paths going until cancelled; a path that fails is tried again for ever."""
        async with asyncio.TaskGroup() as tasks:
            for path in self._paths:
                tasks.create_task(path.run(tasks))
            loop = asyncio.get_running_loop()
            due = loop.time()
            while True:
                for path in self._paths:
                    path.tick()
                due += self.timing.heartbeat_ms / 1000
                if due <= loop.time():  # a late tick is not made up for
                    due = loop.time() + self.timing.heartbeat_ms / 1000
                await asyncio.sleep(due - loop.time())

    def send(
        self, frame_class: int, body: bytes, *, datagram: bool = True, stream: bool = True
    ) -> int:
        """Send one frame on every live path; with no path it is gone, not queued.

        Args:
            frame_class: one that is not the link's own (`frames.LINKS_OWN`).
            body: opaque; at most 131063 bytes, by datagram alone at most 4756.
            datagram: as packets, if it fits and the class allows it.
            stream: on the TLS streams (MEDIA: only where UDP is not proved).

        Returns:
            The sequence of the frame in its class, from 1.

        Raises:
            LocalProtocolError: ``link.class`` or ``link.size``.
        """
        if frame_class in LINKS_OWN or frame_class not in KNOWN:
            raise LocalProtocolError("link.class", f"class {frame_class}")
        if len(body) > STREAM_BODY_MAX:
            raise LocalProtocolError("link.size", f"body of {len(body)} bytes")
        frame = Frame(frame_class, self._sequences[frame_class] + 1, body)
        allowed = datagram and frame_class not in STREAM_ONLY
        plaintexts = datagram_plaintexts(frame) if allowed else []
        if not stream and not plaintexts:
            raise LocalProtocolError("link.size", f"{len(body)} bytes, no stream")
        self._sequences[frame_class] += 1
        record = encode_record(frame) if stream else b""
        for path in self._paths:
            path.send(frame, record, plaintexts)
        return frame.sequence

    def send_media(self, body: bytes) -> None:
        """Send one MEDIA frame: by UDP, and by stream where UDP is not proved."""
        self._media["sent"] += 1
        self.send(FrameClass.MEDIA, body)

    def refresh_hello(self) -> None:
        """Send the current HELLO on every open connection."""
        for path in self._paths:
            path.refresh_hello()

    def backlog(self) -> int | None:
        """Unsent bytes of the stream that has the fewest, over all paths.

        Who sends much paces itself by it: a stream with more than 4 MiB unsent is
        closed. None if no stream is open.
        """
        found = [item for path in self._paths if (item := path.backlog()) is not None]
        return min(found, default=None)

    def status(self) -> LinkStatus:
        """Say how the link stands, as its own probes show it."""
        now = self.now()
        if now - self._warnings_at_ms > _WARNINGS_EVERY_MS or not self._warnings:
            self._warnings, self._warnings_at_ms = self._find_warnings(), now
        paths = tuple(
            replace(
                path.status(self._warnings.get(path.name, ())),
                media_loss=self._media_by_path.loss(path.name, now),
            )
            for path in self._paths
        )
        ages = [item.round_trip_age_ms for item in paths if item.round_trip_age_ms is not None]
        span = self._media_highest - self._media_first + 1 if self._media_highest else 0
        media = MediaCounts(
            sent=self._media["sent"],
            received=self._media["received"],
            lost=max(0, span - self._media["received"]),
            duplicate=self._media["duplicate"],
            late=self._media["late"],
            stream_dropped=sum(path.media_dropped for path in self._paths),
        )
        return LinkStatus(
            paths=paths,
            media=media,
            round_trip_age_ms=min(ages, default=None),
            packets_refused=sum(path.packets_refused for path in self._paths),
            connects_refused=sum(path.admission.refused for path in self._paths),
            unknown_frames=self._unknown_frames,
            offences=tuple(self._offences),
        )

    def _find_warnings(self) -> dict[str, tuple[str, ...]]:
        """Find paths that are not two routes."""
        interfaces = interface_addresses()
        places: dict[str, object] = {}
        for item in self._config.paths:
            own = item.bind_address()
            places[item.name] = "any" if own.is_any() else interfaces.get(own.host, own.host)
        counts = Counter(places.values())
        return {
            name: ("link.shared-interface",) if counts[place] > 1 else ()
            for name, place in places.items()
        }

    # -- what the paths ask and tell (see PathHost)

    def now(self) -> float:
        """Milliseconds since this link was made, plus 1: never 0 on the wire."""
        return boot_clock_ms() - self._began_ms + 1.0

    def uniform(self) -> float:
        """A random number of [0, 1)."""
        return self._config.uniform()

    def frame(self, frame_class: FrameClass, body: bytes) -> Frame:
        """Number a frame of the link's own."""
        self._sequences[frame_class] += 1
        return Frame(frame_class, self._sequences[frame_class], body)

    def hello(self) -> bytes:
        """The body of the current HELLO."""
        return self._handler.hello()

    def hello_received(self, body: bytes) -> bytes:
        """Have a HELLO judged by the handler."""
        incarnation = self._handler.hello_received(body)
        if len(incarnation) != INCARNATION_SIZE:
            raise LocalProtocolError("link.incarnation", "not 16 bytes")
        return incarnation

    def connected(self, path: str) -> None:
        """Pass on that a connection became usable."""
        self._handler.connected(path)

    def round_trip(self, path: str, trip_ms: float) -> None:
        """Pass on a proved round trip."""
        self._handler.round_trip(path, trip_ms)

    def offence(self, path: str, error: OpenlineError, data: bytes) -> None:
        """Keep, bounded, what the authenticated peer should not have sent."""
        self._offences.append(Offence(path=path, code=error.code, data=data[:OFFENCE_BYTES_MAX]))

    def deliver(self, path: str, incarnation: bytes, frame: Frame) -> None:
        """Pass a frame up if it is the first copy."""
        if frame.frame_class not in KNOWN:
            self._unknown_frames += 1
            return
        verdict = self._windows.take(incarnation, frame.frame_class, frame.sequence)
        media = frame.frame_class == FrameClass.MEDIA
        if media:
            self._count_media(incarnation, frame.sequence, verdict)
            self._media_by_path.take(path, incarnation, frame.sequence, self.now())
        if verdict is Verdict.DUPLICATE or (media and verdict is Verdict.OLD):
            return
        try:
            if media:
                self._handler.media_received(frame.sequence, frame.body)
            else:
                self._handler.frame_received(frame.frame_class, frame.sequence, frame.body)
        except OpenlineError as error:
            _diagnostics.warning(
                "frame refused", path=path, frame_class=frame.frame_class, code=error.code
            )
            self.offence(path, error, frame.body)

    def _count_media(self, incarnation: bytes, sequence: int, verdict: Verdict) -> None:
        if incarnation != self._incarnation:
            self._incarnation, self._media_highest = incarnation, 0
            self._media["received"] = self._media["duplicate"] = self._media["late"] = 0
        if verdict is Verdict.DUPLICATE:
            self._media["duplicate"] += 1
        elif verdict is Verdict.OLD:
            self._media["late"] += 1
        else:
            if self._media_highest == 0:
                self._media_first = sequence
            self._media_first = min(self._media_first, sequence)
            self._media_highest = max(self._media_highest, sequence)
            self._media["received"] += 1
