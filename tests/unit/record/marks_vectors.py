"""Makes vectors/marks.json: ``python -m tests.unit.record.marks_vectors`` from the root."""

import json
from typing import Any, Final

from openline.errors import RecordError
from openline.record import bodies
from openline.record.cbor import Value, encode
from openline.record.marks import MARKS, Mark, mark_body, parse_mark
from tests.unit.record.officer_vectors import FOLDER, Line

Vector = dict[str, Any]

GOOD: Final[tuple[tuple[str, Mark], ...]] = (
    ("without a reason", Mark(kind="sent-in-error", index=2)),
    ("with one", Mark(kind="sent-in-error", index=2, words="Meant for another line.")),
    ("a protest", Mark(kind="protest", index=7, words="这不是事实。", language="zh-Hans")),
    ("passed on", Mark(kind="passed", index=7, words="Coast guard")),
    ("declined", Mark(kind="declined", index=7)),
)
REFUSED: Final[tuple[tuple[str, str, dict[str, Value]], ...]] = (
    ("no reason, not even an empty one", "sent-in-error", {"index": 2}),
    ("a reason that is too long", "sent-in-error", {"index": 2, "reason": "x" * 2_001}),
    ("a blank protest", "protest", {"index": 7, "lang": "en", "text": " "}),
    ("no language", "protest", {"index": 7, "lang": "", "text": "No."}),
    ("passed to nobody", "passed", {"index": 7, "office": " "}),
    ("an office that is too long", "passed", {"index": 7, "office": "x" * 65}),
    ("another member", "declined", {"index": 7, "why": "No."}),
    ("no index", "declined", {}),
)


def _refused(why: str, kind: str, body: dict[str, Value]) -> Vector:
    raw = encode(body)
    try:
        parse_mark(kind, raw)
    except RecordError as error:
        return {"why": why, "kind": kind, "body": raw.hex(), "refused": error.code}
    raise AssertionError(why)


def _history() -> list[Vector]:
    """Marks as entries: each needs an officer."""
    line = Line().founded()
    line.say("a text", "text", bodies.text_body("en", "To all."), line.first)
    for kind in MARKS:
        words = {"protest": "No.", "passed": "Coast guard"}.get(kind, "")
        language = "en" if kind == "protest" else ""
        body = mark_body(Mark(kind=kind, index=1, words=words, language=language))
        line.say(f"{kind}, by no officer", kind, body)
        line.say(f"{kind}, by one", kind, body, line.first)
    line.say("a text that answers", "text", bodies.text_body("en", "Heard.", 1), line.first)
    line.say("a body that does not fit: kept", "declined", encode({"index": "x"}), line.first)
    return line.entries


def content() -> Vector:
    """Everything in the file."""
    answer = bodies.text_body("en", "Understood.", 7)
    return {
        "about": "What officers say of entries: docs/spec/record.md, section 5.1.",
        "genesis": Line().pair.genesis.raw.hex(),
        "bodies": [
            {
                "why": why,
                "kind": mark.kind,
                "index": mark.index,
                "words": mark.words,
                "lang": mark.language,
                "body": mark_body(mark).hex(),
            }
            for why, mark in GOOD
        ],
        "answer": {"index": 7, "lang": "en", "text": "Understood.", "body": answer.hex()},
        "refused": [_refused(*each) for each in REFUSED],
        "history": _history(),
    }


if __name__ == "__main__":
    text = json.dumps(content(), ensure_ascii=False, indent=1)
    (FOLDER / "marks.json").write_text(text + "\n", "utf-8")
