"""Up to three desks on each side, coming and going: every two that stay are joined in the end."""

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from openline.app.voicing import GONE_MS, DeskVoice
from openline.engine.desk import DeskEvent, Refused, VoiceAnswer, VoiceReset
from openline.voice import FarLeg, LegOffer

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = itertools.count(1)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["sit", "leave", "reload", "blink", "away", "link", "deliver", "restart"]),
        st.integers(0, 2),
    ),
    max_size=40,
)


@dataclass
class Connection:
    """What a page holds of one connection."""

    fingerprint: str
    far: str = ""
    generation: int = 0


class Noting:
    """An endpoint that only notes; a connection's certificate stands in its offer."""

    def __init__(self) -> None:
        self.silent: set[int] = set()
        self.offered: dict[tuple[bytes, int], str] = {}

    def fingerprint(self, desk: bytes, slot: int) -> str:
        return self.offered[desk, slot]

    def offer(self, desk: bytes, sdp: str, slot: int) -> LegOffer:
        fingerprint, generation = sdp.split()
        self.offered[desk, slot] = fingerprint
        return LegOffer(
            desk=desk,
            fingerprint=fingerprint,
            ssrcs=(1,),
            red=True,
            page_ufrag=f"{slot}",
            leg_ufrag="l",
            generation=int(generation),
        )

    def answer(self, _desk: bytes, far: FarLeg, **_more: object) -> str:
        return far.fingerprint

    answer_own = answer

    def speaks(self, _desk: bytes, slot: int) -> bool:
        return slot not in self.silent

    def drop(self, desk: bytes) -> None:
        pass


class Side:
    """One post and its pages, which obey as the media page does."""

    def __init__(self, party: int) -> None:
        self.party = party
        self.endpoint = Noting()
        self.seated: dict[int, bytes] = {}
        self.pages: dict[tuple[int, int], Connection] = {}
        self.told: list[tuple[bytes, DeskEvent]] = []
        self.said: bytes | None = None
        self.peer: Callable[[bytes | None], None] = lambda _legs: None
        self.boot()

    def boot(self) -> None:
        """A start of the post: it knows nothing."""
        self.told.clear()
        self.voice = DeskVoice(
            cast("Any", self.endpoint),
            party=self.party,
            line=bytes(16),
            own_legs=self.say,
            to_desk=lambda desk, event: self.told.append((desk, event)),
        )

    def say(self, legs: bytes | None) -> None:
        self.said = legs
        self.peer(legs)

    def sit(self, seat: int) -> None:
        """A fresh page."""
        self.seated[seat] = next(NUMBERS).to_bytes(8, "big")
        self.voice.seated(self.seated[seat], seat)
        for slot in range(6):
            if slot != 3 + seat:
                self.renew(seat, slot)

    def back(self, seat: int) -> None:
        """The same page on a new socket, with the connections that it has."""
        self.seated[seat] = next(NUMBERS).to_bytes(8, "big")
        self.voice.seated(self.seated[seat], seat)
        for (own, slot), held in list(self.pages.items()):
            if own == seat:
                offer = f"{held.fingerprint} {held.generation}"
                self.voice.offered(self.seated[seat], offer, slot)

    def leave(self, seat: int) -> None:
        self.voice.dropped(self.seated.pop(seat))

    def renew(self, seat: int, slot: int) -> None:
        digits = f"{next(NUMBERS):064X}"
        fingerprint = ":".join(digits[at : at + 2] for at in range(0, 64, 2))
        self.pages[seat, slot] = Connection(fingerprint)
        self.voice.offered(self.seated[seat], f"{fingerprint} 0", slot)

    def obey(self) -> None:
        while self.told:
            desk, event = self.told.pop(0)
            seat = next((seat for seat, name in self.seated.items() if name == desk), None)
            if seat is None:
                continue
            match event:
                case VoiceReset(pair_slot=slot):
                    self.renew(seat, slot)
                case VoiceAnswer(sdp=far, generation=generation, pair_slot=slot):
                    held = self.pages[seat, slot]
                    if held.far not in ("", far):
                        self.renew(seat, slot)
                    else:
                        held.far, held.generation = far, generation
                case Refused(code=code):
                    raise AssertionError(code)
                case _:
                    pass


class Line:
    """Two posts; of what one says the other hears the newest, some time later."""

    def __init__(self) -> None:
        self.sides = [Side(0), Side(1)]
        self.waiting: dict[int, bytes | None] = {}
        self.clock_ms = 0
        for side in self.sides:
            side.peer = partial(self.waiting.__setitem__, 1 - side.party)

    def step(self, party: int, what: str, seat: int) -> None:
        side = self.sides[party]
        here = seat in side.seated
        match what:
            case "sit" if not here:
                side.sit(seat)
            case "leave" if here:
                side.leave(seat)
            case "reload" if here:
                side.leave(seat)
                side.sit(seat)
            case "blink" if here:
                side.leave(seat)
                side.back(seat)
            case "away":
                for each in self.sides:
                    each.voice.tick(self.clock_ms)
                    each.voice.tick(self.clock_ms + GONE_MS)
                self.clock_ms += GONE_MS
            case "link":
                side.endpoint.silent = {seat, (seat + 1) % 3}
                side.voice.link_returned(3_000)
                side.endpoint.silent = set()
            case "deliver":
                self.deliver(party)
            case "restart":
                self.restart(party)
            case _:
                pass
        side.obey()

    def deliver(self, party: int) -> None:
        if party in self.waiting:
            self.sides[party].voice.far_legs_changed(self.waiting.pop(party))

    def restart(self, party: int) -> None:
        side, other = self.sides[party], self.sides[1 - party]
        side.boot()
        side.said = None
        other.voice.far_legs_changed(None)
        for seat in list(side.seated):
            side.back(seat)
        self.waiting[party] = other.said

    def settle(self) -> None:
        for side in self.sides:
            if not side.seated:
                side.sit(1)
        for _ in range(40):
            for party, side in enumerate(self.sides):
                self.deliver(party)
                side.obey()
        assert self.waiting == {}, "they never come to rest"

    def check(self) -> None:
        one, two = self.sides
        for here, there in itertools.product(one.seated, two.seated):
            joined(one.pages[here, there], two.pages[there, here])
        for side in self.sides:
            for low, high in itertools.combinations(side.seated, 2):
                joined(side.pages[low, 3 + high], side.pages[high, 3 + low])


def joined(one: Connection, two: Connection) -> None:
    assert (one.far, two.far) == (two.fingerprint, one.fingerprint)
    assert one.generation == two.generation > 0


@settings(deadline=None)
@given(st.sets(st.integers(0, 5), max_size=6), STEPS)
def test_every_two_desks_are_joined_once_the_faults_stop(
    seats: set[int], steps: list[tuple[int, str, int]]
) -> None:
    line = Line()
    for seat in sorted(seats):
        line.step(seat % 2, "sit", seat // 2)
    line.settle()
    line.check()
    for step in steps:
        line.step(*step)
    line.settle()
    line.check()
