"""One order for both logs, favouring neither party, and what of it is final.

Causal, then by Lamport number; a tie is broken by one bit of a hash that neither side chose.
(spec/record, section 10)
"""

import hashlib
from dataclasses import dataclass

from openline.record.genesis import Genesis
from openline.record.log import Record

_LABEL = b"openline-order-v1\0"


@dataclass(frozen=True, slots=True)
class Rank:
    """One entry's place in the common order.

    Attributes:
        log, index: permanent citation. final: its place will never change.
    """

    log: int
    index: int
    lamport: int
    final: bool


def first_log(genesis: Genesis, lamport: int) -> int:
    """Which log comes first among two entries of that Lamport number.

    The lowest bit of SHA-256(label || SHA-256(genesis) || lamport as u64) names a log key in byte
    order: 0 the smaller, 1 the larger.
    """
    digest = hashlib.sha256(_LABEL + genesis.sha256 + lamport.to_bytes(8, "big")).digest()
    smaller = 0 if genesis.cards[0].keys.log < genesis.cards[1].keys.log else 1
    return smaller ^ (digest[-1] & 1)


def order_key(genesis: Genesis, log: int, lamport: int) -> tuple[int, int]:
    """Sort key of an entry in the common order."""
    return lamport, int(first_log(genesis, lamport) != log)


def final_lamport(record: Record) -> int:
    """Entries up to this Lamport number have their final place."""
    return min(state.lamport for state in record.logs)


def merged(record: Record) -> list[Rank]:
    """All entries of both logs after the genesis, in the common order."""
    final = final_lamport(record)
    ranks = [
        Rank(state.log, index, state.lamport_at(index), state.lamport_at(index) <= final)
        for state in record.logs
        for index in range(1, state.size)
    ]
    return sorted(ranks, key=lambda rank: order_key(record.genesis, rank.log, rank.lamport))
