"""The common order, and proofs that a log forked."""

from typing import Any

import pytest

from openline.errors import ProofError
from openline.record.cbor import Value, decode_list, encode
from openline.record.fork import (
    HEAD_CHECKPOINT,
    HEAD_ENTRY,
    HEAD_HELLO,
    Head,
    build_fork,
    verify_fork,
)
from openline.record.merge import final_lamport, first_log, merged, order_key
from openline.record.notes import Checkpoint
from tests.unit.record.makers import Pair


def apart(pair: Pair, rounds: int) -> Pair:
    """Both write without seeing each other: ties everywhere."""
    seen = [pair.record.logs[1].size, pair.record.logs[0].size]
    for number in range(rounds):
        for party in (0, 1):
            pair.text(party, str(number), seen_n=seen[party])
    return pair


def test_order_is_causal_and_total() -> None:
    pair = apart(Pair().founded(), 5)
    pair.text(0)
    ranks = merged(pair.record)
    assert len(ranks) == sum(log.size - 1 for log in pair.record.logs)
    place = {(rank.log, rank.index): number for number, rank in enumerate(ranks)}
    for log, state in enumerate(pair.record.logs):
        for index in range(2, state.size):
            assert place[log, index - 1] < place[log, index]
        for index in range(1, state.size):
            for seen in range(1, state.seen_at(index)):
                assert place[1 - log, seen] < place[log, index]
    keys = [order_key(pair.genesis, rank.log, rank.lamport) for rank in ranks]
    assert len(set(keys)) == len(keys)


def test_ties_favour_neither_party() -> None:
    genesis = Pair().genesis
    first = sum(first_log(genesis, lamport) for lamport in range(2000))
    assert 850 < first < 1150
    assert {first_log(genesis, 7) for _ in range(3)} <= {0, 1}


def test_a_tie_names_a_key_not_an_index() -> None:
    """Swap the parties' indexes and the same key still comes first."""
    pair = Pair()
    genesis = pair.genesis
    swapped = type(genesis)(
        raw=genesis.raw,
        sha256=genesis.sha256,
        leaf_hash=genesis.leaf_hash,
        line=genesis.line,
        cards=(genesis.cards[1], genesis.cards[0]),
        disclosure=0,
        off_record=False,
        protected=(),
    )
    for lamport in range(200):
        assert first_log(genesis, lamport) == 1 - first_log(swapped, lamport)


def test_final_places_never_change() -> None:
    pair = apart(Pair().founded(), 3)
    settled: list[tuple[int, int]] = []
    for number in range(8):
        ranks = merged(pair.record)
        final = [(rank.log, rank.index) for rank in ranks if rank.final]
        assert final == [(rank.log, rank.index) for rank in ranks][: len(final)]
        assert final[: len(settled)] == settled
        settled = final
        pair.text(number % 2, "later")
    assert final_lamport(pair.record) == min(log.lamport for log in pair.record.logs)
    assert len(settled) > 6


# --- forks ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def branches() -> tuple[Pair, Pair]:
    """Party 0 shows one log to us and another to somebody else."""
    one = Pair().founded()
    other = Pair()
    other.counter = 1000
    other.keys, other.genesis = one.keys, one.genesis
    other.record = type(one.record)(one.genesis)
    for party in (0, 1):
        other.add(party, one.entries[party][0])
    for number in range(4):
        one.text(0, f"north {number}")
    for number in range(2):
        other.text(0, f"south {number}")
    other.text(1, "x")
    return one, other


def heads(pair: Pair, size: int | None = None) -> Head:
    return Head(HEAD_CHECKPOINT, pair.note(0, pair.checkpoint(0, size)))


def test_same_size_other_root(branches: tuple[Pair, Pair]) -> None:
    one, other = branches
    for pair in ((heads(one, 4), heads(other)), (heads(one, 3), heads(other, 3))):
        assert verify_fork(one.genesis, build_fork(one.genesis, 0, pair)) == 0


def test_other_sizes(branches: tuple[Pair, Pair]) -> None:
    one, other = branches
    tree = one.record.logs[0].tree
    for size in (3, 4):
        pair = (heads(other, size), heads(one))
        proof = build_fork(one.genesis, 0, pair, tree)
        assert verify_fork(one.genesis, proof) == 0
        assert verify_fork(one.genesis, build_fork(one.genesis, 0, pair[::-1], tree)) == 0
        for at in range(0, len(proof), 7):
            changed = bytearray(proof)
            changed[at] ^= 1
            with pytest.raises(ProofError, match=r"record\.fork_proof"):
                verify_fork(one.genesis, bytes(changed))


def test_a_hello_is_a_head_too(branches: tuple[Pair, Pair]) -> None:
    one, other = branches
    pair = (Head(HEAD_HELLO, other.hello(0)), heads(one, 4))
    assert verify_fork(one.genesis, build_fork(one.genesis, 0, pair)) == 0
    pair = (Head(HEAD_HELLO, one.hello(0)), Head(HEAD_HELLO, other.hello(0)))
    tree = one.record.logs[0].tree
    assert verify_fork(one.genesis, build_fork(one.genesis, 0, pair, tree)) == 0


def test_two_entries_at_one_index(branches: tuple[Pair, Pair]) -> None:
    one, other = branches
    pair = (Head(HEAD_ENTRY, one.entries[0][1][0]), Head(HEAD_ENTRY, other.entries[0][1][0]))
    assert verify_fork(one.genesis, build_fork(one.genesis, 0, pair)) == 0
    entry = one.entries[0][3][0]
    at_its_index = Head(HEAD_CHECKPOINT, one.note(0, one.checkpoint(0, 4)))
    for bad in (
        (pair[0], pair[0]),
        (Head(HEAD_ENTRY, entry), at_its_index),
        (at_its_index, Head(HEAD_ENTRY, entry)),
        (pair[0], Head(HEAD_ENTRY, entry)),
        (pair[0], Head(HEAD_ENTRY, other.entries[0][2][0])),
        (pair[0], heads(other)),
        (pair[0], Head(HEAD_ENTRY, one.entries[1][0][0])),
    ):
        with pytest.raises(ProofError, match=r"record\.fork_proof"):
            build_with(one, bad)


def build_with(pair: Pair, both: tuple[Head, Head], path: Any = ()) -> None:  # noqa: ANN401 - junk
    items: list[Value] = [[head.kind, head.raw] for head in both]
    verify_fork(pair.genesis, encode(["openline-fork-v1", 0, *items, list(path)]))


def test_nobody_is_framed(branches: tuple[Pair, Pair]) -> None:
    """Honest heads of one log never make a proof, with whatever path."""
    one, other = branches
    tree = one.record.logs[0].tree
    for small in range(1, 6):
        for large in range(small, 6):
            path = tree.prefix_path(small, large)
            for nodes in (path, path[1:], [], [bytes(32)] * len(path), path[::-1]):
                with pytest.raises(ProofError, match=r"record\.fork_proof"):
                    build_with(one, (heads(one, small), heads(one, large)), nodes)
    forged = Checkpoint(one.genesis.origin(0), 3, bytes(32))
    by_the_other = Head(HEAD_CHECKPOINT, one.note(1, forged))
    with pytest.raises(ProofError, match=r"record\.fork_proof"):
        build_with(one, (heads(one, 3), by_the_other))
    with pytest.raises(ProofError, match=r"record\.fork_proof"):
        verify_fork(Pair().genesis, build_fork(one.genesis, 0, (heads(one, 4), heads(other))))


def test_junk_is_no_proof(branches: tuple[Pair, Pair]) -> None:
    one, other = branches
    proof = build_fork(one.genesis, 0, (heads(one, 4), heads(other)))
    label, log, first, second, path = decode_list(proof, 70_000, 5)
    junk: list[list[Value]] = [
        ["other", log, first, second, path],
        [label, 2, first, second, path],
        [label, 1, first, second, path],
        [label, log, [0], second, path],
        [label, log, [3, b""], second, path],
        [label, log, first, second, [b"short"]],
        [label, log, first, second, [bytes(32)]],
    ]
    for items in junk:
        with pytest.raises(ProofError, match=r"record\.fork_proof"):
            verify_fork(one.genesis, encode(items))
