"""Proofs: what a verifier must refuse. The comparison with a naive tree is in tests/property."""

import pytest

from openline.errors import ProofError
from openline.record.tree import (
    EMPTY_ROOT,
    MerkleTree,
    leaf_hash,
    roots_of_path,
    verify_consistency,
    verify_inclusion,
)


def tree_of(count: int) -> MerkleTree:
    tree = MerkleTree()
    for number in range(count):
        tree.append(leaf_hash(number.to_bytes(4, "big")))
    return tree


def test_known_roots() -> None:
    """RFC 6962: empty tree, and one leaf with no bytes."""
    assert EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")
    assert MerkleTree().root == EMPTY_ROOT
    assert leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


def test_wrong_questions_are_refused() -> None:
    tree = tree_of(5)
    for call in (
        lambda: tree.root_at(6),
        lambda: tree.root_at(-1),
        lambda: tree.inclusion(5, 5),
        lambda: tree.inclusion(0, 6),
        lambda: tree.consistency(0, 5),
        lambda: tree.consistency(4, 3),
        lambda: tree.prefix_path(3, 6),
    ):
        with pytest.raises(ProofError, match=r"record\.proof"):
            call()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9])
def test_changed_inclusion_proofs_fail(size: int) -> None:
    tree = tree_of(size)
    for index in range(size):
        leaf, proof, root = tree.leaf(index), tree.inclusion(index, size), tree.root
        verify_inclusion(leaf, index, size, proof, root)
        bad = [
            (leaf, index, size, [*proof, bytes(32)], root),
            (leaf, index, size, proof, bytes(32)),
            (bytes(32), index, size, proof, root),
            (leaf, size, size, proof, root),
            (leaf, -1, size, proof, root),
        ]
        if proof:
            bad += [
                (leaf, index, size, proof[:-1], root),
                (leaf, index, size, [b"short", *proof[1:]], root),
                (leaf, index ^ 1, size, proof, root),
            ]
        for arguments in bad:
            with pytest.raises(ProofError):
                verify_inclusion(*arguments)


def test_changed_consistency_proofs_fail() -> None:
    tree = tree_of(11)
    for old in range(1, 11):
        proof = tree.consistency(old, 11)
        roots = tree.root_at(old), tree.root
        verify_consistency(old, roots[0], 11, roots[1], proof)
        for bad in (proof[:-1], [*proof, bytes(32)], [bytes(32), *proof[1:]]):
            with pytest.raises(ProofError):
                verify_consistency(old, roots[0], 11, roots[1], bad)
        with pytest.raises(ProofError):
            verify_consistency(old, bytes(32), 11, roots[1], proof)
        with pytest.raises(ProofError):
            verify_consistency(old, roots[0], 11, bytes(32), proof)
    with pytest.raises(ProofError):
        verify_consistency(0, EMPTY_ROOT, 11, tree.root, [])
    with pytest.raises(ProofError):
        roots_of_path(3, 5, [])
    with pytest.raises(ProofError):
        roots_of_path(3, 5, [bytes(32)] * 129)
