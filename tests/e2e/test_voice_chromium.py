"""Two real Chromium desks talk through two voice endpoints."""

import asyncio
import socket
import statistics
import sys
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
            sys.stdout.write(
                f"pick-up to heard: median {statistics.median(figures)} of {figures} ms\n"
            )

            # Key up, device open before a loud tone: nothing of it may be decoded.
            # What was said before may still be on its way through a busy browser: wait for its end.
            await listener.until(
                "() => harness.seen.levels.slice(-8).every((level) => level.far < -80)"
            )
            await listener.say({"t": "probe", "on": True})
            await asyncio.sleep(4)
            assert await speaker.page.evaluate("() => harness.seen.levels.at(-1).own") > -20
            peak = await listener.page.evaluate("() => harness.seen.levels.at(-1).far_peak_lsb")
            assert (await listener.state())["output"]["gate"] is False
            # The measurement can fail: with the key down the same figure is large.
            await speaker.say({"t": "talk", "on": True})
            await listener.until("() => harness.seen.levels.at(-1).far_peak_lsb > 1000")
            await speaker.say({"t": "talk", "on": False})
            await listener.say({"t": "probe", "on": False})
            sys.stdout.write(f"key up, far peak {peak} LSB\n")
            assert peak <= 4
        assert {len(cell) for cell in pipe.cells} == {CELL_SIZE}
        assert sum(post_a.endpoint.stats().sent.values()) > 100


async def test_nothing_of_a_desk_crosses_but_sealed_media(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav", seconds=2)
    async with (
        serve_pages(0) as port,
        two_posts() as (post_a, post_b, pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        await asyncio.sleep(1)
        hidden = set()
        for desk in (a, b):
            [leg] = desk.post.endpoint._legs.values()
            assert leg.address is not None
            ip, desk_port = leg.address
            hidden |= {
                ip.encode(),
                socket.inet_aton(ip) + desk_port.to_bytes(2, "big"),
                str(desk_port).encode(),
                leg.ufrag.encode(),
                leg.pwd.encode(),
                leg.offer.page_pwd.encode(),
                b"candidate",
                b".local",
            }
            offer = (await desk.seen("offers"))[0]["sdp"]
            assert leg.offer.page_ufrag in offer
        everything = [*pipe.cells, *(repr(m).encode() for m in post_a.maps + post_b.maps)]
        assert len(everything) > 50
        for octets in everything:
            for secret in hidden:
                assert secret not in octets
        kinds = {cell[26] for cell in pipe.cells if cell[20] == 0}
        assert all(20 <= first <= 63 or 128 <= first <= 191 for first in kinds)


async def test_a_connection_lives_through_a_restart_of_its_post(
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
        await a.say({"t": "arm"})
        await asyncio.sleep(1)
        await pick_up(a, b)
        for post, desk in ((post_a, a), (post_b, b)):
            offers = len(await desk.seen("offers"))
            await post.restart(away_s=1.0)
            await desk.say({"t": "start"})  # What a console says when its post is back.
            await asyncio.sleep(1.5)
            assert len(await desk.seen("offers")) == offers + 1
            assert post.pairing.joined
            figure = await pick_up(a, b)
            sys.stdout.write(f"after a restart: pick-up to heard {figure} ms\n")
        assert {state["pc"] for state in (await a.seen("states"))[-3:]} == {"connected"}


async def test_a_reload_on_one_side_renews_both(chromium_path: str, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts(0.02) as (post_a, post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        first = post_a.pairing.generation
        for desk in (a, b):
            desk.post.pairing.dropped(desk.desk)
            await desk.load(port)
            await desk.say({"t": "start"})
            await asyncio.gather(a.connected(), b.connected())
            await asyncio.sleep(1)
            assert post_a.pairing.generation == post_b.pairing.generation > first
            first = post_a.pairing.generation
            await b.say({"t": "arm"})
            await asyncio.sleep(1)
            await pick_up(b, a)


async def test_a_talk_key_without_a_connection_says_so(chromium_path: str, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", seconds=2)
    async with (
        serve_pages(0) as port,
        two_posts() as (post_a, _post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
    ):
        await a.until("() => harness.seen.offers.length === 1")
        await a.say({"t": "talk", "on": True})
        await a.until("() => harness.state()?.error === 'voice.not_connected'")
        assert (await a.state())["mic"] == "COLD"
        await a.say({"t": "source", "kind": "sample", "url": "/sample.wav"})
        await a.until("() => harness.state()?.error === 'voice.sample_refused'")


async def test_a_key_let_go_at_once_sends_nothing_and_a_lost_console_stops(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    async with (
        serve_pages(0) as port,
        two_posts() as (post_a, post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        await b.say({"t": "probe", "on": True})
        await a.page.evaluate(
            "() => { harness.say({t: 'talk', on: true}); harness.say({t: 'talk', on: false}); }"
        )
        await a.until("() => harness.mic() === 'ARMED'")
        await asyncio.sleep(1)
        assert (await a.seen("live")) == []
        assert await b.page.evaluate("() => harness.seen.levels.at(-1).far_peak_lsb") <= 4

        await a.say({"t": "cold"})
        await a.until("() => harness.mic() === 'COLD'")
        await a.say({"t": "talk", "on": True})
        await b.until("() => harness.seen.levels.at(-1).far > -30")
        await a.say({"t": "alive"})
        await b.until("() => harness.seen.levels.at(-1).far < -80")
        assert (await a.state())["error"] == "voice.interrupted"
        assert (await a.state())["mic"] == "ARMED"
        await a.say({"t": "alive"})
        await a.say({"t": "talk", "on": True})
        await b.until("() => harness.seen.levels.at(-1).far > -30")
        await a.page.evaluate("() => document.querySelector('iframe').remove()")
        await b.until("() => harness.seen.levels.at(-1).far < -80")


async def test_a_recorded_voice_stands_in_where_the_page_allows_it(
    chromium_path: str, tmp_path: Path
) -> None:
    silence = write_tone(tmp_path / "silence.wav", seconds=2, hertz=0)
    sample = write_tone(tmp_path / "sample.wav", seconds=1).read_bytes()
    async with (
        serve_pages(0, sample) as port,
        two_posts() as (post_a, post_b, _pipe),
        chromium(chromium_path, silence) as browser,
        chromium_desk(browser, port, post_a) as a,
        chromium_desk(browser, port, post_b) as b,
    ):
        await asyncio.gather(a.connected(), b.connected())
        await a.say({"t": "source", "kind": "sample", "url": "/sample.wav"})
        await a.say({"t": "arm"})
        await a.until("() => harness.mic() === 'ARMED'")
        await asyncio.sleep(1)
        figures = [await pick_up(a, b) for _ in range(3)]
        sys.stdout.write(f"recorded voice, pick-up to heard: {figures} ms\n")


async def test_only_the_named_console_gets_a_port(chromium_path: str, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", seconds=2)
    async with (
        serve_pages(0) as port,
        serve_pages(0) as foreign,
        two_posts() as (post_a, _post_b, _pipe),
        chromium(chromium_path, tone) as browser,
        chromium_desk(browser, port, post_a) as a,
    ):
        # A window of another origin gets no frame at all (frame-ancestors) ...
        page = await browser.new_page()
        await page.goto(f"http://localhost:{foreign}/")
        await page.evaluate(
            "port => { window.got = []; window.onmessage = e => got.push(e.data);"
            " document.querySelector('iframe').src = `http://audio.localhost:${port}/`; }",
            port,
        )
        await asyncio.sleep(1)
        assert await page.evaluate("() => got") == []
        # ... and a port from an origin that is not the console is not taken.
        got = await a.page.frames[1].evaluate(
            """() => new Promise(done => {
                const channel = new MessageChannel();
                channel.port1.onmessage = ({data}) => done(data);
                window.postMessage({t: 'openline-port'}, location.origin, [channel.port2]);
                setTimeout(() => done(null), 500);
            })"""
        )
        assert got is None
