"""The link as our own probes show it (spec/handshake, section 5).

UP is earned: an authenticated round trip younger than 2 s. After that the link is UNSURE, after
10 s DOWN. Only the monotonic clock decides. The state says nothing about a cause: a cut, a fault
and a refusal look alike from here.
"""

from enum import StrEnum
from typing import Final

from openline.protocol.clock import Now

UP_MS: Final = 2_000
DOWN_MS: Final = 10_000


class LinkState(StrEnum):
    """What our own probes show."""

    DOWN = "DOWN"
    UNSURE = "UNSURE"
    UP = "UP"


class LinkInput(StrEnum):
    """What moves the link."""

    ROUND_TRIP = "round trip"
    AGED_2_S = "2 s without"
    AGED_10_S = "10 s without"


TRANSITIONS: Final = {
    (LinkState.DOWN, LinkInput.ROUND_TRIP): LinkState.UP,
    (LinkState.DOWN, LinkInput.AGED_2_S): LinkState.DOWN,
    (LinkState.DOWN, LinkInput.AGED_10_S): LinkState.DOWN,
    (LinkState.UNSURE, LinkInput.ROUND_TRIP): LinkState.UP,
    (LinkState.UNSURE, LinkInput.AGED_2_S): LinkState.UNSURE,
    (LinkState.UNSURE, LinkInput.AGED_10_S): LinkState.DOWN,
    (LinkState.UP, LinkInput.ROUND_TRIP): LinkState.UP,
    (LinkState.UP, LinkInput.AGED_2_S): LinkState.UNSURE,
    (LinkState.UP, LinkInput.AGED_10_S): LinkState.DOWN,
}


class Liveness:
    """Age of the newest authenticated round trip."""

    __slots__ = ("_contact", "_state")

    def __init__(self) -> None:
        """DOWN: nothing was heard yet."""
        self._state = LinkState.DOWN
        self._contact: int | None = None

    @property
    def state(self) -> LinkState:
        """The state after the last call; call :meth:`tick` first for the state now."""
        return self._state

    def round_trip(self, now: Now) -> None:
        """A round trip was authenticated just now."""
        self._contact = now.mono_ms
        self._state = TRANSITIONS[self._state, LinkInput.ROUND_TRIP]

    def tick(self, now: Now) -> LinkState:
        """The state at ``now``."""
        age = self.age_ms(now)
        if age is not None and age >= DOWN_MS:
            self._state = TRANSITIONS[self._state, LinkInput.AGED_10_S]
        elif age is not None and age >= UP_MS:
            self._state = TRANSITIONS[self._state, LinkInput.AGED_2_S]
        return self._state

    def age_ms(self, now: Now) -> int | None:
        """Milliseconds since the newest round trip, or None if there was none."""
        return None if self._contact is None else max(0, now.mono_ms - self._contact)
