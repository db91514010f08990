"""The keeper of the record: one transaction at a time, and nothing leaves before its commit.

Whatever queued while a transaction was in flight forms the next one: entries of the peer, verified;
own entries, authored; one checkpoint over the own log; one receipt over the peer's, whose m is the
own size of the same transaction (spec/delivery, section 3).
"""

from collections import deque
from typing import Final

from openline.engine.authoring import Author, Wish
from openline.engine.blame import signed_for
from openline.engine.context import Context
from openline.engine.desk import Refused
from openline.engine.draft import Draft, Pending
from openline.engine.inbox import Inbox
from openline.engine.ports import Commit, StoredEntry, StoredNote, StoredState
from openline.engine.shelf import Shelf
from openline.engine.two_officers import check_officers
from openline.errors import ForkError, ProofError, RecordError
from openline.protocol.clock import Now
from openline.protocol.delivery import TRANSITIONS, RecordInput, RecordState
from openline.protocol.frames import BatchEntry, FrameClass, seal_frame
from openline.record.fork import HEAD_CHECKPOINT, Head, build_fork
from openline.record.log import Record
from openline.record.notes import verify_checkpoint
from openline.record.receipt import Receipt, verify_receipt

TAKEN_ENTRIES_MAX: Final = 128
TAKEN_BYTES_MAX: Final = 256 * 1024
AUTHORED_BYTES_AIM: Final = 36_000
"""No further own entry is begun beyond it: what one commit authors fits one BATCH."""
PENDING_MAX: Final = 256
PENDING_MACHINE_MAX: Final = 128
"""What a post writes by itself leaves room for its officers."""
WAITING_PROOFS_MAX: Final = 16
UNNOTED_MS: Final = 250
RETRY_MS_MIN: Final = 500
RETRY_MS_MAX: Final = 5_000
META_HALTED: Final = "halted"
_META_PROBE: Final = "probe"
_FSYNC: Final = "store.fsync"

_NOT_SIGNED: Final = frozenset({"record.body", "record.body_missing", "record.too_large"})


class Keeper:
    """Both logs, what waits to enter them, and the transaction in flight."""

    def __init__(self, ctx: Context, state: StoredState) -> None:
        """Rebuild the record from what the disk holds.

        Raises:
            RecordError: what is stored does not hold together.
        """
        self._ctx = ctx
        self.record = Record(ctx.genesis)
        halves = [
            [(entry.leaf, entry.salt, entry.body) for entry in half if entry.index > 0]
            for half in state.entries
        ]
        self.record.load((halves[0], halves[1]))
        self.shelf = Shelf(state.notes)
        self.durable = [log.size for log in self.record.logs]
        self.author = Author(ctx, self.record)
        self.inboxes = (Inbox(), Inbox())
        self.receipts: list[Receipt] = []
        self.seals: list[StoredNote] = []
        self.meta: dict[str, bytes] = {}
        self.pending = deque(Pending(item, durable=True) for item in state.outbox)
        self.fault = state.meta.get(META_HALTED, b"").decode("ascii", "replace")
        self.state = RecordState.HALTED if self.fault else RecordState.WAITING
        self.answered = False
        self.authored = False
        self.disk_fault: str | None = None
        self._flight: Draft | None = None
        self._earlier: int | None = None
        self._retry_ms = RETRY_MS_MIN
        self._retry_at = 0
        self._since: list[int | None] = [None, None]
        self._bind_receipt()

    def _bind_receipt(self) -> None:
        """The newest receipts of both sides bind what may follow."""
        for log in (0, 1):
            for raw in self.shelf.receipts(log):
                self.record.take_receipt(verify_receipt(self._ctx.genesis, log, raw))

    # --- what is asked -------------------------------------------------------------------------

    @property
    def own_size(self) -> int:
        """Durable size of the own log."""
        return self.durable[self._ctx.own]

    @property
    def peer_size(self) -> int:
        """Durable size of the peer's log as held here."""
        return self.durable[self._ctx.peer]

    @property
    def receipted(self) -> int:
        """How much of the own log the peer provably holds."""
        return self.shelf.receipt(self._ctx.own)[0]

    @property
    def outbox(self) -> int:
        """What is written here and not yet in the record."""
        return sum(pending.durable for pending in self.pending)

    @property
    def uncertain(self) -> bool:
        """We cannot say now what we hold of the peer's log.

        The disk did not confirm a transaction that may stand on it; or one is in flight that holds
        entries of an earlier start of the peer, which this start of it may not know.
        """
        return self.disk_fault == _FSYNC or self._earlier is not None

    def peer_restarted(self) -> None:
        """What waited came from an earlier start of the peer; what is in flight will be known."""
        for inbox in self.inboxes:
            inbox.clear()
        draft = self._flight
        if draft is not None and any(entry.log == self._ctx.peer for entry in draft.entries):
            self._earlier = draft.ticket

    @property
    def may_receipt(self) -> bool:
        """Our m is only true once nothing of our own log is missing."""
        return self.answered and self.state in (RecordState.LIVE, RecordState.WAITING)

    # --- what is to be written -----------------------------------------------------------------

    def write(self, wish: Wish, desk: bytes | None, request: str, now: Now) -> Pending:
        """Let something wait for the next transaction.

        Raises:
            OpenlineError: ``engine.halted``, ``engine.busy``, the disk's code, or what the record
                says of the body; nothing was taken.
        """
        if self.state is RecordState.HALTED:
            raise RecordError("engine.halted", self.fault)
        if wish.by_officer and self.disk_fault is not None:
            raise RecordError(self.disk_fault, "the disk does not take it")
        recorded = self.record.logs[self._ctx.own].two
        check_officers(wish, self._ctx.settings.officer, recorded, self.pending)
        room = PENDING_MAX if wish.by_officer else PENDING_MACHINE_MAX
        if len(self.pending) >= room:
            raise RecordError("engine.busy", f"{room} wait already")
        pending = Pending(self.author.item(wish, self.peer_size, now), desk, request)
        self.pending.append(pending)
        return pending

    def move(self, given: RecordInput) -> bool:
        """Move the state; True if it changed."""
        before = self.state
        self.state = TRANSITIONS[before, given]
        return self.state is not before

    def halt(self, code: str, data: bytes, now: Now) -> None:
        """A breach: keep the evidence, stop writing and receipting; everything else goes on."""
        self._ctx.keep_evidence(code, data, now)
        if not self.move(RecordInput.BREACH):
            return
        self.fault = code
        self.meta[META_HALTED] = code.encode("ascii", "replace")
        for inbox in self.inboxes:
            inbox.clear()
        self.receipts.clear()
        for pending in self.pending:
            if pending.request:
                self._refuse(pending, "engine.halted")
        self.pending = deque(item for item in self.pending if item.durable)

    def _refuse(self, pending: Pending, code: str) -> None:
        self._ctx.desk(pending.desk, Refused(request=pending.request, code=code))

    # --- one transaction -----------------------------------------------------------------------

    def form(self, now: Now) -> None:
        """Make the next transaction of what waits, unless one is in flight."""
        if self._flight is not None or (self.disk_fault and now.mono_ms < self._retry_at):
            return
        draft = Draft((self.durable[0], self.durable[1]), self.record.mark())
        if self.state is not RecordState.HALTED:
            self._collect(draft, now)
        if self.state is RecordState.HALTED:
            self.record.rollback(draft.mark)
            draft = Draft(draft.expect, draft.mark)
        draft.evidence, self._ctx.evidence = self._ctx.evidence, []
        draft.meta, self.meta = self.meta, {}
        if draft.empty:
            if self.disk_fault is None:
                return
            draft.meta[_META_PROBE] = b""
        draft.ticket = self._ctx.ticket()
        self._flight = draft
        self._ctx.emit(Commit(ticket=draft.ticket, writes=draft.writes()))

    def _collect(self, draft: Draft, now: Now) -> None:
        if self.answered:
            while self._take(self._ctx.peer, draft, now) or self._take(self._ctx.own, draft, now):
                pass
            self._take_receipts(draft, now)
        if self.state is RecordState.HALTED:
            return
        self._write_own(draft, now)
        if self.may_receipt:
            self._give_receipt(draft, now)
        for note in self.seals:
            seal = note.seal_author or note.seal_holder
            mine = (note.seal_author is not None) == (note.log == self._ctx.own)
            draft.notes.append(note)
            if mine and seal is not None:
                draft.frames.append((FrameClass.SEAL, seal_frame(seal)))
        self.seals = []

    def _take(self, log: int, draft: Draft, now: Now) -> bool:
        """Take what continues ``log`` from its inbox; True if something was taken."""
        inbox, size = self.inboxes[log], self.record.logs[log].size
        if log == self._ctx.own and (self.authored or self.state is RecordState.LIVE):
            return False
        room = TAKEN_ENTRIES_MAX - len(draft.entries)
        run = inbox.run(size, room, TAKEN_BYTES_MAX - draft.entry_bytes) if room > 0 else []
        stop = inbox.noted_within(size, size + len(run))
        if stop is None:
            if not run or not self._unnoted_long_enough(log, len(run) == room, now):
                return False
            stop = size + len(run)
        self._since[log] = None
        for index, waiting in enumerate(run[: stop - size], size):
            try:
                self.record.append(log, waiting.leaf, waiting.salt, waiting.body)
            except RecordError as error:
                self._refused_entry((log, index), waiting, error, now)
                return index > size
            draft.add(
                StoredEntry(log, index, waiting.leaf, waiting.salt, waiting.body, now.wall_ms)
            )
        return self._take_note(log, stop, draft, now)

    def _unnoted_long_enough(self, log: int, full: bool, now: Now) -> bool:  # noqa: FBT001 - private
        """Entries whose checkpoint does not come are held all the same, after a while."""
        since = self._since[log]
        if since is None:
            self._since[log] = since = now.mono_ms
        return full or now.mono_ms - since >= UNNOTED_MS

    def _refused_entry(
        self, at: tuple[int, int], waiting: BatchEntry, error: RecordError, now: Now
    ) -> None:
        if error.code == "record.cites_unknown":
            return
        if self.attributable(*at, waiting.leaf, error.code):
            self.halt(error.code, waiting.leaf, now)
        else:
            self._ctx.keep_evidence(error.code, waiting.leaf, now)
            self.inboxes[at[0]].clear()

    def attributable(self, log: int, index: int, leaf: bytes, code: str) -> bool:
        """The log's author signed this entry for this place, and what is wrong was signed."""
        return code not in _NOT_SIGNED and signed_for(self._ctx.genesis, log, index, leaf)

    def _take_note(self, log: int, size: int, draft: Draft, now: Now) -> bool:
        raw = self.inboxes[log].note(size)
        if raw is None:
            return True
        genesis = self._ctx.genesis
        checkpoint = verify_checkpoint(raw, genesis.origin(log), genesis.cards[log].keys.log)
        try:
            self.record.check_checkpoint(log, checkpoint)
        except ForkError:
            self.halt("record.fork", self.fork_proof(log, Head(HEAD_CHECKPOINT, raw)), now)
            return False
        draft.notes.append(StoredNote(log, size, raw))
        return True

    def fork_proof(self, log: int, head: Head) -> bytes:
        """A proof against our newest checkpoint of that log; the bare head if it proves nothing."""
        held = self.shelf.note(log, self.shelf.newest(log))
        if held is None:
            return head.raw
        tree = self.record.logs[log].tree
        try:
            heads = (Head(HEAD_CHECKPOINT, held), head)
            return build_fork(self._ctx.genesis, log, heads, tree)
        except (ProofError, RecordError):
            return head.raw

    def _take_receipts(self, draft: Draft, now: Now) -> None:
        receipts, self.receipts = self.receipts, []
        for receipt in sorted(receipts, key=lambda item: item.size):
            if self.state is RecordState.HALTED or receipt.size <= self.receipted:
                continue
            try:
                self.record.take_receipt(receipt)
            except RecordError as error:
                self.halt(error.code, receipt.raw, now)
                return
            draft.notes.append(
                StoredNote(receipt.log, receipt.size, receipt.checkpoint_note, receipt=receipt.raw)
            )

    def _write_own(self, draft: Draft, now: Now) -> None:
        before = self.record.logs[self._ctx.own].size
        if self.state is not RecordState.LIVE:
            draft.outboxed = [pending for pending in self.pending if not pending.durable]
            return
        written = 0
        while self.pending and written <= AUTHORED_BYTES_AIM:
            if len(draft.authored) >= TAKEN_ENTRIES_MAX:
                break
            pending = self.pending.popleft()
            try:
                entry = self.author.enter(pending.item, now)
            except RecordError as error:
                draft.removed += [pending.item.item] if pending.durable else []
                self._refuse(pending, error.code)
                continue
            draft.add(entry)
            draft.authored.append((entry.index, pending))
            draft.removed += [pending.item.item] if pending.durable else []
            written += len(entry.leaf) + len(entry.body or b"")
            self.authored = True
        after = self.record.logs[self._ctx.own].size
        if after > before or self.shelf.note(self._ctx.own, after) is None:
            draft.notes.append(self.author.checkpoint())

    def _give_receipt(self, draft: Draft, now: Now) -> None:
        peer = self._ctx.peer
        notes = {note.size: note.note for note in draft.notes if note.log == peer and note.note}
        size = max((*notes, self.shelf.newest(peer)))
        note = notes.get(size) or self.shelf.note(peer, size)
        if note is None or not self.shelf.receipt(peer)[0] < size:
            return
        stored = self.author.receipt(size, note, now)
        draft.notes.append(stored)
        if stored.receipt is not None:
            draft.frames.append((FrameClass.RECEIPT, stored.receipt))

    def committed(self, ticket: int) -> Draft | None:
        """The transaction is durable; returns it, or None for a ticket that is not in flight."""
        draft = self._flight
        if draft is None or draft.ticket != ticket:
            return None
        self._flight = self._earlier = None
        self.disk_fault = None
        self._retry_ms = RETRY_MS_MIN
        for entry in draft.entries:
            self.durable[entry.log] = entry.index + 1
        for log, inbox in enumerate(self.inboxes):
            inbox.settle(self.durable[log])
        for note in draft.notes:
            self.shelf.put(note)
        for pending in draft.outboxed:
            pending.durable = True
        return draft

    def failed(self, ticket: int, code: str, now: Now) -> bool:
        """Nothing of the transaction stands; what can wait is tried again. False if not ours."""
        draft = self._flight
        if draft is None or draft.ticket != ticket:
            return False
        self._flight = self._earlier = None
        self.record.rollback(draft.mark)
        self.disk_fault = code
        self._retry_at = now.mono_ms + self._retry_ms
        self._retry_ms = min(RETRY_MS_MAX, 2 * self._retry_ms)
        self._ctx.evidence = draft.evidence + self._ctx.evidence
        self.meta = {name: value for name, value in draft.meta.items() if name != _META_PROBE} | (
            self.meta
        )
        self._put_back(draft, code)
        return True

    def _put_back(self, draft: Draft, code: str) -> None:
        """Machine entries and what is durable wait on; a text that is not durable is refused."""
        for _, pending in reversed(draft.authored):
            self.pending.appendleft(pending)
        kept: deque[Pending] = deque()
        for pending in self.pending:
            if pending.request and not pending.durable:
                self._refuse(pending, code)
            else:
                kept.append(pending)
        self.pending = kept
        own = self._ctx.own
        for note in draft.notes:
            if note.seal_author or note.seal_holder:
                self.seals.append(note)
            elif note.receipt and note.log == own:
                self._requeue_receipt(note)

    def _requeue_receipt(self, note: StoredNote) -> None:
        if note.receipt is not None:
            self.receipts.append(verify_receipt(self._ctx.genesis, note.log, note.receipt))
