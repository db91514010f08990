"""Makes vectors/link.json: python -m tests.unit.link.make_vectors (from the root of the clone)."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from openline.link.frames import (
    PIECE_MAX,
    Frame,
    FrameClass,
    datagram_plaintexts,
    encode_record,
)
from openline.link.packets import PacketChannel, exporter_context
from openline.link.tls import spki_pin

TARGET = Path(__file__).parents[3] / "vectors" / "link.json"
SEEDS = (b"\x01" * 32, b"\x02" * 32)
LINE = bytes(range(16))
EXPORTED = bytes((7 * number + 1) % 256 for number in range(68))

Vector = dict[str, Any]


def keys() -> list[Vector]:
    made = []
    for name, seed in zip(("a", "b"), SEEDS, strict=True):
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
        made.append(
            {
                "name": f"key-{name}",
                "why": "A link key, its SPKI in DER and the pin.",
                "seed": seed.hex(),
                "spki": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex(),
                "pin": spki_pin(public).hex(),
            }
        )
    return made


def pins() -> tuple[bytes, bytes]:
    """Smaller, then larger."""
    found = [spki_pin(Ed25519PrivateKey.from_private_bytes(s).public_key()) for s in SEEDS]
    return min(found), max(found)


def contexts() -> list[Vector]:
    small, large = pins()
    return [
        {
            "name": f"context-{name}",
            "why": why,
            "pins": [small.hex(), large.hex()],
            "line": LINE.hex(),
            "path": path,
            "context": exporter_context(small, large, LINE, path).hex(),
        }
        for name, path, why in (
            ("ascii", "cable", "What the keys of a path are bound to."),
            ("utf8", "卫星", "The path's name is UTF-8, its length counted in bytes."),
        )
    ]


def packets() -> list[Vector]:
    small, large = pins()
    frames = (
        ("control", "The smaller pin's first packet.", small, Frame(FrameClass.CONTROL, 1, b"one")),
        ("reply", "The other direction has the other key.", large, Frame(FrameClass.WANT, 9, b"")),
        ("full", "The largest plaintext.", small, Frame(FrameClass.MEDIA, 2**64 - 1, bytes(1191))),
    )
    made = []
    for name, why, sender, frame in frames:
        channel = PacketChannel(EXPORTED, sender, large if sender == small else small)
        (plaintext,) = datagram_plaintexts(frame)
        made.append(
            {
                "name": f"packet-{name}",
                "why": why,
                "exported": EXPORTED.hex(),
                "sender": "smaller" if sender == small else "larger",
                "counter": 1,
                "class": int(frame.frame_class),
                "sequence": frame.sequence,
                "body": frame.body.hex(),
                "plaintext": plaintext.hex(),
                "packet": channel.seal(plaintext).hex(),
            }
        )
    return made


def refused_packets() -> list[Vector]:
    small, large = pins()
    good = PacketChannel(EXPORTED, small, large).seal(bytes.fromhex("040000000000000001"))
    zero = PacketChannel(EXPORTED, small, large)
    zero._counter = -1
    rows = (
        ("type", "The first byte is 1.", b"\x02" + good[1:], "link.packet"),
        ("epoch", "No keys of this epoch.", good[:1] + b"\0\0\0\0" + good[5:], "link.packet"),
        ("counter", "The header is authenticated.", good[:12] + b"\x02" + good[13:], "link.packet"),
        ("tag", "Every bit of the tag counts.", good[:-1] + bytes([good[-1] ^ 1]), "link.packet"),
        ("short", "A tag cut short.", good[:-1], "link.packet"),
        ("empty", "Nothing.", b"", "link.packet"),
        ("oversize", "1230 bytes.", good + bytes(1230 - len(good)), "link.packet"),
        ("zero", "Counters start at 1.", zero.seal(bytes(9)), "link.replay"),
        (
            "reflected",
            "Sealed with our own key.",
            PacketChannel(EXPORTED, large, small).seal(bytes(9)),
            "link.packet",
        ),
    )
    return [
        {
            "name": f"packet-refused-{name}",
            "why": why,
            "exported": EXPORTED.hex(),
            "sender": "smaller",
            "packet": packet.hex(),
            "refused": code,
        }
        for name, why, packet, code in rows
    ]


def pieces() -> list[Vector]:
    made = []
    for name, size in (("two", 1192), ("four", 4 * PIECE_MAX), ("too-long", 4 * PIECE_MAX + 1)):
        frame = Frame(FrameClass.BATCH, 3, bytes(n % 251 for n in range(size)))
        made.append(
            {
                "name": f"pieces-{name}",
                "why": "A body cut over packets; none if it needs more than four.",
                "class": int(frame.frame_class),
                "sequence": frame.sequence,
                "body": frame.body.hex(),
                "plaintexts": [item.hex() for item in datagram_plaintexts(frame)],
            }
        )
    return made


def refused_plaintexts() -> list[Vector]:
    one = (1).to_bytes(8, "big")
    rows = (
        ("short", "No room for class and sequence.", b"\x04" + bytes(7)),
        ("sequence", "Sequences start at 1.", b"\x04" + bytes(8)),
        ("class-zero", "There is no class 0.", b"\x00" + one),
        ("hello", "HELLO goes by stream alone.", b"\x01" + one),
        (
            "close-piece",
            "CLOSE goes by stream alone, in pieces too.",
            b"\x88" + one + b"\0\2" + bytes(1189),
        ),
        ("one-piece", "A single piece is no fragment.", b"\x83" + one + b"\0\1" + bytes(10)),
        ("five", "At most four pieces.", b"\x83" + one + b"\0\5" + bytes(1189)),
        ("index", "The index is below the count.", b"\x83" + one + b"\2\2" + bytes(10)),
        ("not-full", "All pieces but the last are full.", b"\x83" + one + b"\0\2" + bytes(1188)),
        ("no-piece", "A piece has at least one byte.", b"\x83" + one + b"\1\2"),
    )
    return [
        {
            "name": f"plaintext-refused-{name}",
            "why": why,
            "plaintext": data.hex(),
            "refused": "link.frame",
        }
        for name, why, data in rows
    ]


def records() -> list[Vector]:
    made: list[Vector] = []
    for name, frame in (
        ("empty", Frame(FrameClass.WANT, 1, b"")),
        ("close", Frame(FrameClass.CLOSE, 1, b"record.fork")),
        ("seal", Frame(FrameClass.SEAL, 258, b"\x00\x01")),
    ):
        made.append(
            {
                "name": f"record-{name}",
                "why": "A frame on a stream.",
                "class": int(frame.frame_class),
                "sequence": frame.sequence,
                "body": frame.body.hex(),
                "record": encode_record(frame).hex(),
            }
        )
    one = (1).to_bytes(8, "big")
    rows = (
        (
            "long",
            "One byte over the limit; refused from the length alone.",
            (131_073).to_bytes(4, "big"),
        ),
        ("short", "The length covers class and sequence.", (8).to_bytes(4, "big")),
        ("class-zero", "There is no class 0.", (9).to_bytes(4, "big") + b"\x00" + one),
        ("fragment", "Streams carry no pieces.", (9).to_bytes(4, "big") + b"\x84" + one),
        ("sequence", "Sequences start at 1.", (9).to_bytes(4, "big") + b"\x04" + bytes(8)),
    )
    made += [
        {
            "name": f"record-refused-{name}",
            "why": why,
            "record": data.hex(),
            "refused": "link.frame",
        }
        for name, why, data in rows
    ]
    return made


def heartbeats() -> list[Vector]:
    def body(own: int, echo: int, held: int) -> str:
        return (own.to_bytes(8, "big") + echo.to_bytes(8, "big") + held.to_bytes(4, "big")).hex()

    return [
        {
            "name": "heartbeat",
            "why": "Taken one after the other by a fresh connection: what each proves.",
            "bodies": [
                {"at_ms": 100, "body": body(900, 0, 0), "round_trip_ms": None},
                {"at_ms": 160, "body": body(960, 100, 10), "round_trip_ms": 50},
                {"at_ms": 260, "body": body(1060, 100, 110), "round_trip_ms": None},
                {"at_ms": 300, "body": body(1100, 200, 101), "round_trip_ms": None},
                {"at_ms": 310, "body": body(1110, 400, 0), "round_trip_ms": None},
                {"at_ms": 320, "body": body(1120, 200, 30), "round_trip_ms": 90},
            ],
        },
        {
            "name": "heartbeat-refused-time",
            "why": "The own time is never 0.",
            "body": body(0, 0, 0),
            "refused": "link.frame",
        },
        {
            "name": "heartbeat-refused-size",
            "why": "20 bytes, no more.",
            "body": body(1, 0, 0) + "00",
            "refused": "link.frame",
        },
    ]


def make() -> Vector:
    return {
        "about": "docs/spec/link.md: pins (2), exporter context (4.1), packets (4.2), plaintexts "
        "and pieces (5), stream records (3), heartbeats (7). TLS itself is not in here.",
        "keys": keys(),
        "contexts": contexts(),
        "packets": packets() + refused_packets(),
        "plaintexts": pieces() + refused_plaintexts(),
        "records": records(),
        "heartbeats": heartbeats(),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
