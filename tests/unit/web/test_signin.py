"""Who may sit at the desk: tokens that work once, cookies that outlive a restart."""

import pytest

from openline.errors import AccessError, ConfigError
from openline.web import DeskServerConfig
from openline.web.pages import BODY_BYTES_MAX, SIGNIN_TRIES
from openline.web.signin import (
    COOKIE_LIFE_MS,
    TOKEN_LIFE_MS,
    TOKENS_MAX,
    Cookies,
    LaunchTokens,
)
from tests.unit.web.rig import CONSOLE, COOKIE, SECRET, Rig, sign_in


def test_a_token_buys_a_strict_cookie_once() -> None:
    rig = Rig()
    token = rig.tokens.mint(rig.now_ms)
    client = rig.client()
    assert "openline-audio" in client.get("/").text
    assert 'id="talk' not in client.get("/").text
    answer = sign_in(client, token)
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age="):
        assert part in cookie
    assert "Domain" not in cookie
    assert 'id="audio"' in client.get("/").text
    again = sign_in(rig.client(), token)
    assert (again.status_code, again.json()["code"]) == (403, "web.token")
    assert "set-cookie" not in again.headers


@pytest.mark.parametrize("token", ["", "x", "x" * 64, "x" * 65, None, 7, ["x"], {"a": 1}])
def test_a_wrong_token_buys_nothing(token: object) -> None:
    answer = sign_in(Rig().client(), token)
    assert (answer.status_code, answer.json()["code"]) == (403, "web.token")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 900])
def test_a_malformed_body_buys_nothing(body: bytes) -> None:
    answer = Rig().client().post("/signin", content=body, headers={"origin": CONSOLE})
    assert (answer.status_code, answer.json()["code"]) == (403, "web.token")


def test_a_long_body_is_not_read() -> None:
    body = b" " * (BODY_BYTES_MAX + 1)
    answer = Rig().client().post("/signin", content=body, headers={"origin": CONSOLE})
    assert (answer.status_code, answer.json()["code"]) == (413, "web.body")


def test_guessing_is_slowed_down_and_a_minute_later_allowed() -> None:
    rig = Rig()
    client = rig.client()
    for _ in range(SIGNIN_TRIES):
        assert sign_in(client, "x").status_code == 403
    good = rig.tokens.mint(rig.now_ms)
    assert sign_in(client, good).status_code == 429
    rig.now_ms += 60_001
    assert sign_in(client, good).status_code == 204


def test_tokens_age_and_are_bounded() -> None:
    tokens = LaunchTokens()
    old = tokens.mint(0)
    tokens.redeem(tokens.mint(0), TOKEN_LIFE_MS)
    with pytest.raises(AccessError, match=r"web\.token"):
        tokens.redeem(old, TOKEN_LIFE_MS + 1)
    first = tokens.mint(0)
    for _ in range(TOKENS_MAX):
        tokens.mint(0)
    with pytest.raises(AccessError, match=r"web\.token"):
        tokens.redeem(first, 1)


def test_a_cookie_holds_after_a_restart_until_it_is_old() -> None:
    value = Cookies(SECRET, "test-a").issue(0)
    assert Cookies(SECRET, "test-a").holds(value, COOKIE_LIFE_MS)
    assert not Cookies(SECRET, "test-a").holds(value, COOKIE_LIFE_MS + 1)


def test_a_cookie_of_another_post_or_an_altered_one_holds_nothing() -> None:
    cookies = Cookies(SECRET, "test-a")
    value = cookies.issue(0)
    assert not Cookies(SECRET, "test-b").holds(value, 0)
    assert not Cookies(b"t" * 32, "test-a").holds(value, 0)
    for index in range(len(value)):
        other = "A" if value[index] != "A" else "B"
        altered = value[:index] + other + value[index + 1 :]
        # The last character carries two bits that decode to nothing.
        assert not cookies.holds(altered, 0) or index == len(value) - 1
    for wrong in ("", "A", value + "A", value[:-4], "é" * 8, "=" * 8):
        assert not cookies.holds(wrong, 0)


def test_without_a_cookie_there_is_no_session() -> None:
    rig = Rig()
    assert rig.client().get("/session").json()["code"] == "web.signin"
    assert rig.signed_in().get("/session").status_code == 204


@pytest.mark.parametrize(
    "changes",
    [
        {"port": -1},
        {"port": 65536},
        {"secret": b"short"},
        {"post_name": "Ä"},
        {"post_name": ""},
        {"frame_ancestors": ("*",)},
        {"frame_ancestors": ("http://localhost:1; script-src *",)},
        {"language": "tlh"},
    ],
)
def test_settings_that_cannot_be_used_are_refused(changes: dict[str, object]) -> None:
    good: dict[str, object] = {"port": 1, "secret": SECRET, "post_name": "test-a"}
    with pytest.raises(ConfigError, match=r"web\.config"):
        DeskServerConfig(**(good | changes))  # type: ignore[arg-type]  # wrong on purpose
