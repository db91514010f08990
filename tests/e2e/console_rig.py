"""The shipped desk server and page over a fake post, in Chromium.

The audio page is one that obeys without sound, unless a test asks for the shipped one.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright

from openline.engine.desk import AudioReport
from openline.web import DeskServer, DeskServerConfig
from tests.unit.web.fake_desk_api import FakeDeskApi

SECRET = b"e" * 32
FLAGS = (  # noqa: SIM905 a list would take a line for each
    "--no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --use-fake-ui-for-media-stream "
    "--use-fake-device-for-media-stream"
).split()

AUDIO_PAGE = Path(__file__).with_name("console_audio.html").read_text("utf-8")


@dataclass
class Console:
    """A page at the desk of a fake post."""

    page: Page
    context: BrowserContext
    api: FakeDeskApi
    server: DeskServer
    config: DeskServerConfig
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    def note(self, kind: str, text: str) -> None:
        """Keep what the browser complains about."""
        if kind in ("error", "warning"):
            self.faults.append(f"{kind} {text}")

    async def word(self) -> str:
        return (await self.page.inner_text("#banner .link .word")).strip()

    async def until(self, expression: str, *, timeout_ms: float = 8000) -> None:
        """Wait; Playwright's own way needs an eval that the page's policy forbids."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_ms / 1000
        while not await self.page.evaluate(expression):
            if loop.time() > end:
                pytest.fail(f"never true: {expression}")
            await asyncio.sleep(0.03)

    async def acted(self, act: tuple[Any, ...], *, times: int = 1) -> None:
        for _ in range(160):
            if self.api.acts.count(act) >= times:
                return
            await asyncio.sleep(0.05)
        pytest.fail(f"{act} not in {self.api.acts}")

    async def obeyed(self, kind: str) -> list[dict[str, Any]]:
        """What the audio page was told."""
        found: list[dict[str, Any]] = await self.audio().evaluate(
            f"window.obeyed.filter((frame) => frame.t === '{kind}')"
        )
        return found

    def audio(self) -> Any:  # noqa: ANN401 Playwright's frame
        return next(frame for frame in self.page.frames if "audio.localhost" in frame.url)

    async def sign_in(self) -> None:
        await self.page.goto(self.server.new_launch_url())
        await self.page.wait_for_selector("#talk-key")
        await self.until(
            "document.querySelector('#banner .link .word')?.textContent.trim() !== 'UNKNOWN'"
        )
        await self.page.click("#foot")
        await self.page.wait_for_selector("#strips:not(:has(.strip))", state="attached")

    async def prove(self) -> None:
        """The officer tests the loudspeaker and hears it."""
        await self.page.click("#test-loudspeaker")
        await self.page.click("#heard-yes")
        await self.reported(lambda report: report.hears)

    async def reported(self, holds: Callable[[AudioReport], bool], *, seconds: float = 8) -> None:
        """Wait for a report of the page; nothing in the page is touched for it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not (self.api.reports and holds(self.api.reports[-1])):
            if loop.time() > end:
                pytest.fail(f"never reported; last: {self.api.reports[-1:]}")
            await asyncio.sleep(0.02)

    async def stop_server(self) -> None:
        await self.server.stop()
        if self.task is not None:
            await self.task

    async def start_server(self) -> None:
        self.server = DeskServer(self.api, self.config)
        self.task = asyncio.ensure_future(self.server.run())
        await self.server.ready.wait()


@asynccontextmanager
async def chromium(path: str, *more: str) -> AsyncIterator[Browser]:
    """Chromium, for as many pages as a module of tests wants; ``more`` flags."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*FLAGS, *more])
        try:
            yield browser
        finally:
            await browser.close()


async def _serve_audio(route: Route) -> None:
    url = route.request.url
    port = url.split(":")[2].split("/")[0]
    page = AUDIO_PAGE.replace("CONSOLE", f"http://localhost:{port}")
    await route.fulfill(body=page, content_type="text/html")


@asynccontextmanager
async def console(
    browser: Browser,
    *,
    port: int = 0,
    real_audio: bool = False,
    size: tuple[int, int] = (1366, 768),
    script: str = "",
    **settings: Any,  # noqa: ANN401 those of DeskServerConfig
) -> AsyncIterator[Console]:
    """A signed-out page and its running desk server."""
    api = FakeDeskApi()
    config = DeskServerConfig(port=port, secret=SECRET, post_name="e2e", **settings)
    server = DeskServer(api, config)
    task = asyncio.ensure_future(server.run())
    await server.ready.wait()
    config = DeskServerConfig(port=server.names.port, secret=SECRET, post_name="e2e", **settings)
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    if not real_audio:
        await context.route("http://audio.localhost:*/**", _serve_audio)
    if script:
        await context.add_init_script(script)
    page = await context.new_page()
    desk = Console(page, context, api, server, config, task=task)
    page.on("pageerror", lambda error: desk.faults.append(f"pageerror {error}"))
    page.on("console", lambda said: desk.note(said.type, said.text))
    page.on("request", lambda request: desk.requests.append(request.url))
    try:
        yield desk
    finally:
        await context.close()
        await desk.stop_server()
