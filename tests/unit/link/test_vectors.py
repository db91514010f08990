"""vectors/link.json: read by our code, and packets once more by the bare primitive."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openline.errors import LinkError
from openline.link.frames import Frame, Piece, RecordReader, encode_record, parse_plaintext
from openline.link.heartbeat import Pulse
from openline.link.packets import PacketChannel, Reassembly, exporter_context
from openline.link.tls import spki_pin
from tests.unit.link.make_vectors import TARGET, make, pins

VECTORS: dict[str, Any] = json.loads(TARGET.read_text(encoding="utf-8"))
SMALL, LARGE = pins()


def of(kind: str, *, refused: bool) -> list[Any]:
    rows = [row for row in VECTORS[kind] if ("refused" in row) is refused]
    assert rows
    return [pytest.param(row, id=row["name"]) for row in rows]


def test_the_file_is_what_its_program_makes() -> None:
    assert make() == VECTORS


def test_names_are_unique() -> None:
    names = [row["name"] for rows in VECTORS.values() if isinstance(rows, list) for row in rows]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("row", of("keys", refused=False))
def test_pins(row: dict[str, Any]) -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(row["seed"]))
    assert spki_pin(key.public_key()).hex() == row["pin"]


@pytest.mark.parametrize("row", of("contexts", refused=False))
def test_contexts(row: dict[str, Any]) -> None:
    first, second = map(bytes.fromhex, row["pins"])
    line, expected = bytes.fromhex(row["line"]), row["context"]
    for own, peer in ((first, second), (second, first)):
        assert exporter_context(own, peer, line, row["path"]).hex() == expected


def receiver(row: dict[str, Any]) -> PacketChannel:
    own, peer = (LARGE, SMALL) if row["sender"] == "smaller" else (SMALL, LARGE)
    return PacketChannel(bytes.fromhex(row["exported"]), own, peer)


@pytest.mark.parametrize("row", of("packets", refused=False))
def test_packets(row: dict[str, Any]) -> None:
    packet, plaintext = bytes.fromhex(row["packet"]), bytes.fromhex(row["plaintext"])
    assert receiver(row).open(packet) == plaintext
    assert parse_plaintext(plaintext) == Frame(
        row["class"], row["sequence"], bytes.fromhex(row["body"])
    )
    # By hand, from the text of the specification.
    exported = bytes.fromhex(row["exported"])
    key = exported[:32] if row["sender"] == "smaller" else exported[32:64]
    header = b"\x01" + exported[64:] + row["counter"].to_bytes(8, "big")
    sealed = AESGCM(key).encrypt(bytes(4) + header[5:], plaintext, header)
    assert packet == header + sealed


@pytest.mark.parametrize("row", of("packets", refused=True))
def test_refused_packets(row: dict[str, Any]) -> None:
    with pytest.raises(LinkError) as caught:
        receiver(row).open(bytes.fromhex(row["packet"]))
    assert caught.value.code == row["refused"]


@pytest.mark.parametrize("row", of("plaintexts", refused=False))
def test_pieces(row: dict[str, Any]) -> None:
    reassembly, found = Reassembly(), []
    for text in row["plaintexts"]:
        piece = parse_plaintext(bytes.fromhex(text))
        assert isinstance(piece, Piece)
        found.append(reassembly.add(piece, 0.0))
    expected = Frame(row["class"], row["sequence"], bytes.fromhex(row["body"]))
    assert [frame for frame in found if frame] == ([expected] if found else [])


@pytest.mark.parametrize("row", of("plaintexts", refused=True))
def test_refused_plaintexts(row: dict[str, Any]) -> None:
    with pytest.raises(LinkError) as caught:
        parse_plaintext(bytes.fromhex(row["plaintext"]))
    assert caught.value.code == row["refused"]


@pytest.mark.parametrize("row", of("records", refused=False))
def test_records(row: dict[str, Any]) -> None:
    frame = Frame(row["class"], row["sequence"], bytes.fromhex(row["body"]))
    assert encode_record(frame).hex() == row["record"]
    reader = RecordReader()
    reader.feed(bytes.fromhex(row["record"]))
    assert reader.next() == frame


@pytest.mark.parametrize("row", of("records", refused=True))
def test_refused_records(row: dict[str, Any]) -> None:
    reader = RecordReader()
    reader.feed(bytes.fromhex(row["record"]))
    with pytest.raises(LinkError) as caught:
        reader.next()
    assert caught.value.code == row["refused"]


@pytest.mark.parametrize("row", of("heartbeats", refused=False))
def test_heartbeats(row: dict[str, Any]) -> None:
    pulse = Pulse()
    for step in row["bodies"]:
        assert pulse.hear(bytes.fromhex(step["body"]), step["at_ms"]) == step["round_trip_ms"]


@pytest.mark.parametrize("row", of("heartbeats", refused=True))
def test_refused_heartbeats(row: dict[str, Any]) -> None:
    with pytest.raises(LinkError) as caught:
        Pulse().hear(bytes.fromhex(row["body"]), 1.0)
    assert caught.value.code == row["refused"]
