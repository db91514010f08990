"""The sound of a desk without a browser: levels, the moment of hearing, files."""

import wave
from pathlib import Path

import pytest

from openline.errors import VoiceError
from openline.headless import BLOCK_SIZE, RATE_HERTZ, HeadlessDesk, Meter, load_wav, make_tone
from openline.headless.sound import TalkTrack

SILENCE = bytes(BLOCK_SIZE)


def blocks(samples: bytes) -> list[bytes]:
    return [samples[at : at + BLOCK_SIZE] for at in range(0, len(samples), BLOCK_SIZE)]


def test_a_meter_hears_once_after_silence() -> None:
    heard: list[float] = []
    meter = Meter(heard.append)
    loud = blocks(make_tone(0.1))
    now_s = 0.0
    for block in [*loud, *[SILENCE] * 14, *loud, *[SILENCE] * 15, *loud]:
        meter.take(block, now_s)
        now_s += 0.02
    assert heard == pytest.approx([0.0, (5 + 14 + 5 + 15) * 0.02])


def test_a_meter_measures() -> None:
    meter = Meter(lambda _now_s: None)
    meter.take(blocks(make_tone(0.02, dbfs=-6))[0], 0)
    assert meter.level_dbfs == pytest.approx(-9.0, abs=0.3)
    assert meter.peak_lsb == pytest.approx(16_400, abs=100)
    meter.take(SILENCE, 0)
    assert meter.level_dbfs == -100
    meter.take(b"", 0)
    meter.reset_peak()
    assert meter.peak_lsb == 0


def test_a_whisper_is_not_heard() -> None:
    heard: list[float] = []
    meter = Meter(heard.append)
    for block in blocks(make_tone(1, dbfs=-51)):
        meter.take(block, 0)
    assert heard == []


def test_a_file_is_brought_to_one_channel_and_48_kilohertz(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((2, 2, 16_000, 0, "NONE", ""))
        out.writeframes(b"\x00\x10\x00\x10" * 16_000)
    samples = load_wav(path)
    assert len(samples) // 2 == pytest.approx(RATE_HERTZ, abs=100)


@pytest.mark.parametrize("content", [b"", b"RIFF nonsense", bytes(1000)])
def test_a_file_that_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "voice.wav"
    path.write_bytes(content)
    with pytest.raises(VoiceError, match=r"headless\.sound"):
        load_wav(path)
    with pytest.raises(VoiceError, match=r"headless\.sound"):
        load_wav(tmp_path / "missing.wav")


@pytest.mark.asyncio
async def test_speech_and_silence_have_one_size() -> None:
    track = TalkTrack()
    quiet = [len(bytes(await track.recv())) for _ in range(5)]
    track.play(make_tone(0.1))
    assert not track.idle
    loud = [len(bytes(await track.recv())) for _ in range(5)]
    await track.drained()
    assert set(quiet + loud) == {80}
    track.stop()


@pytest.mark.asyncio
async def test_what_is_queued_can_be_dropped() -> None:
    track = TalkTrack()
    track.play(make_tone(1))
    track.hush()
    assert track.idle
    track.stop()


@pytest.mark.asyncio
async def test_a_desk_that_is_not_connected_says_so() -> None:
    desk = HeadlessDesk()
    offer = await desk.offer()
    assert offer == await desk.offer()
    assert "a=rtpmap:111 opus/48000/2" in offer
    with pytest.raises(VoiceError, match=r"headless\.not_connected"):
        await desk.talk(make_tone(0.1))
    with pytest.raises(VoiceError, match=r"headless\.not_connected"):
        await desk.wait_connected(timeout_s=0.05)
    for nonsense in ("", "nonsense", "x" * 20_000):
        with pytest.raises(VoiceError, match=r"headless\.answer"):
            await desk.answer(nonsense)
    await desk.close()
