"""Sign-in by passphrase, sessions bound to a desk, locked desks."""

import json

import pytest

from openline.engine.desk import Gate, TimelineChanged
from openline.web.sessions import ABSENT_S, SESSIONS_MAX, Sessions
from openline.web.signin import COOKIE_LIFE_MS, Kind
from tests.unit.web.doors import PHRASE, FakeDoor, enter
from tests.unit.web.fake_desk_api import text_item
from tests.unit.web.rig import COOKIE, Rig, connect, next_of, sign_in, wait_for

Given = dict[str, object]


@pytest.fixture
def door() -> FakeDoor:
    return FakeDoor()


@pytest.fixture
def rig(door: FakeDoor) -> Rig:
    return Rig(door=door)


def test_an_officer_signs_in_by_code_and_passphrase(rig: Rig, door: FakeDoor) -> None:
    client = rig.client()
    answer = enter(client)
    assert answer.status_code == 204
    for part in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert part in answer.headers["set-cookie"]
    assert "Secure" not in answer.headers["set-cookie"]
    assert PHRASE not in answer.headers["set-cookie"]
    assert client.get("/session").status_code == 204
    with connect(client) as socket:
        welcome = next_of(socket, "welcome")
        assert welcome["session"]["officer"] == "W-2"
        assert welcome["session"]["passphrase"]
        (seat,) = rig.api.seats.values()
        assert seat.officer == welcome["seat"]["officer"] == "W-2"
    assert door.held["W-2"] == 1


@pytest.mark.parametrize(
    "given",
    [
        {"passphrase": "wrong"},
        {"code": "W-9"},
        {"code": 7},
        {"code": None},
        {"passphrase": None},
        {"passphrase": ["x"]},
        {"code": "W-2" + "\0"},
    ],
)
def test_whatever_is_wrong_sounds_the_same(rig: Rig, given: Given) -> None:
    answer = enter(rig.client(), **given)
    assert (answer.status_code, answer.json()["code"]) == (403, "web.passphrase")
    assert "set-cookie" not in answer.headers
    other = enter(rig.client(), code="W-8")
    assert answer.json() == other.json()


def test_a_token_lets_in_nobody_whose_key_is_wrapped(rig: Rig, door: FakeDoor) -> None:
    token = rig.tokens.mint(rig.now_ms)
    door.token = None
    assert sign_in(rig.client(), token).json()["code"] == "web.token"
    door.token = "W-1"
    assert sign_in(rig.client(), token).status_code == 204


def test_lock_ends_the_session_and_the_desk_goes_on_hearing(rig: Rig, door: FakeDoor) -> None:
    client = rig.client()
    enter(client)
    before = client.cookies.get(COOKIE)
    rig.api.items = [text_item(1, "for officers only")]
    with connect(client) as socket:
        assert len(next_of(socket, "welcome")["timeline"]) == 1
        socket.send_json({"t": "lock"})
        next_of(socket, "locked")
        assert door.held["W-2"] == 0
        wait_for(socket, rig.api, "desk_locked")
        for frame in (
            {"t": "talk", "on": True},
            {"t": "text", "request": "r1", "text": "no", "lang": "en"},
            {"t": "opened", "item": "b-1"},
            {"t": "silence"},
            {"t": "end"},
            {"t": "here"},
            {"t": "acknowledge", "alarm": "link_down"},
        ):
            socket.send_json(frame)
            if frame["t"] == "talk":
                assert next_of(socket, "stop-talking")["reason"] == "call.desk_locked"
            refused = next_of(socket, "refused")
            assert refused["code"] == "web.locked"
            assert refused["request"] == frame.get("request", "")
        socket.send_json({"t": "talk", "on": False})
        socket.send_json({"t": "offer", "sdp": "v=0", "generation": 1})
        wait_for(socket, rig.api, "offer")
        rig.api.tell(TimelineChanged(items=(text_item(2, "not for the locked"),)))
        rig.api.tell(Gate(open=True, call="c1"))
        seen = socket.receive_json()
        while seen["t"] != "gate":
            assert seen["t"] != "timeline"
            assert "not for" not in json.dumps(seen)
            seen = socket.receive_json()
        assert next_of(socket, "view")["session"]["unlocked"] is False
        acts = [act[0] for act in rig.api.acts]
        assert [name for name in acts if name in ("text", "opened", "silence", "end")] == []
        assert rig.api.said("talk") == [("talk", False)]
        # The cookie of before signs nobody in; the page's next look gives it one that only hears.
        answer = client.get("/session")
        assert (answer.status_code, answer.json()["code"]) == (403, "web.locked")
        assert client.cookies.get(COOKIE) != before
    with connect(client) as socket:
        welcome = next_of(socket, "welcome")
        assert welcome["timeline"] == []
        assert welcome["session"]["unlocked"] is False
    assert rig.api.locked[rig.api.said("desk_opened")[-1][1]]


def test_an_officer_signs_in_at_the_locked_desk_and_its_sound_goes_on(rig: Rig) -> None:
    client = rig.client()
    enter(client)
    rig.api.items = [text_item(1, "for officers only")]
    with connect(client) as socket:
        next_of(socket, "welcome")
        socket.send_json({"t": "lock"})
        next_of(socket, "locked")
        assert enter(client, passphrase="wrong").status_code == 403
        assert enter(client).status_code == 204
        again = next_of(socket, "unlocked")
        assert (again["session"]["officer"], len(again["timeline"])) == ("W-2", 1)
        socket.send_json({"t": "talk", "on": True})
        wait_for(socket, rig.api, "talk")
        assert rig.api.said("desk_unlocked") == [("desk_unlocked", "W-2")]
        assert len(rig.api.said("desk_opened")) == 1


def test_another_officer_takes_the_place_of_the_one_before(rig: Rig, door: FakeDoor) -> None:
    client = rig.signed_in()
    with connect(client) as socket:
        assert next_of(socket, "welcome")["session"]["officer"] == "W-1"
        assert enter(client).status_code == 204
        assert next_of(socket, "unlocked")["session"]["officer"] == "W-2"
        socket.send_json({"t": "lock"})
        next_of(socket, "locked")
    assert door.held["W-2"] == 0
    assert door.desks[-1] != ""  # a browser where an officer sat has an allowance of its own


def test_a_desk_locked_by_hand_that_needs_no_passphrase_opens_by_a_new_address(rig: Rig) -> None:
    client = rig.signed_in()
    with connect(client) as socket:
        assert next_of(socket, "welcome")["session"]["passphrase"] is False
        socket.send_json({"t": "lock"})
        next_of(socket, "locked")
        session = next_of(socket, "view")["session"]
        assert (session["unlocked"], session["passphrase"]) == (False, False)
        assert sign_in(client, rig.tokens.mint(rig.now_ms)).status_code == 204
        assert next_of(socket, "unlocked")["session"]["officer"] == "W-1"


def test_a_session_is_at_one_desk_at_a_time(rig: Rig) -> None:
    client = rig.client()
    enter(client)
    thief = rig.client()
    thief.cookies.set(COOKIE, client.cookies.get(COOKIE) or "")
    with connect(client) as first:
        next_of(first, "welcome")
        with connect(thief) as second:
            next_of(second, "welcome")
            assert next_of(first, "closed")["code"] == "web.taken_over"
            assert len(rig.api.sinks) == 1


def test_a_locked_page_takes_the_desk_from_nobody(rig: Rig) -> None:
    locked, officer = rig.signed_in(), rig.client()
    session = rig.sessions.find(locked.cookies.get(COOKIE) or "")
    assert session is not None
    rig.sessions.lock(session)
    enter(officer)
    with connect(officer) as socket:
        next_of(socket, "welcome")
        with connect(locked, "?take=0") as other:
            assert next_of(other, "closed")["code"] == "web.taken_over"
        assert next_of(socket, "view")["session"]["unlocked"]
        assert len(rig.api.said("desk_opened")) == 1


def test_who_went_away_is_signed_out(rig: Rig, door: FakeDoor) -> None:
    client = rig.client()
    enter(client)
    with connect(client) as socket:
        next_of(socket, "welcome")
        rig.now_ms += int(ABSENT_S * 1000) + 5_000
        rig.sessions.sweep()
        assert door.held["W-2"] == 1
    rig.now_ms += int(ABSENT_S * 1000) - 1_000
    rig.sessions.sweep()
    assert client.get("/session").status_code == 204
    rig.now_ms += 2_000
    rig.sessions.sweep()
    assert door.held["W-2"] == 0
    assert client.get("/session").json()["code"] == "web.locked"


def test_after_a_restart_only_a_one_time_address_goes_on(rig: Rig, door: FakeDoor) -> None:
    by_passphrase, by_token = rig.client(), rig.signed_in()
    enter(by_passphrase)
    locked = rig.signed_in()
    session = rig.sessions.find(locked.cookies.get(COOKIE) or "")
    assert session is not None
    rig.sessions.lock(session)
    assert locked.get("/session").json()["code"] == "web.locked"
    for before, kind in (
        (by_passphrase, Kind.LOCKED),
        (by_token, Kind.TOKEN),
        (locked, Kind.LOCKED),
    ):
        fresh = Sessions(rig.config, door)
        found = fresh.find(before.cookies.get(COOKIE) or "")
        assert found is not None
        assert found.kind is kind
    door.token = None  # the key was wrapped meanwhile
    found = Sessions(rig.config, door).find(by_token.cookies.get(COOKIE) or "")
    assert found is not None
    assert not found.unlocked
    rig.now_ms += COOKIE_LIFE_MS + 1
    assert Sessions(rig.config, door).find(by_token.cookies.get(COOKIE) or "") is None


def test_an_officer_who_may_not_stay_is_signed_out_everywhere(rig: Rig, door: FakeDoor) -> None:
    clients = [rig.client() for _ in range(3)]
    for client in clients:
        enter(client)
    token = rig.signed_in()
    assert door.held["W-2"] == 3
    rig.sessions.lock_officer("W-2")
    assert door.held["W-2"] == 0
    assert [client.get("/session").status_code for client in (*clients, token)] == [403] * 3 + [204]
    rig.sessions.close()
    assert token.get("/session").status_code == 204


def test_sessions_are_bounded_and_the_oldest_lets_its_key_go(rig: Rig, door: FakeDoor) -> None:
    for _ in range(SESSIONS_MAX + 10):
        door.held["W-2"] += 1
        rig.sessions.begin("W-2", Kind.PASSPHRASE)
    assert door.held["W-2"] == SESSIONS_MAX


def test_an_idle_desk_is_locked_by_its_post() -> None:
    door = FakeDoor()
    rig = Rig(door=door, settings={"idle_minutes": 0.02})
    client = rig.client()
    enter(client)
    with connect(client) as socket:
        warned = 0
        frame = socket.receive_json()
        while frame["t"] != "locked":
            warned += frame.get("session", {}).get("locks_in_ms") is not None
            frame = socket.receive_json()
        assert warned
        assert door.held["W-2"] == 0
