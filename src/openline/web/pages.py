"""The two sites: the console with its sign-in, and the media page."""

import asyncio
import html
import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

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
from openline.web.sessions import Session, Sessions
from openline.web.signin import COOKIE_LIFE_MS, Kind, LaunchTokens

BODY_BYTES_MAX: Final = 4096
CODE_CHARACTERS_MAX: Final = 16
SIGNIN_TRIES: Final = 20
SIGNIN_WINDOW_MS: Final = 60_000
SAMPLE_BYTES_MAX: Final = 8 * 1024 * 1024
_NOT_OF_THE_PAGE: Final = ("main.js", "signin.js")
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
        self,
        config: DeskServerConfig,
        names: Names,
        tokens: LaunchTokens,
        desks: Desks,
        sessions: Sessions,
    ) -> None:
        """See the class."""
        self._config = config
        self._names = names
        self._tokens = tokens
        self._desks = desks
        self._sessions = sessions
        # The browser keeps a __Host- cookie only from this very host over HTTPS.
        self._cookie = f"__Host-{config.cookie_name}" if names.https else config.cookie_name
        self._files = console_files()
        self._modules = audio.preload_modules(
            name for name in self._files if name.endswith(".js") and name not in _NOT_OF_THE_PAGE
        )
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

    def _session_of(self, cookies: dict[str, str]) -> Session | None:
        return self._sessions.find(cookies.get(self._cookie, ""))

    async def _page(self, request: Request) -> Response:
        session = self._session_of(request.cookies)
        name = "signin.html" if session is None else "index.html"
        metas = {"openline-audio": self._names.audio, "openline-language": self._config.language}
        if self._config.frame_ancestors:
            metas["openline-demo"] = " ".join(self._config.frame_ancestors)
        lines = "\n".join(
            f'<meta name="{key}" content="{html.escape(value)}">' for key, value in metas.items()
        )
        page = self._files[name][0].replace(b"<!--metas-->", lines.encode())
        page = page.replace(b"<!--modules-->", self._modules.encode())
        response = Response(page, media_type="text/html")
        if session is not None:
            self._set_cookie(response, session)
        return response

    def _set_cookie(self, response: Response, session: Session) -> None:
        response.set_cookie(
            self._cookie,
            self._sessions.cookie(session),
            max_age=COOKIE_LIFE_MS // 1000,
            httponly=True,
            secure=self._names.https,  # tidy: Starlette's name
            samesite="strict",
            path="/",
        )

    async def _session(self, request: Request) -> Response:
        session = self._session_of(request.cookies)
        language = language_of(request, self._config.language)
        if session is None:
            return problem("web.signin", language)
        if session.unlocked:
            return Response(status_code=204)
        response = problem("web.locked", language)
        self._set_cookie(response, session)  # the one that it had may still say otherwise
        return response

    async def _signin(self, request: Request) -> Response:
        language = language_of(request, self._config.language)
        before = self._session_of(request.cookies)
        try:
            fields = await self._fields_of(request)
            if fields is None:
                return problem("web.body", language)
            if "passphrase" in fields:
                session = await self._by_passphrase(fields, before)
            else:
                session = self._by_token(fields.get("token"), before)
        except AccessError as error:
            return problem(error.code, language)
        response = Response(status_code=204)
        self._set_cookie(response, session)
        return response

    async def _by_passphrase(self, fields: dict[str, Any], before: Session | None) -> Session:
        """The officer's own sign-in.

        Raises:
            AccessError: ``web.passphrase``, whatever was wrong; ``web.rate``.
        """
        code, passphrase = fields.get("code"), fields["passphrase"]
        if not isinstance(code, str) or not isinstance(passphrase, str):
            raise AccessError("web.passphrase", "not texts")
        desk = "" if before is None else before.id.hex()
        await self._sessions.door.unlock(code[:CODE_CHARACTERS_MAX], passphrase, desk)
        return self._sessions.begin(code, Kind.PASSPHRASE, before)

    def _by_token(self, token: object, before: Session | None) -> Session:
        """By a one-time address; only while the officer's key needs no passphrase.

        Raises:
            AccessError: ``web.token``, ``web.rate``.
        """
        now_ms = self._config.wall_ms()
        self._tries = [at for at in self._tries if at > now_ms - SIGNIN_WINDOW_MS]
        if len(self._tries) >= SIGNIN_TRIES:
            raise AccessError("web.rate", "too many tries")
        self._tries.append(now_ms)
        officer = self._sessions.door.token_officer()
        if not isinstance(token, str) or officer is None:
            raise AccessError("web.token", "no token")
        self._tokens.redeem(token, now_ms)
        return self._sessions.begin(officer, Kind.TOKEN, before)

    async def _fields_of(self, request: Request) -> dict[str, Any] | None:
        """The fields of the body; None for a body that is too long."""
        said = request.headers.get("content-length", "0")
        if not (said.isascii() and said.isdigit()) or int(said) > BODY_BYTES_MAX:
            return None  # by its own word: whoever sends it slowly is not waited for
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > BODY_BYTES_MAX:
                return None
        try:
            fields = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise AccessError("web.token", "not JSON") from error
        return fields if isinstance(fields, dict) else {}

    async def _phrase_list(self, request: Request) -> Response:
        if self._session_of(request.cookies) is None:
            return problem("web.signin", language_of(request, self._config.language))
        return JSONResponse(await asyncio.to_thread(self._phrases.listing))

    async def _recording(self, request: Request) -> Response:
        code = "web.signin"
        if self._session_of(request.cookies) is not None:
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
        session = self._session_of(websocket.cookies)
        if session is not None:
            await self._desks.serve(websocket, session)
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
