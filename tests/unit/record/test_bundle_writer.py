"""The bundle's writer, and which part of a record can be exported."""

from dataclasses import replace

import pytest

from openline.errors import RecordError
from openline.record.bundle import (
    BundleHeader,
    BundleNote,
    export_sizes,
    write_bundle,
)
from openline.record.log import RawEntry, Record
from tests.unit.record.makers import Pair
from tests.unit.record.test_bundle import build


@pytest.fixture(scope="module")
def pair() -> Pair:
    return build(2)


def test_the_writer_refuses_what_it_did_not_announce(pair: Pair) -> None:
    header = BundleHeader(exporter=1, exported_ms=5, sizes=(3, 3), notes=0)
    signatures = (pair.genesis_signature(0), pair.genesis_signature(1))
    entries: tuple[list[RawEntry], list[RawEntry]] = (pair.entries[0], pair.entries[1])
    note = BundleNote(log=0, size=3, note=pair.note(0))
    for wrong, notes in (
        (replace(header, sizes=(2, 3)), []),
        (replace(header, sizes=(3, 4)), []),
        (replace(header, notes=1), []),
        (header, [note]),
        (replace(header, notes=2), [note, note]),
    ):
        with pytest.raises(RecordError, match=r"bundle\.order"):
            list(write_bundle(wrong, pair.genesis, signatures, entries, notes))


def test_export_sizes_are_receipted_and_closed() -> None:
    pair = build(8)
    record = pair.record
    assert export_sizes(record, ([], [])) == (1, 1)
    assert export_sizes(record, ([6], [6])) == (6, 6)
    assert export_sizes(record, ([2, 6, 4], [3])) == (4, 3)
    assert export_sizes(record, ([2, 6], [3])) == (2, 1)
    assert export_sizes(record, ([6], [2])) == (1, 1)
    assert export_sizes(Record(pair.genesis), ([], [])) == (1, 1)
