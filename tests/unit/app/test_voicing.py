"""Two desks of two posts are paired through opaque legs; faults stay with the desk."""

from typing import TYPE_CHECKING, Any, cast

import pytest

from openline.app.voicing import SILENT_LINK_MS_MAX, DeskVoice
from openline.engine.desk import DeskEvent, Refused, VoiceAnswer, VoiceReset
from openline.errors import VoiceError
from openline.record.cbor import decode, encode
from openline.voice import FarLeg, LegOffer

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeEndpoint:
    def __init__(self, letter: str) -> None:
        self.fingerprint = ":".join([letter * 2] * 32)
        self.answered: list[tuple[bytes, FarLeg, bool]] = []
        self.dropped: list[bytes] = []
        self.refuse = ""

    def offer(self, desk: bytes, sdp: str) -> LegOffer:
        if sdp == "bad":
            raise VoiceError("voice.sdp")
        fields: dict[str, Any] = {
            "desk": desk,
            "fingerprint": self.fingerprint,
            "ssrcs": (1,),
            "red": True,
            "page_ufrag": sdp,
            "leg_ufrag": "leg",
        }
        return LegOffer(**fields)

    def answer(self, desk: bytes, far: FarLeg, *, active: bool) -> str:
        if self.refuse:
            raise VoiceError(self.refuse)
        self.answered.append((desk, far, active))
        return "sdp"

    def drop(self, desk: bytes) -> None:
        self.dropped.append(desk)


class Side:
    def __init__(self, letter: str, *, active: bool) -> None:
        self.endpoint = FakeEndpoint(letter)
        self.desk = letter.encode() * 8
        self.events: list[DeskEvent] = []
        self.legs: list[bytes | None] = []
        self.peer: Callable[[bytes | None], None] = lambda _leg: None
        self.voice = DeskVoice(
            cast("Any", self.endpoint),
            active=active,
            own_leg=self.send,
            to_desk=lambda _desk, event: self.events.append(event),
        )

    def send(self, leg: bytes | None) -> None:
        self.legs.append(leg)
        self.peer(leg)


@pytest.fixture
def sides() -> tuple[Side, Side]:
    one, two = Side("A", active=True), Side("B", active=False)
    one.peer, two.peer = two.voice.far_leg_changed, one.voice.far_leg_changed
    return one, two


def paired(sides: tuple[Side, Side]) -> None:
    for side in sides:
        side.voice.offered(side.desk, "offer")
        side.voice.reported(side.desk, "connected")
    for side in sides:
        while isinstance(side.events[-1], VoiceReset):
            side.voice.offered(side.desk, "again")


def test_both_desks_are_answered_with_the_far_fingerprint(sides: tuple[Side, Side]) -> None:
    paired(sides)
    for side, far in (sides, sides[::-1]):
        desk, leg, active = side.endpoint.answered[-1]
        assert desk == side.desk
        assert leg.fingerprint == far.endpoint.fingerprint
        assert active is (side is sides[0])
        assert isinstance(side.events[-1], VoiceAnswer)


def test_a_leg_says_nothing_of_a_desk_s_address(sides: tuple[Side, Side]) -> None:
    paired(sides)
    for side in sides:
        for leg in side.legs:
            assert leg is not None
            assert set(cast("Any", decode(leg, 1024))) == {
                "gen", "desk", "fp", "ssrc", "red", "with",
            }  # fmt: skip


def test_a_bad_offer_is_told_to_its_desk_alone(sides: tuple[Side, Side]) -> None:
    one, _two = sides
    one.voice.offered(one.desk, "bad")
    assert one.events == [Refused(request="voice", code="voice.sdp")]
    assert one.legs == []


@pytest.mark.parametrize("leg", [b"", b"\xff", encode({"gen": 1}), encode([1]), b"x" * 5000])
def test_a_bad_leg_of_the_peer_is_refused_and_the_next_is_taken(
    sides: tuple[Side, Side], leg: bytes
) -> None:
    one, _two = sides
    one.voice.far_leg_changed(leg)
    assert one.events == []
    paired(sides)


def test_a_desk_that_goes_takes_its_leg_back(sides: tuple[Side, Side]) -> None:
    paired(sides)
    one, _two = sides
    one.voice.dropped(one.desk)
    assert one.legs[-1] is None
    assert one.desk in one.endpoint.dropped
    legs = len(one.legs)
    one.voice.dropped(b"another!")
    assert len(one.legs) == legs


@pytest.mark.parametrize(
    ("connection", "silent_ms", "renewed"),
    [
        ("connected", 5_000, False),
        ("connecting", 5_000, True),
        ("failed", 5_000, True),
        ("connected", SILENT_LINK_MS_MAX + 1, True),
    ],
)
def test_what_the_link_s_return_renews(
    sides: tuple[Side, Side], connection: str, silent_ms: int, *, renewed: bool
) -> None:
    paired(sides)
    one, _two = sides
    one.voice.reported(one.desk, connection)
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
