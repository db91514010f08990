"""Two desks on each side of a whole line, then a third, and one too many.

Real posts on loopback, the shipped pages, one Chromium whose microphone always hears a
loud tone. Volumes are at zero: a browser would take what it plays for an echo.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser
from typing_extensions import override

from tests.e2e.line_rig import INSTRUMENT, RealDesk
from tests.e2e.post_rig import PostProcess, is_up, make_pair, running
from tests.e2e.voice_rig import chromium, write_tone

pytestmark = [pytest.mark.asyncio, pytest.mark.needs_chromium, pytest.mark.timeout(180)]

SILENCE_LSB_MAX = 4
MEDIA = 3
PIECE = 26


class Recorded(PostProcess):
    """A post that writes down what crosses its link, and what goes between its own desks."""

    @property
    def frames(self) -> Path:
        return self.root.parent / f"{self.root.name}.frames"

    @override
    def start(self, *, wait: bool = True) -> None:
        with (self.root.parent / f"{self.root.name}.out").open("wb") as out:
            module = ["-m", "tests.e2e.recording_post", str(self.root), str(self.frames)]
            self.process = subprocess.Popen(
                [sys.executable, *module], stdout=out, stderr=subprocess.STDOUT
            )
        if wait:
            self.until(lambda _status: True)

    def lines(self, key: str) -> list[dict[str, str]]:
        found = [json.loads(line) for line in self.frames.read_text("ascii").splitlines()]
        return [line for line in found if key in line]


class Desk(RealDesk):
    """One of several desks of a post."""

    async def slot(self) -> int:
        return int(await self.page.evaluate("JSON.parse(sessionStorage['openline.seat']).slot"))

    async def quiet(self) -> None:
        """Nothing comes out of this machine's loudspeaker; what is decoded is measured before."""
        await self.page.evaluate(
            "(v => { v.value = 0; v.dispatchEvent(new Event('input')); })"
            "(document.getElementById('volume'))"
        )

    async def mic(self, word: str) -> None:
        await self.until(f"line.seen.state?.mic === '{word}'")

    async def becomes_principal(self) -> None:
        """A page that still knows itself a listener opens no microphone: wait for the post."""
        await self.page.select_option("#role", "principal")
        await self.until("document.querySelector('#talk-why').textContent === ''")

    async def hears(self) -> None:
        await self.until("line.far() > -30", 10)

    async def private(self, *, down: bool) -> None:
        if down:
            await self.page.hover("#private-key")
            await self.page.mouse.down()
        else:
            await self.page.mouse.up()


@asynccontextmanager
async def seated(browser: Browser, post: PostProcess) -> AsyncIterator[Desk]:
    context = await browser.new_context(viewport={"width": 1366, "height": 1000})
    await context.add_init_script(path=INSTRUMENT)
    desk = Desk(await context.new_page(), post)
    desk.page.on("pageerror", lambda error: desk.faults.append(str(error)))
    try:
        await desk.sign_in()
        await desk.quiet()
        yield desk
    finally:
        await context.close()


async def joined(post: PostProcess, *pairs: int) -> None:
    await asyncio.to_thread(
        post.until, lambda status: set(pairs) <= set(status["voice_relay"]["pairs"])
    )


async def says(speaker: Desk, hearers: tuple[Desk, ...], deaf: Desk) -> None:
    """Every far desk hears the speaker; its own neighbour has nothing of it in its far sound."""
    await speaker.press()
    await speaker.mic("LIVE")
    await asyncio.gather(*(desk.hears() for desk in hearers))
    assert await deaf.page.evaluate("line.far()") < -60
    await speaker.release()
    await speaker.mic("ARMED")
    for desk in hearers:
        await desk.until("line.far() < -80")


async def says_in_private(speaker: Desk, neighbour: Desk, far: tuple[Desk, ...]) -> None:
    """The neighbour hears it, behind a gate that it sees; what both far desks decode is silence."""
    await asyncio.gather(*(desk.until("line.far() < -80") for desk in far))
    await speaker.private(down=True)
    await speaker.mic("PRIVATE")
    await neighbour.until("line.seen.levels.at(-1)?.private > -30", 10)
    await neighbour.until("line.seen.state.output.private_gate")
    await neighbour.until("document.querySelector('#desks').innerText.includes('PRIVATE')")
    assert "LIVE" not in await speaker.page.inner_text("#voice .mic")
    peaks = await asyncio.gather(*(desk.peak(1.5) for desk in far))
    assert max(peaks) <= SILENCE_LSB_MAX, peaks
    assert await neighbour.page.evaluate("line.far()") < -60
    await speaker.private(down=False)
    await speaker.mic("ARMED")
    await neighbour.until("line.seen.levels.at(-1)?.private < -80")


async def test_two_desks_on_each_side(chromium_path: str, tmp_path: Path) -> None:
    posts = tuple(Recorded(post.folder, post.desk_port) for post in make_pair(tmp_path))
    north, south = posts
    tone = write_tone(tmp_path / "tone.wav")
    with running(*posts):
        for post in posts:
            post.until(is_up)
        async with (
            chromium(chromium_path, tone) as browser,
            seated(browser, north) as n0,
            seated(browser, south) as s0,
            seated(browser, north) as n1,
            seated(browser, south) as s1,
        ):
            desks = (n0, s0, n1, s1)
            assert [await desk.slot() for desk in desks] == [0, 0, 1, 1]
            for desk in desks:
                await desk.until("line.seen.state?.pc === 'connected'")
                await desk.until("line.seen.state?.private_pc === 'connected'")
            for post in posts:
                await joined(post, 0, 1, 3, 4)
            await s1.becomes_principal()
            await says(n0, (s0, s1), n1)
            await says(s1, (n0, n1), s0)
            await says_in_private(n1, n0, (s0, s1))
            await says_in_private(s0, s1, (n0, n1))
            await a_reload_keeps_its_seat(n1, (s0, s1), n0)
            await one_too_many(browser, north, n1, (s0, s1), n0)
            for desk in desks:
                assert desk.faults == []
    for post in posts:
        nothing_private_crossed(post)


async def a_reload_keeps_its_seat(desk: Desk, far: tuple[Desk, ...], neighbour: Desk) -> None:
    await desk.page.reload()
    await desk.until("document.title.includes('LINK UP')")
    await desk.page.click("#foot")
    await desk.quiet()
    await desk.until("line.seen.state?.pc === 'connected'")
    assert await desk.slot() == 1
    await desk.becomes_principal()
    await desk.page.click(".elsewhere button")  # its neighbour has the call
    await desk.until("document.querySelector('.elsewhere') === null")
    await says(desk, far, neighbour)


async def one_too_many(
    browser: Browser, post: PostProcess, second: Desk, far: tuple[Desk, ...], neighbour: Desk
) -> None:
    """A third page sits down; the next is refused in words, and takes a named seat over."""
    async with seated(browser, post) as third:
        assert await third.slot() == 2
        context = await browser.new_context(viewport={"width": 1366, "height": 1000})
        await context.add_init_script(path=INSTRUMENT)
        seventh = Desk(await context.new_page(), post)
        answers = await asyncio.to_thread(post.ask, "desk-url")
        await seventh.page.goto(answers[0]["url"])
        await seventh.page.wait_for_selector(".take-seat")
        assert "ALL THREE DESKS OF THIS SIDE ARE TAKEN" in await seventh.page.inner_text("#strips")
        assert await third.page.evaluate("document.title.includes('LINK UP')")
        await seventh.page.click(".take-seat >> nth=1")
        await second.until(
            "document.querySelector('#strips').innerText.includes('ANOTHER PAGE HAS TAKEN')"
        )
        await seventh.until("document.title.includes('LINK UP')")
        await seventh.page.click("#foot")
        await seventh.quiet()
        assert await seventh.slot() == 1
        assert await seventh.page.input_value("#role") == "principal", (
            "the seat's role goes with it"
        )
        await seventh.until("line.seen.state?.pc === 'connected'")
        await says(seventh, far, neighbour)
        await context.close()


def nothing_private_crossed(post: Recorded) -> None:
    """In no frame of the link is a datagram that went between two desks of one side."""
    private = {bytes.fromhex(line["private"]) for line in post.lines("private")}
    sources = {data[8:12] for data in private if data[0] >= 128 and not 192 <= data[1] <= 223}
    assert len(private) > 200
    assert len(sources) >= 2
    cells = 0
    for line in post.lines("body"):
        body = bytes.fromhex(line["body"])
        if int(line["class"]) == MEDIA:
            cells += 1
            piece = body[PIECE : PIECE + int.from_bytes(body[24:26], "big")]
            assert piece not in private
            assert piece[8:12] not in sources
            assert body[1] in {0, 1, 2, 3, 4, 5, 6, 7}
        else:
            assert not any(data in body for data in sources), line
    assert cells > 1000
