"""Two voice endpoints joined by a pipe in one process, and real desks at both ends.

The console is a harness page, the link a pipe with a delay that keeps every
cell it carried; everything else is the shipped code.
"""

import asyncio
import math
import struct
import sys
import threading
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Error, Page, async_playwright
from typing_extensions import override

from openline.voice import (
    AnswerDesk,
    ControlBlock,
    FarLeg,
    Pairing,
    PairingAction,
    RenewDesk,
    SendLeg,
    VoiceEndpoint,
)
from openline.web import audio

HARNESS_JS = Path(__file__).with_name("voice_harness.js")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)


def write_tone(path: Path, *, seconds: float = 20.0, hertz: float = 440.0) -> Path:
    """Write a loud tone: what a fake microphone hears."""
    rate = 48_000
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        step = 2 * math.pi * hertz / rate
        out.writeframes(
            b"".join(
                struct.pack("<h", int(26_000 * math.sin(step * i)))
                for i in range(int(rate * seconds))
            )
        )
    return path


class _Handler(BaseHTTPRequestHandler):
    """Serves the harness on localhost and the media page on audio.localhost."""

    sample: bytes | None = None

    def do_GET(self) -> None:
        host = self.headers.get("host", "")
        port = host.rpartition(":")[2]
        console = f"http://localhost:{port}"
        if host.startswith("audio."):
            self._audio(console)
        elif self.path == "/harness.js":
            self._give("text/javascript", HARNESS_JS.read_bytes())
        else:
            page = (
                f'<!doctype html><meta name="audio" content="http://audio.localhost:{port}">'
                '<iframe allow="microphone; autoplay"></iframe><script src="harness.js"></script>'
            )
            self._give("text/html", page.encode())

    def _audio(self, console: str) -> None:
        name = self.path.lstrip("/")
        sample = self.sample is not None
        policy = audio.content_security_policy(console_origin=console)
        if name == "":
            page = audio.render_page(console_origin=console, sample=sample)
            self._give("text/html", page, policy)
        elif name in audio.FILES:
            self._give(audio.FILES[name], audio.read_file(name), policy)
        elif name == "sample.wav" and self.sample is not None:
            self._give("audio/wav", self.sample, policy)
        else:
            self.send_error(404)

    def _give(self, kind: str, body: bytes, policy: str = "") -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("cache-control", "no-store")
        if policy:
            self.send_header("content-security-policy", policy)
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass
class Pipe:
    """The link: carries cells and leg maps with a delay and keeps them."""

    delay_s: float = 0.0
    up: bool = True
    media_up: bool = True
    cells: list[bytes] = field(default_factory=list)

    def carry(self, deliver: Callable[[], None]) -> None:
        """Deliver after the delay, if the link is up then."""
        asyncio.get_running_loop().call_later(self.delay_s, lambda: deliver() if self.up else None)


@dataclass(kw_only=True)
class Post:
    """One post: endpoint, pairing, and whatever desk is attached."""

    party: int
    pipe: Pipe
    secret: bytes
    port: int = 0
    peer: "Post" = field(init=False)
    endpoint: VoiceEndpoint = field(init=False)
    pairing: Pairing = field(default_factory=Pairing)
    controls: list[ControlBlock] = field(default_factory=list)
    maps: list[dict[str, object]] = field(default_factory=list)
    on_answer: Callable[[str, int], None] = lambda _sdp, _generation: None
    on_renew: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Open the endpoint, with the port it had before if it had one."""
        self.endpoint = VoiceEndpoint(
            ("127.0.0.1", self.port),
            "127.0.0.1",
            self._cell_out,
            self.controls.append,
            secret=self.secret,
        )
        await self.endpoint.start()
        self.port = self.endpoint.port

    async def restart(self, *, away_s: float) -> None:
        """Kill everything of the post in memory and start again with its secret."""
        self.endpoint.close()
        await asyncio.sleep(away_s)
        self.pairing = Pairing()
        await self.start()
        for leg in self.peer.maps[-1:]:  # The engine sends it again when the link is up.
            self.far_leg(FarLeg.from_map(leg))

    def _cell_out(self, cell: bytes) -> None:
        self.pipe.cells.append(cell)
        if not self.pipe.media_up:
            return
        self.pipe.carry(lambda: self.peer.endpoint.cell_received(cell))

    def offered(self, sdp: str, desk: bytes) -> None:
        """The desk's offer came."""
        offer = self.endpoint.offer(desk, sdp)
        self.act(self.pairing.offered(offer))

    def act(self, actions: list[PairingAction]) -> None:
        """Do what the pairing asks for."""
        for action in actions:
            match action:
                case SendLeg(leg):
                    self.maps.append(leg.to_map())
                    far = FarLeg.from_map(leg.to_map())
                    self.pipe.carry(partial(self.peer.far_leg, far))
                case AnswerDesk(desk, far):
                    sdp = self.endpoint.answer(desk, far, active=self.party == 0)
                    self.on_answer(sdp, far.generation)
                case RenewDesk():
                    self.on_renew()

    def far_leg(self, far: FarLeg) -> None:
        """The peer's leg came."""
        self.act(self.pairing.far_received(far))


@dataclass
class ChromiumDesk:
    """A real desk: the harness page with the media page in its frame."""

    page: Page
    post: Post
    desk: bytes
    jobs: set[asyncio.Task[None]] = field(default_factory=set)
    offers_taken: int = 0
    loading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.post.on_answer = lambda sdp, generation: self.say_soon(
            {"t": "answer", "sdp": sdp, "generation": generation}
        )
        self.post.on_renew = lambda: self.say_soon({"t": "reset"})

    async def say(self, frame: dict[str, object]) -> None:
        """Say a frame to the media page."""
        await self.page.evaluate("frame => harness.say(frame)", frame)

    async def load(self, port: int) -> None:
        """Load the console, afresh if it was loaded, until the media page is ready."""
        async with self.loading:
            self.offers_taken = 0
            await self.page.goto(f"http://localhost:{port}/")
        await self.until("() => harness.seen.other.some(frame => frame.t === 'ready')")

    def say_soon(self, frame: dict[str, object]) -> None:
        """The same from a callback."""
        job = asyncio.ensure_future(self.say(frame))
        self.jobs.add(job)
        job.add_done_callback(self.jobs.discard)

    async def seen(self, kind: str) -> list[Any]:
        """Everything of one kind that the media page said."""
        return list(await self.page.evaluate("kind => harness.seen[kind]", kind))

    async def state(self) -> dict[str, Any]:
        """The last state that the media page told."""
        return await self.page.evaluate("() => harness.state()") or {}

    async def pump(self) -> None:
        """Carry offers to the post, as the console would, until cancelled."""
        while True:
            async with self.loading:
                offers = await self.seen("offers")
                for offer in offers[self.offers_taken :]:
                    self.post.offered(offer["sdp"], self.desk)
                self.offers_taken = len(offers)
            await asyncio.sleep(0.02)

    async def until(self, expression: str, timeout_s: float = 15) -> None:
        """Wait for a condition in the harness page."""
        await self.page.wait_for_function(expression, timeout=timeout_s * 1000, polling=20)

    async def connected(self) -> None:
        """Wait for the connection."""
        await self.until("() => harness.state()?.pc === 'connected'")

    async def far_level(self, count: int = 5) -> float:
        """Median of the next levels of the far sound, dBFS."""
        have = len(await self.seen("levels"))
        await self.until(f"() => harness.seen.levels.length >= {have + count}")
        levels = sorted(level["far"] for level in (await self.seen("levels"))[have:])
        return float(levels[len(levels) // 2])


@asynccontextmanager
async def serve_pages(port: int, sample: bytes | None = None) -> AsyncIterator[int]:
    """Serve harness and media page on loopback."""
    handler = type("Handler", (_Handler,), {"sample": sample})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()


@asynccontextmanager
async def two_posts(delay_s: float = 0.0) -> AsyncIterator[tuple[Post, Post, Pipe]]:
    """Two endpoints joined by a pipe."""
    pipe = Pipe(delay_s)
    posts = [Post(party=i, pipe=pipe, secret=bytes([i + 1]) * 32) for i in (0, 1)]
    posts[0].peer, posts[1].peer = posts[1], posts[0]
    for post in posts:
        await post.start()
    try:
        yield posts[0], posts[1], pipe
    finally:
        for post in posts:
            post.endpoint.close()
        await asyncio.sleep(0.05)


@asynccontextmanager
async def chromium(
    path: str, tone: Path, *, autoplay: str = "no-user-gesture-required"
) -> AsyncIterator[Browser]:
    """A browser whose microphone hears ``tone``, which plays sound at once unless told."""
    flags = [*CHROMIUM_FLAGS, f"--autoplay-policy={autoplay}"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=[*flags, f"--use-file-for-fake-audio-capture={tone}"]
        )
        try:
            yield browser
        finally:
            await browser.close()


def _print_console(line: ConsoleMessage) -> None:
    sys.stderr.write(f"page: {line.text}\n")


def _print_error(error: Error) -> None:
    sys.stderr.write(f"page error: {error}\n")


@asynccontextmanager
async def chromium_desk(
    browser: Browser, port: int, post: Post, *, script: str = ""
) -> AsyncIterator[ChromiumDesk]:
    """Open a desk in a context of its own and start it; ``script`` runs first in each frame."""
    context = await browser.new_context()
    if script:
        await context.add_init_script(script)
    page = await context.new_page()
    page.on("console", _print_console)
    page.on("pageerror", _print_error)
    desk = ChromiumDesk(page, post, bytes([post.party]) * 8)
    await desk.load(port)
    pump = asyncio.ensure_future(desk.pump())
    try:
        await desk.say({"t": "start"})
        yield desk
    finally:
        pump.cancel()
        await asyncio.gather(pump, *desk.jobs, return_exceptions=True)
        await context.close()
