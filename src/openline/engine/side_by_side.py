"""The two accounts of each call in the timeline, laid side by side (spec/call, section 10)."""

from dataclasses import dataclass
from typing import Final

from openline.engine.sentences import Facts
from openline.errors import OpenlineError
from openline.protocol.accounts import Account, compare, parse_account
from openline.protocol.call import Outcome

CALLS_MAX: Final = 2_048


@dataclass(frozen=True, slots=True)
class _Written:
    name: str
    account: Account


class SideBySide:
    """Accounts by the tag of their call; of each log the first of a tag counts."""

    __slots__ = ("_by_tag", "_tags")

    def __init__(self) -> None:
        """None."""
        self._by_tag: dict[bytes, dict[int, _Written]] = {}
        self._tags: dict[str, bytes] = {}

    def enter(self, name: str, log: int, body: bytes | None) -> str:
        """An account came; returns the item of the other side whose facts changed, or ""."""
        try:
            account = parse_account(body) if body is not None else None
        except OpenlineError:
            account = None  # kept and shown as it is; there is nothing to lay beside it
        if account is None or account.outcome == Outcome.NO_CONTACT:
            return ""
        both = self._by_tag.setdefault(account.tag, {})
        if log in both:
            return ""
        both[log] = _Written(name, account)
        self._tags[name] = account.tag
        if len(self._by_tag) > CALLS_MAX:
            for written in self._by_tag.pop(next(iter(self._by_tag))).values():
                self._tags.pop(written.name, None)
        other = both.get(1 - log)
        return other.name if other is not None else ""

    def facts(self, name: str) -> Facts:
        """``compare`` and ``differs`` of that item; nothing where there is nothing to compare."""
        both = self._by_tag.get(self._tags.get(name, b""), {})
        mine = next((item for item in both.values() if item.name == name), None)
        if mine is None:
            return {}
        other = next((item.account for item in both.values() if item is not mine), None)
        found = compare(mine.account, other)
        return {"compare": found.word, "differs": " ".join(found.differs)}
