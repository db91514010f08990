"""One party's log as verified so far: sizes, heads, officers, nonces, receipt bounds.

(spec/record, section 6)
"""

from bisect import bisect_right
from dataclasses import dataclass, replace

from openline.errors import RecordError
from openline.record.bodies import KIND_RULE, Changed
from openline.record.entry import Entry
from openline.record.genesis import Genesis
from openline.record.keys import key_id
from openline.record.notes import Checkpoint
from openline.record.tree import MerkleTree


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer of one party.

    Attributes:
        kid: key id. enrolled_at: index of the enrolling entry. revoked_at: index of the revoking
            entry, or None; statements after that index do not count.
    """

    kid: bytes
    key: bytes
    code: str
    enrolled_at: int
    revoked_at: int | None = None


class LogState:
    """One party's log: read-only for the outside, changed through :class:`Record`."""

    def __init__(self, genesis: Genesis, log: int) -> None:
        """A log that holds only the genesis."""
        self.genesis = genesis
        self.log = log
        self.tree = MerkleTree()
        self.tree.append(genesis.leaf_hash)
        self._lamports = [0]
        self._seen = [1]
        self._officers: list[Officer] = []
        self._rules: list[tuple[int, frozenset[str]]] = [(0, frozenset())]
        self._nonces: list[bytes] = []
        self._nonce_set: set[bytes] = set()
        self._bound_starts: list[int] = []
        self._bound_seen: list[int] = []

    @property
    def size(self) -> int:
        """Number of entries, the genesis included."""
        return self.tree.size

    @property
    def head(self) -> bytes:
        """Leaf hash of the last entry."""
        return self.tree.leaf(self.size - 1)

    @property
    def root(self) -> bytes:
        """Merkle root over all entries."""
        return self.tree.root

    @property
    def lamport(self) -> int:
        """Lamport number of the last entry."""
        return self._lamports[-1]

    @property
    def seen(self) -> int:
        """How many entries of the other log the last entry had seen."""
        return self._seen[-1]

    @property
    def origin(self) -> str:
        """The log's origin."""
        return self.genesis.origin(self.log)

    @property
    def officers(self) -> tuple[Officer, ...]:
        """All officers ever enrolled, in order."""
        return tuple(self._officers)

    @property
    def two(self) -> frozenset[str]:
        """Kinds whose next entry needs two different officers."""
        return self._rules[-1][1]

    def needs_two(self, kind: str) -> bool:
        """Whether the next entry needs two different officers; a change of the rule always does."""
        return kind == KIND_RULE or kind in self.two

    def leaf_hash(self, index: int) -> bytes:
        """Leaf hash at ``index``."""
        return self.tree.leaf(index)

    def lamport_at(self, index: int) -> int:
        """Lamport number at ``index``."""
        return self._lamports[index]

    def seen_at(self, index: int) -> int:
        """What the entry at ``index`` had seen of the other log."""
        return self._seen[index]

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        """The checkpoint at ``size``, by default at the end."""
        at = self.size if size is None else size
        return Checkpoint(self.origin, at, self.tree.root_at(at))

    def officer(self, kid: bytes, index: int | None = None) -> Officer | None:
        """The officer with that key id who counts at ``index`` (by default: for the next entry)."""
        at = self.size if index is None else index
        for officer in reversed(self._officers):
            if officer.kid == kid and officer.enrolled_at < at:
                return officer if officer.revoked_at is None or at <= officer.revoked_at else None
        return None

    def has_nonce(self, nonce: bytes) -> bool:
        """Whether a statement in this log used that nonce."""
        return nonce in self._nonce_set

    def seen_required(self, index: int) -> int:
        """The least that an entry at ``index`` must have seen, by the receipts its author gave."""
        at = bisect_right(self._bound_starts, index)
        return self._bound_seen[at - 1] if at else 1

    # --- changes, only from Record: the rules were checked before --------------------------------

    def bind(self, start: int, seen: int) -> None:
        """Entries from ``start`` on must have seen ``seen``.

        Raises:
            RecordError: ``record.backdated`` if one that is held has not.
        """
        if start < self.size and self._seen[max(start, 1)] < seen:
            raise RecordError("record.backdated", f"entry {start} behind a receipt at {seen}")
        at = bisect_right(self._bound_starts, start)
        if at and self._bound_seen[at - 1] >= seen:
            return
        end = at
        while end < len(self._bound_seen) and self._bound_seen[end] <= seen:
            end += 1
        first = at - 1 if at and self._bound_starts[at - 1] == start else at
        self._bound_starts[first:end] = [start]
        self._bound_seen[first:end] = [seen]

    def push(self, entry: Entry, changed: Changed) -> None:
        """Add a verified entry and what it says of officers."""
        index, enrolled = self.size, changed.enrolled
        if enrolled is not None:
            officer = Officer(key_id(enrolled.officer), enrolled.officer, enrolled.code, index)
            self._officers.append(officer)
        if changed.revoked is not None:
            self._set_revoked(key_id(changed.revoked), index)
        if changed.two is not None:
            self._rules.append((index, changed.two))
        for statement in entry.statements:
            self._nonces.append(statement.claims.nonce)
            self._nonce_set.add(statement.claims.nonce)
        self.tree.append(entry.leaf_hash)
        self._lamports.append(entry.claims.lamport)
        self._seen.append(entry.claims.seen_n)

    def _set_revoked(self, kid: bytes, index: int) -> None:
        for at, officer in enumerate(self._officers):
            if officer.kid == kid and officer.revoked_at is None:
                self._officers[at] = replace(officer, revoked_at=index)

    def mark(self) -> tuple[int, int]:
        """Where the log ends now: entries and nonces."""
        return self.size, len(self._nonces)

    def rollback(self, mark: tuple[int, int]) -> None:
        """Forget every entry since ``mark``."""
        size, nonces = mark
        self.tree.truncate(size)
        del self._lamports[size:], self._seen[size:]
        self._nonce_set.difference_update(self._nonces[nonces:])
        del self._nonces[nonces:]
        self._rules = [rule for rule in self._rules if rule[0] < size]
        self._officers = [
            officer
            if officer.revoked_at is None or officer.revoked_at < size
            else replace(officer, revoked_at=None)
            for officer in self._officers
            if officer.enrolled_at < size
        ]
