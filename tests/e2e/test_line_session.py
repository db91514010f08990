"""One line for many tests: what an observer sees, paths that fail in mid-word, outages, reloads.

Two posts, a Chromium desk at each, two paths of 20 and 40 ms. Both directions are looked at in each
test. How long each thing takes is measured by make bench and make bench-voice; here it must happen.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.conftest import SOAK
from tests.e2e.line_rig import RealDesk, pick_up
from tests.e2e.post_rig import is_up, settle
from tests.e2e.session import Session, open_session
from tests.e2e.wire_rig import UDP, Lot, critical, distance, look

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.needs_root,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(0 if SOAK else 300),
]

PORT = 26240
SKEW_MS = 20
CONCEALED_MS_MAX = 20.0
FAULT_S, AFTER_S = 1.0, 0.6
TRIES = 4
"""The machine itself makes a browser conceal sound at times; a fault of ours does so every time."""
ALPHA = 0.001
LOOKS = 3
CELL_PACKET = 320 + 9 + 29 + 28
CELLS_PER_S_MIN = 75
SPEECH_S_MAX = 20.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(
    tmp_path_factory: pytest.TempPathFactory, chromium_path: str
) -> AsyncIterator[Session]:
    folder = tmp_path_factory.mktemp("line")
    paths = ("delay=20", f"delay={20 + SKEW_MS}")
    capture = folder / "paths.pcap"
    async with open_session(folder, chromium_path, paths, port=PORT, capture=capture) as found:
        for way in found.ways:
            await pick_up(*way)
            await asyncio.sleep(0.5)
        yield found


async def speech_is_back(session: Session, *ways: tuple[RealDesk, RealDesk]) -> None:
    """Officers press until they are heard: both ways, if none is named."""
    for speaker, listener in ways or session.ways:
        end = asyncio.get_running_loop().time() + SPEECH_S_MAX
        while asyncio.get_running_loop().time() < end:
            since = float(await listener.page.evaluate("Date.now()"))
            await speaker.page.keyboard.down("Space")
            await asyncio.sleep(0.5)
            heard = await listener.page.evaluate(f"line.seen.heard.some((at) => at > {since})")
            await speaker.page.keyboard.up("Space")
            await asyncio.sleep(0.5)
            if heard:
                break
        else:
            pytest.fail(f"not heard again\n{await speaker.told()}\n{await listener.told()}")


def odd_sizes(lot: Lot, others: Lot) -> set[int]:
    """Sizes seen more than twice in one lot and never in the other; acknowledgements aside."""
    return {size for size, count in lot.sizes.items() if count > 2 and size > 80} - set(
        others.sizes
    )


async def test_an_observer_cannot_tell_speech_from_silence(session: Session) -> None:
    """Sizes, rates, and spacings as far as 15 s can show them (3,000 of each: make bench).

    Odds of a false finding: 1 in 1,000 for each of 4 sources, and it must be found in three looks.
    """
    await session.settled()
    await asyncio.to_thread(settle, *session.posts)
    for way in session.ways:
        await pick_up(*way)  # the call is taken: its end would be written in the record
    await asyncio.sleep(1.0)
    found: list[str] = []
    lots: dict[tuple[int, str], dict[str, Lot]] = {}
    for _ in range(LOOKS):
        seen = await look(session.desks, session.capture, rounds=4, span_s=0.8, together=True)
        for place, kinds in seen.items():
            for kind, lot in kinds.items():
                lots.setdefault(place, {}).setdefault(kind, Lot()).join(lot)
        found = [leak for place, kinds in lots.items() for leak in leaks(place, kinds)]
        if not found:
            return
    pytest.fail("; ".join(found))


def leaks(place: tuple[int, str], kinds: dict[str, Lot]) -> list[str]:
    """What tells speech from silence among the packets of one source and protocol."""
    idle, speech = Lot(), Lot()
    for kind, lot in kinds.items():
        (idle if kind.startswith("idle") else speech).join(lot)
    found = []
    odd = odd_sizes(idle, speech) | odd_sizes(speech, idle)
    if odd:
        found.append(f"{place}: sizes {odd}")
    if place[0] == UDP:
        if differ(idle, speech) and not differ(kinds["idle"], kinds["idle again"]):
            found.append(f"{place}: spacing, {distance(idle.spacings_ms, speech.spacings_ms)}")
        # By our clock, not by that of a browser, which sends 50 a second.
        found += [
            f"{place}: {lot.sizes[CELL_PACKET]} cells in {lot.seconds} s"
            for lot in (idle, speech)
            if lot.sizes[CELL_PACKET] < CELLS_PER_S_MIN * lot.seconds
        ]
    return found


def differ(one: Lot, two: Lot) -> bool:
    count, other = len(one.spacings_ms), len(two.spacings_ms)
    assert min(count, other) > 100
    return distance(one.spacings_ms, two.spacings_ms) > critical(count, other, ALPHA)


@pytest.mark.parametrize("path", [0, 1])
async def test_a_path_that_fails_in_mid_word_takes_no_word_with_it(
    session: Session, path: int
) -> None:
    await session.settled()
    await session.both_speak()
    base = f"delay={20 + SKEW_MS * path},loss=0"
    for fault in ("cut", "delay=400", "loss=20"):
        hidden: list[float] = []
        for _ in range(TRIES):
            await asyncio.sleep(AFTER_S)
            concealed, counted = await session.concealed_ms(), await session.media()
            if fault == "cut":
                session.lab.cut(path)
            else:
                session.lab.set(path, fault)
            await asyncio.sleep(FAULT_S)
            session.lab.restore(path)
            session.lab.set(path, base)
            await asyncio.sleep(AFTER_S)
            for before, after in zip(counted, await session.media(), strict=True):
                assert after["lost"] - before["lost"] == 0, fault
                assert after["received"] - before["received"] > 50
            hidden = [
                after - before
                for before, after in zip(concealed, await session.concealed_ms(), strict=True)
            ]
            if max(hidden) <= CONCEALED_MS_MAX:
                break
        else:
            pytest.fail(f"{fault} of path {path}: {hidden} ms concealed in each of {TRIES} tries")
    for desk in session.desks:
        assert await desk.page.evaluate("line.far()") > -45
    await session.release()


def block_udp(session: Session, path: int, *, on: bool) -> None:
    """UDP of a path vanishes at both ends; TCP passes."""
    for namespace in session.lab.ns.values():
        subprocess.run(
            ["ip", "-n", namespace, "rule", "add" if on else "del", "pref", str(10 + path),
             "ipproto", "udp", "to", f"{session.lab.net}.{path}.0/24", "blackhole"],
            check=True,
        )  # fmt: skip


async def lamps(session: Session, *words: str) -> None:
    for post in session.posts:
        await asyncio.to_thread(
            post.until,
            lambda status: [path["lamp"] for path in status["link"]["paths"]] == list(words),
        )


async def test_speech_goes_on_where_udp_is_blocked(session: Session) -> None:
    await session.settled()
    await session.both_speak()
    counted = await session.media()
    try:
        block_udp(session, 0, on=True)
        await lamps(session, "stream", "up")
        for before, after in zip(counted, await session.media(), strict=True):
            assert after["lost"] - before["lost"] == 0
        block_udp(session, 1, on=True)
        await lamps(session, "stream", "stream")
        await session.release()
        await speech_is_back(session)  # a word that begins and ends within the streams
        await session.both_speak()
        session.lab.cut("all")
        await asyncio.sleep(FAULT_S)
        session.lab.restore("all")
        await asyncio.sleep(FAULT_S)
        await session.release()
        # What did not leave in time is gone: nothing of the word is said after it.
        for desk in session.desks:
            await desk.until("line.far() < -60", 5.0)
    finally:
        block_udp(session, 0, on=False)
        block_udp(session, 1, on=False)
    await session.settled()
    await speech_is_back(session)


AWAKE_S = 300
OUTAGES_S = [1, 30, 1200] if SOAK else [1]


@pytest.mark.parametrize("seconds", OUTAGES_S)
async def test_speech_is_back_after_an_outage(session: Session, seconds: int) -> None:
    await session.settled()
    await session.both_speak()
    session.lab.cut("all")
    for _ in range(0, seconds, AWAKE_S):
        await asyncio.sleep(min(seconds, AWAKE_S))
        for desk in session.desks:
            await desk.page.keyboard.press("Shift")  # an officer who waits: else the desk locks
    await session.release()
    session.lab.restore("all")
    await speech_is_back(session)


@pytest.mark.parametrize("number", [0, 1])
async def test_speech_is_back_after_a_post_was_killed(session: Session, number: int) -> None:
    await session.settled()
    post = session.posts[number]
    await session.both_speak()
    await asyncio.to_thread(post.kill)
    await asyncio.to_thread(post.start)
    await session.release()
    await asyncio.to_thread(post.until, is_up)
    await speech_is_back(session)


@pytest.mark.parametrize("number", [0, 1])
async def test_speech_is_back_after_a_page_was_reloaded(session: Session, number: int) -> None:
    await session.settled()
    await session.both_speak()
    await session.release()
    desk = session.desks[number]
    await desk.page.reload()
    await desk.ready()
    await speech_is_back(session)


@pytest.mark.parametrize("number", [0, 1])
async def test_speech_is_back_after_the_device_went(session: Session, number: int) -> None:
    await session.settled()
    speaker, listener = session.ways[number]
    await asyncio.sleep(0.5)
    await listener.heard_after(await speaker.press())
    # What a browser says of a headset that was pulled out.
    await speaker.audio.evaluate("lineMicrophone.getTracks()[0].dispatchEvent(new Event('ended'))")
    await speaker.until("line.seen.state.mic !== 'LIVE'")
    await speaker.release()
    await speech_is_back(session, (speaker, listener))
