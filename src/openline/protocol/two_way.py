"""Open both ways: the consents of two officers, each its own act (spec/call, section 7).

Each side numbers its consents within a call. What was open is over as soon as either consent is:
the other lapses with it, and only a new number, a new act, opens again.
"""

from dataclasses import dataclass
from typing import Final, Literal

ASK_MS: Final = 30_000
"""An unanswered consent lapses then, by the clock of either side."""

CONSENTS_MAX: Final = 65_535
TwoWayWord = Literal["none", "asked_here", "asked_there", "open"]


@dataclass(slots=True)
class TwoWay:
    """Both consents as one side knows them.

    Attributes:
        own, peer: that consent stands. own_n, peer_n: its number, 0 before the first.
        own_until_ms, peer_until_ms: unanswered, it lapses then (monotonic, this side's clock).
        void: consents of the peer up to this number count no more.
    """

    own: bool = False
    own_n: int = 0
    own_until_ms: int = 0
    peer: bool = False
    peer_n: int = 0
    peer_until_ms: int = 0
    void: int = 0

    @property
    def open(self) -> bool:
        """Both consents stand."""
        return self.own and self.peer

    @property
    def word(self) -> TwoWayWord:
        """As a desk shows it."""
        if self.open:
            return "open"
        if self.own:
            return "asked_here"
        return "asked_there" if self.peer else "none"

    def consent(self, now_ms: int) -> bool:
        """Our officer consents, or asks; True if that is new."""
        if self.own or self.own_n >= CONSENTS_MAX:
            return False
        self.own, self.own_n, self.own_until_ms = True, self.own_n + 1, now_ms + ASK_MS
        return True

    def withdraw(self) -> bool:
        """Our officer no longer consents, or wants none; True if something stood."""
        stood = self.own or self.peer
        if self.peer and not self.own:
            # A refusal has a number too: who asked must learn that the asking is over.
            self.own_n = min(CONSENTS_MAX, self.own_n + 1)
        self.own = self.peer = False
        self.void = self.peer_n
        return stood

    def peer_says(self, consents: bool, number: int, now_ms: int) -> bool:  # noqa: FBT001 - the pair as it came
        """The peer's word; True if something changed here."""
        if number < self.peer_n:
            return False
        before = (self.own, self.peer)
        renewed = number > self.peer_n
        ended = self.open and (renewed or not consents)
        # A number that was not heard: a consent come and gone, or a refusal. Ours was for before.
        refused = renewed and (not consents or number > self.peer_n + 1)
        if ended or refused:
            self.own = False
        self.peer_n = number
        self.peer = consents and number > self.void
        if renewed:
            self.peer_until_ms = now_ms + ASK_MS
        return (self.own, self.peer) != before

    def lapse(self, now_ms: int) -> bool:
        """Let time pass; True if an unanswered consent lapsed."""
        if self.open:
            return False
        if self.own and now_ms >= self.own_until_ms:
            self.own = False
            return True
        if self.peer and now_ms >= self.peer_until_ms:
            self.peer, self.void = False, self.peer_n
            return True
        return False
