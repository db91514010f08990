"""Sealed exchanges at the desk's socket: what may come in, and who is shown what is written."""

from dataclasses import replace
from typing import Any

import pytest

from openline.engine.desk_exchange import CommitTo, ExchangeView, HalfView, Reveal
from openline.record.exchange import Terms
from openline.web.desks import REFUSED
from tests.unit.web.rig import Rig, close_of, connect, next_of, wait_for

WRITTEN = "Bearing 041"
OPEN = {"act": "open", "lang": "en", "title": "t", "size": 512, "until_s": 9, "default": "d"}


def shown() -> ExchangeView:
    return ExchangeView(
        item="a-5", opener="own", title="t", lang="en", size=512, until_s=9, default="d",
        state="revealing", own=HalfView(state="held"),
        peer=HalfView(state="revealed", text=WRITTEN, lang="en"),
        may_commit=False, may_reveal=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "act"),
    [
        (OPEN, Terms(language="en", title="t", size=512, until_s=9, default="d")),
        ({"act": "commit", "item": "a-5", "lang": "en", "text": "x"},
         CommitTo(item="a-5", lang="en", text="x")),
        ({"act": "reveal", "item": "a-5"}, Reveal(item="a-5")),
    ],
)  # fmt: skip
def test_an_act_reaches_the_post(frame: dict[str, Any], act: object) -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        socket.send_json({"t": "exchange", "request": "exchange"} | frame)
        wait_for(socket, rig.api, "exchange")
    assert rig.api.said("exchange") == [("exchange", act)]


@pytest.mark.parametrize(
    "frame",
    [
        {"act": "none"},
        {},
        OPEN | {"size": -1},
        OPEN | {"size": True},
        OPEN | {"until_s": 2**41},
        OPEN | {"title": "t" * 201},
        {"act": "commit", "item": "a" * 33},
        {"act": "commit", "item": "a-5", "text": 5},
        {"act": "commit", "item": "a-5", "text": "x" * 11_265},
        {"act": "reveal", "item": None},
        {"act": "reveal", "item": "a-5", "request": "r" * 65},
    ],
)
def test_a_field_that_does_not_fit_ends_the_page(frame: dict[str, Any]) -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        next_of(socket, "welcome")
        socket.send_json({"t": "exchange", "request": "exchange"} | frame)
        assert close_of(socket) == REFUSED
    assert rig.api.said("exchange") == []


def test_a_refusal_comes_back_under_its_request() -> None:
    rig = Rig()
    rig.api.refuse_texts = "exchange.early"
    with connect(rig.signed_in()) as socket:
        socket.send_json({"t": "exchange", "request": "exchange", "act": "reveal", "item": "a-5"})
        refused = next_of(socket, "refused")
    assert (refused["request"], refused["code"]) == ("exchange", "exchange.early")


def test_a_locked_page_is_sent_no_exchange_and_may_do_nothing_in_one() -> None:
    rig = Rig()
    rig.api.set(exchanges=(shown(),))
    with connect(rig.signed_in()) as socket:
        assert WRITTEN in str(next_of(socket, "welcome")["view"])
        assert WRITTEN in str(next_of(socket, "view"))
        socket.send_json({"t": "lock"})
        next_of(socket, "locked")
        for _ in range(3):
            rig.api.set(exchanges=(replace(shown(), title="another"),))
            assert next_of(socket, "view")["view"]["exchanges"] == []
        socket.send_json({"t": "exchange", "request": "exchange", "act": "reveal", "item": "a-5"})
        assert next_of(socket, "refused")["code"] == "web.locked"
    assert rig.api.said("exchange") == []
