"""The private keys of a post: made once, kept in files that only their owner may read.

One key per role, so that the loss of one is not the loss of all. PKCS#8 PEM of
the seeds, mode 0600; a file that others could read is refused, because nobody
can say who has read it.
"""

import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from openline.app.folder import PRIVATE_FOLDER, Folder, read_private, reason_of, write_new
from openline.app.wrapping import OfficerFile, parse_officer, write_officer
from openline.errors import ConfigError
from openline.link.tls import make_certificate

LOCAL_SECRET_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    """All private keys of one post; never printed.

    Attributes:
        officers: those whose files are open, by watch code. files: of all officers, by watch code.
        certificate: PEM of the self-signed certificate of the link key.
        local_secret: from which what this post says to its own desks is derived (ICE credentials,
            cookies), so that a desk outlives a restart of the post.
    """

    link: Ed25519PrivateKey = field(repr=False)
    log: Ed25519PrivateKey = field(repr=False)
    log_pq: MLDSA44PrivateKey = field(repr=False)
    cosign: Ed25519PrivateKey = field(repr=False)
    cosign_pq: MLDSA44PrivateKey = field(repr=False)
    officers: dict[str, Ed25519PrivateKey] = field(repr=False)
    certificate: bytes = field(repr=False)
    local_secret: bytes = field(repr=False)
    files: dict[str, OfficerFile] = field(default_factory=dict, repr=False)

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same at every start."""
        return hmac.digest(self.local_secret, purpose.encode(), "sha256")


def make_keys(officer: str) -> PrivateKeys:
    """Fresh keys for a post with one officer."""
    link = Ed25519PrivateKey.generate()
    return PrivateKeys(
        link=link,
        log=Ed25519PrivateKey.generate(),
        log_pq=MLDSA44PrivateKey.generate(),
        cosign=Ed25519PrivateKey.generate(),
        cosign_pq=MLDSA44PrivateKey.generate(),
        officers={officer: Ed25519PrivateKey.generate()},
        certificate=make_certificate(link),
        local_secret=secrets.token_bytes(LOCAL_SECRET_SIZE),
    )


def write_keys(folder: Folder, keys: PrivateKeys, passphrase: str | None = None) -> None:
    """Write every key into its file.

    Args:
        folder: of the post.
        keys: to be written.
        passphrase: wraps the officers' keys; None leaves them open.

    Raises:
        ConfigError: ``file.exists`` (a key is never overwritten) or ``folder.unwritable``.
    """
    try:
        folder.keys.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        folder.keys.chmod(PRIVATE_FOLDER)
    except OSError as fault:
        where = str(folder.keys)
        reason = reason_of(fault)
        raise ConfigError("folder.unwritable", str(fault), folder=where, reason=reason) from fault
    by_name: dict[str, Ed25519PrivateKey | MLDSA44PrivateKey] = {
        "link": keys.link,
        "log": keys.log,
        "log_pq": keys.log_pq,
        "cosign": keys.cosign,
        "cosign_pq": keys.cosign_pq,
    }
    for name, key in by_name.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_new(folder.keys / f"{name}.key", pem)
    for code, officer in keys.officers.items():
        write_new(officer_path(folder, code), write_officer(code, "", officer, passphrase))
    write_new(folder.keys / "link.crt", keys.certificate)
    write_new(folder.keys / "local.secret", keys.local_secret)


def officer_path(folder: Folder, code: str) -> Path:
    """Where an officer's key stands."""
    return folder.keys / f"officer-{code}.key"


def read_officers(folder: Folder) -> dict[str, OfficerFile]:
    """Every officer's key file, by watch code; no passphrase is needed.

    Raises:
        ConfigError: ``file.readable_by_others``, ``file.missing`` or ``keys.unreadable``.
    """
    found: dict[str, OfficerFile] = {}
    for path in sorted(folder.keys.glob("officer-*.key")):
        code = path.name.removeprefix("officer-").removesuffix(".key")
        try:
            found[code] = parse_officer(code, read_private(path))
        except ConfigError as fault:
            if fault.code == "keys.unreadable":
                raise ConfigError(fault.code, fault.detail, file=str(path)) from fault
            raise
    return found


def read_keys(folder: Folder, officer: str) -> PrivateKeys:
    """Read every key; the folder's lock must be held.

    Raises:
        ConfigError: ``file.missing``, ``file.readable_by_others``, or ``keys.unreadable``.
    """
    root = folder.keys
    secret = read_private(root / "local.secret")
    if len(secret) != LOCAL_SECRET_SIZE:
        raise ConfigError("keys.unreadable", "local.secret", file=str(root / "local.secret"))
    files = read_officers(folder)
    if officer not in files:
        read_private(officer_path(folder, officer))
    return PrivateKeys(
        link=_ed25519(root / "link.key"),
        log=_ed25519(root / "log.key"),
        log_pq=_mldsa44(root / "log_pq.key"),
        cosign=_ed25519(root / "cosign.key"),
        cosign_pq=_mldsa44(root / "cosign_pq.key"),
        officers={code: file.open() for code, file in files.items() if not file.wrapped},
        certificate=read_private(root / "link.crt"),
        local_secret=secret,
        files=files,
    )


def _ed25519(path: Path) -> Ed25519PrivateKey:
    key = _read(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError("keys.unreadable", "not an Ed25519 key", file=str(path))
    return key


def _mldsa44(path: Path) -> MLDSA44PrivateKey:
    key = _read(path)
    if not isinstance(key, MLDSA44PrivateKey):
        raise ConfigError("keys.unreadable", "not an ML-DSA-44 key", file=str(path))
    return key


def _read(path: Path) -> object:
    pem = read_private(path)
    try:
        return load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise ConfigError("keys.unreadable", str(fault), file=str(path)) from fault
