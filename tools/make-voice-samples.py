# ruff: noqa: INP001  # a script, not a package
"""Make the demo's two voice samples with espeak-ng: `.venv/bin/python tools/make-voice-samples.py`.

The sentences are neutral, and the voice is a machine's and shown as such. The
files are committed, so that nobody needs espeak-ng to see the demo. Silence
before the first sound is cut away, because the demo measures from the talk key
to the first sound at the far desk, and a sample that begins with silence would
be counted against the line.
"""

import io
import subprocess
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).parents[1] / "src/openline/app/demo/samples"
RATE = 16_000
# language of the page: (voice, words per minute, sentence)
SENTENCES = {
    "en": ("en-gb", 160, "Line check. This is a synthetic voice. How do you hear me?"),
    "zh-Hans": (
        "cmn-latn-pinyin",  # espeak-ng 1.51 spells Chinese characters out as English letters
        175,
        "xian4lu4 jian3cha2, zhe4 shi4 he2cheng2 yu3yin1, ni3 ting1de5 qing1chu5 ma5?",
    ),
}
PEAK = 0.6
FIRST_SOUND = 0.02  # of the peak
LEAD_SAMPLES = 32  # 2 ms, faded in, so that the first sample does not click


def spoken(voice: str, speed: int, sentence: str) -> tuple[NDArray[np.float64], int]:
    """Return what espeak-ng says, at its own rate."""
    made = subprocess.run(  # noqa: S603  # fixed words, no shell
        ("espeak-ng", "-v", voice, "-s", str(speed), "--stdout", sentence),  # noqa: S607  # wherever it is installed
        capture_output=True,
        check=True,
    ).stdout
    with wave.open(io.BytesIO(made)) as file:
        frames = file.readframes(file.getnframes())
        return np.frombuffer(frames, "<i2").astype(np.float64) / 32768, file.getframerate()


def resampled(sound: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Bring to RATE by cutting the spectrum: exact for a band-limited signal."""
    spectrum = np.fft.rfft(sound)
    size = round(len(sound) * RATE / rate)
    return np.fft.irfft(spectrum[: size // 2 + 1], size) * (size / len(sound))


def trimmed(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut silence off both ends, fade the edges and set the peak."""
    sound = sound * (PEAK / np.abs(sound).max())
    loud = np.flatnonzero(np.abs(sound) > FIRST_SOUND * PEAK)
    sound = sound[max(0, loud[0] - LEAD_SAMPLES) : loud[-1] + RATE // 20]
    sound[:LEAD_SAMPLES] *= np.linspace(0, 1, LEAD_SAMPLES)
    sound[-LEAD_SAMPLES:] *= np.linspace(1, 0, LEAD_SAMPLES)
    return sound


def main() -> None:
    """Write one file per language."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for language, (voice, speed, sentence) in SENTENCES.items():
        sound = trimmed(resampled(*spoken(voice, speed, sentence)))
        with wave.open(str(FOLDER / f"{language}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((sound * 32767).astype("<i2").tobytes())
        print(f"{language}.wav: {len(sound) / RATE:.2f} s")  # noqa: T201  # a tool for people


if __name__ == "__main__":
    main()
