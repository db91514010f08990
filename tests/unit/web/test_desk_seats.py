"""Who sits at which desk of a post, and the line check's frames of a desk."""

from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import WebSocketTestSession

from openline.engine.desk import CheckReport, Chirp
from tests.unit.web.rig import Rig, close_of, connect, next_of, wait_for

KEYS = [letter * 32 for letter in "abcdef"]


def seat_of(socket: WebSocketTestSession) -> tuple[int, str]:
    seat = next_of(socket, "welcome")["seat"]
    return seat["slot"], seat["role"]


def test_three_pages_sit_at_three_seats_and_the_next_is_refused_in_words() -> None:
    rig = Rig()
    with ExitStack() as pages:
        first, second, third = (
            pages.enter_context(connect(rig.signed_in(), f"?seat={key}")) for key in KEYS[:3]
        )
        seats = [seat_of(page) for page in (first, second, third)]
        assert seats == [(0, "principal"), (1, "listener"), (2, "listener")]
        second.send_json({"t": "seat", "role": "interpreter"})
        wait_for(first, rig.api, "seat")
        with connect(rig.signed_in(), f"?seat={KEYS[3]}") as seventh:
            told = next_of(seventh, "closed")
            assert told["code"] == "web.desks_full"
            assert [(desk["slot"], desk["role"]) for desk in told["desks"]] == [
                (0, "principal"),
                (1, "interpreter"),
                (2, "listener"),
            ]
            assert close_of(seventh) == 4003
        assert len(rig.api.said("desk_opened")) == 3
        taking = pages.enter_context(connect(rig.signed_in(), f"?seat={KEYS[3]}&take=1"))
        assert seat_of(taking) == (1, "interpreter"), "the seat's role goes with it"
        assert next_of(second, "closed")["code"] == "web.taken_over"
        assert next_of(first, "view"), "nobody else notices"
        assert sorted(seat.slot for seat in rig.api.seats.values()) == [0, 1, 2]


def test_pages_come_back_to_a_post_that_knows_nothing_in_the_roles_that_they_had() -> None:
    rig = Rig()
    with (
        connect(rig.signed_in(), f"?seat={KEYS[1]}&slot=1&role=interpreter") as second,
        connect(rig.signed_in(), f"?seat={KEYS[0]}&slot=0&role=principal") as first,
    ):
        assert seat_of(second) == (1, "interpreter")
        assert seat_of(first) == (0, "principal"), "whoever came first"


def test_a_reloaded_page_finds_its_seat_and_its_role() -> None:
    rig = Rig()
    with connect(rig.signed_in(), f"?seat={KEYS[0]}") as stays:
        client = rig.signed_in()
        with connect(client, f"?seat={KEYS[1]}") as page:
            assert seat_of(page) == (1, "listener")
            page.send_json({"t": "seat", "role": "interpreter"})
            wait_for(page, rig.api, "seat")
            with connect(client, f"?seat={KEYS[1]}&slot=1") as again:
                assert seat_of(again) == (1, "interpreter"), "its own, before the old one has gone"
                assert next_of(page, "closed")["code"] == "web.taken_over"
        with connect(rig.signed_in(), f"?seat={KEYS[1]}&slot=2") as later:
            assert seat_of(later) == (2, "interpreter"), "where it sat, if it is free"
            with connect(rig.signed_in(), f"?seat={KEYS[2]}&slot=2") as other:
                assert seat_of(other) == (1, "listener"), "nobody's seat is taken by asking"
        next_of(stays, "view")


@pytest.mark.parametrize(
    "query",
    [
        "?seat=short",
        f"?seat={'G' * 32}",
        "?slot=3",
        "?take=-1",
        "?take=",
        "?role=captain",
        "?seat=" + "a" * 65,
    ],
)
def test_a_wish_that_is_none_is_refused(query: str) -> None:
    rig = Rig()
    with connect(rig.signed_in(), query) as socket:
        assert next_of(socket, "closed")["code"] == "web.frame"
        assert close_of(socket) == 1008
    assert rig.api.acts == []


def test_line_checks_pass_both_ways() -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        next_of(socket, "welcome")
        rig.api.tell(Chirp(id="00" * 8, hold_ms=500, part="answer"))
        assert next_of(socket, "chirp") == {
            "t": "chirp",
            "id": "00" * 8,
            "hold_ms": 500,
            "part": "answer",
        }
        socket.send_json({"t": "check-result", "id": "00" * 8, "state": "held", "delay_ms": 61.5})
        (_, report) = wait_for(socket, rig.api, "check-result")
        assert report == CheckReport(check="00" * 8, state="held", delay_ms=61.5)
        socket.send_json({"t": "check-now"})
        assert wait_for(socket, rig.api, "check-now") == ("check-now", True, True, False)
        rig.api.refuse_checks = "engine.check_call"
        socket.send_json({"t": "check-now"})
        assert next_of(socket, "refused")["code"] == "engine.check_call"


@pytest.mark.parametrize(
    "frame",
    [
        {"t": "check-result", "id": "00", "state": "fine"},
        {"t": "check-result", "id": "00", "state": "held", "delay_ms": -1},
        {"t": "check-result", "id": "00", "state": "held", "delay_ms": True},
        {"t": "check-result", "id": "0" * 99, "state": "held"},
    ],
)
def test_a_check_result_that_is_none_ends_the_socket(frame: dict[str, Any]) -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        next_of(socket, "welcome")
        socket.send_json(frame)
        assert next_of(socket, "closed")["code"] == "web.frame"
        assert close_of(socket) == 1008
