"""Two parties that exchange sealed texts by the rules, or otherwise."""

from dataclasses import dataclass, field, replace
from typing import Any

from openline.record.exchange import (
    Exchange,
    ExchangeBook,
    Opening,
    SealEntry,
    Terms,
    commit_body,
    commitment,
    open_body,
    pad,
    reveal_body,
    seal_entry,
)
from tests.unit.record.makers import Pair, seed

TERMS = Terms(
    language="en", title="Sonar contact", size=512, until_s=1_800_000_000, default="No contact."
)
SALTS = (seed("salt", 0), seed("salt", 1))
WORDS = ("Bearing 041.", "Bearing 043.")


@dataclass
class Line:
    """Two parties that exchange; ``swap`` makes the other one begin."""

    swap: bool = False
    pair: Pair = field(default_factory=lambda: Pair().founded())
    exchange: bytes = b""

    def party(self, who: int) -> int:
        return 1 - who if self.swap else who

    def write(self, who: int, kind: str, body: bytes, **changes: Any) -> SealEntry:  # noqa: ANN401 - any field
        party = self.party(who)
        raw = self.pair.make(party, kind, body, **changes)
        self.pair.add(party, raw)
        found = seal_entry(party, raw[0], body)
        assert found is not None
        return found

    def open(self, who: int = 0, terms: Terms = TERMS) -> bytes:
        self.exchange = self.write(who, "seal-open", open_body(terms)).leaf_hash
        return self.exchange

    def sealed(self, who: int, **changes: Any) -> bytes:  # noqa: ANN401 - any argument
        values: dict[str, Any] = {
            "line": self.pair.genesis.line,
            "exchange": self.exchange,
            "party": self.party(who),
            "salt": SALTS[who],
            "padded": pad("en", WORDS[who], TERMS.size),
        }
        return commitment(**(values | changes))

    def commit(self, who: int, sealed: bytes = b"", **changes: Any) -> SealEntry:  # noqa: ANN401 - any field
        body = commit_body(self.exchange, sealed or self.sealed(who))
        return self.write(who, "seal-commit", body, **changes)

    def opening(self, who: int, **changes: Any) -> Opening:  # noqa: ANN401 - any field
        opening = Opening(
            exchange=self.exchange,
            salt=SALTS[who],
            padded=pad("en", WORDS[who], TERMS.size),
            receipt=b"",
        )
        if "receipt" not in changes:
            changes["receipt"] = self.pair.receipt(self.party(who))
        return replace(opening, **changes)

    def reveal(self, who: int, opening: Opening | None = None, **changes: Any) -> SealEntry:  # noqa: ANN401 - any field
        return self.write(who, "seal-reveal", reveal_body(opening or self.opening(who)), **changes)

    def entries(self) -> list[SealEntry]:
        given = [
            seal_entry(log, leaf, body)
            for log in (0, 1)
            for leaf, _, body in self.pair.entries[log]
        ]
        return [entry for entry in given if entry is not None]

    def book(self) -> ExchangeBook:
        logs = self.pair.record.logs
        book = ExchangeBook(self.pair.genesis, lambda log, size: logs[log].tree.root_at(size))
        book.take_all(self.entries())
        return book

    def voids(self) -> list[tuple[int, str]]:
        """Void entries as (who, code)."""
        return [(self.party(void.log), void.code) for void in self.book().voids]

    def both_committed(self) -> None:
        self.open()
        self.commit(0)
        self.commit(1)

    def half(self, who: int) -> Any:  # noqa: ANN401 - Half
        (found,) = self.book().exchanges.values()
        assert isinstance(found, Exchange)
        return found.halves[self.party(who)]
