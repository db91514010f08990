"""C2SP signed notes and checkpoints, strictly.

A note is accepted only if formatting what was parsed gives the same bytes. Which signature lines
must stand on a note, and in which order, is fixed by its use; a note with any other line is
refused. (spec/record, section 7; c2sp.org/signed-note, tlog-checkpoint, tlog-cosignature)
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from openline.errors import RecordError
from openline.record.cose import Sign
from openline.record.keys import verify_ed25519, verify_mldsa44
from openline.record.limits import HASH_SIZE, NOTE_BYTES_MAX, NOTE_LINES_MAX, UINT_MAX

TYPE_ED25519: Final = 0x01
TYPE_COSIGNATURE: Final = 0x04
TYPE_SUBTREE: Final = 0x06

_DASH: Final = "\u2014"
_KEY_ID_SIZE: Final = 4
_TIME_SIZE: Final = 8
_SUBTREE_LABEL: Final = b"subtree/v1\n\0"
_CONTROL: Final = re.compile("[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature line: key name, 4-byte key id, and what follows it."""

    name: str
    key_id: bytes
    signature: bytes

    def format(self) -> str:
        """The line with its newline."""
        encoded = base64.b64encode(self.key_id + self.signature).decode("ascii")
        return f"{_DASH} {self.name} {encoded}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note; its signatures are not verified yet.

    Attributes:
        text: the signed text, with its final newline.
    """

    text: bytes
    lines: tuple[SignatureLine, ...]

    def format(self) -> bytes:
        """The note's only encoding."""
        return self.text + b"\n" + "".join(line.format() for line in self.lines).encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The three lines of a checkpoint."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The note text of this checkpoint."""
        return checkpoint_text(self.origin, self.size, self.root)


def note_key_id(name: str, kind: int, public: bytes) -> bytes:
    """SHA-256(name || newline || type || key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:_KEY_ID_SIZE]


def checkpoint_text(origin: str, size: int, root: bytes) -> bytes:
    """Origin, size and base64 root, one line each: what a 0x01 line signs."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\n".encode()


def parse_note(data: bytes) -> Note:
    """The note in ``data``.

    Raises:
        RecordError: ``record.too_large`` or ``record.note``.
    """
    if len(data) > NOTE_BYTES_MAX:
        raise RecordError("record.too_large", f"note of {len(data)} bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordError("record.note", "not UTF-8") from error
    if _CONTROL.search(whole):
        raise RecordError("record.note", "control character")
    text, found, tail = whole.rpartition("\n\n")
    rows = tail.split("\n")
    if not found or rows[-1] != "" or not 1 <= len(rows) - 1 <= NOTE_LINES_MAX:
        raise RecordError("record.note", "no text with signature lines")
    lines = tuple(_signature_line(row) for row in rows[:-1])
    note = Note((text + "\n").encode(), lines)
    if note.format() != data:
        raise RecordError("record.note", "not in its only encoding")
    return note


def _signature_line(row: str) -> SignatureLine:
    parts = row.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not parts[1]:  # noqa: PLR2004 - dash, name, base64
        raise RecordError("record.note", "not a signature line")
    try:
        decoded = base64.b64decode(parts[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise RecordError("record.note", "signature is not base64") from error
    if len(decoded) <= _KEY_ID_SIZE:
        raise RecordError("record.note", "no signature after the key id")
    return SignatureLine(parts[1], decoded[:_KEY_ID_SIZE], decoded[_KEY_ID_SIZE:])


def parse_checkpoint(text: bytes) -> Checkpoint:
    """The checkpoint in a note text: exactly three lines in their only encoding.

    Raises:
        RecordError: ``record.note``.
    """
    try:
        rows = text.decode("utf-8").split("\n")
        origin, size, root = rows[0], int(rows[1]), base64.b64decode(rows[2], validate=True)
    except (UnicodeDecodeError, ValueError, IndexError) as error:
        raise RecordError("record.note", "not a checkpoint") from error
    checkpoint = Checkpoint(origin, size, root)
    if len(root) != HASH_SIZE or not 0 <= size <= UINT_MAX or checkpoint.text() != text:
        raise RecordError("record.note", "not a checkpoint in its only encoding")
    return checkpoint


def cosignature_text(time_s: int, text: bytes) -> bytes:
    """What a 0x04 line signs: header, time in seconds since 1970, checkpoint text."""
    return f"cosignature/v1\ntime {time_s}\n".encode() + text


def subtree_text(name: str, time_s: int, checkpoint: Checkpoint) -> bytes:
    """What a 0x06 line signs: the C2SP cosigned structure over the whole tree.

    Args:
        name: the signer's key name.
        time_s: seconds since 1970, or 0 for no claim about time.
        checkpoint: origin, size and root that are signed.
    """
    signer, origin = name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            _SUBTREE_LABEL,
            bytes([len(signer)]),
            signer,
            time_s.to_bytes(8, "big"),
            bytes([len(origin)]),
            origin,
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def ed25519_line(name: str, public: bytes, signature: bytes) -> SignatureLine:
    """A 0x01 line."""
    return SignatureLine(name, note_key_id(name, TYPE_ED25519, public), signature)


def cosignature_line(name: str, public: bytes, time_s: int, signature: bytes) -> SignatureLine:
    """A 0x04 line: timestamped Ed25519 cosignature."""
    key = note_key_id(name, TYPE_COSIGNATURE, public)
    return SignatureLine(name, key, time_s.to_bytes(_TIME_SIZE, "big") + signature)


def subtree_line(name: str, public: bytes, time_s: int, signature: bytes) -> SignatureLine:
    """A 0x06 line: timestamped ML-DSA-44 cosignature."""
    key = note_key_id(name, TYPE_SUBTREE, public)
    return SignatureLine(name, key, time_s.to_bytes(_TIME_SIZE, "big") + signature)


def verify_ed25519_line(line: SignatureLine, name: str, public: bytes, text: bytes) -> None:
    """Check a 0x01 line over ``text``.

    Raises:
        RecordError: ``record.note_key``.
        SignatureError: ``record.signature``.
    """
    _check_key(line, name, note_key_id(name, TYPE_ED25519, public))
    verify_ed25519(public, line.signature, text)


def verify_cosignature_line(line: SignatureLine, name: str, public: bytes, text: bytes) -> int:
    """Check a 0x04 line over the checkpoint ``text``; returns its time in seconds since 1970.

    Raises:
        RecordError: ``record.note_key``.
        SignatureError: ``record.signature``.
    """
    _check_key(line, name, note_key_id(name, TYPE_COSIGNATURE, public))
    time_s = _time(line)
    verify_ed25519(public, line.signature[_TIME_SIZE:], cosignature_text(time_s, text))
    return time_s


def verify_subtree_line(
    line: SignatureLine, name: str, public: bytes, checkpoint: Checkpoint
) -> int:
    """Check a 0x06 line over ``checkpoint``; returns its time in seconds since 1970, or 0.

    Raises:
        RecordError: ``record.note_key``.
        SignatureError: ``record.signature``.
    """
    _check_key(line, name, note_key_id(name, TYPE_SUBTREE, public))
    time_s = _time(line)
    verify_mldsa44(public, line.signature[_TIME_SIZE:], subtree_text(name, time_s, checkpoint))
    return time_s


def _check_key(line: SignatureLine, name: str, expected: bytes) -> None:
    if line.name != name or line.key_id != expected:
        raise RecordError("record.note_key", "signature line of another key")


def _time(line: SignatureLine) -> int:
    time_s = int.from_bytes(line.signature[:_TIME_SIZE], "big")
    if time_s > UINT_MAX:
        raise RecordError("record.note", "time beyond 2^63 - 1")
    return time_s


def sign_checkpoint(checkpoint: Checkpoint, log_key: bytes, sign: Sign) -> bytes:
    """A checkpoint note with the author's 0x01 line; the key name is the origin."""
    text = checkpoint.text()
    return Note(text, (ed25519_line(checkpoint.origin, log_key, sign(text)),)).format()


def verify_checkpoint(data: bytes, origin: str, log_key: bytes) -> Checkpoint:
    """The checkpoint in a note that carries exactly its author's 0x01 line.

    Raises:
        RecordError: ``record.note``, ``record.note_key``, ``record.origin``.
        SignatureError: ``record.signature``.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise RecordError("record.origin", "checkpoint of another log")
    if len(note.lines) != 1:
        raise RecordError("record.note", "not exactly one signature line")
    verify_ed25519_line(note.lines[0], origin, log_key, note.text)
    return checkpoint
