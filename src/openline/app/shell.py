"""The shell around one engine: it carries out commands and hands in what happens outside.

Everything here runs in the loop's thread and returns at once. Commands are
carried out in the order in which the engine gave them, also when carrying one
out makes the engine give more. Audio does not pass here: media frames go from
the link to the voice endpoint and back without the engine or the disk.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, assert_never

import structlog

from openline.app.clock import read_now
from openline.app.pace import Pace
from openline.app.voicing import DeskVoice
from openline.engine.desk import DeskEvent, LampWord, PathView
from openline.engine.desk_api import DeskSink  # noqa: TC001 - the type of an attribute, as its neighbours
from openline.engine.ports import (
    Command,
    Commit,
    FarLegsChanged,
    KeepWords,
    ReadEntries,
    RefreshHello,
    SendFrame,
    SetControl,
    StoredEntry,
    ToDesk,
)
from openline.engine.post import Post
from openline.errors import OpenlineError
from openline.link import Link, PathStatus
from openline.protocol.clock import Now
from openline.protocol.frames import FrameClass
from openline.protocol.words import WordList
from openline.record.bodies import Recording
from openline.store import StoreWriter
from openline.voice import ControlBlock

LINK_UP_MS_MAX: Final = 2_000
"""Without a round trip for longer, the link is not up."""

LAMP_PROOF_MS_MAX: Final = 1_000
"""A path that was not proved both ways for longer lights no lamp, whatever is heard on it."""

LOOK_MS: Final = 1_000
STANDSTILL_MS: Final = 3_000
"""What waits to be receipted and does not move for so long, with the link up, stands still."""

Clock = Callable[[], Now]
Watcher = Callable[[DeskEvent], None]
WordsKeeper = Callable[[WordList, Callable[[], None]], None]
"""Keeps a list on disk, off the loop's thread; then runs the function in the loop."""

_diagnostics = structlog.get_logger("openline.post")


class PostShell:
    """One running post, without its tasks."""

    def __init__(
        self, post: Post, soon: Callable[[Callable[[], None]], object], *, clock: Clock = read_now
    ) -> None:
        """The engine alone; :meth:`attach` gives it its outside before anything runs.

        Args:
            post: the engine.
            soon: runs a function in the loop's next turn.
            clock: both clocks.
        """
        self.post = post
        self.clock = clock
        self._soon = soon
        self.sinks: dict[bytes, DeskSink] = {}
        self.watchers: set[Watcher] = set()
        self._link: Link | None = None
        self._writer: StoreWriter | None = None
        self._voice: DeskVoice | None = None
        self._keep_words: WordsKeeper | None = None
        self._pace: Pace | None = None
        self._heard_ms = self._looked_ms = self._stood_ms = clock().mono_ms
        self._stood_at = (0, 0, 0, 0)
        self._waiting: deque[Command] = deque()
        self._busy = False

    def attach(
        self,
        link: Link,
        writer: StoreWriter,
        voice: DeskVoice,
        pace: Pace | None = None,
        keep_words: WordsKeeper | None = None,
    ) -> None:
        """Give the engine its outside; without a ``pace`` CONTROL leaves as it comes."""
        self._keep_words = keep_words
        self._link, self._writer, self._voice, self._pace = link, writer, voice, pace

    # --- the engine's commands -----------------------------------------------------------

    def carry_out(self) -> None:
        """Carry out every command that the engine has left."""
        self._waiting.extend(self.post.drain())
        if self._busy:
            return  # Called from within a command: whoever is at it goes on with these too.
        self._busy = True
        try:
            while self._waiting:
                self._carry_out(self._waiting.popleft())
        finally:
            self._busy = False

    def _carry_out(self, command: Command) -> None:  # noqa: C901, PLR0912 - one case per command
        link, writer, voice = self._link, self._writer, self._voice
        if link is None or writer is None or voice is None:
            return
        match command:
            case Commit():
                writer.commit(command.ticket, command.writes)
            case ReadEntries():
                span = (command.start, command.stop)
                writer.read(command.ticket, command.log, *span, command.bytes_max)
            case SendFrame():
                self._send(link, command)
            case RefreshHello():
                link.refresh_hello()
            case ToDesk():
                self._to_desk(command)
            case SetControl():
                self._set_control(voice, command)
            case FarLegsChanged():
                voice.far_legs_changed(command.legs)
            case KeepWords(words=words):
                if self._keep_words is not None:
                    self._keep_words(words, lambda: self.words_kept(words.name))
            case _:
                assert_never(command)

    def _send(self, link: Link, command: SendFrame) -> None:
        if self._pace is not None and command.frame_class == FrameClass.CONTROL:
            self._pace.control.take(command.body)
            return
        try:
            link.send(
                command.frame_class,
                command.body,
                datagram=command.datagram,
                stream=command.stream,
            )
        except OpenlineError as fault:
            _diagnostics.error("frame unsent", code=fault.code, frame_class=command.frame_class)

    def _to_desk(self, command: ToDesk) -> None:
        if command.desk is not None:
            self.tell(command.desk, command.event)
            return
        for sink in list(self.sinks.values()):
            sink(command.event)
        for watcher in list(self.watchers):
            watcher(command.event)

    def _set_control(self, voice: DeskVoice, command: SetControl) -> None:
        block = ControlBlock(
            call_tag=command.call_tag,
            talking=command.talking,
            call_open=command.call_open,
            manner=command.manner,
            talk_seq=command.talk_seq & 0xFFFF,
            stamp_ms=self.clock().mono_ms & 0xFFFFFFFF,
        )
        voice.set_control(block)
        if self._pace is not None:
            self._pace.cells.set_control(block)

    # --- what the link brings (openline.link.LinkHandler) --------------------------------

    def hello(self) -> bytes:
        """The body of the current HELLO."""
        body = self.post.hello(self.clock())
        self.carry_out()
        return body

    def hello_received(self, body: bytes) -> bytes:
        """Judge the peer's HELLO; raises what refuses the connection."""
        if self._pace is not None:
            self._pace.control.connection_came()
        try:
            return self.post.hello_received(body, self.clock())
        finally:
            # Not at once: the connection opens only when this returns, and the answer is for it.
            self._soon(self.carry_out)

    def frame_received(self, frame_class: int, sequence: int, body: bytes) -> None:
        """A frame for the engine."""
        self.post.frame_received(frame_class, sequence, body, self.clock())
        self.carry_out()

    def media_received(self, sequence: int, body: bytes) -> None:
        """A media frame: straight to the desk's voice, never through the engine."""
        del sequence
        if self._voice is not None:
            self._voice.cell_received(body)

    def round_trip(self, path: str, rtt_ms: float) -> None:
        """An authenticated, fresh round trip."""
        now = self.clock()
        silent_ms = now.mono_ms - self._heard_ms
        self._heard_ms = now.mono_ms
        self.post.round_trip(path, rtt_ms, now)
        if silent_ms > LINK_UP_MS_MAX and self._voice is not None:
            self._voice.link_returned(silent_ms)
        self.carry_out()

    def connected(self, path: str) -> None:
        """A connection became usable."""
        if self._pace is not None:
            self._pace.control.connection_came()
        self.post.connected(path, self.clock())
        self.carry_out()
        if self._link is not None:
            # The HELLO that opened it was made before the peer's was read, and the one that
            # answered may have gone down with another connection: say it again on this one.
            self._link.refresh_hello()

    # --- what the store answers (openline.store.StoreEvents) -----------------------------

    def committed(self, ticket: int) -> None:
        """A transaction is durable."""
        self.post.committed(ticket, self.clock())
        self.carry_out()

    def commit_failed(self, ticket: int, code: str) -> None:
        """A transaction failed, with nothing half done."""
        _diagnostics.error("store refused", code=code, ticket=ticket)
        self.post.commit_failed(ticket, code, self.clock())
        self.carry_out()

    def entries_read(self, ticket: int, entries: tuple[StoredEntry, ...]) -> None:
        """A slice of a read."""
        self.post.entries_read(ticket, entries, self.clock())
        self.carry_out()

    def words_kept(self, name: str) -> None:
        """The challenge words are on disk."""
        now = self.clock()
        self.post.checks.words_kept(name, now)
        self.post.settle(now)
        self.carry_out()

    def recording_kept(self, recording: Recording, fault: str) -> bool:
        """A part of a recording is finished and on disk; False: its entry must wait."""
        kept = self.post.spoken.part_kept(recording, fault, self.clock())
        self.carry_out()
        return kept

    # --- voice -----------------------------------------------------------------------------

    def own_legs(self, legs: bytes) -> None:
        """The legs of our own desks, for the peer."""
        self.post.own_legs(legs, self.clock())
        self.carry_out()

    def control_seen(self, block: ControlBlock) -> None:
        """The control block of the peer's cells changed."""
        self.post.control_seen(
            block.call_tag,
            call_open=block.call_open,
            talking=block.talking,
            manner=block.manner,
            talk_seq=block.talk_seq,
            now=self.clock(),
        )
        self.carry_out()

    def tell(self, desk: bytes, event: DeskEvent) -> None:
        """Give an event to one desk, if it is still there."""
        sink = self.sinks.get(desk)
        if sink is not None:
            sink(event)

    # --- time ----------------------------------------------------------------------------

    def tick(self) -> None:
        """Let time pass, every 50 ms, with the link as its own probes show it."""
        now = self.clock()
        if self._link is not None:
            views, group = path_views(self._link)
            self.post.paths(views, group, now)
        self.post.tick(now)
        if self._voice is not None:
            self._voice.tick(now.mono_ms)
        self.carry_out()
        if now.mono_ms - self._looked_ms >= LOOK_MS:
            self._looked_ms = now.mono_ms
            self._look_for_a_standstill(now)

    def _look_for_a_standstill(self, now: Now) -> None:
        """With the link up, what waits must move; if it does not, both sides say where they stand.

        Whatever was lost between two posts, a HELLO each way finds it.
        """
        view = self.post.view(now)
        record = view.record
        at = (record.own_size, record.peer_size, record.receipted, record.outbox)
        settled = record.receipted >= record.own_size and record.outbox == 0
        if settled or at != self._stood_at or view.link.state != "UP":
            self._stood_at, self._stood_ms = at, now.mono_ms
        elif now.mono_ms - self._stood_ms >= STANDSTILL_MS and self._link is not None:
            self._stood_ms = now.mono_ms
            _diagnostics.warning("standstill", state=record.state, waiting=record.outbox)
            self._link.refresh_hello()


def _lamp(path: PathStatus) -> LampWord:
    """Heard just now, and both ways proved: a peer that does not hear us lights no lamp."""
    by_udp, by_any = path.udp_round_trip_age_ms, path.round_trip_age_ms
    if path.udp and by_udp is not None and by_udp <= LAMP_PROOF_MS_MAX:
        return "up"
    if path.alive and by_any is not None and by_any <= LAMP_PROOF_MS_MAX:
        return "stream"
    return "dead"


def path_views(link: Link) -> tuple[tuple[PathView, ...], str | None]:
    """The paths as a desk shows them, and the key exchange of the link."""
    paths = link.status().paths
    views = tuple(
        PathView(
            name=path.name,
            lamp=_lamp(path),
            rtt_ms=path.round_trip_ms,
            shared="link.shared-interface" in path.warnings,
            loss=path.media_loss,
        )
        for path in paths
    )
    group = next((path.tls_group for path in paths if path.tls_group is not None), None)
    return views, group
