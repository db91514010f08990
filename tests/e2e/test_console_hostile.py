"""What a hostile peer, another program or a broken frame must not do to the officer's page."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import Refused, TimelineItem
from tests.e2e.console_rig import Console, chromium, console
from tests.unit.web.fake_desk_api import text_item, wall_ms

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio(loop_scope="module")]

LIVE = "document.querySelector('.mic.m-LIVE') !== null"
NOT_LIVE = "document.querySelector('.mic.m-LIVE') === null"
HIDE = """(() => {
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
})()"""
TIMES: tuple[str | int | bool, ...] = ("noon", 2**60, -(2**60), True)

Facts = dict[str, str | int | bool]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as started:
        yield started


def of_peer(index: int, kind: str, **facts: str | int | bool) -> TimelineItem:
    """An entry of the peer with whatever it put into the body."""
    return TimelineItem(
        id=f"b-{index}",
        whose="peer",
        kind=kind,
        wall_ms=wall_ms(),
        order=(index, 0),
        facts=facts,
    )


async def held(desk: Console) -> None:
    await desk.page.keyboard.down("Space")
    await desk.until(LIVE)


async def test_a_call_entry_with_impossible_times_does_not_stop_the_page(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        for index, time in enumerate(TIMES):
            facts: Facts = {"role": "caller", "outcome": "ended", "taken": True}
            desk.api.put(of_peer(index, "call", **facts | {"start_ms": time, "end_ms": 0}))
            desk.api.put(of_peer(10 + index, "call", **facts | {"start_ms": 0, "end_ms": time}))
        desk.api.put(text_item(50, "Still drawn."))
        await desk.until("document.querySelector('#timeline').textContent.includes('Still drawn.')")
        assert await desk.page.locator("#timeline .k-call").count() == 2 * len(TIMES)
        assert desk.faults == []


async def test_the_peer_cannot_write_a_line_in_the_name_of_this_post(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.put(of_peer(1, "event", event="link", state="UP"))
        desk.api.put(of_peer(2, "link_DOWN"))
        desk.api.put(text_item(50, "After."))
        await desk.until("document.querySelector('#timeline').textContent.includes('After.')")
        shown = await desk.page.inner_text("#timeline")
        assert "Link up" not in shown
        assert "Link down" not in shown


async def test_a_refusal_to_somebody_else_does_not_stop_the_officer(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await held(desk)
        desk.api.tell(Refused(request="of-the-command-line", code="store.full"))
        desk.api.tell(Refused(request="", code="engine.halted"))
        desk.api.put(text_item(50, "After."))
        await desk.until("document.querySelector('#timeline').textContent.includes('After.')")
        await asyncio.sleep(0.2)
        assert await desk.page.evaluate(LIVE)
        assert ("talk", False) not in desk.api.acts
        assert "disk is full" not in await desk.page.inner_text("#voice")


async def test_the_button_let_go_stops_though_another_is_down(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.hover("#talk-key")
        await desk.page.mouse.down()
        await desk.until(LIVE)
        await desk.page.mouse.down(button="right")
        await desk.page.mouse.up()
        await desk.until(NOT_LIVE)
        await desk.page.mouse.up(button="right")


async def test_a_key_whose_release_the_system_swallows_does_not_hold(browser: Browser) -> None:
    """With Command held, macOS tells no page that another key went up."""
    async with console(browser) as desk:
        await desk.sign_in()
        await held(desk)
        await desk.page.keyboard.down("Meta")
        await desk.until(NOT_LIVE)
        await desk.acted(("talk", False))


async def test_a_silent_audio_page_is_not_shown_as_live(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await held(desk)
        await desk.audio().evaluate("port = { postMessage() {} }")
        await desk.until(NOT_LIVE)
        await desk.acted(("talk", False))
        assert "audio page" in await desk.page.inner_text("#talk-why")


async def test_a_hidden_page_says_that_it_is_hidden(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await asyncio.sleep(0.3)
        assert [report.visible for report in desk.api.reports[-1:]] == [True]
        await desk.page.evaluate(HIDE)
        for _ in range(100):
            if not desk.api.reports[-1].visible:
                break
            await asyncio.sleep(0.02)
        assert [report.visible for report in desk.api.reports[-1:]] == [False]
