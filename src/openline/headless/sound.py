"""Sound of a desk without a browser: a paced Opus source and a meter.

Blocks are 16 bits, little endian, one channel, 48 kHz, 20 ms (``BLOCK_SIZE``
octets). The encoder runs at a constant rate, as browsers do for us, so that
silence and speech look alike.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av.audio.codeccontext import AudioCodecContext
from av.packet import Packet
from typing_extensions import override

from openline.errors import VoiceError

if TYPE_CHECKING:
    from av.stream import Stream

RATE_HERTZ: Final = 48_000
BLOCK_SAMPLES: Final = 960
BLOCK_SIZE: Final = BLOCK_SAMPLES * 2
BLOCK_S: Final = BLOCK_SAMPLES / RATE_HERTZ
BIT_RATE: Final = 32_000
FLOOR_DBFS: Final = -100.0
HEARD_DBFS: Final = -50.0
HEARD_SILENCE_S: Final = 0.3
WAV_SECONDS_MAX: Final = 600
_SILENCE: Final = bytes(BLOCK_SIZE)
_TIME_BASE: Final = Fraction(1, RATE_HERTZ)


def load_wav(path: Path) -> bytes:
    """Decode a sound file to blocks' format, at most ten minutes of it.

    Raises:
        VoiceError: ``headless.sound`` if the file cannot be decoded.
    """
    blocks: list[bytes] = []
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE_HERTZ)
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                blocks += [part.to_ndarray().tobytes() for part in resampler.resample(frame)]
                if len(blocks) > WAV_SECONDS_MAX * RATE_HERTZ:
                    raise VoiceError("headless.sound", "longer than ten minutes")
        blocks += [part.to_ndarray().tobytes() for part in resampler.resample(None)]
    except (av.FFmpegError, IndexError, OSError) as error:
        raise VoiceError("headless.sound", str(error), path=str(path)) from error
    return b"".join(blocks)


def make_tone(seconds: float, *, hertz: float = 440.0, dbfs: float = -6.0) -> bytes:
    """A sine as samples: for tests of the line."""
    time_s = np.arange(int(seconds * RATE_HERTZ)) / RATE_HERTZ
    wave = np.sin(2 * np.pi * hertz * time_s) * 32_767 * 10 ** (dbfs / 20)
    return wave.astype("<i2").tobytes()


class TalkTrack(MediaStreamTrack):
    """Sends one Opus packet each 20 ms: of the samples queued, else of silence."""

    kind = "audio"

    def __init__(self) -> None:
        """Start silent."""
        super().__init__()
        self._queue: deque[bytes] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._blocks_sent = 0
        self._start_s: float | None = None
        encoder = av.CodecContext.create("libopus", "w")
        if not isinstance(encoder, AudioCodecContext):
            raise VoiceError("headless.sound", "no Opus encoder")
        encoder.bit_rate = BIT_RATE
        encoder.format = av.AudioFormat("s16")
        encoder.layout = av.AudioLayout("mono")
        encoder.sample_rate = RATE_HERTZ
        encoder.time_base = _TIME_BASE
        encoder.options = {"application": "voip", "vbr": "off", "frame_duration": "20"}
        self._encoder = encoder

    @property
    def idle(self) -> bool:
        """Nothing is queued: silence is sent."""
        return self._idle.is_set()

    def play(self, samples: bytes) -> None:
        """Queue samples; the last block is filled up with silence."""
        for at in range(0, len(samples), BLOCK_SIZE):
            self._queue.append(samples[at : at + BLOCK_SIZE].ljust(BLOCK_SIZE, b"\0"))
        if self._queue:
            self._idle.clear()

    def hush(self) -> None:
        """Drop what is queued: the next block is silence."""
        self._queue.clear()
        self._idle.set()

    async def drained(self) -> None:
        """Wait until everything queued was sent."""
        await self._idle.wait()

    @override
    async def recv(self) -> "Packet[Stream]":
        """The next packet, when its time has come."""
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        if self._start_s is None:
            self._start_s = loop.time()
        due_s = self._start_s + self._blocks_sent * BLOCK_S
        await asyncio.sleep(due_s - loop.time())
        packet = self._encode(self._queue.popleft() if self._queue else _SILENCE)
        if not self._queue:
            self._idle.set()
        return packet

    def _encode(self, block: bytes) -> "Packet[Stream]":
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(block, dtype="<i2").reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = RATE_HERTZ
        frame.pts = self._blocks_sent * BLOCK_SAMPLES
        frame.time_base = _TIME_BASE
        packets = self._encoder.encode(frame)
        packet: Packet[Stream] = Packet(bytes(packets[0]) if packets else b"\xf8\xff\xfe")
        packet.pts = self._blocks_sent * BLOCK_SAMPLES
        packet.time_base = _TIME_BASE
        self._blocks_sent += 1
        return packet


class Meter:
    """Level of decoded sound, and the moment when speech begins.

    Args:
        on_heard: called with the event loop's time, in seconds, of the block in
            which the first sample above -50 dBFS stands, after 300 ms below.
    """

    def __init__(self, on_heard: Callable[[float], None]) -> None:
        """Start quiet, ready to hear."""
        self._on_heard = on_heard
        self._quiet_s = HEARD_SILENCE_S
        self.level_dbfs = FLOOR_DBFS
        self.peak_lsb = 0

    def take(self, block: bytes, now_s: float) -> None:
        """Measure one block of samples."""
        samples = np.frombuffer(block, dtype="<i2").astype(np.float64)
        if samples.size == 0:
            return
        peak = int(np.abs(samples).max())
        rms = float(np.sqrt(np.mean(samples**2))) / 32_768
        self.level_dbfs = max(FLOOR_DBFS, 20 * math.log10(rms)) if rms > 0 else FLOOR_DBFS
        self.peak_lsb = max(self.peak_lsb, peak)
        if peak / 32_768 > 10 ** (HEARD_DBFS / 20):
            if self._quiet_s >= HEARD_SILENCE_S:
                self._on_heard(now_s)
            self._quiet_s = 0.0
        else:
            self._quiet_s += samples.size / RATE_HERTZ

    def reset_peak(self) -> None:
        """Forget the highest peak."""
        self.peak_lsb = 0
