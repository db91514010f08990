"""Two real engines, two stores in memory that can fail, and a wire that can lose."""

from collections.abc import Callable  # noqa: TC003 - used at run time by dataclasses
from dataclasses import dataclass, field

import pytest

from openline.engine.desk import (
    AudioReport,
    DeskEvent,
    Gate,
    Refused,
    StopTalking,
    TextTaken,
    TimelineItem,
)
from openline.engine.founding import found
from openline.engine.ports import (
    Commit,
    FarLegsChanged,
    KeepWords,
    OutboxItem,
    PostSettings,
    ReadEntries,
    RefreshHello,
    SendFrame,
    SetControl,
    StoredEntry,
    ToDesk,
)
from openline.engine.post import Post
from openline.engine.signer import LocalSigner
from openline.errors import OpenlineError
from openline.protocol.clock import Now
from openline.protocol.frames import FrameClass
from openline.protocol.words import WordList
from tests.unit.engine.memory import Identity, MemoryStore, Random, identity

DESK = {"a": b"desk-a-1", "b": b"desk-b-1"}
WALL = 1_795_000_000_000


@dataclass
class Side:
    """One post with its disk and its desk."""

    letter: str
    who: Identity
    peer: Identity
    settings: PostSettings
    store: MemoryStore
    post: Post = field(init=False)
    boots: int = 0
    desk_events: list[tuple[bytes | None, DeskEvent]] = field(default_factory=list)
    sent: list[SendFrame] = field(default_factory=list)
    hellos: int = 0
    block: SetControl | None = None
    legs: list[bytes | None] = field(default_factory=list)
    words: list[WordList] = field(default_factory=list)
    disk: list[Commit | ReadEntries] = field(default_factory=list)

    def start(self, now: Now) -> None:
        self.boots += 1
        self.post = Post(
            card_own=self.who.card,
            card_peer=self.peer.card,
            state=self.store.load(),
            signer=LocalSigner(self.who.keys),
            random=Random(f"{self.letter}/{self.boots}"),
            settings=self.settings,
            now=now,
        )

    def events(self, kind: type) -> list[DeskEvent]:
        return [event for _, event in self.desk_events if isinstance(event, kind)]

    def taken(self) -> list[TextTaken]:
        return [event for event in self.events(TextTaken) if isinstance(event, TextTaken)]

    def refused(self) -> list[Refused]:
        return [event for event in self.events(Refused) if isinstance(event, Refused)]

    def gates(self) -> list[bool]:
        return [event.open for event in self.events(Gate) if isinstance(event, Gate)]

    def stops(self) -> list[str]:
        return [
            event.reason for event in self.events(StopTalking) if isinstance(event, StopTalking)
        ]

    def bodies(self, frame_class: FrameClass) -> list[bytes]:
        return [frame.body for frame in self.sent if frame.frame_class == frame_class]


class Pair:
    """Two posts. ``a`` is party 0 unless ``swapped``: then the roles of the identities change."""

    def __init__(  # noqa: PLR0913 - all that a test may want otherwise
        self,
        *,
        disclosure: int = 2,
        settings: PostSettings | None = None,
        settings_b: PostSettings | None = None,
        swapped: bool = False,
        connect: bool = True,
        live: bool = True,
        desks: bool = True,
    ) -> None:
        self.now = Now(1_000, WALL)
        who = [identity("north", disclosure), identity("south", disclosure)]
        who.sort(key=lambda item: item.card.fingerprint)
        if swapped:
            who.reverse()
        settings = settings or PostSettings()
        self.sides: dict[str, Side] = {}
        settled = {"a": settings, "b": settings_b or settings}
        for letter, mine, peer in (("a", who[0], who[1]), ("b", who[1], who[0])):
            state = found(
                mine.card,
                peer.card,
                LocalSigner(mine.keys),
                ("W-1", mine.officer),
                Random(f"found {letter}"),
                self.now,
            )
            self.sides[letter] = Side(letter, mine, peer, settled[letter], MemoryStore(state))
            self.sides[letter].start(self.now)
        self.a, self.b = self.sides["a"], self.sides["b"]
        self.wire: list[tuple[str, int, int, bytes]] = []
        self.sequence = 0
        self.connected = False
        self.round_trips = True
        self.drop: Callable[[str, int, bytes], bool] = lambda _to, _class, _body: False
        self.disk_slow = False
        if desks:
            for letter, side in self.sides.items():
                side.post.desk_opened(DESK[letter], self.now)
        self.desks_alive = desks
        self.hears = True
        if connect:
            self.connect()
        if live:
            self.run(200)
            assert self.a.post.view(self.now).record.state == "live"
            assert self.b.post.view(self.now).record.state == "live"

    def other(self, side: Side) -> Side:
        return self.b if side is self.a else self.a

    # --- the link ---

    def connect(self) -> None:
        self.connected = True
        for side in self.sides.values():
            self.greet(side)
        for side in self.sides.values():
            side.post.connected("one", self.now)

    def cut(self) -> None:
        self.connected = False
        self.wire.clear()

    def greet(self, side: Side) -> None:
        """A HELLO of ``side`` arrives."""
        side.hellos += 1
        self.other(side).post.hello_received(side.post.hello(self.now), self.now)

    # --- the shell of each post ---

    def shell(self, side: Side) -> None:  # noqa: C901 - one case per command
        for command in side.post.drain():
            match command:
                case Commit() | ReadEntries():
                    side.disk.append(command)
                case SendFrame():
                    side.sent.append(command)
                    if self.connected:
                        self.sequence += 1
                        to = self.other(side).letter
                        self.wire.append((to, command.frame_class, self.sequence, command.body))
                case RefreshHello():
                    if self.connected:
                        self.wire.append((self.other(side).letter, FrameClass.HELLO, 0, b""))
                case ToDesk():
                    side.desk_events.append((command.desk, command.event))
                case SetControl():
                    side.block = command
                case FarLegsChanged():
                    side.legs.append(command.legs)
                case KeepWords():
                    side.words.append(command.words)
                    side.post.checks.words_kept(command.words.name, self.now)
                    self.shell(side)

    def disk(self, side: Side) -> None:
        work, side.disk = side.disk, []
        for command in work:
            if isinstance(command, Commit):
                code = side.store.commit(command.writes)
                if code is None:
                    side.post.committed(command.ticket, self.now)
                else:
                    side.post.commit_failed(command.ticket, code, self.now)
            else:
                found_ = side.store.entries[command.log][command.start : command.stop]
                size, entries = 0, list[StoredEntry]()
                for entry in found_:
                    size += len(entry.leaf) + len(entry.body or b"")
                    if entries and size > command.bytes_max:
                        break
                    entries.append(entry)
                side.post.entries_read(command.ticket, tuple(entries), self.now)

    def deliver(self) -> None:
        frames, self.wire = self.wire, []
        for to, frame_class, sequence, body in frames:
            side = self.sides[to]
            if self.drop(to, frame_class, body):
                continue
            if frame_class == FrameClass.HELLO:
                self.greet(self.other(side))
            else:
                side.post.frame_received(frame_class, sequence, body, self.now)

    def settle(self) -> None:
        """Everything that happens without time passing."""
        for _ in range(400):
            for side in self.sides.values():
                self.shell(side)
            if not self.disk_slow:
                for side in self.sides.values():
                    self.disk(side)
                    self.shell(side)
            idle = self.disk_slow or not any(side.disk for side in self.sides.values())
            if idle and not self.wire:
                return
            self.deliver()
        pytest.fail("two posts keep each other busy for ever")

    def run(self, ms: int, *, step: int = 50) -> None:
        """Let time pass, 50 ms at a time."""
        self.settle()
        for _ in range(max(1, ms // step)):
            self.now = Now(self.now.mono_ms + step, self.now.wall_ms + step)
            for letter, side in self.sides.items():
                if self.connected and self.round_trips:
                    side.post.round_trip("one", 20.0, self.now)
                if self.desks_alive:
                    side.post.desk_alive(
                        DESK[letter],
                        AudioReport(
                            mic="COLD", context="running", connection="connected", hears=self.hears
                        ),
                        self.now,
                    )
                side.post.tick(self.now)
            self.settle()

    def cells(self) -> None:
        """Each side's media cells bring its control block to the other."""
        for side in self.sides.values():
            block = side.block
            if block is not None and self.connected:
                self.other(side).post.control_seen(
                    block.call_tag,
                    call_open=block.call_open,
                    talking=block.talking,
                    manner=block.manner,
                    talk_seq=block.talk_seq,
                    now=self.now,
                )
        self.settle()

    # --- what people do ---

    def text(self, side: Side, text: str, request: str = "r1") -> None:
        side.post.write_text(DESK[side.letter], request, text, "en", self.now)
        self.settle()

    def talk(self, side: Side, *, on: bool = True) -> None:
        side.post.talk(DESK[side.letter], on=on, now=self.now)
        self.settle()

    def restart(
        self, side: Side, store: MemoryStore | None = None, *, connect: bool = True
    ) -> None:
        """kill -9 and a new start, perhaps from another disk."""
        self.cut()
        side.disk.clear()
        side.block = None
        side.store = store or side.store.copy()
        side.start(self.now)
        if self.desks_alive:
            side.post.desk_opened(DESK[side.letter], self.now)
        self.settle()
        if connect:
            self.connect()
            self.settle()

    # --- what is seen ---

    def texts(self, side: Side) -> list[TimelineItem]:
        return [item for item in side.post.timeline(1000) if item.kind == "text"]

    def ladder(self, side: Side, text: str) -> dict[str, str]:
        (item,) = [item for item in self.texts(side) if item.text == text]
        return {rung.name: rung.state for rung in item.ladder}

    def leaves(self, side: Side, log: int) -> list[bytes]:
        return [entry.leaf for entry in side.store.entries[log]]

    def assert_identical(self) -> None:
        for log in (0, 1):
            assert self.leaves(self.a, log) == self.leaves(self.b, log)


def hello_refused(post: Post, body: bytes, now: Now) -> str:
    try:
        post.hello_received(body, now)
    except OpenlineError as error:
        return error.code
    return ""


__all__ = ["DESK", "Identity", "MemoryStore", "OutboxItem", "Pair", "Random", "Side", "identity"]
