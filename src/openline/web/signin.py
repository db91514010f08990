"""Who may sit at a desk: one-time launch tokens and the cookie they are exchanged for.

A token lives in memory only, is used once, and dies with the post. A cookie is
signed and carries its expiry, its session, and whose it is, so that it survives
a restart of the post without anything being stored. What it is worth then is for
:mod:`openline.web.sessions` to say.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import Enum
from typing import Final

from openline.errors import AccessError

TOKEN_LIFE_MS: Final = 10 * 60 * 1000
COOKIE_LIFE_MS: Final = 16 * 3600 * 1000
TOKENS_MAX: Final = 16
_TOKEN_CHARACTERS_MAX: Final = 64
_DOMAIN: Final = b"openline-desk-cookie-v2\0"
ID_SIZE: Final = 16
_EXPIRY_SIZE: Final = 8
_CODE_SIZE: Final = 16
_BODY_SIZE: Final = _EXPIRY_SIZE + ID_SIZE + 1 + _CODE_SIZE
_COOKIE_SIZE: Final = _BODY_SIZE + 32


class Kind(Enum):
    """How an officer was let in, or that nobody is."""

    LOCKED = 0
    TOKEN = 1
    PASSPHRASE = 2


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a cookie says: the session, how it began, and whose it is."""

    id: bytes
    kind: Kind = Kind.TOKEN
    officer: str = ""


def new_ticket() -> Ticket:
    """A session of the post's own officer."""
    return Ticket(secrets.token_bytes(ID_SIZE))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


class LaunchTokens:
    """Tokens that were given out and not yet used, as hashes; the oldest give way."""

    def __init__(self) -> None:
        """See the class."""
        self._expiry_ms: dict[bytes, int] = {}

    def mint(self, now_ms: int) -> str:
        """Make a token that is good once, for ten minutes."""
        token = secrets.token_urlsafe(32)
        while len(self._expiry_ms) >= TOKENS_MAX:
            del self._expiry_ms[next(iter(self._expiry_ms))]
        self._expiry_ms[_digest(token)] = now_ms + TOKEN_LIFE_MS
        return token

    def redeem(self, token: str, now_ms: int) -> None:
        """Use a token up.

        Raises:
            AccessError: ``web.token`` if it was never given out, was used, or is too old.
        """
        if len(token) > _TOKEN_CHARACTERS_MAX:
            raise AccessError("web.token", "too long")
        expiry_ms = self._expiry_ms.pop(_digest(token), None)
        if expiry_ms is None or expiry_ms < now_ms:
            raise AccessError("web.token", "unknown, used or too old")


class Cookies:
    """Signed cookies of one post."""

    def __init__(self, secret: bytes, post_name: str) -> None:
        """See the class."""
        self._key = hmac.digest(secret, _DOMAIN + post_name.encode(), "sha256")

    def issue(self, now_ms: int, ticket: Ticket | None = None) -> str:
        """Make a cookie's value that holds for sixteen hours."""
        said = ticket or new_ticket()
        body = (now_ms + COOKIE_LIFE_MS).to_bytes(_EXPIRY_SIZE, "big")
        body += said.id + bytes((said.kind.value,)) + said.officer.encode().ljust(_CODE_SIZE, b"\0")
        return base64.urlsafe_b64encode(body + self._tag(body)).rstrip(b"=").decode()

    def holds(self, value: str, now_ms: int) -> bool:
        """Whether the value is ours and not too old."""
        return self.read(value, now_ms) is not None

    def read(self, value: str, now_ms: int) -> Ticket | None:
        """What the value says, or None if it is not ours or too old."""
        try:
            raw = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        if len(raw) != _COOKIE_SIZE:
            return None
        body, tag = raw[:_BODY_SIZE], raw[_BODY_SIZE:]
        if not hmac.compare_digest(tag, self._tag(body)):
            return None
        if int.from_bytes(body[:_EXPIRY_SIZE], "big") < now_ms:
            return None
        rest = body[_EXPIRY_SIZE:]
        officer = rest[ID_SIZE + 1 :].rstrip(b"\0").decode("ascii", "replace")
        return Ticket(rest[:ID_SIZE], Kind(rest[ID_SIZE]), officer)

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")
