"""Checkpoints, receipts and seals of ours under a reader that shares no code with us."""

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature

from openline.record.notes import Note, parse_note
from tests.unit.record.makers import Pair
from tools.verify.openline_verify import (
    COSIGNATURE,
    ED25519,
    SUBTREE,
    Key,
    Refused,
    read,
)


@pytest.fixture(scope="module")
def pair() -> Pair:
    pair = Pair().founded()
    for number in range(5):
        pair.text(number % 2, str(number))
    return pair


def keys_for(pair: Pair, log: int) -> dict[str, Key]:
    """The four keys that may sign a checkpoint of ``log``, made from the cards by hand."""
    line = pair.genesis.line.hex()
    origin = f"openline/{line}/{'ab'[log]}"
    cosigner = f"openline/{line}/{'ab'[1 - log]}/cosign"
    author, holder = pair.genesis.cards[log].keys, pair.genesis.cards[1 - log].keys
    return {
        "author": Key(origin, ED25519, author.log),
        "holder": Key(cosigner, COSIGNATURE, holder.cosign),
        "author seal": Key(origin, SUBTREE, author.log_pq),
        "holder seal": Key(cosigner, SUBTREE, holder.cosign_pq),
    }


@pytest.mark.parametrize("log", [0, 1])
def test_checkpoints(pair: Pair, log: int) -> None:
    keys = keys_for(pair, log)
    for size in range(1, pair.record.logs[log].size + 1):
        head = read(pair.note(log, pair.checkpoint(log, size)), [keys["author"]])
        assert (head.size, head.origin) == (size, keys["author"].name)
        assert head.root == pair.record.logs[log].tree.root_at(size)
        assert head.signed == {(keys["author"].name, ED25519): None}


@pytest.mark.parametrize("log", [0, 1])
def test_receipts(pair: Pair, log: int) -> None:
    keys = keys_for(pair, log)
    note, _cose = cbor2.loads(pair.receipt(log, time_s=1_700_000_123))
    head = read(note, [keys["author"], keys["holder"]])
    assert head.signed == {
        (keys["author"].name, ED25519): None,
        (keys["holder"].name, COSIGNATURE): 1_700_000_123,
    }
    assert read(note, [keys["holder"]]).root == pair.record.logs[log].root


@pytest.mark.parametrize("log", [0, 1])
def test_seals(pair: Pair, log: int) -> None:
    keys = keys_for(pair, log)
    author = read(pair.seal(log, log), [keys["author seal"]])
    assert author.signed == {(keys["author seal"].name, SUBTREE): 0}
    holder = read(pair.seal(log, 1 - log, time_s=77), [keys["holder seal"]])
    assert holder.signed == {(keys["holder seal"].name, SUBTREE): 77}
    assert author.root == holder.root == pair.record.logs[log].root


def test_all_lines_on_one_note(pair: Pair) -> None:
    """A witness may gather every line: four known, one strange, all over one text."""
    keys = keys_for(pair, 0)
    receipt, _cose = cbor2.loads(pair.receipt(0))
    notes = [parse_note(raw) for raw in (receipt, pair.seal(0, 0), pair.seal(0, 1))]
    stranger = parse_note(pair.note(1)).lines
    lines = sum((note.lines for note in notes), stranger)
    head = read(Note(notes[0].text, lines).format(), list(keys.values()))
    assert len(head.signed) == 4


def test_the_reader_refuses_what_it_must(pair: Pair) -> None:
    """The second opinion can say no: otherwise it would be none."""
    keys = keys_for(pair, 0)
    note, _cose = cbor2.loads(pair.receipt(0))
    both = [keys["author"], keys["holder"]]
    altered = note.replace(b"\n5\n", b"\n6\n", 1)
    assert altered != note
    with pytest.raises(InvalidSignature):
        read(altered, both)
    with pytest.raises(InvalidSignature):
        read(pair.seal(0, 1).replace(b"\n5\n", b"\n6\n", 1), [keys["holder seal"]])
    with pytest.raises(Refused, match="no signature of a known key"):
        read(note, [keys_for(pair, 1)["author"]])
    with pytest.raises(Refused):
        read(note.replace(b"\n5\n", b"\n05\n", 1), both)
    with pytest.raises(Refused):
        read(parse_note(note).text, both)
