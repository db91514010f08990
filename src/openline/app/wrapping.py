"""An officer's key file: PKCS#8, wrapped under a passphrase or open.

The passphrase is stretched with Argon2id into the password under which PKCS#8 is encrypted
(AES-256). What Argon2id needs stands beside, in the first line of the same file, so that a file
is whole or absent. The public key stands there too: who an officer is needs no passphrase.
"""

import json
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from openline.errors import AccessError, ConfigError
from openline.record.limits import NAME_CHARACTERS_MAX

PASSPHRASE_CHARACTERS_MIN: Final = 12
PASSPHRASE_BYTES_MAX: Final = 512
MEMORY_KIB: Final = 65_536
ITERATIONS: Final = 8
LANES: Final = 1
"""About half a second of one core, and 64 MiB: above OWASP's least (19 MiB, 2 passes)."""

_MEMORY_KIB_MAX: Final = 1_048_576
_ITERATIONS_MAX: Final = 64
_LANES_MAX: Final = 16
_SALT_SIZE: Final = 16
_KEY_SIZE: Final = 32
_HEAD_BYTES_MAX: Final = 2_048
_MARK: Final = b"# openline officer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What Argon2id takes beside the passphrase."""

    salt: bytes
    memory_kib: int = MEMORY_KIB
    iterations: int = ITERATIONS
    lanes: int = LANES

    def password(self, passphrase: str) -> bytes:
        """The password of the PKCS#8 file; costs ``memory_kib`` and time, and holds no lock."""
        kdf = Argon2id(
            salt=self.salt,
            length=_KEY_SIZE,
            iterations=self.iterations,
            lanes=self.lanes,
            memory_cost=self.memory_kib,
        )
        return kdf.derive(normal(passphrase)).hex().encode()


def fresh_stretch() -> Stretch:
    """The present cost with a new salt."""
    return Stretch(salt=secrets.token_bytes(_SALT_SIZE))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerFile:
    """What stands in an officer's key file; without the passphrase no private key.

    Attributes:
        name: the officer's own, or "". It crosses the line only where both cards say so.
        stretch: None for an open key.
    """

    code: str
    name: str
    public: bytes
    stretch: Stretch | None
    pem: bytes = field(repr=False)

    @property
    def wrapped(self) -> bool:
        """Whether it needs a passphrase."""
        return self.stretch is not None

    def open(self, passphrase: str = "") -> Ed25519PrivateKey:
        """The private key; a wrapped one costs the time of :class:`Stretch`.

        Raises:
            AccessError: ``officer.passphrase`` when it does not open.
        """
        password = None if self.stretch is None else self.stretch.password(passphrase)
        try:
            key = load_pem_private_key(self.pem, password)
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise AccessError("officer.passphrase", "does not open", officer=self.code) from fault
        if not isinstance(key, Ed25519PrivateKey):
            raise AccessError("officer.passphrase", "another kind of key", officer=self.code)
        if key.public_key().public_bytes_raw() != self.public:
            raise AccessError("officer.passphrase", "another key", officer=self.code)
        return key


def normal(passphrase: str) -> bytes:
    """A passphrase as bytes: the same from every keyboard (NFC)."""
    return unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")


def check_passphrase(passphrase: str) -> str:
    """A passphrase that may be set.

    Raises:
        ConfigError: ``officer.passphrase_short``, ``officer.passphrase_long``.
    """
    characters = len(passphrase.strip())
    if characters < PASSPHRASE_CHARACTERS_MIN:
        least = PASSPHRASE_CHARACTERS_MIN
        raise ConfigError("officer.passphrase_short", str(characters), least=least)
    if len(normal(passphrase)) > PASSPHRASE_BYTES_MAX:
        raise ConfigError("officer.passphrase_long", "", most=PASSPHRASE_BYTES_MAX)
    return passphrase


def write_officer(code: str, name: str, key: Ed25519PrivateKey, passphrase: str | None) -> bytes:
    """The bytes of an officer's key file.

    Args:
        code: watch code.
        name: or "".
        key: to be kept.
        passphrase: None leaves the key open.

    Raises:
        ConfigError: as :func:`check_passphrase`; ``officer.name``.
    """
    if len(name) > NAME_CHARACTERS_MAX or not all(map(str.isprintable, name)):
        raise ConfigError("officer.name", name, most=NAME_CHARACTERS_MAX)
    head: dict[str, Any] = {"name": name}
    encryption: BestAvailableEncryption | NoEncryption = NoEncryption()
    if passphrase is not None:
        stretch = fresh_stretch()
        encryption = BestAvailableEncryption(stretch.password(check_passphrase(passphrase)))
        head["public"] = key.public_key().public_bytes_raw().hex()
        head["argon2id"] = {
            "salt": stretch.salt.hex(),
            "memory_kib": stretch.memory_kib,
            "iterations": stretch.iterations,
            "lanes": stretch.lanes,
        }
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    if passphrase is None and not name:
        return pem
    return _MARK + json.dumps({"code": code} | head).encode() + b"\n" + pem


def parse_officer(code: str, data: bytes) -> OfficerFile:
    """What stands in an officer's key file, parameters bounded.

    Raises:
        ConfigError: ``keys.unreadable`` with the code of the ``officer``.
    """
    try:
        return _parse(code, data)
    except (ValueError, KeyError, TypeError, RecursionError, UnsupportedAlgorithm) as fault:
        raise ConfigError("keys.unreadable", str(fault), file=f"officer-{code}.key") from fault


def _parse(code: str, data: bytes) -> OfficerFile:
    head: dict[str, Any] = {}
    pem = data
    if data.startswith(_MARK):
        line, _newline, pem = data.partition(b"\n")
        head = json.loads(line[len(_MARK) : _HEAD_BYTES_MAX])
        if head["code"] != code:
            reason = f"the key of {head['code']}"
            raise ValueError(reason)
    name = str(head.get("name", ""))[:NAME_CHARACTERS_MAX]
    if "argon2id" not in head:
        key = load_pem_private_key(pem, None)
        if not isinstance(key, Ed25519PrivateKey):
            reason = "not an Ed25519 key"
            raise ValueError(reason)
        public = key.public_key().public_bytes_raw()
        return OfficerFile(code=code, name=name, public=public, stretch=None, pem=pem)
    said = head["argon2id"]
    stretch = Stretch(
        salt=bytes.fromhex(said["salt"]),
        memory_kib=_within(said["memory_kib"], 8 * LANES, _MEMORY_KIB_MAX),
        iterations=_within(said["iterations"], 1, _ITERATIONS_MAX),
        lanes=_within(said["lanes"], 1, _LANES_MAX),
    )
    public = bytes.fromhex(head["public"])
    return OfficerFile(code=code, name=name, public=public, stretch=stretch, pem=pem)


def _within(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or not least <= value <= most:
        reason = "a parameter out of range"
        raise ValueError(reason)
    return value
