"""Audio pages of two sides that hear one another's chirps, as far as a test lets them."""

from dataclasses import dataclass, field

from openline.engine.desk import AudioReport, CheckReport, CheckStateWord, CheckView, Chirp
from openline.engine.ports import PostSettings
from openline.record.checks import CheckPart, check_part
from openline.record.entry import parse_entry
from tests.unit.engine.pair import DESK, Pair, Side

HEARS = AudioReport(mic="COLD", context="running", connection="connected", hears=True)


@dataclass
class Pages:
    """Does what audio/chirp.js does with each Chirp: one desk a side.

    Attributes:
        deaf: letters whose page hears nothing; mute: whose page is never heard; absent: whose first
            page knows no chirps. second: further pages, which do.
    """

    pair: Pair
    deaf: set[str] = field(default_factory=set)
    mute: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    seen: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    listening: dict[str, Chirp] = field(default_factory=dict)
    said: list[tuple[str, str]] = field(default_factory=list)
    second: dict[str, bytes] = field(default_factory=dict)
    listener: dict[str, bytes] = field(default_factory=dict)

    def add(self, side: Side, name: bytes) -> None:
        """Another desk of a side takes a seat."""
        side.post.desk_opened(name, self.pair.now)
        self.second[side.letter] = name

    def run(self, ms: int) -> None:
        for _ in range(ms // 50):
            self.pair.run(50)
            for letter, name in self.second.items():
                self.pair.sides[letter].post.desk_alive(name, HEARS, self.pair.now)
            for side in (self.pair.a, self.pair.b):
                self.look(side)

    def look(self, side: Side) -> None:
        events = side.desk_events[self.seen[side.letter] :]
        self.seen[side.letter] = len(side.desk_events)
        for desk, event in events:
            if isinstance(event, Chirp):
                self.listener[side.letter] = desk or DESK[side.letter]
                self.chirp(side, event)

    def chirp(self, side: Side, event: Chirp) -> None:
        self.said.append((side.letter, event.part))
        if event.part == "stop":
            self.listening.pop(side.letter, None)
            return
        if side.letter in self.absent and self.listener[side.letter] == DESK[side.letter]:
            return
        self.listening[side.letter] = event
        self.report(side, event, "armed")
        if event.part == "begin":
            self.sound(side, event)

    def sound(self, side: Side, event: Chirp) -> None:
        """The first chirp goes out; each page that hears answers, as three chirps do."""
        other = self.pair.other(side)
        there = self.listening.get(other.letter)
        if there is None or there.id != event.id or not self.passes(side, other):
            self.report(side, event, "failed")
            return
        self.report(other, there, "heard")
        if not self.passes(other, side):
            self.report(side, event, "failed")
            return
        self.report(side, event, "held", 61.4)
        self.report(other, there, "held", 60.6)

    def passes(self, side: Side, other: Side) -> bool:
        return side.letter not in self.mute and other.letter not in self.deaf

    def report(
        self, side: Side, event: Chirp, state: CheckStateWord, delay_ms: float | None = None
    ) -> None:
        report = CheckReport(check=event.id, state=state, delay_ms=delay_ms)
        side.post.checks.desk_says(self.listener[side.letter], report, self.pair.now)
        self.pair.settle()


def checks(side: Side) -> list[CheckPart]:
    """What ``side`` wrote of checks, as it stands on its own disk."""
    found = []
    own = 0 if side.who.card.fingerprint < side.peer.card.fingerprint else 1
    for entry in side.store.entries[own][1:]:
        part = check_part(parse_entry(entry.leaf).claims.kind, entry.body)
        if part is not None:
            found.append(part)
    return found


def last(side: Side, pair: Pair) -> CheckView:
    view = side.post.view(pair.now).checks.last
    assert view is not None
    return view


def alarms(side: Side, pair: Pair) -> list[str]:
    return [alarm.code for alarm in side.post.view(pair.now).alarms]


def ready_pair(
    *, swapped: bool, minutes: int = 0, words: int = 0, disclosure: int = 2
) -> tuple[Pair, Pages]:
    """Two posts whose desks are connected."""
    settings = PostSettings(check_minutes=minutes, words_days=words)
    pair = Pair(swapped=swapped, settings=settings, disclosure=disclosure)
    pair.run(100)
    return pair, Pages(pair)
