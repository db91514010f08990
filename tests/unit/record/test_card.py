"""Cards: what is refused and in which words; genesis; comparison string."""

import hashlib
from dataclasses import replace
from typing import Any  # CBOR values that a test takes apart

import pytest

from openline.errors import ConfigError, OpenlineError, RecordError, SignatureError
from openline.record.card import (
    Card,
    CardFields,
    CardKeys,
    build_card,
    comparison_string,
    parse_card,
)
from openline.record.cbor import Value, decode, encode
from openline.record.genesis import (
    Genesis,
    genesis_cards,
    make_genesis,
    parse_genesis,
    verify_genesis_signature,
)
from openline.record.keys import spki_hash
from tests.unit.record.makers import Keys, Pair, card_of, fields


def outer(raw: bytes) -> list[Any]:
    value = decode(raw, 20_000)
    assert isinstance(value, list)
    return value


def signed_again(keys: Keys, body: dict[str, Value]) -> bytes:
    """A card with that body and honest signatures by all five keys."""
    inner = encode(body)
    signers = keys.signers()
    signed = b"openline-card-v1\0" + inner
    return encode(
        [
            inner,
            [
                signers.link(signed),
                signers.log(signed),
                signers.log_pq(signed),
                signers.cosign(signed),
                signers.cosign_pq(signed),
            ],
        ]
    )


def refused(raw: bytes, *, own: Card | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_card(raw, own=own)
    return caught.value.code


@pytest.fixture(scope="module")
def keys() -> Keys:
    return Keys("North")


@pytest.fixture(scope="module")
def raw(keys: Keys) -> bytes:
    return card_of(keys).raw


def test_a_card_survives(keys: Keys, raw: bytes) -> None:
    card = parse_card(raw)
    assert card.fields == fields("North")
    assert card.keys == keys.public()
    assert card.fingerprint == hashlib.sha256(raw).digest()
    assert card.pin == spki_hash(keys.public().link)
    assert 7_000 < len(raw) < 9_000


def test_every_truncation_is_refused(raw: bytes) -> None:
    for size in (*range(40), *range(40, len(raw), 199), len(raw) - 1):
        assert refused(raw[:size]) == "card.incomplete"


def test_every_changed_byte_is_refused(raw: bytes) -> None:
    for at in range(0, len(raw), 41):
        changed = bytearray(raw)
        changed[at] ^= 0x10
        with pytest.raises(OpenlineError) as caught:
            parse_card(bytes(changed))
        assert caught.value.code.startswith("card.")


def test_altered_and_unproven_are_told_apart(raw: bytes) -> None:
    at = raw.index(b"192.0.2.1")
    altered = raw[:at] + b"192.0.2.2" + raw[at + 9 :]
    assert refused(altered) == "card.altered"
    body, signatures = outer(raw)
    for place in range(5):
        bad = [bytes(len(s)) if n == place else s for n, s in enumerate(signatures)]
        assert refused(encode([body, bad])) == "card.unproven"
    assert refused(encode([body, signatures[:4]])) == "card.unproven"
    assert refused(encode([body, []])) == "card.unproven"


def test_own_card_and_shared_keys(keys: Keys, raw: bytes) -> None:
    own = parse_card(raw)
    assert refused(raw, own=own) == "card.own"
    later = card_of(keys, replace(fields("North"), nonce=bytes(16)))
    assert refused(later.raw, own=own) == "card.own"
    assert parse_card(card_of(Keys("South")).raw, own=own).fields.names["en"] == "South"
    with pytest.raises(ConfigError, match=r"card\.own"):
        make_genesis(own, later)


def test_one_key_in_two_roles(keys: Keys) -> None:
    public, signers = keys.public(), keys.signers()
    with pytest.raises(ConfigError, match=r"card\.shared_key"):
        build_card(
            fields("North"),
            replace(public, cosign=public.log),
            replace(signers, cosign=signers.log),
        )


def body_fields() -> set[str]:
    flags = {"v", "suite", "versions", "disclosure", "off_record", "nonce"}
    return flags | {"names", "keys", "paths", "langs"}


def body_of(raw: bytes) -> dict[str, Any]:
    body = decode(outer(raw)[0], 20_000)
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"v": 2}, "card.unsupported_version"),
        ({"suite": 2}, "card.unsupported_suite"),
        ({"v": True}, "card.unsupported_version"),
        ({"suite": True}, "card.unsupported_suite"),
        ({"versions": [True]}, "card.unsupported_version"),
        ({"versions": []}, "card.unsupported_version"),
        ({"versions": [2]}, "card.unsupported_version"),
        ({"versions": [1, 2]}, "card.unsupported_version"),
        ({"names": {}}, "card.incomplete"),
        ({"names": {"en": "  "}}, "card.malformed"),
        ({"names": {"en": "North\u202e"}}, "card.malformed"),
        ({"names": {"en": "x" * 200}}, "card.malformed"),
        ({"names": {"English!": "North"}}, "card.malformed"),
        ({"paths": {}}, "card.incomplete"),
        ({"paths": {"Sea Path": []}}, "card.malformed"),
        ({"paths": {"sea": ["192.0.2.1"]}}, "card.malformed"),
        ({"paths": {"sea": ["192.0.2.1:4600 x"]}}, "card.malformed"),
        ({"paths": {"sea": ["192.0.2.1:1"] * 9}}, "card.malformed"),
        ({"langs": []}, "card.incomplete"),
        ({"langs": ["en", "en"]}, "card.incomplete"),
        ({"disclosure": 4}, "card.malformed"),
        ({"disclosure": True}, "card.malformed"),
        ({"off_record": 1}, "card.malformed"),
        ({"nonce": bytes(15)}, "card.malformed"),
        ({"surplus": 1}, "card.malformed"),
        ({"keys": {}}, "card.incomplete"),
        ({"keys": "none"}, "card.malformed"),
    ],
)
def test_honestly_signed_nonsense_is_refused(
    keys: Keys, raw: bytes, change: dict[str, Value], code: str
) -> None:
    assert refused(signed_again(keys, body_of(raw) | change)) == code


@pytest.mark.parametrize(
    "name",
    [
        "v",
        "suite",
        "versions",
        "names",
        "keys",
        "paths",
        "langs",
        "disclosure",
        "off_record",
        "nonce",
    ],
)
def test_a_missing_field_is_refused(keys: Keys, raw: bytes, name: str) -> None:
    body = body_of(raw)
    del body[name]
    code = refused(signed_again(keys, body))
    assert code in ("card.incomplete", "card.unsupported_version", "card.unsupported_suite")


def test_not_a_card_at_all() -> None:
    assert refused(b"") == "card.incomplete"
    assert refused(b"\x80") == "card.incomplete"
    assert refused(encode("card")) == "card.malformed"
    assert refused(b"Hello, world" * 10) == "card.malformed"
    assert refused(bytes(20_000)) == "card.too_large"


def test_both_sides_read_the_same_digits() -> None:
    one, other = bytes([0xFF]) * 32, bytes(31) + bytes([5])
    text = comparison_string(one, other)
    assert text == comparison_string(other, one)
    groups = text.split(" ")
    assert [len(group) for group in groups] == [5] * 12
    assert "".join(groups[:6]) == "0" * 29 + "5"
    assert int("".join(groups[6:])) == (2**256 - 1) % 10**30


def test_genesis_is_the_same_whoever_is_named_first() -> None:
    north, south = card_of(Keys("North")), card_of(Keys("South"))
    genesis = make_genesis(north, south)
    assert genesis == make_genesis(south, north)
    assert genesis == parse_genesis(genesis.raw)
    assert genesis.cards[0].fingerprint < genesis.cards[1].fingerprint
    assert {genesis.party_of(north), genesis.party_of(south)} == {0, 1}
    assert genesis.line == hashlib.sha256(genesis.raw).digest()[:16]
    assert genesis.origin(1) == f"openline/{genesis.line.hex()}/b"
    assert genesis.cosigner(0) == f"openline/{genesis.line.hex()}/a/cosign"
    with pytest.raises(RecordError, match=r"record\.genesis"):
        genesis.party_of(card_of(Keys("East")))


@pytest.mark.parametrize("wanted", [(0, 3), (2, 1)])
def test_terms_are_the_lesser_of_both(wanted: tuple[int, int]) -> None:
    cards = [
        card_of(Keys(name), replace(fields(name), disclosure=level, off_record=level == wanted[0]))
        for name, level in zip(("North", "South"), wanted, strict=True)
    ]
    genesis = make_genesis(cards[0], cards[1])
    assert genesis.disclosure == min(wanted)
    assert not genesis.off_record


@pytest.mark.parametrize("change", ["swapped", "terms", "label", "byte", "short"])
def test_a_genesis_that_does_not_follow_is_refused(change: str) -> None:
    genesis = Pair().genesis
    label, first, second, terms = outer(genesis.raw)
    raw = {
        "swapped": encode([label, second, first, terms]),
        "terms": encode([label, first, second, {**terms, "off_record": True}]),
        "label": encode(["openline-genesis-v2", first, second, terms]),
        "byte": genesis.raw[:-1] + b"x",
        "short": genesis.raw[:-1],
    }[change]
    with pytest.raises(RecordError, match=r"record\.genesis"):
        parse_genesis(raw)
    if change == "label":
        with pytest.raises(RecordError, match=r"record\.genesis"):
            genesis_cards(raw)


def test_genesis_signatures() -> None:
    pair, other = Pair(), Pair("East", "West")
    for party in (0, 1):
        verify_genesis_signature(pair.genesis, party, pair.genesis_signature(party))
        for wrong in (pair.genesis_signature(1 - party), other.genesis_signature(party), b"", b"x"):
            with pytest.raises(SignatureError, match=r"record\.genesis_signature"):
                verify_genesis_signature(pair.genesis, party, wrong)


def test_a_signature_of_another_genesis_by_the_right_key_is_refused() -> None:
    pair = Pair()
    keys = pair.keys[0]
    stranger = card_of(Keys("East"))
    elsewhere: Genesis = make_genesis(card_of(keys), stranger)
    twin = Pair()
    twin.keys, twin.genesis = pair.keys, elsewhere
    with pytest.raises(SignatureError, match="another genesis"):
        verify_genesis_signature(pair.genesis, 0, twin.genesis_signature(0))


def test_names_of_every_script(keys: Keys) -> None:
    """Persian needs the zero-width non-joiner: it may stand in a name."""
    names = {"fa": "\u0645\u06cc\u200c\u062f\u0627\u0646", "hi": "\u0915\u094d\u200d\u0937"}
    assert card_of(keys, replace(fields("North"), names=names)).fields.names == names


def test_fields_may_hold_a_dial_only_path(keys: Keys) -> None:
    dial_only: CardFields = replace(fields("North"), paths={"sea": ()})
    assert card_of(keys, dial_only).fields.paths == {"sea": ()}
    assert isinstance(card_of(keys, dial_only).keys, CardKeys)
