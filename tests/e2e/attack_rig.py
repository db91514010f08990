"""A call between two whole posts on loopback, with desks that need no browser, to be attacked."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from openline.app.demo.desks_headless import Desk
from openline.headless.sound import make_tone
from tests.e2e.post_rig import PostProcess, is_up, make_pair, running

READY_S_MAX = 40.0
SPEECH_S = 30.0
LOUD_DBFS = -30.0


@dataclass
class Call:
    """North speaks, south hears.

    A pause of 300 ms or more in what south decodes would be heard as a second beginning.
    """

    north: PostProcess
    south: PostProcess
    speaker: Desk
    listener: Desk

    async def begin(self) -> None:
        await self.speaker.talk()
        await until(lambda: len(self.listener.heard_s) == 1, "never heard")

    def goes_on(self) -> None:
        """South has heard north from the beginning until now without a gap."""
        assert len(self.listener.heard_s) == 1, "speech was interrupted"
        media = self.listener._media
        assert media is not None
        assert media.meter.level_dbfs > LOUD_DBFS


async def until(holds: object, reason: str, seconds: float = READY_S_MAX) -> None:
    assert callable(holds)
    end = asyncio.get_running_loop().time() + seconds
    while not holds():
        if asyncio.get_running_loop().time() > end:
            pytest.fail(reason)
        await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def standing_call(tmp_path: Path) -> AsyncIterator[Call]:
    """Two running posts and two desks, in the middle of a word."""
    north, south = make_pair(tmp_path)
    voice = make_tone(SPEECH_S)
    with running(north, south):
        for post in (north, south):
            await asyncio.to_thread(post.until, is_up)
        desks = [Desk(post.ask("desk-url")[0]["url"], voice) for post in (north, south)]
        tasks = [asyncio.ensure_future(desk.run()) for desk in desks]
        try:
            await until(lambda: all(desk.can_talk for desk in desks), "no voice connection")
            call = Call(north, south, *desks)
            await call.begin()
            yield call
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
