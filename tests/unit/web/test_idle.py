"""When a desk locks by itself, and what keeps it awake."""

from dataclasses import replace
from typing import Any

import pytest

from openline.web.idle import Idle
from tests.unit.web.fake_desk_api import call_view, post_view


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_desk_locks_when_nobody_did_anything() -> None:
    clock = Clock()
    idle, view = Idle(15, clock), post_view()
    clock.now += 14 * 60 - 1
    assert (idle.over(view), idle.warning_ms()) == (False, None)
    clock.now += 2
    assert (idle.over(view), idle.warning_ms()) == (False, 59_000)
    idle.acted()
    assert idle.warning_ms() is None
    clock.now += 15 * 60
    assert idle.over(view)
    assert idle.warning_ms() == 0
    never = Idle(0, clock)
    clock.now += 10**6
    assert (never.over(view), never.warning_ms()) == (False, None)


@pytest.mark.parametrize(
    ("call", "acts"),
    [
        ({"role": "caller", "state": "announcing"}, True),
        ({"role": "caller", "state": "taken"}, True),
        ({"role": "called", "state": "taken"}, True),
        ({"role": "called", "state": "announcing"}, False),
        ({"role": "called", "state": "ended"}, False),
        ({"role": "caller", "state": "ended"}, False),
    ],
)
def test_a_call_of_ours_is_an_act_and_one_that_only_comes_in_is_none(
    call: dict[str, Any],
    acts: bool,  # noqa: FBT001 - of a table
) -> None:
    clock = Clock()
    idle = Idle(15, clock)
    clock.now += 15 * 60
    assert idle.over(replace(post_view(), call=call_view(**call))) is not acts
