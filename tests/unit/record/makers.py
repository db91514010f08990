"""Two parties with real keys from fixed seeds, and everything that they can sign."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from openline.record.bodies import enrol_body, text_body
from openline.record.bundle import BundleHeader, BundleNote, write_bundle
from openline.record.card import Card, CardFields, CardKeys, CardSigners, build_card, parse_card
from openline.record.cose import (
    CONTEXT_ENTRY,
    CONTEXT_GENESIS,
    CONTEXT_HELLO,
    CONTEXT_RECEIPT,
    CONTEXT_STATEMENT,
    sign1,
)
from openline.record.entry import EntryClaims, StatementClaims, commit_body
from openline.record.genesis import Genesis, genesis_payload, make_genesis
from openline.record.hello import Hello
from openline.record.log import Record
from openline.record.notes import Checkpoint, sign_checkpoint
from openline.record.receipt import (
    assemble_receipt,
    assemble_seal,
    receipt_cosigned,
    receipt_payload,
    seal_text,
)


def seed(*parts: object) -> bytes:
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).digest()


@dataclass
class Keys:
    name: str
    link: Ed25519PrivateKey = field(init=False)
    log: Ed25519PrivateKey = field(init=False)
    cosign: Ed25519PrivateKey = field(init=False)
    officer: Ed25519PrivateKey = field(init=False)
    log_pq: MLDSA44PrivateKey = field(init=False)
    cosign_pq: MLDSA44PrivateKey = field(init=False)

    def __post_init__(self) -> None:
        for role in ("link", "log", "cosign", "officer"):
            setattr(self, role, Ed25519PrivateKey.from_private_bytes(seed(self.name, role)))
        for role in ("log_pq", "cosign_pq"):
            setattr(self, role, MLDSA44PrivateKey.from_seed_bytes(seed(self.name, role)))

    def public(self) -> CardKeys:
        return CardKeys(
            link=self.link.public_key().public_bytes_raw(),
            log=self.log.public_key().public_bytes_raw(),
            log_pq=self.log_pq.public_key().public_bytes_raw(),
            cosign=self.cosign.public_key().public_bytes_raw(),
            cosign_pq=self.cosign_pq.public_key().public_bytes_raw(),
        )

    def signers(self) -> CardSigners:
        return CardSigners(
            link=self.link.sign,
            log=self.log.sign,
            log_pq=self.log_pq.sign,
            cosign=self.cosign.sign,
            cosign_pq=self.cosign_pq.sign,
        )

    @property
    def officer_public(self) -> bytes:
        return self.officer.public_key().public_bytes_raw()


def fields(name: str) -> CardFields:
    return CardFields(
        names={"en": name, "zh-Hans": "甲方"},
        paths={"sea": ("192.0.2.1:4600",), "sky": ("[2001:db8::1]:4601",)},
        languages=("en", "zh-Hans"),
        disclosure=2,
        off_record=False,
        nonce=seed(name, "nonce")[:16],
    )


def card_of(keys: Keys, own_fields: CardFields | None = None) -> Card:
    return parse_card(build_card(own_fields or fields(keys.name), keys.public(), keys.signers()))


class Pair:
    """Both parties and one record that holds what they wrote, as both would hold it."""

    def __init__(self, one: str = "North Post", other: str = "South Post") -> None:
        both = [Keys(one), Keys(other)]
        cards = [card_of(keys) for keys in both]
        self.genesis: Genesis = make_genesis(cards[0], cards[1])
        self.keys: list[Keys] = [
            next(keys for keys in both if keys.public() == card.keys) for card in self.genesis.cards
        ]
        self.record = Record(self.genesis)
        self.entries: list[list[tuple[bytes, bytes, bytes | None]]] = [[], []]
        self.counter = 0

    def fresh(self, size: int = 16) -> bytes:
        self.counter += 1
        return seed("fresh", self.counter)[:size]

    def genesis_signature(self, party: int) -> bytes:
        return self.cose(party, "log", genesis_payload(self.genesis), CONTEXT_GENESIS)

    def cose(self, party: int, role: str, payload: bytes, context: bytes) -> bytes:
        key: Ed25519PrivateKey = getattr(self.keys[party], role)
        return sign1(payload, key.public_key().public_bytes_raw(), context, key.sign)

    def statement(self, party: int, kind: str, commit: bytes, /, **changes: Any) -> bytes:  # noqa: ANN401 - any field
        other = self.record.logs[1 - party]
        values: dict[str, Any] = {
            "line": self.genesis.line,
            "author": party,
            "kind": kind,
            "drill": False,
            "body_commit": commit,
            "seen_n": other.size,
            "seen_head": other.head,
            "nonce": self.fresh(),
        }
        claims = StatementClaims(**(values | changes))
        return self.cose(party, "officer", claims.payload(), CONTEXT_STATEMENT)

    def claims(self, party: int, kind: str, commit: bytes, /, **changes: Any) -> EntryClaims:  # noqa: ANN401 - any field
        own, other = self.record.logs[party], self.record.logs[1 - party]
        seen_n = changes.get("seen_n", other.size)
        assert isinstance(seen_n, int)
        in_reach = 1 <= seen_n <= other.size
        values: dict[str, Any] = {
            "line": self.genesis.line,
            "author": party,
            "index": own.size,
            "prev": own.head,
            "seen_n": seen_n,
            "seen_head": other.leaf_hash(seen_n - 1) if in_reach else bytes(32),
            "lamport": 1 + max(own.lamport, other.lamport_at(seen_n - 1) if in_reach else 0),
            "claimed_ms": 1_700_000_000_000 + self.counter,
            "kind": kind,
            "drill": False,
            "body_commit": commit,
            "statements": (),
        }
        return EntryClaims(**(values | changes))

    def leaf(self, party: int, claims: EntryClaims) -> bytes:
        return self.cose(party, "log", claims.payload(), CONTEXT_ENTRY)

    def make(
        self,
        party: int,
        kind: str,
        body: bytes,
        /,
        *,
        officer: bool = True,
        **changes: Any,  # noqa: ANN401 - any field
    ) -> tuple[bytes, bytes, bytes]:
        """An entry that fits at the end of that log; ``changes`` break it."""
        salt = self.fresh()
        commit = commit_body(salt, body)
        seen = {"seen_n": changes["seen_n"]} if "seen_n" in changes else {}
        if seen:
            at = changes["seen_n"]
            assert isinstance(at, int)
            other = self.record.logs[1 - party]
            seen["seen_head"] = other.leaf_hash(at - 1) if 1 <= at <= other.size else bytes(32)
        statements = (self.statement(party, kind, commit, **seen),) if officer else ()
        changes.setdefault("statements", statements)
        return self.leaf(party, self.claims(party, kind, commit, **changes)), salt, body

    def add(self, party: int, raw: tuple[bytes, bytes, bytes | None]) -> None:
        self.record.append(party, *raw)
        self.entries[party].append(raw)

    def enrol(self, party: int) -> None:
        self.add(
            party, self.make(party, "enrol", enrol_body(self.keys[party].officer_public, "W-1"))
        )

    def text(self, party: int, text: str = "Nothing to pass.", **changes: Any) -> None:  # noqa: ANN401 - any field
        self.add(party, self.make(party, "text", text_body("en", text), **changes))

    def founded(self) -> "Pair":
        self.enrol(0)
        self.enrol(1)
        return self

    def checkpoint(self, log: int, size: int | None = None) -> Checkpoint:
        return self.record.logs[log].checkpoint(size)

    def note(self, log: int, checkpoint: Checkpoint | None = None) -> bytes:
        keys = self.keys[log]
        return sign_checkpoint(checkpoint or self.checkpoint(log), keys.public().log, keys.log.sign)

    def receipt(
        self,
        log: int,
        size: int | None = None,
        holder_size: int | None = None,
        time_s: int = 1_700_000_100,
    ) -> bytes:
        """A receipt of ``log`` by the other party."""
        holder = 1 - log
        checkpoint = self.checkpoint(log, size)
        m = self.record.logs[holder].size if holder_size is None else holder_size
        note = self.note(log, checkpoint)
        keys = self.keys[holder]
        cose = self.cose(
            holder, "cosign", receipt_payload(self.genesis, checkpoint, m), CONTEXT_RECEIPT
        )
        cosignature = keys.cosign.sign(receipt_cosigned(note, time_s))
        return assemble_receipt(self.genesis, holder, note, time_s, cosignature, cose)

    def seal(
        self, log: int, party: int, size: int | None = None, time_s: int = 1_700_000_200
    ) -> bytes:
        checkpoint = self.checkpoint(log, size)
        at = 0 if log == party else time_s
        keys = self.keys[party]
        key = keys.log_pq if log == party else keys.cosign_pq
        signature = key.sign(seal_text(self.genesis, party, checkpoint, at))
        return assemble_seal(self.genesis, party, checkpoint, at, signature)

    def hello(self, party: int, **changes: Any) -> bytes:  # noqa: ANN401 - any field
        own, other = self.record.logs[party], self.record.logs[1 - party]
        values: dict[str, Any] = {
            "line": self.genesis.line,
            "author": party,
            "incarnation": seed("incarnation", party)[:16],
            "peer_incarnation": bytes(16),
            "own_size": own.size,
            "own_root": own.root,
            "held_size": other.size,
            "held_root": other.root,
        }
        claims = Hello(**(values | changes))
        return self.cose(party, "log", claims.payload(), CONTEXT_HELLO)

    def bundle_notes(self) -> list[BundleNote]:
        """Both logs at their end with all that can stand on them."""
        return [
            BundleNote(
                log=log,
                size=self.record.logs[log].size,
                note=self.note(log),
                receipt=self.receipt(log),
                seal_author=self.seal(log, log),
                seal_holder=self.seal(log, 1 - log),
            )
            for log in (0, 1)
        ]

    def bundle(self, notes: list[BundleNote] | None = None) -> bytes:
        chosen = self.bundle_notes() if notes is None else notes
        header = BundleHeader(
            exporter=0,
            exported_ms=1_700_000_300_000,
            sizes=(self.record.logs[0].size, self.record.logs[1].size),
            notes=len(chosen),
        )
        signatures = (self.genesis_signature(0), self.genesis_signature(1))
        entries = (self.entries[0], self.entries[1])
        return b"".join(write_bundle(header, self.genesis, signatures, entries, chosen))

    @property
    def pins(self) -> tuple[bytes, bytes]:
        return self.genesis.cards[0].fingerprint, self.genesis.cards[1].fingerprint
