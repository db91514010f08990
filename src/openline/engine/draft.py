"""One transaction in the making, and what is done once it is durable."""

from dataclasses import dataclass, field

from openline.engine.ports import OutboxItem, StoredEntry, StoredNote, Writes
from openline.protocol.frames import FrameClass

Mark = tuple[tuple[int, int], tuple[int, int]]


@dataclass(slots=True)
class Pending:
    """Something that waits to enter the own log.

    Attributes:
        item: the statement or machine entry. desk, request: who asked, to be answered.
        durable: it stands in the outbox on disk.
    """

    item: OutboxItem
    desk: bytes | None = None
    request: str = ""
    durable: bool = False


@dataclass(slots=True)
class Draft:
    """Collected while a transaction is made; kept while it is in flight.

    Attributes:
        mark: where the record in memory goes back to if the transaction fails.
        authored: own entries with what they came from. outboxed: what went to the outbox.
        frames: to be sent after the commit, in order.
    """

    expect: tuple[int, int]
    mark: Mark
    entries: list[StoredEntry] = field(default_factory=list)
    notes: list[StoredNote] = field(default_factory=list)
    authored: list[tuple[int, Pending]] = field(default_factory=list)
    outboxed: list[Pending] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    evidence: list[tuple[str, bytes, int]] = field(default_factory=list)
    meta: dict[str, bytes] = field(default_factory=dict)
    frames: list[tuple[FrameClass, bytes]] = field(default_factory=list)
    entry_bytes: int = 0
    ticket: int = 0

    @property
    def empty(self) -> bool:
        """Nothing to write."""
        return not (
            self.entries
            or self.notes
            or self.outboxed
            or self.removed
            or self.evidence
            or self.meta
        )

    def add(self, entry: StoredEntry) -> None:
        """Take an entry in."""
        self.entries.append(entry)
        self.entry_bytes += len(entry.leaf) + len(entry.salt) + len(entry.body or b"")

    def writes(self) -> Writes:
        """The transaction."""
        return Writes(
            expect=self.expect,
            entries=tuple(self.entries),
            notes=tuple(self.notes),
            outbox_add=tuple(pending.item for pending in self.outboxed),
            outbox_remove=tuple(self.removed),
            evidence=tuple(self.evidence),
            meta=dict(self.meta),
        )
