"""The handshake over memory: who gets past it, and who does not."""

import hashlib
from itertools import product

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from OpenSSL import SSL

from openline.errors import ConfigError, LinkError
from openline.link.packets import exporter_context
from openline.link.tls import (
    GROUP,
    TlsStream,
    certificate_pin,
    make_certificate,
    make_context,
    spki_pin,
)
from tests.unit.link.adversary import bent_context, shake

ONE, OTHER, STRANGER = (Ed25519PrivateKey.generate() for _ in range(3))


def pin(key: Ed25519PrivateKey) -> bytes:
    return spki_pin(key.public_key())


def stream(own: Ed25519PrivateKey, peer: Ed25519PrivateKey, *, dialed: bool) -> TlsStream:
    return TlsStream(make_context(own, make_certificate(own), pin(peer)), dialed=dialed)


def bent(context: SSL.Context, *, dialed: bool) -> TlsStream:
    return TlsStream(context, dialed=dialed)


def test_the_right_two_meet_and_export_the_same_keys() -> None:
    dialer, listener = stream(ONE, OTHER, dialed=True), stream(OTHER, ONE, dialed=False)
    assert shake(dialer, listener, pin(OTHER), pin(ONE)) == []
    assert dialer.group == listener.group == GROUP
    context = exporter_context(pin(ONE), pin(OTHER), bytes(16), "sat")
    assert dialer.export(context) == listener.export(context)
    assert len(dialer.export(context)) == 68
    other_path = exporter_context(pin(ONE), pin(OTHER), bytes(16), "cable")
    assert dialer.export(other_path) != listener.export(context)
    dialer.write(b"word")
    listener.feed(dialer.outgoing())
    assert listener.read() == b"word"
    assert listener.read() == b""


@pytest.mark.parametrize("dialed", [True, False])
def test_a_stranger_is_refused_in_both_roles(dialed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    ours = stream(ONE, OTHER, dialed=dialed)
    theirs = bent(bent_context(STRANGER), dialed=not dialed)
    ends = (ours, theirs) if dialed else (theirs, ours)
    pins = (pin(OTHER), pin(ONE)) if dialed else (pin(ONE), pin(OTHER))
    assert "link.handshake" in shake(*ends, *pins)
    assert ours.group == ""


def test_who_shows_no_certificate_is_refused() -> None:
    listener = stream(ONE, OTHER, dialed=False)
    nobody = bent(bent_context(None), dialed=True)
    assert shake(nobody, listener, pin(ONE), pin(OTHER)) == ["link.handshake"]


@pytest.mark.parametrize(
    ("dialed", "groups"),
    list(product([True, False], [b"X25519", b"P-256:X25519", b"SecP256r1MLKEM768"])),
)
def test_no_other_group_is_taken(dialed: bool, groups: bytes) -> None:  # noqa: FBT001 - a parameter of the test
    ours = stream(ONE, OTHER, dialed=dialed)
    theirs = bent(bent_context(OTHER, groups=groups), dialed=not dialed)
    ends = (ours, theirs) if dialed else (theirs, ours)
    assert "link.handshake" in shake(*ends, pin(OTHER), pin(OTHER))
    assert ours.group == ""


def test_the_group_is_checked_after_the_handshake_too() -> None:
    key = make_certificate(ONE)
    loose = make_context(ONE, key, pin(OTHER))
    assert SSL._lib.SSL_CTX_set1_curves_list(loose._context, b"X25519") == 1  # type: ignore[attr-defined]
    ours = bent(loose, dialed=True)
    theirs = bent(bent_context(OTHER, groups=b"X25519"), dialed=False)
    assert "link.group" in shake(ours, theirs, pin(OTHER), pin(ONE))


def test_the_pin_is_checked_after_the_handshake_too() -> None:
    ours = bent(bent_context(ONE), dialed=True)
    theirs = bent(bent_context(STRANGER), dialed=False)
    assert "link.pin" in shake(ours, theirs, pin(OTHER), pin(ONE))


@pytest.mark.parametrize("dialed", [True, False])
def test_older_tls_is_refused(dialed: bool) -> None:  # noqa: FBT001 - a parameter of the test
    ours = stream(ONE, OTHER, dialed=dialed)
    old = bent_context(OTHER, groups=b"X25519", version=SSL.TLS1_2_VERSION)
    theirs = bent(old, dialed=not dialed)
    ends = (ours, theirs) if dialed else (theirs, ours)
    assert "link.handshake" in shake(*ends, pin(OTHER), pin(OTHER))


@pytest.mark.parametrize("listener", ["lax", "ours"])
def test_no_session_can_be_resumed(listener: str) -> None:
    context = make_context(OTHER, make_certificate(OTHER), pin(ONE))
    if listener == "lax":  # the same attempt does succeed where nothing forbids it
        context = bent_context(OTHER)
        context.set_session_id(b"any")
    dialer_context = bent_context(ONE)
    session = None
    for attempt in range(2):
        dialer = SSL.Connection(dialer_context, None)
        dialer.set_connect_state()
        if session is not None:
            dialer.set_session(session)
        far, end = TlsStream(context, dialed=False), TlsStream(dialer_context, dialed=True)
        end._tls = dialer
        assert shake(end, far, pin(OTHER), pin(ONE)) == []
        far.write(b"bytes behind which a ticket would have come")
        end.feed(far.outgoing())
        assert end.read()
        session = dialer.get_session()
        dialer.shutdown()  # else the library itself gives the session up
        reused = SSL._lib.SSL_session_reused(dialer._ssl)  # type: ignore[attr-defined]
        assert bool(reused) is (listener == "lax" and attempt == 1)


def test_broken_records_are_coded_errors() -> None:
    dialer, listener = stream(ONE, OTHER, dialed=True), stream(OTHER, ONE, dialed=False)
    assert shake(dialer, listener, pin(OTHER), pin(ONE)) == []
    dialer.write(b"word")
    data = bytearray(dialer.outgoing())
    data[-1] ^= 1
    listener.feed(bytes(data))
    with pytest.raises(LinkError) as caught:
        listener.read()
    assert caught.value.code == "link.handshake"
    fresh = stream(OTHER, ONE, dialed=False)
    fresh.feed(b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(LinkError):
        fresh.handshake(pin(ONE))


def test_the_orderly_end_is_told_apart() -> None:
    dialer, listener = stream(ONE, OTHER, dialed=True), stream(OTHER, ONE, dialed=False)
    assert shake(dialer, listener, pin(OTHER), pin(ONE)) == []
    dialer.close()
    listener.feed(dialer.outgoing())
    with pytest.raises(LinkError) as caught:
        listener.read()
    assert caught.value.code == "link.closed"


def test_the_certificate_is_a_function_of_the_key_and_names_nobody() -> None:
    first, second = make_certificate(ONE), make_certificate(ONE)
    assert first == second
    loaded = x509.load_pem_x509_certificate(first)
    assert loaded.not_valid_after_utc.year == 9999
    assert certificate_pin(loaded) == pin(ONE)
    spki = ONE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raw = ONE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert spki == bytes.fromhex("302a300506032b6570032100") + raw
    assert pin(ONE) == hashlib.sha256(spki).digest()


def test_a_certificate_of_another_kind_has_no_pin() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    loaded = x509.load_pem_x509_certificate(make_certificate(ONE))
    other = (
        x509.CertificateBuilder()
        .subject_name(loaded.subject)
        .issuer_name(loaded.subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(loaded.not_valid_before_utc)
        .not_valid_after(loaded.not_valid_after_utc)
        .sign(ONE, None)
    )
    assert certificate_pin(other) == b""


def test_a_certificate_that_is_not_ours_is_refused_at_the_start() -> None:
    for certificate in (make_certificate(OTHER), b"no certificate"):
        with pytest.raises(ConfigError) as caught:
            make_context(ONE, certificate, pin(OTHER))
        assert caught.value.code == "link.config"


def test_an_old_library_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SSL, "OPENSSL_VERSION_NUMBER", 0x30000000)
    with pytest.raises(ConfigError) as caught:
        make_context(ONE, make_certificate(ONE), pin(OTHER))
    assert caught.value.code == "link.openssl"
