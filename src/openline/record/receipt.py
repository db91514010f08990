"""Receipts ("I hold all of your log up to n, durably") and post-quantum seals.

A receipt is deterministic CBOR ``[note, cose]``: the author's checkpoint note with the holder's
0x04 line under the author's 0x01 line, and a COSE_Sign1 by the holder's cosign key over ``[line, n,
root, m]``. From it follows that the holder's own entries from index m on have seen n or more. A
seal is the same checkpoint under one 0x06 (ML-DSA-44) line. (spec/record, section 8)
"""

from dataclasses import dataclass

from openline.errors import OpenlineError, RecordError
from openline.record.cbor import as_bytes, as_uint, decode_list, encode
from openline.record.cose import CONTEXT_RECEIPT, parse_sign1
from openline.record.genesis import Genesis
from openline.record.limits import (
    HASH_SIZE,
    LINE_SIZE,
    RECEIPT_BYTES_MAX,
    UINT_MAX,
)
from openline.record.notes import (
    Checkpoint,
    Note,
    cosignature_line,
    cosignature_text,
    parse_checkpoint,
    parse_note,
    subtree_line,
    subtree_text,
    verify_cosignature_line,
    verify_ed25519_line,
    verify_subtree_line,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A verified receipt.

    Attributes:
        raw: exact bytes. log: the log that is held; its holder is the other party.
        size, root: what is held. holder_size: the holder's own log size then (m).
        time_s: the holder's clock, seconds since 1970; a label.
        checkpoint_note: the author's own note within, byte for byte.
    """

    raw: bytes
    log: int
    size: int
    root: bytes
    holder_size: int
    time_s: int
    checkpoint_note: bytes

    @property
    def holder(self) -> int:
        """Party index of the holder."""
        return 1 - self.log


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A verified post-quantum seal.

    Attributes:
        raw: the note. log: the log that is sealed. party: who sealed it (author or holder).
        time_s: 0 in an author's seal, the holder's clock in a holder's.
    """

    raw: bytes
    log: int
    party: int
    size: int
    root: bytes
    time_s: int


def receipt_payload(genesis: Genesis, checkpoint: Checkpoint, holder_size: int) -> bytes:
    """``[line, n, root, m]``: what the cosign key signs with context ``openline/receipt/1``."""
    return encode([genesis.line, checkpoint.size, checkpoint.root, holder_size])


def receipt_cosigned(checkpoint_note: bytes, time_s: int) -> bytes:
    """The 0x04 text over the checkpoint in that note: what ``Signer.cosignature`` signs."""
    return cosignature_text(time_s, parse_note(checkpoint_note).text)


def assemble_receipt(
    genesis: Genesis,
    holder: int,
    checkpoint_note: bytes,
    time_s: int,
    cosignature: bytes,
    cose: bytes,
) -> bytes:
    """A finished receipt from its signatures.

    Args:
        genesis: the line.
        holder: party index of who holds.
        checkpoint_note: author's note with exactly its 0x01 line.
        time_s: as in ``receipt_cosigned``.
        cosignature: raw Ed25519 signature of it.
        cose: COSE_Sign1 over ``receipt_payload``.

    Raises:
        RecordError: what :func:`verify_receipt` raises.
    """
    note = parse_note(checkpoint_note)
    name, key = genesis.cosigner(holder), genesis.cards[holder].keys.cosign
    line = cosignature_line(name, key, time_s, cosignature)
    raw = encode([Note(note.text, (*note.lines, line)).format(), cose])
    verify_receipt(genesis, 1 - holder, raw)
    return raw


def verify_receipt(genesis: Genesis, log: int, data: bytes) -> Receipt:
    """The receipt in ``data`` for ``log``, all three signatures verified.

    Whether the root is that of the log is for :class:`openline.record.log.Record` to check.

    Raises:
        RecordError: ``record.receipt``, with the inner reason as its detail.
    """
    try:
        return _verify_receipt(genesis, log, data)
    except OpenlineError as error:
        raise RecordError("record.receipt", str(error)) from error


def _verify_receipt(genesis: Genesis, log: int, data: bytes) -> Receipt:
    first, second = decode_list(data, RECEIPT_BYTES_MAX, 2)
    note, cose = parse_note(as_bytes(first)), parse_sign1(as_bytes(second))
    checkpoint = _checkpoint_of(genesis, log, note)
    if len(note.lines) != 2:  # noqa: PLR2004 - author's 0x01 and holder's 0x04
        raise RecordError("record.note", "not exactly two signature lines")
    holder = 1 - log
    keys = genesis.cards[holder].keys
    cose.verify(keys.cosign, CONTEXT_RECEIPT)
    items = decode_list(cose.payload, RECEIPT_BYTES_MAX, 4)
    line, size = as_bytes(items[0], LINE_SIZE), as_uint(items[1], UINT_MAX)
    root, holder_size = as_bytes(items[2], HASH_SIZE), as_uint(items[3], UINT_MAX)
    if (line, size, root) != (genesis.line, checkpoint.size, checkpoint.root):
        raise RecordError("record.receipt", "signs another checkpoint")
    if size < 1 or holder_size < 1:
        raise RecordError("record.receipt", "both logs hold at least the genesis")
    origin, log_key = genesis.origin(log), genesis.cards[log].keys.log
    verify_ed25519_line(note.lines[0], origin, log_key, note.text)
    time_s = verify_cosignature_line(
        note.lines[1], genesis.cosigner(holder), keys.cosign, note.text
    )
    return Receipt(
        raw=data,
        log=log,
        size=size,
        root=root,
        holder_size=holder_size,
        time_s=time_s,
        checkpoint_note=Note(note.text, note.lines[:1]).format(),
    )


def _checkpoint_of(genesis: Genesis, log: int, note: Note) -> Checkpoint:
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != genesis.origin(log):
        raise RecordError("record.origin", "checkpoint of another log")
    return checkpoint


def _seal_name_key(genesis: Genesis, log: int, party: int) -> tuple[str, bytes]:
    keys = genesis.cards[party].keys
    if party == log:
        return genesis.origin(party), keys.log_pq
    return genesis.cosigner(party), keys.cosign_pq


def seal_text(genesis: Genesis, party: int, checkpoint: Checkpoint, time_s: int) -> bytes:
    """What ``party``'s ML-DSA-44 key signs; ``time_s`` is 0 for the author of the log.

    The key is the log key for the own log, the cosign key for the other.
    """
    log = _log_of(genesis, checkpoint)
    name, _ = _seal_name_key(genesis, log, party)
    return subtree_text(name, time_s, checkpoint)


def assemble_seal(
    genesis: Genesis, party: int, checkpoint: Checkpoint, time_s: int, signature: bytes
) -> bytes:
    """A finished seal note with one 0x06 line, from the raw ML-DSA-44 signature."""
    log = _log_of(genesis, checkpoint)
    name, key = _seal_name_key(genesis, log, party)
    note = Note(checkpoint.text(), (subtree_line(name, key, time_s, signature),)).format()
    verify_seal(genesis, log, party, note)
    return note


def _log_of(genesis: Genesis, checkpoint: Checkpoint) -> int:
    for party in (0, 1):
        if genesis.origin(party) == checkpoint.origin:
            return party
    raise RecordError("record.origin", "checkpoint of another line")


def verify_seal(genesis: Genesis, log: int, party: int, data: bytes) -> Seal:
    """The seal of ``log`` by ``party`` (its author or its holder) in ``data``.

    Raises:
        RecordError: ``record.seal``, with the inner reason as its detail.
    """
    try:
        note = parse_note(data)
        checkpoint = _checkpoint_of(genesis, log, note)
        if len(note.lines) != 1:
            raise RecordError("record.note", "not exactly one signature line")
        name, key = _seal_name_key(genesis, log, party)
        time_s = verify_subtree_line(note.lines[0], name, key, checkpoint)
        if party == log and time_s:
            raise RecordError("record.seal", "an author's seal makes no claim about time")
    except OpenlineError as error:
        raise RecordError("record.seal", str(error)) from error
    return Seal(
        raw=data,
        log=log,
        party=party,
        size=checkpoint.size,
        root=checkpoint.root,
        time_s=time_s,
    )
