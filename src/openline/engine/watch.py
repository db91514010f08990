"""Whether a desk is manned: ours as we know it, the peer's by its own word (spec/call, section 1).

What crosses is the lesser of what both cards want: nothing; attended yes or no; the watch code; the
name. Nothing else about a desk ever does.
"""

from dataclasses import dataclass
from typing import Final

from openline.engine.context import Context
from openline.engine.desk import AudioReport, WatchView
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
        self._peer: dict[str, Value] | None = None

    # --- own desks -----------------------------------------------------------------------------

    def opened(self, desk: bytes, now: Now) -> None:
        """A desk is there."""
        if len(self._desks) < DESKS_MAX:
            self._desks[desk] = _Desk(now.mono_ms)

    def closed(self, desk: bytes) -> None:
        """A desk is gone."""
        self._desks.pop(desk, None)

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

    def hearing(self) -> tuple[bytes, ...]:
        """Desks whose audio runs and is connected to the far desk, in the order they came."""
        return tuple(
            name
            for name, desk in self._desks.items()
            if desk.report is not None
            and desk.report.connection == "connected"
            and desk.report.context == "running"
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
