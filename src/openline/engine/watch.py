"""Whether a desk is manned: ours as we know it, the peer's by its own word (spec/call, section 1).

What crosses is the lesser of what both cards want: nothing; attended yes or no; the watch code; the
name. Nothing else about a desk ever does.
"""

from dataclasses import dataclass, replace
from typing import Final

from openline.engine.context import Context
from openline.engine.desk import DEFAULT_SEAT, AudioReport, Seat, WatchView
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
    """One desk.

    Attributes:
        locked: nobody is signed in: it hears and does nothing else.
        silent: its page does not answer now; its seat and its lock stay until it is closed.
    """

    heard_ms: int
    seat: Seat = DEFAULT_SEAT
    report: AudioReport | None = None
    locked: bool = False
    silent: bool = False


class Watch:
    """The desks of this post, and the peer's word about its own."""

    def __init__(self, ctx: Context) -> None:
        """No desk, no word."""
        self._ctx = ctx
        self._desks: dict[bytes, _Desk] = {}
        self._peer: dict[str, Value] | None = None

    # --- own desks -----------------------------------------------------------------------------

    def opened(
        self, desk: bytes, now: Now, seat: Seat = DEFAULT_SEAT, *, locked: bool = False
    ) -> None:
        """A desk is there."""
        if self._room():
            self._desks[desk] = _Desk(now.mono_ms, seat, locked=locked)

    def _room(self) -> bool:
        """Whether one more desk may come; those that fell silent give way."""
        if len(self._desks) >= DESKS_MAX:
            silent = [name for name, desk in self._desks.items() if desk.silent]
            for name in silent:
                del self._desks[name]
        return len(self._desks) < DESKS_MAX

    def closed(self, desk: bytes) -> None:
        """A desk is gone."""
        self._desks.pop(desk, None)

    def alive(self, desk: bytes, report: AudioReport, now: Now) -> None:
        """A desk answers."""
        known = self._desks.get(desk)
        if known is not None:
            known.heard_ms, known.report, known.silent = now.mono_ms, report, False
        elif self._room():
            self._desks[desk] = _Desk(now.mono_ms, report=report)

    def lock(self, desk: bytes) -> None:
        """Nobody is signed in there any more."""
        if desk in self._desks:
            self._desks[desk].locked = True

    def unlock(self, desk: bytes, officer: str) -> None:
        """This officer signed in there."""
        known = self._desks.get(desk)
        if known is not None:
            known.locked = False
            known.seat = replace(known.seat, officer=officer)

    def tick(self, now: Now) -> list[bytes]:
        """Count out the desks that were silent too long; returns them."""
        limit = now.mono_ms - self._ctx.settings.desk_silent_ms
        silent = [
            name for name, desk in self._desks.items() if not desk.silent and desk.heard_ms < limit
        ]
        for name in silent:
            self._desks[name].silent = True
            self._desks[name].report = None
        return silent

    @property
    def present(self) -> bool:
        """At least one desk is there, locked or not."""
        return any(not desk.silent for desk in self._desks.values())

    @property
    def attended(self) -> bool:
        """At an answering desk an officer is signed in."""
        return any(not (desk.silent or desk.locked) for desk in self._desks.values())

    def has(self, desk: bytes) -> bool:
        """That desk is there, and an officer is signed in at it."""
        known = self._desks.get(desk)
        return known is not None and not (known.silent or known.locked)

    def locked(self, desk: bytes) -> bool:
        """Nobody is signed in at that desk."""
        known = self._desks.get(desk)
        return known is not None and known.locked

    def officer_of(self, desk: bytes | None) -> str:
        """Watch code of the officer at that desk; by default the post's own."""
        known = None if desk is None else self._desks.get(desk)
        said = "" if known is None else known.seat.officer
        return said or self._ctx.settings.officer

    @property
    def on_watch(self) -> str:
        """Watch code of the officer at the first attended principal desk, or ""."""
        seats = [
            desk.seat
            for desk in self._desks.values()
            if desk.seat.role == "principal" and not (desk.silent or desk.locked)
        ]
        first = min(seats, key=lambda seat: seat.slot, default=None)
        return "" if first is None else first.officer or self._ctx.settings.officer

    @property
    def connected(self) -> bool:
        """The audio of one desk is connected to the far desk."""
        return any(
            desk.report is not None and desk.report.connection == "connected"
            for desk in self._desks.values()
        )

    def own_view(self) -> WatchView:
        """Our own watch."""
        code = self.on_watch
        name = self._ctx.settings.officer_names.get(code)
        return WatchView(attended=self.attended, code=code or None, name=name or None)

    def presence(self) -> Value:
        """The payload of our presence object, or None when nothing may cross."""
        level, code = self._ctx.genesis.disclosure, self.on_watch
        if level < DISCLOSURE_ATTENDED:
            return None
        said: dict[str, Value] = {"attended": self.attended}
        name = self._ctx.settings.officer_names.get(code, "")
        if code and level >= DISCLOSURE_CODE:
            said["code"] = code
        if code and name and level >= DISCLOSURE_NAME:
            said["name"] = name
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
        code, name = self._peer.get("code"), self._peer.get("name")
        level = self._ctx.genesis.disclosure
        return WatchView(
            attended=attended if isinstance(attended, bool) else None,
            code=code if level >= DISCLOSURE_CODE and isinstance(code, str) else None,
            name=name if level >= DISCLOSURE_NAME and isinstance(name, str) else None,
        )
