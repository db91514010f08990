"""A meter for tones: how much of a sound is one frequency (Goertzel), and where it begins."""

import math
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def tone_dbfs(samples: Sequence[float], rate: int, hertz: float) -> float:
    """Level of one frequency in samples from -1 to 1, as dB below a full-scale sine."""
    coefficient = 2 * math.cos(2 * math.pi * hertz / rate)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + coefficient * last - before
    power = before * before + last * last - coefficient * before * last
    amplitude = 2 * math.sqrt(max(power, 0.0)) / len(samples)
    return 20 * math.log10(max(amplitude, 1e-6))


def read_wav(path: Path) -> tuple[int, list[float]]:
    """Rate and samples from -1 to 1 of a WAV file of 16 bits and one channel."""
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        octets = file.readframes(file.getnframes())
        found = np.frombuffer(octets, "<i2").astype(float) / 32_768
        return file.getframerate(), found.tolist()


def loudest(samples: Sequence[float], rate: int, hertz: float, *, window_s: float = 0.2) -> float:
    """The highest level of a frequency in any window of a longer sound."""
    size = int(window_s * rate)
    starts = range(0, max(1, len(samples) - size), size)
    return max(tone_dbfs(samples[at : at + size], rate, hertz) for at in starts)
