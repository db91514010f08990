"""What a check of the kit is, and how it ends."""

from collections.abc import Callable
from dataclasses import dataclass

from openline.app.conformance.peer import Peer


class BrokenClauseError(Exception):
    """The tested post does not do what a clause says.

    Attributes:
        clause: of docs/spec, document and section. detail: what was seen instead.
    """

    def __init__(self, clause: str, detail: str) -> None:
        """See the class."""
        super().__init__(f"{clause}: {detail}")
        self.clause, self.detail = clause, detail


class NotSeenError(Exception):
    """A check found no occasion, or could not be made; its reason is a word for programs."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: stable, for ``--only`` and the report. clauses: what it holds the post against.
        run: raises `BrokenClauseError` or `NotSeenError`.
        breach: it makes the kit break the record for good: it runs only when it is named.
    """

    name: str
    clauses: tuple[str, ...]
    run: Callable[[Peer], None]
    breach: bool = False


def need(holds: object, clause: str, detail: str) -> None:
    """Say that a clause is broken unless this holds. Raises BrokenClauseError."""
    if not holds:
        raise BrokenClauseError(clause, detail)
