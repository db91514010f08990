"""vectors/frames.json is what our code makes, reads and refuses."""

import json
from typing import Any

import pytest

from openline.engine.call_words import block_number, parse_said
from openline.errors import OpenlineError
from openline.protocol.accounts import compare, parse_account
from openline.protocol.control import ControlIn, parse_control
from openline.protocol.frames import parse_batch, parse_seal, parse_want
from openline.record.cbor import decode
from tests.unit.protocol import account_vectors
from tests.unit.protocol.frame_vectors import INCARNATION, VECTORS, make

FILE: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))


def take(body: bytes) -> object:
    controls = ControlIn()
    controls.restart(INCARNATION)
    return controls.take(body)


def take_call(body: bytes) -> object:
    return parse_said(decode(body, 4_096))


READERS: dict[str, Any] = {
    "batch": parse_batch,
    "want": parse_want,
    "seal": parse_seal,
    "control": take,
    "call": take_call,
}


def test_file_is_what_the_program_makes() -> None:
    assert make() == FILE


def test_accepted() -> None:
    for vector in FILE["batches"]:
        batch = parse_batch(bytes.fromhex(vector["body"]))
        assert (batch.log, batch.first) == (vector["log"], vector["first"])
        assert [
            [e.leaf.hex(), e.salt.hex(), None if e.body is None else e.body.hex()]
            for e in batch.entries
        ] == vector["entries"]
        assert (None if batch.note is None else batch.note.hex()) == vector["note"]
    for vector in FILE["wants"]:
        assert parse_want(bytes.fromhex(vector["body"])) == (vector["log"], vector["first"])
    for vector in FILE["seals"]:
        assert parse_seal(bytes.fromhex(vector["body"])).hex() == vector["note"]
    for vector in FILE["controls"]:
        control = parse_control(bytes.fromhex(vector["body"]))
        assert vector["incarnation"].startswith(control.incarnation.hex())
        assert (control.name, control.version) == (vector["object"], vector["version"])
    for vector in FILE["calls"]:
        control = parse_control(bytes.fromhex(vector["body"]))
        said = parse_said(control.payload)
        for name, value in vector["says"].items():
            assert getattr(said, name) == value
        assert block_number(said.manner, said.precedence) == vector["manner_octet"]


@pytest.mark.parametrize("vector", FILE["refused"], ids=lambda vector: vector["name"])
def test_refused(vector: dict[str, str]) -> None:
    with pytest.raises(OpenlineError) as refusal:
        READERS[vector["frame"]](bytes.fromhex(vector["body"]))
    assert refusal.value.code == vector["refused"]


ACCOUNTS: dict[str, Any] = json.loads(account_vectors.VECTORS.read_text(encoding="utf-8"))


def test_accounts_are_what_the_program_makes() -> None:
    assert account_vectors.make() == ACCOUNTS


@pytest.mark.parametrize("vector", ACCOUNTS["pairs"], ids=lambda vector: vector["name"])
def test_side_by_side(vector: dict[str, str]) -> None:
    one, other = (parse_account(bytes.fromhex(vector[name])) for name in ("one", "other"))
    for found in (compare(one, other), compare(other, one)):
        assert (found.word, " ".join(found.differs)) == (vector["word"], vector["differs"])


@pytest.mark.parametrize("vector", ACCOUNTS["refused"], ids=lambda vector: vector["name"])
def test_no_account(vector: dict[str, str]) -> None:
    with pytest.raises(OpenlineError) as refusal:
        parse_account(bytes.fromhex(vector["body"]))
    assert refusal.value.code == vector["refused"]
