"""The desks of one post, and its officers: what a page does, and what people do with it.

A page transmits only while its officer holds the talk key and its post has not stopped it; nothing
that a post can say makes it transmit. It plays only while its post has opened the gate.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from openline.engine.desk import (
    AudioReport,
    Chirp,
    Gate,
    Refused,
    Role,
    Seat,
    StopTalking,
    TextTaken,
    TimelineChanged,
    TimelineItem,
    ViewChanged,
)
from openline.engine.desk_spoken import RecordCall, SpeakPhrase
from openline.engine.ports import ToDesk
from openline.engine.timeline import ITEMS_MAX
from openline.protocol.call import Answer, Manner, Precedence
from openline.sim.chance import Chance
from openline.sim.line_checks import LineChecks
from openline.sim.site import Site
from openline.sim.trace import Violation

ALIVE_MS: Final = 1_000
DESKS_MAX: Final = 2
LARGE_CHARACTERS: Final = 12_000
ROLES: Final[tuple[tuple[Role, int], ...]] = (
    ("principal", 12),
    ("interpreter", 2),
    ("note_taker", 1),
    ("listener", 1),
)
IN_CALL: Final = frozenset({"end", "silence", "two-way", "answer", "take-over", "reseat"})
PRECEDENCES: Final = tuple(zip(Precedence, (20, 2, 2, 2), strict=True))
ANSWERS: Final = (
    (Answer.HEARD, 4),
    (Answer.FETCHING, 4),
    (Answer.REPLY, 2),
    (Answer.DECLINED, 1),
)


@dataclass(slots=True)
class Desk:
    """One page.

    Attributes:
        held: its officer holds the key. live: it transmits. gate: it plays the far sound.
        hidden: it stands behind other windows. consented: its officer's own consent to two-way, not
        yet used up. latched: it transmits without the key, for that consent. thinking: its officer
        was asked, and has not decided.
    """

    name: bytes
    role: Role = "principal"
    consented: bool = False
    latched: bool = False
    thinking: bool = False
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
        self.line_checks = LineChecks(site, chance, lambda desk: desk in self.open)
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
            case Gate() | StopTalking():
                self._obey(event, desks)
            case TextTaken():
                self.taken.add(self.asked[event.request])
            case Refused():
                self._refused(event, desks)
            case TimelineChanged():
                self._listener.timeline(self._site, event.items)
            case ViewChanged():
                for desk in desks:
                    self._look(desk)
            case Chirp():
                self.line_checks.chirp(command.desk, event)
            case SpeakPhrase() | RecordCall():
                # A page plays a file of its own, or keeps what it hears: whatever it transmits
                # after it, its officer holds the key for, or consented to being open both ways.
                if any(desk.live and not (desk.held or desk.latched) for desk in desks):
                    raise Violation("microphone", f"transmits after {event!r} without a key")
            case _:
                # Whatever it is, a page would have to act on it: the engine sends nothing else.
                raise Violation("microphone", f"unknown event to a desk: {event!r}")

    def _obey(self, event: Gate | StopTalking, desks: list[Desk]) -> None:
        for desk in desks:
            if isinstance(event, Gate):
                self._gate(desk, event)
            else:
                self._stop(desk)
        if isinstance(event, StopTalking):
            self._site.trace.say(self._site.role, f"desk stopped: {event.reason}")

    def _refused(self, event: Refused, desks: list[Desk]) -> None:
        self.refused[event.code] = self.refused.get(event.code, 0) + 1
        for desk in desks:
            if event.request == "" and not desk.latched:
                desk.consented = False  # what was refused is no consent

    def _gate(self, desk: Desk, event: Gate) -> None:
        desk.gate = event.call if event.open else ""
        self._site.trace.say(self._site.role, f"gate {'open' if event.open else 'shut'}")
        if event.open and self._chance.happens(0.8):
            self._site.agenda.after(self._chance.between(20, 400), lambda: self._sounded(desk))

    def _sounded(self, desk: Desk) -> None:
        name = desk.gate
        if name and desk.name in self.open:
            self._site.call(lambda post, now: post.sounded(desk.name, name, now))

    def _look(self, desk: Desk) -> None:
        """A page latches for its own officer's consent alone, and a little after it looked."""
        view = self._site.view()
        if view is None or view.call is None or desk.latched:
            return
        own = view.call.holder == desk.name.hex()  # else it is another desk's consent
        if desk.consented and own and view.call.two_way == "open":
            delay = self._chance.between(0, 400)
            self._site.agenda.after(delay, lambda: self._latch(desk))
        elif view.call.two_way == "asked_there" and not desk.thinking:
            desk.thinking = True
            self._site.agenda.after(self._chance.between(200, 1_500), lambda: self._decide(desk))

    def _decide(self, desk: Desk) -> None:
        """An officer who was asked for two-way consents, or does not."""
        desk.thinking = False
        if desk.name in self.open and not desk.consented and self._chance.happens(0.6):
            self._act_in_call(desk, "two-way")

    def _latch(self, desk: Desk) -> None:
        if desk.name not in self.open or not desk.consented or desk.latched:
            return
        desk.live = desk.latched = True
        self._site.trace.say(self._site.role, "latches")
        self._site.call(lambda post, now: post.talk(desk.name, on=True, now=now))

    def _stop(self, desk: Desk) -> None:
        """Its post ends the transmission: only a new act begins one."""
        desk.consented = False
        self._silence(desk)

    def _silence(self, desk: Desk) -> None:
        if desk.live:
            self.last_live_ms = self._site.agenda.now_ms
        desk.live = desk.latched = False

    # --- pages -----------------------------------------------------------------------------------

    def report(self, desk: bytes) -> AudioReport:
        """What that page says of its audio."""
        return AudioReport(
            mic="LIVE" if self.open[desk].live else "COLD",
            context="running",
            connection="connected",
            visible=not self.open[desk].hidden,
            hears=True,
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
        role = self._chance.weighted(ROLES)
        desk = Desk(f"{self._site.role}{self._written:07d}".encode(), role)
        self.open[desk.name] = desk
        seat = Seat(slot=len(self.open) - 1, role=role)
        self._site.call(lambda post, now: post.desk_opened(desk.name, now, seat))
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
        precedence = self._chance.weighted(PRECEDENCES)
        asks = self._chance.happens(0.1)
        desk.consented = desk.consented or asks  # the press that asks is the consent
        manner = Manner.TWO_WAY if asks else Manner.ANNOUNCE
        self._site.trace.say(self._site.role, f"presses the key, {manner} {precedence.name}")
        self._site.call(
            lambda post, now: post.talk(
                desk.name, on=True, now=now, manner=manner, precedence=precedence
            )
        )

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
            ("acknowledge", 2), ("two-way", 8), ("answer", 5), ("take-over", 3), ("reseat", 1),
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
        elif what in IN_CALL:
            self._act_in_call(desk, what)
        elif what == "close":
            self.close_one(desk)
        elif what == "freeze":
            self.freeze(desk)
        elif what == "hide":
            desk.hidden = not desk.hidden
        elif what == "acknowledge":
            site.call(lambda post, now: post.acknowledge(desk.name, "link_down", now))

    def _act_in_call(self, desk: Desk, what: str) -> None:
        site, chance = self._site, self._chance
        if what == "end":
            site.call(lambda post, now: post.end_call(desk.name, now))
        elif what == "silence":
            site.call(lambda post, now: post.silence_call(desk.name, now))
        elif what == "two-way":
            on = not desk.consented
            desk.consented = on
            if not on and desk.latched:
                self._silence(desk)
            site.trace.say(site.role, f"two-way {'on' if on else 'off'}")
            site.call(lambda post, now: post.two_way(desk.name, on=on, now=now))
        elif what == "answer":
            given = chance.weighted(ANSWERS)
            due_s = chance.between(60, 200) if given in {Answer.FETCHING, Answer.REPLY} else 0
            site.trace.say(site.role, f"answers {given}")
            site.call(lambda post, now: post.answer(desk.name, given, due_s, now))
        elif what == "take-over":
            site.trace.say(site.role, "takes over")
            site.call(lambda post, now: post.take_over(desk.name, now))
        else:
            desk.role = chance.weighted(ROLES)
            seat = Seat(role=desk.role)
            site.call(lambda post, now: post.seated(desk.name, seat, now))

    def calm(self) -> None:
        """The day is over: keys up, the call ended, one desk attended."""
        for desk in list(self.open.values()):
            if desk.held:
                self.release(desk)
        name = next((desk.name for desk in self.open.values() if desk.role == "principal"), b"")
        self._site.call(lambda post, now: post.end_call(name, now))
        if not self.open:
            self.open_one()
