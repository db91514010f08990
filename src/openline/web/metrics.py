"""``/metrics`` over HTTP, on loopback alone, for whoever may look at this machine's figures.

The Host of a request must be the address that was bound: a page of some other origin that makes its
name resolve to this machine (DNS rebinding) meets a refusal. Nothing can be changed here.
"""

import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from openline.errors import ConfigError
from openline.web.problems import problem
from openline.web.server import QuietServer

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
CONNECTIONS_MAX: Final = 16


class OnlyHost:
    """Refuses every Host but one, and what a browser sends from another site."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        """``host`` as a request names it, port included."""
        self._app = app
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        headers = request.headers
        if headers.getlist("host") != [self._host]:
            answer: ASGIApp = problem("web.host", "en", console=f"http://{self._host}")
        elif headers.get("origin") or headers.get("sec-fetch-site", "none") != "none":
            answer = problem("web.origin", "en")
        else:
            answer = self._app
        await answer(scope, receive, send)


def metrics_app(render: Callable[[], bytes], host: str) -> ASGIApp:
    """The application behind the check of its Host."""

    async def metrics(_request: Request) -> Response:
        return Response(
            render(), media_type=MEDIA_TYPE, headers={"x-content-type-options": "nosniff"}
        )

    return OnlyHost(Starlette(routes=[Route("/metrics", metrics, methods=["GET"])]), host)


class MetricsServer:
    """Serves the figures of one post at one loopback address."""

    def __init__(self, render: Callable[[], bytes], bind: str) -> None:
        """``bind``: "127.0.0.1:PORT" or "[::1]:PORT", as the settings checked it."""
        self._render = render
        self._bind = bind

    async def run(self) -> None:
        """Bind and serve until cancelled.

        Raises:
            ConfigError: ``web.port_taken``.
        """
        host, _colon, port = self._bind.rpartition(":")
        family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind((host.strip("[]"), int(port)))
            except OSError as fault:
                raise ConfigError("web.port_taken", str(fault), port=int(port)) from fault
            bound.setblocking(False)  # noqa: FBT003 the standard library's signature
            config = uvicorn.Config(
                metrics_app(self._render, self._bind),
                loop="none",
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=1,
            )
            await QuietServer(config).serve(sockets=[bound])
