# ruff: noqa: ASYNC240  # small files of the test's own folder
"""Two real desks: a phrase pressed here is heard there in its language; a recording decodes.

The loudspeaker is tapped where everything comes out. Each browser's microphone always hears its
own tone, so a tone in the recording proves whose sound it is, and its absence what was not sent.
"""

import asyncio
import hashlib
import io
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.line_rig import RealDesk, real_desk
from tests.e2e.post_rig import PostProcess, make_pair, openline, running
from tests.e2e.voice_rig import write_tone

pytestmark = [pytest.mark.asyncio, pytest.mark.needs_chromium, pytest.mark.timeout(240)]

TAP = Path(__file__).with_name("loudspeaker.js")
NORTH_HZ, SOUTH_HZ = 440, 1130
AUDIBLE = 0.05
RATE = 48_000


async def loudspeaker(desk: RealDesk) -> float:
    """The highest sample that went to the desk's loudspeaker since it was last asked."""
    frame = next(frame for frame in desk.page.frames if "audio.localhost" in frame.url)
    peak = await frame.evaluate(
        "() => { const { peak } = loudspeaker; loudspeaker.peak = 0; return peak; }"
    )
    return float(peak)


async def until_loud(desk: RealDesk) -> None:
    end = asyncio.get_running_loop().time() + 15
    while await loudspeaker(desk) < AUDIBLE:
        assert asyncio.get_running_loop().time() < end, await desk.told()
        await asyncio.sleep(0.1)


async def phrase(speaker: RealDesk, listener: RealDesk, n: int) -> bytes:
    """A press of the phrase's key; the bytes that the far media page fetched and played."""
    await loudspeaker(listener)
    async with listener.page.expect_response(lambda answer: "/phrase/" in answer.url) as waiting:
        await speaker.page.keyboard.press(f"Shift+Digit{n % 10}")
    answer = await waiting.value
    assert answer.url.endswith(f"/phrase/zh-Hans/{n}"), answer.url
    await until_loud(listener)
    return await answer.body()


def shipped(language: str, n: int) -> bytes:
    return (files("openline.web.audio") / "phrases" / language / f"{n}.ogg").read_bytes()


async def phrases_are_heard_in_the_far_language(
    north: RealDesk, south: RealDesk, own: Path
) -> None:
    assert await phrase(north, south, 3) == shipped("zh-Hans", 3)
    shown = ".phrase-spoken.p-peer"
    await south.page.wait_for_selector(f"{shown}[data-n='3']")
    words = await south.page.inner_text(shown)
    assert "Stand by on this line." in words
    assert "请在线等候" in words
    assert "合成语音" in words
    for desk in (north, south):  # one side's act, nobody's microphone
        assert (await desk.page.evaluate("line.seen.state.mic")) == "COLD"
    status = await asyncio.to_thread(north.post.until, lambda now: now["call"]["peer_sounded"])
    assert (status["call"]["state"], status["call"]["own_talking"]) == ("announcing", False)
    # What this side recorded itself takes the synthetic voice's place with the next press.
    await asyncio.to_thread(openline, "phrases", south.post.root, "record", 4, "zh-Hans", own)
    assert await phrase(north, south, 4) == own.read_bytes()


async def a_call_is_recorded(north: RealDesk, south: RealDesk) -> Path:
    await north.page.click("#record-key")
    await south.page.wait_for_selector(".declared.d-peer[data-now='true']")
    await north.page.wait_for_selector("#recording-state[data-state='on']")
    for speaker, listener in ((north, south), (south, north)):
        pressed = await speaker.press()
        await listener.heard_after(pressed)
        await asyncio.sleep(1.5)
        await speaker.release()
        await speaker.until("line.seen.state.mic === 'ARMED'")
        await asyncio.sleep(0.5)
    await north.page.keyboard.press("e")
    (entry,) = await entries(north.post, 1)
    await south.page.wait_for_selector(".declared.d-peer[data-now='false']")
    file = next(north.post.folder.recordings.glob("*.webm"))
    data = file.read_bytes()
    said = entry["recording"]
    assert said["sha256"] == hashlib.sha256(data).hexdigest()
    assert said["size"] == len(data)
    assert said["call"] == file.stem
    heard_of_it = await entries(south.post, 1)
    assert heard_of_it[0]["recording"] == said
    assert not south.post.folder.recordings.exists()
    return file


async def entries(post: PostProcess, count: int) -> list[dict[str, Any]]:
    """The ``recording`` entries in the record of a post, once there are so many."""
    for _ in range(300):
        answers = await asyncio.to_thread(post.ask, "record")
        found = [item for answer in answers for item in answer["entries"] if item["recording"]]
        if len(found) >= count:
            return found
        await asyncio.sleep(0.1)
    pytest.fail(f"{count} recordings never stood in the record")


def decoded(file: Path) -> NDArray[np.float32]:
    """The sound in a recording, one channel."""
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(file.read_bytes())) as container:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE)
        parts = [
            made.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for made in resampler.resample(frame)
        ]
    return np.concatenate(parts)


def strength(sound: NDArray[np.float32], hertz: int) -> NDArray[np.float64]:
    """Amplitude of a tone in each tenth of a second."""
    size = RATE // 10
    blocks = sound[: len(sound) // size * size].reshape(-1, size).astype(np.float64)
    wave = np.exp(-2j * np.pi * hertz * np.arange(size) / RATE)
    found: NDArray[np.float64] = np.abs(blocks @ wave) * 2 / size
    return found


async def test_phrases_and_recording(chromium_path: str, tmp_path: Path) -> None:
    tones = [write_tone(tmp_path / f"{hertz}.wav", hertz=hertz) for hertz in (NORTH_HZ, SOUTH_HZ)]
    posts = make_pair(tmp_path)
    with running(*posts):
        async with (
            real_desk(posts[0], chromium_path, tones[0], also=[TAP]) as north,
            real_desk(posts[1], chromium_path, tones[1], also=[TAP]) as south,
        ):
            for desk in (north, south):
                await desk.ready()
            await south.page.keyboard.press("l")
            own = tmp_path / "own.ogg"
            own.write_bytes(shipped("en", 4))
            await phrases_are_heard_in_the_far_language(north, south, own)
            file = await a_call_is_recorded(north, south)
            sound = decoded(file)
            mine, theirs = strength(sound, NORTH_HZ), strength(sound, SOUTH_HZ)
            assert (mine > AUDIBLE).sum() >= 8, mine.round(3)
            assert (theirs > AUDIBLE).sum() >= 8, theirs.round(3)
            # The own microphone heard its tone all the time; only while LIVE is it in the file.
            assert mine[theirs > AUDIBLE][3:-3].max() < AUDIBLE / 5, mine.round(3)
            for desk in (north, south):
                assert desk.faults == []
                assert desk.strangers() == []
            await a_lost_page_leaves_its_part(north)


async def a_lost_page_leaves_its_part(north: RealDesk) -> None:
    """The page is reloaded in the middle of a recording: that part is whole, and hashed."""
    await north.press()
    await north.page.wait_for_selector("#record-key[aria-disabled='false']")
    await north.page.click("#record-key")
    await north.page.wait_for_selector("#recording-state[data-state='on']")
    await asyncio.sleep(2.5)
    await north.page.reload()
    found = await entries(north.post, 2)
    said = found[-1]["recording"]
    file = north.post.folder.recordings / f"{said['call']}.webm"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == said["sha256"]
    assert len(decoded(file)) > RATE
    assert "holds" in await asyncio.to_thread(
        openline, "recording", north.post.root, "list", "--json"
    )
