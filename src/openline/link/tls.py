"""TLS 1.3 of one connection: pins on both sides, X25519MLKEM768, no resumption.

The library is pyOpenSSL over memory BIOs: this module moves bytes, it opens no
socket. Everything that the handshake promises is checked once more after it.
spec/link section 2.
"""

import hashlib
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from OpenSSL import SSL, crypto

from openline.errors import ConfigError, LinkError
from openline.link.packets import EXPORTED_SIZE, EXPORTER_LABEL

GROUP: Final = "X25519MLKEM768"
_OPENSSL_MIN: Final = 0x30500000
_READ_SIZE: Final = 65_536
_FOR_EVER: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)


def spki_pin(key: Ed25519PublicKey) -> bytes:
    """SHA-256 of a public key's SubjectPublicKeyInfo in DER: the pin of a link key."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).digest()


def make_certificate(key: Ed25519PrivateKey) -> bytes:
    """Make the self-signed certificate of a link key, in PEM.

    It says nothing about the party (no name, fixed dates, serial number 1): the
    pin is all that counts, and the same key always gives the same certificate.
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "openline")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_FROM)
        .not_valid_after(_FOR_EVER)
        .sign(key, None)
    )
    return certificate.public_bytes(Encoding.PEM)


def make_context(key: Ed25519PrivateKey, certificate: bytes, peer_pin: bytes) -> SSL.Context:
    """Make the context for both roles.

    Raises:
        ConfigError: ``link.openssl``, the library lacks what we need;
            ``link.config``, the certificate is not that of the key.
    """
    if SSL.OPENSSL_VERSION_NUMBER < _OPENSSL_MIN:
        raise ConfigError("link.openssl", f"OpenSSL {SSL.OPENSSL_VERSION_NUMBER:#x}")
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_max_proto_version(SSL.TLS1_3_VERSION)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    # pyOpenSSL has no public call for the list of groups; the result is checked
    # after every handshake by the public get_group_name.
    library = SSL._lib  # type: ignore[attr-defined]  # noqa: SLF001 - see above
    if library.SSL_CTX_set1_curves_list(context._context, GROUP.encode()) != 1:  # noqa: SLF001 - see above
        raise ConfigError("link.openssl", f"no {GROUP}")
    try:
        loaded = x509.load_pem_x509_certificate(certificate)
        context.use_certificate(loaded)
        context.use_privatekey(key)
        context.check_privatekey()
    except (ValueError, SSL.Error):
        raise ConfigError("link.config", "certificate and link key") from None

    def verify(_c: SSL.Connection, found: crypto.X509, _error: int, depth: int, _ok: int) -> bool:
        # The library's opinion is always "self-signed"; the pin alone decides.
        return depth == 0 and certificate_pin(found.to_cryptography()) == peer_pin

    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
    return context


def certificate_pin(certificate: x509.Certificate) -> bytes:
    """The pin of the key in a certificate; empty if that is no Ed25519 key."""
    try:
        key = certificate.public_key()
    except ValueError:
        return b""
    return spki_pin(key) if isinstance(key, Ed25519PublicKey) else b""


class TlsStream:
    """One TLS connection as a pump: bytes in, plaintext and bytes out.

    Attributes:
        group: the key exchange, empty until the handshake is done.
    """

    def __init__(self, context: SSL.Context, *, dialed: bool) -> None:
        """Begin a connection that this post dialed or accepted."""
        self._tls = SSL.Connection(context, None)
        if dialed:
            self._tls.set_connect_state()
        else:
            self._tls.set_accept_state()
        self.group = ""

    def feed(self, data: bytes) -> None:
        """Hand over what came from the network."""
        self._tls.bio_write(data)

    def outgoing(self) -> bytes:
        """Take what is to be sent to the network; empty if nothing."""
        parts = []
        while True:
            try:
                part = self._tls.bio_read(_READ_SIZE)
            except SSL.WantReadError:
                break
            parts.append(part)
            if len(part) < _READ_SIZE:
                break
        return b"".join(parts)

    def handshake(self, peer_pin: bytes) -> bool:
        """Go on with the handshake.

        Returns:
            True once it is done and everything that we demand of it holds.

        Raises:
            LinkError: ``link.handshake``, ``link.group`` or ``link.pin``.
        """
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            raise LinkError("link.handshake", _reason(error)) from None
        group = self._tls.get_group_name()
        if group != GROUP or self._tls.get_protocol_version() != SSL.TLS1_3_VERSION:
            raise LinkError("link.group", str(group))
        found = self._tls.get_peer_certificate(as_cryptography=True)
        if found is None or certificate_pin(found) != peer_pin:
            raise LinkError("link.pin", "after the handshake")
        self.group = group
        return True

    def export(self, context: bytes) -> bytes:
        """Export the 68 bytes that key the UDP packets of this connection."""
        return self._tls.export_keying_material(EXPORTER_LABEL, EXPORTED_SIZE, context)

    def read(self) -> bytes:
        """Take decrypted bytes; empty if there are none yet.

        Raises:
            LinkError: ``link.closed`` at the peer's orderly end, ``link.handshake``
                at a broken record.
        """
        try:
            return self._tls.recv(_READ_SIZE)
        except SSL.WantReadError:
            return b""
        except SSL.ZeroReturnError:
            raise LinkError("link.closed", "close notify") from None
        except SSL.Error as error:
            raise LinkError("link.handshake", _reason(error)) from None

    def write(self, plaintext: bytes) -> None:
        """Encrypt; the result waits in `outgoing`. Raises LinkError ``link.closed``."""
        try:
            self._tls.sendall(plaintext)
        except SSL.Error as error:
            raise LinkError("link.closed", _reason(error)) from None

    def close(self) -> None:
        """Say the orderly end; the result waits in `outgoing`."""
        try:
            self._tls.shutdown()
        except SSL.Error:
            return


def _reason(error: SSL.Error) -> str:
    """Name OpenSSL's reason, without trusting it to have one."""
    stack = error.args[0] if error.args else ()
    return "; ".join(str(item[-1]) for item in stack if item)[:200] if stack else "closed early"
