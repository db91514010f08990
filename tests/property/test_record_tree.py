"""The tree against one that is written as RFC 6962 writes it."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from openline.record.tree import (
    MerkleTree,
    leaf_hash,
    node_hash,
    roots_of_path,
    verify_consistency,
    verify_inclusion,
)

leaves = st.lists(st.binary(max_size=8), min_size=1, max_size=70)


def root_of(items: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1."""
    if not items:
        return hashlib.sha256(b"").digest()
    if len(items) == 1:
        return hashlib.sha256(b"\x00" + items[0]).digest()
    split = split_of(len(items))
    return hashlib.sha256(b"\x01" + root_of(items[:split]) + root_of(items[split:])).digest()


def path_of(index: int, items: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if len(items) == 1:
        return []
    split = split_of(len(items))
    if index < split:
        return [*path_of(index, items[:split]), root_of(items[split:])]
    return [*path_of(index - split, items[split:]), root_of(items[:split])]


def proof_of(old: int, items: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if old == len(items):
        return [] if whole else [root_of(items)]
    split = split_of(len(items))
    if old <= split:
        return [*proof_of(old, items[:split], whole=whole), root_of(items[split:])]
    return [*proof_of(old - split, items[split:], whole=False), root_of(items[:split])]


def split_of(count: int) -> int:
    split = 1
    while split * 2 < count:
        split *= 2
    return split


def tree_of(items: list[bytes]) -> MerkleTree:
    tree = MerkleTree()
    for item in items:
        tree.append(leaf_hash(item))
    return tree


@given(leaves)
def test_every_earlier_root(items: list[bytes]) -> None:
    tree = tree_of(items)
    for size in range(len(items) + 1):
        assert tree.root_at(size) == root_of(items[:size])


@given(leaves, st.data())
def test_inclusion(items: list[bytes], data: st.DataObject) -> None:
    tree = tree_of(items)
    size = data.draw(st.integers(1, len(items)))
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index, size)
    assert proof == path_of(index, items[:size])
    verify_inclusion(leaf_hash(items[index]), index, size, proof, root_of(items[:size]))


@given(leaves, st.data())
def test_consistency(items: list[bytes], data: st.DataObject) -> None:
    tree = tree_of(items)
    new = data.draw(st.integers(1, len(items)))
    old = data.draw(st.integers(1, new))
    proof = tree.consistency(old, new)
    assert proof == proof_of(old, items[:new])
    verify_consistency(old, root_of(items[:old]), new, root_of(items[:new]), proof)
    path = tree.prefix_path(old, new)
    assert path == proof_of(old, items[:new], whole=False)
    assert roots_of_path(old, new, path) == (root_of(items[:old]), root_of(items[:new]))


@given(leaves, leaves, st.data())
def test_truncate_forgets(items: list[bytes], more: list[bytes], data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(items)))
    tree = tree_of(items)
    tree.truncate(size)
    assert tree.size == size
    for item in more:
        tree.append(leaf_hash(item))
    assert tree.root == root_of([*items[:size], *more])
    assert node_hash(b"l", b"r") == hashlib.sha256(b"\x01lr").digest()
