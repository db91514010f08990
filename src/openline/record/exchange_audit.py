"""What an evidence bundle proves of the sealed exchanges in it (spec/exchange, section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from openline.record.exchange import Exchange, ExchangeBook, Half

TimeWord = Literal["none", "in_time", "late", "not_proved"]
"""Of a reveal: there is none here; a receipt proves that it came in time; a receipt proves that it
came too late; the receipts leave it open. None of them says why."""


class Bounds(Protocol):
    """Of one entry: its interval by the clock of the other party, seconds, and its receipt."""

    @property
    def receipted(self) -> bool:
        """The other party provably holds it."""

    @property
    def not_before_s(self) -> int | None:
        """It was written after this."""

    @property
    def not_after_s(self) -> int | None:
        """It was written before this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfReport:
    """One party's part.

    Attributes:
        commit, reveal: index in that party's log, or None. held: the commitment is receipted.
        time: of the reveal. text, language: what was revealed.
    """

    commit: int | None
    held: bool
    reveal: int | None
    time: TimeWord
    text: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeReport:
    """One exchange.

    Attributes:
        log, index: of its ``seal-open``. halves: by party.
    """

    log: int
    index: int
    title: str
    until_s: int
    default: str
    halves: tuple[HalfReport, HalfReport]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidReport:
    """An entry that does not count in any exchange, and the code of why."""

    log: int
    index: int
    code: str


def exchange_reports(
    book: ExchangeBook, bounds: Mapping[tuple[int, int], Bounds]
) -> tuple[tuple[ExchangeReport, ...], tuple[VoidReport, ...]]:
    """What counts and what is void, oldest first.

    Args:
        book: every exchange of the bundle.
        bounds: of each entry, by log and index.
    """
    found = sorted(book.exchanges.values(), key=lambda item: (item.index, item.log))
    reports = tuple(
        ExchangeReport(
            log=each.log,
            index=each.index,
            title=each.terms.title,
            until_s=each.terms.until_s,
            default=each.terms.default,
            halves=(_half(each, 0, bounds), _half(each, 1, bounds)),
        )
        for each in found
    )
    voids = tuple(VoidReport(log=void.log, index=void.index, code=void.code) for void in book.voids)
    return reports, voids


def _half(exchange: Exchange, party: int, bounds: Mapping[tuple[int, int], Bounds]) -> HalfReport:
    half: Half = exchange.halves[party]
    held = half.commit_index is not None and bounds[party, half.commit_index].receipted
    time: TimeWord = "none"
    if half.reveal_index is not None:
        time = _time(exchange.terms.until_s, bounds[party, half.reveal_index])
    return HalfReport(
        commit=half.commit_index,
        held=held,
        reveal=half.reveal_index,
        time=time,
        text=half.text,
        language=half.language,
    )


def _time(until_s: int, bounds: Bounds) -> TimeWord:
    if bounds.not_after_s is not None and bounds.not_after_s <= until_s:
        return "in_time"
    if bounds.not_before_s is not None and bounds.not_before_s > until_s:
        return "late"
    return "not_proved"
