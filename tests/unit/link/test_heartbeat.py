import pytest

from openline.errors import LinkError
from openline.link.heartbeat import Pulse


def test_two_posts_prove_a_round_trip_to_each_other() -> None:
    one, other = Pulse(), Pulse()
    assert other.hear(one.body(100.0), 1050.0) is None  # it echoes nothing yet
    assert other.answer_wanted
    trip = one.hear(other.body(1060.0), 160.0)
    assert trip == 50.0  # 60 ms since it was sent, of which the peer held it 10
    assert one.proved_within(0, 150)
    assert not one.answer_wanted
    assert other.hear(one.body(170.0), 1110.0) == 40.0


def test_who_repeats_an_old_echo_proves_nothing() -> None:
    one, other = Pulse(), Pulse()
    other.hear(one.body(100.0), 5.0)
    assert one.hear(other.body(6.0), 111.0) == 10.0
    # From here nothing of ours arrives; the peer goes on sending.
    for later in range(200, 5000, 100):
        assert one.hear(other.body(float(later)), later + 105.0) is None
    assert one.proved_at_ms == 110.0
    assert not one.proved_within(2000, 5000)
    assert one.heard_at_ms == 5005.0


def test_an_echo_from_the_future_or_of_long_ago_proves_nothing() -> None:
    pulse = Pulse()
    body = (1).to_bytes(8, "big") + (500).to_bytes(8, "big") + bytes(4)
    assert pulse.hear(body, 400.0) is None
    old = (2).to_bytes(8, "big") + (1).to_bytes(8, "big") + bytes(4)
    assert pulse.hear(old, 70_000.0) is None
    assert pulse.proved_at_ms is None


def test_a_held_time_that_cannot_be_proves_nothing() -> None:
    pulse = Pulse()
    for held in (51, 2**32 - 1):  # longer than since we sent
        body = (1).to_bytes(8, "big") + (100).to_bytes(8, "big") + held.to_bytes(4, "big")
        assert pulse.hear(body, 150.0) is None
    assert pulse.proved_at_ms is None
    body = (1).to_bytes(8, "big") + (100).to_bytes(8, "big") + (50).to_bytes(4, "big")
    assert pulse.hear(body, 150.0) == 0.0
    assert pulse.proved_at_ms == 100.0


@pytest.mark.parametrize("body", [b"", bytes(19), bytes(21), bytes(20)])
def test_what_no_heartbeat_is(body: bytes) -> None:
    with pytest.raises(LinkError) as caught:
        Pulse().hear(body, 1.0)
    assert caught.value.code == "link.frame"


def test_an_overtaken_heartbeat_does_not_turn_the_clock_back() -> None:
    one, other = Pulse(), Pulse()
    early, late = one.body(100.0), one.body(200.0)
    other.hear(late, 10.0)
    other.hear(early, 20.0)
    assert int.from_bytes(other.body(30.0)[8:16], "big") == 200
    assert other.heard_at_ms == 10.0
