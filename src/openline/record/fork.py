"""Proof that a party signed two heads of its log that cannot both be true.

Deterministic CBOR ``["openline-fork-v1", log, head, head, path]``. A head is ``[0, checkpoint
note]``, ``[1, HELLO]`` or ``[2, entry]``. Equal sizes need no path; for different sizes the path
of the larger tree gives both roots, and the smaller is not the signed one. (spec/record, section
11)
"""

from dataclasses import dataclass
from typing import Final

from openline.errors import OpenlineError, ProofError, RecordError
from openline.record.cbor import Value, as_bytes, as_list, as_uint, decode_list, encode
from openline.record.entry import parse_entry
from openline.record.genesis import Genesis, parse_genesis
from openline.record.hello import verify_hello
from openline.record.limits import FORK_BYTES_MAX, GENESIS_BYTES_MAX, HASH_SIZE
from openline.record.notes import verify_checkpoint
from openline.record.tree import MerkleTree, roots_of_path

_LABEL: Final = "openline-fork-v1"
_FILE_LABEL: Final = "openline-fork-file-v1"
FILE_MARK: Final = encode([_FILE_LABEL, b"", b""])[: 2 + len(_FILE_LABEL)]
"""How the file of a proof begins, and nothing else that this program writes."""
FORK_FILE_BYTES_MAX: Final = GENESIS_BYTES_MAX + FORK_BYTES_MAX + 64
HEAD_CHECKPOINT: Final = 0
HEAD_HELLO: Final = 1
HEAD_ENTRY: Final = 2


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head: ``kind`` is one of the ``HEAD_`` constants, ``raw`` its exact bytes."""

    kind: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class _Claim:
    position: int
    digest: bytes
    entry: bool


def build_fork(
    genesis: Genesis, log: int, heads: tuple[Head, Head], larger: MerkleTree | None = None
) -> bytes:
    """A verified proof.

    Args:
        genesis: the line.
        log: whose log forked.
        heads: two signed heads of it.
        larger: a tree that holds all of the larger head's leaves, if the sizes differ.

    Raises:
        ProofError: ``record.fork_proof`` if it proves nothing.
    """
    one, other = (_claim(genesis, log, head) for head in heads)
    path: list[Value] = []
    if one.position != other.position and larger is not None:
        small, large = sorted((one.position, other.position))
        path = list(larger.prefix_path(small, large))
    items: list[Value] = [[head.kind, head.raw] for head in heads]
    raw = encode([_LABEL, log, *items, path])
    verify_fork(genesis, raw)
    return raw


def fork_file(genesis: Genesis, proof: bytes) -> bytes:
    """A proof with its line: all that a stranger needs but the pins. Raises ProofError."""
    verify_fork(genesis, proof)
    return encode([_FILE_LABEL, genesis.raw, proof])


@dataclass(frozen=True, slots=True)
class ForkFile:
    """A file whose proof holds by the keys in it; whose these are, only the pins say."""

    genesis: Genesis
    party: int


def read_fork_file(data: bytes, pins: tuple[bytes, bytes]) -> ForkFile:
    """Check a file of a proof.

    Args:
        data: untrusted.
        pins: both full card fingerprints, in any order, known from elsewhere.

    Raises:
        ProofError: ``record.fork_proof``. RecordError: ``bundle.pins``: of another line; or the
            genesis does not hold.
    """
    try:
        label, raw, proof = decode_list(data, FORK_FILE_BYTES_MAX, 3)
        if label != _FILE_LABEL:
            raise RecordError("record.version", "not a file of this version")
        genesis, claim = parse_genesis(as_bytes(raw)), as_bytes(proof)
    except OpenlineError as error:
        raise ProofError("record.fork_proof", str(error)) from error
    if {card.fingerprint for card in genesis.cards} != set(pins):
        raise RecordError("bundle.pins", "the cards are not those of the pins")
    return ForkFile(genesis, verify_fork(genesis, claim))


def verify_fork(genesis: Genesis, data: bytes) -> int:
    """Check a proof; returns the party that forked its log.

    Raises:
        ProofError: ``record.fork_proof``, with the inner reason as its detail.
    """
    try:
        label, log_item, one_item, other_item, path_item = decode_list(data, FORK_BYTES_MAX, 5)
        if label != _LABEL:
            raise RecordError("record.version", "not a fork proof of this version")
        log = as_uint(log_item, 1)
        one, other = (_claim(genesis, log, _head(item)) for item in (one_item, other_item))
        path = [as_bytes(node, HASH_SIZE) for node in as_list(path_item, 128)]
        _contradict(one, other, path)
    except OpenlineError as error:
        raise ProofError("record.fork_proof", str(error)) from error
    return log


def _head(item: Value) -> Head:
    parts = as_list(item, 2)
    if len(parts) != 2:  # noqa: PLR2004 - kind and bytes
        raise RecordError("record.encoding", "not a head")
    return Head(as_uint(parts[0], HEAD_ENTRY), as_bytes(parts[1]))


def _claim(genesis: Genesis, log: int, head: Head) -> _Claim:
    key = genesis.cards[log].keys.log
    if head.kind == HEAD_CHECKPOINT:
        checkpoint = verify_checkpoint(head.raw, genesis.origin(log), key)
        return _Claim(checkpoint.size, checkpoint.root, entry=False)
    if head.kind == HEAD_HELLO:
        hello = verify_hello(genesis, log, head.raw)
        return _Claim(hello.own_size, hello.own_root, entry=False)
    entry = parse_entry(head.raw)
    if entry.claims.line != genesis.line or entry.claims.author != log:
        raise RecordError("record.author", "entry of another log")
    entry.verify(key)
    return _Claim(entry.claims.index, entry.leaf_hash, entry=True)


def _contradict(one: _Claim, other: _Claim, path: list[bytes]) -> None:
    if one.entry != other.entry:
        raise ProofError("record.fork_proof", "an entry and a head do not contradict")
    if one.position == other.position:
        if path or one.digest == other.digest:
            raise ProofError("record.fork_proof", "both say the same")
        return
    if one.entry:
        raise ProofError("record.fork_proof", "entries of different positions")
    small, large = sorted((one, other), key=lambda claim: claim.position)
    roots = roots_of_path(small.position, large.position, path)
    if roots[1] != large.digest or roots[0] == small.digest:
        raise ProofError("record.fork_proof", "the path does not contradict the smaller head")
