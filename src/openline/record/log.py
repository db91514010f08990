"""The two logs of a line as one post holds and verified them.

Everything that an entry claims is checked before it counts: author, line, index, chain, what it
cites of the other log, Lamport number, signatures, officers, nonces, body, and that nothing was
backdated behind a receipt. A batch either enters whole or changes nothing. (spec/record, section 6)
"""

from collections.abc import Sequence

from openline.errors import ForkError, ProofError, RecordError
from openline.record.entry import Entry, parse_entry
from openline.record.genesis import Genesis
from openline.record.keys import key_id
from openline.record.logstate import LogState, Officer
from openline.record.notes import Checkpoint
from openline.record.receipt import Receipt
from openline.record.rules import (
    check_body,
    check_cited,
    check_officers,
    check_position,
    check_statements,
)

__all__ = ["LogState", "Officer", "RawEntry", "Record"]

RawEntry = tuple[bytes, bytes, bytes | None]
"""Leaf, salt, body (None once erased)."""


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
        check_position(entry, own)
        check_cited(entry, own, other)
        changed = check_body(entry, salt, body, required=body_required)
        check_statements(entry, own, other)
        if check_signatures:
            entry.verify(self.genesis.cards[log].keys.log)
        check_officers(entry, own, changed.enrolled, check_signatures=check_signatures)
        if changed.revoked is not None and own.officer(key_id(changed.revoked)) is None:
            raise RecordError("record.enrolment", "revokes somebody who is not enrolled")
        own.push(entry, changed)
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
        return self.logs[0].mark(), self.logs[1].mark()

    def rollback(self, mark: tuple[tuple[int, int], tuple[int, int]]) -> None:
        """Forget every entry since ``mark`` (receipts stay)."""
        for log, state in enumerate(self.logs):
            state.rollback(mark[log])

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
        self.logs[receipt.holder].bind(receipt.holder_size, receipt.size)
