"""A bundle without bodies: it says nothing of what was written, and proves the same of the rest."""

from dataclasses import replace

import pytest

from openline.app.reading import Holding, bundle
from openline.engine.ports import StoredEntry, StoredNote
from openline.record.audit import audit
from openline.record.bundle import read_bundle
from tests.unit.record.makers import Pair
from tools.verify.openline_verify import Audit

SECRET = "Meet at the north pier."


@pytest.fixture(scope="module")
def pair() -> Pair:
    pair = Pair().founded()
    for number in range(4):
        pair.text(number % 2, f"{SECRET} {number}")
    return pair


def held(pair: Pair) -> Holding:
    """What a post of party 0 holds of that record, all of it receipted and sealed."""
    genesis = StoredEntry(
        log=0, index=0, leaf=pair.genesis.raw, salt=b"", body=None, first_wall_ms=0
    )
    halves = [
        [
            replace(genesis, log=log),
            *(
                StoredEntry(
                    log=log, index=index, leaf=leaf, salt=salt, body=body, first_wall_ms=index
                )
                for index, (leaf, salt, body) in enumerate(pair.entries[log], 1)
            ),
        ]
        for log in (0, 1)
    ]
    notes = [
        StoredNote(
            log=note.log,
            size=note.size,
            note=note.note or b"",
            receipt=note.receipt,
            seal_author=note.seal_author,
            seal_holder=note.seal_holder,
        )
        for note in pair.bundle_notes()
    ]
    return Holding(
        own=0,
        genesis=pair.genesis.raw,
        genesis_signatures=(pair.genesis_signature(0), pair.genesis_signature(1)),
        entries=(halves[0], halves[1]),
        notes=notes,
    )


def test_what_is_withheld_is_not_in_the_file_and_the_verdict_is_the_same(pair: Pair) -> None:
    holding = held(pair)
    whole = b"".join(bundle(holding, 7))
    without = b"".join(bundle(holding, 7, bodies=False))
    assert SECRET.encode() in whole
    assert SECRET.encode() not in without

    full, withheld = audit(whole, pair.pins), audit(without, pair.pins)
    assert full.verified
    assert withheld.verified
    assert [replace(entry, body=False) for entry in full.entries] == [
        replace(entry, body=False) for entry in withheld.entries
    ]
    assert [entry.kind for entry in withheld.entries if entry.body] == ["enrol", "enrol"]
    ours, theirs = Audit(without, set(pair.pins)), Audit(whole, set(pair.pins))
    assert ours.verified
    assert (ours.receipted, ours.sealed) == (theirs.receipted, theirs.sealed)


def test_the_salt_goes_with_the_body_so_that_nobody_can_guess_it(pair: Pair) -> None:
    found = read_bundle(b"".join(bundle(held(pair), 7, bodies=False)))
    texts = [raw for half in found.entries for raw in half[1:]]
    assert len(texts) == 4
    assert all(salt == b"" and body is None for _leaf, salt, body in texts)
