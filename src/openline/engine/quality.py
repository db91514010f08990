"""Speech quality by the E-model, ITU-T G.107: what is measured, as one figure R (spec/check, 7).

Default values of G.107 stand for everything that a desk cannot measure; echo is taken as cancelled.
Delay and loss are those of the way that is judged.
"""

import math
from typing import Final, Literal

R_IDEAL: Final = 93.2
"""G.107 with all defaults: nothing but the line's own noise."""

IE: Final = 0.0
BPL: Final = 25.1
"""G.113 has no values for Opus; those of G.711 with packet loss concealment stand in."""

_DELAY_FREE_MS: Final = 100.0
_R_MAX: Final = 100.0
MOS_MAX: Final = 4.5

DELAY_TARGET_MS: Final = 200.0
DELAY_WARN_MS: Final = 250.0
DELAY_ALARM_MS: Final = 400.0
R_ALARM: Final = 70.0
R_WARN: Final = 80.0

Level = Literal["unknown", "good", "fair", "warn", "alarm"]


def delay_impairment(delay_ms: float) -> float:
    """Idd of G.107: what absolute one-way delay costs; nothing up to 100 ms."""
    if delay_ms <= _DELAY_FREE_MS:
        return 0.0
    x = math.log2(delay_ms / _DELAY_FREE_MS)
    whole, third = (1 + x**6) ** (1 / 6), (1 + (x / 3) ** 6) ** (1 / 6)
    return float(25 * (whole - 3 * third + 2))


def loss_impairment(loss: float, *, ie: float = IE, bpl: float = BPL) -> float:
    """Ie,eff of G.107 for random loss.

    Args:
        loss: share of packets, 0 to 1, that was concealed.
        ie: impairment of the codec without loss.
        bpl: its robustness against loss.
    """
    percent = 100 * min(1.0, max(0.0, loss))
    return ie + (95 - ie) * percent / (percent + bpl)


def r_value(delay_ms: float, loss: float, *, ie: float = IE, bpl: float = BPL) -> float:
    """R, 0 to 100, for a one-way mouth-to-ear delay in milliseconds and a share of loss."""
    r = R_IDEAL - delay_impairment(max(0.0, delay_ms)) - loss_impairment(loss, ie=ie, bpl=bpl)
    return min(_R_MAX, max(0.0, r))


def mos(r: float) -> float:
    """Mean opinion score of a listener, 1 to 4.5, for an R (G.107, Annex B)."""
    if r <= 0:
        return 1.0
    if r >= _R_MAX:
        return MOS_MAX
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def delay_level(delay_ms: float | None) -> Level:
    """How a delay is judged: to 200 ms good, above 250 a warning, above 400 an alarm."""
    if delay_ms is None:
        return "unknown"
    if delay_ms > DELAY_ALARM_MS:
        return "alarm"
    if delay_ms > DELAY_WARN_MS:
        return "warn"
    return "fair" if delay_ms > DELAY_TARGET_MS else "good"


def quality_level(r: float | None) -> Level:
    """How an R is judged: below 70 an alarm, below 80 a warning."""
    if r is None:
        return "unknown"
    if r < R_ALARM:
        return "alarm"
    return "warn" if r < R_WARN else "good"
