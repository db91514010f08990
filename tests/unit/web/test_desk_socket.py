"""The desk's WebSocket: what goes out, what may come in, who has the desk."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from openline.engine.desk import (
    CheckReport,
    Chirp,
    Gate,
    Refused,
    StopTalking,
    VoiceAnswer,
    VoiceReset,
)
from openline.errors import StoreError
from openline.web.desks import BURST, VIEW_S, WAITING_MAX
from openline.web.frames import FRAME_BYTES_MAX, TEXT_BYTES_MAX
from tests.unit.web.fake_desk_api import FakeDeskApi, call_view, text_item
from tests.unit.web.rig import DESK, Counted, Rig, socket_headers


@contextmanager
def connect(client: TestClient, query: str = "") -> Iterator[WebSocketTestSession]:
    """Open a desk; at the end let its task finish before the test client would cancel it."""
    before = finished(client)
    with client.websocket_connect(DESK + query, headers=socket_headers()) as socket:
        yield socket
        socket.close()
        while finished(client) == before:
            socket.portal.call(anyio.sleep, 0.002)


def finished(client: TestClient) -> int:
    app = client.app
    assert isinstance(app, Counted)
    return app.finished


def next_of(socket: WebSocketTestSession, kind: str) -> dict[str, Any]:
    for _ in range(2000):
        frame: dict[str, Any] = socket.receive_json()
        if frame["t"] == kind:
            return frame
    raise AssertionError(kind)


def close_of(socket: WebSocketTestSession) -> int:
    try:
        while True:
            socket.receive_json()
    except WebSocketDisconnect as closed:
        return closed.code


def wait_for(socket: WebSocketTestSession, api: FakeDeskApi, kind: str) -> tuple[Any, ...]:
    """Read ticks until the post was asked for ``kind``."""
    for _ in range(40):
        if api.said(kind):
            return api.said(kind)[-1]
        next_of(socket, "view")
    raise AssertionError(kind)


def test_without_cookie_no_desk() -> None:
    rig = Rig()
    with pytest.raises(WebSocketDenialResponse) as refused, connect(rig.client()):
        pass
    assert refused.value.status_code == 403
    assert json.loads(refused.value.content)["code"] == "web.signin"
    client = rig.client()
    client.cookies.set("openline-desk-test-a", "forged")
    with pytest.raises(WebSocketDenialResponse), connect(client):
        pass
    assert rig.api.acts == []


def test_a_desk_is_welcomed_and_ticks() -> None:
    rig = Rig()
    rig.api.items = [text_item(1, "first", reached=3)]
    rig.api.set(call=call_view())
    with connect(rig.signed_in()) as socket:
        welcome = socket.receive_json()
        assert welcome["t"] == "welcome"
        assert welcome["text_bytes_max"] == TEXT_BYTES_MAX
        assert "talk" in welcome["acts"]  # the page has a key only for what the post takes
        assert welcome["view"]["link"]["state"] == "UP"
        assert welcome["view"]["call"]["role"] == "called"
        assert welcome["timeline"][0]["ladder"][2] == {
            "name": "sealed",
            "state": "done",
            "wall_ms": rig.api.items[0].ladder[2].wall_ms,
        }
        assert [next_of(socket, "view")["sent_ms"] for _ in range(3)] == [rig.now_ms] * 3
    assert [act[0] for act in rig.api.acts] == ["desk_opened", "desk_closed"]


def test_a_state_that_never_rests_does_not_flood_the_page() -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        next_of(socket, "view")

        async def restless() -> None:
            for _ in range(400):
                rig.api.set(voice="ready")
                await anyio.lowlevel.checkpoint()
            await anyio.sleep(2 * VIEW_S)
            rig.api.tell(StopTalking(reason="call.ended"))

        before = rig.api.views
        socket.portal.call(restless)
        next_of(socket, "stop-talking")
        assert 1 <= rig.api.views - before <= 40


def test_every_event_reaches_the_page() -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        next_of(socket, "view")
        for event in (
            Gate(open=True, call="ab"),
            VoiceAnswer(sdp="v=0", generation=7, pair_slot=4),
            VoiceReset(),
            Refused(request="r", code="store.full"),
            StopTalking(reason="call.ended"),
        ):
            rig.api.tell(event)
        rig.api.put(text_item(3, "three"))
        assert next_of(socket, "gate") == {"t": "gate", "open": True, "call": "ab"}
        assert next_of(socket, "answer") == {
            "t": "answer",
            "sdp": "v=0",
            "generation": 7,
            "pair_slot": 4,
        }
        assert next_of(socket, "reset") == {"t": "reset", "pair_slot": 0}
        assert next_of(socket, "refused")["code"] == "store.full"
        assert next_of(socket, "stop-talking")["reason"] == "call.ended"
        assert next_of(socket, "timeline")["items"][0]["text"] == "three"


@pytest.mark.parametrize(
    ("frame", "act"),
    [
        (
            {"t": "text", "request": "r1", "text": "字", "lang": "zh-Hans"},
            ("text", "r1", "字", "zh-Hans"),
        ),
        ({"t": "opened", "item": "b-9"}, ("opened", "b-9")),
        ({"t": "talk", "on": True}, ("talk", True)),
        (
            {"t": "talk", "on": True, "precedence": "FLASH", "manner": "two_way"},
            ("talk", True, "FLASH", "two_way"),
        ),
        ({"t": "two-way", "on": True}, ("two_way", True)),
        ({"t": "answer", "answer": "heard"}, ("answer", "heard", 0)),
        ({"t": "answer", "answer": "fetching", "due_s": 300}, ("answer", "fetching", 300)),
        ({"t": "take-over"}, ("take_over",)),
        ({"t": "sounded", "call": "00c0"}, ("sounded", "00c0")),
        ({"t": "end"}, ("end",)),
        ({"t": "silence"}, ("silence",)),
        ({"t": "acknowledge", "alarm": "link_down"}, ("acknowledge", "link_down")),
        ({"t": "offer", "sdp": "v=0"}, ("offer", "v=0", 0)),
        ({"t": "offer", "sdp": "v=0", "pair_slot": 5}, ("offer", "v=0", 5)),
        ({"t": "private", "on": True}, ("private", True)),
        ({"t": "seat", "role": "note_taker"}, ("seat", 0, "note_taker")),
    ],
)
def test_every_act_reaches_the_post(frame: dict[str, Any], act: tuple[Any, ...]) -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        socket.send_json(frame)
        assert wait_for(socket, rig.api, act[0]) == act


def test_a_report_of_the_audio_page_reaches_the_post() -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        socket.send_json({"t": "alive", "mic": "ARMED", "context": "running", "connection": "new"})
        while not rig.api.reports:
            next_of(socket, "view")
    assert rig.api.reports[0].mic == "ARMED"
    assert not rig.api.reports[0].hears, "a page that does not say so is deaf"


@pytest.mark.parametrize(
    ("said", "hears", "deaf"),
    [
        ({"hears": True}, True, ""),
        ({"hears": True, "deaf": ""}, True, ""),
        ({"hears": False, "deaf": "blocked"}, False, "blocked"),
        ({"hears": True, "deaf": "volume"}, False, "volume"),
    ],
)
def test_whether_a_page_hears_reaches_the_post(
    said: dict[str, Any], hears: object, deaf: str
) -> None:
    rig = Rig()
    alive = {"t": "alive", "mic": "COLD", "context": "running", "connection": "new"}
    with connect(rig.signed_in()) as socket:
        socket.send_json(alive | said)
        while not rig.api.reports:
            next_of(socket, "view")
    assert (rig.api.reports[0].hears, rig.api.reports[0].deaf) == (hears, deaf)


def test_figures_reach_the_post() -> None:
    rig = Rig()
    told = {"pair_slot": 0, "mouth_to_ear_ms": 113.5, "loss": 0.05, "jitter_ms": 30, "packets": 50}
    with connect(rig.signed_in()) as socket:
        socket.send_json({"t": "figures", **told, "concealed": None})
        while not rig.api.figures:
            next_of(socket, "view")
    (figures,) = rig.api.figures
    assert (figures.mouth_to_ear_ms, figures.loss, figures.concealed) == (113.5, 0.05, None)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"t": 7}',
        '{"t": "rm"}',
        '{"t": "__init__"}',
        '{"t": "talk"}',
        '{"t": "talk", "on": 1}',
        '{"t": "talk", "on": "true"}',
        '{"t": "talk", "on": true, "precedence": 3}',
        '{"t": "talk", "on": true, "precedence": "URGENT"}',
        '{"t": "talk", "on": true, "manner": "shout"}',
        '{"t": "two-way"}',
        '{"t": "answer"}',
        '{"t": "answer", "answer": ""}',
        '{"t": "answer", "answer": "yes"}',
        '{"t": "answer", "answer": "reply", "due_s": "60"}',
        '{"t": "answer", "answer": "reply", "due_s": true}',
        '{"t": "answer", "answer": "reply", "due_s": 60.5}',
        '{"t": "text", "request": "r", "text": 7, "lang": "en"}',
        '{"t": "text", "request": "r", "text": "x"}',
        json.dumps({"t": "text", "request": "r", "text": "x" * (TEXT_BYTES_MAX + 1), "lang": "en"}),
        json.dumps({"t": "text", "request": "r", "text": "字" * TEXT_BYTES_MAX, "lang": "en"}),
        json.dumps({"t": "text", "request": "r" * 65, "text": "x", "lang": "en"}),
        '{"t": "alive", "mic": "HOT", "context": "x", "connection": "x"}',
        '{"t": "alive", "mic": "COLD", "context": 1, "connection": "x"}',
        '{"t": "alive", "mic": "COLD", "context": "x", "connection": "x", "hears": 1}',
        '{"t": "alive", "mic": "COLD", "context": "x", "connection": "x", "deaf": "of old age"}',
        '{"t": "figures", "pair_slot": 6, "packets": 0}',
        '{"t": "figures", "pair_slot": true, "packets": 0}',
        '{"t": "figures", "pair_slot": 0}',
        '{"t": "figures", "pair_slot": 0, "packets": 0, "loss": 1.5}',
        '{"t": "figures", "pair_slot": 0, "packets": 0, "jitter_ms": NaN}',
        '{"t": "figures", "pair_slot": 0, "packets": 0, "mouth_to_ear_ms": "now"}',
        '{"t": "offer", "sdp": null}',
        '{"t": "offer"}',
        '{"t": "offer", "sdp": "v=0", "pair_slot": 6}',
        '{"t": "offer", "sdp": "v=0", "pair_slot": -1}',
        '{"t": "offer", "sdp": "v=0", "pair_slot": true}',
        '{"t": "private", "on": 1}',
        '{"t": "seat"}',
        '{"t": "seat", "role": "admiral"}',
        "[" * 2000,
        " " * (FRAME_BYTES_MAX + 1),
    ],
)
def test_a_malformed_frame_ends_the_socket_and_reaches_nothing(raw: str) -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        socket.send_text(raw)
        assert next_of(socket, "closed")["code"] == "web.frame"
        assert close_of(socket) == 1008
    assert [act[0] for act in rig.api.acts] == ["desk_opened", "desk_closed"]


def test_bytes_are_no_frame() -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        socket.send_bytes(b"\0" * 10)
        assert next_of(socket, "closed")["code"] == "web.frame"


def test_a_flood_ends_the_socket() -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        for _ in range(int(BURST) * 4):
            socket.send_json({"t": "silence"})
        assert next_of(socket, "closed")["code"] == "web.rate"
        assert close_of(socket) == 1008
    assert len(rig.api.said("silence")) < BURST * 2
    assert rig.api.acts[-1][0] == "desk_closed"


def test_a_page_that_does_not_keep_up_is_let_go_with_bounded_memory() -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        next_of(socket, "view")
        sink = next(iter(rig.api.sinks.values()))
        for _ in range(WAITING_MAX * 3):
            sink(VoiceReset())
        assert next_of(socket, "closed")["code"] == "web.slow"
        assert close_of(socket) == 4002


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
    ["?seat=short", f"?seat={'G' * 32}", "?slot=3", "?take=-1", "?take=", "?seat=" + "a" * 65],
)
def test_a_wish_that_is_none_is_refused(query: str) -> None:
    rig = Rig()
    with connect(rig.signed_in(), query) as socket:
        assert next_of(socket, "closed")["code"] == "web.frame"
        assert close_of(socket) == 1008
    assert rig.api.acts == []


def test_the_same_page_takes_its_desk_again_and_the_old_one_is_told() -> None:
    rig = Rig()
    client = rig.signed_in()
    with connect(client, f"?seat={KEYS[0]}") as old:
        next_of(old, "view")
        with connect(client, f"?seat={KEYS[0]}") as new:
            assert next_of(new, "welcome")
            assert next_of(old, "closed")["code"] == "web.taken_over"
            assert close_of(old) == 4001
            kinds = [act[0] for act in rig.api.acts]
            assert kinds == ["desk_opened", "desk_closed", "desk_opened"]
            assert rig.api.acts[0][1] == rig.api.acts[1][1] != rig.api.acts[2][1]
            rig.api.tell(Gate(open=True, call="ab"))
            assert next_of(new, "gate")
    assert not rig.desks.occupied


def test_a_refusal_of_the_post_answers_the_request_and_keeps_the_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig()

    def refuse(*_: object) -> None:
        raise StoreError("store.full", "no space", path="x")

    monkeypatch.setattr(rig.api, "write_text", refuse)
    with connect(rig.signed_in()) as socket:
        socket.send_json({"t": "text", "request": "r9", "text": "x", "lang": "en"})
        refused = next_of(socket, "refused")
        assert refused == {
            "t": "refused",
            "request": "r9",
            "code": "store.full",
            "facts": {"path": "x"},
        }
        assert next_of(socket, "view")


def test_the_end_of_the_post_is_told() -> None:
    rig = Rig()
    with connect(rig.signed_in()) as socket:
        next_of(socket, "view")
        portal = socket.portal
        portal.call(rig.desks.close)
        assert next_of(socket, "closed")["code"] == "web.stopped"
        assert close_of(socket) == 1001


def test_only_the_demo_is_told_of_a_demo_and_may_frame() -> None:
    plain = Rig().signed_in().get("/")
    assert "openline-demo" not in plain.text
    origin = "http://localhost:23999"
    rig = Rig(settings={"frame_ancestors": (origin,)})
    framed = rig.signed_in().get("/")
    assert f'<meta name="openline-demo" content="{origin}">' in framed.text
    assert f"frame-ancestors {origin}" in framed.headers["content-security-policy"]
    assert "x-frame-options" not in framed.headers


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
