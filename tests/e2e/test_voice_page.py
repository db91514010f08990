"""What the media page does when things go wrong, and that its gate holds."""

import asyncio
from pathlib import Path

import pytest

from openline.voice.sdp import parse_offer
from tests.e2e.voice_rig import chromium, chromium_desk, serve_pages, two_posts, write_tone

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio]

# Listens to what reaches the loudspeaker, whatever the page calls its nodes.
LOUDSPEAKER = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode) {
    window.ear ??= connect.call(to.context.createGain(), new AnalyserNode(to.context));
    connect.call(this, window.ear);
  }
  return connect.call(this, to, ...rest);
};
window.loud = () => {
  const samples = new Float32Array(window.ear.fftSize);
  window.ear.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
};
"""

# Keeps the device, so that a test can pull its plug; or refuses it.
DEVICE = """
const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
if (open) navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.refuse) throw new DOMException("no", window.refuse);
  const stream = await open(wanted);
  [window.device] = stream.getAudioTracks();
  return stream;
};
"""

# A minute in a second: only for what waits a minute and more.
HASTE = """
const later = window.setTimeout;
window.setTimeout = (act, ms, ...rest) => later(act, ms >= 10_000 ? ms / 60 : ms, ...rest);
"""


async def test_the_loudspeaker_is_silent_until_the_gate_opens(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts() as (post_a, post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b, script=LOUDSPEAKER) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        frame = b.page.frames[1]
        await a.say({"t": "talk", "on": True})
        await b.until("() => harness.seen.levels.at(-1)?.far > -30")
        for _ in range(10):
            assert await frame.evaluate("() => loud()") == 0
            await asyncio.sleep(0.05)
        await b.say({"t": "gate", "open": True})
        await frame.wait_for_function("() => loud() > 0.1")
        await asyncio.sleep(0.2)
        assert await frame.evaluate("() => loud()") < 0.8, "loudness is limited"
        await b.say({"t": "volume", "value": 0.01})
        await frame.wait_for_function("() => loud() < 0.01")
        await b.say({"t": "volume", "value": 9})
        await frame.wait_for_function("() => loud() > 0.1")
        assert await frame.evaluate("() => loud()") < 0.8
        await b.say({"t": "gate", "open": False})
        await frame.wait_for_function("() => loud() < 1e-4")
        assert (await b.state())["output"]["gate"] is False


async def test_a_lost_or_refused_microphone_says_so_and_is_cold(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts() as (post_a, post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a, script=DEVICE) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        frame = a.page.frames[1]
        await a.say({"t": "talk", "on": True})
        await b.until("() => harness.seen.levels.at(-1).far > -30")
        await frame.evaluate("() => device.dispatchEvent(new Event('ended'))")
        await a.until("() => harness.state().error === 'voice.microphone_lost'")
        assert (await a.state())["mic"] == "COLD"
        assert await frame.evaluate("() => device.readyState") == "ended"
        await b.until("() => harness.seen.levels.at(-1).far < -80")
        for name, code in (
            ("NotAllowedError", "voice.microphone_refused"),
            ("NotFoundError", "voice.no_microphone"),
            ("NotReadableError", "voice.microphone_busy"),
        ):
            await frame.evaluate("name => { window.refuse = name; }", name)
            await a.say({"t": "talk", "on": True})
            await a.until(f"() => harness.state().error === '{code}'")
            assert (await a.state())["mic"] == "COLD"
        # The device is there again: the next press works.
        await frame.evaluate("() => { window.refuse = ''; }")
        await a.say({"t": "talk", "on": True})
        await a.until("() => harness.mic() === 'LIVE'")
        assert "error" not in await a.state()


async def test_a_stuck_key_is_cut_and_an_armed_microphone_cools(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts() as (post_a, post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a, script=HASTE + DEVICE) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        await a.say({"t": "talk", "on": True})
        await b.until("() => harness.seen.levels.at(-1).far > -30")
        await a.until("() => harness.state().error === 'voice.stuck_key'")
        await a.until("() => harness.mic() !== 'LIVE'")
        await b.until("() => harness.seen.levels.at(-1).far < -80")
        await a.until("() => harness.mic() === 'COLD'")
        assert await a.page.frames[1].evaluate("() => device.readyState") == "ended"


async def test_without_a_click_the_state_says_suspended_and_a_click_wakes_it(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav", seconds=2)
    policy = "document-user-activation-required"
    async with (
        serve_pages(0) as port,
        chromium(chromium_path, tone, autoplay=policy) as browser,
    ):
        page = await browser.new_page()
        await page.goto(f"http://localhost:{port}/?start")
        await asyncio.sleep(2)
        states = await page.evaluate("() => harness.seen.states")
        assert states[-1]["context"] == "suspended"
        assert states[-1]["error"] == "voice.context_suspended"
        await page.mouse.click(5, 5)
        await page.evaluate("() => harness.say({t: 'start'})")
        await page.wait_for_function("() => harness.state().context === 'running'")
        await page.wait_for_function("() => !('error' in harness.state())")
        # What stands is offered again; nothing is torn down.
        await page.wait_for_function("() => harness.seen.offers.length === 2")
        first, second = await page.evaluate("() => harness.seen.offers.map(o => o.sdp)")
        assert parse_offer(first) == parse_offer(second)


async def test_speech_comes_back_by_itself_after_an_outage_of_the_link(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts(0.05) as (post_a, post_b, pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        await a.say({"t": "talk", "on": True})
        await b.until("() => harness.seen.levels.at(-1).far > -30")
        pipe.up = False
        await b.until("() => harness.seen.levels.at(-1).far < -80")
        await asyncio.sleep(3)
        assert (await a.state())["mic"] == "LIVE"
        pipe.up = True
        await b.until("() => harness.seen.levels.at(-1).far > -30", timeout_s=5)
        assert {state["pc"] for state in (await a.seen("states"))[-2:]} == {"connected"}


async def test_a_handshake_into_a_dead_link_is_begun_anew(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts(0.02) as (post_a, post_b, pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a, script=HASTE) as a,
        chromium_desk(browser, port, post_b, script=HASTE) as b,
    ):
        pipe.media_up = False
        await asyncio.gather(
            *(
                desk.until("() => harness.seen.other.some(f => f.t === 'restart')")
                for desk in (a, b)
            )
        )
        assert (await a.state())["error"] == "voice.connection_failed"
        pipe.media_up = True
        await a.say({"t": "start"})
        await a.say({"t": "start"})
        await asyncio.gather(a.connected(), b.connected())
        assert post_a.pairing.generation == post_b.pairing.generation > 1


@pytest.mark.slow
async def test_a_post_that_was_away_too_long_is_found_again(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts(0.02) as (post_a, post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        generation = post_a.pairing.generation
        post_a.endpoint.close()
        await a.until("() => harness.seen.other.some(f => f.t === 'restart')", timeout_s=60)
        assert (await a.state())["error"] == "voice.connection_failed"
        await post_a.restart(away_s=0)
        await a.say({"t": "start"})
        await a.connected()
        await a.say({"t": "talk", "on": True})
        await b.until("() => harness.seen.levels.at(-1).far > -30")
        assert post_a.pairing.generation == post_b.pairing.generation == generation
