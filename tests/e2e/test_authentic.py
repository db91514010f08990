"""Who speaks: the digits of a call at both desks, and a desk with a wrong certificate."""

import asyncio
from pathlib import Path

import pytest

from openline.headless import HeadlessDesk
from openline.record.bodies import KIND_CALL
from openline.record.cbor import Value, decode, encode
from openline.record.entry import decode_body, parse_entry
from openline.voice import LEGS_BYTES_MAX
from tests.e2e.hostile_peer import HostilePeer, hostile_peer
from tests.e2e.line_rig import RealDesk, real_desk
from tests.e2e.post_rig import PostProcess, is_up, make_pair, running
from tests.e2e.voice_rig import write_tone

pytestmark = [pytest.mark.asyncio, pytest.mark.needs_chromium, pytest.mark.timeout(120)]

DIGITS = "document.querySelector('details.digits output')?.textContent ?? ''"


def lie(legs: bytes) -> bytes:
    """The map of our desks with another certificate in it than the desks have."""
    told = decode(legs, LEGS_BYTES_MAX)
    assert isinstance(told, dict)
    for leg in told.values():
        assert isinstance(leg, dict)
        fingerprint = str(leg["fp"])
        leg["fp"] = ("AB" if fingerprint.startswith("AA") else "AA") + fingerprint[2:]
    forged: Value = told
    return encode(forged)


async def shows_another_certificate(hostile: HostilePeer) -> None:
    """The desk offers anew; its post announces a certificate that is not its."""
    announce = hostile.post.voice._own_legs
    hostile.post.voice._own_legs = lambda legs: announce(lie(legs))
    old, hostile.voice = hostile.voice, HeadlessDesk()
    hostile.post.front.voice_offer(hostile.desk, await hostile.voice.offer())
    await old.close()


def outcomes(post: PostProcess) -> list[object]:
    """Of the accounts of calls in the two logs, as they stand on the disk of a stopped post."""
    post.stop()
    return [
        decode_body(entry.body)["outcome"]
        for log in post.disk().entries
        for entry in log
        if entry.body is not None and parse_entry(entry.leaf).claims.kind == KIND_CALL
    ]


async def a_taken_call(desk: RealDesk, hostile: HostilePeer) -> None:
    await desk.until("line.seen.state?.pc === 'connected'")
    hostile.speak()
    await desk.until("line.far() > -40")
    await desk.page.keyboard.down("Space")
    await desk.until(f"{DIGITS} !== ''")
    await desk.page.keyboard.up("Space")


async def test_both_ends_know_the_same_digits_and_their_officer_may_say_that_they_differ(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav", hertz=1130)
    posts = make_pair(tmp_path)
    with running(posts[0]):
        async with (
            hostile_peer(posts[1]) as peer,
            real_desk(posts[0], chromium_path, tone) as desk,
        ):
            await asyncio.to_thread(posts[0].until, is_up)
            await a_taken_call(desk, peer)
            assert await desk.page.evaluate(DIGITS) == peer.digits
            await desk.page.click("details.digits summary")
            await desk.page.click("details.digits button")
            await desk.until("document.body.innerText.includes('digits or certificates differ')")
            await asyncio.to_thread(posts[0].until, lambda status: status["call"] is None)
            await asyncio.sleep(0.5)
        assert set(outcomes(posts[0])) == {"mismatch"}


async def test_a_desk_with_another_certificate_is_not_heard_and_the_call_ends_on_record(
    chromium_path: str, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "tone.wav", hertz=1130)
    posts = make_pair(tmp_path)
    with running(posts[0]):
        async with (
            hostile_peer(posts[1]) as peer,
            real_desk(posts[0], chromium_path, tone) as desk,
        ):
            await asyncio.to_thread(posts[0].until, is_up)
            await a_taken_call(desk, peer)
            await shows_another_certificate(peer)
            await desk.until("document.body.innerText.includes('digits or certificates differ')")
            await desk.until("document.querySelector('.gate.open') === null")
            assert await desk.page.evaluate("line.seen.state.pc") != "connected"
            await asyncio.sleep(0.5)
        assert set(outcomes(posts[0])) == {"mismatch"}
