"""What reaches an ear: the limit of loudness, and figures that a browser's own counters give."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.voice_rig import chromium, chromium_desk, serve_pages, two_posts, write_tone

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio]

TRUE_PEAK_MAX = 0.98
LOUDNESS_MAX = 10 ** (-10 / 20)
ATTACK_S = 0.05

# Sounds that a hostile far desk could send, through the shipped meter, as fast as can be reckoned.
RENDER = """async (kind) => {
  const rate = 48_000, context = new OfflineAudioContext(1, 2 * rate, rate);
  await context.audioWorklet.addModule("meter.js");
  const buffer = context.createBuffer(1, 2 * rate, rate), into = buffer.getChannelData(0);
  const quiet = (i) => 0.05 * Math.sin(i / 10);
  for (let i = 0; i < into.length; i += 1) {
    const square = i % 96 < 48 ? 1 : -1;
    into[i] = { square, jump: i < rate ? quiet(i) : square, over: 8 * square,
      speech: 0.3 * Math.sin(i / 20), high: Math.sin(i * 2.4) }[kind];
  }
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(new AudioWorkletNode(context, "openline-meter")).connect(context.destination);
  source.start();
  return [...(await context.startRendering()).getChannelData(0)];
}"""


def true_peak(samples: np.ndarray[Any, Any]) -> float:
    """The highest point of the wave between the samples too, four times as dense."""
    samples = np.pad(samples, 4_800)  # silence around it: the wave does not go round
    size = len(samples)
    spectrum = np.fft.rfft(samples)
    spectrum[-1] /= 2  # the highest frequency stands for two
    dense = np.fft.irfft(np.pad(spectrum, (0, size * 2 + 1 - len(spectrum))), size * 4) * 4
    return float(np.abs(dense).max())


async def test_what_is_received_is_limited_in_peak_and_in_loudness(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav", seconds=1)
    async with serve_pages(0) as port, chromium(chromium_path, tone) as browser:
        page = await browser.new_page()
        await page.goto(f"http://audio.localhost:{port}/")
        for kind in ("square", "jump", "over", "high"):
            out = np.array(await page.evaluate(RENDER, kind))
            assert true_peak(out) <= TRUE_PEAK_MAX, kind
            begin = 48_000 if kind == "jump" else 0
            steady = out[begin + int(ATTACK_S * 48_000) :]
            assert np.sqrt(np.mean(steady**2)) <= LOUDNESS_MAX, kind
            assert np.sqrt(np.mean(steady**2)) > 0.1, f"{kind}: limited, not taken away"
            if kind == "jump":
                assert np.abs(out[:48_000]).max() == pytest.approx(0.05, rel=0.01)
        speech = np.array(await page.evaluate(RENDER, "speech"))
        assert np.abs(speech).max() > 0.29, "speech at an ordinary level is left as it is"


async def test_figures_come_each_second_and_are_those_of_the_last_second(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts(0.02) as (post_a, post_b, pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())

        async def figures(count: int) -> list[dict[str, Any]]:
            have = len([one for one in await b.seen("other") if one["t"] == "figures"])
            while True:
                await b.say({"t": "alive"})
                await asyncio.sleep(0.5)
                got = [one for one in await b.seen("other") if one["t"] == "figures"]
                if len(got) >= have + count:
                    return got[have:]

        for one in (await figures(3))[1:]:
            assert one["packets"] > 0
            assert one["loss"] == 0
            assert 0 < one["jitter_ms"] < 2_000
            assert one["mouth_to_ear_ms"] > one["jitter_ms"] + 20
            assert 0 <= one["leg_rtt_ms"] < 1_000
        pipe.media_up = False
        assert [one["packets"] for one in (await figures(3))[-1:]] == [0]
        pipe.media_up = True
        assert (await figures(3))[-1]["packets"] > 0


# How often the far sound was taken up: each time begins with an empty queue.
TAKEN = """
const make = AudioContext.prototype.createMediaStreamSource;
window.taken = 0;
AudioContext.prototype.createMediaStreamSource = function (stream) {
  window.taken += 1;
  return make.call(this, stream);
};
"""


async def test_the_queue_before_the_far_sound_is_emptied_after_each_word_and_never_in_one(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts() as (post_a, post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b, script=TAKEN) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        frame = b.page.frames[1]
        for number in (1, 2):
            await a.say({"t": "talk", "on": True})
            await b.until("() => harness.seen.levels.at(-1)?.far > -30")
            before = await frame.evaluate("() => taken")
            assert before >= number
            await asyncio.sleep(1.5)
            assert await frame.evaluate("() => taken") == before, "cut within a word"
            await a.say({"t": "talk", "on": False})
            await frame.wait_for_function(f"() => taken === {before + 1}", timeout=5_000)
            await asyncio.sleep(1.5)
            assert await frame.evaluate("() => taken") == before + 1, "once for each word"
