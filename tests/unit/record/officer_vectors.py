"""Makes vectors/officers.json: ``python -m tests.unit.record.officer_vectors`` from the root."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from openline.errors import RecordError
from openline.record.bodies import parse_rule, revoke_body, rule_body, text_body
from openline.record.cbor import Value, encode
from openline.record.genesis import parse_genesis
from openline.record.log import RawEntry, Record
from tests.unit.record.makers import Keys, Pair
from tests.unit.record.trials import enrolment, stated

FOLDER: Final = Path(__file__).parents[3] / "vectors"
TEXT: Final = text_body("en", "Both of us say so.")
Vector = dict[str, Any]
Offer = tuple[str, str, RawEntry]


class Line:
    """One party's officers on the genesis of record.json, and what they offer to the log."""

    def __init__(self) -> None:
        pair = Pair()
        record = json.loads((FOLDER / "record.json").read_text("utf-8"))
        pair.genesis = parse_genesis(bytes.fromhex(record["genesis"]))
        pair.keys = [
            next(keys for keys in pair.keys if keys.public() == card.keys)
            for card in pair.genesis.cards
        ]
        pair.record = Record(pair.genesis)
        self.pair = pair
        self.first, self.second = pair.keys[0], Keys("second officer")
        self.third = Keys("third officer")
        self.entries: list[Vector] = []

    def offer(self, why: str, log: int, raw: RawEntry) -> None:
        leaf, salt, body = raw
        vector = {
            "why": why,
            "log": log,
            "leaf": leaf.hex(),
            "salt": salt.hex(),
            "body": None if body is None else body.hex(),
        }
        try:
            self.pair.record.append(log, *raw, body_required=False)
        except RecordError as error:
            vector["refused"] = error.code
        self.entries.append(vector)

    def say(self, why: str, kind: str, body: bytes, *signers: Keys) -> None:
        self.offer(why, 0, stated(self.pair, 0, kind, body, *signers))

    def founded(self, *two: str) -> "Line":
        for party in (0, 1):
            own = self.pair.keys[party]
            self.offer("index 1 enrols the first officer", party, enrolment(
                self.pair, party, own, own))  # fmt: skip
        self.offer("a second officer, vouched for by the first", 0, enrolment(
            self.pair, 0, self.second, self.second, self.first))  # fmt: skip
        if two:
            self.say("the rule, by both", "rule", rule_body(two), self.first, self.second)
        return self


def _text(line: Line) -> None:
    line.founded()
    line.say("a rule by one officer", "rule", rule_body(["text"]), line.first)
    line.say("a text by one, before any rule", "text", TEXT, line.first)
    line.say("the rule, by both", "rule", rule_body(["text"]), line.first, line.second)
    line.say("a text by one", "text", TEXT, line.second)
    line.say("a text by one, twice", "text", TEXT, line.second, line.second)
    line.say("a text by one and a stranger", "text", TEXT, line.first, line.third)
    line.say("a text by two, in either order", "text", TEXT, line.second, line.first)
    opened = encode({"index": 1})
    line.say("a kind that the rule does not name", "opened", opened, line.first)
    line.say("the rule lifted by one", "rule", rule_body([]), line.first)
    line.say("the rule lifted by both", "rule", rule_body([]), line.second, line.first)
    line.say("a text by one again", "text", TEXT, line.first)


def _enrol(line: Line) -> None:
    line.founded("enrol", "text")
    offered = (
        ("the new officer and one who vouches", (line.third, line.first)),
        ("one who vouches", (line.first,)),
        ("two who vouch", (line.first, line.second)),
    )
    for why, signers in offered:
        line.offer(why, 0, enrolment(line.pair, 0, line.third, *signers))
    line.say("the new officer and another", "text", TEXT, line.third, line.second)


def _revoke(line: Line) -> None:
    line.founded("revoke")
    gone = revoke_body(line.second.officer_public)
    line.say("by one", "revoke", gone, line.first)
    line.say("by both, of one of them", "revoke", gone, line.first, line.second)
    line.say("a rule by one who is left and one who is not", "rule", rule_body([]), line.first,
             line.second)  # fmt: skip


def _forms(line: Line) -> None:
    line.founded()
    odd: tuple[tuple[str, Value], ...] = (
        ("no list", None),
        ("out of order", {"two": ["text", "enrol"]}),
        ("a kind twice", {"two": ["text", "text"]}),
        ("not a kind", {"two": ["Text"]}),
        ("17 kinds", {"two": [f"kind-{at:02}" for at in range(17)]}),
        ("another member", {"two": [], "more": 1}),
    )
    for why, body in odd:
        line.say(why, "rule", encode(body), line.first, line.second)
    leaf, _salt, _body = stated(line.pair, 0, "rule", rule_body([]), line.first, line.second)
    line.offer("without its body", 0, (leaf, b"", None))
    sixteen = rule_body([f"kind-{at:02}" for at in range(16)])
    line.say("16 kinds, none of them known", "rule", sixteen, line.first, line.second)


STORIES: Final[tuple[tuple[str, Callable[[Line], None]], ...]] = (
    ("two-for-texts", _text),
    ("two-for-enrolments", _enrol),
    ("two-for-revocations", _revoke),
    ("rules", _forms),
)


def _history(name: str, story: Callable[[Line], None]) -> Vector:
    line = Line()
    story(line)
    for entry in line.entries:
        if entry.get("refused") == "record.rule" and entry["body"] is not None:
            _is_no_rule(bytes.fromhex(entry["body"]))
    return {"name": name, "entries": line.entries}


def _is_no_rule(body: bytes) -> None:
    try:
        parse_rule(body)
    except RecordError:
        return
    raise AssertionError(body.hex())


def content() -> Vector:
    """Everything in the file."""
    return {
        "about": "Who may sign: docs/spec/record.md, sections 5 and 6. Each entry is offered in its"
        " turn; a refused one changes nothing.",
        "genesis": Line().pair.genesis.raw.hex(),
        "histories": [_history(*story) for story in STORIES],
    }


if __name__ == "__main__":
    text = json.dumps(content(), ensure_ascii=False, indent=1)
    (FOLDER / "officers.json").write_text(text + "\n", "utf-8")
