"""``openline desk``: audible both ways against Chromium, by a meter that knows the frequency."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.line_rig import real_desk
from tests.e2e.meter import loudest, read_wav, tone_dbfs
from tests.e2e.post_rig import PostProcess, is_up, make_pair, openline, running
from tests.e2e.voice_rig import write_tone

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(200)]

HEADLESS_HERTZ, CHROMIUM_HERTZ = 440, 1130
LOUD_DBFS = -30.0
APART_DB = 25.0


@contextlib.contextmanager
def desk_command(post: PostProcess, *options: object) -> Iterator["subprocess.Popen[str]"]:
    """``openline desk`` at a post; ended if it is still there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "openline", "desk", str(post.root), *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"LANG": "C", "LC_ALL": "C"},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """Its answer in JSON, once it ended well."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return dict(json.loads(out))


@pytest.mark.needs_chromium
async def test_headless_and_chromium_are_audible_to_each_other(
    chromium_path: str, tmp_path: Path
) -> None:
    play = write_tone(tmp_path / "play.wav", seconds=5, hertz=HEADLESS_HERTZ)
    hum = write_tone(tmp_path / "hum.wav", hertz=CHROMIUM_HERTZ)
    record = tmp_path / "record.wav"
    posts = make_pair(tmp_path)
    theirs, ours = posts
    with running(*posts):
        for post in posts:
            await asyncio.to_thread(post.until, is_up)
        async with real_desk(theirs, chromium_path, hum) as page:
            options = ("--play", play, "--record", record, "--wait-heard", "--json")
            with desk_command(ours, *options) as process:
                began = await page.page.evaluate("Date.now()")
                await page.heard_after(began, 40.0)
                await asyncio.sleep(0.5)
                rate, samples = await page.samples()
                said = tone_dbfs(samples, rate, HEADLESS_HERTZ)
                assert said > LOUD_DBFS
                assert said - tone_dbfs(samples, rate, CHROMIUM_HERTZ) > APART_DB
                await page.press()  # answers: the caller's loudspeaker opens
                await asyncio.sleep(1.5)
                await page.release()
                result = await asyncio.to_thread(ended, process)
        assert (result["said"], result["stopped"]) == (1, "")
        assert result["heard"] >= 1
        assert result["played_s"] > 1.0
        rate, samples = read_wav(record)
        assert abs(len(samples) / rate - result["recorded_s"]) < 0.1
        answered = loudest(samples, rate, CHROMIUM_HERTZ)
        assert answered > LOUD_DBFS
        assert answered - loudest(samples, rate, HEADLESS_HERTZ) > APART_DB
        assert not any(samples[: rate // 2]), "before the answer the loudspeaker was shut"


async def test_two_desk_commands_hear_each_other_and_wait_for_it(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", seconds=1.5, hertz=HEADLESS_HERTZ)
    record = tmp_path / "record.wav"
    north, south = make_pair(tmp_path)
    refused = openline("desk", south.root, "--record", record, status=4)
    assert "desk" in refused  # no post runs there
    assert not record.exists()
    with running(north, south):
        for post in (north, south):
            await asyncio.to_thread(post.until, is_up)
        listening = ("--record", record, "--wait-heard", "--seconds", "60", "--json")
        with desk_command(south, *listening) as ears, desk_command(north, "--play", tone) as mouth:
            out, err = await asyncio.to_thread(mouth.communicate, None, 60)
            assert mouth.returncode == 0, err
            assert "Said 1 times" in out
            await asyncio.sleep(0.5)
            ears.terminate()  # a recording that is ended is whole
            assert (await asyncio.to_thread(ended, ears))["heard"] == 1
        rate, samples = read_wav(record)
        assert loudest(samples, rate, HEADLESS_HERTZ) > LOUD_DBFS
        silent = ("--wait-heard", "--seconds", "1")
        assert "not heard" in await asyncio.to_thread(
            openline, "desk", north.root, *silent, status=8
        )
        texts = [item for item in north.ask("record") if "shown" in str(item)]
        assert texts == []
