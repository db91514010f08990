"""Makes vectors/frames.json: ``python -m tests.unit.protocol.frame_vectors`` from the root."""

import json
from pathlib import Path
from typing import Final

from openline.protocol.control import ControlOut, pad_control
from openline.protocol.frames import BatchEntry, batch_frame, seal_frame, want_frame
from openline.record.cbor import Value, encode

VECTORS: Final = Path(__file__).parents[3] / "vectors" / "frames.json"
INCARNATION: Final = bytes(range(16))

Vector = dict[str, object]


def _batches() -> list[Vector]:
    entries = [BatchEntry(b"leaf-1", bytes(16), b"body"), BatchEntry(b"leaf-2", b"s" * 16, None)]
    made: list[Vector] = []
    for name, why, log, first, note in (
        ("batch", "Two entries with their checkpoint; the second body is erased.", 0, 5, b"note\n"),
        ("batch-no-note", "A frame that ends between two checkpoints.", 1, 1, None),
    ):
        made.append(
            {
                "name": name,
                "why": why,
                "log": log,
                "first": first,
                "entries": [
                    [e.leaf.hex(), e.salt.hex(), None if e.body is None else e.body.hex()]
                    for e in entries
                ],
                "note": None if note is None else note.hex(),
                "body": batch_frame(log, first, entries, note).hex(),
            }
        )
    return made


def _refused() -> list[Vector]:
    entry: Value = [b"leaf", bytes(16), None]
    cases: list[tuple[str, str, str, bytes, str]] = [
        ("batch", "batch-empty", "No entry.", encode([0, 1, [], None]), "protocol.batch"),
        ("batch", "batch-genesis", "Index 0 is never sent.", encode([0, 0, [entry], None]),
         "protocol.batch"),
        ("batch", "batch-log", "There are two logs.", encode([2, 1, [entry], None]),
         "record.encoding"),
        ("batch", "batch-salt", "A salt has 16 bytes.",
         encode([0, 1, [[b"leaf", bytes(15), None]], None]), "record.encoding"),
        ("batch", "batch-leaf", "A leaf of 2,049 bytes.",
         encode([0, 1, [[bytes(2049), bytes(16), None]], None]), "protocol.batch"),
        ("batch", "batch-many", "129 entries.", encode([0, 1, [entry] * 129, None]),
         "record.encoding"),
        ("batch", "batch-tail", "A byte after the end.", encode([0, 1, [entry], None]) + b"\0",
         "record.encoding"),
        ("want", "want-short", "Ends early.", b"\x82\x00", "record.truncated"),
        ("want", "want-long-form", "An integer that is not in its shortest form.",
         b"\x82\x00\x18\x05", "record.encoding"),
        ("seal", "seal-two", "One note per frame.", encode([b"a", b"b"]), "record.encoding"),
        ("control", "control-tag", "Seven bytes of incarnation.",
         encode([bytes(7), "legs", 1, None]), "record.encoding"),
        ("control", "control-version", "A version is not negative.",
         encode([bytes(8), "legs", -1, None]), "record.encoding"),
        ("control", "control-behind", "What stands behind the item is not all zeros.",
         encode([INCARNATION[:8], "presence", 1, None]) + b"\0\0\1", "record.encoding"),
        ("control", "control-five", "A fifth item.",
         encode([INCARNATION[:8], "presence", 1, None, b""]), "record.encoding"),
        ("control", "control-object", "No such object.",
         encode([INCARNATION[:8], "other", 1, None]), "protocol.unknown_object"),
    ]  # fmt: skip
    found: list[Vector] = [
        {"name": name, "why": why, "frame": frame, "body": body.hex(), "refused": code}
        for frame, name, why, body, code in cases
    ]
    return found + [
        {"name": name, "why": why, "frame": "call", "body": encode(said).hex(), "refused": code}
        for name, why, said, code in _refused_calls()
    ]


CALL_ID: Final = bytes(range(8))


def _calls() -> list[Vector]:
    begins: dict[str, Value] = {
        "id": CALL_ID, "manner": 3, "open": True, "talking": True, "seq": 1, "outcome": "",
        "two_way": True, "consents": 1, "precedence": 2,
    }  # fmt: skip
    held: dict[str, Value] = {
        "id": CALL_ID, "manner": 2, "open": True, "talking": False, "seq": 1, "outcome": "",
        "two_way": False, "consents": 0, "taken": False, "silenced": False, "downgraded": "limit",
        "answer": "fetching", "answers": 2, "due_s": 300, "sounded": False, "attended": True,
    }  # fmt: skip
    spare: dict[str, Value] = {
        "id": CALL_ID, "manner": 1, "open": True, "talking": False, "seq": 1, "outcome": "",
    }  # fmt: skip
    cases: list[tuple[str, str, str, dict[str, Value], Vector, int]] = [
        ("call-two-way", "An IMMEDIATE call that asks to be open both ways.", "call", begins,
         {"manner": "two_way", "precedence": 2, "two_way": True, "consents": 1}, 0x23),
        ("call-held", "The principal is being found for 300 s; an announce became a ring.",
         "call-answer", held,
         {"manner": "ring", "answer": "fetching", "answers": 2, "due_s": 300, "attended": True,
          "downgraded": "limit"}, 0x02),
        ("call-spare", "Members that are absent are false, 0 or empty.", "call", spare,
         {"manner": "announce", "precedence": 0, "two_way": False, "consents": 0}, 0x01),
    ]  # fmt: skip
    return [
        {
            "name": name,
            "why": why,
            "object": object_,
            "body": encode([INCARNATION[:8], object_, 1, payload]).hex(),
            "says": says,
            "manner_octet": octet,
        }
        for name, why, object_, payload, says, octet in cases
    ]


def _refused_calls() -> list[tuple[str, str, Value, str]]:
    call: dict[str, Value] = {
        "id": CALL_ID, "manner": 1, "open": True, "talking": True, "seq": 1, "outcome": "",
    }  # fmt: skip
    return [
        ("call-manner", "There are three manners.", call | {"manner": 4}, "protocol.call"),
        ("call-answer-word", "No such answer.", call | {"answer": "no"}, "protocol.call"),
        ("call-eta-short", "An ETA is at least 60 s.",
         call | {"answer": "fetching", "due_s": 59}, "protocol.call"),
        ("call-eta-long", "An ETA is at most 7,200 s.",
         call | {"answer": "fetching", "due_s": 7_201}, "protocol.call"),
        ("call-heard-due", "Only fetching and reply have a time.",
         call | {"answer": "heard", "due_s": 60}, "protocol.call"),
        ("call-precedence", "There are four precedences.", call | {"precedence": 4},
         "record.encoding"),
        ("call-downgraded", "By what?", call | {"downgraded": "whim"}, "protocol.call"),
    ]  # fmt: skip


def make() -> dict[str, object]:
    """The whole file."""
    out = ControlOut(INCARNATION)
    first = out.set("presence", {"attended": True, "hears": True, "code": "W-1"})
    second = out.set("presence", {"attended": False, "hears": False})
    return {
        "about": "docs/spec/frames.md: BATCH (2), SEAL and WANT (3), CONTROL (4); "
        "calls, refused call: docs/spec/call.md, section 4.",
        "batches": _batches(),
        "wants": [
            {
                "name": "want",
                "why": "Log 1 from index 12 on.",
                "log": 1,
                "first": 12,
                "body": want_frame(1, 12).hex(),
            }
        ],
        "seals": [
            {
                "name": "seal",
                "why": "One note.",
                "note": b"note\n".hex(),
                "body": seal_frame(b"note\n").hex(),
            }
        ],
        "controls": [
            {
                "name": name,
                "why": why,
                "incarnation": INCARNATION.hex(),
                "object": "presence",
                "version": version,
                "body": (body or b"").hex(),
            }
            for name, why, version, body in (
                ("control-first", "An attended desk with its watch code.", 1, first),
                ("control-second", "Later: its page answers and cannot hear.", 2, second),
                ("control-sent", "As it is sent: 320 bytes.", 2, pad_control(second or b"")),
            )
        ],
        "calls": _calls(),
        "refused": _refused(),
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(make(), indent=1) + "\n", encoding="utf-8")
