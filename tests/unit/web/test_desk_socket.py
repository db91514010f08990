"""The desk's WebSocket: what goes out, what may come in, who has the desk."""

import json
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from starlette.testclient import WebSocketDenialResponse

from openline.engine.desk import (
    Gate,
    Refused,
    StopTalking,
    VoiceAnswer,
    VoiceReset,
)
from openline.errors import StoreError
from openline.web.desks import BURST, VIEW_S, WAITING_MAX
from openline.web.frames import FRAME_BYTES_MAX, TEXT_BYTES_MAX
from tests.unit.web.fake_desk_api import call_view, text_item
from tests.unit.web.rig import (
    Rig,
    close_of,
    connect,
    next_of,
    wait_for,
)


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
            VoiceAnswer(sdp="v=0", generation=7, pair_slot=1, digits="12345 67890"),
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
            "pair_slot": 1,
            "digits": "12345 67890",
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
        ({"t": "differs"}, ("differs", True)),
        ({"t": "certificate", "pair_slot": 2}, ("differs", False)),
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
