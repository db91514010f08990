"""A post that comes back with an old disk, a peer that forgets, a log that forks."""

import pytest

from openline.engine.ports import StoredEntry
from openline.engine.signer import LocalSigner
from openline.protocol.frames import BatchEntry, FrameClass, batch_frame, parse_batch
from openline.record.bodies import shown_body
from openline.record.cbor import encode
from openline.record.entry import EntryClaims, commit_body, parse_entry
from openline.record.fork import verify_fork
from openline.record.tree import MerkleTree
from tests.unit.engine.pair import MemoryStore, Pair, Side
from tests.unit.engine.test_hello import genesis_of, hello_of, signed_hello


def alarms(pair: Pair, side: Side) -> list[str]:
    return [alarm.code for alarm in side.post.view(pair.now).alarms]


def state(pair: Pair, side: Side) -> str:
    return side.post.view(pair.now).record.state


def write_both(pair: Pair, count: int, word: str) -> None:
    for number in range(count):
        pair.text(pair.a, f"{word} {number} of a")
        pair.text(pair.b, f"{word} {number} of b")


def party(pair: Pair, side: Side) -> int:
    return genesis_of(pair).party_of(side.who.card)


def test_restored_backup_is_healed_from_the_peer() -> None:
    pair = Pair()
    write_both(pair, 3, "before")
    backup = pair.a.store.copy()
    write_both(pair, 5, "after")
    before = pair.leaves(pair.b, party(pair, pair.a))
    pair.restart(pair.a, backup)
    pair.run(1_000)
    assert pair.leaves(pair.a, party(pair, pair.a))[: len(before)] == before
    assert state(pair, pair.a) == state(pair, pair.b) == "live"
    assert "restored" in alarms(pair, pair.a)
    (item,) = [item for item in pair.a.post.timeline(500) if item.kind == "restored"]
    assert int(item.facts["from"]) < int(item.facts["to"])
    assert {item.text for item in pair.texts(pair.a)} == {item.text for item in pair.texts(pair.b)}
    pair.text(pair.a, "And on it goes.")
    assert pair.ladder(pair.a, "And on it goes.")["receipted"] == "done"
    pair.assert_identical()


def test_restored_post_gets_its_own_entries_first_and_nothing_else() -> None:
    pair = Pair()
    backup = pair.a.store.copy()
    write_both(pair, 3, "after")
    pair.b.sent.clear()
    pair.restart(pair.a, backup)
    logs = [parse_batch(body).log for body in pair.b.bodies(FrameClass.BATCH)]
    assert logs[0] == party(pair, pair.a)
    wants = pair.a.bodies(FrameClass.WANT)
    if party(pair, pair.b) in logs:
        assert wants, "what else came was asked for"
    pair.run(1_000)
    pair.assert_identical()


def test_restored_post_writes_nothing_before_it_is_whole() -> None:
    pair = Pair()
    backup = pair.a.store.copy()
    write_both(pair, 3, "after")
    own = party(pair, pair.a)
    pair.drop = lambda to, frame_class, _body: to == "a" and frame_class == FrameClass.BATCH
    pair.restart(pair.a, backup)
    pair.text(pair.a, "Too early.")
    pair.run(2_000)
    assert state(pair, pair.a) == "restoring"
    assert "own_log_missing" in alarms(pair, pair.a)
    assert len(pair.a.store.entries[own]) == len(backup.entries[own])
    assert pair.a.taken()[-1].item.startswith("outbox-")
    pair.drop = lambda _to, _class, _body: False
    pair.run(6_000)
    assert state(pair, pair.a) == "live"
    assert "own_log_missing" not in alarms(pair, pair.a)
    assert pair.ladder(pair.a, "Too early.")["receipted"] == "done"
    pair.assert_identical()


def test_large_backlog_is_returned() -> None:
    pair = Pair()
    backup = pair.a.store.copy()
    for number in range(300):
        pair.a.post.write_text(None, f"r{number}", f"text {number} " + 400 * "x", "en", pair.now)
        if number % 7 == 0:
            pair.text(pair.b, f"between {number}")
        if number % 200 == 199:
            pair.settle()
    pair.settle()
    pair.restart(pair.a, backup)
    pair.run(8_000)
    assert state(pair, pair.a) == "live"
    pair.assert_identical()


def test_both_restored() -> None:
    pair = Pair()
    write_both(pair, 2, "kept")
    old_a, old_b = pair.a.store.copy(), pair.b.store.copy()
    write_both(pair, 2, "lost by both")
    pair.restart(pair.a, old_a, connect=False)
    pair.restart(pair.b, old_b)
    pair.run(3_000)
    write_both(pair, 1, "anew")
    assert state(pair, pair.a) == state(pair, pair.b) == "live"
    pair.assert_identical()


def own_entry(pair: Pair, side: Side, body: bytes) -> StoredEntry:
    """An entry that the log key of ``side`` signed somewhere else."""
    genesis, own = genesis_of(pair), party(pair, side)
    held = [parse_entry(entry.leaf) for entry in side.store.entries[own][1:]]
    last = held[-1]
    salt = bytes(16)
    claims = EntryClaims(
        line=genesis.line,
        author=own,
        index=last.claims.index + 1,
        prev=last.leaf_hash,
        seen_n=last.claims.seen_n,
        seen_head=last.claims.seen_head,
        lamport=last.claims.lamport + 1,
        claimed_ms=1,
        kind="shown",
        drill=False,
        body_commit=commit_body(salt, body),
    )
    leaf = LocalSigner(side.who.keys).entry(claims.payload())
    return StoredEntry(own, claims.index, leaf, salt, body, 0)


def test_own_entry_from_elsewhere_means_a_stolen_key() -> None:
    pair = Pair()
    pair.text(pair.a, "Mine.")
    entry = own_entry(pair, pair.a, shown_body(1))
    part = BatchEntry(entry.leaf, entry.salt, entry.body)
    frame = batch_frame(entry.log, entry.index, [part], None)
    pair.a.post.frame_received(FrameClass.BATCH, 99, frame, pair.now)
    pair.settle()
    view = pair.a.post.view(pair.now)
    assert (view.record.state, view.record.fault) == ("halted", "record.stolen_key")
    assert ("record.stolen_key", entry.leaf) in [item[:2] for item in pair.a.store.evidence]
    pair.text(pair.a, "No more.")
    assert pair.a.refused()[-1].code == "engine.halted"
    pair.talk(pair.a)
    assert pair.b.gates() == [True], "speech goes on"
    pair.restart(pair.a)
    assert state(pair, pair.a) == "halted", "until people act"
    assert "record_halted" in alarms(pair, pair.a)


def test_peer_that_forgets_what_it_receipted() -> None:
    pair = Pair()
    write_both(pair, 2, "receipted")
    genesis, own = genesis_of(pair), party(pair, pair.a)
    pair.restart(pair.b, connect=False)
    size = len(pair.a.store.entries[own])
    pair.connected = True
    pair.b.post.hello_received(pair.a.post.hello(pair.now), pair.now)
    said = hello_of(pair, pair.b)
    record = [parse_entry(entry.leaf).leaf_hash for entry in pair.a.store.entries[own][1:]]
    tree = MerkleTree()
    for digest in (genesis.leaf_hash, *record):
        tree.append(digest)
    payload = encode(
        [1, 1, said.line, said.author, said.incarnation, hello_of(pair, pair.a).incarnation,
         said.own_size, said.own_root, size - 2, tree.root_at(size - 2)]
    )  # fmt: skip
    lie = signed_hello(pair.b, payload, frame=pair.b.post.hello(pair.now))
    before = pair.a.post.view(pair.now).record
    pair.a.sent.clear()
    pair.a.post.hello_received(lie, pair.now)
    pair.shell(pair.a)
    assert "peer_forgot" in alarms(pair, pair.a)
    after = pair.a.post.view(pair.now).record
    assert (after.receipted, after.own_size) == (before.receipted, before.own_size)
    batches = [parse_batch(body) for body in pair.a.bodies(FrameClass.BATCH)]
    assert [(batch.log, batch.first, batch.stop) for batch in batches] == [(own, size - 2, size)]
    pair.settle()
    pair.run(100)
    assert "handshake.forgot" in pair.a.store.codes()
    write_both(pair, 1, "goes on")
    pair.assert_identical()


@pytest.mark.parametrize("which", ["peer log", "own log"])
def test_hello_that_contradicts_what_is_held(which: str) -> None:
    pair = Pair()
    write_both(pair, 2, "agreed")
    said = hello_of(pair, pair.b)
    own_root = bytes(32) if which == "peer log" else said.own_root
    held_root = bytes(32) if which == "own log" else said.held_root
    payload = encode(
        [1, 1, said.line, said.author, said.incarnation, said.peer_incarnation,
         said.own_size, own_root, said.held_size, held_root]
    )  # fmt: skip
    pair.a.post.hello_received(
        signed_hello(pair.b, payload, frame=pair.b.post.hello(pair.now)), pair.now
    )
    pair.settle()
    view = pair.a.post.view(pair.now)
    assert view.record.state == "halted"
    code, proof, _ = pair.a.store.evidence[-1]
    if which == "peer log":
        assert code == view.record.fault == "record.fork"
        assert verify_fork(genesis_of(pair), proof) == said.author
    else:
        assert code == view.record.fault == "record.own_log_disputed"
    pair.talk(pair.b)
    assert pair.a.gates() == [True], "speech goes on"
    assert pair.a.post.view(pair.now).link.state == "UP"


def test_head_that_was_ahead_is_checked_when_reached() -> None:
    pair = Pair(connect=False, live=False)
    said = hello_of(pair, pair.b)
    pair.connected = True
    pair.b.post.hello_received(pair.a.post.hello(pair.now), pair.now)
    mine = hello_of(pair, pair.a).incarnation
    payload = encode(
        [1, 1, said.line, said.author, said.incarnation, mine, said.own_size, bytes(32),
         said.held_size, said.held_root]
    )  # fmt: skip
    pair.a.post.hello_received(
        signed_hello(pair.b, payload, frame=pair.b.post.hello(pair.now)), pair.now
    )
    pair.settle()
    pair.run(500)
    assert pair.a.post.view(pair.now).record.fault == "record.fork"
    proofs = [data for code, data, _ in pair.a.store.evidence if code == "record.fork"]
    assert verify_fork(genesis_of(pair), proofs[0]) == said.author


def test_two_lives_of_one_post_are_a_fork() -> None:
    """A backup that went on writing without its peer: found at the first contact."""
    pair = Pair()
    write_both(pair, 1, "common")
    backup = pair.a.store.copy()
    pair.text(pair.a, "First life.")
    elsewhere = Pair()
    write_both(elsewhere, 1, "common")
    elsewhere.text(elsewhere.a, "Second life.")
    second = MemoryStore(elsewhere.a.store.load())
    assert second.entries[0][:2] == backup.entries[0][:2]
    pair.restart(pair.a, second)
    pair.run(500)
    for side in (pair.a, pair.b):
        assert state(pair, side) == "halted", side.letter
    genesis = genesis_of(pair)
    proofs = [data for code, data, _ in pair.b.store.evidence if code == "record.fork"]
    assert verify_fork(genesis, proofs[0]) == party(pair, pair.a)


def test_another_entry_at_a_held_position_is_proved_by_both() -> None:
    pair = Pair()
    pair.text(pair.b, "Held.")
    forged = own_entry(pair, pair.b, shown_body(1))
    pair.text(pair.b, "Held too.")
    part = BatchEntry(forged.leaf, forged.salt, forged.body)
    frame = batch_frame(forged.log, forged.index, [part], None)
    pair.a.post.frame_received(FrameClass.BATCH, 99, frame, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).record.fault == "record.fork"
    proofs = [data for code, data, _ in pair.a.store.evidence if code == "record.fork_proof"]
    assert verify_fork(genesis_of(pair), proofs[0]) == forged.log
