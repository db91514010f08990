"""Weak keys, signatures, key ids."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from openline.errors import ConfigError, RecordError, SignatureError
from openline.record.bodies import enrol_body
from openline.record.card import build_card
from openline.record.cose import CONTEXT_ENTRY, CONTEXT_STATEMENT, parse_sign1, sign1, signed_bytes
from openline.record.keys import (
    check_ed25519,
    check_mldsa44,
    key_id,
    spki,
    spki_hash,
    verify_ed25519,
    verify_mldsa44,
)
from tests.unit.record.makers import Keys, fields

IDENTITY = bytes([1]) + bytes(31)
P = 2**255 - 19


def encoded(y: int, sign: int = 0) -> bytes:
    return (y | sign << 255).to_bytes(32, "little")


SMALL = [
    IDENTITY,
    encoded(P - 1),
    encoded(0),
    encoded(0, 1),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
]
NON_CANONICAL = [encoded(P), encoded(P + 1), encoded(2**255 - 1), encoded(1, 1), encoded(P - 1, 1)]


@pytest.mark.parametrize("public", SMALL + NON_CANONICAL + [bytes(31), bytes(33), b""])
def test_weak_keys_are_refused(public: bytes) -> None:
    with pytest.raises(SignatureError) as caught:
        check_ed25519(public)
    assert caught.value.code == "record.weak_key"


def test_a_key_that_is_no_point_is_refused() -> None:
    refused = 0
    for y in range(2, 40):
        try:
            check_ed25519(encoded(y))
        except SignatureError:
            refused += 1
    assert 5 < refused < 33  # about half of all y are no point


def test_the_identity_key_really_is_the_attack() -> None:
    """One fixed signature under the identity point holds for every text, so we refuse the key."""
    key = Ed25519PublicKey.from_public_bytes(IDENTITY)
    forged = IDENTITY + bytes(32)
    for text in (b"I owe you 10", b"I owe you 1000000"):
        key.verify(forged, text)
    with pytest.raises(SignatureError):
        check_ed25519(IDENTITY)


def test_weak_keys_are_refused_where_they_enter() -> None:
    keys = Keys("North")
    public = keys.public()
    weak = type(public)(
        link=public.link,
        log=IDENTITY,
        log_pq=public.log_pq,
        cosign=public.cosign,
        cosign_pq=public.cosign_pq,
    )
    with pytest.raises(ConfigError, match=r"card\.weak_key"):
        build_card(fields("North"), weak, keys.signers())
    with pytest.raises(SignatureError, match=r"record\.weak_key"):
        enrol_body(IDENTITY, "W-1")


def test_good_keys_pass() -> None:
    for number in range(20):
        private = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        check_ed25519(private.public_key().public_bytes_raw())
    check_mldsa44(Keys("x").public().log_pq)
    with pytest.raises(SignatureError, match=r"record\.weak_key"):
        check_mldsa44(bytes(1311))


def test_pin_is_the_hash_of_the_spki() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raw = private.public_key().public_bytes_raw()
    assert spki(raw) == der
    assert spki_hash(raw) == hashlib.sha256(der).digest()
    assert key_id(raw) == hashlib.sha256(raw).digest()[:16]


@pytest.mark.parametrize("at", [0, 31, 32, 63])
def test_changed_signatures_fail(at: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    raw = private.public_key().public_bytes_raw()
    signature = bytearray(private.sign(b"text"))
    verify_ed25519(raw, bytes(signature), b"text")
    signature[at] ^= 1
    with pytest.raises(SignatureError, match=r"record\.signature"):
        verify_ed25519(raw, bytes(signature), b"text")
    with pytest.raises(SignatureError, match=r"record\.signature"):
        verify_ed25519(raw, bytes(signature[:-1]), b"text")


def test_a_signature_with_a_larger_s_is_refused() -> None:
    """S + L would be a second signature for the same text."""
    order = 2**252 + 27742317777372353535851937790883648493
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    signature = private.sign(b"text")
    s = int.from_bytes(signature[32:], "little") + order
    with pytest.raises(SignatureError):
        verify_ed25519(
            private.public_key().public_bytes_raw(),
            signature[:32] + s.to_bytes(32, "little"),
            b"text",
        )


def test_mldsa_signatures() -> None:
    keys = Keys("x")
    public = keys.public().log_pq
    signature = keys.log_pq.sign(b"text")
    verify_mldsa44(public, signature, b"text")
    for bad in (signature[:-1], bytes(2420), signature[:-1] + bytes([signature[-1] ^ 1])):
        with pytest.raises(SignatureError, match=r"record\.signature"):
            verify_mldsa44(public, bad, b"text")


def test_cose_has_one_shape() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    raw = private.public_key().public_bytes_raw()
    parsed = parse_sign1(sign1(b"", raw, CONTEXT_ENTRY, private.sign))
    for size in (0, 1, 23, 24, 255, 256, 3000):
        data = sign1(b"p" * size, raw, CONTEXT_ENTRY, private.sign)
        parsed = parse_sign1(data)
        assert parsed.payload == b"p" * size
        parsed.verify(raw, CONTEXT_ENTRY)
        with pytest.raises(SignatureError, match=r"record\.signature"):
            parsed.verify(raw, CONTEXT_STATEMENT)
        assert signed_bytes(parsed.kid, parsed.payload, CONTEXT_ENTRY).startswith(b"\x84")
    other = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32).public_key().public_bytes_raw()
    with pytest.raises(SignatureError, match=r"record\.key_id"):
        parsed.verify(other, CONTEXT_ENTRY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (bytes.fromhex("d284"), bytes.fromhex("84")),  # no tag
        (bytes.fromhex("d284"), bytes.fromhex("d1")),
        (bytes.fromhex("a2013204"), bytes.fromhex("a2012704")),  # EdDSA, not Ed25519
        (bytes.fromhex("a044"), bytes.fromhex("a1010044")),  # something unprotected
        (bytes.fromhex("a044"), bytes.fromhex("a05804")),  # longer head than needed
        (bytes.fromhex("5840"), bytes.fromhex("583f")),
    ],
)
def test_other_shapes_of_cose_are_refused(old: bytes, new: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    raw = private.public_key().public_bytes_raw()
    data = sign1(b"four", raw, CONTEXT_ENTRY, private.sign)
    assert old in data
    with pytest.raises(RecordError) as caught:
        parse_sign1(data.replace(old, new, 1))
    assert caught.value.code == "record.encoding"
    with pytest.raises(RecordError, match=r"record\.too_large"):
        parse_sign1(data, 50)
