"""The two sites: the console with its sign-in, and the media page."""

import asyncio
import html
import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from openline.errors import AccessError, ConfigError
from openline.web import audio
from openline.web.catalogue import choose_language
from openline.web.config import DeskServerConfig
from openline.web.desks import Desks
from openline.web.guard import Names, deny
from openline.web.phrases import PhraseBook
from openline.web.problems import problem
from openline.web.recordings import take_piece
from openline.web.signin import COOKIE_LIFE_MS, Cookies, LaunchTokens

BODY_BYTES_MAX: Final = 1024
SIGNIN_TRIES: Final = 20
SIGNIN_WINDOW_MS: Final = 60_000
SAMPLE_BYTES_MAX: Final = 8 * 1024 * 1024
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
}


def _collect(folder: Traversable, prefix: str, into: dict[str, tuple[bytes, str]]) -> None:
    for entry in folder.iterdir():
        suffix = Path(entry.name).suffix
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", into)
        elif suffix in _TYPES:
            into[f"{prefix}{entry.name}"] = (entry.read_bytes(), _TYPES[suffix])


def console_files() -> dict[str, tuple[bytes, str]]:
    """Every static file of the console by path, with its type."""
    found: dict[str, tuple[bytes, str]] = {}
    _collect(files("openline.web") / "console", "", found)
    return found


def language_of(request: Request, default: str) -> str:
    """The language in which to answer a request."""
    return choose_language(request.headers.get("accept-language", ""), default)


class ConsoleSite:
    """The console's origin: sign-in, page, static files, the desk's WebSocket."""

    def __init__(
        self, config: DeskServerConfig, names: Names, tokens: LaunchTokens, desks: Desks
    ) -> None:
        """See the class."""
        self._config = config
        self._names = names
        self._tokens = tokens
        self._desks = desks
        self._cookies = Cookies(config.secret, config.post_name)
        self._files = console_files()
        self._phrases = PhraseBook(config.phrases)
        self._tries: list[int] = []
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/signin", self._signin, methods=["POST"]),
                Route("/session", self._session),
                WebSocketRoute("/desk", self._desk),
                Route("/phrases.json", self._phrase_list),
                Route("/recording/{call}", self._recording, methods=["POST"]),
                Route("/{path:path}", self._file),
            ],
            exception_handlers={HTTPException: self._failed},
        )

    def _signed_in(self, cookies: dict[str, str]) -> bool:
        value = cookies.get(self._config.cookie_name, "")
        return self._cookies.holds(value, self._config.wall_ms())

    async def _page(self, request: Request) -> Response:
        name = "index.html" if self._signed_in(request.cookies) else "signin.html"
        metas = {"openline-audio": self._names.audio, "openline-language": self._config.language}
        if self._config.frame_ancestors:
            metas["openline-demo"] = " ".join(self._config.frame_ancestors)
        lines = "\n".join(
            f'<meta name="{key}" content="{html.escape(value)}">' for key, value in metas.items()
        )
        page = self._files[name][0].replace(b"<!--metas-->", lines.encode())
        response = Response(page, media_type="text/html")
        if name == "index.html":
            self._set_cookie(response)
        return response

    def _set_cookie(self, response: Response) -> None:
        response.set_cookie(
            self._config.cookie_name,
            self._cookies.issue(self._config.wall_ms()),
            max_age=COOKIE_LIFE_MS // 1000,
            httponly=True,
            samesite="strict",
            path="/",
        )

    async def _session(self, request: Request) -> Response:
        if self._signed_in(request.cookies):
            return Response(status_code=204)
        return problem("web.signin", language_of(request, self._config.language))

    async def _signin(self, request: Request) -> Response:
        language = language_of(request, self._config.language)
        now_ms = self._config.wall_ms()
        self._tries = [at for at in self._tries if at > now_ms - SIGNIN_WINDOW_MS]
        if len(self._tries) >= SIGNIN_TRIES:
            return problem("web.rate", language)
        self._tries.append(now_ms)
        try:
            token = await self._token_of(request)
            if token is None:
                return problem("web.body", language)
            self._tokens.redeem(token, now_ms)
        except AccessError as error:
            return problem(error.code, language)
        response = Response(status_code=204)
        self._set_cookie(response)
        return response

    async def _token_of(self, request: Request) -> str | None:
        """The token in the body, or None for a body that is too long."""
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_BYTES_MAX:
                return None
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise AccessError("web.token", "not JSON") from error
        token = fields.get("token") if isinstance(fields, dict) else None
        if not isinstance(token, str):
            raise AccessError("web.token", "no token")
        return token

    async def _phrase_list(self, request: Request) -> Response:
        if not self._signed_in(request.cookies):
            return problem("web.signin", language_of(request, self._config.language))
        return JSONResponse(await asyncio.to_thread(self._phrases.listing))

    async def _recording(self, request: Request) -> Response:
        code = "web.signin"
        if self._signed_in(request.cookies):
            code = await take_piece(self._config.recordings, request)
        if code:
            return problem(code, language_of(request, self._config.language))
        return Response(status_code=204)

    async def _file(self, request: Request) -> Response:
        path = request.path_params["path"]
        found = self._files.get(path)
        if found is None or path.endswith(".html"):
            return problem("web.not_found", language_of(request, self._config.language))
        return Response(found[0], media_type=found[1])

    async def _desk(self, websocket: WebSocket) -> None:
        if self._signed_in(websocket.cookies):
            await self._desks.serve(websocket)
            return
        answer = problem("web.signin", self._config.language)
        await deny(answer, websocket.scope, websocket.receive, websocket.send)

    async def _failed(self, request: Request, error: Exception) -> Response:
        missing = isinstance(error, HTTPException) and error.status_code == 404  # noqa: PLR2004 HTTP
        code = "web.not_found" if missing else "web.method"
        return problem(code, language_of(request, self._config.language))


class AudioSite:
    """The media page's origin: its files, the phrases and, for the demonstration, a voice."""

    def __init__(self, config: DeskServerConfig, names: Names) -> None:
        """Read what is to be served.

        Raises:
            ConfigError: ``web.config`` if the recorded voice cannot be read.
        """
        self._config = config
        page = audio.render_page(console_origin=names.console, sample=config.sample is not None)
        self._files = {"": (page, _TYPES[".html"])}
        for name, media_type in audio.FILES.items():
            self._files[name] = (audio.read_file(name), media_type)
        if config.sample is not None:
            self._files["sample.wav"] = (_read_sample(config.sample), "audio/wav")
        self._phrases = PhraseBook(config.phrases)
        self.app = Starlette(
            routes=[
                Route("/phrase/{language}/{n:int}", self._phrase),
                Route("/{path:path}", self._file),
            ],
            exception_handlers={HTTPException: self._failed},
        )

    async def _file(self, request: Request) -> Response:
        found = self._files.get(request.path_params["path"])
        if found is None:
            return problem("web.not_found", language_of(request, self._config.language))
        return Response(found[0], media_type=found[1])

    async def _phrase(self, request: Request) -> Response:
        # Read apart: the loop carries the voice, and audio never waits for a disk.
        named = (request.path_params["language"], request.path_params["n"])
        found = await asyncio.to_thread(self._phrases.sound, *named)
        if found is None:
            return problem("web.not_found", language_of(request, self._config.language))
        return Response(found[0], media_type=found[1])

    async def _failed(self, request: Request, _error: Exception) -> Response:
        return problem("web.method", language_of(request, self._config.language))


def _read_sample(path: Path) -> bytes:
    try:
        if path.stat().st_size > SAMPLE_BYTES_MAX:
            raise ConfigError("web.config", "sample is too large")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError("web.config", f"sample: {error.strerror}") from error
