"""The desks of one post, and its officers: what a page does, and what people do with it.

A page transmits only while its officer holds the talk key and its post has not stopped it; nothing
that a post can say makes it transmit. It plays only while its post has opened the gate.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from openline.engine.desk import (
    AudioReport,
    CheckReport,
    Chirp,
    Gate,
    Refused,
    StopTalking,
    TextTaken,
    TimelineChanged,
    TimelineItem,
    ViewChanged,
)
from openline.engine.ports import ToDesk
from openline.engine.post import Post
from openline.engine.timeline import ITEMS_MAX
from openline.errors import OpenlineError
from openline.protocol.clock import Now
from openline.sim.chance import Chance
from openline.sim.site import Site
from openline.sim.trace import Violation

ALIVE_MS: Final = 1_000
DESKS_MAX: Final = 2
LARGE_CHARACTERS: Final = 12_000


@dataclass(slots=True)
class Desk:
    """One page.

    Attributes:
        held: its officer holds the key. live: it transmits. gate: it plays the far sound.
        hidden: it stands behind other windows.
    """

    name: bytes
    held: bool = False
    live: bool = False
    gate: str = ""
    hidden: bool = False


class Listener(Protocol):
    """Who wants to know what the post told its desks."""

    def timeline(self, site: Site, items: tuple[TimelineItem, ...]) -> None:
        """Items are new or changed."""


class DeskRoom:
    """All desks of a site; implements :class:`openline.sim.site.Desks`."""

    def __init__(self, site: Site, chance: Chance, listener: Listener) -> None:
        """No desk yet."""
        self._site = site
        self._chance = chance
        self._listener = listener
        self.open: dict[bytes, Desk] = {}
        self.wanted = 1
        self.last_live_ms = -1_000_000
        self._written = 0
        self.checked = 0
        """Line checks that a post of ours began."""
        self.asked: dict[str, str] = {}
        self.taken: set[str] = set()
        self.refused: dict[str, int] = {}
        self.opened: set[str] = set()

    @property
    def live(self) -> bool:
        """Some page transmits."""
        return any(desk.live for desk in self.open.values())

    def spoke_lately(self, within_ms: int) -> bool:
        """Some page transmits, or did within that time."""
        return self.live or self._site.agenda.now_ms - self.last_live_ms <= within_ms

    # --- what the post tells ---------------------------------------------------------------------

    def take(self, command: ToDesk) -> None:
        """Do what a page does with an event."""
        event = command.event
        desks = [
            desk for desk in self.open.values() if command.desk in {None, desk.name}
        ]  # fmt: skip
        match event:
            case Gate():
                for desk in desks:
                    self._gate(desk, event)
            case StopTalking():
                for desk in desks:
                    self._silence(desk)
                self._site.trace.say(self._site.role, f"desk stopped: {event.reason}")
            case TextTaken():
                self.taken.add(self.asked[event.request])
            case Refused():
                self.refused[event.code] = self.refused.get(event.code, 0) + 1
            case TimelineChanged():
                self._listener.timeline(self._site, event.items)
            case ViewChanged():
                pass
            case Chirp():
                self._chirp(command.desk, event)
            case _:
                # Whatever it is, a page would have to act on it: the engine sends nothing else.
                raise Violation("microphone", f"unknown event to a desk: {event!r}")

    def _gate(self, desk: Desk, event: Gate) -> None:
        desk.gate = event.call if event.open else ""
        self._site.trace.say(self._site.role, f"gate {'open' if event.open else 'shut'}")
        if event.open and self._chance.happens(0.8):
            self._site.agenda.after(self._chance.between(20, 400), lambda: self._sounded(desk))

    def _sounded(self, desk: Desk) -> None:
        name = desk.gate
        if name and desk.name in self.open:
            self._site.call(lambda post, now: post.sounded(desk.name, name, now))

    def _chirp(self, name: bytes | None, event: Chirp) -> None:
        """A page listens, and hears or not; it transmits nothing that an officer said."""
        if name is None or event.part == "stop":
            return
        self._report(name, CheckReport(check=event.id, state="armed"), 20)
        if self._chance.happens(0.7):
            self._report(name, CheckReport(check=event.id, state="held", delay_ms=60.0), 1_500)

    def _report(self, name: bytes, report: CheckReport, after_ms: int) -> None:
        def say() -> None:
            if name in self.open:
                self._site.call(lambda post, now: post.checks.desk_says(name, report, now))

        self._site.agenda.after(after_ms, say)

    def _silence(self, desk: Desk) -> None:
        if desk.live:
            self.last_live_ms = self._site.agenda.now_ms
        desk.live = False

    # --- pages -----------------------------------------------------------------------------------

    def report(self, desk: bytes) -> AudioReport:
        """What that page says of its audio."""
        return AudioReport(
            mic="LIVE" if self.open[desk].live else "COLD",
            context="running",
            connection="connected",
            visible=not self.open[desk].hidden,
        )

    def post_started(self) -> None:
        """The pages find their post again."""
        for _ in range(self.wanted):
            self._site.agenda.after(self._chance.between(10, 800), self.open_one)

    def post_died(self) -> None:
        """A page without its post transmits nothing and plays nothing."""
        for desk in self.open.values():
            self._silence(desk)
        self.open.clear()

    def open_one(self) -> None:
        """A page is opened."""
        if not self._site.running or len(self.open) >= DESKS_MAX:
            return
        self._written += 1
        desk = Desk(f"{self._site.role}{self._written:07d}".encode())
        self.open[desk.name] = desk
        self._site.call(lambda post, now: post.desk_opened(desk.name, now))
        self._alive(desk)

    def close_one(self, desk: Desk) -> None:
        """A page is closed."""
        self._silence(desk)
        self.open.pop(desk.name, None)
        self._site.call(lambda post, now: post.desk_closed(desk.name, now))

    def freeze(self, desk: Desk) -> None:
        """A page hangs: it says nothing any more."""
        self._silence(desk)
        self.open.pop(desk.name, None)

    def _alive(self, desk: Desk) -> None:
        if desk.name not in self.open:
            return
        report = self.report(desk.name)
        self._site.call(lambda post, now: post.desk_alive(desk.name, report, now))
        self._site.agenda.after(ALIVE_MS, lambda: self._alive(desk))

    # --- officers --------------------------------------------------------------------------------

    def write(self, *, large: bool = False) -> None:
        """An officer writes a text."""
        if not self._site.running:
            return
        self._written += 1
        mark = f"[{self._site.role}{self._written}]"
        text = mark + "." * (LARGE_CHARACTERS if large else 20)
        request = f"{self._site.role}{self._written}"
        self.asked[request] = mark
        desk = next(iter(self.open), None)
        self._site.call(lambda post, now: post.write_text(desk, request, text, "en", now))

    def press(self, desk: Desk) -> None:
        """The talk key goes down."""
        desk.held = desk.live = True
        self._site.trace.say(self._site.role, "presses the key")
        self._site.call(lambda post, now: post.talk(desk.name, on=True, now=now))

    def release(self, desk: Desk) -> None:
        """The talk key goes up."""
        self._silence(desk)
        desk.held = False
        self._site.trace.say(self._site.role, "releases the key")
        self._site.call(lambda post, now: post.talk(desk.name, on=False, now=now))

    def act(self) -> None:
        """Something that an officer may do."""
        desks = list(self.open.values())
        what = self._chance.weighted((
            ("write", 30), ("large", 1), ("burst", 2), ("key", 16), ("opened", 8), ("end", 3),
            ("silence", 3), ("open", 3), ("close", 1), ("freeze", 1), ("hide", 2),
            ("acknowledge", 2),
        ))  # fmt: skip
        if what == "write":
            self.write()
        elif what == "large":
            self.write(large=True)
        elif what == "burst":
            for _ in range(self._chance.between(3, 40)):
                self.write()
        elif what == "open":
            self.open_one()
        elif desks:
            self._act_at(self._chance.pick(desks), what)

    def _act_at(self, desk: Desk, what: str) -> None:
        site = self._site
        if what == "key":
            (self.release if desk.held else self.press)(desk)
        elif what == "opened" and site.post is not None:
            # All of them: which ones stand last depends on whose log wins a tie.
            items = site.post.timeline(ITEMS_MAX)
            texts = [item.id for item in items if item.whose == "peer" and item.kind == "text"]
            if texts:
                item = self._chance.pick(texts[-10:])
                self.opened.add(item)
                site.call(lambda post, now: post.text_opened(desk.name, item, now))
        elif what == "end":
            site.call(lambda post, now: post.end_call(desk.name, now))
        elif what == "silence":
            site.call(lambda post, now: post.silence_call(desk.name, now))
        elif what == "close":
            self.close_one(desk)
        elif what == "freeze":
            self.freeze(desk)
        elif what == "hide":
            desk.hidden = not desk.hidden
        elif what == "acknowledge":
            site.call(lambda post, now: post.acknowledge(desk.name, "link_down", now))

    def check_until(self, end_ms: int) -> None:
        """Officers begin line checks until then."""
        chance = self._chance.stream("line checks")

        def check() -> None:
            if self._site.agenda.now_ms >= end_ms:
                return
            self._site.agenda.after(chance.between(500, 5_000), check)
            if self._site.running:
                self._site.call(lambda post, now: self._check(post, now, words=chance.happens(0.3)))

        self._site.agenda.after(chance.between(500, 5_000), check)

    def _check(self, post: Post, now: Now, *, words: bool) -> None:
        try:
            name = post.check_now(text=True, voice=True, words=words, now=now)
        except OpenlineError as refusal:
            self._site.trace.say(self._site.role, f"begins no check: {refusal.code}")
            return
        self.checked += 1
        self._site.trace.say(self._site.role, f"begins check {name}")

    def calm(self) -> None:
        """The day is over: keys up, the call ended, one desk attended."""
        for desk in list(self.open.values()):
            if desk.held:
                self.release(desk)
        name = next(iter(self.open), b"")
        self._site.call(lambda post, now: post.end_call(name, now))
        if not self.open:
            self.open_one()
