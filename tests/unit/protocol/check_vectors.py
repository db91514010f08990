"""Makes vectors/check.json: ``python -m tests.unit.protocol.check_vectors`` from the root."""

import json
from pathlib import Path
from typing import Any, Final

from openline.engine.quality import mos, r_value
from openline.protocol.checks import CheckSaid, Hears, Ready, slot_at, turn
from openline.protocol.wordlists import LISTS
from openline.protocol.words import WordsSaid, WordsSecret
from openline.record.cbor import Value, encode
from openline.record.checks import (
    Answered,
    Began,
    Result,
    TextWord,
    VoiceWord,
    answered_body,
    began_body,
    result_body,
)

VECTORS: Final = Path(__file__).parents[3] / "vectors" / "check.json"
LINE: Final = bytes(range(16))
CHECK: Final = bytes(range(8))
Vector = dict[str, Any]


def _turns() -> list[Vector]:
    made = []
    for number, (wall_ms, minutes) in enumerate(
        [(0, 60), (1_795_000_000_000, 60), (1_795_003_600_000, 60), (1_795_000_000_000, 1440)]
    ):
        slot = slot_at(wall_ms, minutes)
        made.append(
            {
                "name": f"turn-{number}",
                "why": "Slot of a moment, whose turn it is, when each side begins.",
                "line": LINE.hex(),
                "wall_ms": wall_ms,
                "minutes": minutes,
                "slot": slot.number,
                "party": turn(LINE, slot.number),
                "turn_ms": slot.turn_ms,
                "late_ms": slot.late_ms,
            }
        )
    return made


def _bodies() -> list[Vector]:
    full = Result(
        check=CHECK,
        slot=498_611,
        role="beginner",
        text=TextWord.HELD,
        voice=VoiceWord.HELD,
        text_ms=142,
        voice_ms=61,
        desks=1,
        words="3F2A",
    )
    short = Result(
        check=CHECK, slot=0, role="answerer", text=TextWord.NOT_ASKED, voice=VoiceWord.ONE_WAY
    )
    made = [
        ("began", "Text 2 begins a check.", began_body(Began(check=CHECK, slot=498_611, text=2))),
        ("answered", "Text 7 answers it.", answered_body(Answered(check=CHECK, of=6, text=7))),
        ("result-full", "All that a result may say.", result_body(full)),
        ("result-least", "The least that it says.", result_body(short)),
    ]
    return [{"name": name, "why": why, "body": body.hex()} for name, why, body in made]


def _refused_bodies() -> list[Vector]:
    cases: list[tuple[str, str, Value]] = [
        ("part", "No such part.", {"part": "other", "id": CHECK}),
        ("text-0", "Texts begin at 1.", {"part": "began", "id": CHECK, "slot": 0, "text": 0}),
        ("surplus", "A member too many.",
         {"part": "answered", "id": CHECK, "of": 6, "text": 7, "more": 1}),
        ("word", "An unknown word.",
         {"part": "result", "id": CHECK, "slot": 0, "role": "answerer", "text": "good",
          "voice": "held"}),
        ("role", "An unknown role.",
         {"part": "result", "id": CHECK, "slot": 0, "role": "caller", "text": "held",
          "voice": "held"}),
    ]  # fmt: skip
    return [
        {"name": name, "why": why, "body": encode(body).hex(), "refused": "record.content"}
        for name, why, body in cases
    ]


def _payloads() -> list[Vector]:
    words = WordsSaid(key=bytes(32), nonce=bytes(16), at_ms=1, proof=bytes(32))
    whole = CheckSaid(
        check=CHECK,
        begins=True,
        open=True,
        text=True,
        voice=True,
        ready=Ready.READY,
        slot=498_611,
        words=words,
        hears=Hears(delay_ms=150, loss=10),
    )
    made = [
        ("idle", "Before the first check: what is heard, alone.",
         CheckSaid(hears=Hears(delay_ms=150, loss=10))),
        ("open", "All that it may say.", whole),
        ("call", "Refused, as a call is open.", CheckSaid(check=CHECK, end="call")),
    ]  # fmt: skip
    return [
        {"name": name, "why": why, "payload": encode(said.payload()).hex()}
        for name, why, said in made
    ]


def _refused_payloads() -> list[Vector]:
    idle = CheckSaid().payload()
    assert isinstance(idle, dict)
    cases: list[tuple[str, str, dict[str, Value], str]] = [
        ("id", "Seven bytes of id.", {"id": bytes(7)}, "protocol.check"),
        ("member", "A member too many.", {"more": 1}, "protocol.check"),
        ("ready", "No such word.", {"ready": 3}, "record.encoding"),
        ("hears", "Three figures.", {"hears": [1, 2, 3]}, "protocol.check"),
        ("key", "A key of 31 bytes.",
         {"words": {"key": bytes(31), "nonce": bytes(16), "at_ms": 1}}, "record.encoding"),
    ]  # fmt: skip
    return [
        {"name": name, "why": why, "payload": encode(idle | change).hex(), "refused": code}
        for name, why, change, code in cases
    ]


def _words() -> list[Vector]:
    secrets = [bytes([1]) * 32, bytes([2]) * 32]
    nonces = [bytes([3]) * 16, bytes([4]) * 16]
    parts = [WordsSecret(s, n, 1_795_000_000_000) for s, n in zip(secrets, nonces, strict=True)]
    agreed = parts[0].agree(0, LINE + CHECK, parts[1].said)
    assert agreed == parts[1].agree(1, LINE + CHECK, parts[0].said)
    return [
        {
            "name": "words",
            "why": "Both parts of an exchange and what follows from them.",
            "line": LINE.hex(),
            "check": CHECK.hex(),
            "secrets": [item.hex() for item in secrets],
            "nonces": [item.hex() for item in nonces],
            "keys": [part.said.key.hex() for part in parts],
            "proofs": [proof.hex() for proof in agreed.proofs],
            "list": agreed.name,
            "words": list(agreed.words),
        },
        {
            "name": "words-small-order",
            "why": "A key that agrees on nothing.",
            "secret": secrets[0].hex(),
            "key": bytes(32).hex(),
            "refused": "protocol.check",
        },
    ]


def _quality() -> list[Vector]:
    points = [(0, 0.0), (100, 0.0), (150, 0.0), (200, 0.01), (250, 0.0), (400, 0.0), (400, 0.2)]
    return [
        {
            "name": f"r-{delay}-{loss}",
            "why": "R and MOS of a delay in ms and a share of loss, to 0.01.",
            "delay_ms": delay,
            "loss": loss,
            "r": round(r_value(delay, loss), 2),
            "mos": round(mos(r_value(delay, loss)), 2),
        }
        for delay, loss in points
    ]


def main() -> None:
    """Write the file."""
    content = {
        "about": "docs/spec/check.md: turns 1, payloads 2, bodies 4, words 6, quality 7.",
        "turns": _turns(),
        "payloads": _payloads(),
        "refused_payloads": _refused_payloads(),
        "bodies": _bodies(),
        "refused_bodies": _refused_bodies(),
        "words": _words(),
        "quality": _quality(),
        "word_lists": {name: list(words) for name, words in LISTS.items()},
    }
    VECTORS.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
