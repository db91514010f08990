"""Replies in text that were promised in calls and have not come, from the accounts in the record.

The promise is the promising side's: its own account says so, or ours says that it told us; what
the other side says of us binds nobody. Within a start the monotonic clock says when it is due,
after a restart a wall label does, and is called one (spec/call, section 8).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from openline.engine import alarms
from openline.engine.alarms import Alarms
from openline.engine.call_views import PromiseView
from openline.engine.context import Context
from openline.engine.ports import StoredEntry
from openline.errors import OpenlineError
from openline.protocol.accounts import Account, parse_account
from openline.protocol.clock import Now
from openline.record.bodies import KIND_CALL, KIND_TEXT
from openline.record.entry import parse_entry

OPEN_MAX: Final = 64
FRESH_MS: Final = 60_000
_CALL_MARK: Final = bytes((0x60 | len(KIND_CALL),)) + KIND_CALL.encode()
_TEXT_MARK: Final = bytes((0x60 | len(KIND_TEXT),)) + KIND_TEXT.encode()
"""How a kind stands in a leaf: most of a long record need not be parsed."""


@dataclass(slots=True)
class _Promise:
    """One of them.

    Attributes:
        log: who promised. after: a text of that log beyond this index keeps it.
        due_ms: monotonic; None after a restart.
    """

    item: str
    log: int
    after: int
    due_wall_ms: int
    due_ms: int | None

    def overdue(self, now: Now) -> bool:
        if self.due_ms is not None:
            return now.mono_ms >= self.due_ms
        return now.wall_ms >= self.due_wall_ms


class Promises:
    """The open ones."""

    __slots__ = ("_alarms", "_ctx", "_kept", "_open")

    def __init__(self, ctx: Context, alarms_: Alarms) -> None:
        """None; :meth:`rebuild` reads the record."""
        self._ctx = ctx
        self._alarms = alarms_
        self._open: dict[bytes, _Promise] = {}
        self._kept: dict[bytes, int] = {}
        """Index of the text that kept it."""

    def rebuild(self, entries: tuple[tuple[StoredEntry, ...], tuple[StoredEntry, ...]]) -> None:
        """Read them from what the disk holds."""
        both = [entry for half in entries for entry in half if entry.index > 0]
        for entry in both:
            if _CALL_MARK in entry.leaf:
                self._account(entry, None)
        for entry in both:
            if self._open and _TEXT_MARK in entry.leaf:
                self._text(entry)

    def committed(self, entries: Iterable[StoredEntry], now: Now) -> bool:
        """The record grew; True if something changed."""
        before = dict(self._open)
        for entry in entries:
            if _CALL_MARK in entry.leaf:
                self._account(entry, now)
            if self._open and _TEXT_MARK in entry.leaf:
                self._text(entry)
        return before != self._open

    def tick(self, now: Now) -> None:
        """Let time pass: what is overdue is an alarm on both sides."""
        late = [promise for promise in self._open.values() if promise.overdue(now)]
        if not late:
            self._alarms.clear(alarms.REPLY_OVERDUE)
            return
        own = sum(promise.log == self._ctx.own for promise in late)
        self._alarms.raise_(alarms.REPLY_OVERDUE, now, own=own, peer=len(late) - own)

    def view(self, now: Now) -> tuple[PromiseView, ...]:
        """All that are open, oldest first."""
        return tuple(
            PromiseView(
                item=promise.item,
                whose="own" if promise.log == self._ctx.own else "peer",
                due_wall_ms=promise.due_wall_ms,
                overdue=promise.overdue(now),
                label=promise.due_ms is None,
            )
            for promise in self._open.values()
        )

    # --- inside --------------------------------------------------------------------------------

    def _account(self, entry: StoredEntry, now: Now | None) -> None:
        parsed = parse_entry(entry.leaf)
        if parsed.claims.kind != KIND_CALL or entry.body is None:
            return
        try:
            account = parse_account(entry.body)
        except OpenlineError:
            return  # kept and shown; it promises nothing
        if not account.promises:
            return
        if account.role == "called":
            self._promised(entry, entry.log, entry.index, account, now)
        elif entry.log == self._ctx.own and account.tag not in self._open:
            after = parsed.claims.seen_n - 1  # what we held before it is no answer to it
            self._promised(entry, 1 - entry.log, after, account, now)

    def _promised(
        self, entry: StoredEntry, log: int, after: int, account: Account, now: Now | None
    ) -> None:
        tag = account.tag
        if self._kept.get(tag, -1) > after:
            return
        item, due_s = f"{'ab'[entry.log]}-{entry.index}", account.due_s or 0
        known = self._open.get(tag)
        if known is not None and known.log == log:
            known.item, known.after = item, after
            return
        own = entry.log == self._ctx.own
        given_wall_ms = account.end_ms if own else entry.first_wall_ms
        if own and now is not None and not 0 <= now.wall_ms - given_wall_ms <= FRESH_MS:
            now = None  # it came back from a backup: when it was given, only its label says
        self._open[tag] = _Promise(
            item,
            log,
            after,
            given_wall_ms + 1000 * due_s,
            None if now is None else now.mono_ms + 1000 * due_s,
        )
        if len(self._open) > OPEN_MAX:
            del self._open[next(iter(self._open))]

    def _text(self, entry: StoredEntry) -> None:
        if parse_entry(entry.leaf).claims.kind != KIND_TEXT:
            return
        kept = [
            tag
            for tag, promise in self._open.items()
            if promise.log == entry.log and entry.index > promise.after
        ]
        for tag in kept:
            del self._open[tag]
            self._kept[tag] = entry.index
        while len(self._kept) > 4 * OPEN_MAX:
            del self._kept[next(iter(self._kept))]
