"""Lists and bundles of a stopped post; what may leave it and what verify says of it."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openline.app.folder import Folder, FolderLock
from openline.app.keys import read_keys
from openline.app.pairing import PathWish, PostWish, compare, init_post, own_card, pair
from openline.app.reading import bundle, describe, fork_offline, read_holding
from openline.cli.main import build
from openline.cli.words import Words
from openline.engine.ports import Writes
from openline.errors import AccessError, ConfigError, RecordError
from openline.record.audit import audit
from openline.record.fork import HEAD_CHECKPOINT, Head, build_fork, read_fork_file
from openline.record.genesis import parse_genesis
from openline.record.notes import Checkpoint, sign_checkpoint
from openline.store import Store


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


def run(*arguments: object) -> tuple[int, str]:
    words = [str(each) for each in arguments]
    done = CliRunner().invoke(build(Words("en"), words[0]), words)
    return done.exit_code, done.output.replace("\n", " ")


@pytest.mark.parametrize("liar", [0, 1])
def test_a_fork_of_the_other_side_is_a_file_for_anybody(
    folders: tuple[Folder, Folder], liar: int, tmp_path: Path
) -> None:
    victim, out = folders[1 - liar], tmp_path / "fork"
    status, said = run("record", victim.root, "fork", out)
    assert (status, out.exists()) == (3, False)
    assert "No proof of a fork is kept here." in said
    keys, holding = read_keys(folders[liar], "W-1"), read_holding(folders[liar])
    genesis, log = parse_genesis(holding.genesis), holding.own
    public = genesis.cards[log].keys.log
    one, other = (
        Head(HEAD_CHECKPOINT, sign_checkpoint(checkpoint, public, keys.log.sign))
        for checkpoint in (Checkpoint(genesis.origin(log), 5, bytes([n]) * 32) for n in (1, 2))
    )
    proof = build_fork(genesis, log, (one, other))
    sizes = [len(half) for half in read_holding(victim).entries]
    store = Store.open(victim.record)
    kept = (("record.fork", one.raw, 1), ("record.fork", proof, 2))
    store.commit(Writes(expect=(sizes[0], sizes[1]), evidence=kept))
    store.close()
    pins = [own_card(folder).fingerprint for folder in folders]
    assert read_fork_file(fork_offline(victim), (pins[0], pins[1])).party == log
    assert run("record", victim.root, "fork", out)[0] == 0
    given = [word for pin in pins for word in ("--pin", pin.hex())]
    status, said = run("verify", out, *given)
    assert status == 0
    assert f"PROVED: party {'ab'[log]} ({('north', 'south')[liar]}) signed two histories" in said
    out.write_bytes(out.read_bytes()[:-1] + b"x")
    status, said = run("verify", out, *given)
    assert status != 0
    assert "PROVED" not in said
