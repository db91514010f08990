"""Two desks of two posts are paired through opaque legs; faults stay with the desk."""

import hashlib
import itertools
from typing import TYPE_CHECKING, Any, cast

import pytest

from openline.app.voicing import GONE_MS, SILENT_LINK_MS_MAX, DeskVoice
from openline.engine.desk import DeskEvent, Refused, VoiceAnswer, VoiceReset
from openline.errors import VoiceError
from openline.record.cbor import decode, encode
from openline.voice import LEGS_BYTES_MAX, FarLeg, LegOffer

if TYPE_CHECKING:
    from collections.abc import Callable

LINE = bytes(range(16))


class FakeEndpoint:
    def __init__(self) -> None:
        self.answered: dict[tuple[bytes, int], tuple[FarLeg, bool, int | None]] = {}
        self.dropped: list[bytes] = []
        self.silent: set[int] = set()
        self.refuse = ""
        self.offered: dict[tuple[bytes, int], str] = {}

    def fingerprint(self, desk: bytes, slot: int) -> str:
        return self.offered[desk, slot]

    def offer(self, desk: bytes, sdp: str, slot: int) -> LegOffer:
        if sdp == "bad":
            raise VoiceError("voice.sdp")
        digest = hashlib.sha256(desk + bytes([slot]) + sdp.encode()).hexdigest().upper()
        self.offered[desk, slot] = ":".join(digest[at : at + 2] for at in range(0, 64, 2))
        return LegOffer(
            desk=desk,
            fingerprint=self.offered[desk, slot],
            ssrcs=(1,),
            red=True,
            page_ufrag=sdp,
            leg_ufrag="leg",
        )

    def answer(self, desk: bytes, far: FarLeg, *, active: bool, slot: int, pair: int) -> str:
        if self.refuse:
            raise VoiceError(self.refuse)
        self.answered[desk, slot] = (far, active, pair)
        return "sdp"

    def answer_own(
        self, desk: bytes, other: FarLeg, *, active: bool, slot: int, partner: int
    ) -> str:
        assert partner >= 3
        self.answered[desk, slot] = (other, active, None)
        return "sdp"

    def speaks(self, _desk: bytes, slot: int) -> bool:
        return slot not in self.silent

    def drop(self, desk: bytes) -> None:
        self.dropped.append(desk)


class Side:
    """One post; its pages offer again whenever they are asked to."""

    def __init__(self, party: int) -> None:
        self.endpoint = FakeEndpoint()
        self.desk = self.name(party, 0)
        self.party = party
        self.events: list[DeskEvent] = []
        self.told: list[tuple[bytes, DeskEvent]] = []
        self.legs: list[bytes] = []
        self.peer: Callable[[bytes | None], None] = lambda _legs: None
        self.offers = itertools.count(1)
        self.voice = DeskVoice(
            cast("Any", self.endpoint),
            party=party,
            line=LINE,
            own_legs=self.send,
            to_desk=self.tell,
        )
        self.voice.seated(self.desk, 0)

    @staticmethod
    def name(party: int, slot: int) -> bytes:
        return f"{'ab'[party]}-desk-{slot}".encode()

    def sit(self, slot: int) -> bytes:
        desk = self.name(self.party, slot)
        self.voice.seated(desk, slot)
        return desk

    def tell(self, desk: bytes, event: DeskEvent) -> None:
        self.events.append(event)
        self.told.append((desk, event))

    def send(self, legs: bytes) -> None:
        self.legs.append(legs)
        self.peer(legs)

    def offer_all(self, slot: int) -> None:
        desk = self.name(self.party, slot)
        for pair_slot in range(6):
            if pair_slot != 3 + slot:
                self.voice.offered(desk, f"offer {next(self.offers)}", pair_slot)

    def obey(self) -> None:
        """Every page does what it was asked: a fresh connection for a reset."""
        while self.told:
            desk, event = self.told.pop(0)
            if isinstance(event, VoiceReset):
                self.voice.offered(desk, f"offer {next(self.offers)}", event.pair_slot)


@pytest.fixture
def sides() -> tuple[Side, Side]:
    one, two = Side(0), Side(1)
    one.peer, two.peer = two.voice.far_legs_changed, one.voice.far_legs_changed
    return one, two


def paired(sides: tuple[Side, Side]) -> None:
    for side in sides:
        side.voice.offered(side.desk, "offer")
    for side in sides:
        while isinstance(side.events[-1], VoiceReset):
            side.voice.offered(side.desk, "again")


def legs_of(raw: bytes) -> dict[str, Any]:
    return cast("dict[str, Any]", decode(raw, LEGS_BYTES_MAX))


def test_both_desks_are_answered_with_the_far_fingerprint(sides: tuple[Side, Side]) -> None:
    paired(sides)
    for side, far in (sides, sides[::-1]):
        leg, active, pair = side.endpoint.answered[side.desk, 0]
        assert leg.fingerprint == legs_of(far.legs[-1])["0"]["fp"]
        assert active is (side is sides[0])
        assert pair == 0
        assert isinstance(side.events[-1], VoiceAnswer)
    here, there = (side.events[-1] for side in sides)
    assert isinstance(here, VoiceAnswer)
    assert isinstance(there, VoiceAnswer)
    assert here.digits == there.digits
    assert len(here.digits.split()) == 6


def test_every_desk_here_is_joined_with_every_desk_there_under_one_number(
    sides: tuple[Side, Side],
) -> None:
    seats = {0: (0, 1, 2), 1: (0, 2)}
    for side in sides:
        for slot in seats[side.party]:
            side.sit(slot)
            side.offer_all(slot)
    for _ in range(4):
        for side in sides:
            side.obey()
    one, two = sides
    for here in seats[0]:
        for there in seats[1]:
            mine = one.endpoint.answered[one.name(0, here), there]
            theirs = two.endpoint.answered[two.name(1, there), here]
            assert mine[2] == theirs[2] == 3 * here + there
            assert mine[0].generation == theirs[0].generation
            pair = str(3 * here + there)
            assert mine[0].fingerprint == legs_of(two.legs[-1])[pair]["fp"]
            assert theirs[0].fingerprint == legs_of(one.legs[-1])[pair]["fp"]
            assert (mine[1], theirs[1]) == (True, False)
    assert (one.name(0, 0), 1) not in one.endpoint.answered, "nobody sits there"
    assert len(one.legs[-1]) <= LEGS_BYTES_MAX


@pytest.mark.parametrize("party", [0, 1])
def test_desks_of_one_side_are_joined_in_their_own_post_and_nobody_is_told(
    sides: tuple[Side, Side], party: int
) -> None:
    side = sides[party]
    for slot in (0, 2):
        side.sit(slot)
        side.offer_all(slot)
    low = side.endpoint.answered[side.name(party, 0), 5]
    high = side.endpoint.answered[side.name(party, 2), 3]
    assert (low[0].desk, high[0].desk) == (side.name(party, 2), side.name(party, 0))
    assert (low[1], high[1]) == (True, False), "the lower seat is the DTLS client"
    assert low[0].generation == high[0].generation
    private = {low[0].fingerprint, high[0].fingerprint}
    for raw in side.legs:
        said = legs_of(raw)
        assert set(said) <= {str(pair) for pair in range(9)}
        assert not private & {leg["fp"] for leg in said.values()}


def test_a_leg_says_nothing_of_a_desk_s_address(sides: tuple[Side, Side]) -> None:
    paired(sides)
    for side in sides:
        for legs in side.legs:
            for leg in legs_of(legs).values():
                assert set(leg) == {"gen", "desk", "fp", "ssrc", "red", "with"}


def test_a_bad_offer_is_told_to_its_desk_alone(sides: tuple[Side, Side]) -> None:
    one, _two = sides
    one.voice.offered(one.desk, "bad")
    assert one.events == [Refused(request="voice", code="voice.sdp")]
    assert one.legs == []


@pytest.mark.parametrize(
    ("desk", "pair_slot"), [(b"nobody!!", 0), (b"a-desk-0", 3), (b"a-desk-0", 6), (b"a-desk-0", -1)]
)
def test_a_pair_that_does_not_exist_is_refused(
    sides: tuple[Side, Side], desk: bytes, pair_slot: int
) -> None:
    one, _two = sides
    one.voice.offered(desk, "offer", pair_slot)
    assert one.told == [(desk, Refused(request="voice", code="voice.pair"))]
    assert one.legs == []


GOOD = FarLeg(
    generation=1, desk=b"b-desk-0", fingerprint=":".join(["AB"] * 32), ssrcs=(1,), red=True
)


@pytest.mark.parametrize(
    "legs",
    [
        b"",
        b"\xff",
        encode({"0": {"gen": 1}}),
        encode([1]),
        encode({"9": cast("Any", GOOD.to_map())}),
        encode({"0": cast("Any", GOOD.to_map()), "x": None}),
        encode({"0": cast("Any", GOOD.to_map()), "1": 5}),
        encode({str(pair): None for pair in range(10)}),
        b"x" * 5000,
    ],
)
def test_bad_legs_of_the_peer_are_refused_whole_and_the_next_are_taken(
    sides: tuple[Side, Side], legs: bytes
) -> None:
    one, _two = sides
    one.voice.far_legs_changed(legs)
    assert one.events == []
    one.voice.offered(one.desk, "offer")
    assert one.endpoint.answered == {}, "nothing of it was taken"
    paired(sides)


def test_a_desk_that_goes_takes_its_legs_back_and_no_other_s(sides: tuple[Side, Side]) -> None:
    one, _two = sides
    for slot in (0, 1):
        one.sit(slot)
        one.offer_all(slot)
    assert set(legs_of(one.legs[-1])) == {"0", "1", "2", "3", "4", "5"}
    one.voice.dropped(one.name(0, 1))
    assert set(legs_of(one.legs[-1])) == {"0", "1", "2"}
    assert one.name(0, 1) in one.endpoint.dropped
    legs = len(one.legs)
    one.voice.dropped(b"another!")
    assert len(one.legs) == legs
    one.voice.dropped(one.desk)
    assert one.legs[-1] == encode({})


@pytest.mark.parametrize("party", [0, 1])
def test_a_desk_that_stays_away_leaves_the_others_ready_for_the_next(
    sides: tuple[Side, Side], party: int
) -> None:
    here, there = sides[party], sides[1 - party]
    for side in sides:
        for slot in (0, 1):
            side.sit(slot)
            side.offer_all(slot)
    for _ in range(4):
        for side in sides:
            side.obey()
    there.voice.dropped(there.name(1 - party, 1))
    for side in sides:
        side.events.clear()
        side.told.clear()
        side.voice.tick(1_000)
        side.voice.tick(1_000 + GONE_MS - 1)
        assert side.events == [], "it may come back with its connection"
        side.voice.tick(1_000 + GONE_MS)
    far = [(desk, event) for desk, event in here.told if isinstance(event, VoiceReset)]
    assert sorted(far) == sorted(
        [(here.name(party, slot), VoiceReset(pair_slot=1)) for slot in (0, 1)],
        key=lambda item: item[0],
    )
    assert there.told == [(there.name(1 - party, 0), VoiceReset(pair_slot=4))], "its neighbour too"
    for side in sides:
        side.obey()
    there.sit(1)
    there.offer_all(1)
    for _ in range(4):
        for side in sides:
            side.obey()
    mine = here.endpoint.answered[here.name(party, 0), 1]
    theirs = there.endpoint.answered[there.name(1 - party, 1), 0]
    assert mine[0].generation == theirs[0].generation
    assert theirs[0].fingerprint in str(legs_of(here.legs[-1]))


@pytest.mark.parametrize(
    ("speaks", "silent_ms", "renewed"),
    [
        (True, 5_000, False),
        (False, 5_000, True),
        (True, SILENT_LINK_MS_MAX + 1, True),
    ],
)
def test_what_the_link_s_return_renews(
    sides: tuple[Side, Side], silent_ms: int, *, speaks: bool, renewed: bool
) -> None:
    paired(sides)
    one, _two = sides
    if not speaks:
        one.endpoint.silent = {0}
    one.events.clear()
    one.voice.link_returned(silent_ms)
    assert (VoiceReset() in one.events) is renewed


def test_an_answer_that_cannot_be_made_is_told(sides: tuple[Side, Side]) -> None:
    one, two = sides
    one.endpoint.refuse = "voice.leg"
    two.voice.offered(two.desk, "offer")
    one.voice.offered(one.desk, "offer")
    two.voice.offered(two.desk, "again")
    assert Refused(request="voice", code="voice.leg") in one.events
