"""One post in the simulation: a real engine, its disk, its desks, its end of the wire.

It does what the app's shell does: it hands in what happens, and carries out the engine's commands
in their order. Whatever escapes from the engine is a finding.
"""

import traceback
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, assert_never

from openline.engine.desk import PathView, PostView
from openline.engine.ports import (
    Command,
    Commit,
    FarLegsChanged,
    KeepWords,
    PostSettings,
    ReadEntries,
    RefreshHello,
    SendFrame,
    SetControl,
    StoredState,
    ToDesk,
)
from openline.engine.post import Post
from openline.errors import OpenlineError
from openline.protocol.clock import Now
from openline.protocol.frames import FrameClass
from openline.sim.agenda import Agenda, Clock
from openline.sim.chance import Chance, SeededBytes
from openline.sim.disk import Disk, PowerCut
from openline.sim.parties import Party
from openline.sim.roles import Desks, DiskMood, Watcher
from openline.sim.trace import Trace, Violation
from openline.sim.wire import Body, Wire

if TYPE_CHECKING:
    from openline.protocol.words import WordList

TICK_MS: Final = 50
CELL_MS: Final = 200

MakePost = Callable[..., Post]
"""How an engine is made: :class:`Post`, or in a test one with a planted fault."""


class Site:
    """One side of the line."""

    def __init__(  # noqa: PLR0913, PLR0917 everything that a post stands on
        self,
        side: int,
        party: Party,
        peer: Party,
        disk: Disk,
        clock: Clock,
        tools: tuple[Agenda, Chance, Trace, Wire],
        settings: PostSettings,
        make_post: MakePost = Post,
    ) -> None:
        """A post that is not running yet."""
        self.side, self.role = side, "xy"[side]
        self.own = side
        """Party index."""
        self.party, self.peer_party = party, peer
        self.disk, self.clock = disk, clock
        self.agenda, self.chance, self.trace, self.wire = tools
        self._settings, self._make_post = settings, make_post
        self.mood = DiskMood()
        self.boot = 0
        self.starts = 0
        self.watcher: Watcher
        self.desks: Desks
        self._post: Post | None = None
        self._commands: deque[Command] = deque()
        self._busy = False
        self.block: SetControl | None = None
        self._heard: dict[str, int] = {}
        self.words: WordList | None = None
        """The challenge words, in a file of their own: it outlives a crash."""

    @property
    def now(self) -> Now:
        """Both clocks of this post."""
        return self.clock.read()

    @property
    def running(self) -> bool:
        """The post is alive."""
        return self._post is not None

    # --- life --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the post from what its disk holds."""
        self.starts += 1
        try:
            state = self.disk.start()
            self._post = self._make_post(
                card_own=self.party.card,
                card_peer=self.peer_party.card,
                state=state,
                signer=self.party.signer,
                random=SeededBytes(f"{self.chance.name}/boot/{self.starts}"),
                settings=self._settings,
                now=self.now,
                words=self.words,
            )
        except Exception as fault:
            raise self._escaped(fault) from fault
        self.boot = self.starts
        self.trace.say(self.role, f"starts, boot {self.boot}, {self._sizes(state)}")
        self.watcher.started(self, state)
        self.desks.post_started()
        boot = self.boot
        self.agenda.after(self.chance.between(1, TICK_MS), lambda: self._tick(boot))
        self.agenda.after(CELL_MS, lambda: self._cell(boot))

    def _sizes(self, state: StoredState) -> str:
        a, b = (len(half) for half in state.entries)
        return f"own {(a, b)[self.own]} peer {(a, b)[1 - self.own]} outbox {len(state.outbox)}"

    def crash(self) -> None:
        """The process is killed, or the power goes."""
        if self._post is None:
            return
        self.disk.crash()
        self._dead("killed")

    def stop(self) -> None:
        """End in order, after a run."""
        self._post, self.boot = None, 0
        self.disk.stop()

    def _dead(self, why: str) -> None:
        self._post, self.boot, self.block = None, 0, None
        self._commands.clear()
        self.trace.say(self.role, why)
        self.wire.crashed(self.side)
        self.desks.post_died()
        self.watcher.died(self)
        self.disk.tidy()

    # --- calls into the engine -----------------------------------------------------------------

    def call(self, act: Callable[[Post, Now], None], *, later: bool = False) -> None:
        """Call the engine, then carry out what it left.

        Args:
            act: what to call.
            later: carry out in a later turn, as a shell must inside ``hello_received``.
        """
        post = self._post
        if post is None:
            return
        try:
            act(post, self.now)
        except Exception as fault:
            raise self._escaped(fault) from fault
        if later:
            boot = self.boot
            self.agenda.after(0, lambda: self._later(boot))
        else:
            self._carry_out()

    def _later(self, boot: int) -> None:
        if self.boot == boot:
            self._carry_out()

    def _escaped(self, fault: Exception) -> Exception:
        if isinstance(fault, Violation):
            return fault
        where = "".join(traceback.format_exception(fault)[-6:])
        return Violation("escape", f"post {self.role} let out {fault!r}\n{where}")

    def view(self) -> PostView | None:
        """What its desks see now."""
        return None if self._post is None else self._post.view(self.now)

    @property
    def post(self) -> Post | None:
        """The engine, for those who only look."""
        return self._post

    def _carry_out(self) -> None:
        if self._post is None:
            return
        try:
            self._commands.extend(self._post.drain())
        except Exception as fault:
            raise self._escaped(fault) from fault
        if self._busy:
            return
        self._busy = True
        try:
            while self._commands:
                self._do(self._commands.popleft())
        finally:
            self._busy = False
        self.watcher.stepped(self)

    def _do(self, command: Command) -> None:
        match command:
            case Commit():
                self._begin_commit(command)
            case ReadEntries():
                self._begin_read(command)
            case SendFrame():
                self.watcher.sending(self, command)
                self.wire.send(
                    self.side,
                    command.frame_class,
                    command.body,
                    datagram=command.datagram,
                    stream=command.stream,
                )
            case RefreshHello():
                self.wire.refresh_hello(self.side)
            case ToDesk():
                self.desks.take(command)
            case SetControl():
                self.watcher.controls(self, command)
                self.block = command
                self._send_cell()
            case FarLegsChanged():
                self.trace.say(self.role, f"far legs {'gone' if command.legs is None else 'there'}")
            case KeepWords(words=words):
                self.trace.say(self.role, f"keeps words {words.name}")
                self.words = words
                boot = self.boot
                took = self.chance.between(1, 40)
                self.agenda.after(took, lambda: self._words_kept(boot, words.name))
            case _:
                assert_never(command)

    def _words_kept(self, boot: int, name: str) -> None:
        if self.boot == boot:
            self.call(lambda post, now: post.checks.words_kept(name, now))

    # --- the disk ------------------------------------------------------------------------------

    def _begin_commit(self, command: Commit) -> None:
        boot, mood = self.boot, self.mood
        took = self.chance.between(mood.low_ms, mood.high_ms)
        told = self.chance.between(0, 1 + mood.high_ms // 4)
        self.agenda.after(took, lambda: self._commit(boot, command, told))

    def _commit(self, boot: int, command: Commit, told: int) -> None:
        if self.boot != boot:
            return
        mood = self.mood
        crash, mood.crash_at = mood.crash_at, ""
        fault = mood.once or mood.fault
        if not crash:
            mood.once = ""
        leaves = self.disk.held.leaves
        before = (len(leaves[0]), len(leaves[1]))
        try:
            code = self.disk.commit(command.writes, fault="" if crash else fault, crash=crash)
        except PowerCut as cut:
            self._dead(f"loses its power in commit {command.ticket} at {cut}")
            return
        if self.disk.held.leaves is leaves and (len(leaves[0]), len(leaves[1])) != before:
            self.watcher.committed(self, before)
        self._say_commit(command, before, code)
        ticket = command.ticket
        if code:
            self._answer(boot, told, lambda post, now: post.commit_failed(ticket, code, now))
        else:
            self._answer(boot, told, lambda post, now: post.committed(ticket, now))

    def _say_commit(self, command: Commit, before: tuple[int, int], code: str) -> None:
        writes = command.writes
        codes = [item[0] for item in writes.evidence]
        self.watcher.accused(self, codes)
        own = [entry.leaf for entry in writes.entries if entry.log == self.own]
        peer = [entry.leaf for entry in writes.entries if entry.log != self.own]
        what = (
            f"commit {command.ticket}: own {before[self.own]}+{len(own)} "
            f"peer {before[1 - self.own]}+{len(peer)} notes {len(writes.notes)} "
            f"outbox +{len(writes.outbox_add)}-{len(writes.outbox_remove)} "
            f"evidence {codes} {code or 'durable'}"
        )
        self.trace.say(self.role, what, b"".join((*own, *peer)))

    def _answer(self, boot: int, delay_ms: int, act: Callable[[Post, Now], None]) -> None:
        def answer() -> None:
            if self.boot == boot:
                self.call(act)

        self.agenda.after(delay_ms, answer)

    def _begin_read(self, command: ReadEntries) -> None:
        boot = self.boot

        def read() -> None:
            if self.boot != boot:
                return
            fault = self.mood.fault
            if fault == "store.io":
                self.call(lambda post, now: post.commit_failed(command.ticket, fault, now))
                return
            found = self.disk.read(command)
            self.call(lambda post, now: post.entries_read(command.ticket, found, now))

        self.agenda.after(self.chance.between(0, self.mood.high_ms), read)

    # --- the wire ------------------------------------------------------------------------------

    def hello(self) -> bytes:
        """Body of the present HELLO."""
        found: list[bytes] = []
        self.call(lambda post, now: found.append(post.hello(now)), later=True)
        self.watcher.sending(self, SendFrame(frame_class=int(FrameClass.HELLO), body=found[0]))
        return found[0]

    def hello_received(self, body: bytes) -> bytes | None:
        """A HELLO of the peer; None refuses the connection."""
        found: list[bytes] = []

        def take(post: Post, now: Now) -> None:
            try:
                found.append(post.hello_received(body, now))
            except OpenlineError as refusal:
                self.trace.say(self.role, f"refuses a HELLO: {refusal.code}")
                self.watcher.refused_hello(self, refusal.code)

        self.call(take, later=True)
        return found[0] if found else None

    def frame_received(self, frame_class: int, sequence: int, body: Body) -> None:
        """A frame of the peer."""
        if isinstance(body, SetControl):
            self._cell_received(body)
        elif isinstance(body, bytes):
            self.call(lambda post, now: post.frame_received(frame_class, sequence, body, now))

    def round_trip(self, path: str, rtt_ms: int) -> None:
        """A proof of the link."""
        self._heard[path] = self.agenda.now_ms
        self.watcher.round_trip(self)
        self.call(lambda post, now: post.round_trip(path, float(rtt_ms), now))

    def connected(self, path: str) -> None:
        """A connection became usable."""
        self.trace.say(self.role, f"connected on {path}")
        self.call(lambda post, now: post.connected(path, now))

    # --- time ------------------------------------------------------------------------------------

    def _tick(self, boot: int) -> None:
        if self.boot != boot:
            return
        self.agenda.after(TICK_MS, lambda: self._tick(boot))
        limit = self.agenda.now_ms - 350
        views = tuple(
            PathView(
                name=path.name,
                lamp="up" if self._heard.get(path.name, -1_000) >= limit else "dead",
                rtt_ms=None,
            )
            for path in self.wire.paths
        )
        self.call(lambda post, now: post.paths(views, "X25519MLKEM768", now))
        self.call(lambda post, now: post.tick(now))

    def _cell(self, boot: int) -> None:
        """Media cells go all the time; here a few, as they carry the control block."""
        if self.boot != boot:
            return
        self.agenda.after(CELL_MS, lambda: self._cell(boot))
        if self.block is not None and self.block.call_open:
            self._send_cell()

    def _send_cell(self) -> None:
        self.wire.send(self.side, FrameClass.MEDIA, self.block, stream=False)

    def _cell_received(self, block: SetControl) -> None:
        self.call(
            lambda post, now: post.control_seen(
                block.call_tag,
                call_open=block.call_open,
                talking=block.talking,
                manner=block.manner,
                talk_seq=block.talk_seq,
                now=now,
            )
        )
