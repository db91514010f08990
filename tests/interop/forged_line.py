"""A line that a party forges: cards and a genesis wrong in one place, and signed all the same."""

import hashlib
import random  # noqa: TID251 - forgeries by a printed number
from dataclasses import dataclass, field
from typing import Any, Final

from openline.record.cose import CONTEXT_GENESIS, sign1
from tests.interop.odd_values import WEAK, bent, enc
from tests.unit.record.makers import Keys, seed

ROLES: Final = ("link", "log", "log_pq", "cosign", "cosign_pq")


@dataclass
class Forger:
    """One forged bundle: ``bundle`` and the ``pins`` under which somebody is to believe it."""

    rng: random.Random
    place: str = ""
    keys: list[Keys] = field(default_factory=list)
    pins: tuple[bytes, bytes] = (b"", b"")
    bundle: bytes = b""

    def cose(self, party: int, role: str, payload: bytes, context: bytes) -> bytes:
        key = getattr(self.keys[party], role)
        return sign1(payload, key.public_key().public_bytes_raw(), context, key.sign)


def forge_line(forger: Forger) -> None:
    """Both cards made anew, one of them bent before its five keys sign; no entries."""
    both = [Keys("North Post"), Keys("South Post")]
    bodies = [_body(keys) for keys in both]
    if forger.place == "card":
        _bend_card(forger, both, bodies)
    cards = [
        _card(
            forger, keys, body, bent_outside=forger.place == "card" and forger.rng.random() < 0.08
        )
        for keys, body in zip(both, bodies, strict=True)
    ]
    order = sorted((0, 1), key=lambda at: hashlib.sha256(cards[at]).digest())
    forger.keys = [both[at] for at in order]
    genesis = _genesis(forger, [cards[at] for at in order], bodies)
    forger.pins = (hashlib.sha256(cards[0]).digest(), hashlib.sha256(cards[1]).digest())
    signatures = [confirmed(forger, party, genesis) for party in (0, 1)]
    header = ["openline-bundle-v1", 0, 1_700_000_300_000, [1, 1], 0]
    forger.bundle = ended([header, genesis, signatures])


def _body(keys: Keys) -> Any:  # noqa: ANN401 - any value, once it is bent
    return {
        "v": 1, "suite": 1, "versions": [1], "names": {"en": keys.name, "zh-Hans": "甲方"},
        "keys": dict(zip(ROLES, keys.public().in_order(), strict=True)),
        "paths": {"sea": ["192.0.2.1:4600"], "sky": ["[2001:db8::1]:4601"]},
        "langs": ["en", "zh-Hans"], "disclosure": 2, "off_record": False,
        "nonce": seed(keys.name, "nonce")[:16],
    }  # fmt: skip


def _bend_card(forger: Forger, both: list[Keys], bodies: list[Any]) -> None:
    rng = forger.rng
    match rng.randrange(8):
        case 0:  # one key in two roles of a card
            both[1].cosign = both[1].log
            bodies[1]["keys"]["cosign"] = bodies[1]["keys"]["log"]
        case 1:  # a key of the other card
            both[1].cosign = both[0].cosign
            bodies[1]["keys"]["cosign"] = bodies[0]["keys"]["cosign"]
        case 2:
            bodies[1]["keys"][rng.choice(("link", "log", "cosign"))] = rng.choice(WEAK)
        case 3:
            bodies[1] = bent(bodies[1], rng)
        case _:
            name = rng.choice(sorted(bodies[1]))
            bodies[1][name] = bent(bodies[1][name], rng)


def _card(forger: Forger, keys: Keys, body: object, *, bent_outside: bool) -> bytes:
    inner = enc(body)
    signed = b"openline-card-v1\0" + inner
    outer: object = [inner, [getattr(keys, role).sign(signed) for role in ROLES]]
    return enc(bent(outer, forger.rng) if bent_outside else outer)


def _genesis(forger: Forger, cards: list[bytes], bodies: list[Any]) -> bytes:
    wanted = [body if isinstance(body, dict) else {} for body in bodies]
    levels = [body.get("disclosure") for body in wanted]
    terms: object = {
        "disclosure": min((each for each in levels if isinstance(each, int)), default=2),
        "off_record": all(body.get("off_record") is True for body in wanted),
        "protected": ["acts", "line-check", "safety"],
    }
    if forger.place == "terms":
        terms = bent(terms, forger.rng)
        if forger.rng.random() < 0.15:
            cards.reverse()
    return enc(["openline-genesis-v1", *cards, terms])


def confirmed(forger: Forger, party: int, genesis: bytes) -> bytes:
    """That party's signature of the genesis."""
    digest = hashlib.sha256(genesis).digest()
    said: object = [1, digest[:16], digest]
    if forger.place == "genesis-signature" and party == 1:
        said = bent(said, forger.rng)
    return forger.cose(party, "log", enc(said), CONTEXT_GENESIS)


def ended(items: list[object]) -> bytes:
    body = b"".join(map(enc, items))
    return body + enc(["end", hashlib.sha256(body).digest()])
