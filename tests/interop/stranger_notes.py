"""Tree, checkpoints, receipts and seals of docs/spec/record.md, beside stranger_forms."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.interop.stranger_forms import (
    Line,
    Refused,
    cose,
    cose_check,
    dec,
    enc,
    h,
    holds,
    need,
    pub,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey


def root(hashes: list[bytes]) -> bytes:
    """Merkle tree hash of leaf hashes, RFC 6962."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return h(b"\1" + root(hashes[:k]) + root(hashes[k:]))


def note_line(name: str, kind: int, public: bytes, blob: bytes) -> bytes:
    """One signature line of a note."""
    key_id = h(name.encode() + b"\n" + bytes([kind]) + public)[:4]
    return f"\u2014 {name} {base64.b64encode(key_id + blob).decode()}\n".encode()


def note_text(origin: str, size: int, top: bytes) -> bytes:
    """The signed text of a checkpoint."""
    return f"{origin}\n{size}\n{base64.b64encode(top).decode()}\n".encode()


def checkpoint(line: Line, party: int, key: Ed25519PrivateKey, hashes: list[bytes]) -> bytes:
    """A checkpoint of one's own log."""
    text = note_text(line.origins[party], len(hashes), root(hashes))
    return text + b"\n" + note_line(line.origins[party], 1, pub(key), key.sign(text))


def note_parse(note: bytes) -> tuple[str, int, bytes, bytes, list[tuple[str, bytes]]]:
    """Origin, size, root, text and lines (name, key id with signature)."""
    try:
        text, _, tail = note.decode().partition("\n\n")
        origin, size, top = text.split("\n")
        rows = [row.split(" ") for row in tail[:-1].split("\n")]
        lines = [(name, base64.b64decode(blob, validate=True)) for _dash, name, blob in rows]
        made = (
            f"{origin}\n{int(size)}\n{base64.b64encode(base64.b64decode(top)).decode()}\n\n"
            + "".join(f"\u2014 {name} {base64.b64encode(blob).decode()}\n" for name, blob in lines)
        )
    except ValueError:
        raise Refused("record.note") from None
    need(
        made.encode() == note and len(base64.b64decode(top)) == 32 and int(size) < 2**63,
        "record.note",
    )
    return origin, int(size), base64.b64decode(top), text.encode() + b"\n", lines


def checkpoint_check(note: bytes, line: Line, party: int) -> tuple[int, bytes]:
    """Size and root of a party's checkpoint."""
    origin, size, top, text, lines = note_parse(note)
    need(origin == line.origins[party], "record.origin")
    need(len(lines) == 1, "record.note")
    author_line(lines[0], line, party, text)
    return size, top


def author_line(row: tuple[str, bytes], line: Line, party: int, text: bytes) -> None:
    """The 0x01 line of a checkpoint."""
    public, name = line.key(party, "log"), line.origins[party]
    need(
        row[0] == name and row[1][:4] == h(name.encode() + b"\n\1" + public)[:4], "record.note_key"
    )
    need(holds(public, row[1][4:], text), "record.note")


def receipt_make(
    line: Line, me: int, key: Ed25519PrivateKey, note: bytes, m: int, time_s: int
) -> bytes:
    """Our receipt of the peer's checkpoint, given when our own log had m leaves."""
    _, n, top, text, _ = note_parse(note)
    name = line.origins[me] + "/cosign"
    signature = key.sign(f"cosignature/v1\ntime {time_s}\n".encode() + text)
    both = note + note_line(name, 4, pub(key), time_s.to_bytes(8, "big") + signature)
    return enc([both, cose(key, "openline/receipt/1", [line.id, n, top, m])])


def receipt_check(raw: bytes, line: Line, log: int) -> tuple[int, bytes, int, int]:
    """Size, root, m and time of a receipt of `log` by the other party."""
    try:
        note, claim = dec(raw)
        origin, size, top, text, lines = note_parse(note)
        need(origin == line.origins[log] and len(lines) == 2, "record.receipt")
        author_line(lines[0], line, log, text)
        public, name = line.key(1 - log, "cosign"), line.origins[1 - log] + "/cosign"
        blob = lines[1][1]
        need(
            lines[1][0] == name and blob[:4] == h(name.encode() + b"\n\4" + public)[:4],
            "record.receipt",
        )
        time_s = int.from_bytes(blob[4:12], "big")
        need(
            holds(public, blob[12:], f"cosignature/v1\ntime {time_s}\n".encode() + text),
            "record.receipt",
        )
        line_id, n, top_too, m = cose_check(claim, "openline/receipt/1", public)
        need((line_id, n, top_too) == (line.id, size, top) and m >= 1 and n >= 1, "record.receipt")
    except (ValueError, TypeError, Refused):
        raise Refused("record.receipt") from None
    return size, top, m, time_s


def seal_signed(name: str, time_s: int, origin: str, size: int, top: bytes) -> bytes:
    """What an ML-DSA-44 seal is over."""
    who, log = name.encode(), origin.encode()
    out = b"subtree/v1\n\0" + bytes([len(who)]) + who + time_s.to_bytes(8, "big")
    return out + bytes([len(log)]) + log + bytes(8) + size.to_bytes(8, "big") + top


def seal_make(
    line: Line, me: int, log: int, key: MLDSA44PrivateKey, head: tuple[int, bytes, int]
) -> bytes:
    """Our seal of a log at (size, root, time in s)."""
    size, top, time_s = head
    name = line.origins[log] if me == log else line.origins[me] + "/cosign"
    signature = key.sign(seal_signed(name, time_s, line.origins[log], size, top))
    text = note_text(line.origins[log], size, top)
    return text + b"\n" + note_line(name, 6, pub(key), time_s.to_bytes(8, "big") + signature)


def seal_check(note: bytes, line: Line, log: int, party: int) -> tuple[int, bytes, int]:
    """Size, root and time of a party's seal of a log."""
    name = line.origins[log] if party == log else line.origins[party] + "/cosign"
    public = line.key(party, "log_pq" if party == log else "cosign_pq")
    origin, size, top, _, lines = note_parse(note)
    need(len(lines) == 1 and lines[0][0] == name and origin == line.origins[log], "record.seal")
    blob = lines[0][1]
    need(blob[:4] == h(name.encode() + b"\n\6" + public)[:4], "record.seal")
    time_s = int.from_bytes(blob[4:12], "big")
    need(time_s == 0 or party != log, "record.seal")
    need(holds(public, blob[12:], seal_signed(name, time_s, origin, size, top)), "record.seal")
    return size, top, time_s
