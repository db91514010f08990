"""The committed vectors: what must be accepted is, what must be refused is for its reason."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from openline.errors import OpenlineError
from openline.record.audit import audit
from openline.record.card import comparison_string, parse_card
from openline.record.cbor import decode, encode
from openline.record.cose import CONTEXT_ENTRY, CONTEXT_STATEMENT, sign1
from openline.record.entry import commit_body, parse_entry
from openline.record.fork import fork_file, read_fork_file, verify_fork
from openline.record.genesis import (
    Genesis,
    make_genesis,
    parse_genesis,
    verify_genesis_signature,
)
from openline.record.hello import parse_hello_frame, verify_hello
from openline.record.keys import key_id
from openline.record.log import Record
from openline.record.merge import merged
from openline.record.notes import verify_checkpoint
from openline.record.receipt import verify_receipt, verify_seal
from tests.interop import stranger_accounts, stranger_forms
from tests.unit.record.makers import Keys
from tools.verify.openline_verify import Audit

FOLDER = Path(__file__).parents[2] / "vectors"
Vector = dict[str, Any]


@cache
def load(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return content


def vectors(name: str, part: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in load(name)[part]]


def binary(vector: Vector, key: str) -> bytes:
    return bytes.fromhex(vector[key])


@cache
def genesis() -> Genesis:
    return parse_genesis(binary(load("record"), "genesis"))


def history() -> Record:
    """The record after all accepted entries and the accepted receipt."""
    record = Record(genesis())
    for vector in load("record")["entries"]:
        record.append(vector["log"], *(binary(vector, key) for key in ("leaf", "salt", "body")))
    receipt = next(v for v in load("record")["notes"] if v["name"] == "receipt")
    record.take_receipt(verify_receipt(genesis(), receipt["log"], binary(receipt, "receipt")))
    return record


def test_names_are_used_once() -> None:
    for name in ("cards", "record", "bundle"):
        content = load(name)
        for part in content.values():
            if isinstance(part, list) and part and isinstance(part[0], dict):
                names = [vector["name"] for vector in part]
                assert len(set(names)) == len(names)
                assert all(vector["why"] for vector in part)


def test_keys_come_from_the_published_seeds() -> None:
    for letter, seeds in load("cards")["seeds"].items():
        card = next(v for v in load("cards")["cards"] if v["name"] == f"card-{letter}")
        keys = Keys(card["fields"]["names"]["en"])
        assert keys.log.private_bytes_raw().hex() == seeds["log"]
        assert keys.public().log_pq.hex() == card["public"]["log_pq"]


@pytest.mark.parametrize("vector", vectors("cards", "cards"))
def test_cards(vector: Vector) -> None:
    own = parse_card(binary(vector, "own")) if "own" in vector else None
    if "refused" in vector:
        with pytest.raises(OpenlineError) as caught:
            parse_card(binary(vector, "card"), own=own)
        assert caught.value.code == vector["refused"]
        return
    card = parse_card(binary(vector, "card"))
    assert card.fingerprint == binary(vector, "fingerprint")
    assert card.pin == binary(vector, "pin")
    assert card.keys.log == bytes.fromhex(vector["public"]["log"])
    assert key_id(card.keys.cosign) == bytes.fromhex(vector["kids"]["cosign"])
    assert dict(card.fields.names) == vector["fields"]["names"]
    assert list(card.fields.languages) == vector["fields"]["languages"]


@pytest.mark.parametrize("vector", vectors("cards", "genesis"))
def test_genesis(vector: Vector) -> None:
    raw = binary(vector, "genesis")
    if "refused" in vector:
        with pytest.raises(OpenlineError) as caught:
            parse_genesis(raw)
        assert caught.value.code == vector["refused"]
        return
    found = parse_genesis(raw)
    assert make_genesis(found.cards[1], found.cards[0]).raw == raw
    assert found.sha256 == hashlib.sha256(raw).digest() == binary(vector, "sha256")
    assert found.line == binary(vector, "line")
    assert found.leaf_hash == binary(vector, "leaf_hash")
    assert [found.origin(0), found.origin(1)] == vector["origins"]
    assert [found.cosigner(0), found.cosigner(1)] == vector["cosigners"]
    pins = [card.fingerprint for card in found.cards]
    assert comparison_string(pins[0], pins[1]) == vector["comparison"]
    for party, signature in enumerate(vector["signatures"]):
        verify_genesis_signature(found, party, bytes.fromhex(signature))


@pytest.mark.parametrize("vector", vectors("record", "cbor"))
def test_cbor(vector: Vector) -> None:
    with pytest.raises(OpenlineError) as caught:
        decode(binary(vector, "cbor"), 1000)
    assert caught.value.code == vector["refused"]


def test_entries_and_roots() -> None:
    record = history()
    for log, roots in enumerate(load("record")["roots"]):
        assert [record.logs[log].tree.root_at(n + 1).hex() for n in range(len(roots))] == roots
    order = [[rank.log, rank.index, rank.lamport, rank.final] for rank in merged(record)]
    assert order == load("record")["order"]


@pytest.mark.parametrize("vector", vectors("record", "entries"))
def test_entries_byte_for_byte(vector: Vector) -> None:
    """Ed25519 is deterministic: the same claims under the same keys are the same bytes."""
    party = vector["log"]
    card = next(v for v in load("cards")["cards"] if v["name"] == f"card-{'ab'[party]}")
    keys = Keys(card["fields"]["names"]["en"])
    entry = parse_entry(binary(vector, "leaf"))
    assert entry.leaf_hash == binary(vector, "leaf_hash")
    commit = commit_body(binary(vector, "salt"), binary(vector, "body"))
    assert commit == bytes.fromhex(vector["claims"]["body_commit"])
    assert entry.claims.payload() == binary(vector, "payload")
    remade = sign1(entry.claims.payload(), keys.public().log, CONTEXT_ENTRY, keys.log.sign)
    assert remade == binary(vector, "leaf")
    for raw, payload in zip(entry.claims.statements, vector["statement_payloads"], strict=True):
        signed = bytes.fromhex(payload)
        assert raw == sign1(signed, keys.officer_public, CONTEXT_STATEMENT, keys.officer.sign)


@pytest.mark.parametrize("vector", vectors("record", "refused_entries"))
def test_refused_entries(vector: Vector) -> None:
    record = history()
    with pytest.raises(OpenlineError) as caught:
        record.append(vector["log"], *(binary(vector, key) for key in ("leaf", "salt", "body")))
    assert caught.value.code == vector["refused"]


def check_note(vector: Vector) -> None:
    line = genesis()
    if "checkpoint" in vector:
        log = vector["log"]
        raw = binary(vector, "checkpoint")
        checkpoint = verify_checkpoint(raw, line.origin(log), line.cards[log].keys.log)
        assert (checkpoint.size, checkpoint.root.hex()) == (vector["size"], vector["root"])
    elif "receipt" in vector:
        receipt = verify_receipt(line, vector["log"], binary(vector, "receipt"))
        assert [receipt.size, receipt.holder_size, receipt.time_s] == [
            vector[key] for key in ("size", "holder_size", "time_s")
        ]
    elif "seal" in vector:
        seal = verify_seal(line, vector["log"], vector["party"], binary(vector, "seal"))
        assert (seal.size, seal.time_s) == (vector["size"], vector["time_s"])
    else:
        hello = verify_hello(line, vector["author"], binary(vector, "hello"))
        assert (hello.own_size, hello.held_size) == (vector["own_size"], vector["held_size"])
        raw, signature = parse_hello_frame(binary(vector, "frame"))
        assert raw == binary(vector, "hello")
        verify_genesis_signature(line, vector["author"], signature)


@pytest.mark.parametrize("vector", vectors("record", "notes"))
def test_notes(vector: Vector) -> None:
    if "refused" not in vector:
        check_note(vector)
        return
    with pytest.raises(OpenlineError) as caught:
        check_note(vector)
    assert caught.value.code == vector["refused"]


@pytest.mark.parametrize("vector", vectors("record", "forks"))
def test_forks(vector: Vector) -> None:
    proof = binary(vector, "proof")
    if "refused" in vector:
        with pytest.raises(OpenlineError) as caught:
            verify_fork(genesis(), proof)
        assert caught.value.code == vector["refused"]
    else:
        assert verify_fork(genesis(), proof) == vector["party"]
        file = binary(vector, "file")
        pins = (genesis().cards[0].fingerprint, genesis().cards[1].fingerprint)
        assert file == fork_file(genesis(), proof)
        assert read_fork_file(file, pins[::-1]).party == vector["party"]
        for wrong in (file[:-1], file[:-2] + bytes([file[-2] ^ 1]) + file[-1:], proof):
            with pytest.raises(OpenlineError):
                read_fork_file(wrong, pins)
        with pytest.raises(OpenlineError) as other:
            read_fork_file(file, (pins[0], bytes(32)))
        assert other.value.code == "bundle.pins"
        assert encode(decode(proof, 70_000)) == proof


def bundle_of(vector: Vector) -> bytes:
    if "bundle" in vector:
        return binary(vector, "bundle")
    base = next(v for v in load("bundle")["bundles"] if v["name"] == vector["of"])
    raw = bytearray(binary(base, "bundle"))
    if "xor" in vector:
        at, bits = vector["xor"]
        raw[at] ^= bits
    return bytes(raw[: vector.get("keep", len(raw))])


@pytest.mark.parametrize("vector", vectors("bundle", "bundles"))
def test_bundles(vector: Vector) -> None:
    raw = bundle_of(vector)
    first, second = (bytes.fromhex(pin) for pin in vector["pins"])
    report = audit(raw, (first, second))
    if "refused" in vector:
        assert report.failure is not None
        assert report.failure.code == vector["refused"]
        assert not Audit(raw, {first, second}).verified
    else:
        other = Audit(raw, {first, second})
        assert report.verified
        assert other.verified
        assert list(report.receipted) == vector["receipted"] == other.receipted
        assert list(report.sealed) == vector["sealed"] == other.sealed


@pytest.mark.parametrize("vector", vectors("accounts", "pairs"))
def test_accounts_side_by_side_as_a_stranger_lays_them(vector: Vector) -> None:
    one, other = (stranger_forms.dec(binary(vector, name)) for name in ("one", "other"))
    found = stranger_accounts.differing(one, other)
    assert found == stranger_accounts.differing(other, one) == vector["differs"]
    assert vector["word"] == ("differ" if found else "match")
