"""Two whole posts and a real Chromium desk at each, kept up for many tests or cells of a table.

Speech is a tone that is always there, loud for a moment in each second: begun speech is heard at
once, and each loud moment can be found again at the other end (mouth to ear).
"""

import asyncio
import contextlib
import math
import os
import struct
import wave
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.line_rig import LabPost, RealDesk, laboratory, make_lab_pair, media, real_desk
from tests.e2e.post_rig import is_up, running
from tests.pathlab.pathlab import PathLab

PERIOD_S, LOUD_S = 1.037, 0.3
# An office allows its own post's page by policy what a click allows here (docs/operate).
PLAYS_AT_ONCE = "--autoplay-policy=no-user-gesture-required"


def write_bursts(path: Path, hertz: float, *, periods: int = 20) -> Path:
    """A tone that never stops and is loud for 0.3 s of each 1.037 s."""
    rate, step = 48_000, 2 * math.pi * hertz / 48_000
    size, loud = int(rate * PERIOD_S), int(rate * LOUD_S)
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        levels = (16_000 if at % size < loud else 900 for at in range(size * periods))
        out.writeframes(
            b"".join(
                struct.pack("<h", int(level * math.sin(step * at)))
                for at, level in enumerate(levels)
            )
        )
    return path


@dataclass
class Session:
    """The line: north stands on side a, south on side b."""

    lab: PathLab
    posts: tuple[LabPost, LabPost]
    desks: tuple[RealDesk, RealDesk]
    capture: Path = Path()

    @property
    def ways(self) -> tuple[tuple[RealDesk, RealDesk], tuple[RealDesk, RealDesk]]:
        """Speaker and listener, in both directions."""
        return self.desks, (self.desks[1], self.desks[0])

    async def both_speak(self) -> None:
        """Both officers hold their keys, and each is heard; a begun word needs silence before."""
        await asyncio.sleep(0.8)
        for desk in self.desks:  # a busy browser still plays what was said before
            await desk.comes_to_rest()
        for speaker, listener in self.ways:
            await listener.heard_after(await speaker.press())

    async def release(self) -> None:
        for desk in self.desks:
            await desk.release()

    async def settled(self) -> None:
        """Both paths are lit and both desks can speak."""
        for post in self.posts:
            await asyncio.to_thread(
                post.until,
                lambda status: (
                    status["voice"] == "ready"
                    and all(path["lamp"] == "up" for path in status["link"]["paths"])
                ),
            )

    async def media(self) -> list[dict[str, Any]]:
        """Media counters of both links."""
        return await asyncio.to_thread(media, *self.posts)

    async def concealed_ms(self) -> list[float]:
        """How much sound each browser had to invent until now, in milliseconds."""
        return [(await desk.inbound())["concealedSamples"] / 48 for desk in self.desks]


@contextlib.asynccontextmanager
async def open_session(  # noqa: PLR0913 - what a session may differ in
    folder: Path,
    chromium_path: str,
    paths: Sequence[str],
    *,
    port: int,
    nice: int = 0,
    capture: Path | None = None,
    probed: bool = False,
) -> AsyncIterator[Session]:
    """Posts, desks and a laboratory that runs them, for a block."""
    # Two tones: a browser takes its own for an echo of the other's where they are one.
    tones = [write_bursts(folder / f"{hertz}.wav", hertz) for hertz in (440, 1130)]
    with laboratory(*paths, seed=1, capture=capture) as lab:
        posts = make_lab_pair(folder, lab, port=port)
        with running(*posts):
            for post in posts:
                await asyncio.to_thread(post.until, is_up)
            options: dict[str, Any] = {"nice": nice, "flags": [PLAYS_AT_ONCE], "probed": probed}
            async with (
                real_desk(posts[0], chromium_path, tones[0], **options) as north,
                real_desk(posts[1], chromium_path, tones[1], **options) as south,
            ):
                for desk in (north, south):
                    await desk.ready()
                yield Session(lab, posts, (north, south), capture or Path())


def machine() -> str:
    """The load of this machine now, for a table."""
    return f"{os.getloadavg()[0]:.1f}"
