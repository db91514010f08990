"""The desk server without sockets: its application, and a client that speaks ASGI to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from openline.web import DeskServerConfig
from openline.web.desks import Desks
from openline.web.guard import Names
from openline.web.sessions import Door, Sessions
from openline.web.signin import LaunchTokens
from openline.web.site import Shared, build
from tests.unit.web.fake_desk_api import FakeDeskApi

PORT = 23000
CONSOLE = f"http://localhost:{PORT}"
AUDIO = f"http://audio.localhost:{PORT}"
DESK = f"ws://localhost:{PORT}/desk"
SECRET = b"s" * 32
COOKIE = "openline-desk-test-a"


class Counted:
    """An application that counts what it has finished."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.finished = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            self.finished += 1


@dataclass
class Rig:
    """One desk server; ``now_ms`` is its clock."""

    now_ms: int = 1_700_000_000_000
    settings: dict[str, Any] = field(default_factory=dict)
    names: Names = field(default_factory=lambda: Names(port=PORT))
    door: Door | None = None

    def __post_init__(self) -> None:
        self.api = FakeDeskApi()
        self.config = DeskServerConfig(
            port=PORT,
            secret=SECRET,
            post_name="test-a",
            wall_ms=lambda: self.now_ms,
            **self.settings,
        )
        self.tokens = LaunchTokens()
        self.sessions = Sessions(self.config, self.door, clock=lambda: self.now_ms / 1000)
        self.desks = Desks(self.api, self.config, self.sessions)
        self.shared = Shared(self.tokens, self.desks, self.sessions)
        self.app = Counted(build(self.config, self.names, self.shared))

    def client(self, base: str = CONSOLE) -> TestClient:
        return TestClient(self.app, base_url=base, follow_redirects=False)

    def signed_in(self) -> TestClient:
        client = self.client()
        answer = sign_in(client, self.tokens.mint(self.now_ms))
        assert answer.status_code == 204
        return client


def sign_in(client: TestClient, token: object, **headers: str) -> httpx2.Response:
    return client.post("/signin", json={"token": token}, headers={"origin": CONSOLE} | headers)


def socket_headers(**changes: str) -> dict[str, str]:
    return {"origin": CONSOLE} | changes


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
