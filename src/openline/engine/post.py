"""One post's decisions: what comes in moves the parts, what goes out is drained as commands.

The facade that the app and the simulation drive. It parses nothing and decides little itself: the
keeper owns the record, the greeting the HELLOs, the intake the peer's record frames, the feeds what
the peer lacks, the calls and the watch what their names say.
"""

from openline.engine import alarms
from openline.engine.alarms import Alarms
from openline.engine.authoring import Wish
from openline.engine.calls import Calls
from openline.engine.context import Context
from openline.engine.desk import (
    AudioReport,
    PathView,
    PostView,
    Refused,
    TextTaken,
    TimelineChanged,
    TimelineItem,
    ViewChanged,
)
from openline.engine.draft import Draft
from openline.engine.feed import Feed
from openline.engine.greeting import Greeting
from openline.engine.intake import Intake
from openline.engine.keeper import Keeper
from openline.engine.ports import (
    Command,
    FarLegChanged,
    PostSettings,
    Randomness,
    Signer,
    StoredEntry,
    StoredState,
)
from openline.engine.seals import Seals
from openline.engine.timeline import Timeline
from openline.engine.view import make_view
from openline.engine.watch import Watch
from openline.errors import OpenlineError, PeerProtocolError
from openline.protocol import control
from openline.protocol.clock import Now
from openline.protocol.control import ControlIn, ControlOut
from openline.protocol.delivery import RecordState
from openline.protocol.frames import FrameClass, parse_want
from openline.protocol.liveness import LinkState, Liveness
from openline.record import bodies
from openline.record.card import Card
from openline.record.cbor import Value
from openline.record.genesis import parse_genesis
from openline.record.limits import INCARNATION_SIZE


class Post:
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
    ) -> None:
        """Start from what the disk holds.

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
        self._keeper = Keeper(ctx, state)
        self._intake = Intake(ctx, self._keeper)
        self._greeting = Greeting(ctx, self._keeper, self._alarms, list(state.genesis_signatures))
        self._feeds = tuple(
            Feed(ctx, self._keeper.shelf, log, self._keeper.durable[log]) for log in (0, 1)
        )
        self._seals = Seals(ctx, self._keeper)
        self._timeline = Timeline(ctx, self._keeper)
        self._timeline.rebuild(state.entries)
        self._out, self._in = ControlOut(ctx.incarnation), ControlIn()
        self._live = Liveness()
        self._watch = Watch(ctx)
        self._calls = Calls(ctx, self._out, self._keeper, self._watch, state.meta, now)
        self._paths: tuple[PathView, ...] = ()
        self._tls_group: str | None = None
        self._far_leg: bytes | None = None
        self._started_ms = now.mono_ms
        self._shown_asked = 0
        self._opened_asked: set[int] = set()
        if self._keeper.state is RecordState.HALTED:
            self._alarms.raise_(alarms.RECORD_HALTED, now, code=self._keeper.fault)

    # --- shell ---------------------------------------------------------------------------------

    def drain(self) -> list[Command]:
        """Commands since the last call, in the order in which they must be carried out."""
        commands, self._ctx.out = self._ctx.out, []
        return commands

    def tick(self, now: Now) -> None:
        """Let time pass; every 50 ms."""
        self._link_moved(self._live.state, self._live.tick(now), now)
        self._watch.tick(now)
        self._say_presence()
        self._calls.tick(now, link_down=self._live.state is LinkState.DOWN)
        if self._live.state is not LinkState.DOWN:
            for feed in self._feeds:
                feed.tick(now)
            self._greeting.tick(now)
            self._seals.tick(now)
        self._say_shown(now)
        self._settle(now)

    # --- link ----------------------------------------------------------------------------------

    def hello(self, now: Now) -> bytes:  # noqa: ARG002 - the facade's agreed signature
        """Body of the present HELLO frame."""
        return self._greeting.hello()

    def hello_received(self, body: bytes, now: Now) -> bytes:
        """A HELLO arrived on a connection; returns the peer's incarnation.

        Raises:
            OpenlineError: the connection is to be closed with its code.
        """
        try:
            hello, raw = self._greeting.verify(body)
        except OpenlineError as error:
            self._ctx.keep_evidence(error.code, body, now)
            self._settle(now)
            raise
        if self._greeting.meet(hello):
            self._met(now)
        judgement = self._greeting.answer(hello, raw, self._intake, now)
        if judgement is not None and self._keeper.state is not RecordState.HALTED:
            own, peer = self._feeds[self._ctx.own], self._feeds[self._ctx.peer]
            if judgement.return_from is not None:
                own.stop()
                peer.start(judgement.return_from, now)
            else:
                peer.stop()
                own.start(hello.held_size, now)
            self._seals.again(now)
        self._settle(now)
        return hello.incarnation

    def _met(self, now: Now) -> None:
        """Another start of the peer: what stood between the two starts is over."""
        self._in.restart(self._greeting.peer_incarnation)
        self._intake.pushed = 0
        for feed in self._feeds:
            feed.stop()
        self._watch.peer_restarted()
        self._calls.peer_restarted(now)
        if self._far_leg is not None:
            self._far_leg = None
            self._ctx.emit(FarLegChanged(leg=None))

    def frame_received(self, frame_class: int, sequence: int, body: bytes, now: Now) -> None:  # noqa: ARG002 - the link's order needs no second look
        """A frame of the peer; never raises on its account."""
        try:
            self._frame(frame_class, body, now)
        except OpenlineError as error:
            self._ctx.keep_evidence(error.code, body, now)
        self._settle(now)

    def _frame(self, frame_class: int, body: bytes, now: Now) -> None:
        match frame_class:
            case FrameClass.CONTROL:
                self._control(body, now)
            case FrameClass.BATCH:
                self._intake.batch(body, now)
            case FrameClass.RECEIPT:
                self._receipt(body, now)
            case FrameClass.SEAL:
                self._intake.seal(body, now)
            case FrameClass.WANT:
                self._wanted(body, now)
            case _:
                raise PeerProtocolError("protocol.frame_class", str(frame_class))

    def _receipt(self, body: bytes, now: Now) -> None:
        held = self._intake.receipt(body, now)
        if held is not None:
            self._feeds[self._ctx.own].held(held, now)

    def _wanted(self, body: bytes, now: Now) -> None:
        """The peer asks for a log: its own as we hold it, or ours."""
        log, first = parse_want(body)
        if self._keeper.state is RecordState.HALTED:
            return
        if first > self._keeper.durable[log] or first < 1:
            raise PeerProtocolError("protocol.want", f"from {first}")
        self._feeds[log].start(first, now)

    def _control(self, body: bytes, now: Now) -> None:
        given = self._in.take(body)
        if given is None:
            return
        match given.name:
            case control.PRESENCE:
                self._watch.peer_says(given.payload)
            case control.LEG:
                self._take_leg(given.payload)
            case control.CALL:
                self._calls.caller_says(given.payload, now)
            case _:
                self._calls.called_says(given.payload, now)
        self._ctx.desks(ViewChanged())

    def _take_leg(self, payload: object) -> None:
        if payload is not None and not isinstance(payload, bytes):
            raise PeerProtocolError("protocol.leg", "not a byte string")
        if payload != self._far_leg:
            self._far_leg = payload
            self._ctx.emit(FarLegChanged(leg=payload))

    def round_trip(self, path: str, rtt_ms: float, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """An authenticated round trip was just measured on ``path``."""
        before = self._live.tick(now)
        self._live.round_trip(now)
        self._ctx.rtt_ms = rtt_ms
        self._link_moved(before, self._live.state, now)
        self._settle(now)

    def _link_moved(self, before: LinkState, after: LinkState, now: Now) -> None:
        down_for_long = now.mono_ms - self._started_ms >= alarms.FIRST_CONTACT_MS
        if after is LinkState.UP:
            self._alarms.clear(alarms.LINK_DOWN)
        elif after is LinkState.DOWN and (before is not after or down_for_long):
            self._alarms.raise_(alarms.LINK_DOWN, now)
        if before is after:
            return
        item = self._timeline.event("link", now, state=after.value)
        self._ctx.desks(TimelineChanged(items=(item,)))
        self._ctx.desks(ViewChanged())

    def connected(self, path: str, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """A connection became usable: say again what stands, send again what is not receipted."""
        for frame in self._out.live():
            self._ctx.send(FrameClass.CONTROL, frame)
        for feed in self._feeds:
            feed.kick(now)
        self._settle(now)

    def paths(self, views: tuple[PathView, ...], tls_group: str | None, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """What the link sees of its paths."""
        if (views, tls_group) != (self._paths, self._tls_group):
            lamps = [(view.name, view.lamp) for view in views]
            changed = lamps != [(view.name, view.lamp) for view in self._paths]
            self._paths, self._tls_group = views, tls_group
            if changed:
                self._ctx.desks(ViewChanged())

    # --- store ---------------------------------------------------------------------------------

    def committed(self, ticket: int, now: Now) -> None:
        """A commit is durable."""
        had_fault = self._keeper.disk_fault is not None
        draft = self._keeper.committed(ticket)
        if draft is not None:
            self._durable(draft, now)
            if had_fault:
                self._alarms.clear(alarms.DISK_FAULT)
                self._ctx.desks(ViewChanged())
        self._settle(now)

    def _durable(self, draft: Draft, now: Now) -> None:
        """Only now may what the transaction holds leave this post."""
        for log, feed in enumerate(self._feeds):
            mine = [entry for entry in draft.entries if entry.log == log]
            if mine:
                feed.appended(mine, now)
        for frame_class, body in draft.frames:
            self._ctx.send(frame_class, body, stream_only=frame_class is FrameClass.SEAL)
        for index, pending in draft.authored:
            name = f"{'ab'[self._ctx.own]}-{index}"
            self._answer(pending.desk, pending.request, name, durable=pending.durable)
        items = list(self._timeline.committed(draft.entries, draft.authored, now))
        for pending in draft.outboxed:
            item = self._timeline.waiting(pending.item)
            if item is not None:
                items.append(item)
                self._answer(pending.desk, pending.request, item.id, durable=False)
        if items:
            self._ctx.desks(TimelineChanged(items=tuple(items)))
        if draft.entries or draft.notes or draft.outboxed:
            self._ctx.desks(ViewChanged())
        came = any((entry.index, entry.log) for entry in draft.entries)
        if came and len(draft.entries) > len(draft.authored):
            self._greeting.progressed(now)

    def _answer(self, desk: bytes | None, request: str, item: str, *, durable: bool) -> None:
        if request and not durable:
            self._ctx.desk(desk, TextTaken(request=request, item=item))

    def commit_failed(self, ticket: int, code: str, now: Now) -> None:
        """Nothing of that commit stands, or a read failed."""
        if self._keeper.failed(ticket, code, now):
            if self._alarms.raise_(alarms.DISK_FAULT, now, code=code):
                self._ctx.desks(ViewChanged())
        else:
            for feed in self._feeds:
                feed.read_failed(ticket)
        self._settle(now)

    def entries_read(self, ticket: int, entries: tuple[StoredEntry, ...], now: Now) -> None:
        """The disk answers a read."""
        if not any(feed.entries_read(ticket, entries, now) for feed in self._feeds):
            self._intake.entries_read(ticket, entries, now)
        self._settle(now)

    # --- desks ---------------------------------------------------------------------------------

    def desk_opened(self, desk: bytes, now: Now) -> None:
        """A signed-in desk is there."""
        self._watch.opened(desk, now)
        self._calls.desk_opened(desk)
        self._say_presence()
        self._say_shown(now)
        self._settle(now)

    def desk_closed(self, desk: bytes, now: Now) -> None:
        """The desk is gone; what it transmitted has stopped."""
        self._watch.closed(desk)
        self._calls.talk(desk, on=False, now=now)
        self._say_presence()
        self._settle(now)

    def desk_alive(self, desk: bytes, report: AudioReport, now: Now) -> None:
        """The desk's page and audio answer."""
        self._watch.alive(desk, report, now)
        self._say_presence()
        self._settle(now)

    def view(self, now: Now) -> PostView:
        """The state to show now."""
        return make_view(
            self._ctx,
            self._keeper,
            self._alarms,
            self._watch,
            self._calls,
            self._live,
            (self._paths, self._tls_group, self._far_leg is not None),
            now,
        )

    def timeline(self, limit: int) -> tuple[TimelineItem, ...]:
        """The newest items, oldest first."""
        return self._timeline.items(limit)

    def write_text(self, desk: bytes | None, request: str, text: str, lang: str, now: Now) -> None:
        """Write a text as the officer on watch; answered by TextTaken or Refused.

        Args:
            desk: who asks; None for the command line.
            request: names the answer.
            text: as written.
            lang: its language tag.
            now: the time.
        """
        try:
            wish = Wish(kind=bodies.KIND_TEXT, body=bodies.text_body(lang, text), by_officer=True)
            self._keeper.write(wish, desk, request, now)
        except OpenlineError as error:
            self._ctx.desk(desk, Refused(request=request, code=error.code, facts=error.facts))
        self._settle(now)

    def text_opened(self, desk: bytes, item: str, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """The officer opened a text of the peer; said to the peer only as far as agreed."""
        found = self._timeline.find(item)
        if found is None or self._ctx.genesis.disclosure < 1:
            return
        log, index, opened = found
        if log == self._ctx.peer and not opened and index not in self._opened_asked:
            body = bodies.opened_body(index)
            if self._quietly(Wish(kind=bodies.KIND_OPENED, body=body, by_officer=True), now):
                self._opened_asked.add(index)
        self._settle(now)

    def talk(self, desk: bytes, *, on: bool, now: Now) -> None:
        """The talk key went down or up."""
        self._calls.talk(desk, on=on, now=now, link_down=self._live.state is LinkState.DOWN)
        self._settle(now)

    def sounded(self, desk: bytes, call: str, now: Now) -> None:
        """The far voice was in fact played at this desk."""
        self._calls.sounded(desk, call)
        self._settle(now)

    def end_call(self, desk: bytes, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """End the call."""
        self._calls.end(now)
        self._settle(now)

    def silence_call(self, desk: bytes, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """Silence the incoming announce at this side."""
        self._calls.silence()
        self._settle(now)

    def acknowledge(self, desk: bytes, alarm: str, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """Silence an alarm's sound; the condition stays."""
        if self._alarms.acknowledge(alarm):
            self._ctx.desks(ViewChanged())
        self._settle(now)

    def own_leg(self, leg: bytes | None, now: Now) -> None:
        """The own desk's leg, opaque, as the peer's voice room needs it."""
        self._say(control.LEG, leg)
        self._settle(now)

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
        self._calls.cell_says(
            call_tag, call_open=call_open, talking=talking, manner=manner, seq=talk_seq, now=now
        )
        if self._ctx.out:
            self._settle(now)

    # --- inside --------------------------------------------------------------------------------

    def _say(self, name: str, payload: Value) -> None:
        frame = self._out.set(name, payload)
        if frame is not None:
            self._ctx.send(FrameClass.CONTROL, frame)

    def _say_presence(self) -> None:
        presence = self._watch.presence()
        if presence is not None:
            self._say(control.PRESENCE, presence)

    def _say_shown(self, now: Now) -> None:
        """Texts of the peer stand on the screen of an attended desk: say so, if agreed."""
        peer = self._ctx.peer
        upto = self._timeline.newest_text(peer)
        agreed = self._ctx.genesis.disclosure >= 1
        if not agreed or not self._watch.attended or upto <= self._timeline.shown(peer):
            return
        if self._keeper.state is not RecordState.LIVE:
            return
        if upto <= self._shown_asked:
            return
        wish = Wish(kind=bodies.KIND_SHOWN, body=bodies.shown_body(upto), by_officer=False)
        if self._quietly(wish, now):
            self._shown_asked = upto

    def _quietly(self, wish: Wish, now: Now) -> bool:
        """Write what nobody waits for; False if it cannot be written now."""
        try:
            self._keeper.write(wish, None, "", now)
        except OpenlineError:
            return False
        return True

    def _settle(self, now: Now) -> None:
        """After every input: move the record on, and say what changed."""
        before = self._keeper.state
        self._greeting.settle(now)
        if self._keeper.state is RecordState.LIVE and before is not RecordState.LIVE:
            self._went_live(now)
        self._keeper.form(now)
        if self._keeper.state is RecordState.HALTED and self._alarms.raise_(
            alarms.RECORD_HALTED, now, code=self._keeper.fault
        ):
            for feed in self._feeds:
                feed.stop()
            self._ctx.desks(ViewChanged())

    def _went_live(self, now: Now) -> None:
        """The outbox enters the log; what was restored is told first."""
        start = self._greeting.restored_from
        if start is not None:
            self._greeting.restored_from = None
            stop = self._keeper.own_size
            self._alarms.raise_(alarms.RESTORED, now, start=start, stop=stop)
            wish = Wish(
                kind=bodies.KIND_RESTORED, body=bodies.restored_body(start, stop), by_officer=False
            )
            self._quietly(wish, now)
        self._ctx.desks(ViewChanged())
