"""Two sides' entries about one thing, laid side by side in the timeline; nobody merges them."""

from typing import Final

from openline.record.checks import CheckPart, Result, compare

PAIRS_MAX: Final = 256
Facts = dict[str, str | int | bool]


class CheckPairs:
    """The results of line checks, by check."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        """None yet."""
        self._held: dict[bytes, dict[int, tuple[str, Result]]] = {}

    def take(self, log: int, name: str, part: CheckPart | None) -> dict[str, Facts]:
        """A side's entry is there; what to say at each item that it concerns, by item id."""
        if not isinstance(part, Result):
            return {}
        both = self._held.setdefault(part.check, {})
        both[log] = (name, part)
        while len(self._held) > PAIRS_MAX:
            del self._held[next(iter(self._held))]
        results = [both[side][1] if side in both else None for side in (0, 1)]
        word, differs = compare(results[0], results[1])
        facts: Facts = {"compare": word, "differs": " ".join(differs)}
        return {item: facts for item, _ in both.values()}
