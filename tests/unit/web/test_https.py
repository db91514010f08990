"""Desks on other machines: two names over HTTPS, strict on each listener."""

from pathlib import Path
from typing import Any

import pytest

from openline.errors import ConfigError
from openline.web import DeskServerConfig, HttpsConfig
from openline.web.guard import Names
from tests.unit.web.doors import PHRASE, FakeDoor
from tests.unit.web.rig import CONSOLE, COOKIE, SECRET, Rig

HTTPS = Names(
    port=8443, https=True, console_name="desk.north.example", audio_name="audio.north.example"
)
DESKS = "https://desk.north.example:8443"


def test_over_https_everything_is_of_its_two_origins_and_no_other() -> None:
    rig = Rig(names=HTTPS, door=FakeDoor())
    client = rig.client(DESKS)
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "connect-src 'self' wss://desk.north.example:8443" in policy
    assert "frame-src https://audio.north.example:8443" in policy
    assert (
        'microphone=(self "https://audio.north.example:8443")' in page.headers["permissions-policy"]
    )
    assert "max-age" in page.headers["strict-transport-security"]
    assert 'content="https://audio.north.example:8443"' in page.text
    fields = {"code": "W-2", "passphrase": PHRASE}
    answer = client.post("/signin", json=fields, headers={"origin": DESKS})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"__Host-{COOKIE}=")
    for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
    for origin in ("http://desk.north.example:8443", CONSOLE, "https://desk.north.example"):
        refused = client.post("/signin", json=fields, headers={"origin": origin})
        assert refused.json()["code"] == "web.origin"
    media = rig.client("https://audio.north.example:8443")
    above = media.get("/").headers["content-security-policy"]
    assert f"frame-ancestors {DESKS}" in above
    assert "set-cookie" not in media.get("/").headers
    for host in ("localhost:8443", "127.0.0.1:8443", "desk.north.example", "north.example:8443"):
        answer = rig.client(f"https://{host}").get("/")
        assert (answer.status_code, answer.json()["code"]) == (421, "web.host")
    # And the plain listener knows nothing of these names.
    plain = Rig().client("http://desk.north.example:8443")
    assert plain.get("/").status_code == 421


def test_on_the_usual_port_the_origin_has_none() -> None:
    names = Names(port=443, https=True, console_name="a.example", audio_name="b.example")
    assert (names.console, names.audio) == ("https://a.example", "https://b.example")
    assert names.socket == "wss://a.example"
    assert Names(port=80).console == "http://localhost:80"


@pytest.mark.parametrize(
    "changes",
    [
        {"console": "localhost"},
        {"console": "desk.localhost"},
        {"console": "10.0.0.5"},
        {"console": "Desk.north.example"},
        {"console": "desk"},
        {"console": "desk.north.example:8443"},
        {"audio": "desk.north.example"},
        {"audio": "*.north.example"},
        {"port": 70_000},
    ],
)
def test_names_that_cannot_be_desks_are_refused(changes: dict[str, Any]) -> None:
    good = {
        "host": "0.0.0.0",
        "port": 8443,
        "console": "desk.north.example",
        "audio": "audio.north.example",
        "certificate": lambda: Path("x"),
    }
    HttpsConfig(**good)  # type: ignore[arg-type]  # good is made of the right things
    with pytest.raises(ConfigError, match=r"web\.config"):
        HttpsConfig(**(good | changes))  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(ConfigError, match=r"web\.config"):
        DeskServerConfig(port=1, secret=SECRET, post_name="a", idle_minutes=-1)
