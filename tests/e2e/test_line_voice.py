"""The whole line with real desks: two posts and two Chromium pages over two paths of 50 ms.

Nothing is replaced: ``openline run`` in each namespace, the shipped pages by
their launch addresses, keys pressed, a microphone that always hears a loud tone.
"""

import asyncio
from pathlib import Path

import pytest

from tests.e2e.line_rig import (
    RealDesk,
    laboratory,
    load,
    make_lab_pair,
    media,
    pick_up,
    real_desk,
    say,
    summary,
)
from tests.e2e.post_rig import PostProcess, is_up, running, settle
from tests.e2e.voice_rig import write_tone
from tests.pathlab.pathlab import PathLab

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.needs_root,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(400),
]

PICK_UPS = 10
SILENCE_LSB_MAX = 4
SILENCE_S = 30.0
PAUSE_S = 0.9
PORT = 26000


async def says_at_both(north: RealDesk, south: RealDesk, text: str) -> None:
    """One desk writes; its own page shows every rung up to the seal, the other page the text."""
    await north.write(text)
    items = "[...document.querySelectorAll('.item.k-text')]"
    item = f"{items}.find((e) => e.textContent.includes({text!r}))"
    await north.until(f"({item})?.querySelectorAll('.ladder .g-done').length >= 3")
    await south.until(f"({item}) !== undefined")


async def test_two_real_desks_over_two_paths(
    chromium_path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Two tones: a browser takes its own for an echo of the other's where they are one.
    tones = [write_tone(tmp_path / f"{hertz}.wav", hertz=hertz) for hertz in (440, 1130)]
    with laboratory("delay=50", "delay=50") as lab:
        posts = make_lab_pair(tmp_path, lab, port=PORT)
        with running(*posts):
            for post in posts:
                assert post.until(is_up)["link"]["tls_group"] == "X25519MLKEM768"
            async with (
                real_desk(posts[0], chromium_path, tones[0]) as north,
                real_desk(posts[1], chromium_path, tones[1]) as south,
            ):
                desks = (north, south)
                for desk in desks:
                    await desk.ready()
                await silent(desks, 5.0)  # COLD: no microphone was ever opened
                await heard_both_ways(desks, capsys)
                await silent(desks, SILENCE_S)  # ARMED: the microphone is open and hears the tone
                await cut_in_mid_word(lab, posts, desks)
                await says_at_both(north, south, "Fishing boat 4 drifts east.")
                await says_at_both(south, north, "Understood, 4 is ours.")
                await asyncio.to_thread(settle, *posts)
                for desk in desks:
                    assert desk.faults == []
                    assert desk.strangers() == []


async def silent(desks: tuple[RealDesk, RealDesk], seconds: float) -> None:
    """With every key up, what each desk decodes is silence."""
    await asyncio.sleep(PAUSE_S)
    for desk in desks:
        assert (await desk.page.evaluate("line.seen.state.mic")) != "LIVE"
        await desk.comes_to_rest()
    peaks = await asyncio.gather(*(desk.peak(seconds) for desk in desks))
    assert max(peaks) <= SILENCE_LSB_MAX, peaks


async def heard_both_ways(
    desks: tuple[RealDesk, RealDesk], capsys: pytest.CaptureFixture[str]
) -> None:
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(PICK_UPS):
        for way, (speaker, listener) in enumerate((desks, desks[::-1])):
            took[way].append(await pick_up(speaker, listener))
            await asyncio.sleep(PAUSE_S)
    with capsys.disabled():
        for name, values in zip(("north to south", "south to north"), took, strict=True):
            say(f"pick-up to heard, {name}, T = 50 ms: {summary(values)} ms; load {load()}")
    for speaker, listener in (desks, desks[::-1]):
        pressed = await speaker.press()  # the meter that proves silence hears speech
        await listener.heard_after(pressed)
        loud = await listener.peak(1.0)
        await speaker.release()
        assert loud > 1000
        await asyncio.sleep(PAUSE_S)
        assert (await speaker.page.evaluate("line.seen.state.mic")) == "ARMED"


async def cut_in_mid_word(
    lab: PathLab, posts: tuple[PostProcess, PostProcess], desks: tuple[RealDesk, RealDesk]
) -> None:
    """A path cut while an officer speaks takes no media frame with it."""
    north, south = desks
    before = await asyncio.to_thread(media, *posts)
    pressed = await north.press()
    await south.heard_after(pressed)
    lab.cut(0)
    await asyncio.sleep(2.0)
    dead = await asyncio.to_thread(posts[0].status)
    assert [path["lamp"] for path in dead["link"]["paths"]] == ["dead", "up"]
    assert dead["link"]["state"] == "UP"
    assert await south.page.evaluate("line.far()") > -30
    lab.restore(0)
    await north.release()
    await asyncio.to_thread(
        posts[0].until, lambda status: all(p["lamp"] == "up" for p in status["link"]["paths"])
    )
    await asyncio.sleep(1.0)
    after = await asyncio.to_thread(media, *posts)
    for one, two in zip(before, after, strict=True):
        assert two["lost"] - one["lost"] == 0
        assert two["received"] - one["received"] > 100
