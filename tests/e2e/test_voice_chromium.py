"""Two real Chromium desks talk through two voice endpoints."""

import asyncio
import statistics
from pathlib import Path

import pytest

from openline.voice import CELL_SIZE
from tests.e2e.voice_rig import (
    ChromiumDesk,
    chromium,
    chromium_desk,
    serve_pages,
    two_posts,
    write_tone,
)

pytestmark = [pytest.mark.needs_chromium, pytest.mark.asyncio]

PICK_UPS = 5


async def pick_up(speaker: ChromiumDesk, listener: ChromiumDesk) -> float:
    """Hold the key until heard; milliseconds from live to heard."""
    heard = len(await listener.seen("heard"))
    live = len(await speaker.seen("live"))
    await speaker.say({"t": "talk", "on": True})
    await speaker.until(f"() => harness.seen.live.length > {live}")
    await listener.until(f"() => harness.seen.heard.length > {heard}")
    assert await listener.far_level() > -30
    assert (await speaker.state())["mic"] == "LIVE"
    assert (await listener.state())["mic"] != "LIVE"
    at_live = (await speaker.seen("live"))[live]["at_ms"]
    at_heard = (await listener.seen("heard"))[heard]["at_ms"]
    await speaker.say({"t": "talk", "on": False})
    await speaker.until("() => harness.mic() === 'ARMED'")
    await asyncio.sleep(0.8)
    return float(at_heard - at_live)


async def test_a_held_talk_key_is_heard_both_ways_and_only_then(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts(0.0) as (post_a, post_b, pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        assert (await a.state())["mic"] == "COLD"
        for speaker, listener in ((a, b), (b, a)):
            await speaker.say({"t": "arm"})
            await speaker.until("() => harness.mic() === 'ARMED'")
            await asyncio.sleep(1.0)
            figures = [await pick_up(speaker, listener) for _ in range(PICK_UPS)]
            print(f"pick-up to heard: median {statistics.median(figures)} of {figures} ms")

            # Key up, device open before a loud tone: nothing of it may be decoded.
            await listener.say({"t": "probe", "on": True})
            await asyncio.sleep(4)
            assert await speaker.page.evaluate("() => harness.seen.levels.at(-1).own") > -20
            peak = await listener.page.evaluate("() => harness.seen.levels.at(-1).far_peak_lsb")
            await listener.say({"t": "probe", "on": False})
            print(f"key up, far peak {peak} LSB")
            assert peak <= 4
        assert {len(cell) for cell in pipe.cells} == {CELL_SIZE}
        assert sum(post_a.endpoint.stats().sent.values()) > 100
