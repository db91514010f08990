"""RFC 6962 Merkle tree in memory, with every perfect subtree kept.

``root_at`` answers for every earlier size, so any checkpoint ever made can be checked. Proofs are
those of RFC 9162 sections 2.1.3 and 2.1.4 (spec/record, section 6).
"""

import hashlib

from openline.errors import ProofError
from openline.record.limits import HASH_SIZE

EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(00 || leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class MerkleTree:
    """An append-only tree of leaf hashes; ``truncate`` only undoes appends of a failed batch."""

    __slots__ = ("_levels",)

    def __init__(self) -> None:
        """An empty tree."""
        self._levels: list[list[bytes]] = [[]]

    @property
    def size(self) -> int:
        """Number of leaves."""
        return len(self._levels[0])

    @property
    def root(self) -> bytes:
        """Root over all leaves."""
        return self.root_at(self.size)

    def leaf(self, index: int) -> bytes:
        """Leaf hash at ``index``."""
        return self._levels[0][index]

    def append(self, digest: bytes) -> None:
        """Add one leaf hash."""
        level = 0
        self._levels[0].append(digest)
        while len(self._levels[level]) % 2 == 0:
            pair = self._levels[level][-2:]
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(node_hash(pair[0], pair[1]))

    def truncate(self, size: int) -> None:
        """Forget every leaf from ``size`` on."""
        for level, hashes in enumerate(self._levels):
            del hashes[size >> level :]

    def root_at(self, size: int) -> bytes:
        """Root over the first ``size`` leaves.

        Raises:
            ProofError: ``record.proof`` if the tree is smaller.
        """
        if not 0 <= size <= self.size:
            raise ProofError("record.proof", f"no root at {size} in a tree of {self.size}")
        return EMPTY_ROOT if size == 0 else self._range(0, size)

    def _range(self, start: int, stop: int) -> bytes:
        """Hash of leaves [start, stop); ``start`` is a multiple of the largest subtree within."""
        count = stop - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._levels[level][start >> level]
        split = start + _split(count)
        return node_hash(self._range(start, split), self._range(split, stop))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Proof that leaf ``index`` is in the tree of ``size``.

        Raises:
            ProofError: ``record.proof`` if there is no such leaf.
        """
        if not 0 <= index < size <= self.size:
            raise ProofError("record.proof", f"no leaf {index} in a tree of {size}")
        proof: list[bytes] = []
        start, stop = 0, size
        while stop - start > 1:
            split = start + _split(stop - start)
            if index < split:
                proof.append(self._range(split, stop))
                stop = split
            else:
                proof.append(self._range(start, split))
                start = split
        return proof[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree of ``old`` leaves is a prefix of the tree of ``new``.

        Raises:
            ProofError: ``record.proof`` unless 0 < old <= new <= size.
        """
        proof = self.prefix_path(old, new)
        return proof[1:] if old == new or old & (old - 1) == 0 else proof

    def prefix_path(self, old: int, new: int) -> list[bytes]:
        """Like :meth:`consistency`, but always with its first node: both roots follow from it.

        Raises:
            ProofError: ``record.proof`` unless 0 < old <= new <= size.
        """
        if not 0 < old <= new <= self.size:
            raise ProofError("record.proof", f"no proof from {old} to {new}")
        proof: list[bytes] = []
        start, stop = 0, new
        while old < stop:
            split = start + _split(stop - start)
            if old <= split:
                proof.append(self._range(split, stop))
                stop = split
            else:
                proof.append(self._range(start, split))
                start = split
        proof.append(self._range(start, stop))
        return proof[::-1]


def _split(count: int) -> int:
    """Largest power of two smaller than ``count``."""
    return 1 << ((count - 1).bit_length() - 1)


def verify_inclusion(digest: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> None:
    """Check an inclusion proof (RFC 9162 section 2.1.3.2).

    Raises:
        ProofError: ``record.proof``.
    """
    _check_nodes(proof)
    if not 0 <= index < size:
        raise ProofError("record.proof", "no such leaf")
    fn, sn, running = index, size - 1, digest
    for node in proof:
        if sn == 0:
            raise ProofError("record.proof", "proof is too long")
        if fn & 1 or fn == sn:
            running = node_hash(node, running)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            running = node_hash(running, node)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or running != root:
        raise ProofError("record.proof", "leaf is not under this root")


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]
) -> None:
    """Check a consistency proof (RFC 9162 section 2.1.4.2).

    Raises:
        ProofError: ``record.proof``.
    """
    if not 0 < old <= new:
        raise ProofError("record.proof", "sizes out of order")
    path = [old_root, *proof] if old == new or old & (old - 1) == 0 else proof
    roots = roots_of_path(old, new, path)
    if roots != (old_root, new_root):
        raise ProofError("record.proof", "the smaller tree is not a prefix of the larger")


def roots_of_path(old: int, new: int, path: list[bytes]) -> tuple[bytes, bytes]:
    """Both roots that follow from a path of :meth:`MerkleTree.prefix_path`.

    Raises:
        ProofError: ``record.proof`` if the path does not fit the sizes.
    """
    _check_nodes(path)
    if not path or not 0 < old <= new:
        raise ProofError("record.proof", "no path")
    fn, sn = old - 1, new - 1
    while fn & 1 or (fn == sn and sn):
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for node in path[1:]:
        if sn == 0:
            raise ProofError("record.proof", "path is too long")
        if fn & 1 or fn == sn:
            first, second = node_hash(node, first), node_hash(node, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, node)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("record.proof", "path is too short")
    return first, second


def _check_nodes(nodes: list[bytes]) -> None:
    if len(nodes) > 2 * 64 or any(len(node) != HASH_SIZE for node in nodes):
        raise ProofError("record.proof", "nodes of another size or number")
