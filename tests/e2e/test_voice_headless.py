"""Desks without a browser talk to each other and to a real one."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from openline.headless import HeadlessDesk, make_tone
from openline.voice import CELL_SIZE
from tests.e2e.voice_rig import (
    Post,
    chromium,
    chromium_desk,
    serve_pages,
    two_posts,
    write_tone,
)

pytestmark = pytest.mark.asyncio


class Ears:
    """Keeps when a headless desk heard something."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.event = asyncio.Event()

    def __call__(self, now_s: float) -> None:
        self.heard.append(now_s)
        self.event.set()

    async def next(self) -> float:
        async with asyncio.timeout(5):
            await self.event.wait()
        self.event.clear()
        return self.heard[-1]


@asynccontextmanager
async def headless_desk(post: Post, ears: Ears) -> AsyncIterator[HeadlessDesk]:
    desk = HeadlessDesk(on_heard=ears)
    jobs: list[asyncio.Future[None]] = []
    post.on_answer = lambda sdp, _generation: jobs.append(asyncio.ensure_future(desk.answer(sdp)))
    post.offered(await desk.offer(), bytes([post.party]) * 8)
    try:
        yield desk
    finally:
        await desk.close()
        await asyncio.gather(*jobs)


async def test_two_headless_desks_hear_each_other_and_silence_is_silent() -> None:
    ears_a, ears_b = Ears(), Ears()
    async with (
        two_posts(0.01) as (post_a, post_b, pipe),
        headless_desk(post_a, ears_a) as a,
        headless_desk(post_b, ears_b) as b,
    ):
        await asyncio.gather(a.wait_connected(), b.wait_connected())
        await asyncio.sleep(0.5)
        for speaker, listener, ears in ((a, b, ears_b), (b, a, ears_a)):
            ears.event.clear()
            start_s = asyncio.get_running_loop().time()
            talk = asyncio.ensure_future(speaker.talk(make_tone(1.0)))
            heard_s = await ears.next()
            await asyncio.sleep(0.4)
            assert listener.meter.level_dbfs > -20
            assert speaker.meter.level_dbfs < -80
            await talk
            sys.stdout.write(f"talk to heard, headless: {(heard_s - start_s) * 1000:.0f} ms\n")
            await asyncio.sleep(0.6)
            listener.meter.reset_peak()
            await asyncio.sleep(1)
            assert listener.meter.peak_lsb <= 4
        assert {len(cell) for cell in pipe.cells} == {CELL_SIZE}
        stats = post_a.endpoint.stats()
        assert stats.sent["rtp"] > 50
        assert stats.received["rtp"] > 50


@pytest.mark.needs_chromium
async def test_headless_and_chromium_hear_each_other(chromium_path: str, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    ears = Ears()
    async with (
        serve_pages(0) as port,
        two_posts(0.01) as (post_a, post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        headless_desk(post_b, ears) as headless,
        chromium_desk(browser, port, post_a) as desk,
    ):
        await asyncio.gather(desk.connected(), headless.wait_connected())
        await asyncio.sleep(0.5)
        ears.event.clear()
        await desk.say({"t": "talk", "on": True})
        await ears.next()
        await asyncio.sleep(0.5)
        assert headless.meter.level_dbfs > -20
        await desk.say({"t": "talk", "on": False})
        await desk.until("() => harness.mic() === 'ARMED'")
        await asyncio.sleep(0.5)
        headless.meter.reset_peak()
        await asyncio.sleep(2)
        assert headless.meter.peak_lsb <= 4

        heard = len(await desk.seen("heard"))
        headless.start_talking(make_tone(3.0))
        await desk.until(f"() => harness.seen.heard.length > {heard}")
        assert await desk.far_level() > -20
        headless.stop_talking()
        await asyncio.sleep(0.5)
        assert await desk.far_level() < -80
