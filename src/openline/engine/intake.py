"""What the peer sends of the record: parsed, verified, judged, and left for the next transaction.

A frame that does not hold is a fault: it is kept as evidence and changes nothing. What its author
signed and must not have signed is a breach: the record halts, the rest of the line goes on.
(spec/delivery, sections 4 and 6)
"""

from typing import Final

from openline.engine.context import Context
from openline.engine.keeper import WAITING_PROOFS_MAX, Keeper
from openline.engine.ports import ReadEntries, StoredEntry, StoredNote
from openline.errors import ForkError, OpenlineError, PeerProtocolError, ProofError
from openline.protocol.clock import Now
from openline.protocol.delivery import RecordState
from openline.protocol.frames import (
    Batch,
    BatchEntry,
    FrameClass,
    parse_batch,
    parse_seal,
    seal_frame,
)
from openline.record.fork import HEAD_CHECKPOINT, HEAD_ENTRY, Head, build_fork
from openline.record.notes import parse_checkpoint, parse_note, verify_checkpoint
from openline.record.receipt import verify_receipt, verify_seal
from openline.record.tree import leaf_hash

REPEAT_MS: Final = 100
SEAL_REPEAT_MS: Final = 1_000


class Intake:
    """The door for the peer's record frames."""

    def __init__(self, ctx: Context, keeper: Keeper) -> None:
        """Bring what holds to ``keeper``."""
        self._ctx = ctx
        self._keeper = keeper
        self._repeat_at = 0
        self._seal_repeat_at = [0, 0]
        self._forked: dict[int, tuple[int, bytes]] = {}
        self.pushed = 0
        """Size of the peer's log as it was committed since its present incarnation was met."""

    def batch(self, body: bytes, now: Now) -> None:
        """A BATCH frame.

        Raises:
            OpenlineError: it does not hold; nothing changed.
        """
        batch = parse_batch(body)
        self._check_note(batch)
        if self._keeper.state is RecordState.HALTED:
            return
        if batch.log == self._ctx.own:
            self._returned(batch, now)
        else:
            self._news(batch, now)

    def _check_note(self, batch: Batch) -> None:
        if batch.note is None:
            return
        genesis = self._ctx.genesis
        key = genesis.cards[batch.log].keys.log
        checkpoint = verify_checkpoint(batch.note, genesis.origin(batch.log), key)
        if checkpoint.size != batch.stop:
            raise PeerProtocolError("protocol.batch", "note of another size")

    def _news(self, batch: Batch, now: Now) -> None:
        """Entries of the peer's own log."""
        keeper, log = self._keeper, batch.log
        taken = keeper.inboxes[log].take_in(batch, keeper.record.logs[log].size)
        for index, entry in taken:
            if not self._same(log, index, entry, now):
                return
        if batch.stop <= keeper.durable[log] and not self._note_holds(batch, now):
            return
        if batch.stop <= keeper.durable[log]:
            self.repeat_receipt(now)

    def _same(self, log: int, index: int, entry: BatchEntry, now: Now) -> bool:
        """What stands at a taken position is what came; else, if it is signed, the log forked."""
        keeper = self._keeper
        if keeper.record.logs[log].leaf_hash(index) == leaf_hash(entry.leaf):
            return True
        if not keeper.attributable(log, index, entry.leaf, ""):
            raise PeerProtocolError("protocol.batch", "another entry, not signed for this place")
        keeper.halt("record.fork", entry.leaf, now)
        ticket = self._ctx.ticket()
        self._forked[ticket] = (log, entry.leaf)
        self._ctx.emit(
            ReadEntries(ticket=ticket, log=log, start=index, stop=index + 1, bytes_max=1)
        )
        return False

    def entries_read(self, ticket: int, entries: tuple[StoredEntry, ...], now: Now) -> bool:
        """The entry that stands where another one was signed: both are the proof."""
        log, leaf = self._forked.pop(ticket, (0, b""))
        if not leaf:
            return False
        for held in entries[:1]:
            try:
                heads = (Head(HEAD_ENTRY, held.leaf), Head(HEAD_ENTRY, leaf))
                proof = build_fork(self._ctx.genesis, log, heads)
            except OpenlineError:
                continue
            self._ctx.keep_evidence("record.fork_proof", proof, now)
        return True

    def _note_holds(self, batch: Batch, now: Now) -> bool:
        """A checkpoint over what is held has the same root; else the log forked."""
        if batch.note is None:
            return True
        checkpoint = parse_checkpoint(parse_note(batch.note).text)
        try:
            self._keeper.record.check_checkpoint(batch.log, checkpoint)
        except ForkError:
            head = Head(HEAD_CHECKPOINT, batch.note)
            proof = self._keeper.fork_proof(batch.log, head)
            self._keeper.halt("record.fork", proof, now)
            return False
        return True

    def _returned(self, batch: Batch, now: Now) -> None:
        """Our own entries come back: adopted only before this start has authored anything."""
        keeper, log = self._keeper, batch.log
        size = keeper.record.logs[log].size
        if batch.stop > size and (keeper.authored or keeper.state is RecordState.LIVE):
            index = max(size, batch.first)
            leaf = batch.entries[index - batch.first].leaf
            if not keeper.attributable(log, index, leaf, ""):
                raise PeerProtocolError("protocol.batch", "not signed by us for this place")
            keeper.halt("record.stolen_key", leaf, now)
            return
        for index, entry in keeper.inboxes[log].take_in(batch, size):
            if not self._same(log, index, entry, now):
                return

    def repeat_receipt(self, now: Now) -> None:
        """The peer may lack our newest receipt: it sent what we hold, or it is there again."""
        _, receipt = self._keeper.shelf.receipt(self._ctx.peer)
        if receipt and now.mono_ms >= self._repeat_at:
            self._repeat_at = now.mono_ms + REPEAT_MS
            self._ctx.send(FrameClass.RECEIPT, receipt)

    def receipt(self, body: bytes, now: Now) -> int | None:
        """A RECEIPT frame; returns how much of our log the peer holds by it, or None.

        Raises:
            OpenlineError: it does not hold; nothing changed.
        """
        ctx, keeper = self._ctx, self._keeper
        receipt = verify_receipt(ctx.genesis, ctx.own, body)
        if keeper.state is RecordState.HALTED:
            return None
        if receipt.size > keeper.own_size:
            if not keeper.authored:
                return None  # we were restored: it will be said again when we are whole
            raise ProofError("record.checkpoint_ahead", "receipt for more than we have")
        if keeper.record.logs[ctx.own].tree.root_at(receipt.size) != receipt.root:
            head = Head(HEAD_CHECKPOINT, receipt.checkpoint_note)
            keeper.halt("record.own_fork", keeper.fork_proof(ctx.own, head), now)
            return None
        if receipt.size > keeper.receipted:
            # The largest covers all others, so of too many the smallest gives way.
            waiting = sorted((*keeper.receipts, receipt), key=lambda item: item.size)
            keeper.receipts = waiting[-WAITING_PROOFS_MAX:]
        return receipt.size

    def seal(self, body: bytes, now: Now) -> None:
        """A SEAL frame.

        Raises:
            OpenlineError: it does not hold; nothing changed.
        """
        ctx, keeper = self._ctx, self._keeper
        note = parse_seal(body)
        checkpoint = parse_checkpoint(parse_note(note).text)
        log = ctx.own if checkpoint.origin == ctx.genesis.origin(ctx.own) else ctx.peer
        by_author = log == ctx.peer
        if checkpoint.size <= keeper.shelf.sealed_by(log, author=by_author)[0]:
            self._repeat_seal(log, now)
            return
        if keeper.state is RecordState.HALTED or checkpoint.size > keeper.durable[log]:
            return  # it will be sent again
        seal = verify_seal(ctx.genesis, log, ctx.peer, note)
        if keeper.record.logs[log].tree.root_at(seal.size) != seal.root:
            keeper.halt("record.fork", note, now)
            return
        if len(keeper.seals) < WAITING_PROOFS_MAX:
            keeper.seals.append(
                StoredNote(log, seal.size, b"", seal_author=note)
                if by_author
                else StoredNote(log, seal.size, b"", seal_holder=note)
            )

    def _repeat_seal(self, log: int, now: Now) -> None:
        """The peer sealed again what we have: perhaps it lacks our part."""
        _, seal = self._keeper.shelf.sealed_by(log, author=log == self._ctx.own)
        if seal and now.mono_ms >= self._seal_repeat_at[log]:
            self._seal_repeat_at[log] = now.mono_ms + SEAL_REPEAT_MS
            self._ctx.send(FrameClass.SEAL, seal_frame(seal), stream_only=True)
