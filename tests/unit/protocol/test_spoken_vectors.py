"""vectors/spoken.json is what our code makes, reads and refuses, and what the document says."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from openline.errors import OpenlineError
from openline.protocol.spoken import (
    PHRASES,
    RECORDING_WORDS,
    Declared,
    Phrase,
    parse_declared,
    parse_phrase,
)
from openline.record.bodies import RECORDING_DECLARATIONS
from openline.record.cbor import Value, decode
from openline.web.catalogue import LANGUAGES
from tests.unit.protocol.spoken_vectors import ROOT, VECTORS, make

READERS: dict[str, Callable[[Value], object]] = {
    "phrase": parse_phrase,
    "disclosed": lambda payload: parse_declared(payload, disclosed=True),
    "undisclosed": lambda payload: parse_declared(payload, disclosed=False),
}
FILE: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))


def test_file_is_what_the_program_makes() -> None:
    assert make() == FILE


def test_the_words_are_those_of_the_document() -> None:
    text = (ROOT / "docs" / "spec" / "call.md").read_text(encoding="utf-8")
    assert [phrase["n"] for phrase in FILE["words"]] == list(range(1, PHRASES + 1))
    for phrase in FILE["words"]:
        assert f"| {phrase['n']} | {phrase['en']} | {phrase['zh-Hans']} |" in text
        assert phrase.keys() == {"n", *LANGUAGES}


def test_accepted() -> None:
    for vector in FILE["phrases"]:
        call = bytes.fromhex(vector["call"])
        payload = decode(bytes.fromhex(vector["payload"]), 100)
        assert parse_phrase(payload) == Phrase(vector["n"], vector["seq"], call)
    for vector in FILE["declared"]:
        payload = decode(bytes.fromhex(vector["payload"]), 100)
        found = parse_declared(payload, disclosed=vector["disclosed"])
        assert found == Declared(
            vector["recording"], vector["now"], vector["interpreter"], vector["eta_s"]
        )


@pytest.mark.parametrize("vector", FILE["refused"], ids=lambda vector: vector["name"])
def test_refused(vector: dict[str, str]) -> None:
    payload = decode(bytes.fromhex(vector["payload"]), 100)
    with pytest.raises(OpenlineError) as refusal:
        READERS[vector["of"]](payload)
    assert refusal.value.code == vector["refused"]


def test_the_record_and_the_wire_name_the_same_declarations() -> None:
    assert RECORDING_WORDS == RECORDING_DECLARATIONS
