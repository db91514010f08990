"""The demo's own page: files, the posts' reports as a stream, and the few acts on the scene.

Bound to this machine only, like a desk. Its address carries a secret that the
first request exchanges for a cookie; an act must come from the page's own origin.
"""

import asyncio
import contextlib
import hmac
import json
import secrets
import socket
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from typing_extensions import override

from openline.app.demo.evidence import alter, mend, verify
from openline.app.demo.figures import load
from openline.app.demo.posts import SIDES, Side
from openline.app.demo.scene import Scene
from openline.errors import AccessError, ConfigError, OpenlineError
from openline.web.catalogue import LANGUAGES, catalogue

REPORT_S: Final = 0.2
BODY_BYTES_MAX: Final = 4096
COOKIE: Final = "openline-demo"
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
_WORDS: Final = ("demo.", "error.", "mic.", "rung.")

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PageSettings:
    """How the page begins.

    Attributes:
        language: of the page until somebody switches.
        samples: each side's recorded voice.
    """

    language: str
    samples: dict[Side, Path]


class PageServer:
    """Serves the page of one scene.

    Args:
        scene: the running posts.
        settings: how the page begins.
    """

    def __init__(self, scene: Scene, settings: PageSettings) -> None:
        """See the class."""
        self._scene = scene
        self._settings = settings
        self._secret = secrets.token_urlsafe(24)
        self._origin = f"http://localhost:{scene.ports.page}"
        self._files = _page_files()
        self._acts: dict[str, Callable[[Facts], Awaitable[Facts]]] = {
            "launch": self._launch,
            "cut": self._cut,
            "restore": self._restore,
            "kill": self._kill,
            "restart": self._restart,
            "verify": self._verify,
        }
        self._stopping = asyncio.Event()
        self._server: _Uvicorn | None = None
        self._exporting = asyncio.Lock()

    @property
    def address(self) -> str:
        """The address to open."""
        return f"{self._origin}/?key={self._secret}"

    async def run(self) -> None:
        """Serve until :meth:`stop` or cancellation.

        Raises:
            OSError: the port was taken meanwhile.
        """
        app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/scene", self._describe),
                Route("/reports", self._reports),
                Route("/words/{language}.json", self._words),
                Route("/act/{what}", self._act, methods=["POST"]),
                Route("/{name}", self._file),
            ]
        )
        self._server = _Uvicorn(
            uvicorn.Config(
                app, loop="none", lifespan="off", log_config=None, timeout_graceful_shutdown=1
            )
        )
        sockets = _listen(self._scene.ports.page)
        try:
            await self._server.serve(sockets=sockets)
        finally:
            for bound in sockets:
                bound.close()

    def stop(self) -> None:
        """End :meth:`run`."""
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True

    def _admitted(self, request: Request) -> bool:
        if request.headers.get("host") != self._origin.removeprefix("http://"):
            return False
        return hmac.compare_digest(request.cookies.get(COOKIE, ""), self._secret)

    async def _page(self, request: Request) -> Response:
        key = request.query_params.get("key", "")
        if hmac.compare_digest(key, self._secret):
            answer: Response = RedirectResponse("/", status_code=303)
            answer.set_cookie(COOKIE, self._secret, httponly=True, samesite="strict", path="/")
            return answer
        if not self._admitted(request):
            return _refused("demo.key", 403)
        desks = " ".join(self._desk_origins().values())
        policy = (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
            f"connect-src 'self'; media-src blob:; frame-src {desks}; "
            "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        )
        headers = {"content-security-policy": policy, "cache-control": "no-store"}
        return Response(self._files["index.html"][0], headers=headers, media_type="text/html")

    async def _file(self, request: Request) -> Response:
        found = self._files.get(request.path_params["name"])
        if found is None or not self._admitted(request):
            return _refused("demo.key", 403)
        return Response(found[0], media_type=found[1], headers={"cache-control": "no-store"})

    def _desk_origins(self) -> dict[Side, str]:
        return {side: f"http://localhost:{self._scene.ports.desks[side]}" for side in SIDES}

    async def _describe(self, request: Request) -> Response:
        if not self._admitted(request):
            return _refused("demo.key", 403)
        desks = {
            side: {
                "origin": origin,
                "audio": origin.replace("//localhost", "//audio.localhost"),
                "sample_ms": _duration_ms(self._settings.samples[side]),
            }
            for side, origin in self._desk_origins().items()
        }
        return JSONResponse(
            {"language": self._settings.language, "desks": desks, "paths": list(self._scene.paths)}
        )

    async def _words(self, request: Request) -> Response:
        language = request.path_params["language"]
        if language not in LANGUAGES or not self._admitted(request):
            return _refused("demo.key", 403)
        words = {key: text for key, text in catalogue(language).items() if key.startswith(_WORDS)}
        return JSONResponse(words)

    async def _reports(self, request: Request) -> Response:
        if not self._admitted(request):
            return _refused("demo.key", 403)
        headers = {"cache-control": "no-store"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        while not self._stopping.is_set():
            report = {
                "load": load(),
                "posts": await self._scene.statuses(),
                "paths": {
                    name: {
                        "cut": path.is_cut,
                        "datagrams": path.carried.datagrams,
                        "datagrams_cut": path.carried.datagrams_cut,
                    }
                    for name, path in self._scene.paths.items()
                },
            }
            yield f"data: {json.dumps(report)}\n\n"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), REPORT_S)

    async def _act(self, request: Request) -> Response:
        same_origin = request.headers.get("origin") == self._origin
        do = self._acts.get(request.path_params["what"])
        if do is None or not same_origin or not self._admitted(request):
            return _refused("demo.key", 403)
        body = await request.body()
        try:
            facts = json.loads(body) if len(body) <= BODY_BYTES_MAX else None
            if not isinstance(facts, dict):
                return _refused("demo.request", 400)
            return JSONResponse(await do(facts))
        except (ValueError, KeyError):
            return _refused("demo.request", 400)
        except OpenlineError as fault:
            said = {"error": fault.code, "detail": fault.detail, "facts": fault.facts}
            return JSONResponse(said, status_code=409)
        except OSError as fault:
            said = {"error": "demo.system", "detail": str(fault), "facts": {"reason": str(fault)}}
            return JSONResponse(said, status_code=409)

    async def _launch(self, facts: Facts) -> Facts:
        return {"url": await self._scene.launch_address(_side(facts))}

    async def _cut(self, facts: Facts) -> Facts:
        self._scene.paths[facts["path"]].cut()
        return {}

    async def _restore(self, facts: Facts) -> Facts:
        self._scene.paths[facts["path"]].restore()
        return {}

    async def _kill(self, facts: Facts) -> Facts:
        await self._scene.posts[_side(facts)].kill()
        return {}

    async def _restart(self, facts: Facts) -> Facts:
        post = self._scene.posts[_side(facts)]
        if post.alive:
            return {"answered_ms": 0, "link_up_ms": 0}
        loop = asyncio.get_running_loop()
        began = loop.time()
        await post.start()
        answered_ms = round((loop.time() - began) * 1000)
        await self._scene.link_up()
        return {
            "answered_ms": answered_ms,
            "link_up_ms": round((loop.time() - began) * 1000),
        }

    async def _verify(self, facts: Facts) -> Facts:
        """Export, change one byte of a text in copies, verify all of them."""
        language = facts["language"] if facts["language"] in LANGUAGES else "en"
        async with self._exporting:
            bundle = await self._scene.export(_side(facts))
            altered, mended = (
                self._scene.folder / f"{name}.bundle" for name in ("altered", "mended")
            )
            changed = await asyncio.to_thread(alter, bundle, str(facts["text"]), altered)
            await asyncio.to_thread(mend, bundle, altered, mended)
            verdicts = await asyncio.gather(
                *(verify(file, self._scene.pins, language) for file in (bundle, altered, mended))
            )
            said = [{"status": one.status, "output": one.output} for one in verdicts]
            return {
                "bytes": bundle.stat().st_size,
                "offset": changed.offset,
                "before": changed.before,
                "after": changed.after,
                **dict(zip(("whole", "altered", "mended"), said, strict=True)),
            }


class _Uvicorn(uvicorn.Server):
    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the program."""
        yield


def _refused(code: str, status: int) -> Response:
    return JSONResponse({"error": code, "detail": "", "facts": {}}, status_code=status)


def _side(facts: Facts) -> Side:
    side = facts["side"]
    for known in SIDES:
        if side == known:
            return known
    raise AccessError("demo.request", "side")


def _duration_ms(sample: Path) -> int:
    with wave.open(str(sample), "rb") as file:
        return round(file.getnframes() / file.getframerate() * 1000)


def _page_files() -> dict[str, tuple[bytes, str]]:
    folder = files("openline.app.demo") / "page"
    return {
        entry.name: (entry.read_bytes(), _TYPES[Path(entry.name).suffix])
        for entry in folder.iterdir()
        if Path(entry.name).suffix in _TYPES
    }


def _listen(port: int) -> list[socket.socket]:
    sockets = []
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            bound = socket.create_server((host, port), family=family)
        except OSError as fault:
            if family == socket.AF_INET6:
                continue  # a machine without IPv6
            raise ConfigError("demo.port_taken", str(fault), port=port) from fault
        bound.settimeout(0)
        sockets.append(bound)
    return sockets
