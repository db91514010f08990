"""The timeline of one post: what is in the record, as a desk shows it, newest items in memory.

Order is that of the record (Lamport number, then the rule that favours no party), never a clock's.
A rung of a ladder that was reached never goes back (spec/delivery, section 8).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from openline.engine.check_pairs import CheckPairs
from openline.engine.context import Context
from openline.engine.desk import Rung, RungState, RungWord, TimelineItem
from openline.engine.draft import Pending
from openline.engine.exchange_ledger import ExchangeLedger
from openline.engine.keeper import Keeper
from openline.engine.marked import SAID, facts_of_mark, facts_of_marked, item_name, rungs_of
from openline.engine.ports import OutboxItem, StoredEntry
from openline.engine.sentences import facts_of
from openline.engine.side_by_side import SideBySide
from openline.errors import OpenlineError
from openline.protocol.clock import Now
from openline.protocol.delivery import DISCLOSURE_NONE
from openline.record import bodies
from openline.record.checks import check_part
from openline.record.entry import Entry, Statement, parse_entry, parse_statement
from openline.record.marks import Marks
from openline.record.merge import final_lamport, order_key

ITEMS_MAX: Final = 500
EVENTS_MAX: Final = 64
OUTBOX_ORDER: Final = 2**50
"""What is not yet in the record stands after all that is."""

Whose = Literal["own", "peer", "post"]

_SLACK: Final = 64
"""So many items more may stand in memory before the oldest are sorted out."""

_OPENED_MAX: Final = 4_096
_HIDDEN: Final = frozenset({bodies.KIND_SHOWN, bodies.KIND_OPENED})
_RUNGS: Final[tuple[RungWord, ...]] = ("written", "receipted", "sealed", "shown", "opened")


_NOTHING: Final = (False, False, False, False, False)


@dataclass(slots=True)
class _Line:
    """One item, where it stands in the record, and what of it was reached when.

    Attributes:
        reached: final, receipted, sealed, shown, opened.
    """

    item: TimelineItem
    log: int
    index: int
    lamport: int
    times: dict[RungWord, int | None]
    reached: tuple[bool, ...] = _NOTHING


class Timeline:
    """The newest items, and the ladders of the texts among them."""

    def __init__(self, ctx: Context, keeper: Keeper, ledger: ExchangeLedger) -> None:
        """An empty timeline; :meth:`rebuild` fills it. ``ledger`` is ahead of it."""
        self._ctx = ctx
        self._keeper = keeper
        self._ledger = ledger
        self._lines: dict[str, _Line] = {}
        self._outbox: dict[str, TimelineItem] = {}
        self._salts: dict[bytes, str] = {}
        """What waits in the outbox, by its salt: that of the entry which it becomes."""
        self._events: dict[str, TimelineItem] = {}
        self._counter = 0
        self._shown = [0, 0]
        """By log: texts up to this index were shown at the other side's desk."""
        self._opened: tuple[set[int], set[int]] = (set(), set())
        self._marks = Marks()
        self._calls = SideBySide()
        self._check_pairs = CheckPairs()

    def rebuild(self, entries: tuple[tuple[StoredEntry, ...], tuple[StoredEntry, ...]]) -> None:
        """Make the items anew from what the disk holds."""
        newest = [entry for half in entries for entry in half[-ITEMS_MAX:] if entry.index > 0]
        older = [entry for half in entries for entry in half[-4 * ITEMS_MAX : -ITEMS_MAX]]
        for entry in older:
            if entry.index > 0:
                self._note_rungs(entry, parse_entry(entry.leaf))
        for entry in newest:
            parsed = parse_entry(entry.leaf)
            self._note_rungs(entry, parsed)
            line = self._enter(entry, parsed, "", entry.first_wall_ms)
            if line is not None:
                self._lay_beside(line, entry)
        self._trim()
        self._refresh_all(None)
        entered = {entry.salt for entry in entries[self._ctx.own]}
        for pending in self._keeper.pending:
            if pending.item.salt not in entered:
                self.waiting(pending.item)

    def items(self, limit: int) -> tuple[TimelineItem, ...]:
        """The newest items, oldest first."""
        found = sorted((line.item for line in self._lines.values()), key=_order)[-ITEMS_MAX:]
        found += [*self._outbox.values(), *self._events.values()]
        found.sort(key=_order)
        return tuple(found[-limit:] if limit > 0 else ())

    def waiting(self, item: OutboxItem) -> TimelineItem | None:
        """A text went to the outbox; returns its item."""
        if item.kind != bodies.KIND_TEXT:
            return None
        self._counter += 1
        made = self._text_item(
            f"outbox-{item.item}", item.body, self._ctx.own, item.written_wall_ms
        )
        made = replace(
            made,
            order=(OUTBOX_ORDER, self._counter),
            officer=self._codes(self._ctx.own, map(parse_statement, item.statements)),
            drill=item.drill,
            ladder=self._ladder({"written": item.written_wall_ms}),
        )
        self._outbox[item.item] = made
        self._salts[item.salt] = item.item
        return made

    def event(self, kind: str, now: Now, **facts: str | int | bool) -> TimelineItem:
        """Something happened here that is not in the record."""
        self._counter += 1
        lamport = max(log.lamport for log in self._keeper.record.logs)
        item = TimelineItem(
            id=f"event-{self._counter}",
            whose="post",
            kind="event",
            wall_ms=now.wall_ms,
            order=(lamport, 1 + self._counter),
            facts={"event": kind, **facts},
        )
        self._events[item.id] = item
        while len(self._events) > EVENTS_MAX:
            del self._events[next(iter(self._events))]
        return item

    def committed(
        self, entries: list[StoredEntry], authored: list[tuple[int, Pending]], now: Now
    ) -> tuple[TimelineItem, ...]:
        """The record grew, or more of it is proved; returns the items that are new or changed."""
        came_from = {index: pending.item.item for index, pending in authored}
        changed: dict[str, TimelineItem] = {}
        for entry in entries:
            parsed = parse_entry(entry.leaf)
            marked = self._note_rungs(entry, parsed)
            if marked in self._lines:
                self._renew(self._lines[marked], now)
                changed[marked] = self._lines[marked].item
            old = ""
            if entry.log == self._ctx.own:
                # An old backup's outbox may hold what was entered since, and comes back as entry.
                waited = self._salts.pop(entry.salt, "")
                old = came_from.get(entry.index, waited)
            shown_before = self._outbox.pop(old, None)
            replaces = shown_before.id if shown_before else ""
            line = self._enter(entry, parsed, replaces, now.wall_ms)
            if line is not None:
                changed[line.item.id] = line.item
                for each in self._lay_beside(line, entry):
                    changed[each.item.id] = each.item
        for line in self._refresh_all(now):
            changed[line.item.id] = line.item
        self._trim()
        return tuple(self._lines[name].item for name in changed if name in self._lines)

    def newest_text(self, log: int) -> int:
        """Index of the newest text of that log in memory, or 0."""
        return max(
            (
                line.index
                for line in self._lines.values()
                if line.log == log and line.item.kind == bodies.KIND_TEXT
            ),
            default=0,
        )

    def shown(self, log: int) -> int:
        """Texts of that log up to this index are reported as shown."""
        return self._shown[log]

    def find(self, name: str) -> tuple[int, int, bool] | None:
        """Log, index and whether it was opened, of the text item of that id."""
        line = self._lines.get(name)
        if line is None or line.item.kind != bodies.KIND_TEXT:
            return None
        return line.log, line.index, line.index in self._opened[line.log]

    # --- inside --------------------------------------------------------------------------------

    def _note_rungs(self, entry: StoredEntry, parsed: Entry) -> str:
        """What one side says of the other's texts; the item that it marks, or ""."""
        place = self._marks.take(parsed.claims, entry.body)
        if entry.body is None or place is not None:
            return "" if place is None else item_name(*place)
        kind, other = parsed.claims.kind, 1 - entry.log
        newest = parsed.claims.seen_n - 1
        try:
            # What its author did not hold when it wrote, it can have neither shown nor opened.
            if kind == bodies.KIND_SHOWN:
                upto = min(newest, bodies.parse_shown(entry.body))
                self._shown[other] = max(self._shown[other], upto)
            elif kind == bodies.KIND_OPENED and len(self._opened[other]) < _OPENED_MAX:
                index = bodies.parse_opened(entry.body)
                if index <= newest:
                    self._opened[other].add(index)
        except OpenlineError:
            pass  # a body that does not fit its kind stands in the record and says nothing
        return ""

    def _enter(
        self, entry: StoredEntry, parsed: Entry, replaces: str, wall_ms: int
    ) -> _Line | None:
        if parsed.claims.kind in _HIDDEN:
            return None
        name = item_name(entry.log, entry.index)
        item = self._item(name, entry, parsed, wall_ms)
        lamport = parsed.claims.lamport
        item = replace(
            item,
            order=order_key(self._ctx.genesis, entry.log, lamport),
            drill=parsed.claims.drill,
            officer=self._codes(entry.log, parsed.statements),
            replaces=replaces,
        )
        line = _Line(item, entry.log, entry.index, lamport, {"written": item.wall_ms})
        self._renew(line, None)
        self._lines[name] = line
        return line

    def _lay_beside(self, line: _Line, entry: StoredEntry) -> list[_Line]:
        """How an account of a call, or a result of a check, stands to the other side's.

        Returns the lines whose facts were set.
        """
        name, kind = line.item.id, line.item.kind
        if kind == bodies.KIND_CALL:
            other = self._calls.enter(name, entry.log, entry.body)
            said = {each: self._calls.facts(each) for each in (name, other)}
        else:
            said = self._check_pairs.take(entry.log, name, check_part(kind, entry.body))
        found = [self._lines[each] for each in said if each in self._lines]
        for each in found:
            each.item = replace(each.item, facts=each.item.facts | said[each.item.id])
        return found

    def _item(self, name: str, entry: StoredEntry, parsed: Entry, wall_ms: int) -> TimelineItem:
        kind = parsed.claims.kind
        if kind == bodies.KIND_TEXT and entry.body is not None:
            try:
                return self._text_item(name, entry.body, entry.log, wall_ms)
            except OpenlineError:
                pass  # kept, and shown as what it is: an entry whose body does not fit
        return TimelineItem(
            id=name,
            whose=self._whose(entry.log),
            kind=kind,
            wall_ms=wall_ms,
            order=(0, 0),
            facts=self._facts(kind, entry),
        )

    def _facts(self, kind: str, entry: StoredEntry) -> dict[str, str | int | bool]:
        exchanged = self._ledger.facts(kind, entry.log, entry.index)
        if exchanged is not None:
            return exchanged
        marks = facts_of_mark(kind, entry.log, entry.body)
        found = marks or facts_of(kind, entry.body)
        if kind == bodies.KIND_REVOKE:  # names a key; people know the watch code
            officers = self._keeper.record.logs[entry.log].officers
            keys = {officer.key.hex(): officer.code for officer in officers}
            return {"code": keys.get(str(found.get("officer", "")), "?")}
        return found

    def _text_item(self, name: str, body: bytes, log: int, wall_ms: int) -> TimelineItem:
        text = bodies.parse_text(body)
        return TimelineItem(
            id=name,
            whose=self._whose(log),
            kind=bodies.KIND_TEXT,
            wall_ms=wall_ms,
            order=(0, 0),
            text=text.text,
            lang=text.language,
            facts={"answers": item_name(1 - log, text.answers)} if text.answers else {},
        )

    def _whose(self, log: int) -> Whose:
        return "own" if log == self._ctx.own else "peer"

    def _codes(self, log: int, statements: Iterable[Statement]) -> str:
        state = self._keeper.record.logs[log]
        codes = [
            officer.code
            for statement in statements
            for officer in state.officers
            if officer.kid == statement.kid
        ]
        return " ".join(dict.fromkeys(codes))

    def _refresh_all(self, now: Now | None) -> list[_Line]:
        """Bring ladders and finality up to date; returns what changed.

        This runs after every commit over all lines in memory, so each is first held against a few
        numbers; only where the answer differs is an item made anew.
        """
        shelf = self._keeper.shelf
        receipted = [shelf.receipt(log)[0] for log in (0, 1)]
        sealed = [shelf.sealed(log) for log in (0, 1)]
        shown, opened = self._shown, self._opened
        final = final_lamport(self._keeper.record)
        changed: list[_Line] = []
        for line in self._lines.values():
            log, index = line.log, line.index
            reached = (
                line.lamport <= final,
                index < receipted[log],
                index < sealed[log],
                index <= shown[log],
                index in opened[log],
            )
            if reached != line.reached:
                # A rung that was reached is never taken back, whatever the numbers say later.
                line.reached = tuple(
                    new or old for new, old in zip(reached, line.reached, strict=True)
                )
                self._renew(line, now)
                changed.append(line)
        return changed

    def _renew(self, line: _Line, now: Now | None) -> None:
        """Make the item anew from what was reached."""
        ladder: tuple[Rung, ...] = ()
        marked = self._marks.of(line.log, line.index)
        if marked is not None:
            line.item = replace(
                line.item, facts=line.item.facts | facts_of_marked(marked, line.log)
            )
        if line.item.kind == bodies.KIND_TEXT:
            for rung, reached in zip(_RUNGS[1:], line.reached[1:], strict=True):
                if reached:
                    line.times.setdefault(rung, None if now is None else now.wall_ms)
            for said in rungs_of(marked) if marked is not None else ():
                line.times.setdefault(said, None if now is None else now.wall_ms)
            ladder = self._ladder(line.times)
        line.item = replace(line.item, final=line.reached[0], ladder=ladder)

    def _ladder(self, reached: dict[RungWord, int | None]) -> tuple[Rung, ...]:
        silent = self._ctx.genesis.disclosure == DISCLOSURE_NONE
        rungs = []
        for name in _RUNGS:
            state: RungState = "done" if name in reached else "waiting"
            if silent and name in ("shown", "opened") and state == "waiting":
                state = "not_reported"
            rungs.append(Rung(name=name, state=state, wall_ms=reached.get(name)))
        rungs += [Rung(name=n, state="done", wall_ms=reached[n]) for n in SAID if n in reached]
        return tuple(rungs)

    def _trim(self) -> None:
        """Keep the newest items."""
        extra = len(self._lines) - ITEMS_MAX
        if extra > _SLACK:
            oldest = sorted(self._lines, key=lambda name: self._lines[name].item.order)[:extra]
            for name in oldest:
                line = self._lines.pop(name)
                self._opened[line.log].discard(line.index)


def _order(item: TimelineItem) -> tuple[int, int]:
    return item.order
