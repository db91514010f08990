"""One post's decisions: what comes in moves the parts, what goes out is drained as commands.

The facade that the app and the simulation drive. It parses nothing and decides little itself: the
record's side is :mod:`openline.engine.record_side`, calls and watch stand beside it, and a fault in
one of them leaves the others going.
"""

from dataclasses import replace
from typing import Final

from openline.engine import alarms
from openline.engine.alarms import Alarms
from openline.engine.call_acts import CallActs
from openline.engine.calls import Calls
from openline.engine.checks import Checks
from openline.engine.context import Context
from openline.engine.desk import (
    FIRST_SEAT,
    AudioReport,
    Figures,
    PathView,
    PostView,
    Seat,
    StopTalking,
    TimelineItem,
    ViewChanged,
)
from openline.engine.exchanges import Exchanges
from openline.engine.officers import Officers
from openline.engine.ports import (
    Command,
    FarLegsChanged,
    PostSettings,
    Randomness,
    Signer,
    StoredEntry,
    StoredState,
)
from openline.engine.record_side import RecordSide
from openline.engine.spoken import Spoken
from openline.engine.view import make_view
from openline.engine.watch import Watch
from openline.errors import OpenlineError, PeerProtocolError
from openline.protocol import control
from openline.protocol.clock import Now
from openline.protocol.control import ControlIn, ControlOut
from openline.protocol.frames import FrameClass
from openline.protocol.liveness import LinkState, Liveness
from openline.protocol.words import WordList
from openline.record.card import Card
from openline.record.cbor import Value, decode, encode
from openline.record.genesis import parse_genesis
from openline.record.limits import INCARNATION_SIZE

LEGS_BYTES_MAX: Final = 2_048
CONTROL_AGAIN_MS: Final = 2_000
"""What stands is said again, whatever became of the frame that said it first."""


class Post(CallActs):
    """A running post; see the module. Every call returns at once."""

    def __init__(  # noqa: PLR0913 - the facade's agreed signature
        self,
        *,
        card_own: Card,
        card_peer: Card,
        state: StoredState,
        signer: Signer,
        random: Randomness,
        settings: PostSettings,
        now: Now,
        words: WordList | None = None,
    ) -> None:
        """Start from what the disk holds; ``words`` is the list that the folder holds.

        Raises:
            OpenlineError: the cards or the stored record do not hold together.
        """
        genesis = parse_genesis(state.genesis)
        own = genesis.party_of(card_own)
        genesis.party_of(card_peer)
        self._ctx = ctx = Context(
            genesis, own, signer, random, settings, incarnation=random(INCARNATION_SIZE)
        )
        self._alarms = Alarms()
        self._record = RecordSide(ctx, self._alarms, state, now)
        self._out, self._in = ControlOut(ctx.incarnation), ControlIn()
        self.officers: Final = Officers(ctx, self._record)
        self._live = Liveness()
        self._watch = Watch(ctx)
        self._calls = Calls(
            ctx, self._out, self._record.keeper, self._watch, self._alarms, state.meta, now
        )
        parts = (self._watch, self._calls, self._alarms)
        self.checks = Checks(ctx, self._out, self._record.keeper, parts, state, words, now)
        self.spoken = Spoken(ctx, self._out, self._record, self._calls, (state.meta, now))
        """Phrases, declarations and recordings."""
        self._exchanges = Exchanges(ctx, self._record, state.meta)
        self._paths: tuple[PathView, ...] = ()
        self._tls_group: str | None = None
        self._far_legs: bytes | None = None
        self._far_desk = False
        self._started_ms = now.mono_ms
        self._said_ms = now.mono_ms

    # --- shell ---------------------------------------------------------------------------------

    def drain(self) -> list[Command]:
        """Commands since the last call, in the order in which they must be carried out."""
        commands, self._ctx.out = self._ctx.out, []
        return commands

    def tick(self, now: Now) -> None:
        """Let time pass; every 50 ms."""
        before = self._live.state
        link_down = self._live.tick(now) is LinkState.DOWN
        self._link_moved(before, self._live.state, now)
        silent = self._watch.tick(now)
        for desk in silent:
            self.spoken.desk_closed(desk, now)
        if silent:
            self._ctx.desks(ViewChanged())
        self._look_for_the_deaf(now)
        if self._alarms.tick(now, self._ctx.settings.alarm_after_ms):
            self._ctx.desks(ViewChanged())
        self._say_presence()
        if not link_down and now.mono_ms - self._said_ms >= CONTROL_AGAIN_MS:
            self._say_again(now)
        self._calls.tick(now, link_down=link_down)
        link_up = self._live.state is LinkState.UP
        self.checks.tick(now, link_up=link_up, link_down=link_down)
        self.spoken.tick(now, link_down=link_down)
        self._exchanges.tick()
        self._record.tick(now, link_down=link_down)
        self._record.settle(now)

    # --- link ----------------------------------------------------------------------------------

    def hello(self, now: Now) -> bytes:  # noqa: ARG002 - the facade's agreed signature
        """Body of the present HELLO frame."""
        return self._record.hello()

    def hello_received(self, body: bytes, now: Now) -> bytes:
        """A HELLO arrived on a connection; returns the peer's incarnation.

        Raises:
            OpenlineError: the connection is to be closed with its code.
        """
        if self._record.hello_received(body, now):
            self._met(now)
        self._record.settle(now)
        return self._record.peer_incarnation

    def _met(self, now: Now) -> None:
        """Another start of the peer: what stood between the two starts is over."""
        self._in.restart(self._record.peer_incarnation)
        self._watch.peer_restarted()
        self._calls.peer_restarted(now)
        self.checks.peer_restarted(now)
        self.spoken.peer_restarted(now)
        if self._far_legs is not None:
            self._far_legs, self._far_desk = None, False
            self._ctx.emit(FarLegsChanged(legs=None))
        self._say_again(now)

    def frame_received(self, frame_class: int, sequence: int, body: bytes, now: Now) -> None:  # noqa: ARG002 - every frame means the same whatever its number
        """A frame of the peer; never raises on its account.

        Args:
            frame_class: as the link read it.
            sequence: of its class; what arrives means the same in any order.
            body: untrusted bytes.
            now: the time.
        """
        try:
            if frame_class == FrameClass.CONTROL:
                self._control(body, now)
            else:
                self._record.frame(frame_class, body, now)
        except OpenlineError as error:
            self._ctx.keep_evidence(error.code, body, now)
        self.settle(now)

    def _control(self, body: bytes, now: Now) -> None:
        given = self._in.take(body)
        if given is None:
            return
        match given.name:
            case control.PRESENCE:
                self._watch.peer_says(given.payload)
            case control.LEGS:
                self._take_legs(given.payload)
            case control.CALL:
                self._calls.caller_says(given.payload, now)
            case control.CHECK:
                self.checks.peer_says(given.payload, now)
            case control.CALL_ANSWER:
                self._calls.called_says(given.payload, now)
            case _:
                self.spoken.peer_says(given, now)
        self._in.accept(given)
        self._ctx.desks(ViewChanged())

    def _take_legs(self, payload: Value) -> None:
        if not isinstance(payload, dict):
            raise PeerProtocolError("protocol.leg", "not a map")
        legs = encode(payload)
        if len(legs) > LEGS_BYTES_MAX:
            raise PeerProtocolError("protocol.leg", f"{len(legs)} bytes")
        if legs != self._far_legs:
            self._far_legs = legs
            self._far_desk = any(leg is not None for leg in payload.values())
            self._ctx.emit(FarLegsChanged(legs=legs))

    def round_trip(self, path: str, rtt_ms: float, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """An authenticated round trip was just measured on ``path``."""
        before = self._live.tick(now)
        self._live.round_trip(now)
        self._ctx.rtt_ms = rtt_ms
        self._link_moved(before, self._live.state, now)

    def _link_moved(self, before: LinkState, after: LinkState, now: Now) -> None:
        waited = now.mono_ms - self._started_ms >= alarms.FIRST_CONTACT_MS
        if after is LinkState.UP:
            self._alarms.clear(alarms.LINK_DOWN)
            if before is not after:
                self.spoken.link_up(now)
        elif after is LinkState.DOWN and (before is not after or waited):
            self._alarms.raise_(alarms.LINK_DOWN, now)
        if before is not after:
            self._record.event("link", now, state=after.value)
            self._ctx.desks(ViewChanged())

    def connected(self, path: str, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """A connection became usable: say again what stands, send again what is not receipted."""
        self._say_again(now)
        self._record.connected(now)
        self._record.settle(now)

    def paths(self, views: tuple[PathView, ...], tls_group: str | None, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """What the link sees of its paths."""
        lamps = [(view.name, view.lamp) for view in views]
        changed = lamps != [(view.name, view.lamp) for view in self._paths]
        if changed or tls_group != self._tls_group:
            self._ctx.desks(ViewChanged())
        self._paths, self._tls_group = views, tls_group

    # --- store ---------------------------------------------------------------------------------

    def committed(self, ticket: int, now: Now) -> None:
        """A commit is durable: what it holds may leave."""
        self._record.committed(ticket, now)
        self.checks.entries(self._record.take_fresh(), now)
        self._record.settle(now)

    def commit_failed(self, ticket: int, code: str, now: Now) -> None:
        """Nothing of that commit stands, or a read failed."""
        self._record.commit_failed(ticket, code, now)
        self._record.settle(now)

    def entries_read(self, ticket: int, entries: tuple[StoredEntry, ...], now: Now) -> None:
        """The disk answers a read."""
        self._record.entries_read(ticket, entries, now)
        self._record.settle(now)

    # --- desks ---------------------------------------------------------------------------------

    def desk_opened(
        self, desk: bytes, now: Now, seat: Seat = FIRST_SEAT, *, locked: bool = False
    ) -> None:
        """A desk is there; locked, it only hears."""
        self._watch.opened(desk, now, seat, locked=locked)
        self._calls.desk_opened(desk)
        self._desks_changed(now)

    def desk_closed(self, desk: bytes, now: Now) -> None:
        """The desk is gone; what it transmitted has stopped."""
        self._watch.closed(desk)
        self.checks.figures.forget(desk)
        self.spoken.desk_closed(desk, now)
        self._calls.desk_lost(desk, now)
        self._desks_changed(now)

    def desk_locked(self, desk: bytes, now: Now) -> None:
        """Nobody is signed in there any more: what it transmits stops, its loudspeakers stay."""
        self._watch.lock(desk)
        self._calls.desk_lost(desk, now)
        self._ctx.desk(desk, StopTalking(reason="call.desk_locked"))
        self._ctx.desks(ViewChanged())
        self._desks_changed(now)

    def desk_unlocked(self, desk: bytes, officer: str, now: Now) -> None:
        """This officer signed in there."""
        self._watch.unlock(desk, officer)
        self._desks_changed(now)

    def desk_alive(self, desk: bytes, report: AudioReport, now: Now) -> None:
        """The desk's page and audio answer."""
        self._watch.alive(desk, report, now)
        self.spoken.desk_alive(desk, report)
        if report.visible and self._watch.has(desk):
            # Only a page that answers, and is looked at or could be, has shown anything.
            self._record.say_shown(now)
        self._desks_changed(now)

    def desk_figures(self, desk: bytes, figures: Figures, now: Now) -> None:
        """How speech arrives at a desk, for those who look."""
        self._watch.measured(desk, figures, now)
        if self._watch.has(desk):
            self.checks.figures.take(desk, figures, now)

    def _look_for_the_deaf(self, now: Now) -> None:
        facts = self._watch.deaf(now)
        if facts is None:
            changed = self._alarms.clear(alarms.DEAF_DESK)
        else:
            changed = self._alarms.raise_(alarms.DEAF_DESK, now, **facts)
        if changed:
            self._ctx.desks(ViewChanged())

    def _desks_changed(self, now: Now) -> None:
        self._say_presence()
        self._record.settle(now)

    def view(self, now: Now) -> PostView:
        """The state to show now."""
        link = (self._paths, self._tls_group, self._far_desk, self._record.confirmed)
        parts = (self._record.keeper, self._alarms, self._watch, self._calls, self._live)
        view = make_view(self._ctx, *parts, link, self._record.promises(now), now)
        view = replace(view, exchanges=self._exchanges.views(now))
        return self.checks.shown_in(self.spoken.shown_in(view, now), now)

    def timeline(self, limit: int) -> tuple[TimelineItem, ...]:
        """The newest items, oldest first."""
        return self._record.items(limit)

    def own_legs(self, legs: bytes, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """The legs of the own desks as the peer's voice room needs them.

        Args:
            legs: deterministic CBOR of their map; the engine does not look into a leg.
            now: the time.

        Raises:
            RecordError: ``record.encoding`` or ``record.too_large``: not such bytes.
        """
        self._say(control.LEGS, decode(legs, LEGS_BYTES_MAX))

    def control_seen(
        self,
        call_tag: bytes,
        *,
        call_open: bool,
        talking: bool,
        manner: int,
        talk_seq: int,
        now: Now,
    ) -> None:
        """A media cell's control block: the fast way of what CONTROL says too."""
        changed = self._calls.cell_says(
            call_tag, call_open=call_open, talking=talking, manner=manner, seq=talk_seq, now=now
        )
        if changed:
            self.settle(now)

    # --- inside --------------------------------------------------------------------------------

    def _say(self, name: str, payload: Value) -> None:
        frame = self._out.set(name, payload)
        if frame is not None:
            self._ctx.send(FrameClass.CONTROL, frame)

    def _say_again(self, now: Now) -> None:
        self._said_ms = now.mono_ms
        for frame in self._out.live():
            self._ctx.send(FrameClass.CONTROL, frame)

    def _say_presence(self) -> None:
        presence = self._watch.presence()
        if presence is not None:
            self._say(control.PRESENCE, presence)
