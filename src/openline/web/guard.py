"""What every request passes before anything else looks at it.

- Host must be exactly one of the two names that this server has: any other name
  that resolves here (DNS rebinding) meets a refusal.
- A WebSocket or POST must come from the console's own origin; what browsers call
  cross-site may only be a navigation.
- Every answer carries the policy of its page; nothing is stored by the browser.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send  # tidy: Starlette's name

from openline.web import audio
from openline.web.catalogue import choose_language
from openline.web.problems import problem

_DENIED: Final = 1008
_FEATURES_OFF: Final = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), magnetometer=(), midi=(), payment=(), serial=(), usb=()"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The two hosts of one desk server."""

    port: int

    @property
    def console_host(self) -> str:
        """Host of the duty officer's page."""
        return f"localhost:{self.port}"

    @property
    def audio_host(self) -> str:
        """Host of the media page."""
        return f"audio.localhost:{self.port}"

    @property
    def console(self) -> str:
        """Origin of the duty officer's page."""
        return f"http://{self.console_host}"

    @property
    def audio(self) -> str:
        """Origin of the media page."""
        return f"http://{self.audio_host}"


def console_headers(names: Names, frame_ancestors: Iterable[str]) -> dict[str, str]:
    """Headers of everything on the console's origin."""
    ancestors = " ".join(frame_ancestors)
    framing = ancestors or "'none'"
    policy = [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        f"connect-src 'self' ws://{names.console_host}",
        f"frame-src {names.audio}",
        f"frame-ancestors {framing}",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",
    ]
    headers = {
        "content-security-policy": "; ".join(policy),
        "permissions-policy": (
            f'microphone=(self "{names.audio}"), autoplay=(self "{names.audio}"), {_FEATURES_OFF}'
        ),
        "cross-origin-opener-policy": "same-origin",
    }
    if not ancestors:
        headers["x-frame-options"] = "DENY"
    return headers


def audio_headers(names: Names, *, frame_ancestors: Iterable[str] = ()) -> dict[str, str]:
    """Headers of everything on the media page's origin."""
    return {
        "content-security-policy": audio.content_security_policy(
            console_origin=names.console, above=frame_ancestors
        ),
        "permissions-policy": f"microphone=(self), autoplay=(self), {_FEATURES_OFF}",
    }


COMMON_HEADERS: Final = {
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One host: what serves it and the headers that it always sends."""

    app: ASGIApp
    headers: dict[str, str]


class Guard:
    """The outermost application; see the module."""

    def __init__(self, names: Names, sites: dict[str, Site], language: str) -> None:
        """Args: the names, the sites by Host, and the language of refusals."""
        self._names = names
        self._sites = sites
        self._language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request or WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            return
        connection = HTTPConnection(scope)
        hosts = connection.headers.getlist("host")
        site = self._sites.get(hosts[0].lower()) if len(hosts) == 1 else None
        answer = self._refusal(connection, site)
        headers = COMMON_HEADERS | (site.headers if site else {})

        async def send_with_headers(event: Message) -> None:  # tidy: Starlette's name
            if event["type"] in ("http.response.start", "websocket.http.response.start"):
                event["headers"] = [
                    *event.get("headers", []),
                    *((name.encode(), value.encode()) for name, value in headers.items()),
                ]
            await send(event)

        if answer is not None:
            await deny(answer, scope, receive, send_with_headers)
        elif site is not None:
            await site.app(scope, receive, send_with_headers)

    def _refusal(self, connection: HTTPConnection, site: Site | None) -> Response | None:
        headers = connection.headers
        language = choose_language(headers.get("accept-language", ""), self._language)
        if site is None:
            return problem("web.host", language, console=self._names.console)
        method = connection.scope.get("method", "GET")
        acting = connection.scope["type"] == "websocket" or method not in ("GET", "HEAD")
        if acting and headers.getlist("origin") != [self._names.console]:
            return problem("web.origin", language)
        elsewhere = headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
        if elsewhere and headers.get("sec-fetch-mode") != "navigate":
            return problem("web.origin", language)
        return None


async def deny(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a refusal, on a WebSocket before it is accepted."""
    if scope["type"] == "http":
        await answer(scope, receive, send)
        return
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": _DENIED})
        return
    await answer(scope, receive, send)
