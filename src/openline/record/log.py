"""The two logs of a line as one post holds and verified them.

Everything that an entry claims is checked here before it counts: author, line, index, chain, what
it cites of the other log, Lamport number, signatures, officers, nonces, body, and that nothing was
backdated behind a receipt. A batch either enters whole or changes nothing. (spec/record, section 6)
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from openline.errors import ForkError, ProofError, RecordError
from openline.record.bodies import (
    KIND_ENROL,
    KIND_REVOKE,
    MACHINE_KINDS,
    OFFICER_KINDS,
    Enrolment,
    parse_enrol,
    parse_revoke,
)
from openline.record.cbor import decode
from openline.record.entry import Entry, Statement, commit_body, parse_entry
from openline.record.genesis import Genesis
from openline.record.keys import key_id
from openline.record.limits import BODY_BYTES_MAX
from openline.record.notes import Checkpoint
from openline.record.receipt import Receipt
from openline.record.tree import MerkleTree

RawEntry = tuple[bytes, bytes, bytes | None]
"""Leaf, salt, body (None once erased)."""


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

    def seen_required(self, index: int) -> int:
        """The least that an entry at ``index`` must have seen, by the receipts its author gave."""
        at = bisect_right(self._bound_starts, index)
        return self._bound_seen[at - 1] if at else 1

    # --- changes, only from Record -----------------------------------------------------------

    def _bind(self, start: int, seen: int) -> None:
        """Entries from ``start`` on must have seen ``seen``."""
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

    def _push(self, entry: Entry, enrolled: Enrolment | None, revoked: bytes | None) -> None:
        index = self.size
        if enrolled is not None:
            officer = Officer(key_id(enrolled.officer), enrolled.officer, enrolled.code, index)
            self._officers.append(officer)
        if revoked is not None:
            self._set_revoked(key_id(revoked), index)
        for statement in entry.statements:
            self._nonces.append(statement.claims.nonce)
            self._nonce_set.add(statement.claims.nonce)
        self.tree.append(entry.leaf_hash)
        self._lamports.append(entry.claims.lamport)
        self._seen.append(entry.claims.seen_n)

    def _set_revoked(self, kid: bytes, index: int) -> None:
        for at, officer in enumerate(self._officers):
            if officer.kid == kid and officer.revoked_at is None:
                self._officers[at] = Officer(
                    officer.kid, officer.key, officer.code, officer.enrolled_at, index
                )

    def _mark(self) -> tuple[int, int]:
        return self.size, len(self._nonces)

    def _rollback(self, mark: tuple[int, int]) -> None:
        size, nonces = mark
        self.tree.truncate(size)
        del self._lamports[size:], self._seen[size:]
        self._nonce_set.difference_update(self._nonces[nonces:])
        del self._nonces[nonces:]
        self._officers = [
            officer
            if officer.revoked_at is None or officer.revoked_at < size
            else Officer(officer.kid, officer.key, officer.code, officer.enrolled_at)
            for officer in self._officers
            if officer.enrolled_at < size
        ]


class Record:
    """Both logs of a line, verified."""

    def __init__(self, genesis: Genesis) -> None:
        """A record that holds only the genesis."""
        self.genesis = genesis
        self.logs = (LogState(genesis, 0), LogState(genesis, 1))

    def append(
        self,
        log: int,
        leaf: bytes,
        salt: bytes,
        body: bytes | None,
        *,
        body_required: bool = True,
        check_signatures: bool = True,
    ) -> Entry:
        """Verify one entry and take it in; a refused entry changes nothing.

        Args:
            log: whose log.
            leaf: exact bytes.
            salt: 16 bytes; not looked at when the body is None.
            body: beside it, None once erased.
            body_required: refuse an entry without its body.
            check_signatures: False only for bytes from our own disk that were verified before.

        Raises:
            RecordError: ``record.cites_unknown`` if it cites more of the other log than is held
                (it may have to wait); any other ``record.`` code is a breach.
            SignatureError: ``record.signature``, ``record.key_id``, ``record.weak_key``.
        """
        entry = parse_entry(leaf)
        own, other = self.logs[log], self.logs[1 - log]
        _check_position(entry, own)
        _check_cited(entry, own, other)
        enrolled, revoked = _check_body(entry, salt, body, required=body_required)
        _check_statements(entry, own, other)
        if check_signatures:
            entry.verify(self.genesis.cards[log].keys.log)
        _check_officers(entry, own, enrolled, check_signatures=check_signatures)
        if revoked is not None and own.officer(key_id(revoked)) is None:
            raise RecordError("record.enrolment", "revokes somebody who is not enrolled")
        own._push(entry, enrolled, revoked)  # noqa: SLF001 - one room, one machine
        return entry

    def append_batch(
        self, log: int, entries: Sequence[RawEntry], *, body_required: bool = True
    ) -> list[Entry]:
        """Take in all of ``entries`` or, if one of them does not hold, none.

        Raises:
            RecordError: as :meth:`append`, for the first entry that does not hold.
        """
        mark = self.mark()
        try:
            return [
                self.append(log, leaf, salt, body, body_required=body_required)
                for leaf, salt, body in entries
            ]
        except RecordError:
            self.rollback(mark)
            raise

    def mark(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """A point to which :meth:`rollback` can return; costs nothing."""
        return self.logs[0]._mark(), self.logs[1]._mark()  # noqa: SLF001 - one machine

    def rollback(self, mark: tuple[tuple[int, int], tuple[int, int]]) -> None:
        """Forget every entry since ``mark`` (receipts stay)."""
        for log, state in enumerate(self.logs):
            state._rollback(mark[log])  # noqa: SLF001 - one machine

    def load(
        self,
        logs: tuple[Sequence[RawEntry], Sequence[RawEntry]],
        *,
        check_signatures: bool = False,
    ) -> None:
        """Take in stored entries of both logs, index 1 on; erased bodies are allowed.

        Raises:
            RecordError: as :meth:`append`, with ``party`` and ``index`` among its facts.
        """
        at = [0, 0]
        while at[0] < len(logs[0]) or at[1] < len(logs[1]):
            if not any(
                self._load_some(log, logs[log], at, check_signatures=check_signatures)
                for log in (0, 1)
            ):
                log = int(at[0] == len(logs[0]))
                raise RecordError(
                    "record.cites_unknown",
                    "cites what is not here",
                    party="ab"[log],
                    index=self.logs[log].size,
                )

    def _load_some(
        self, log: int, entries: Sequence[RawEntry], at: list[int], *, check_signatures: bool
    ) -> bool:
        start = at[log]
        while at[log] < len(entries):
            leaf, salt, body = entries[at[log]]
            try:
                self.append(
                    log, leaf, salt, body, body_required=False, check_signatures=check_signatures
                )
            except RecordError as error:
                if error.code == "record.cites_unknown":
                    break
                raise type(error)(
                    error.code, error.detail, party="ab"[log], index=self.logs[log].size
                ) from error
            at[log] += 1
        return at[log] > start

    def check_checkpoint(self, log: int, checkpoint: Checkpoint) -> None:
        """Hold a signed checkpoint against the log.

        Raises:
            ProofError: ``record.checkpoint_ahead`` if it covers more than is held.
            ForkError: ``record.fork`` if the root is another one.
        """
        state = self.logs[log]
        if checkpoint.size > state.size:
            raise ProofError("record.checkpoint_ahead", "checkpoint of more than is held")
        if checkpoint.size < 1 or state.tree.root_at(checkpoint.size) != checkpoint.root:
            raise ForkError("record.fork", f"another root at size {checkpoint.size}")

    def take_receipt(self, receipt: Receipt) -> None:
        """Hold a verified receipt against both logs and bind its holder by it.

        Raises:
            ProofError: ``record.checkpoint_ahead``.
            ForkError: ``record.fork``.
            RecordError: ``record.backdated`` if the holder's entries from m on contradict it.
        """
        origin = self.genesis.origin(receipt.log)
        self.check_checkpoint(receipt.log, Checkpoint(origin, receipt.size, receipt.root))
        self.logs[receipt.holder]._bind(receipt.holder_size, receipt.size)  # noqa: SLF001 - one machine


def _check_position(entry: Entry, own: LogState) -> None:
    claims = entry.claims
    if claims.line != own.genesis.line:
        raise RecordError("record.line", "entry of another line")
    if claims.author != own.log:
        raise RecordError("record.author", "entry of the other party")
    if claims.index != own.size:
        raise RecordError("record.index", f"index {claims.index} where {own.size} is next")
    if claims.prev != own.head:
        raise RecordError("record.chain", "does not continue the entry before it")


def _check_cited(entry: Entry, own: LogState, other: LogState) -> None:
    claims = entry.claims
    if claims.seen_n < own.seen:
        raise RecordError("record.seen_back", "has seen less than the entry before it")
    if claims.seen_n < own.seen_required(claims.index):
        raise RecordError("record.backdated", "has seen less than its author receipted")
    if claims.seen_n > other.size:
        raise RecordError("record.cites_unknown", f"cites {claims.seen_n} of {other.size}")
    if claims.seen_head != other.leaf_hash(claims.seen_n - 1):
        raise RecordError("record.seen", "cites another history of the other log")
    if claims.lamport != 1 + max(own.lamport, other.lamport_at(claims.seen_n - 1)):
        raise RecordError("record.lamport", "Lamport number is not what follows")


def _check_body(
    entry: Entry, salt: bytes, body: bytes | None, *, required: bool
) -> tuple[Enrolment | None, bytes | None]:
    kind = entry.claims.kind
    if body is None:
        if required or kind in (KIND_ENROL, KIND_REVOKE):
            raise RecordError("record.body_missing", f"{kind} without its body")
        return None, None
    if commit_body(salt, body) != entry.claims.body_commit:
        raise RecordError("record.body", "body is not the one that was signed")
    if kind == KIND_ENROL:
        return parse_enrol(body), None
    if kind == KIND_REVOKE:
        return None, parse_revoke(body)
    decode(body, BODY_BYTES_MAX)
    return None, None


def _check_statements(entry: Entry, own: LogState, other: LogState) -> None:
    claims, statements = entry.claims, entry.statements
    if claims.kind in OFFICER_KINDS and not statements:
        raise RecordError("record.statement_missing", f"{claims.kind} needs an officer's statement")
    if claims.kind in MACHINE_KINDS and statements:
        raise RecordError("record.statement", f"{claims.kind} carries no statement")
    if len({statement.kid for statement in statements}) != len(statements):
        raise RecordError("record.statement", "one officer twice")
    nonces = [statement.claims.nonce for statement in statements]
    if len(set(nonces)) != len(nonces) or not own._nonce_set.isdisjoint(nonces):  # noqa: SLF001
        raise RecordError("record.nonce_repeated", "a statement was used before")
    for statement in statements:
        _check_statement(statement, entry, other)


def _check_statement(statement: Statement, entry: Entry, other: LogState) -> None:
    said, claims = statement.claims, entry.claims
    if (said.line, said.author, said.kind, said.drill, said.body_commit) != (
        claims.line,
        claims.author,
        claims.kind,
        claims.drill,
        claims.body_commit,
    ):
        raise RecordError("record.statement", "statement of something else")
    if not 1 <= said.seen_n <= claims.seen_n:
        raise RecordError("record.statement", "statement has seen more than its entry")
    if said.seen_head != other.leaf_hash(said.seen_n - 1):
        raise RecordError("record.seen", "statement cites another history")


def _check_officers(
    entry: Entry, own: LogState, enrolled: Enrolment | None, *, check_signatures: bool
) -> None:
    if own.size == 1 and enrolled is None:
        raise RecordError("record.enrolment", "index 1 enrols the first officer")
    newcomer = None if enrolled is None else key_id(enrolled.officer)
    if newcomer is not None:
        _check_newcomer(entry, own, newcomer)
    for statement in entry.statements:
        if enrolled is not None and statement.kid == newcomer:
            key = enrolled.officer
        else:
            officer = own.officer(statement.kid)
            if officer is None:
                raise RecordError("record.officer", "signed by somebody who is not enrolled")
            key = officer.key
        if check_signatures:
            statement.verify(key)


def _check_newcomer(entry: Entry, own: LogState, newcomer: bytes) -> None:
    """The new officer proves the key; from the second on, an enrolled officer vouches."""
    kids = {statement.kid for statement in entry.statements}
    if newcomer not in kids:
        raise RecordError("record.enrolment", "the new officer did not sign")
    if own.size > 1 and len(kids) == 1:
        raise RecordError("record.enrolment", "no enrolled officer vouches")
    if any(officer.kid == newcomer for officer in own.officers):
        raise RecordError("record.enrolment", "this key was enrolled before")
    if newcomer in _role_kids(own):
        raise RecordError("record.enrolment", "this key has another role on the line")


def _role_kids(own: LogState) -> set[bytes]:
    return {
        key_id(key)
        for card in own.genesis.cards
        for key in (card.keys.link, card.keys.log, card.keys.cosign)
    }
