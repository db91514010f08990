"""Quality: what our desks measure of what they hear, as one; and an officer's last act.

Nothing older than 10 s is shown: it is not known then (spec/check, section 7). A desk has a
connection to each far desk. The one with the longest delay speaks for all: a line is no better than
what one of them hears.
"""

import math
from typing import Final

from openline.engine.check_history import written_ms
from openline.engine.desk import Figures, QualityView
from openline.engine.ports import StoredEntry
from openline.engine.quality import delay_level, mos, quality_level, r_value
from openline.protocol.checks import DELAY_MS_MAX, PERMILLE_MAX, Hears
from openline.protocol.clock import Now
from openline.record.entry import parse_entry

FRESH_MS: Final = 10_000
SCAN_MAX: Final = 512
DESKS_MAX: Final = 64
FAR_SLOTS: Final = 3
"""Connections of a desk that lead to the far side; the others stay within its own."""
_STEP_MS: Final = 5
"""What is told of the delay is rounded: not every millisecond is worth a frame."""


class FigureRoom:
    """See the module."""

    def __init__(self, entries: tuple[tuple[StoredEntry, ...], ...], own: int) -> None:
        """From what the disk holds: when an officer of either side last signed something."""
        self._samples: dict[tuple[bytes, int], tuple[int, Figures]] = {}
        self.peer: Hears | None = None
        """The peer's word about its own desk; it stands until it says another."""
        self.own_act_ms = _last_signed(entries[own])
        self.peer_act_ms = _last_signed(entries[1 - own])

    def take(self, desk: bytes, figures: Figures, now: Now) -> None:
        """A desk's newest sample of one of its connections; only those to far desks count."""
        if not 0 <= figures.pair_slot < FAR_SLOTS:
            return
        place = (desk, figures.pair_slot)
        if place in self._samples or len(self._samples) < DESKS_MAX * FAR_SLOTS:
            self._samples[place] = (now.mono_ms, figures)

    def forget(self, desk: bytes) -> None:
        """That desk is gone."""
        for place in [place for place in self._samples if place[0] == desk]:
            del self._samples[place]

    def signed(self, entry: StoredEntry, own: int, now: Now) -> None:
        """An entry is durable here: an officer's act if one signed it."""
        parsed = parse_entry(entry.leaf)
        if not parsed.statements:
            return
        at = min(now.wall_ms, written_ms(entry, parsed.claims.claimed_ms))
        if entry.log == own:
            self.own_act_ms = max(self.own_act_ms or 0, at)
        else:
            self.peer_act_ms = max(self.peer_act_ms or 0, at)

    def _worst(self, now: Now) -> Figures | None:
        """Of what is young enough; what hears nothing now is passed over while another does."""
        fresh = [
            figures
            for at, figures in self._samples.values()
            if now.mono_ms - at < FRESH_MS and sane(figures)
        ]
        return max(fresh, key=_badness) if fresh else None

    def hears(self, now: Now) -> Hears | None:
        """What may be told the peer of what we hear."""
        figures = self._worst(now)
        lost = None if figures is None else _lost(figures)
        if figures is None or figures.mouth_to_ear_ms is None or lost is None:
            return None
        delay = _STEP_MS * round(figures.mouth_to_ear_ms / _STEP_MS)
        return Hears(
            delay_ms=min(DELAY_MS_MAX, delay), loss=min(PERMILLE_MAX, 5 * round(lost * 200))
        )

    def view(self, now: Now, *, contact: bool) -> QualityView:
        """What is known now."""
        figures, told = self._worst(now), self.peer if contact else None
        to_us = None if figures is None else figures.mouth_to_ear_ms
        to_them = None if told is None else float(told.delay_ms)
        lost = None if figures is None else _lost(figures)
        r = None if to_us is None or lost is None else round(r_value(to_us, lost), 1)
        return QualityView(
            to_us_ms=to_us,
            to_them_ms=to_them,
            loss=None if figures is None else figures.loss,
            to_them_loss=None if told is None else told.loss / PERMILLE_MAX,
            jitter_ms=None if figures is None else figures.jitter_ms,
            concealed=None if figures is None else figures.concealed,
            r=r,
            mos=None if r is None else round(mos(r), 2),
            delay_level=delay_level(to_us),
            to_them_level=delay_level(to_them),
            quality_level=quality_level(r),
            own_act_wall_ms=self.own_act_ms,
            peer_act_wall_ms=self.peer_act_ms,
        )


def sane(figures: Figures) -> bool:
    """Whether a page's figures are figures at all; what it did not measure is None."""
    shares = [share for share in (figures.loss, figures.concealed) if share is not None]
    times = [time for time in (figures.jitter_ms, figures.mouth_to_ear_ms) if time is not None]
    return all(math.isfinite(n) and n >= 0 for n in shares + times) and max(shares, default=0) <= 1


def _lost(figures: Figures) -> float | None:
    """The greater of the share lost and the share made up, as far as measured."""
    shares = [share for share in (figures.loss, figures.concealed) if share is not None]
    return max(shares, default=None)


def _badness(figures: Figures) -> tuple[float, float]:
    """By delay, then by loss; what is not measured is least."""
    delay, lost = figures.mouth_to_ear_ms, _lost(figures)
    return (-1.0 if delay is None else delay, -1.0 if lost is None else lost)


def _last_signed(half: tuple[StoredEntry, ...]) -> int | None:
    for entry in reversed(half[-SCAN_MAX:]):
        parsed = parse_entry(entry.leaf) if entry.index > 0 else None
        if parsed is not None and parsed.statements:
            return written_ms(entry, parsed.claims.claimed_ms)
    return None
