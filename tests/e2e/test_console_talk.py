"""Speech at the page: what starts it, all that stops it, and what is said of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import Gate, StopTalking
from tests.e2e.console_rig import chromium, console
from tests.unit.web.fake_desk_api import call_view, link_view

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as started:
        yield started


LIVE = "document.querySelector('.mic.m-LIVE') !== null"
HIDE = """(() => {
  Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
})()"""
NOT_LIVE = "document.querySelector('.mic.m-LIVE') === null"


async def test_by_keyboard_alone_an_officer_speaks(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        assert await desk.page.evaluate(NOT_LIVE)
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        await desk.acted(("talk", True))
        assert "LIVE" in await desk.page.title()
        assert await desk.page.get_attribute("#icon", "href") == "icons/live.svg"
        await desk.page.keyboard.up("Space")
        await desk.until(NOT_LIVE)
        await desk.acted(("talk", False))
        assert desk.api.acts.count(("talk", True)) == 1


async def test_with_the_link_down_the_key_opens_no_microphone(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.set(link=link_view("DOWN", ago=20_000))
        await desk.until("document.title.includes('LINK DOWN')")
        assert "hears you" not in await desk.page.inner_text("#voice")
        await desk.page.keyboard.down("Space")
        await asyncio.sleep(0.5)
        assert await desk.page.evaluate(NOT_LIVE)
        assert "speech does not cross" in await desk.page.inner_text("#voice")
        await desk.page.keyboard.up("Space")
        assert ("talk", True) not in desk.api.acts


async def test_space_in_a_text_field_is_a_space(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.keyboard.press("t")
        await desk.page.keyboard.type("two words")
        assert await desk.page.input_value("#draft") == "two words"
        await desk.page.focus("#draft-lang")
        await desk.page.keyboard.press("Space")
        await desk.page.keyboard.press("Escape")
        assert desk.api.said("talk") == []


async def test_the_talk_key_can_be_changed_and_taken_away(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        page = desk.page
        await page.keyboard.press("?")
        await page.click("#help button:has-text('Change the talk key')")
        await page.keyboard.press("F9")
        assert "F9" in await page.inner_text(".keymap")
        await page.keyboard.press("Escape")
        await page.focus("#draft")
        await page.keyboard.down("F9")  # a key that types nothing works while typing as well
        await desk.acted(("talk", True))
        await page.keyboard.up("F9")
        await desk.acted(("talk", False))
        await page.keyboard.press("Tab")
        await page.click("#banner .tools button:has-text('?')")
        await page.click("#help button:has-text('No talk key')")
        await page.keyboard.press("Escape")
        await page.click("#foot")
        for key in ("F9", "Space"):
            await page.keyboard.press(key)
        assert desk.api.acts.count(("talk", True)) == 1
        await page.focus("#talk-key")
        await page.keyboard.down("Enter")
        await desk.acted(("talk", True), times=2)
        await page.keyboard.up("Enter")
        await desk.acted(("talk", False), times=2)


async def test_release_anywhere_stops(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        box = await desk.page.locator("#talk-key").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 96
        await desk.page.mouse.move(box["x"] + 20, box["y"] + 20)
        await desk.page.mouse.down()
        await desk.until(LIVE)
        await desk.page.mouse.move(1200, 700)
        await desk.page.mouse.up()
        await desk.until(NOT_LIVE)
        await desk.acted(("talk", False))


async def test_touch_speaks_and_a_cancelled_touch_stops(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        fire = """([kind]) => {
          const key = document.querySelector("#talk-key");
          const touch = { pointerId: 7, pointerType: "touch", bubbles: true, button: 0 };
          key.setPointerCapture = () => {};
          key.dispatchEvent(new PointerEvent(kind, touch));
        }"""
        await desk.page.evaluate(fire, ["pointerdown"])
        await desk.until(LIVE)
        await desk.page.evaluate(fire, ["pointercancel"])
        await desk.until(NOT_LIVE)


@pytest.mark.parametrize(
    "loss",
    [
        "window.dispatchEvent(new Event('blur'))",
        "window.dispatchEvent(new Event('pagehide'))",
        "document.dispatchEvent(new Event('freeze'))",
        HIDE,
    ],
)
async def test_leaving_the_page_stops_and_only_a_new_press_starts(
    browser: Browser, loss: str
) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        await desk.page.evaluate(loss)
        await desk.until(NOT_LIVE)
        await desk.acted(("talk", False))
        await desk.page.keyboard.down("Space")  # held on: the browser repeats it
        assert desk.api.acts.count(("talk", True)) == 1
        assert await desk.page.evaluate(NOT_LIVE)
        await desk.page.keyboard.up("Space")
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)


async def test_the_post_lost_stops_the_transmission(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        await desk.stop_server()
        await desk.until(NOT_LIVE, timeout_ms=3000)
        assert (await desk.obeyed("talk"))[-1] == {"t": "talk", "on": False}
        await desk.start_server()


async def test_the_post_can_stop_it_and_a_microphone_that_fails_does(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        desk.api.tell(StopTalking(reason="call.ended"))
        await desk.until(NOT_LIVE)
        assert "call was ended" in await desk.page.inner_text(".notice")
        await desk.page.keyboard.up("Space")
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        await desk.audio().evaluate("fail('voice.microphone_lost')")
        await desk.until(NOT_LIVE)
        await desk.acted(("talk", False), times=2)
        assert "unplugged" in await desk.page.inner_text("#alarms")


async def test_live_is_shown_only_by_the_audio_pages_word(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.set(call=call_view(role="caller", own_talking=True, peer_talking=False))
        await desk.page.wait_for_selector(".truths")
        assert await desk.page.evaluate(NOT_LIVE)
        assert await desk.page.locator("#talk-key.m-LIVE").count() == 0


async def test_speech_is_refused_in_words_without_a_far_desk(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        desk.api.set(voice="no_far_desk")
        await desk.until("document.querySelector('#talk-why').textContent !== ''")
        await desk.page.keyboard.press("Space")
        assert "No desk is open on the other side" in await desk.page.inner_text(".notice")
        assert desk.api.said("talk") == []


async def test_an_incoming_announce_is_shown_counted_down_silenced_and_ended(
    browser: Browser,
) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.prove()
        desk.api.set(call=call_view(ends_in_ms=42_000, sounded_here=False))
        await desk.page.wait_for_selector(".call.incoming")
        assert "Harbour North is speaking to you" in await desk.page.inner_text(".call")
        assert "42" in await desk.page.inner_text(".call .left")
        assert await desk.page.inner_text("#voice .mic .word") == "COLD"
        desk.api.tell(Gate(open=True, call="00c0ffee00c0ffee"))
        await asyncio.sleep(0.5)
        assert desk.api.said("sounded") == []  # the gate is open, but nothing was heard yet
        await desk.audio().evaluate("window.far = -20")
        await desk.acted(("sounded", "00c0ffee00c0ffee"))
        await desk.page.keyboard.press("s")
        await desk.acted(("silence",))
        desk.api.set(call=call_view(silenced="own"))
        await desk.until(
            "document.querySelector('.call').textContent.includes('The caller sees this')"
        )
        await desk.page.keyboard.press("e")
        await desk.acted(("end",))
        assert len(desk.api.said("sounded")) == 1


async def test_transmitting_sounded_and_pressed_stand_apart(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        answers = []
        for call in (
            call_view(role="caller"),
            call_view(role="caller", peer_sounded=True),
            call_view(role="caller", peer_sounded=True, state="taken", ends_in_ms=None),
        ):
            desk.api.set(call=call)
            await asyncio.sleep(0.4)
            answers.append(
                [await b.inner_text() for b in await desk.page.locator(".truths b").all()]
            )
        assert answers == [["no", "no", "no"], ["no", "yes", "no"], ["no", "yes", "yes"]]
