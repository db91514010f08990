"""The latch, foot switches, the busy tone, and the two mistakes that an officer cannot see."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import StopTalking
from tests.e2e.console_rig import chromium, console
from tests.unit.web.fake_desk_api import link_view

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio(loop_scope="module")]

LIVE = "document.querySelector('.mic.m-LIVE') !== null"
NOT_LIVE = "document.querySelector('.mic.m-LIVE') === null"
FAILURES = {"device": "voice.microphone_lost", "stuck": "voice.stuck_key"}
LATCHED = "document.querySelector('#latch').getAttribute('aria-pressed') === 'true'"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as started:
        yield started


async def test_the_latch_stands_until_it_is_pressed_again_or_a_key_takes_over(
    browser: Browser,
) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.click("#latch")
        await desk.until(LIVE)
        await desk.until(LATCHED)
        await desk.page.mouse.move(900, 600)
        await desk.page.mouse.down()
        await desk.page.mouse.up()
        assert await desk.page.evaluate(LATCHED)
        await desk.page.click("#latch")
        await desk.until(NOT_LIVE)
        await desk.acted(("talk", False))
        await desk.page.click("#latch")
        await desk.until(LIVE)
        await desk.page.keyboard.down("Space")
        await desk.until(f"!({LATCHED})")
        assert await desk.page.evaluate(LIVE)
        await desk.page.keyboard.up("Space")
        await desk.until(NOT_LIVE)
        assert desk.api.acts.count(("talk", True)) == 2


async def test_a_latch_ends_with_all_that_ends_a_held_key(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        for loss in ("blur", "freeze", "link", "device", "stuck", "told", "post"):
            await desk.page.click("#latch")
            await desk.until(LIVE)
            if loss == "link":
                desk.api.set(link=link_view("DOWN", ago=12_000))
            elif loss == "post":
                await desk.stop_server()
            elif loss == "told":
                desk.api.tell(StopTalking(reason="call.talking_elsewhere"))
            elif loss in FAILURES:
                await desk.audio().evaluate(f"fail('{FAILURES[loss]}')")
            else:
                target = "window" if loss == "blur" else "document"
                await desk.page.evaluate(f"{target}.dispatchEvent(new Event('{loss}'))")
            await desk.until(NOT_LIVE)
            await desk.until(f"!({LATCHED})")
            assert (await desk.obeyed("talk"))[-1] == {"t": "talk", "on": False}, loss
            if loss == "link":
                desk.api.set(link=link_view("UP"))
                await desk.until("document.title.includes('UP')")
            assert ({"t": "tone", "name": "refused"} in await desk.obeyed("tone")) is (
                loss in {"told", "post"}
            )
        await desk.start_server()


PAD = """
const pad = { id: "pedal", connected: true, buttons: [{ pressed: false }, { pressed: false }] };
window.step = (number, pressed) => { pad.buttons[number].pressed = pressed; };
window.pads = [];
navigator.getGamepads = () => window.pads;
window.plug = (on) => {
  window.pads = on ? [pad] : [];
  window.dispatchEvent(new Event(on ? "gamepadconnected" : "gamepaddisconnected"));
};
"""


async def test_a_gamepad_button_is_learned_held_and_lost(browser: Browser) -> None:
    async with console(browser, script=PAD) as desk:
        await desk.sign_in()
        await desk.page.evaluate("plug(true); step(1, true)")
        await asyncio.sleep(0.2)
        assert desk.api.said("talk") == [], "nothing that nobody taught"
        await desk.page.evaluate("step(1, false)")
        await desk.page.keyboard.press("?")
        await desk.page.click("#learn-pedal")
        await desk.page.evaluate("step(1, true)")
        await desk.page.wait_for_selector("button:has-text('Forget the foot switch')")
        await desk.page.evaluate("step(1, false)")
        await asyncio.sleep(0.1)
        await desk.page.keyboard.press("Escape")
        before = len(desk.api.said("talk"))
        await desk.page.evaluate("step(0, true)")
        await asyncio.sleep(0.1)
        assert len(desk.api.said("talk")) == before
        await desk.page.evaluate("step(1, true)")
        await desk.until(LIVE)
        await desk.page.evaluate("step(1, false)")
        await desk.until(NOT_LIVE)
        await desk.page.evaluate("step(1, true)")
        await desk.until(LIVE)
        await desk.page.evaluate("plug(false)")
        await desk.until(NOT_LIVE)
        assert "foot switch is gone" in await desk.page.inner_text(".notice")


HID = """
const device = { vendorId: 1, productId: 2, opened: false, async open() { this.opened = true; } };
const hid = new EventTarget();
hid.requestDevice = async () => [device];
hid.getDevices = async () => [];
Object.defineProperty(navigator, "hid", { value: hid });
window.tread = (...bytes) => {
  device.oninputreport({ reportId: 0, data: new DataView(new Uint8Array(bytes).buffer) });
};
"""


async def test_a_hid_foot_switch_is_learned_and_held(browser: Browser) -> None:
    async with console(browser, script=HID) as desk:
        await desk.sign_in()
        await desk.page.keyboard.press("?")
        await desk.page.click("button:has-text('Choose a HID foot switch')")
        await desk.page.wait_for_selector("#learn-pedal:has-text('Press it now')")
        await desk.page.evaluate("tread(1, 0); tread(1, 4)")  # the first byte never says anything
        await desk.page.wait_for_selector("button:has-text('Forget the foot switch')")
        await desk.page.evaluate("tread(1, 0)")
        await desk.page.keyboard.press("Escape")
        await desk.page.evaluate("tread(1, 4)")
        await desk.until(LIVE)
        await desk.page.evaluate("tread(1, 0)")
        await desk.until(NOT_LIVE)


async def test_speaking_unsent_and_sending_silence_are_said_within_three_seconds(
    browser: Browser,
) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.page.click("button:has-text('Test microphone')")
        await desk.page.wait_for_selector(".mic-warning", timeout=3000)
        assert "NOTHING IS SENT" in await desk.page.inner_text(".mic-warning")
        await desk.audio().evaluate("window.own = -55")
        await desk.page.wait_for_selector(".mic-warning", state="detached")
        await desk.page.keyboard.down("Space")
        await desk.until(LIVE)
        for level in (-70, -100):
            await desk.audio().evaluate(f"window.own = {level}")
            await desk.page.wait_for_selector(".mic-warning", timeout=3000)
            assert "MICROPHONE IS SILENT" in await desk.page.inner_text(".mic-warning")
            await desk.reported(lambda report: report.silent_mic)
            await desk.audio().evaluate("window.own = -30")
            await desk.page.wait_for_selector(".mic-warning", state="detached")
        await desk.page.keyboard.up("Space")
        await desk.until(NOT_LIVE)
