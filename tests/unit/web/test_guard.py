"""Who is let in at all: Host, Origin, method, headers."""

import re

import pytest
from starlette.testclient import WebSocketDenialResponse

from tests.unit.web.rig import AUDIO, CONSOLE, DESK, PORT, Rig, sign_in, socket_headers


def code_of(answer: object) -> str:
    body = answer.json()  # type: ignore[attr-defined]  # both kinds of response have it
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]  # likewise
    assert body["type"] == f"urn:openline:error:{body['code']}"
    assert body["title"]
    assert body["status"] == answer.status_code  # type: ignore[attr-defined]  # likewise
    return str(body["code"])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.example:{PORT}",
        f"127.0.0.1:{PORT}",
        f"[::1]:{PORT}",
        "localhost",
        f"localhost:{PORT + 1}",
        f"localhost:{PORT}.evil.example",
        f"audio.localhost.evil.example:{PORT}",
        f"x.localhost:{PORT}",
        "",
    ],
)
def test_another_host_is_refused(host: str) -> None:
    rig = Rig()
    for path in ("/", "/main.js", "/signin", "/nowhere"):
        answer = rig.client().get(path, headers={"host": host})
        assert answer.status_code == 421
        assert code_of(answer) == "web.host"
        assert CONSOLE in answer.json()["title"]


def test_another_host_is_refused_in_chinese_too() -> None:
    headers = {"host": "evil.example", "accept-language": "zh-CN,zh;q=0.9,en;q=0.1"}
    answer = Rig().client().get("/", headers=headers)
    assert re.search(r"[\u4e00-\u9fff]", answer.json()["title"])


@pytest.mark.parametrize(
    "origin", ["http://evil.example", AUDIO, f"http://127.0.0.1:{PORT}", "null", "http://localhost"]
)
def test_another_origin_may_neither_post_nor_open_a_socket(origin: str) -> None:
    rig = Rig()
    client = rig.signed_in()
    answer = sign_in(client, rig.tokens.mint(rig.now_ms), origin=origin)
    assert (answer.status_code, code_of(answer)) == (403, "web.origin")
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(DESK, headers=socket_headers(origin=origin)),
    ):
        pass
    assert (refused.value.status_code, code_of(refused.value)) == (403, "web.origin")
    assert rig.api.acts == []


def test_no_origin_is_another_origin() -> None:
    rig = Rig()
    client = rig.signed_in()
    answer = client.post("/signin", json={"token": rig.tokens.mint(rig.now_ms)})
    assert code_of(answer) == "web.origin"
    with pytest.raises(WebSocketDenialResponse), client.websocket_connect(DESK):
        pass
    assert rig.api.acts == []


def test_other_sites_may_navigate_here_and_nothing_else() -> None:
    client = Rig().signed_in()
    for site in ("cross-site", "same-site"):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
        assert code_of(client.get("/main.js", headers=headers)) == "web.origin"
        headers["sec-fetch-mode"] = "navigate"
        assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("base", [CONSOLE, AUDIO])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods_are_refused(base: str, method: str) -> None:
    answer = Rig().client(base).request(method, "/", headers={"origin": CONSOLE})
    assert answer.status_code == 405
    assert code_of(answer) == "web.method"


def test_the_console_is_sent_with_its_policy() -> None:
    rig = Rig()
    for client, path in ((rig.client(), "/"), (rig.signed_in(), "/"), (rig.client(), "/main.js")):
        headers = client.get(path).headers
        policy = headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert f"frame-src {AUDIO}" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"
        assert f'microphone=(self "{AUDIO}")' in headers["permissions-policy"]
        assert "camera=()" in headers["permissions-policy"]


def test_the_audio_page_has_its_own_policy_and_no_cookie() -> None:
    rig = Rig()
    answer = rig.client(AUDIO).get("/")
    assert answer.status_code == 200
    assert f"frame-ancestors {CONSOLE}" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    assert CONSOLE in answer.text
    assert "openline-sample" not in answer.text


@pytest.mark.parametrize(
    "path", ["/signin", "/session", "/desk", "/locales/en.json", "/sample.wav"]
)
def test_the_audio_origin_has_nothing_of_the_console(path: str) -> None:
    assert code_of(Rig().client(AUDIO).get(path)) == "web.not_found"


def test_refusals_carry_the_headers_too() -> None:
    answer = Rig().client().get("/nowhere")
    assert code_of(answer) == "web.not_found"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "path",
    ["/index.html", "/../config.py", "/%2e%2e/config.py", "/vendor/", "/..%2f..%2fetc/passwd"],
)
def test_only_the_pages_files_are_served(path: str) -> None:
    assert code_of(Rig().signed_in().get(path)) == "web.not_found"


def test_pages_hold_nothing_inline_and_nothing_external() -> None:
    rig = Rig()
    for client in (rig.client(), rig.signed_in()):
        page = client.get("/").text
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page)
        for target in re.findall(r"(?:src|href)=\"([^\"]+)\"", page):
            assert not target.startswith(("http", "//"))
            assert client.get(f"/{target}").status_code == 200
