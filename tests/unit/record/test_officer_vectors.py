"""vectors/officers.json is what its maker makes, and two readers that share no code agree on it."""

import json
from functools import cache
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from openline.errors import RecordError
from openline.record.genesis import parse_genesis
from openline.record.log import RawEntry, Record
from tests.unit.record.officer_vectors import FOLDER, content
from tools.verify.openline_verify import Line, Refused, sha, whole

Vector = dict[str, Any]

REFUSED = {
    "two-for-texts": [
        "record.second_officer", "record.second_officer", "record.statement", "record.officer",
        "record.second_officer",
    ],
    "two-for-enrolments": ["record.enrolment", "record.second_officer"],
    "two-for-revocations": ["record.second_officer", "record.officer"],
    "rules": ["record.encoding", *["record.rule"] * 5, "record.body_missing"],
    "marks": ["record.statement_missing"] * 4,
}  # fmt: skip


@cache
def load(name: str = "officers") -> Vector:
    found: Vector = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def raw(vector: Vector) -> RawEntry:
    body = vector["body"]
    leaf, salt = bytes.fromhex(vector["leaf"]), bytes.fromhex(vector["salt"])
    return leaf, salt, None if body is None else bytes.fromhex(body)


def stories() -> list[Vector]:
    marks = load("marks")
    return [*load()["histories"], {"name": "marks", "entries": marks["history"]}]


histories = pytest.mark.parametrize(
    "history", [pytest.param(one, id=one["name"]) for one in stories()]
)


def test_the_file_is_what_its_maker_makes() -> None:
    assert content() == load()


@histories
def test_histories(history: Vector) -> None:
    record, refused = Record(parse_genesis(bytes.fromhex(load()["genesis"]))), []
    for vector in history["entries"]:
        code = ""
        try:
            record.append(vector["log"], *raw(vector), body_required=False)
        except RecordError as error:
            code = error.code
            refused.append(code)
        assert code == vector.get("refused", ""), vector["why"]
    assert refused == REFUSED[history["name"]]


@histories
def test_the_second_verifier_takes_the_same(history: Vector) -> None:
    """One that was refused may have left something behind there: each begins anew."""
    genesis = bytes.fromhex(load()["genesis"])
    pins = {sha(card) for card in whole(genesis)[1:3]}
    taken: list[Vector] = []
    for vector in history["entries"]:
        line = Line(genesis, pins)
        line.founded()
        for before in taken:
            assert line.entry(before["log"], *raw(before))
        if "refused" in vector:
            with pytest.raises((Refused, InvalidSignature, AttributeError)):
                line.entry(vector["log"], *raw(vector))
        else:
            taken.append(vector)
    assert len(taken) > 3
