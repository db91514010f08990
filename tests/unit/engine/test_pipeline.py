"""One transaction at a time; nothing leaves before its commit; nothing behind a receipt."""

from dataclasses import dataclass

import pytest

from openline.engine.ports import Commit
from openline.engine.signer import LocalSigner
from openline.protocol.frames import BatchEntry, FrameClass, batch_frame, parse_batch
from openline.record.bodies import shown_body
from openline.record.entry import EntryClaims, commit_body, parse_entry
from openline.record.notes import Checkpoint, sign_checkpoint
from openline.record.receipt import (
    assemble_receipt,
    receipt_cosigned,
    receipt_payload,
    verify_receipt,
)
from openline.record.tree import MerkleTree
from tests.unit.engine.pair import DESK, Pair, Random, Side
from tests.unit.engine.test_hello import genesis_of
from tests.unit.engine.test_restore import alarms, party, state, write_both


def tree_of(pair: Pair, side: Side, log: int) -> MerkleTree:
    tree = MerkleTree()
    tree.append(genesis_of(pair).leaf_hash)
    for entry in side.store.entries[log][1:]:
        tree.append(parse_entry(entry.leaf).leaf_hash)
    return tree


@dataclass
class Forger:
    """Signs entries with the keys of one side that its engine would never make."""

    pair: Pair
    side: Side

    def entry(
        self, seen: int | None = None, changes: dict[str, int | bytes] | None = None
    ) -> BatchEntry:
        """The next entry; ``seen``: what it claims to have seen, by default all."""
        genesis, own = genesis_of(self.pair), party(self.pair, self.side)
        others = self.side.store.entries[1 - own][:seen]
        other = parse_entry(others[-1].leaf)
        entries = self.side.store.entries[own]
        last = parse_entry(entries[-1].leaf)
        body, salt = shown_body(1), bytes(16)
        fields: dict[str, int | bytes] = {
            "index": len(entries),
            "prev": last.leaf_hash,
            "seen_n": len(others),
            "seen_head": other.leaf_hash,
            "lamport": max(last.claims.lamport, other.claims.lamport) + 1,
        }
        fields |= changes or {}
        claims = EntryClaims(
            line=genesis.line,
            author=own,
            claimed_ms=1,
            kind="shown",
            drill=False,
            body_commit=commit_body(salt, body),
            **fields,  # type: ignore[arg-type] # by name
        )
        leaf = LocalSigner(self.side.who.keys).entry(claims.payload())
        return BatchEntry(leaf, salt, body)

    def batch(self, entry: BatchEntry) -> bytes:
        """The forged entry with the checkpoint that covers it."""
        own = party(self.pair, self.side)
        tree = tree_of(self.pair, self.side, own)
        index = tree.size
        tree.append(parse_entry(entry.leaf).leaf_hash)
        genesis = genesis_of(self.pair)
        checkpoint = Checkpoint(genesis.origin(own), tree.size, tree.root)
        key = self.side.who.card.keys.log
        note = sign_checkpoint(checkpoint, key, self.side.who.keys.log.sign)
        return batch_frame(own, index, [entry], note)


def test_entry_behind_a_receipt_is_a_breach() -> None:
    pair = Pair(desks=False)
    pair.text(pair.a, "One.")
    pair.text(pair.a, "Two.")
    forger = Forger(pair, pair.b)
    entry = forger.entry(seen=2)
    pair.a.post.frame_received(FrameClass.BATCH, 99, forger.batch(entry), pair.now)
    pair.settle()
    view = pair.a.post.view(pair.now)
    assert (view.record.state, view.record.fault) == ("halted", "record.backdated")
    assert ("record.backdated", entry.leaf) in [item[:2] for item in pair.a.store.evidence]
    assert len(pair.a.store.entries[party(pair, pair.b)]) == 2
    assert "record_halted" in alarms(pair, pair.a)
    assert view.link.state == "UP"
    pair.a.post.desk_opened(DESK["a"], pair.now)
    pair.talk(pair.b)
    assert pair.a.gates() == [True]
    receipts = len(pair.a.bodies(FrameClass.RECEIPT))
    pair.text(pair.b, "Not receipted any more.")
    assert len(pair.a.bodies(FrameClass.RECEIPT)) == receipts


def test_receipt_that_its_holder_already_contradicted() -> None:
    """The entry comes first, then the receipt whose m it lies behind."""
    pair = Pair(desks=False)
    drop_receipts = pair.drop
    pair.drop = lambda to, frame_class, _body: to == "a" and frame_class == FrameClass.RECEIPT
    pair.text(pair.a, "One.")
    pair.drop = drop_receipts
    forger = Forger(pair, pair.b)
    entry = forger.entry(seen=2)
    pair.a.post.frame_received(FrameClass.BATCH, 99, forger.batch(entry), pair.now)
    pair.settle()
    assert state(pair, pair.a) == "live"
    (receipt,) = [
        body
        for body in pair.b.bodies(FrameClass.RECEIPT)
        if verify_receipt(genesis_of(pair), party(pair, pair.a), body).size == 3
    ]
    pair.a.post.frame_received(FrameClass.RECEIPT, 99, receipt, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).record.fault == "record.backdated"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lamport": 999}, "record.lamport"),
        ({"seen_head": bytes(32)}, "record.seen"),
        ({"prev": bytes(32)}, "record.chain"),
    ],
)
def test_signed_entry_that_does_not_hold_is_a_breach(
    changes: dict[str, int | bytes], code: str
) -> None:
    pair = Pair(desks=False)
    forger = Forger(pair, pair.b)
    frame = forger.batch(forger.entry(changes=changes))
    pair.a.post.frame_received(FrameClass.BATCH, 99, frame, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).record.fault == code


def test_receipt_for_a_history_that_is_not_ours() -> None:
    """Our own checkpoint key signed another history, and the peer holds that."""
    pair = Pair(desks=False)
    genesis, own = genesis_of(pair), party(pair, pair.a)
    checkpoint = Checkpoint(genesis.origin(own), 2, bytes(32))
    note = sign_checkpoint(checkpoint, pair.a.who.card.keys.log, pair.a.who.keys.log.sign)
    signer = LocalSigner(pair.b.who.keys)
    receipt = assemble_receipt(
        genesis,
        1 - own,
        note,
        1,
        signer.cosignature(receipt_cosigned(note, 1)),
        signer.receipt(receipt_payload(genesis, checkpoint, 2)),
    )
    pair.a.post.frame_received(FrameClass.RECEIPT, 99, receipt, pair.now)
    pair.settle()
    assert pair.a.post.view(pair.now).record.fault == "record.own_fork"


def test_nothing_leaves_before_its_commit() -> None:
    pair = Pair(desks=False)
    pair.disk_slow = True
    pair.a.sent.clear()
    hello = pair.a.post.hello(pair.now)
    pair.a.post.write_text(None, "r1", "Slow.", "en", pair.now)
    pair.settle()
    assert pair.a.sent == []
    assert pair.a.taken() == []
    assert pair.a.post.hello(pair.now) == hello
    pair.disk(pair.a)
    pair.shell(pair.a)
    assert [taken.request for taken in pair.a.taken()] == ["r1"]
    assert len(pair.a.bodies(FrameClass.BATCH)) == 1
    pair.b.sent.clear()
    pair.settle()
    assert pair.b.sent == [], "no receipt before the entry is on that disk"
    pair.disk(pair.b)
    pair.shell(pair.b)
    assert len(pair.b.bodies(FrameClass.RECEIPT)) == 1
    pair.disk_slow = False
    pair.settle()
    assert pair.ladder(pair.a, "Slow.")["receipted"] == "done"


def test_receipts_m_is_the_own_size_of_its_transaction() -> None:
    pair = Pair()
    pair.disk_slow = True
    pair.text(pair.b, "Own entry of the same transaction.")
    pair.text(pair.a, "Peer's entry.")
    for _ in range(8):
        pair.disk(pair.a)
        pair.settle()
        pair.b.post.write_text(None, "more", "More.", "en", pair.now)
        pair.settle()
        checked = 0
        for commit in pair.b.disk:
            assert isinstance(commit, Commit)
            own = party(pair, pair.b)
            size = commit.writes.expect[own] + sum(e.log == own for e in commit.writes.entries)
            for note in commit.writes.notes:
                if note.receipt is not None and note.log != own:
                    receipt = verify_receipt(genesis_of(pair), note.log, note.receipt)
                    assert receipt.holder_size == size
                    checked += 1
        pair.disk(pair.b)
        pair.settle()
        if checked:
            return
    pytest.fail("no receipt was seen")


def test_what_queued_forms_one_commit_within_bounds() -> None:
    pair = Pair(desks=False)
    pair.disk_slow = True
    for number in range(200):
        pair.a.post.write_text(None, f"r{number}", f"Text {number}", "en", pair.now)
    pair.settle()
    sizes = []
    for _ in range(8):
        for commit in pair.a.disk:
            assert isinstance(commit, Commit)
            sizes.append(len(commit.writes.entries))
        pair.disk(pair.a)
        pair.shell(pair.a)
    assert sizes[0] == 1
    assert max(sizes) <= 128
    assert sum(sizes) == 200
    assert all(len(body) <= 65_536 for body in pair.a.bodies(FrameClass.BATCH))
    pair.disk_slow = False
    pair.run(1_000)
    pair.assert_identical()


def test_more_than_can_wait_is_refused() -> None:
    pair = Pair(desks=False)
    pair.disk_slow = True
    for number in range(300):
        pair.a.post.write_text(None, f"r{number}", "Text", "en", pair.now)
    pair.settle()
    assert {refused.code for refused in pair.a.refused()} == {"engine.busy"}
    assert len(pair.a.refused()) == 300 - 257


def test_disk_full_refuses_texts_and_receipts_nothing() -> None:
    pair = Pair()
    pair.a.store.fault = "store.full"
    pair.text(pair.a, "Refused.")
    assert [refused.code for refused in pair.a.refused()] == ["store.full"]
    view = pair.a.post.view(pair.now)
    assert view.disk_fault == "store.full"
    assert "disk_fault" in alarms(pair, pair.a)
    receipts = len(pair.a.bodies(FrameClass.RECEIPT))
    pair.text(pair.b, "Arrives at a full disk.")
    pair.run(3_000)
    pair.text(pair.a, "Refused at once.", request="r2")
    assert pair.a.refused()[-1].request == "r2"
    assert pair.ladder(pair.b, "Arrives at a full disk.")["receipted"] == "waiting"
    assert len(pair.a.bodies(FrameClass.RECEIPT)) == receipts
    pair.talk(pair.b)
    assert pair.a.gates()[-1] is True, "voice does not need the disk"
    pair.a.store.fault = None
    pair.run(11_000)
    assert pair.a.post.view(pair.now).disk_fault is None
    assert "disk_fault" not in alarms(pair, pair.a)
    assert pair.ladder(pair.b, "Arrives at a full disk.")["receipted"] == "done"
    pair.text(pair.a, "Taken again.")
    assert pair.ladder(pair.a, "Taken again.")["receipted"] == "done"
    assert "Refused." not in [item.text for item in pair.texts(pair.b)]
    pair.assert_identical()


def test_disk_that_recovers_with_nothing_to_write_says_so() -> None:
    pair = Pair(desks=False)
    pair.a.store.fault = "store.full"
    pair.text(pair.a, "Refused.")
    pair.a.store.fault = None
    pair.run(2_000)
    assert pair.a.post.view(pair.now).disk_fault is None


def test_entries_out_of_order_and_twice() -> None:
    pair = Pair(desks=False)
    held: list[bytes] = []

    def hold(to: str, frame_class: int, body: bytes) -> bool:
        if to == "b" and frame_class == FrameClass.BATCH:
            held.append(body)
            return True
        return False

    pair.drop = hold
    for number in range(5):
        pair.text(pair.a, f"Text {number}")
    pair.drop = lambda _to, _class, _body: False
    assert len(held) == 5
    for body in (*reversed(held), *held):
        pair.b.post.frame_received(FrameClass.BATCH, 1, body, pair.now)
        pair.settle()
    assert [item.text for item in pair.texts(pair.b)] == [f"Text {number}" for number in range(5)]
    assert pair.b.store.codes() == []
    pair.assert_identical()


def test_gap_is_asked_for() -> None:
    pair = Pair(desks=False)
    pair.drop = lambda to, frame_class, _body: to == "b" and frame_class == FrameClass.BATCH
    pair.text(pair.a, "Lost.")
    pair.drop = lambda _to, _class, _body: False
    pair.text(pair.a, "Arrives.")
    assert pair.texts(pair.b) == []
    pair.run(400)
    assert [item.text for item in pair.texts(pair.b)] == ["Lost.", "Arrives."]


@pytest.mark.parametrize("loss", [2, 3, 5])
def test_loss_delays_and_loses_nothing(loss: int) -> None:
    pair = Pair(live=False)
    random = Random(f"loss {loss}")
    pair.drop = lambda _to, frame_class, _body: (
        frame_class != FrameClass.HELLO and random(1)[0] % loss == 0
    )
    pair.run(1_000)
    for number in range(10):
        pair.text(pair.a, f"A {number}")
        pair.text(pair.b, f"B {number}")
        pair.run(100)
    pair.drop = lambda _to, _class, _body: False
    pair.run(20_000)
    pair.assert_identical()
    for side in (pair.a, pair.b):
        assert {rung.state for item in pair.texts(side) for rung in item.ladder[:4]} == {"done"}
        assert side.store.codes() == []


def test_batch_without_note_is_held_and_receipted_with_the_next() -> None:
    pair = Pair(desks=False)
    held: list[bytes] = []

    def hold(to: str, frame_class: int, body: bytes) -> bool:
        if to == "b" and frame_class == FrameClass.BATCH:
            held.append(body)
            return True
        return False

    pair.drop = hold
    pair.text(pair.a, "First.")
    pair.text(pair.a, "Second.")
    first = parse_batch(held[0])
    pair.b.sent.clear()
    pair.b.post.frame_received(
        FrameClass.BATCH, 1, batch_frame(first.log, first.first, first.entries, None), pair.now
    )
    pair.settle()
    assert pair.texts(pair.b) == []
    pair.b.post.tick(pair.now)
    later = type(pair.now)(pair.now.mono_ms + 300, pair.now.wall_ms)
    pair.b.post.tick(later)
    pair.settle()
    assert [item.text for item in pair.texts(pair.b)] == ["First."]
    assert pair.b.bodies(FrameClass.RECEIPT) == []
    pair.drop = lambda _to, _class, _body: False
    pair.b.post.frame_received(FrameClass.BATCH, 1, held[1], later)
    pair.settle()
    assert len(pair.b.bodies(FrameClass.RECEIPT)) == 1
    assert pair.ladder(pair.a, "First.")["receipted"] == "done"


def test_kill_at_any_point_loses_nothing_receipted() -> None:
    pair = Pair()
    random = Random("kill")
    for number in range(12):
        victim = pair.a if random(1)[0] % 2 else pair.b
        pair.a.post.write_text(None, f"a{number}", f"A {number}", "en", pair.now)
        pair.b.post.write_text(None, f"b{number}", f"B {number}", "en", pair.now)
        for _ in range(random(1)[0] % 6):
            for side in (pair.a, pair.b):
                pair.shell(side)
                if random(1)[0] % 2:
                    pair.disk(side)
            pair.deliver()
        log = party(pair, pair.other(victim))
        receipts = [
            verify_receipt(genesis_of(pair), log, body).size
            for body in victim.bodies(FrameClass.RECEIPT)
        ]
        assert len(victim.store.entries[log]) >= max(receipts, default=0)
        pair.restart(victim)
        pair.run(600)
    write_both(pair, 1, "end")
    pair.run(2_000)
    pair.assert_identical()
    assert pair.a.store.codes() == pair.b.store.codes() == []
