"""The sealed exchanges of the record, as far as they are durable here, and when each entry came."""

from collections.abc import Iterable
from typing import Final

from openline.engine.ports import StoredEntry
from openline.record.exchange import KINDS, Exchange, ExchangeBook, seal_entry
from openline.record.log import Record

Facts = dict[str, str | int | bool]


class ExchangeLedger:
    """The book of exchanges over the durable record."""

    def __init__(self, record: Record) -> None:
        """Nothing yet; :meth:`take` reads entries."""
        self.book: Final = ExchangeBook(
            record.genesis, lambda log, size: record.logs[log].tree.root_at(size)
        )
        self._first: dict[tuple[int, int], int] = {}
        self._voids: dict[tuple[int, int], str] = {}

    def take(self, entries: Iterable[StoredEntry]) -> bool:
        """Entries that are durable, in any order of the logs; True if one is of an exchange."""
        given = []
        for stored in entries:
            entry = seal_entry(stored.log, stored.leaf, stored.body)
            if entry is not None:
                given.append(entry)
                self._first[entry.log, entry.index] = stored.first_wall_ms
        before = len(self.book.voids)
        self.book.take_all(given)
        for void in self.book.voids[before:]:
            self._voids[void.log, void.index] = void.code
        return bool(given)

    def first_s(self, log: int, index: int) -> int:
        """When this post first held that entry, in seconds of its own clock."""
        return self._first.get((log, index), 0) // 1000

    def named(self, item: str) -> Exchange | None:
        """The exchange that the entry ``a-12`` opened."""
        letter, _, number = item.partition("-")
        if letter not in ("a", "b") or not (number.isascii() and number.isdigit()):
            return None
        found = self.book.places.get(("ab".index(letter), int(number[:19])))
        return found if found is not None and name(found) == item else None

    def facts(self, kind: str, log: int, index: int) -> Facts | None:
        """What a line of the timeline says of an entry; None if it is of another kind."""
        if kind not in KINDS:
            return None
        found = self.book.places.get((log, index))
        if found is None:
            return {"void": self._voids.get((log, index), "")}
        facts: Facts = {"exchange": name(found), "title": found.terms.title}
        if index == found.halves[log].reveal_index:
            facts |= {"text": found.halves[log].text, "lang": found.halves[log].language}
        return facts


def name(exchange: Exchange) -> str:
    """How people call an exchange: the entry that opened it."""
    return f"{'ab'[exchange.log]}-{exchange.index}"
