"""The two parties of every simulated line: fixed keys, cards and founded records.

They are the same in every run. Their cards are files: a card's post-quantum signatures are random,
and a card made anew would make another line with another order of the parties.
"""

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from openline.engine.founding import found
from openline.engine.signer import KeyRing, LocalSigner
from openline.protocol.clock import Now
from openline.record.card import Card, CardFields, CardKeys, CardSigners, build_card, parse_card
from openline.sim.agenda import WALL_MS
from openline.sim.chance import SeededBytes
from openline.store import Store

OFFICER: Final = "W-1"
NAMES: Final = ("north", "south")
DISCLOSURES: Final = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Party:
    """One party: its card, its signer, and its record file as the founding left it."""

    card: Card
    signer: LocalSigner
    founded: bytes


@dataclass(frozen=True, slots=True)
class _Identity:
    card: Card
    signer: LocalSigner


def card_file(name: str, disclosure: int) -> Path:
    """Where the card of that party with that disclosure is."""
    return Path(__file__).parent / "cards" / f"{name}-{disclosure}.card"


def make_card(name: str, disclosure: int) -> bytes:
    """The card made anew, for when the format of cards changes."""
    log, cosign, log_pq, cosign_pq, link, _ = _keys(name)
    keys = CardKeys(
        link=link.public_key().public_bytes_raw(),
        log=log.public_key().public_bytes_raw(),
        log_pq=log_pq.public_key().public_bytes_raw(),
        cosign=cosign.public_key().public_bytes_raw(),
        cosign_pq=cosign_pq.public_key().public_bytes_raw(),
    )
    fields = CardFields(
        names={"en": name},
        paths={"one": ("127.0.0.1:4000",), "two": ("127.0.0.1:4001",)},
        languages=("en",),
        disclosure=disclosure,
        off_record=False,
        nonce=SeededBytes(f"sim nonce {name}")(16),
    )
    signers = CardSigners(
        link=link.sign,
        log=log.sign,
        log_pq=log_pq.sign,
        cosign=cosign.sign,
        cosign_pq=cosign_pq.sign,
    )
    return build_card(fields, keys, signers)


def _keys(
    name: str,
) -> tuple[
    Ed25519PrivateKey, Ed25519PrivateKey, MLDSA44PrivateKey, MLDSA44PrivateKey,
    Ed25519PrivateKey, Ed25519PrivateKey,
]:  # fmt: skip
    """Keys for log, cosign, both post-quantum, link and officer."""
    random = SeededBytes(f"sim identity {name}")
    log, cosign, link, officer = (
        Ed25519PrivateKey.from_private_bytes(random(32)) for _ in range(4)
    )
    log_pq, cosign_pq = (MLDSA44PrivateKey.from_seed_bytes(random(32)) for _ in range(2))
    return log, cosign, log_pq, cosign_pq, link, officer


def _identity(name: str, disclosure: int) -> _Identity:
    log, cosign, log_pq, cosign_pq, _, officer = _keys(name)
    ring = KeyRing(log, log_pq, cosign, cosign_pq, {OFFICER: officer})
    return _Identity(parse_card(card_file(name, disclosure).read_bytes()), LocalSigner(ring))


@cache
def parties(disclosure: int) -> tuple[Party, Party]:
    """Both parties of a line with that disclosure, in the order of their party index."""
    both = sorted((_identity(name, disclosure) for name in NAMES), key=_fingerprint)
    first, second = both
    return _found(first, second), _found(second, first)


def _fingerprint(identity: _Identity) -> bytes:
    return identity.card.fingerprint


def _found(own: _Identity, peer: _Identity) -> Party:
    state = found(
        own.card,
        peer.card,
        own.signer,
        (OFFICER, own.signer.officer_key(OFFICER)),
        SeededBytes(f"sim founding {own.card.fingerprint.hex()}"),
        Now(0, WALL_MS),
    )
    with tempfile.TemporaryDirectory(prefix="openline-sim-") as folder:
        path = Path(folder) / "record.sqlite"
        store = Store.open(path)
        store.found(state)
        store.close()
        return Party(own.card, own.signer, path.read_bytes())
