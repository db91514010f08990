"""The loss of a path is what it did not bring of what was sent, whatever the others brought."""

import pytest

from openline.link.losses import SILENT_MS, SLACK, SPAN, MediaByPath
from openline.link.window import SequenceWindow

A, B = bytes(16), b"b" * 16


def test_each_path_is_judged_for_itself() -> None:
    paths = MediaByPath()
    assert paths.loss("one", 0.0) is None
    for number in range(1, 2_000):
        paths.take("one", A, number, number * 20.0)
        if number % 5:
            paths.take("two", A, number, number * 20.0)
    now = 2_000 * 20.0
    assert paths.loss("one", now) == 0
    assert paths.loss("two", now) == pytest.approx(0.2)
    assert paths.loss("never heard", now) == 1
    assert paths.loss("one", now + SILENT_MS + 100) is None


def test_a_slower_path_loses_nothing() -> None:
    paths = MediaByPath()
    for number in range(1, 1_000):
        paths.take("fast", A, number, number * 20.0)
        if number > SLACK - 10:
            paths.take("slow", A, number - (SLACK - 10), number * 20.0)
    assert paths.loss("slow", 20_000.0) == 0


def test_another_start_of_the_peer_counts_anew() -> None:
    paths = MediaByPath()
    for number in range(5_000, 5_000 + SPAN + SLACK):
        paths.take("one", A, number, 0.0)
    assert paths.loss("one", 0.0) == 0
    paths.take("one", B, 1, 0.0)
    assert paths.loss("one", 0.0) is None
    for number in range(2, SLACK + 12):
        paths.take("one", B, number, 0.0)
    assert paths.loss("one", 0.0) == 0


def test_missing_counts_what_was_never_added() -> None:
    window = SequenceWindow()
    for number in (1, 2, 4, 9):
        window.add(number)
    assert window.missing(9, 9) == 5
    assert window.missing(4, 4) == 1
    assert window.missing(12, 4) == 3
    assert window.missing(12, 12) == 8
