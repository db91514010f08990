"""vectors/frames.json is what our code makes, reads and refuses."""

import json
from typing import Any

import pytest

from openline.errors import OpenlineError
from openline.protocol.control import ControlIn, parse_control
from openline.protocol.frames import parse_batch, parse_seal, parse_want
from tests.unit.protocol.frame_vectors import INCARNATION, VECTORS, make

FILE: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))


def take(body: bytes) -> object:
    controls = ControlIn()
    controls.restart(INCARNATION)
    return controls.take(body)


READERS: dict[str, Any] = {
    "batch": parse_batch,
    "want": parse_want,
    "seal": parse_seal,
    "control": take,
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


@pytest.mark.parametrize("vector", FILE["refused"], ids=lambda vector: vector["name"])
def test_refused(vector: dict[str, str]) -> None:
    with pytest.raises(OpenlineError) as refusal:
        READERS[vector["frame"]](bytes.fromhex(vector["body"]))
    assert refusal.value.code == vector["refused"]
