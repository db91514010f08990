"""Makes vectors/accounts.json: ``python -m tests.unit.protocol.account_vectors`` from the root."""

import json
from pathlib import Path
from typing import Final

from openline.record.cbor import Value
from openline.record.entry import encode_body

VECTORS: Final = Path(__file__).parents[3] / "vectors" / "accounts.json"

Body = dict[str, Value]
Vector = dict[str, object]

CALLER: Final[Body] = {
    "id": bytes(range(8)),
    "role": "caller",
    "manner": "announce",
    "precedence": "ROUTINE",
    "downgraded": "",
    "outcome": "untaken",
    "start_ms": 1_795_000_000_000,
    "end_ms": 1_795_000_060_000,
    "taken": False,
    "silenced": False,
    "pressed": False,
    "answer": "",
    "due_s": 0,
    "held": False,
    "two_way": False,
    "sounded": True,
    "attended": True,
}
CALLED: Final[Body] = CALLER | {"role": "called", "start_ms": 5, "end_ms": 60_005}
PROMISE: Final[Body] = {
    "outcome": "reply_promised",
    "pressed": True,
    "answer": "reply",
    "due_s": 3600,
}
RESTART: Final[Body] = {
    name: CALLED[name] for name in ("id", "role", "manner", "precedence", "start_ms", "end_ms")
} | {"outcome": "restart"}

PAIRS: Final[list[tuple[str, str, Body, Body, str]]] = [
    ("match", "Times are labels of two clocks and are not compared.", CALLER, CALLED, ""),
    ("match-promise", "A reply was promised.", CALLER | PROMISE, CALLED | PROMISE, ""),
    ("match-tag", "One side never heard the whole id.", CALLER,
     CALLED | {"id": bytes(range(4))}, ""),
    ("match-ended", "One side was not told whose act it was.", CALLER | {"outcome": "ended"},
     CALLED, ""),
    ("match-restart", "What an account does not say is not compared.", CALLER, RESTART, ""),
    ("match-untaken", "Two names of one end.", CALLER, CALLED | {"outcome": "unattended"}, ""),
    ("differ-sounded", "A machine played it, says one side alone.", CALLER,
     CALLED | {"sounded": False}, "sounded"),
    ("differ-pressed", "An officer acted, says one side alone.", CALLER,
     CALLED | {"pressed": True, "answer": "heard"}, "pressed answer"),
    ("differ-outcome", "Each side says that its own officer ended it.",
     CALLER | {"outcome": "withdrawn"}, CALLED | {"outcome": "declined", "pressed": True},
     "outcome pressed"),
    ("differ-promise", "The caller claims a promise that the called side does not know.",
     CALLER | PROMISE, CALLED, "outcome pressed answer due_s"),
    ("differ-role", "Both claim to have called.", CALLER, CALLER, "role"),
]  # fmt: skip

REFUSED: Final[list[tuple[str, str, Body]]] = [
    ("refused-id", "An id has 4 or 8 bytes.", CALLER | {"id": bytes(5)}),
    ("refused-role", "There are two roles.", CALLER | {"role": "observer"}),
    ("refused-outcome", "No such outcome.", CALLER | {"outcome": "refused"}),
    ("refused-answer", "No such answer.", CALLER | {"answer": "yes"}),
    ("refused-flag", "A truth value is none other.", CALLER | {"taken": 1}),
]


def make() -> dict[str, object]:
    """The whole file."""
    pairs: list[Vector] = [
        {
            "name": name,
            "why": why,
            "one": encode_body(one).hex(),
            "other": encode_body(other).hex(),
            "word": "differ" if differs else "match",
            "differs": differs,
        }
        for name, why, one, other, differs in PAIRS
    ]
    refused: list[Vector] = [
        {"name": name, "why": why, "body": encode_body(body).hex(),
         "refused": "record.encoding" if name == "refused-flag" else "record.content"}
        for name, why, body in REFUSED
    ]  # fmt: skip
    return {
        "about": "docs/spec/call.md, sections 9 and 10: bodies of kind call, and how two of one "
        "call stand to each other. differs: names of fields in the order of section 10.",
        "pairs": pairs,
        "refused": refused,
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(make(), indent=1) + "\n", encoding="utf-8")
