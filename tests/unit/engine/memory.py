"""Seeded bytes, two identities, and the store's contract in memory."""

import hashlib
from dataclasses import dataclass, replace
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from openline.engine.ports import StoredNote, StoredState, Writes
from openline.engine.signer import KeyRing
from openline.record.card import Card, CardFields, CardKeys, CardSigners, build_card, parse_card


class Random:
    """Seeded bytes."""

    def __init__(self, seed: str) -> None:
        self.seed, self.count = seed, 0

    def __call__(self, size: int) -> bytes:
        self.count += 1
        return hashlib.shake_128(f"{self.seed}/{self.count}".encode()).digest(size)


@dataclass(frozen=True)
class Identity:
    card: Card
    keys: KeyRing
    officer: bytes


@cache
def identity(name: str, disclosure: int = 2) -> Identity:
    random = Random(f"identity {name}")
    link, log, cosign, officer = (
        Ed25519PrivateKey.from_private_bytes(random(32)) for _ in range(4)
    )
    log_pq, cosign_pq = (MLDSA44PrivateKey.from_seed_bytes(random(32)) for _ in range(2))
    keys = CardKeys(
        link=link.public_key().public_bytes_raw(),
        log=log.public_key().public_bytes_raw(),
        log_pq=log_pq.public_key().public_bytes_raw(),
        cosign=cosign.public_key().public_bytes_raw(),
        cosign_pq=cosign_pq.public_key().public_bytes_raw(),
    )
    fields = CardFields(
        names={"en": f"Party {name}"},
        paths={"one": ("127.0.0.1:4000",)},
        languages=("en",),
        disclosure=disclosure,
        off_record=False,
        nonce=random(16),
    )
    signers = CardSigners(
        link=link.sign,
        log=log.sign,
        log_pq=log_pq.sign,
        cosign=cosign.sign,
        cosign_pq=cosign_pq.sign,
    )
    card = parse_card(build_card(fields, keys, signers))
    ring = KeyRing(log, log_pq, cosign, cosign_pq, {"W-1": officer})
    return Identity(card, ring, officer.public_key().public_bytes_raw())


class MemoryStore:
    """The store's contract in memory."""

    def __init__(self, state: StoredState) -> None:
        self.genesis, self.signatures = state.genesis, state.genesis_signatures
        self.entries = [list(half) for half in state.entries]
        self.notes = {(note.log, note.size): note for note in state.notes}
        self.outbox = list(state.outbox)
        self.meta = dict(state.meta)
        self.evidence: list[tuple[str, bytes, int]] = []
        self.fault: str | None = None
        self.commits = 0

    def commit(self, writes: Writes) -> str | None:
        if self.fault is not None:
            return self.fault
        if writes.expect != (len(self.entries[0]), len(self.entries[1])):
            return "store.conflict"
        self.commits += 1
        for entry in writes.entries:
            assert entry.index == len(self.entries[entry.log])
            self.entries[entry.log].append(entry)
        for note in writes.notes:
            self._merge(note)
        self.outbox = [item for item in self.outbox if item.item not in writes.outbox_remove]
        self.outbox += writes.outbox_add
        self.evidence += writes.evidence
        self.meta |= writes.meta
        return None

    def _merge(self, note: StoredNote) -> None:
        old = self.notes.get((note.log, note.size))
        if old is not None:
            note = replace(
                note,
                note=note.note or old.note,
                receipt=note.receipt or old.receipt,
                seal_author=note.seal_author or old.seal_author,
                seal_holder=note.seal_holder or old.seal_holder,
            )
        self.notes[note.log, note.size] = note

    def load(self) -> StoredState:
        return StoredState(
            genesis=self.genesis,
            genesis_signatures=(
                self.signatures[0] or self.meta.get("genesis-signature-a"),
                self.signatures[1] or self.meta.get("genesis-signature-b"),
            ),
            entries=(tuple(self.entries[0]), tuple(self.entries[1])),
            notes=tuple(self.notes[key] for key in sorted(self.notes)),
            outbox=tuple(self.outbox),
            meta=dict(self.meta),
        )

    def copy(self) -> "MemoryStore":
        other = MemoryStore(self.load())
        other.evidence = list(self.evidence)
        return other

    def codes(self) -> list[str]:
        return [code for code, _, _ in self.evidence]
