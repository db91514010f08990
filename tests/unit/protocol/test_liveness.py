"""The link's state by age of the newest round trip."""

import pytest

from openline.protocol.clock import Now
from openline.protocol.liveness import LinkState, Liveness


def at(mono_ms: int) -> Now:
    return Now(mono_ms, 0)


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (0, LinkState.UP),
        (1_999, LinkState.UP),
        (2_000, LinkState.UNSURE),
        (9_999, LinkState.UNSURE),
        (10_000, LinkState.DOWN),
        (10**9, LinkState.DOWN),
    ],
)
def test_age_decides(age: int, state: LinkState) -> None:
    live = Liveness()
    live.round_trip(at(5))
    assert live.tick(at(5 + age)) is state
    assert live.age_ms(at(5 + age)) == age
    live.round_trip(at(5 + age))
    assert live.state is LinkState.UP


def test_nothing_heard_is_down_with_no_age() -> None:
    live = Liveness()
    assert live.tick(at(10**6)) is LinkState.DOWN
    assert live.age_ms(at(10**6)) is None
