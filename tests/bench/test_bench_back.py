"""Speech back: after outages, a killed post, a reloaded page, a lost device; the delay after it.

The officer at the other end presses again and again, as one does. From the moment at which speech
could be back (the paths restored, the post answering, the page told to reload, the device gone) to
the first sound in the far page's worklet; then the mouth-to-ear delay of 10 s, beside that before.
Part of ``make bench-voice`` (cells ``back-``); both directions in turn.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from openline.app.demo.figures import spread
from tests.bench.rig import NICE, hurry, hurry_posts
from tests.bench.test_bench_matrix import mouth_to_ear_of, open_device, wanted
from tests.e2e.line_rig import RealDesk, say
from tests.e2e.session import Session, machine, open_session

pytestmark = [
    pytest.mark.bench,
    pytest.mark.asyncio,
    pytest.mark.needs_root,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(900),
]

PORT = 26160
PRESS_S, RAISE_S = 0.2, 0.03
BACK_S_MAX = 30.0
NORMAL_S = 9.0
Act = Callable[[Session, int], Awaitable[float]]


async def now_ms(desk: RealDesk) -> float:
    return float(await desk.page.evaluate("Date.now()"))


async def outage(session: Session, seconds: float) -> float:
    session.lab.cut("all")
    await asyncio.sleep(seconds)
    session.lab.restore("all")
    return await now_ms(session.desks[0])


async def short(session: Session, _way: int) -> float:
    return await outage(session, 1.0)


async def long(session: Session, _way: int) -> float:
    return await outage(session, 30.0)


async def killed(session: Session, way: int) -> float:
    post = session.posts[1 - way]
    await asyncio.to_thread(post.kill)
    await asyncio.to_thread(post.start)
    hurry_posts(post)
    return await now_ms(session.desks[0])


async def reloaded(session: Session, way: int) -> float:
    listener = session.ways[way][1]
    began = await now_ms(listener)
    await listener.page.reload(wait_until="commit")
    return began


async def device(session: Session, way: int) -> float:
    speaker = session.ways[way][0]
    await speaker.press()
    await asyncio.sleep(0.5)
    await speaker.audio.evaluate("lineMicrophone.getTracks()[0].dispatchEvent(new Event('ended'))")
    await speaker.release()
    await asyncio.sleep(0.6)
    return await now_ms(speaker)


CASES: dict[str, tuple[Act, int]] = {
    "outage of 1 s": (short, 1000),
    "outage of 30 s": (long, 1000),
    "far post killed": (killed, 1000),
    "far page reloaded": (reloaded, 1500),
    "own device lost": (device, 1000),
}


async def heard_again(way: tuple[RealDesk, RealDesk], since: float) -> float:
    """Press until heard; milliseconds from ``since``."""
    speaker, listener = way
    end = asyncio.get_running_loop().time() + BACK_S_MAX
    heard = f"globalThis.line?.seen.heard.find((at) => at > {since}) ?? 0"
    while asyncio.get_running_loop().time() < end:
        await speaker.page.keyboard.down("Space")
        for _ in range(round(PRESS_S / 0.02)):
            await asyncio.sleep(0.02)
            if at := await listener.page.evaluate(heard):
                await speaker.release()
                return float(at) - since
        await speaker.release()
        await asyncio.sleep(RAISE_S)
    pytest.fail(f"not heard again: {await speaker.told()}")


async def test_speech_back_and_delay_after_it(chromium_path: str, tmp_path: Path) -> None:
    if not wanted("back"):
        return
    rows = []
    paths = ["delay=50"] * 2
    async with open_session(
        tmp_path, chromium_path, paths, port=PORT, nice=NICE, probed=True
    ) as session:
        assert session.lab.forwarder is not None
        hurry(session.lab.forwarder.pid)
        hurry_posts(*session.posts)
        await open_device(session)
        before = spread(await mouth_to_ear_of(session, NORMAL_S))
        for name, (act, gate) in CASES.items():
            took = []
            for way in (0, 1):
                await session.settled()
                await asyncio.sleep(1.0)
                took.append(await heard_again(session.ways[way], await act(session, way)))
            if name == "far page reloaded":
                await open_device(session)
            after = spread(await mouth_to_ear_of(session, NORMAL_S))
            shown = " / ".join(f"{ms:.0f}" for ms in took)
            rows.append(
                f"| {name} | {shown} | {gate} | {after['median']} (p99 {after['p99']},"
                f" n {after['n']}) | {machine()} |"
            )
    say(f"\nmouth to ear before: {before['median']} (p99 {before['p99']}, n {before['n']})")
    say("| event | to south / to north, ms | gate | mouth to ear within 10 s | load |")
    say("|---|---|---|---|---|")
    for row in rows:
        say(row)
