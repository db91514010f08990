"""Whether a desk is manned and hears: ours as we know it, the peer's by its own word (spec/call 1).

A desk is **present** while its page answers, and **attended** only while that page also says that
it can hear: its sound runs and its loudspeaker was proven. A page that answers and cannot hear is a
deaf desk: texts are shown there, and no voice counts as sounded there. At a **locked** desk nobody
is signed in: it hears, it is not attended, and nothing is shown or done there.

What crosses is the lesser of what both cards want: nothing; attended and whether it hears; the
watch code; the name. Nothing else about a desk ever does, least of all why it is deaf.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from openline.engine.context import Context
from openline.engine.desk import FIRST_SEAT, AudioReport, DeskView, Figures, Seat, WatchView
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
SEATS_MAX: Final = 128
DEAF_AFTER_MS: Final = 3_000
"""A page that just opened, or whose sound stopped for a moment, is no alarm yet."""

FIGURES_MS_MAX: Final = 5_000
"""Figures come once a second; older ones are not shown."""

FAR_DESKS_MAX: Final = 6
_FIELDS: Final = frozenset({"attended", "hears", "code", "name"})


@dataclass(slots=True)
class _Desk:
    heard_ms: int
    deaf_since_ms: int
    report: AudioReport | None = None
    silent: bool = False
    figures: dict[int, tuple[Figures, int]] = field(default_factory=dict)

    @property
    def hears(self) -> bool:
        return not self.silent and self.report is not None and self.report.hears

    @property
    def why(self) -> str:
        """Why it cannot hear."""
        if self.silent:
            return "no_answer"
        return (self.report.deaf if self.report else "") or "unproven"


class Watch:
    """The desks of this post, and the peer's word about its own."""

    def __init__(self, ctx: Context) -> None:
        """No desk, no word."""
        self._ctx = ctx
        self._desks: dict[bytes, _Desk] = {}
        self._seats: dict[bytes, Seat] = {}
        """Also of desks that fell silent: one that comes back may do no more than before."""
        self._locked: set[bytes] = set()
        """Also of desks that fell silent, until they are closed."""
        self._private: set[bytes] = set()
        self._peer: dict[str, Value] | None = None

    # --- own desks -----------------------------------------------------------------------------

    def opened(
        self, desk: bytes, now: Now, seat: Seat = FIRST_SEAT, *, locked: bool = False
    ) -> None:
        """A desk is there; ``locked``: without an officer."""
        if locked:
            self._locked.add(desk)
        self._make_room()
        if len(self._desks) < DESKS_MAX:
            self._desks[desk] = _Desk(now.mono_ms, now.mono_ms)
            self.reseat(desk, seat)

    def reseat(self, desk: bytes, seat: Seat) -> None:
        """That desk sits there now."""
        self._seats[desk] = seat
        silent = [name for name in self._seats if name not in self._desks]
        for name in silent[: max(0, len(self._seats) - SEATS_MAX)]:
            del self._seats[name]

    def closed(self, desk: bytes) -> None:
        """A desk is gone."""
        self._desks.pop(desk, None)
        self._seats.pop(desk, None)
        self._locked.discard(desk)
        self._private.discard(desk)

    def lock(self, desk: bytes) -> None:
        """Nobody is signed in there any more."""
        self._locked.add(desk)
        self._private.discard(desk)

    def unlock(self, desk: bytes, officer: str) -> None:
        """This officer signed in there."""
        self._locked.discard(desk)
        self.reseat(desk, replace(self.seat(desk), officer=officer))

    def private(self, desk: bytes, *, on: bool) -> None:
        """A desk speaks to its own side alone, or ceases to."""
        if on and desk in self._desks:
            self._private.add(desk)
        else:
            self._private.discard(desk)

    def alive(self, desk: bytes, report: AudioReport, now: Now) -> None:
        """A desk answers."""
        if desk not in self._desks:
            self.opened(desk, now, self.seat(desk))
        known = self._desks.get(desk)
        if known is None:
            return
        heard_before = known.hears
        known.heard_ms, known.silent, known.report = now.mono_ms, False, report
        if heard_before and not report.hears:
            known.deaf_since_ms = now.mono_ms

    def measured(self, desk: bytes, figures: Figures, now: Now) -> None:
        """How speech arrives there, by its page's word."""
        known = self._desks.get(desk)
        if known is not None and 0 <= figures.pair_slot < FAR_DESKS_MAX:
            known.figures[figures.pair_slot] = (replace(figures, desk=desk.hex()), now.mono_ms)

    def figures(self, now: Now) -> tuple[Figures, ...]:
        """What is young enough to be shown, of every desk."""
        return tuple(
            replace(figures, age_ms=max(0, now.mono_ms - said_ms))
            for desk in self._desks.values()
            for _, (figures, said_ms) in sorted(desk.figures.items())
            if now.mono_ms - said_ms <= FIGURES_MS_MAX
        )

    def tick(self, now: Now) -> list[bytes]:
        """Note desks whose page stopped answering; returns them.

        They stay known until they are closed: a page that froze is still on somebody's screen.
        """
        limit = now.mono_ms - self._ctx.settings.desk_silent_ms
        silent = [
            name
            for name, desk in self._desks.items()
            if not desk.silent and desk.heard_ms < limit
        ]  # fmt: skip
        for name in silent:
            desk = self._desks[name]
            desk.silent = True
            self._private.discard(name)
            desk.deaf_since_ms = now.mono_ms - DEAF_AFTER_MS
        return silent

    def _make_room(self) -> None:
        """Desks that answer come before those that do not."""
        if len(self._desks) >= DESKS_MAX:
            silent = next((name for name, desk in self._desks.items() if desk.silent), None)
            if silent is not None:
                del self._desks[silent]

    @property
    def present(self) -> bool:
        """At least one page answers: a text stands before somebody's eyes."""
        return any(not desk.silent for desk in self._desks.values())

    @property
    def attended(self) -> bool:
        """At least one page answers, can hear, and has an officer."""
        return any(desk.hears for _, desk in self._manned())

    @property
    def manned(self) -> bool:
        """At least one page that answers has an officer."""
        return any(not desk.silent for _, desk in self._manned())

    def _manned(self) -> list[tuple[bytes, _Desk]]:
        """The desks at which somebody is signed in."""
        return [(name, desk) for name, desk in self._desks.items() if name not in self._locked]

    def has(self, desk: bytes) -> bool:
        """That desk's page answers, and an officer is signed in at it."""
        known = self._desks.get(desk)
        return known is not None and not known.silent and desk not in self._locked

    def hears(self, desk: bytes) -> bool:
        """That desk's page answers and can hear, and an officer is signed in at it."""
        known = self._desks.get(desk)
        return known is not None and known.hears and desk not in self._locked

    def locked(self, desk: bytes) -> bool:
        """Nobody is signed in at that desk."""
        return desk in self._locked

    def officer_of(self, desk: bytes | None) -> str:
        """Watch code of the officer at that desk; by default the post's own."""
        said = "" if desk is None else self.seat(desk).officer
        return said or self._ctx.settings.officer

    @property
    def on_watch(self) -> str:
        """Watch code of the officer at the first attended principal desk, or ""."""
        seats = [self.seat(name) for name, desk in self._manned() if desk.hears]
        principals = [seat for seat in seats if seat.role == "principal"]
        first = min(principals, key=lambda seat: seat.slot, default=None)
        return "" if first is None else first.officer or self._ctx.settings.officer

    def deaf(self, now: Now) -> dict[str, str | int] | None:
        """Facts of the alarm: desks that have been deaf for a while; None if there are none."""
        deaf = [
            desk
            for desk in self._desks.values()
            if not desk.hears and now.mono_ms - desk.deaf_since_ms >= DEAF_AFTER_MS
        ]
        if not deaf:
            return None
        first = min(deaf, key=lambda desk: desk.deaf_since_ms)
        return {"reason": first.why, "desks": len(deaf)}

    def seat(self, desk: bytes) -> Seat:
        """Where that desk sits."""
        return self._seats.get(desk, FIRST_SEAT)

    def desk_views(self, talkers: tuple[bytes, ...]) -> tuple[DeskView, ...]:
        """All own desks; ``talkers`` speak to the far side."""
        views = []
        for name, desk in self._desks.items():
            seat, report = self.seat(name), desk.report
            views.append(
                DeskView(
                    desk=name.hex(),
                    slot=seat.slot,
                    role=seat.role,
                    officer=seat.officer or self._ctx.settings.officer,
                    mic="COLD" if report is None else report.mic,
                    talking=name in talkers,
                    private=name in self._private
                    or (report is not None and report.mic == "PRIVATE"),
                    hears=desk.hears,
                )
            )
        return tuple(sorted(views, key=_by_slot))

    @property
    def connected(self) -> bool:
        """The audio of one desk is connected to the far desk."""
        return any(
            not desk.silent and desk.report is not None and desk.report.connection == "connected"
            for desk in self._desks.values()
        )

    def hearing(self) -> tuple[bytes, ...]:
        """Desks proven to hear, whose audio is connected to a far desk, in the order they came."""
        return tuple(
            name
            for name, desk in self._desks.items()
            if desk.hears
            and desk.report is not None
            and desk.report.connection == "connected"
            and desk.report.context == "running"
        )

    def own_view(self) -> WatchView:
        """Our own watch."""
        code = self.on_watch
        name = self._ctx.settings.officer_names.get(code) or None
        hears = self.attended if self.manned else None
        return WatchView(attended=self.attended, code=code or None, name=name, hears=hears)

    def presence(self) -> Value:
        """The payload of our presence object, or None when nothing may cross."""
        level, code = self._ctx.genesis.disclosure, self.on_watch
        if level < DISCLOSURE_ATTENDED:
            return None
        said: dict[str, Value] = {"attended": self.attended}
        if self.manned:  # a locked desk hears: to call it deaf would be untrue
            said["hears"] = self.attended
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
        attended = as_bool(said["attended"])
        if "hears" in said and as_bool(said["hears"]) is not attended:
            raise PeerProtocolError("protocol.presence", "attended and deaf at once")
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
        attended, hears = self._peer.get("attended"), self._peer.get("hears")
        code, name = self._peer.get("code"), self._peer.get("name")
        level = self._ctx.genesis.disclosure
        return WatchView(
            attended=attended if isinstance(attended, bool) else None,
            code=code if level >= DISCLOSURE_CODE and isinstance(code, str) else None,
            name=name if level >= DISCLOSURE_NAME and isinstance(name, str) else None,
            hears=hears if isinstance(hears, bool) else None,
        )


def _by_slot(view: DeskView) -> tuple[int, str]:
    return view.slot, view.desk
