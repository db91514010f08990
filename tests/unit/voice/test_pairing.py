"""Pairing: two desks are joined under one generation, whatever happens in whatever order."""

from openline.voice import AnswerDesk, FarLeg, LegOffer, Pairing, RenewDesk, SendLeg

A, B = b"a" * 8, b"b" * 8


def offer(desk: bytes, number: int, generation: int = 0) -> LegOffer:
    return LegOffer(
        desk=desk,
        fingerprint=":".join([f"{number:02X}"] * 32),
        ssrcs=(number,),
        red=True,
        page_ufrag="page",
        leg_ufrag="leg",
        generation=generation,
    )


def sent(actions: list[object]) -> list[FarLeg]:
    return [action.leg for action in actions if isinstance(action, SendLeg)]


def test_the_second_desk_joins_the_first_at_once() -> None:
    a, b = Pairing(), Pairing()
    [first] = sent([*a.offered(offer(A, 1))])
    assert first.generation == 1
    assert b.far_received(first) == []
    actions = b.offered(offer(B, 2))
    [second] = sent([*actions])
    assert second.generation == 1
    assert AnswerDesk(B, first) in actions
    assert AnswerDesk(A, second) in a.far_received(second)
    assert a.joined
    assert b.joined
    assert a.far_received(second) == []


def test_a_reload_makes_the_other_begin_anew() -> None:
    a, b = Pairing(), Pairing()
    [leg_a] = sent([*a.offered(offer(A, 1))])
    b.far_received(leg_a)
    [leg_b] = sent([*b.offered(offer(B, 2))])
    [leg_a] = sent([*a.far_received(leg_b)])
    b.far_received(leg_a)
    [leg_a2] = sent([*a.offered(offer(A, 3))])
    assert leg_a2.generation == 2
    assert b.far_received(leg_a2) == [RenewDesk(B)]
    assert b.far_received(leg_a2) == [], "asked once"
    [leg_b2] = sent([*b.offered(offer(B, 4))])
    assert leg_b2.generation == 2
    assert any(isinstance(x, AnswerDesk) for x in a.far_received(leg_b2))


def test_a_page_that_outlived_its_post_keeps_its_generation() -> None:
    a, b = Pairing(), Pairing()
    [leg_a] = sent([*a.offered(offer(A, 1))])
    b.far_received(leg_a)
    [leg_b] = sent([*b.offered(offer(B, 2))])
    [leg_a] = sent([*a.far_received(leg_b)])
    b.far_received(leg_a)
    again = Pairing()
    again.far_received(leg_b)
    actions = again.offered(offer(A, 1, generation=1))
    assert AnswerDesk(A, leg_b) in actions
    [leg_a] = sent([*actions])
    assert b.far_received(leg_a) == []
    assert b.joined


def test_renewal_after_a_long_outage_goes_above_both() -> None:
    a, b = Pairing(), Pairing()
    [leg_a] = sent([*a.offered(offer(A, 1))])
    b.far_received(leg_a)
    [leg_b] = sent([*b.offered(offer(B, 2))])
    [leg_a] = sent([*a.far_received(leg_b)])
    assert a.renew() == [RenewDesk(A)]
    assert not a.joined
    [leg_a] = sent([*a.offered(offer(A, 3))])
    assert leg_a.generation == 2
    assert Pairing().renew() == []


def test_a_dropped_desk_is_forgotten() -> None:
    a = Pairing()
    a.offered(offer(A, 1))
    a.dropped(B)
    assert a.generation == 1
    a.dropped(A)
    assert a.generation == 0
    assert (
        a.far_received(
            FarLeg(generation=1, desk=B, fingerprint=offer(B, 2).fingerprint, ssrcs=(1,), red=True)
        )
        == []
    )
