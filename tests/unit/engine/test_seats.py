"""Who sits where at a post: shown to the own desks, told to nobody else."""

import pytest

from openline.engine.desk import AudioReport, Seat
from openline.protocol.frames import FrameClass
from tests.unit.engine.pair import Pair

SECOND = b"desk-two"


def seated(pair: Pair, letter: str) -> list[tuple[int, str, bool, bool]]:
    post = pair.a.post if letter == "a" else pair.b.post
    return [
        (desk.slot, desk.role, desk.talking, desk.private) for desk in post.view(pair.now).desks
    ]


@pytest.mark.parametrize("letter", ["a", "b"])
def test_the_own_desks_are_shown_by_seat(letter: str) -> None:
    pair = Pair()
    post = pair.a.post if letter == "a" else pair.b.post
    post.desk_opened(SECOND, pair.now, Seat(slot=2, role="note_taker", officer="W-7"))
    first, second = post.view(pair.now).desks
    assert (first.slot, first.role, first.officer) == (0, "principal", "W-1")
    assert (second.slot, second.role, second.officer) == (2, "note_taker", "W-7")
    assert (second.desk, second.mic, second.hears) == (SECOND.hex(), "COLD", False)
    report = AudioReport(mic="ARMED", context="running", connection="connected", hears=True)
    post.desk_alive(SECOND, report, pair.now)
    second = post.view(pair.now).desks[1]
    assert (second.mic, second.hears) == ("ARMED", True)
    post.seated(SECOND, Seat(slot=2, role="interpreter", officer="W-7"), pair.now)
    assert post.view(pair.now).desks[1].role == "interpreter"
    post.seated(b"unknown!", Seat(slot=1), pair.now)
    post.desk_closed(SECOND, pair.now)
    assert len(post.view(pair.now).desks) == 1


@pytest.mark.parametrize("letter", ["a", "b"])
def test_private_and_talk_are_never_both_and_private_never_crosses(letter: str) -> None:
    pair = Pair()
    side, other = (pair.a, pair.b) if letter == "a" else (pair.b, pair.a)
    desk = bytes.fromhex(side.post.view(pair.now).desks[0].desk)
    pair.settle()
    before = list(other.bodies(FrameClass.CONTROL)), list(side.bodies(FrameClass.CONTROL))
    side.post.private(desk, on=True, now=pair.now)
    pair.settle()
    assert seated(pair, letter) == [(0, "principal", False, True)]
    assert before == (other.bodies(FrameClass.CONTROL), side.bodies(FrameClass.CONTROL))
    side.post.talk(desk, on=True, now=pair.now)
    pair.settle()
    assert seated(pair, letter) == [(0, "principal", True, False)]
    side.post.private(desk, on=True, now=pair.now)
    pair.settle()
    assert seated(pair, letter) == [(0, "principal", False, True)]
    call = other.post.view(pair.now).call
    assert call is not None
    assert not call.peer_talking, "whoever turns to their own side has ceased to talk"
    side.post.desk_closed(desk, pair.now)
    assert seated(pair, letter) == []


def test_private_of_a_desk_that_fell_silent_is_not_kept() -> None:
    pair = Pair()
    desk = bytes.fromhex(pair.a.post.view(pair.now).desks[0].desk)
    pair.a.post.private(desk, on=True, now=pair.now)
    pair.desks_alive = False
    pair.run(6_000)
    assert seated(pair, "a") == [(0, "principal", False, False)], "it only sits"
    pair.a.post.private(b"unknown!", on=True, now=pair.now)
    assert seated(pair, "a") == [(0, "principal", False, False)]
