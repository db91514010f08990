"""What this post signs: statements, entries, checkpoints, receipts, seals.

Every signature of the engine is asked for here, each over a structure of the record room.
"""

from dataclasses import dataclass

from openline.engine.context import Context
from openline.engine.ports import OutboxItem, StoredEntry, StoredNote
from openline.protocol.clock import Now
from openline.record.entry import EntryClaims, StatementClaims, commit_body
from openline.record.limits import NONCE_SIZE, SALT_SIZE
from openline.record.log import Record
from openline.record.notes import sign_checkpoint
from openline.record.receipt import (
    assemble_receipt,
    assemble_seal,
    receipt_cosigned,
    receipt_payload,
    seal_text,
)

ITEM_SIZE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Something to be written: what, and in whose name.

    Attributes:
        by_officer: an officer states it; else the post writes it by itself.
        officer: watch code of who states it; "" for the post's own setting.
        vouched_by: watch code of the enrolled officer who states it too, or "".
    """

    kind: str
    body: bytes
    by_officer: bool
    drill: bool = False
    officer: str = ""
    vouched_by: str = ""


class Author:
    """Makes what this post signs."""

    __slots__ = ("_ctx", "_record")

    def __init__(self, ctx: Context, record: Record) -> None:
        """Sign for ``ctx`` over ``record``."""
        self._ctx = ctx
        self._record = record

    def item(self, wish: Wish, seen: int, now: Now) -> OutboxItem:
        """A statement, or the body of a machine entry, ready to enter the log.

        Args:
            wish: what is to be written.
            seen: durable size of the peer's log, as shown to the officer.
            now: for the label.

        Raises:
            OpenlineError: the body is too large, or no key of the officer is here.
        """
        ctx = self._ctx
        salt = ctx.random(SALT_SIZE)
        commit = commit_body(salt, wish.body)
        said: list[bytes] = []
        signers = [wish.officer or ctx.settings.officer] if wish.by_officer else []
        signers += [wish.vouched_by] if wish.vouched_by else []
        for officer in signers:
            claims = StatementClaims(
                line=ctx.genesis.line,
                author=ctx.own,
                kind=wish.kind,
                drill=wish.drill,
                body_commit=commit,
                seen_n=seen,
                seen_head=self._record.logs[ctx.peer].leaf_hash(seen - 1),
                nonce=ctx.random(NONCE_SIZE),
            )
            said.append(ctx.signer.statement(officer, claims.payload()))
        return OutboxItem(
            item=ctx.random(ITEM_SIZE).hex(),
            kind=wish.kind,
            drill=wish.drill,
            salt=salt,
            body=wish.body,
            statement=said[0] if said else None,
            written_wall_ms=now.wall_ms,
            second=said[1] if len(said) > 1 else None,
        )

    def enter(self, item: OutboxItem, now: Now) -> StoredEntry:
        """Make the next own entry of ``item`` and take it into the record in memory.

        Raises:
            RecordError: the record does not allow it; nothing changed.
        """
        ctx = self._ctx
        own, peer = self._record.logs[ctx.own], self._record.logs[ctx.peer]
        claims = EntryClaims(
            line=ctx.genesis.line,
            author=ctx.own,
            index=own.size,
            prev=own.head,
            seen_n=peer.size,
            seen_head=peer.head,
            lamport=1 + max(own.lamport, peer.lamport),
            claimed_ms=max(0, now.wall_ms),
            kind=item.kind,
            drill=item.drill,
            body_commit=commit_body(item.salt, item.body),
            statements=item.statements,
        )
        leaf = ctx.signer.entry(claims.payload())
        self._record.append(ctx.own, leaf, item.salt, item.body, check_signatures=False)
        return StoredEntry(ctx.own, claims.index, leaf, item.salt, item.body, now.wall_ms)

    def checkpoint(self) -> StoredNote:
        """The checkpoint of the own log as it stands."""
        ctx = self._ctx
        checkpoint = self._record.logs[ctx.own].checkpoint()
        key = ctx.genesis.cards[ctx.own].keys.log
        return StoredNote(
            ctx.own, checkpoint.size, sign_checkpoint(checkpoint, key, ctx.signer.checkpoint)
        )

    def receipt(self, size: int, note: bytes, now: Now) -> StoredNote:
        """The receipt over the peer's log at ``size``, to be committed with what it covers.

        Args:
            size: a size of the peer's log at which it has a checkpoint.
            note: that checkpoint.
            now: its seconds stand in the cosignature.
        """
        ctx = self._ctx
        checkpoint = self._record.logs[ctx.peer].checkpoint(size)
        time_s = max(0, now.wall_ms) // 1000
        cosignature = ctx.signer.cosignature(receipt_cosigned(note, time_s))
        own_size = self._record.logs[ctx.own].size
        cose = ctx.signer.receipt(receipt_payload(ctx.genesis, checkpoint, own_size))
        raw = assemble_receipt(ctx.genesis, ctx.own, note, time_s, cosignature, cose)
        return StoredNote(ctx.peer, size, note, receipt=raw)

    def seal(self, log: int, size: int, now: Now) -> StoredNote:
        """Our post-quantum seal over ``log`` at ``size``: as its author, or as its holder."""
        ctx = self._ctx
        checkpoint = self._record.logs[log].checkpoint(size)
        if log == ctx.own:
            text = seal_text(ctx.genesis, ctx.own, checkpoint, 0)
            signature = ctx.signer.seal_author(text)
            note = assemble_seal(ctx.genesis, ctx.own, checkpoint, 0, signature)
            return StoredNote(log, size, b"", seal_author=note)
        time_s = max(0, now.wall_ms) // 1000
        text = seal_text(ctx.genesis, ctx.own, checkpoint, time_s)
        signature = ctx.signer.seal_holder(text)
        note = assemble_seal(ctx.genesis, ctx.own, checkpoint, time_s, signature)
        return StoredNote(log, size, b"", seal_holder=note)
