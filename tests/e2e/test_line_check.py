"""A full line check with real desks: two posts and two Chromium pages, nothing replaced.

The chirp goes from audio page to audio page; no microphone is opened and nothing sounds.
"""

import asyncio
import json
import stat
from pathlib import Path

import pytest

from tests.e2e.line_rig import RealDesk, real_desk
from tests.e2e.post_rig import make_pair, openline, running, settle
from tests.e2e.voice_rig import write_tone

pytestmark = [pytest.mark.asyncio, pytest.mark.needs_chromium, pytest.mark.timeout(240)]

SILENCE_DBFS_MAX = -60


async def cold(desk: RealDesk) -> None:
    state = await desk.page.evaluate("line.seen.state")
    assert state["mic"] == "COLD"
    assert not state["output"]["gate"]
    assert await desk.page.evaluate("line.seen.live") == []


async def test_a_full_check_on_a_quiet_line(chromium_path: str, tmp_path: Path) -> None:
    tones = [write_tone(tmp_path / f"{hertz}.wav", hertz=hertz) for hertz in (440, 1130)]
    posts = make_pair(tmp_path)
    with running(*posts):
        async with (
            real_desk(posts[0], chromium_path, tones[0]) as north,
            real_desk(posts[1], chromium_path, tones[1]) as south,
        ):
            for desk in (north, south):
                await desk.ready()
            for post, desk in zip(posts, (north, south), strict=True):
                said = await asyncio.to_thread(
                    openline, "check", post.root, "--voice", "--text", "--words", "--json"
                )
                found = json.loads(said)
                assert found["full"], found
                result = found["result"]
                assert result["compare"] == "match", found
                assert (result["own_desks"], result["peer_desks"]) == (1, 1)
                for side in ("own", "peer"):
                    assert 0 < result[f"{side}_voice_ms"] < 2_000, found
                assert desk.faults == []
            for desk in (north, south):
                await cold(desk)
                await desk.until("document.body.innerText.includes('line check')")
            shown = [await asyncio.to_thread(openline, "words", post.root) for post in posts]
            assert shown[0] == shown[1]
            for post in posts:
                assert stat.S_IMODE(post.folder.words.stat().st_mode) == 0o600
                status = await asyncio.to_thread(post.status)
                assert status["checks"]["days"] == 0
                assert status["alarms"] == []
            figures = await asyncio.to_thread(openline, "metrics", posts[0].root)
            assert "openline_check_last_full 1.0" in figures
            await asyncio.to_thread(settle, *posts)
