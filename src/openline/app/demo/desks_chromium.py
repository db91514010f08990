"""Two real desks in Chromium, driven by Playwright through the demo's own page.

The page frames both desk pages and asks them for what an officer does; this
module only calls the page's functions. The microphone is Chromium's fake one,
and in its place the desks speak with the recorded synthetic voice.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final, cast

from playwright.async_api import Error, Page, async_playwright

from openline.app.demo.desks import READY_S_MAX, Kind
from openline.app.demo.posts import Side
from openline.errors import ConfigError

FLAGS: Final = (
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
)
SIZE: Final = {"width": 1440, "height": 1000}


class ChromiumPair:
    """Two desks in one Chromium.

    Args:
        page: the demo's page, loaded.
    """

    kind: Kind = "chromium"

    def __init__(self, page: Page) -> None:
        """Prefer :func:`open_chromium`."""
        self.page = page
        self._views: dict[Side, dict[str, Any]] = {"left": {}, "right": {}}

    async def _ask(self, what: str, *facts: object) -> Any:  # noqa: ANN401 whatever the page answers
        """Call one of the page's functions; its refusal keeps its code."""
        answer = await self.page.evaluate(
            """async ([what, facts]) => {
                try { return { value: await window.openlineDemo.acts[what](...facts) }; }
                catch (error) { return { code: error.code ?? "demo.page", facts: error.facts ?? {},
                                         detail: String(error) }; }
            }""",
            [what, list(facts)],
        )
        if "code" in answer:
            raise ConfigError(answer["code"], answer["detail"], **answer["facts"])
        return answer.get("value")

    async def ready(self) -> None:
        """Wait until both desks can be heard."""
        await self._ask("ready", READY_S_MAX * 1000)

    async def pick_up(self, side: Side) -> float:
        """Press the talk key; returns milliseconds until heard."""
        return cast(float, await self._ask("pickUp", side))

    async def release(self, side: Side) -> None:
        """Let the talk key go."""
        await self._ask("release", side)

    async def write(self, side: Side, text: str) -> float:
        """Write a text; returns milliseconds until it was receipted."""
        return cast(float, await self._ask("write", side, text))

    def view(self, side: Side) -> dict[str, Any]:
        """The state that this desk was last told to show."""
        return self._views[side]

    async def close(self) -> None:
        """Leave both desks."""
        await self.page.close()


@contextlib.asynccontextmanager
async def open_chromium(address: str, chromium: str) -> AsyncIterator[ChromiumPair]:
    """Open the demo's page in a Chromium of its own for a block.

    Args:
        address: of the demo's page.
        chromium: path of the browser.

    Raises:
        ConfigError: ``demo.chromium`` when it does not come up.
    """
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])
            page = await browser.new_page(viewport=SIZE)  # type: ignore[arg-type]
            await page.goto(address)
            await page.wait_for_selector("#start:enabled", timeout=READY_S_MAX * 1000)
        except Error as fault:
            raise ConfigError("demo.chromium", str(fault), reason=str(fault)) from fault
        pair = ChromiumPair(page)
        try:
            await pair._ask("prepare")  # noqa: SLF001 its own maker
            yield pair
        finally:
            with contextlib.suppress(Error):
                await browser.close()
