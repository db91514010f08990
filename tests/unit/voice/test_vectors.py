"""vectors/voice.json: read by our code."""

import hashlib
import json
from typing import Any

import pytest

from openline.errors import VoiceError
from openline.record.cbor import decode
from openline.voice.cells import Reassembler, parse_cell
from openline.voice.legs import FarLeg
from openline.voice.pairs import LEGS_BYTES_MAX, legs_from_map
from openline.voice.relay import classify, refusal
from tests.unit.voice.make_vectors import TARGET, make

VECTORS: dict[str, Any] = json.loads(TARGET.read_text(encoding="utf-8"))


def of(kind: str, *, refused: bool = False) -> list[Any]:
    rows = [row for row in VECTORS[kind] if ("refused" in row) is refused]
    assert rows
    return [pytest.param(row, id=row["name"]) for row in rows]


def test_the_file_is_what_its_program_makes() -> None:
    assert make() == VECTORS


def test_names_are_unique() -> None:
    names = [row["name"] for rows in VECTORS.values() if isinstance(rows, list) for row in rows]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("row", of("digits"))
def test_digits_by_the_document(row: dict[str, Any]) -> None:
    line = bytes.fromhex(row["line"])
    found = ""
    for fingerprint in row["fingerprints"]:
        octets = bytes(int(pair, 16) for pair in fingerprint.split(":"))
        digest = hashlib.sha256(b"openline-speech-v1\0" + line + octets).digest()
        found += f"{int.from_bytes(digest, 'big') % 10**15:015d}"
    assert row["digits"].replace(" ", "") == found
    assert [len(group) for group in row["digits"].split(" ")] == [5] * 6


@pytest.mark.parametrize("row", of("cells"))
def test_cells(row: dict[str, Any]) -> None:
    reassembler = Reassembler()
    cells = [parse_cell(bytes.fromhex(body)) for body in row["cells"]]
    *early, last = [reassembler.add(cell) for cell in cells]
    assert (last or b"") == bytes.fromhex(row["datagram"])
    assert not any(early)
    for cell in cells:
        assert cell.generation == row["generation"] % 65_536
        assert cell.pair == row["pair"]
        assert cell.datagram_id == row["datagram_id"]
        assert cell.control.call_tag.hex() == row["control"]["call_tag"]
        assert cell.control.talk_seq == row["control"]["talk_seq"]


@pytest.mark.parametrize("row", of("cells", refused=True))
def test_refused_cells(row: dict[str, Any]) -> None:
    with pytest.raises(VoiceError) as caught:
        parse_cell(bytes.fromhex(row["cell"]))
    assert caught.value.code == row["refused"]


@pytest.mark.parametrize("row", of("legs"))
def test_legs(row: dict[str, Any]) -> None:
    leg = FarLeg.from_map(decode(bytes.fromhex(row["leg"]), 1024))
    assert leg.fingerprint == row["fingerprint"]
    assert [leg.generation, list(leg.ssrcs), leg.red] == [
        row["generation"],
        row["ssrcs"],
        row["red"],
    ]


@pytest.mark.parametrize("row", of("legs", refused=True))
def test_refused_legs(row: dict[str, Any]) -> None:
    with pytest.raises(VoiceError) as caught:
        FarLeg.from_map(decode(bytes.fromhex(row["leg"]), 1024))
    assert caught.value.code == row["refused"]


@pytest.mark.parametrize("row", of("leg_maps"))
def test_leg_maps(row: dict[str, Any]) -> None:
    legs = legs_from_map(decode(bytes.fromhex(row["legs"]), LEGS_BYTES_MAX))
    assert sorted(legs) == row["pairs"]


@pytest.mark.parametrize("row", of("leg_maps", refused=True))
def test_refused_leg_maps(row: dict[str, Any]) -> None:
    with pytest.raises(VoiceError) as caught:
        legs_from_map(decode(bytes.fromhex(row["legs"]), LEGS_BYTES_MAX))
    assert caught.value.code == row["refused"]


@pytest.mark.parametrize("row", of("passing"))
def test_passing(row: dict[str, Any]) -> None:
    datagram = bytes.fromhex(row["datagram"])
    passes = None if refusal(datagram) else classify(datagram).value
    assert passes == row["passes_as"]
