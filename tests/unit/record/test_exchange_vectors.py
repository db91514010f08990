"""vectors/exchange.json is what its maker makes, and is read to what it says."""

import hashlib
import json
from functools import cache
from typing import Any

import pytest

from openline.errors import RecordError
from openline.record.exchange import (
    ExchangeBook,
    commitment,
    pad,
    parse_commit,
    parse_open,
    parse_reveal,
    seal_entry,
    unpad,
)
from openline.record.genesis import parse_genesis
from openline.record.log import RawEntry, Record
from tests.unit.record.exchange_vectors import FOLDER, content

Vector = dict[str, Any]
PARSERS = {"seal-open": parse_open, "seal-commit": parse_commit, "seal-reveal": parse_reveal}


@cache
def load() -> Vector:
    found: Vector = json.loads((FOLDER / "exchange.json").read_text("utf-8"))
    return found


def part(name: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in load()[name]]


def test_the_file_is_what_its_maker_makes() -> None:
    assert content() == load()


@pytest.mark.parametrize("vector", part("commitments"))
def test_commitments(vector: Vector) -> None:
    line, exchange, salt, padded = (
        bytes.fromhex(vector[name]) for name in ("line", "exchange", "salt", "padded")
    )
    assert pad(vector["lang"], vector["text"], vector["size"]) == padded
    assert unpad(padded) == (vector["lang"], vector["text"])
    sealed = commitment(line, exchange, vector["party"], salt, padded)
    assert sealed.hex() == vector["commitment"]
    # By the words of the document alone.
    inner = hashlib.sha256(padded).digest()
    said = b"openline-seal-v1\0" + line + exchange + bytes([vector["party"]]) + salt + inner
    assert hashlib.sha256(said).hexdigest() == vector["commitment"]


@pytest.mark.parametrize("vector", part("bodies"))
def test_refused_bodies(vector: Vector) -> None:
    with pytest.raises(RecordError) as caught:
        PARSERS[vector["kind"]](bytes.fromhex(vector["body"]))
    assert caught.value.code == vector["refused"]


@pytest.mark.parametrize("vector", part("histories"))
def test_histories(vector: Vector) -> None:
    genesis = parse_genesis(bytes.fromhex(load()["genesis"]))
    record = Record(genesis)
    halves: list[list[RawEntry]] = [
        [
            (bytes.fromhex(leaf), bytes.fromhex(salt), bytes.fromhex(body))
            for leaf, salt, body in log
        ]
        for log in vector["entries"]
    ]
    record.load((halves[0], halves[1]), check_signatures=True)
    book = ExchangeBook(genesis, lambda log, size: record.logs[log].tree.root_at(size))
    given = [seal_entry(log, leaf, body) for log in (0, 1) for leaf, _salt, body in halves[log]]
    book.take_all(entry for entry in given if entry is not None)
    assert sorted([void.log, void.index, void.code] for void in book.voids) == vector["void"]
    found = sorted(book.exchanges.values(), key=lambda item: (item.log, item.index))
    assert [
        {
            "exchange": each.id.hex(),
            "commits": [half.commit_index for half in each.halves],
            "reveals": [half.reveal_index for half in each.halves],
            "texts": [half.text for half in each.halves],
        }
        for each in found
    ] == vector["exchanges"]
