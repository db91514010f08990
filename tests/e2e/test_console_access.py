"""For an officer who sees little or uses no mouse: names, contrast, focus, what is said aloud.

Both languages, both colour schemes, a quiet page and one in a call with alarms.
"""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.e2e.console_rig import Console, chromium, console
from tests.unit.web.fake_desk_api import alarm, call_view, link_view, text_item

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio(loop_scope="module")]

RULERS = Path(__file__).with_name("rulers.js").read_text("utf-8")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as started:
        yield started


async def busy(desk: Console) -> None:
    """A call from the other side, an alarm, texts: as full as the page gets."""
    desk.api.put(text_item(5, "written before"))
    desk.api.set(link=link_view("UP", ago=90), call=call_view(), alarms=(alarm("link.down"),))
    await desk.until("document.querySelector('#alarms').innerText.length > 20")


async def looks(desk: Console) -> dict[str, Any]:
    return {
        "nameless": await desk.page.evaluate("rulers.nameless()"),
        "pale": await desk.page.evaluate("rulers.pale()"),
    }


async def test_the_rulers_find_what_is_wrong(browser: Browser) -> None:
    async with console(browser, script=RULERS) as desk:
        await desk.sign_in()
        await desk.page.evaluate(
            """() => {
              const wrong = document.querySelector("#foot");
              wrong.append(document.createElement("button"), document.createElement("p"));
              wrong.lastChild.style.cssText = "color: #999; background: #fff";
              wrong.lastChild.textContent = "too pale";
            }"""
        )
        found = await looks(desk)
        assert len(found["nameless"]) == 1
        assert len(found["pale"]) == 1
        assert "too pale" in found["pale"][0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_has_a_name_and_can_be_read(browser: Browser, scheme: str) -> None:
    async with console(browser, script=RULERS) as desk:
        await desk.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its two
        await desk.sign_in()
        nothing: dict[str, Any] = {"nameless": [], "pale": []}
        assert await looks(desk) == nothing
        await busy(desk)
        for language in ("zh-Hans", "en"):
            await desk.page.keyboard.press("l")
            await desk.until(f"document.documentElement.lang === {json.dumps(language)}")
            assert await looks(desk) == nothing, language


async def test_the_tab_key_reaches_everything_and_shows_where_it_is(browser: Browser) -> None:
    async with console(browser, script=RULERS) as desk:
        await desk.sign_in()
        await busy(desk)
        await desk.page.evaluate("document.activeElement.blur()")
        reached: list[str] = []
        for _ in range(120):
            await desk.page.keyboard.press("Tab")
            focus = await desk.page.evaluate("rulers.focus()")
            if focus["body"]:  # past the last, before the first
                continue
            if len(reached) > 10 and focus["at"] == reached[0]:
                break
            assert focus["ringed"], focus["at"]
            reached.append(focus["at"])
        assert len(reached) > 10, reached
        assert any("#talk-key" in at for at in reached)
        assert any("#draft" in at for at in reached)


async def test_what_changes_is_said_aloud_too(browser: Browser) -> None:
    async with console(browser, script=RULERS) as desk:
        await desk.sign_in()
        heard = "document.querySelector('#spoken').innerText"
        desk.api.set(link=link_view("DOWN", ago=15_000))
        await desk.until(f"{heard}.includes('LINK DOWN')")
        desk.api.set(link=link_view("UP", ago=90), alarms=(alarm("link.down"),))
        await desk.until(f"{heard}.includes('LINK UP') && {heard}.includes('larm')")
