"""The observer of the wire tests tells lots apart that differ, and only those."""

import random  # noqa: TID251 - samples of known distributions, by a fixed seed

from tests.e2e.wire_rig import ALPHA, Lot, Seen, critical, distance


def test_the_critical_value_is_that_of_the_tables() -> None:
    assert abs(critical(3000, 3000) - 1.6276 * (2 / 3000) ** 0.5) < 1e-4
    assert abs(critical(100, 400, 0.05) - 1.3581 * (500 / 40_000) ** 0.5) < 1e-4


def test_the_distance_of_known_lots() -> None:
    assert distance([1, 2, 3], [1, 2, 3]) == 0
    assert distance([1, 2, 3], [4, 5, 6]) == 1
    assert distance([1, 2, 3, 4], [1, 2, 3.5, 4]) == 0.25


def test_lots_of_one_kind_are_seldom_rejected_and_lots_of_two_kinds_are() -> None:
    rng = random.Random(7)

    def lot(spread: float) -> list[float]:
        return [rng.gauss(10, spread) for _ in range(1_000)]

    rejected = sum(distance(lot(1.0), lot(1.0)) > critical(1_000, 1_000) for _ in range(200))
    assert rejected <= 200 * ALPHA * 4
    assert distance(lot(1.0), lot(1.5)) > critical(1_000, 1_000)


def test_a_lot_takes_what_lies_within_its_span() -> None:
    seen = [Seen(at, 386, 17, "a0") for at in (0.9, 1.0, 1.01, 1.03, 2.5)]
    lot = Lot()
    lot.add(seen, 0.95, 2.0)
    assert [round(ms) for ms in lot.spacings_ms] == [10, 20]
    assert (lot.packets, lot.sizes[386]) == (3, 3)
