"""The meter of the end-to-end tests tells one tone from another."""

import math

from tests.e2e.meter import loudest, tone_dbfs

RATE = 48_000


def sine(hertz: float, level: float, count: int = 9_600) -> list[float]:
    return [level * math.sin(2 * math.pi * hertz * at / RATE) for at in range(count)]


def test_a_tone_is_found_at_its_level_and_at_no_other_frequency() -> None:
    samples = sine(440, 0.5)
    assert abs(tone_dbfs(samples, RATE, 440) + 6.0) < 0.2
    assert tone_dbfs(samples, RATE, 1130) < -40
    assert tone_dbfs([0.0] * 9_600, RATE, 440) < -100


def test_a_tone_is_found_within_silence() -> None:
    samples = [0.0] * 48_000 + sine(1130, 0.1) + [0.0] * 48_000
    assert loudest(samples, RATE, 1130) > -21
    assert loudest(samples, RATE, 440) < -55
