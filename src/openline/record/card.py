"""The line card: what one party says of itself, signed by every key in it.

Bytes: deterministic CBOR ``[body, [five signatures]]``; the body is kept as the exact byte string
that was signed. The fingerprint is the SHA-256 of the whole card. (spec/cards)
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from openline.errors import ConfigError, OpenlineError
from openline.record.cbor import (
    Value,
    as_bool,
    as_bytes,
    as_list,
    as_map,
    as_text,
    as_uint,
    decode,
    encode,
)
from openline.record.cose import Sign
from openline.record.keys import (
    check_ed25519,
    check_mldsa44,
    spki_hash,
    verify_ed25519,
    verify_mldsa44,
)
from openline.record.limits import (
    ADDRESS_CHARACTERS_MAX,
    ADDRESSES_PER_PATH_MAX,
    CARD_BYTES_MAX,
    LANGUAGES_MAX,
    NAME_CHARACTERS_MAX,
    NONCE_SIZE,
    PATHS_MAX,
    SUITE,
    VERSION,
)

_CONTEXT: Final = b"openline-card-v1\0"
_DISCLOSURE_MAX: Final = 3
_FIELDS: Final = frozenset(
    (
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
    )
)
_ROLES: Final = ("link", "log", "log_pq", "cosign", "cosign_pq")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z", re.ASCII)
_PATH_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,30}\Z", re.ASCII)
_ADDRESS: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.%]{2,64}\]):[0-9]{1,5}\Z")
_INVISIBLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
_COMPARISON_MODULUS: Final = 10**30


@dataclass(frozen=True, slots=True, kw_only=True)
class CardKeys:
    """Raw public keys by role: Ed25519 (32 bytes) and, ``_pq``, ML-DSA-44 (1312 bytes)."""

    link: bytes
    log: bytes
    log_pq: bytes
    cosign: bytes
    cosign_pq: bytes

    def in_order(self) -> tuple[bytes, ...]:
        """The keys in the fixed order of the signatures."""
        return (self.link, self.log, self.log_pq, self.cosign, self.cosign_pq)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSigners:
    """Raw signing functions by role, as :class:`CardKeys`."""

    link: Sign
    log: Sign
    log_pq: Sign
    cosign: Sign
    cosign_pq: Sign


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFields:
    """What a card says besides its keys.

    Attributes:
        names: the party's name by language tag.
        paths: advertised ``host:port`` addresses by path name; empty for a dial-only path.
        languages: language tags, preferred first.
        disclosure: what of its desks it wants disclosed: 0 none, 1 attended yes or no, 2 watch
            code, 3 name.
        off_record: whether off-record may ever be opened.
        nonce: 16 random bytes.
    """

    names: Mapping[str, str]
    paths: Mapping[str, tuple[str, ...]]
    languages: tuple[str, ...]
    disclosure: int
    off_record: bool
    nonce: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card that was parsed and whose five signatures hold.

    Attributes:
        raw: exact bytes. fingerprint: SHA-256 of them.
    """

    raw: bytes
    fingerprint: bytes
    fields: CardFields
    keys: CardKeys

    @property
    def pin(self) -> bytes:
        """SHA-256 of the link key's SPKI DER: what TLS pins."""
        return spki_hash(self.keys.link)


def build_card(fields: CardFields, keys: CardKeys, signers: CardSigners) -> bytes:
    """Make and check a card.

    Raises:
        ConfigError: with the code that a reader of this card would raise.
    """
    body = _body(fields, keys)
    signed = _CONTEXT + body
    signatures: list[Value] = [
        sign(signed)
        for sign in (signers.link, signers.log, signers.log_pq, signers.cosign, signers.cosign_pq)
    ]
    raw = encode([body, signatures])
    parse_card(raw)
    return raw


def _body(fields: CardFields, keys: CardKeys) -> bytes:
    return encode(
        {
            "v": VERSION,
            "suite": SUITE,
            "versions": [VERSION],
            "names": dict(fields.names),
            "keys": dict(zip(_ROLES, keys.in_order(), strict=True)),
            "paths": {name: list(addresses) for name, addresses in fields.paths.items()},
            "langs": list(fields.languages),
            "disclosure": fields.disclosure,
            "off_record": fields.off_record,
            "nonce": fields.nonce,
        }
    )


def parse_card(data: bytes, *, own: Card | None = None) -> Card:
    """The card in ``data``, all five signatures verified.

    Args:
        data: untrusted bytes.
        own: our own card; a card that shares any key with it is refused.

    Raises:
        ConfigError: ``card.too_large``, ``card.incomplete`` (ends early or lacks a field),
            ``card.unsupported_version``, ``card.unsupported_suite``, ``card.malformed``,
            ``card.weak_key``, ``card.shared_key``, ``card.altered`` (no signature holds),
            ``card.unproven`` (a key did not sign), ``card.own``.
    """
    if len(data) > CARD_BYTES_MAX:
        raise ConfigError("card.too_large", f"{len(data)} bytes")
    card = _parse(bytes(data))
    if own is not None and set(card.keys.in_order()) & set(own.keys.in_order()):
        raise ConfigError("card.own", "this card holds a key of our own card")
    return card


@lru_cache(maxsize=16)
def _parse(data: bytes) -> Card:
    """A pure function of the bytes, so verified cards may be remembered."""
    try:
        body, signatures, fields, keys = _decode(data)
    except ConfigError:
        raise
    except OpenlineError as error:
        code = "card.incomplete" if error.code == "record.truncated" else "card.malformed"
        raise ConfigError(code, str(error)) from error
    _check_keys(keys)
    _check_signatures(_CONTEXT + body, keys, signatures)
    return Card(raw=data, fingerprint=hashlib.sha256(data).digest(), fields=fields, keys=keys)


def _decode(data: bytes) -> tuple[bytes, tuple[bytes, ...], CardFields, CardKeys]:
    if not data:
        raise ConfigError("card.incomplete", "empty")
    outer = as_list(decode(data, CARD_BYTES_MAX), 2)
    if len(outer) != 2:  # noqa: PLR2004 - the body and its signatures
        raise ConfigError("card.incomplete", "no body with signatures")
    body = as_bytes(outer[0])
    content = as_map(decode(body, CARD_BYTES_MAX), 64)
    if not _is_one_of_ours(content.get("v"), VERSION):
        raise ConfigError("card.unsupported_version", "card of another version")
    if not _is_one_of_ours(content.get("suite"), SUITE):
        raise ConfigError("card.unsupported_suite", "card of another suite")
    missing = _FIELDS - content.keys()
    if missing:
        raise ConfigError("card.incomplete", f"lacks {', '.join(sorted(missing))}")
    if content.keys() - _FIELDS:
        raise ConfigError("card.malformed", "unknown field")
    versions = as_list(content["versions"], 16)
    if len(versions) != 1 or not _is_one_of_ours(versions[0], VERSION):
        raise ConfigError("card.unsupported_version", "no common protocol version")
    keys = _keys(as_map(content["keys"], 16))
    signatures = tuple(as_bytes(item) for item in as_list(outer[1], len(_ROLES)))
    if len(signatures) != len(_ROLES):
        raise ConfigError("card.unproven", "a key did not sign")
    return body, signatures, _fields(content), keys


def _is_one_of_ours(value: Value, expected: int) -> bool:
    """Equal, and a number: true equals 1 in this language."""
    return value == expected and not isinstance(value, bool)


def _keys(content: dict[str, Value]) -> CardKeys:
    missing = set(_ROLES) - content.keys()
    if missing:
        raise ConfigError("card.incomplete", f"lacks key {', '.join(sorted(missing))}")
    if content.keys() != set(_ROLES):
        raise ConfigError("card.malformed", "unknown key role")
    return CardKeys(**{role: as_bytes(content[role]) for role in _ROLES})


def _fields(content: dict[str, Value]) -> CardFields:
    names = {
        language: as_text(name, NAME_CHARACTERS_MAX)
        for language, name in as_map(content["names"], LANGUAGES_MAX).items()
    }
    paths = {
        name: tuple(
            as_text(address, ADDRESS_CHARACTERS_MAX)
            for address in as_list(addresses, ADDRESSES_PER_PATH_MAX)
        )
        for name, addresses in as_map(content["paths"], PATHS_MAX).items()
    }
    languages = tuple(
        as_text(language, 35) for language in as_list(content["langs"], LANGUAGES_MAX)
    )
    _check_words(names, paths, languages)
    return CardFields(
        names=names,
        paths=paths,
        languages=languages,
        disclosure=as_uint(content["disclosure"], _DISCLOSURE_MAX),
        off_record=as_bool(content["off_record"]),
        nonce=as_bytes(content["nonce"], NONCE_SIZE),
    )


def _check_words(
    names: Mapping[str, str], paths: Mapping[str, tuple[str, ...]], languages: tuple[str, ...]
) -> None:
    if not names or not paths or not languages or len(set(languages)) != len(languages):
        raise ConfigError("card.incomplete", "no name, path or language")
    if not all(_LANGUAGE.match(tag) for tag in (*names, *languages)):
        raise ConfigError("card.malformed", "not a language tag")
    if not all(name.strip() and not _INVISIBLE.search(name) for name in names.values()):
        raise ConfigError("card.malformed", "a name that cannot be shown")
    if not all(_PATH_NAME.match(name) for name in paths):
        raise ConfigError("card.malformed", "not a path name")
    if not all(_ADDRESS.match(address) for group in paths.values() for address in group):
        raise ConfigError("card.malformed", "not a host:port address")


def _check_keys(keys: CardKeys) -> None:
    try:
        for public in (keys.link, keys.log, keys.cosign):
            check_ed25519(public)
        for public in (keys.log_pq, keys.cosign_pq):
            check_mldsa44(public)
    except OpenlineError as error:
        raise ConfigError("card.weak_key", error.detail) from error
    if len(set(keys.in_order())) != len(_ROLES):
        raise ConfigError("card.shared_key", "one key in two roles")


def _check_signatures(signed: bytes, keys: CardKeys, signatures: tuple[bytes, ...]) -> None:
    """All hold, or: none does (the body was altered), or some do (a key is not proven)."""
    failed: list[str] = []
    for role, public, signature in zip(_ROLES, keys.in_order(), signatures, strict=True):
        try:
            if role.endswith("_pq"):
                verify_mldsa44(public, signature, signed)
            else:
                verify_ed25519(public, signature, signed)
        except OpenlineError:
            failed.append(role)
    if len(failed) == len(_ROLES):
        raise ConfigError("card.altered", "no signature holds")
    if failed:
        raise ConfigError("card.unproven", f"no valid signature of {', '.join(failed)}")


def comparison_string(one: bytes, other: bytes) -> str:
    """The digits that both officers read aloud: the same for both sides.

    Args:
        one: full card fingerprint (32 bytes).
        other: the other party's.

    Returns:
        Twelve groups of five digits, separated by spaces: 30 digits of each fingerprint, the
        smaller number first.
    """
    numbers = sorted(
        f"{int.from_bytes(digest, 'big') % _COMPARISON_MODULUS:030d}" for digest in (one, other)
    )
    digits = "".join(numbers)
    return " ".join(digits[at : at + 5] for at in range(0, len(digits), 5))
