"""The post's own certificate authority for its desks on other machines.

It is good for two names and nothing else: the name constraint is critical and covers every kind
of name, the only purpose is that of a web server, and no authority may stand below it. Whoever
steals its key can stand in for these two names towards browsers that trust it, and for no other.
Leaf certificates are made here, last thirty days, and are renewed when ten are left.
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from openline.app.folder import Folder, read_private, write_new
from openline.errors import ConfigError

CA_DAYS: Final = 3650
LEAF_DAYS: Final = 30
RENEW_DAYS: Final = 10
_SLOW_CLOCK: Final = timedelta(hours=24)
_EVERY_ADDRESS: Final = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority's key and certificate."""

    key: EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate as machines that are to trust it take it."""
        return self.certificate.public_bytes(Encoding.PEM)


def _files(folder: Folder) -> tuple[Path, Path, Path]:
    keys = folder.keys
    return keys / "desk-ca.key", keys / "desk-ca.crt", keys / "desk.pem"


def authority(folder: Folder, names: tuple[str, str], now_ms: int) -> Authority:
    """The authority for these two names, made at the first call.

    Args:
        folder: of the post.
        names: of console and audio.
        now_ms: the machine's clock.

    Raises:
        ConfigError: ``desk.ca_names`` if the one that is there is for other names or over;
            ``keys.unreadable``, ``file.readable_by_others``, ``folder.unwritable``.
    """
    at = _time(now_ms)
    key_path, certificate_path, _leaf = _files(folder)
    if not key_path.exists():
        made = _make_authority(names, at)
        # The certificate first: a key without it would be taken for a whole authority.
        write_new(certificate_path, made.pem, replace=True)
        write_new(key_path, _pem_of(made.key))
        return made
    found = _read_authority(key_path, certificate_path)
    over = found.certificate.not_valid_after_utc <= at
    if over or _permitted(found.certificate) != set(names):
        shown = ", ".join(sorted(_permitted(found.certificate)))
        raise ConfigError("desk.ca_names", shown, file=str(certificate_path), names=shown)
    return found


def leaf_file(folder: Folder, names: tuple[str, str], now_ms: int) -> Path:
    """The file of the leaf's key and certificates, made anew when it is due; blocks.

    Raises:
        ConfigError: as :func:`authority`.
    """
    at = _time(now_ms)
    issuer = authority(folder, names, now_ms)
    path = _files(folder)[2]
    if not path.exists() or _is_due(path, issuer, names, at):
        write_new(path, _make_leaf(issuer, names, at), replace=True)
    return path


def _time(now_ms: int) -> datetime:
    return datetime.fromtimestamp(now_ms / 1000, tz=UTC)


def _is_due(path: Path, issuer: Authority, names: tuple[str, str], at: datetime) -> bool:
    try:
        held = x509.load_pem_x509_certificates(read_private(path))[0]
        held.verify_directly_issued_by(issuer.certificate)
        found = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one puts it right
        return True
    left = held.not_valid_after_utc - at
    return set(found.get_values_for_type(x509.DNSName)) != set(names) or not (
        timedelta(days=RENEW_DAYS) < left <= timedelta(days=LEAF_DAYS)
    )


def _make_authority(names: tuple[str, str], at: datetime) -> Authority:
    key = generate_private_key(SECP256R1())
    said = f"Openline desks of {names[0]}"[:64]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, said)])
    constraints = x509.NameConstraints(
        permitted_subtrees=[x509.DNSName(name) for name in names],
        excluded_subtrees=[x509.IPAddress(ipaddress.ip_network(net)) for net in _EVERY_ADDRESS],
    )
    certificate = (
        _builder(subject, subject, key, at, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    return Authority(key, certificate)


def _make_leaf(issuer: Authority, names: tuple[str, str], at: datetime) -> bytes:
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    certificate = (
        _builder(subject, issuer.certificate.subject, key, at, LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        .add_extension(authority_id, critical=False)
        .sign(issuer.key, SHA256())
    )
    return _pem_of(key) + certificate.public_bytes(Encoding.PEM) + issuer.pem


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, at: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _SLOW_CLOCK)
        .not_valid_after(at + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _permitted(certificate: x509.Certificate) -> set[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return set()
    return {str(name.value) for name in found.permitted_subtrees or ()}


def _read_authority(key_path: Path, certificate_path: Path) -> Authority:
    try:
        key = load_pem_private_key(read_private(key_path), None)
        certificate = x509.load_pem_x509_certificate(read_private(certificate_path))
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise ConfigError("keys.unreadable", str(fault), file=str(key_path)) from fault
    if not isinstance(key, EllipticCurvePrivateKey) or (
        key.public_key() != certificate.public_key()
    ):
        raise ConfigError("keys.unreadable", "not the key of desk-ca.crt", file=str(key_path))
    return Authority(key, certificate)


def _pem_of(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
