"""Whether a desk can hear: what proves it, all that takes it away, and that its alarms sound."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from openline.engine.desk import Gate, WatchView
from tests.e2e.console_rig import Console, chromium, console
from tests.unit.web.fake_desk_api import alarm, call_view

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    flag = "--autoplay-policy=document-user-activation-required"
    async with chromium(chromium_path, flag) as started:
        yield started


# In the audio page: its contexts, what reaches the loudspeaker, and devices that a test changes.
INSTRUMENT = """
window.contexts = [];
const Context = window.AudioContext;
window.AudioContext = class extends Context {
  constructor(...given) { super(...given); window.contexts.push(this); }
};
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode && to.context === window.contexts[0]) {
    window.ear ??= connect.call(to.context.createGain(), new AnalyserNode(to.context));
    connect.call(this, window.ear);
  }
  return connect.call(this, to, ...rest);
};
window.loud = () => {
  if (!window.ear) return 0;
  const samples = new Float32Array(window.ear.fftSize);
  window.ear.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
};
const devices = navigator.mediaDevices;
if (devices) {
  const list = devices.enumerateDevices.bind(devices);
  devices.enumerateDevices = async () => window.devices ?? list();
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    if (!window.room || wanted.audio.echoCancellation !== false) return open(wanted);
    // A room: what the loudspeaker plays comes back, weaker, in the bare microphone.
    const out = window.ear.context.createMediaStreamDestination();
    const air = new GainNode(window.ear.context, { gain: window.room });
    connect.call(connect.call(window.ear, air), out);
    return out.stream;
  };
}
// Timers of a tab in the background may not come at all.
const [later, often] = [window.setTimeout, window.setInterval];
window.setTimeout = (act, ...rest) => later(() => { if (!window.asleep) act(); }, ...rest);
window.setInterval = (act, ...rest) => often(() => { if (!window.asleep) act(); }, ...rest);
"""


async def loud(desk: Console, *, on: bool) -> None:
    for _ in range(400):
        if (await desk.audio().evaluate("loud()") > 0.02) is on:
            return
        await asyncio.sleep(0.02)
    pytest.fail(f"loudspeaker never {'on' if on else 'off'}")


async def test_sound_is_blocked_until_a_click_and_unproven_until_an_officer_hears_it(
    browser: Browser,
) -> None:
    async with console(browser, real_audio=True, script=INSTRUMENT) as desk:
        await desk.page.goto(desk.server.new_launch_url())
        await desk.reported(lambda report: report.deaf == "blocked")
        words = await desk.page.inner_text("#strips")
        assert "UNTIL YOUR FIRST CLICK" in words
        assert "DEAF" in words
        await desk.page.click("#foot")
        await desk.reported(lambda report: report.deaf == "unproven")
        await desk.page.click("#test-loudspeaker")
        await loud(desk, on=True)
        await desk.page.click("#heard-no")
        await desk.page.wait_for_selector("text=Not heard.")
        assert not desk.api.reports[-1].hears
        assert not any(report.hears for report in desk.api.reports)
        await desk.prove()
        assert "an officer heard its test tone" in await desk.page.inner_text("#hearing")
        # A reload keeps the proof; the browser may block its sound again until a click.
        count = len(desk.api.reports)
        await desk.page.reload()
        await desk.reported(lambda _: len(desk.api.reports) > count + 1)
        await desk.page.click("#foot")
        await desk.reported(lambda report: report.hears)
        assert desk.faults == []


CHANGED = "navigator.mediaDevices.dispatchEvent(new Event('devicechange'))"
STOPPED = "Object.defineProperty(contexts[0], 'currentTime', {get: () => 7, configurable: true})"
NO_OUTPUT = "devices = [{kind: 'audioinput', deviceId: 'm', groupId: 'm', label: 'm'}]"
CAUSES = (
    ("contexts[0].suspend()", "suspended", "click"),
    (STOPPED, "stalled", "delete contexts[0].currentTime"),
    (f"{NO_OUTPUT}, {CHANGED}", "no_device", f"devices = undefined, {CHANGED}"),
)


async def test_all_that_makes_a_desk_deaf_and_how_it_hears_again(browser: Browser) -> None:
    async with console(browser, real_audio=True, script=INSTRUMENT) as desk:
        await desk.sign_in()
        await desk.prove()
        desk.api.set(call=call_view(sounded_here=False))
        desk.api.tell(Gate(open=True, call="00c0ffee00c0ffee"))
        for cause, reason, undo in CAUSES:
            await desk.audio().evaluate(f"void ({cause})")
            await desk.reported(lambda report, reason=reason: report.deaf == reason)  # type: ignore[misc]
            await desk.page.wait_for_selector("#hearing.deaf")
            if undo == "click":
                await desk.page.click("#foot")
            else:
                await desk.audio().evaluate(f"void ({undo})")
            if reason == "no_device":  # another device is another proof
                await desk.reported(lambda report: report.deaf == "device_changed")
                await desk.prove()
            await desk.reported(lambda report: report.hears)
        await desk.page.fill("#volume", "0")
        await desk.reported(lambda report: report.deaf == "volume")
        await desk.page.fill("#volume", "60")
        await desk.reported(lambda report: report.hears)
        desk.api.set(officer="W-2")  # whoever comes on duty proves it anew
        await desk.reported(lambda report: report.deaf == "unproven")
        assert desk.api.said("sounded") == []


async def test_an_audio_page_that_hangs_is_deaf(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.prove()
        await desk.audio().evaluate("acts.alive = () => {}; window.clearInterval(1e9)")
        await desk.audio().evaluate("port.onmessage = null; port.postMessage = () => {}")
        await desk.reported(lambda report: report.deaf == "audio_page")


async def test_a_hung_page_says_nothing_and_hears_again_when_it_goes_on(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        await desk.prove()
        cdp = await desk.context.new_cdp_session(desk.page)
        await cdp.send("Debugger.enable")
        await cdp.send("Debugger.pause")  # at the next line of any script: a page that hangs
        await asyncio.sleep(0.5)
        count = len(desk.api.reports)
        await asyncio.sleep(2.0)
        assert len(desk.api.reports) == count, "so its post calls it deaf: no_answer"
        await cdp.send("Debugger.resume")
        await desk.reported(lambda report: report.hears and len(desk.api.reports) > count + 1)


async def test_the_microphone_finds_the_tone_only_where_it_sounds(browser: Browser) -> None:
    async with console(browser, real_audio=True, script=INSTRUMENT) as desk:
        await desk.sign_in()
        await desk.page.click("button:has-text('Test microphone')")
        await desk.reported(lambda report: report.mic == "ARMED")
        await desk.page.fill("#volume", "50")
        await desk.audio().evaluate("room = 1e-9")  # a dead loudspeaker: the officer is asked
        await desk.page.click("#test-loudspeaker")
        await desk.page.wait_for_selector("#heard-no")
        await desk.page.click("#heard-no")
        await desk.audio().evaluate("room = 0.05")
        await desk.page.click("#test-loudspeaker")
        await desk.reported(lambda report: report.hears)
        assert "its own microphone" in await desk.page.inner_text("#hearing")


async def test_an_alarm_sounds_on_though_no_timer_comes(browser: Browser) -> None:
    async with console(browser, real_audio=True, script=INSTRUMENT) as desk:
        await desk.sign_in()
        hide = """Object.defineProperty(document, "visibilityState", { value: "hidden" });
          document.dispatchEvent(new Event("visibilitychange")); window.asleep = true"""
        await desk.page.evaluate(hide)
        await desk.audio().evaluate("window.asleep = true")
        desk.api.set(alarms=(alarm("link_down"),))
        for _ in range(2):  # and again after five seconds
            await loud(desk, on=True)
            await loud(desk, on=False)
            await asyncio.sleep(0.5)
        desk.api.set(alarms=(alarm("link_down", acknowledged=True),))
        await desk.until("window.contexts !== undefined")
        await asyncio.sleep(0.3)
        assert await desk.audio().evaluate("loud()") < 1e-3


async def test_a_lost_post_sounds_until_somebody_touches_the_page(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        told = "window.obeyed.filter((frame) => frame.t === 'alarm').map((frame) => frame.on)"
        for stop in ((), (True,), (True, False)):
            if len(stop) == 1:
                await desk.stop_server()
            elif stop:
                await desk.page.click("#foot")
            for _ in range(200):
                if await desk.audio().evaluate(told) == list(stop):
                    break
                await asyncio.sleep(0.03)
            assert await desk.audio().evaluate(told) == list(stop)
        await desk.start_server()


async def test_an_unanswered_alarm_is_a_notification_of_the_system(browser: Browser) -> None:
    stub = """window.notes = []; window.Notification = class {
      static permission = "granted";
      constructor(title, { body }) { this.body = body; window.notes.push(body); }
      close() { window.notes.push("closed"); } };"""
    async with console(browser, script=stub) as desk:
        await desk.sign_in()
        late = replace(alarm("deaf_desk"), facts={"reason": "no_answer", "desks": 1})
        desk.api.set(alarms=(late,))
        await desk.until("document.querySelector('.alarm.loud') !== null")
        assert await desk.page.evaluate("notes") == []
        desk.api.set(alarms=(replace(late, unanswered=True),))
        await desk.until("notes.length === 1")
        assert "does not answer" in (await desk.page.evaluate("notes"))[0]
        assert "second output" in await desk.page.inner_text("#alarms")
        desk.api.set(alarms=(replace(late, unanswered=True, acknowledged=True),))
        await desk.until("notes[1] === 'closed'")


async def test_a_caller_is_told_before_the_call_that_they_cannot_hear(browser: Browser) -> None:
    async with console(browser) as desk:
        await desk.sign_in()
        assert await desk.page.locator(".deaf.they").count() == 0
        desk.api.set(peer_watch=WatchView(attended=False, code=None, hears=False))
        await desk.page.wait_for_selector(".deaf.they")
        assert "CANNOT HEAR" in await desk.page.inner_text("#banner .watches")
        await desk.page.keyboard.down("Space")  # it takes nothing away
        await desk.acted(("talk", True))
        await desk.page.keyboard.up("Space")
