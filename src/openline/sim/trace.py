"""What happened in a run: told line by line, digested whole, the end of it kept for people."""

import hashlib
from collections import deque
from typing import Final

from openline.sim.agenda import Agenda

LINES_KEPT: Final = 120


class Violation(Exception):  # noqa: N818 a finding of the simulation, not a fault of it
    """A rule that was broken."""

    def __init__(self, rule: str, what: str) -> None:
        """``rule`` is its name in docs/simulation.md."""
        super().__init__(f"{rule}: {what}")
        self.rule: Final = rule
        self.what: Final = what


class Trace:
    """Logical events of one run.

    Two digests are kept: of everything that must replay, and of its shape alone (no key, no hash),
    which is the same when the parties are swapped.
    """

    def __init__(self, agenda: Agenda) -> None:
        """Nothing happened yet."""
        self._agenda = agenda
        self._all = hashlib.sha256()
        self._shape = hashlib.sha256()
        self._tail: deque[str] = deque(maxlen=LINES_KEPT)
        self.lines = 0

    def say(self, who: str, what: str, exact: bytes = b"") -> None:
        """One event.

        Args:
            who: role, or "" for what concerns both.
            what: words and numbers that say nothing of keys.
            exact: bytes that must be the same in a replay.
        """
        line = f"{self._agenda.now_ms:>7} {who:<1} {what}"
        data = line.encode()
        self._shape.update(data + b"\n")
        self._all.update(data + exact + b"\n")
        self._tail.append(line)
        self.lines += 1

    @property
    def digest(self) -> str:
        """Of everything."""
        return self._all.hexdigest()

    @property
    def shape(self) -> str:
        """Of what is the same when the parties are swapped."""
        return self._shape.hexdigest()

    def tail(self) -> tuple[str, ...]:
        """The last events."""
        return tuple(self._tail)
