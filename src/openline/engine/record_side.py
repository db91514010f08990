"""The record's side of a post: HELLOs, record frames, the disk, texts, timeline.

It joins the keeper (the record), the greeting (HELLOs), the intake (the peer's frames), the feeds
(what the peer lacks), the seals and the timeline, and decides nothing that one of them decides.
"""

from openline.engine import alarms
from openline.engine.alarms import Alarms
from openline.engine.authoring import Wish
from openline.engine.call_views import PromiseView
from openline.engine.context import Context
from openline.engine.desk import (
    Refused,
    TextTaken,
    TimelineChanged,
    TimelineItem,
    ViewChanged,
)
from openline.engine.draft import Draft
from openline.engine.exchange_ledger import ExchangeLedger
from openline.engine.feed import Feed
from openline.engine.greeting import Greeting
from openline.engine.intake import Intake
from openline.engine.keeper import Keeper
from openline.engine.marked import MarkWish, entry_for
from openline.engine.ports import RefreshHello, StoredEntry, StoredState
from openline.engine.promises import Promises
from openline.engine.seals import Seals
from openline.engine.timeline import Timeline
from openline.errors import LocalProtocolError, OpenlineError, PeerProtocolError
from openline.protocol.clock import Now
from openline.protocol.delivery import DISCLOSURE_ATTENDED, RecordState
from openline.protocol.frames import FrameClass, parse_want
from openline.record import bodies

OPENED_ASKED_MAX = 4_096


class RecordSide:
    """See the module."""

    def __init__(self, ctx: Context, alarms_: Alarms, state: StoredState, now: Now) -> None:
        """Start from what the disk holds.

        Raises:
            RecordError: it does not hold together.
        """
        self._ctx = ctx
        self._alarms = alarms_
        self.keeper = Keeper(ctx, state)
        self._intake = Intake(ctx, self.keeper)
        self._greeting = Greeting(ctx, self.keeper, alarms_, list(state.genesis_signatures))
        self._feeds = {
            log: Feed(ctx, self.keeper.shelf, log, self.keeper.durable[log])
            for log in (ctx.own, ctx.peer)
        }
        self._seals = Seals(ctx, self.keeper)
        self.ledger = ExchangeLedger(self.keeper.record)
        self.ledger.take(entry for half in state.entries for entry in half if entry.index > 0)
        self._timeline = Timeline(ctx, self.keeper, self.ledger)
        self._timeline.rebuild(state.entries)
        self._fresh: list[StoredEntry] = []
        self._promises = Promises(ctx, alarms_)
        self._promises.rebuild(state.entries)
        self._shown_asked = 0
        self._opened_asked: set[int] = set()
        if self.keeper.state is RecordState.HALTED:
            alarms_.raise_(alarms.RECORD_HALTED, now, code=self.keeper.fault)

    # --- link ----------------------------------------------------------------------------------

    @property
    def peer_incarnation(self) -> bytes:
        """The present start of the peer."""
        return self._greeting.peer_incarnation

    @property
    def confirmed(self) -> bool:
        """Both parties' signatures of the genesis are here."""
        return self._greeting.confirmed

    def hello(self) -> bytes:
        """Body of the present HELLO frame."""
        return self._greeting.hello()

    def hello_received(self, body: bytes, now: Now) -> bool:
        """A HELLO; True if another start of the peer is there.

        Raises:
            OpenlineError: the connection is to be closed with its code.
        """
        try:
            hello, raw = self._greeting.verify(body)
        except OpenlineError as error:
            self._ctx.keep_evidence(error.code, body, now)
            self.settle(now)
            raise
        met = self._greeting.meet(hello, now)
        if met:
            self._intake.pushed = 0
            self.keeper.peer_restarted()
            for feed in self._feeds.values():
                feed.stop()
        judgement = self._greeting.answer(hello, raw, self._intake, now)
        if judgement is not None and self.keeper.state is not RecordState.HALTED:
            own, peer = self._feeds[self._ctx.own], self._feeds[self._ctx.peer]
            if judgement.return_from is not None:
                own.stop()
                peer.start(judgement.return_from, now)
            else:
                peer.stop()
                # What it holds and we have no receipt for goes again: that brings the receipt.
                own.start(min(hello.held_size, self.keeper.receipted), now)
                self._intake.repeat_receipt(now)
                self._seals.again(now)
        return met

    def frame(self, frame_class: int, body: bytes, now: Now) -> None:
        """A record frame of the peer.

        Raises:
            OpenlineError: it does not hold; nothing changed.
        """
        match frame_class:
            case FrameClass.BATCH:
                self._intake.batch(body, now)
            case FrameClass.RECEIPT:
                held = self._intake.receipt(body, now)
                if held is not None:
                    self._feeds[self._ctx.own].held(held, now)
            case FrameClass.SEAL:
                self._intake.seal(body, now)
            case FrameClass.WANT:
                self._wanted(body, now)
            case _:
                raise PeerProtocolError("protocol.frame_class", str(frame_class))

    def _peer_whole(self, now: Now) -> None:
        """A restored peer writes again: it gets our entries again too.

        The HELLO that says so may have come after its first entries, and so said nothing.
        """
        held = self._greeting.peer_whole(self._intake.pushed)
        if held is not None and self.keeper.state is not RecordState.HALTED:
            self._feeds[self._ctx.peer].stop()
            self._feeds[self._ctx.own].start(min(held, self.keeper.receipted), now)
            self._intake.repeat_receipt(now)
            self._seals.again(now)

    def _wanted(self, body: bytes, now: Now) -> None:
        """The peer asks for a log: its own as we hold it, or ours."""
        log, first = parse_want(body)
        self._greeting.wanted(now)
        if self.keeper.state is RecordState.HALTED:
            return
        if first > self.keeper.durable[log] or first < 1:
            raise PeerProtocolError("protocol.want", f"from {first}")
        self._feeds[log].start(first, now)

    def connected(self, now: Now) -> None:
        """A connection became usable: what was not receipted goes again."""
        for feed in self._feeds.values():
            feed.kick(now)

    def tick(self, now: Now, *, link_down: bool) -> None:
        """Let time pass."""
        self._promises.tick(now)
        if not link_down:
            for feed in self._feeds.values():
                feed.tick(now)
            self._greeting.tick(now)
            self._seals.tick(now)

    # --- store ---------------------------------------------------------------------------------

    def committed(self, ticket: int, now: Now) -> None:
        """A commit is durable."""
        uncertain = self.keeper.uncertain
        draft = self.keeper.committed(ticket)
        if draft is None:
            return
        self._certain_again(uncertain)
        self._send(draft, now, of_earlier_start=uncertain)
        self._peer_whole(now)
        self._tell(draft, now)
        if self._alarms.clear(alarms.DISK_FAULT):
            self._ctx.desks(ViewChanged())
        if len(draft.entries) > len(draft.authored):
            self._greeting.progressed(now)

    def _send(self, draft: Draft, now: Now, *, of_earlier_start: bool) -> None:
        """Only now may what the transaction holds leave this post."""
        for log, feed in self._feeds.items():
            mine = [entry for entry in draft.entries if entry.log == log]
            if mine:
                feed.appended(mine, now)
            if mine and log == self._ctx.peer and not of_earlier_start:
                self._intake.pushed = self.keeper.peer_size
        for frame_class, body in draft.frames:
            self._ctx.send(frame_class, body, stream_only=frame_class is FrameClass.SEAL)

    def take_fresh(self) -> list[StoredEntry]:
        """Entries that became durable since the last call, each once."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def _tell(self, draft: Draft, now: Now) -> None:
        """Tell the desks what is durable."""
        self._fresh += draft.entries
        self.ledger.take(draft.entries)
        for index, pending in draft.authored:
            if pending.request and not pending.durable:
                name = f"{'ab'[self._ctx.own]}-{index}"
                self._ctx.desk(pending.desk, TextTaken(request=pending.request, item=name))
        items = list(self._timeline.committed(draft.entries, draft.authored, now))
        for pending in draft.outboxed:
            item = self._timeline.waiting(pending.item)
            name = f"outbox-{pending.item.item}"
            if item is not None:
                items.append(item)
            if item is not None or pending.request:
                self._ctx.desk(pending.desk, TextTaken(request=pending.request, item=name))
        if items:
            self._ctx.desks(TimelineChanged(items=tuple(items)))
        changed = self._promises.committed(draft.entries, now)
        if changed or draft.entries or draft.notes or draft.outboxed:
            self._ctx.desks(ViewChanged())

    def commit_failed(self, ticket: int, code: str, now: Now) -> None:
        """Nothing of that commit stands, or a read failed."""
        uncertain = self.keeper.uncertain
        if self.keeper.failed(ticket, code, now):
            self._certain_again(uncertain)
            self._alarms.raise_(alarms.DISK_FAULT, now, code=code)
            self._ctx.desks(ViewChanged())
        else:
            for feed in self._feeds.values():
                feed.read_failed(ticket)

    def _certain_again(self, before: bool) -> None:  # noqa: FBT001 - private
        """The peer waits for the answer that could not be given before."""
        if before and not self.keeper.uncertain:
            self._ctx.emit(RefreshHello())

    def entries_read(self, ticket: int, entries: tuple[StoredEntry, ...], now: Now) -> None:
        """The disk answers a read."""
        if not any(feed.entries_read(ticket, entries, now) for feed in self._feeds.values()):
            self._intake.entries_read(ticket, entries, now)

    def settle(self, now: Now) -> None:
        """After every input: move the record on, and say what changed."""
        before = self.keeper.state
        self._greeting.settle(now)
        if self.keeper.state is RecordState.LIVE and before is not RecordState.LIVE:
            self._went_live(now)
        self.keeper.form(now)
        if self.keeper.state is RecordState.HALTED and self._alarms.raise_(
            alarms.RECORD_HALTED, now, code=self.keeper.fault
        ):
            for feed in self._feeds.values():
                feed.stop()
            self._ctx.desks(ViewChanged())

    def _went_live(self, now: Now) -> None:
        """The outbox enters the log; then it is told what was restored."""
        start = self._greeting.restored_from
        if start is not None:
            self._greeting.restored_from = None
            stop = self.keeper.own_size
            self._alarms.raise_(alarms.RESTORED, now, start=start, stop=stop)
            body = bodies.restored_body(start, stop)
            self._quietly(Wish(kind=bodies.KIND_RESTORED, body=body, by_officer=False), now)
        self._ctx.desks(ViewChanged())

    # --- desks ---------------------------------------------------------------------------------

    def items(self, limit: int) -> tuple[TimelineItem, ...]:
        """The newest items, oldest first."""
        return self._timeline.items(limit)

    def promises(self, now: Now) -> tuple[PromiseView, ...]:
        """Replies that were promised and have not come."""
        return self._promises.view(now)

    def event(self, kind: str, now: Now, **facts: str | int | bool) -> None:
        """Something happened that is not in the record: a line of the timeline."""
        item = self._timeline.event(kind, now, **facts)
        self._ctx.desks(TimelineChanged(items=(item,)))

    def write_text(
        self,
        asker: tuple[bytes | None, str],
        text: str,
        lang: str,
        by: tuple[str, str],
        now: Now,
    ) -> None:
        """Write a text as that officer, and a second or ""; answered by TextTaken or Refused."""
        desk, request = asker
        try:
            body = bodies.text_body(lang, text)
            officer, second = by
            wish = Wish(
                kind=bodies.KIND_TEXT,
                body=body,
                by_officer=True,
                officer=officer,
                vouched_by=second,
            )
            self.keeper.write(wish, desk, request, now)
        except OpenlineError as error:
            refused = Refused(request=request, code=error.code, facts=error.facts)
            self._ctx.desk(desk, refused)

    def text_opened(self, item: str, officer: str, now: Now) -> None:
        """The officer opened a text of the peer; said to the peer only as far as agreed."""
        found = self._timeline.find(item)
        if found is None or self._ctx.genesis.disclosure < DISCLOSURE_ATTENDED:
            return
        log, index, opened = found
        asked = index in self._opened_asked or len(self._opened_asked) >= OPENED_ASKED_MAX
        if log == self._ctx.peer and not opened and not asked:
            body = bodies.opened_body(index)
            wish = Wish(kind=bodies.KIND_OPENED, body=body, by_officer=True, officer=officer)
            if self._quietly(wish, now):
                self._opened_asked.add(index)

    def mark(self, asker: tuple[bytes | None, str], wish: MarkWish, officer: str, now: Now) -> None:
        """Say something of an item as that officer; answered by TextTaken or Refused."""
        desk, request = asker
        try:
            found = self._timeline.find(wish.item)
            if found is None:
                raise LocalProtocolError("engine.no_such_text", wish.item, item=wish.item)
            place, own, disclosure = found[:2], self._ctx.own, self._ctx.genesis.disclosure
            kind, body = entry_for(wish, place, own, disclosure)
            if kind != bodies.KIND_TEXT and self.keeper.state is not RecordState.LIVE:
                raise LocalProtocolError("engine.mark_later", self.keeper.state.value)
            asked = Wish(kind=kind, body=body, by_officer=True, officer=officer)
            self.keeper.write(asked, desk, request, now)
        except OpenlineError as error:
            refused = Refused(request=request, code=error.code, facts=error.facts)
            self._ctx.desk(desk, refused)

    def say_shown(self, now: Now) -> None:
        """Texts of the peer stand on the screen of an attended desk: say so, if agreed."""
        peer = self._ctx.peer
        if (
            self._ctx.genesis.disclosure < DISCLOSURE_ATTENDED
            or self.keeper.state is not RecordState.LIVE
        ):
            return
        upto = self._timeline.newest_text(peer)
        if upto <= max(self._timeline.shown(peer), self._shown_asked):
            return
        wish = Wish(kind=bodies.KIND_SHOWN, body=bodies.shown_body(upto), by_officer=False)
        if self._quietly(wish, now):
            self._shown_asked = upto

    def _quietly(self, wish: Wish, now: Now) -> bool:
        """Write what nobody waits for; False if it cannot be written now."""
        try:
            self.keeper.write(wish, None, "", now)
        except OpenlineError:
            return False
        return True
