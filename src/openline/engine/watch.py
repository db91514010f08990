"""Whether a desk is manned: ours as we know it, the peer's by its own word (spec/call, section 1).

What crosses is the lesser of what both cards want: nothing; attended yes or no; the watch code; the
name. Nothing else about a desk ever does.
"""

from dataclasses import dataclass
from typing import Final

from openline.engine.context import Context
from openline.engine.desk import AudioReport, DeskView, Seat, WatchView
from openline.errors import PeerProtocolError
from openline.protocol.clock import Now
from openline.protocol.delivery import (
    DISCLOSURE_ATTENDED,
    DISCLOSURE_CODE,
    DISCLOSURE_NAME,
)
from openline.record.cbor import Value, as_bool, as_map, as_text
from openline.record.limits import NAME_CHARACTERS_MAX, WATCH_CODE_CHARACTERS_MAX

DESKS_MAX: Final = 64
_FIELDS: Final = frozenset({"attended", "code", "name"})


@dataclass(slots=True)
class _Desk:
    heard_ms: int
    report: AudioReport | None = None


class Watch:
    """The desks of this post, and the peer's word about its own."""

    def __init__(self, ctx: Context) -> None:
        """No desk, no word."""
        self._ctx = ctx
        self._desks: dict[bytes, _Desk] = {}
        self._seats: dict[bytes, Seat] = {}
        self._private: set[bytes] = set()
        self._peer: dict[str, Value] | None = None

    # --- own desks -----------------------------------------------------------------------------

    def opened(self, desk: bytes, now: Now, seat: Seat) -> None:
        """A desk is there."""
        if len(self._desks) < DESKS_MAX and len(self._seats) < DESKS_MAX:
            self._desks[desk] = _Desk(now.mono_ms)
            self._seats[desk] = seat

    def closed(self, desk: bytes) -> None:
        """A desk is gone."""
        self._desks.pop(desk, None)
        self._seats.pop(desk, None)
        self._private.discard(desk)

    def reseat(self, desk: bytes, seat: Seat) -> None:
        """A desk has another role."""
        if desk in self._seats:
            self._seats[desk] = seat

    def seat(self, desk: bytes) -> Seat | None:
        """Where a desk sits; None for one that is not there."""
        return self._seats.get(desk)

    def private(self, desk: bytes, *, on: bool) -> None:
        """A desk speaks to its own side alone, or ceases to."""
        if on and desk in self._desks:
            self._private.add(desk)
        else:
            self._private.discard(desk)

    def desk_views(self, talker: bytes | None) -> tuple[DeskView, ...]:
        """The own desks by seat, for the own desks alone."""
        views = []
        for name, seat in sorted(self._seats.items(), key=lambda item: (item[1].slot, item[0])):
            desk = self._desks.get(name)
            report = desk.report if desk is not None else None
            mic = report.mic if report is not None else "COLD"
            views.append(
                DeskView(
                    desk=name.hex(),
                    slot=seat.slot,
                    role=seat.role,
                    officer=seat.officer or self._ctx.settings.officer,
                    mic=mic,
                    talking=name == talker,
                    private=name in self._private or mic == "PRIVATE",
                    hears=report is not None and report.context == "running",
                )
            )
        return tuple(views)

    def alive(self, desk: bytes, report: AudioReport, now: Now) -> None:
        """A desk answers."""
        if desk in self._desks or len(self._desks) < DESKS_MAX:
            self._desks[desk] = _Desk(now.mono_ms, report)

    def tick(self, now: Now) -> list[bytes]:
        """Forget desks that were silent too long; returns them."""
        limit = now.mono_ms - self._ctx.settings.desk_silent_ms
        silent = [name for name, desk in self._desks.items() if desk.heard_ms < limit]
        for name in silent:
            del self._desks[name]
            self._private.discard(name)
        return silent

    @property
    def attended(self) -> bool:
        """At least one desk is there."""
        return bool(self._desks)

    def has(self, desk: bytes) -> bool:
        """That desk is there."""
        return desk in self._desks

    @property
    def connected(self) -> bool:
        """The audio of one desk is connected to the far desk."""
        return any(
            desk.report is not None and desk.report.connection == "connected"
            for desk in self._desks.values()
        )

    def own_view(self) -> WatchView:
        """Our own watch."""
        settings = self._ctx.settings
        code = settings.officer if self.attended else None
        return WatchView(attended=self.attended, code=code)

    def presence(self) -> Value:
        """The payload of our presence object, or None when nothing may cross."""
        level, settings = self._ctx.genesis.disclosure, self._ctx.settings
        if level < DISCLOSURE_ATTENDED:
            return None
        said: dict[str, Value] = {"attended": self.attended}
        if self.attended and level >= DISCLOSURE_CODE:
            said["code"] = settings.officer
        if self.attended and level >= DISCLOSURE_NAME and settings.officer_name:
            said["name"] = settings.officer_name
        return said

    # --- the peer's word -----------------------------------------------------------------------

    def peer_says(self, payload: Value) -> None:
        """The peer's presence object.

        Raises:
            OpenlineError: ``protocol.presence`` or ``record.encoding``; nothing changed.
        """
        said = as_map(payload, len(_FIELDS))
        level = self._ctx.genesis.disclosure
        if level < DISCLOSURE_ATTENDED or said.keys() - _FIELDS or "attended" not in said:
            raise PeerProtocolError("protocol.presence", "says more or less than was agreed")
        as_bool(said["attended"])
        if "code" in said:
            as_text(said["code"], WATCH_CODE_CHARACTERS_MAX)
        if "name" in said:
            as_text(said["name"], NAME_CHARACTERS_MAX)
        self._peer = said

    def peer_restarted(self) -> None:
        """Its word was that of an earlier start."""
        self._peer = None

    def peer_view(self, *, contact: bool) -> WatchView:
        """The peer's watch; not known without contact."""
        if self._peer is None or not contact:
            return WatchView(attended=None, code=None)
        attended = self._peer.get("attended")
        code = self._peer.get("code")
        disclosed = self._ctx.genesis.disclosure >= DISCLOSURE_CODE and isinstance(code, str)
        return WatchView(
            attended=attended if isinstance(attended, bool) else None,
            code=code if disclosed and isinstance(code, str) else None,
        )
