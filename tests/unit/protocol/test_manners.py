"""Rules of what a side accepts, and when."""

import pytest

from openline.protocol.call import Manner
from openline.protocol.manners import Accepts, accepts, is_rule, receive

MINUTE = 60_000
DAY = 1_440


def at(hour: int, minute: int = 0) -> int:
    return (20_000 * DAY + 60 * hour + minute) * MINUTE


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ("always", True),
        ("never", True),
        ("08:00-18:00", True),
        ("22:30-06:15", True),
        ("00:00-23:59", True),
        ("08:00-08:00", False),
        ("24:00-06:00", False),
        ("8:00-18:00", False),
        ("08:00-18:00 ", False),
        ("08:60-18:00", False),
        ("sometimes", False),
        ("", False),
    ],
)
def test_what_is_a_rule(rule: str, fits: object) -> None:
    assert is_rule(rule) is fits


def test_a_day_and_a_night() -> None:
    for minute in range(DAY):
        wall = at(0, minute)
        assert accepts("08:00-18:00", wall) is (480 <= minute < 1080)
        assert accepts("18:00-08:00", wall) is not (480 <= minute < 1080)
        assert accepts("always", wall)
        assert not accepts("never", wall)
        assert not accepts("no rule", wall), "what is not understood opens nothing"


@pytest.mark.parametrize("manner", list(Manner))
@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("shut", range(8))
def test_reception_never_sounds_where_it_was_not_accepted(
    manner: Manner,
    within: bool,  # noqa: FBT001 - parameter
    shut: int,
) -> None:
    words = ["never" if shut & bit else "always" for bit in (1, 2, 4)]
    rules = Accepts(announce=words[0], ring=words[1], two_way=words[2])
    found = receive(manner, rules, at(12), within_limit=within)
    if found.manner is Manner.ANNOUNCE:
        assert manner is Manner.ANNOUNCE
        assert within
        assert not found.refused
        assert rules.announce == "always"
        assert found.downgraded == ""
    elif manner is Manner.ANNOUNCE:
        assert found.manner is Manner.RING
        assert found.downgraded == ("setting" if shut & 1 else "limit")
        assert found.refused is (rules.ring == "never")
    else:
        assert found.manner is manner
        wanted = rules.ring if manner is Manner.RING else rules.two_way
        assert found.refused is (wanted == "never")
