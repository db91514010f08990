"""Lists and bundles of a stopped post; what may leave it and what verify says of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from openline.app.folder import Folder, FolderLock
from openline.app.pairing import PathWish, PostWish, compare, init_post, own_card, pair
from openline.app.reading import bundle, describe, read_holding
from openline.errors import AccessError, ConfigError, RecordError
from openline.record.audit import audit


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Folder, Folder]:
    found = []
    for name, port in (("north", 24190), ("south", 24191)):
        address = f"127.0.0.1:{port}"
        folder = Folder(tmp_path / name)
        paths = {"main": PathWish(bind=address, advertised=(address,))}
        init_post(folder, PostWish(names={"en": name}, paths=paths))
        found.append(folder)
    for one, other in (found, found[::-1]):
        data = other.card.read_bytes()
        pair(one, data, compare(one, data).digits)
    return found[0], found[1]


def test_a_new_line_has_its_officer_and_no_evidence_yet(folders: tuple[Folder, Folder]) -> None:
    holding = read_holding(folders[0])
    (enrolled,) = describe(holding)
    assert enrolled["item"] == f"{'ab'[holding.own]}-1"
    assert (enrolled["kind"], enrolled["rung"]) == ("enrol", "written")
    with pytest.raises(RecordError) as caught:
        list(bundle(holding, 1))
    assert caught.value.code == "record.unconfirmed"


def test_what_is_not_receipted_leaves_only_when_asked_and_is_refused_unless_told(
    folders: tuple[Folder, Folder],
) -> None:
    one, other = (read_holding(folder) for folder in folders)
    both = [
        first or second
        for first, second in zip(one.genesis_signatures, other.genesis_signatures, strict=True)
    ]
    confirmed = replace(one, genesis_signatures=(both[0], both[1]))
    fingerprints = tuple(own_card(folder).fingerprint for folder in folders)
    pins = (fingerprints[0], fingerprints[1])

    cut = audit(b"".join(bundle(confirmed, 1)), pins)
    assert cut.verified
    assert cut.entries == ()
    whole = b"".join(bundle(confirmed, 1, whole=True))
    refused = audit(whole, pins)
    assert refused.failure is not None
    assert refused.failure.code == "bundle.unreceipted"
    assert audit(whole, pins, allow_unreceipted=True).verified


def test_a_running_post_s_record_is_not_opened_beside_it(folders: tuple[Folder, Folder]) -> None:
    with FolderLock.take(folders[0]), pytest.raises(AccessError) as caught:
        read_holding(folders[0])
    assert caught.value.code == "folder.locked"


def test_a_post_without_a_record(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_holding(Folder(tmp_path))
    assert caught.value.code == "card.unpaired"
