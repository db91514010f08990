"""Make vectors/cards.json, vectors/record.json and vectors/bundle.json.

    python -m tests.interop.make_vectors

All keys come from published seeds and are worthless. ML-DSA-44 signatures are randomised, so each
run gives other cards, another line and other seals; the committed files are what counts.
"""

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from openline.record.bodies import shown_body
from openline.record.card import comparison_string
from openline.record.cbor import Value, decode, decode_list, encode, sequence
from openline.record.keys import key_id
from openline.record.merge import merged
from openline.record.receipt import verify_receipt
from tests.interop.vectors_of_record import (
    CBOR_REFUSED,
    Vector,
    entry_vectors,
    fork_vectors,
    note_vectors,
    refused_entries,
    vector,
)
from tests.unit.record.makers import Keys, Pair, card_of, fields, seed

FOLDER = Path(__file__).parents[2] / "vectors"
ROLES = ("link", "log", "log_pq", "cosign", "cosign_pq", "officer")


def plain(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """JSON with bytes as lower-case hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def write(name: str, about: str, content: dict[str, Any]) -> None:
    text = json.dumps(plain({"about": about, **content}), indent=1, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def seeds_of(keys: Keys) -> dict[str, bytes]:
    return {role: seed(keys.name, role) for role in ROLES}


def resigned(keys: Keys, raw: bytes, /, **changes: Value) -> bytes:
    """The card with other fields, honestly signed by all five keys."""
    outer = decode(raw, 20_000)
    assert isinstance(outer, list)
    assert isinstance(outer[0], bytes)
    body = decode(outer[0], 20_000)
    assert isinstance(body, dict)
    inner = encode(body | changes)
    signers = keys.signers()
    signed = b"openline-card-v1\0" + inner
    every = (signers.link, signers.log, signers.log_pq, signers.cosign, signers.cosign_pq)
    return encode([inner, [sign(signed) for sign in every]])


def card_vectors(pair: Pair) -> list[Vector]:
    made = []
    for party, card in enumerate(pair.genesis.cards):
        public = asdict(card.keys)
        made.append(
            vector(
                f"card-{'ab'[party]}",
                "a card as openline init makes it",
                card=card.raw,
                party=party,
                fingerprint=card.fingerprint,
                pin=card.pin,
                public=public,
                kids={role: key_id(public[role]) for role in ("link", "log", "cosign")},
                fields=asdict(card.fields),
            )
        )
    return made


def refused_cards(pair: Pair) -> list[Vector]:
    raw, keys = pair.genesis.cards[0].raw, pair.keys[0]
    public = asdict(keys.public())
    weak = bytes([1]) + bytes(31)
    at = raw.index(b"192.0.2.1")
    outer = decode(raw, 20_000)
    assert isinstance(outer, list)
    body, signatures = outer
    assert isinstance(signatures, list)
    cases = [
        ("truncated", "ends early", raw[:-1], "card.incomplete"),
        (
            "altered",
            "an address was changed",
            raw[:at] + b"192.0.2.9" + raw[at + 9 :],
            "card.altered",
        ),
        (
            "unproven",
            "the link key did not sign",
            encode([body, [bytes(64), *signatures[1:]]]),
            "card.unproven",
        ),
        ("unsigned", "no signatures", encode([body, []]), "card.unproven"),
        ("trailing", "a byte after the end", raw + b"\0", "card.malformed"),
        (
            "weak-key",
            "the log key is the identity point",
            resigned(keys, raw, keys=public | {"log": weak}),
            "card.weak_key",
        ),
        (
            "shared-key",
            "one key is link and cosign key",
            resigned(keys, raw, keys=public | {"link": public["cosign"]}),
            "card.shared_key",
        ),
        ("version", "card of version 2", resigned(keys, raw, v=2), "card.unsupported_version"),
        ("suite", "suite 2", resigned(keys, raw, suite=2), "card.unsupported_suite"),
        ("no-names", "no name in any language", resigned(keys, raw, names={}), "card.incomplete"),
        (
            "unknown-field",
            "a field that does not exist",
            resigned(keys, raw, surplus=1),
            "card.malformed",
        ),
    ]
    made = [vector(name, why, card=card, refused=code) for name, why, card, code in cases]
    later = card_of(keys, replace(fields(keys.name), nonce=bytes(16)))
    return [
        *made,
        vector(
            "own",
            "a newer card of our own, offered as the peer's",
            card=later.raw,
            own=raw,
            refused="card.own",
        ),
    ]


def genesis_vectors(pair: Pair) -> list[Vector]:
    genesis = pair.genesis
    label, first, second, terms = decode_list(genesis.raw, 40_000, 4)
    assert isinstance(terms, dict)
    return [
        vector(
            "genesis",
            "what follows from both cards",
            genesis=genesis.raw,
            sha256=genesis.sha256,
            leaf_hash=genesis.leaf_hash,
            line=genesis.line,
            origins=[genesis.origin(0), genesis.origin(1)],
            cosigners=[genesis.cosigner(0), genesis.cosigner(1)],
            signatures=[pair.genesis_signature(0), pair.genesis_signature(1)],
            comparison=comparison_string(*pair.pins),
        ),
        vector(
            "genesis-swapped",
            "cards in the other order",
            genesis=encode([label, second, first, terms]),
            refused="record.genesis",
        ),
        vector(
            "genesis-terms",
            "terms that do not follow from the cards",
            genesis=encode([label, first, second, {**terms, "disclosure": 3}]),
            refused="record.genesis",
        ),
    ]


def bundle_vectors(pair: Pair) -> list[Vector]:
    raw = pair.bundle()
    offsets = [at for _item, at in sequence(raw, 100_000)]
    lie = bytearray(raw)
    signature_end = offsets[4] + 4 + len(pair.entries[0][1][0]) - 1
    lie[signature_end] ^= 1

    def renewed(body: bytes) -> bytes:
        return body + encode(["end", hashlib.sha256(body).digest()])

    body = raw[: offsets[-1]]
    dropped = body[: offsets[4]] + body[offsets[5] :]
    swapped = (
        body[: offsets[4]]
        + body[offsets[5] : offsets[6]]
        + body[offsets[4] : offsets[5]]
        + body[offsets[6] :]
    )
    return [
        vector(
            "bundle", "a whole record", bundle=raw, pins=pair.pins, receipted=[4, 4], sealed=[4, 4]
        ),
        vector(
            "pins",
            "other cards are pinned",
            of="bundle",
            pins=[pair.pins[0], bytes(32)],
            refused="bundle.pins",
        ),
        vector(
            "byte",
            "one bit changed",
            of="bundle",
            pins=pair.pins,
            xor=[signature_end, 1],
            refused="bundle.digest",
        ),
        vector(
            "entry-byte",
            "one bit changed in an entry, digest made new",
            bundle=renewed(bytes(lie)[: offsets[-1]]),
            pins=pair.pins,
            refused="record.signature",
        ),
        vector(
            "entry-dropped",
            "one entry left out, digest made new",
            bundle=renewed(dropped),
            pins=pair.pins,
            refused="bundle.order",
        ),
        vector(
            "entry-swapped",
            "two entries swapped, digest made new",
            bundle=renewed(swapped),
            pins=pair.pins,
            refused="record.index",
        ),
        vector(
            "truncated",
            "the last byte is missing",
            of="bundle",
            pins=pair.pins,
            keep=len(raw) - 1,
            refused="bundle.encoding",
        ),
    ]


def main() -> None:
    """Write all three files."""
    pair = Pair().founded()
    pair.text(0, "Routine check. How do you read?")
    pair.text(1, "\u6ca1\u6709\u901a\u62a5\u3002")
    pair.add(0, pair.make(0, "shown", shown_body(2), officer=False))
    pair.text(1, "Until tomorrow.")
    entries, notes = entry_vectors(pair), note_vectors(pair)
    receipt = bytes(next(note["receipt"] for note in notes if note["name"] == "receipt"))
    pair.record.take_receipt(verify_receipt(pair.genesis, 1, receipt))
    seeds = {"ab"[party]: seeds_of(pair.keys[party]) for party in (0, 1)}
    write(
        "cards",
        "Section numbers are those of docs/spec/cards.md: cards 2 to 4, comparison 5, genesis 6.",
        {
            "seeds": seeds,
            "cards": card_vectors(pair) + refused_cards(pair),
            "genesis": genesis_vectors(pair),
        },
    )
    write(
        "record",
        "docs/spec/record.md: cbor 2, entries 3 to 6, notes 7 to 9, order 10, forks 11. Entries are"
        " taken in order, then the receipt; each refused entry is offered after that.",
        {
            "seeds": seeds,
            "genesis": pair.genesis.raw,
            "cbor": [
                vector(why, why, cbor=text, refused="record.encoding")
                for text, why in CBOR_REFUSED.items()
            ],
            "entries": entries,
            "notes": notes,
            "refused_entries": refused_entries(pair),
            "order": [
                [rank.log, rank.index, rank.lamport, rank.final] for rank in merged(pair.record)
            ],
            "roots": [
                [state.tree.root_at(n) for n in range(1, state.size + 1)]
                for state in pair.record.logs
            ],
            "forks": fork_vectors(pair),
        },
    )
    write("bundle", "docs/spec/bundle.md", {"bundles": bundle_vectors(pair)})


if __name__ == "__main__":
    main()
