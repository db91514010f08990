"""The desks' own certificate authority: two names and nothing else, as OpenSSL judges it."""

import ssl
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from openline.app.desk_ca import (
    LEAF_DAYS,
    RENEW_DAYS,
    Authority,
    _make_leaf,
    _time,
    authority,
    leaf_file,
)
from openline.app.folder import Folder
from openline.errors import ConfigError
from openline.web.server import make_context

NAMES = ("desk.north.example", "audio.north.example")
NOW = 1_790_000_000_000
DAY = 86_400_000


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "keys").mkdir(mode=0o700)
    return Folder(tmp_path)


def now_ms() -> int:
    import time  # noqa: PLC0415 - OpenSSL judges by the real clock

    return time.time_ns() // 1_000_000


def handshake(ca: Path, server: ssl.SSLContext, name: str) -> str:
    """What OpenSSL says of a whole handshake in memory; "" for good."""
    here = ssl.create_default_context(cafile=str(ca))
    ends = [ssl.MemoryBIO() for _ in range(4)]
    near = here.wrap_bio(ends[0], ends[1], server_hostname=name)
    far = server.wrap_bio(ends[2], ends[3], server_side=True)
    for _ in range(10):
        for end in (near, far):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError as fault:
                return str(fault)
            ends[2].write(ends[1].read())
            ends[0].write(ends[3].read())
    assert near.version() == "TLSv1.3"
    return ""


def test_a_browser_that_trusts_it_is_served_under_both_names(folder: Folder) -> None:
    context = make_context(lambda: leaf_file(folder, NAMES, now_ms()))
    for name in NAMES:
        assert handshake(folder.keys / "desk-ca.crt", context, name) == ""
    assert "mismatch" in handshake(folder.keys / "desk-ca.crt", context, "north.example")


def test_nothing_older_than_tls_1_3_is_spoken(folder: Folder) -> None:
    context = make_context(lambda: leaf_file(folder, NAMES, now_ms()))
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.num_tickets == 0
    old = ssl.create_default_context(cafile=str(folder.keys / "desk-ca.crt"))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    said, heard = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = old.wrap_bio(ssl.MemoryBIO(), said, server_hostname=NAMES[0])
    with pytest.raises(ssl.SSLWantReadError):
        near.do_handshake()
    heard.write(said.read())
    with pytest.raises(ssl.SSLError, match="UNSUPPORTED_PROTOCOL"):
        context.wrap_bio(heard, ssl.MemoryBIO(), server_side=True).do_handshake()


def test_it_cannot_stand_in_for_any_other_name(folder: Folder) -> None:
    issuer = authority(folder, NAMES, now_ms())
    for name in ("bank.example", "north.example", "desk.north.example.evil.example"):
        path = folder.root / "stolen.pem"
        path.write_bytes(_make_leaf(issuer, (name, NAMES[1]), _time(now_ms())))
        said = handshake(folder.keys / "desk-ca.crt", make_context(partial(Path, path)), name)
        assert "permitted subtree violation" in said
    address = folder.root / "address.pem"
    address.write_bytes(_for_address(issuer))
    said = handshake(folder.keys / "desk-ca.crt", make_context(lambda: address), "127.0.0.1")
    assert "excluded subtree violation" in said


def _for_address(issuer: Authority) -> bytes:
    """A leaf for an address, by the thief of the authority's key."""
    import ipaddress  # noqa: PLC0415 - only here

    from openline.app.desk_ca import _builder, _pem_of  # noqa: PLC0415 - only here

    key = generate_private_key(SECP256R1())
    name = x509.Name([])
    said = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        _builder(name, issuer.certificate.subject, key, _time(now_ms()), 5)
        .add_extension(said, critical=True)
        .sign(issuer.key, SHA256())
    )
    return _pem_of(key) + certificate.public_bytes(Encoding.PEM)


def test_what_the_authority_says_of_itself(folder: Folder) -> None:
    found = authority(folder, NAMES, NOW).certificate
    constraints = found.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert {name.value for name in constraints.value.permitted_subtrees or ()} == set(NAMES)
    assert len(constraints.value.excluded_subtrees or ()) == 2
    basic = found.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usage = found.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    purposes = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]
    for name in ("desk-ca.key", "desk-ca.crt"):
        assert (folder.keys / name).stat().st_mode & 0o777 == 0o600


def test_the_same_authority_at_every_start_and_a_new_leaf_when_it_is_due(folder: Folder) -> None:
    path = leaf_file(folder, NAMES, NOW)
    first, issuer = path.read_bytes(), authority(folder, NAMES, NOW).pem
    assert path.stat().st_mode & 0o777 == 0o600
    assert leaf_file(folder, NAMES, NOW + (LEAF_DAYS - RENEW_DAYS - 1) * DAY).read_bytes() == first
    later = leaf_file(folder, NAMES, NOW + (LEAF_DAYS - RENEW_DAYS) * DAY).read_bytes()
    assert later != first
    assert authority(folder, NAMES, NOW).pem == issuer
    path.write_bytes(b"garbage")
    assert leaf_file(folder, NAMES, NOW).read_bytes() not in (b"garbage", first)


def test_other_names_need_another_authority_and_people_to_trust_it(folder: Folder) -> None:
    authority(folder, NAMES, NOW)
    for names, at in ((("desk.south.example", NAMES[1]), NOW), (NAMES, NOW + 3651 * DAY)):
        with pytest.raises(ConfigError) as caught:
            leaf_file(folder, names, at)
        assert caught.value.code == "desk.ca_names"
    (folder.keys / "desk-ca.key").chmod(0o644)
    with pytest.raises(ConfigError, match=r"file\.readable_by_others"):
        authority(folder, NAMES, NOW)


def test_a_key_of_another_certificate_is_refused(folder: Folder, tmp_path: Path) -> None:
    authority(folder, NAMES, NOW)
    (tmp_path / "other" / "keys").mkdir(parents=True)
    authority(Folder(tmp_path / "other"), NAMES, NOW)
    (folder.keys / "desk-ca.crt").write_bytes(
        (tmp_path / "other" / "keys" / "desk-ca.crt").read_bytes()
    )
    with pytest.raises(ConfigError, match=r"keys\.unreadable"):
        authority(folder, NAMES, NOW)
