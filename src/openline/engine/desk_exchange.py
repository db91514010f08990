"""What a post shows of sealed exchanges to its desks (spec/exchange)."""

from dataclasses import dataclass
from typing import Literal

from openline.record.exchange import Terms

HalfWord = Literal["none", "committed", "held", "revealed"]
"""Of one side: no commitment; it stands in the log; the other side holds it; its text is here."""

ExchangeWord = Literal["committing", "revealing", "both_revealed", "over"]
"""``over``: the deadline is past by this post's clock and not both revealed before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfView:
    """One side's part of an exchange.

    Attributes:
        text, lang: what it revealed. late: it came here after the deadline, by this post's clock.
        defaulted: it committed and no reveal of it was here in time: by the terms it counts as
            the default. Why it did not reveal is not known here.
    """

    state: HalfWord
    text: str = ""
    lang: str = ""
    late: bool = False
    defaulted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeView:
    """One exchange.

    Attributes:
        item: the entry that opened it, ``a-12``. size: of every padded text, bytes.
        until_s: the last second in time, since 1970. lang: of title and default.
        may_commit, may_reveal: this side's officer may do it now.
        why: code of why this side cannot reveal although it committed, or "".
    """

    item: str
    opener: Literal["own", "peer"]
    title: str
    lang: str
    size: int
    until_s: int
    default: str
    state: ExchangeWord
    own: HalfView
    peer: HalfView
    may_commit: bool
    may_reveal: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitTo:
    """An officer commits to a text in the exchange that the entry ``item`` opened."""

    item: str
    lang: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """An officer reveals what this side committed to there."""

    item: str


ExchangeAct = Terms | CommitTo | Reveal
"""What an officer may do: open an exchange on these terms, commit, reveal."""
