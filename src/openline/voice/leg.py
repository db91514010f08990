"""One leg: the ICE-lite side of the connection with one own desk.

Binding of a leg to a source address (docs/spec/voice.md section 1): only by a
proven binding request; a bound leg moves to another address only after
``REBIND_SILENCE_MS`` without anything from the old one, and never on a
transaction that was seen before. A recorded request replayed from elsewhere
moves nothing.
"""

import hashlib
import hmac
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from openline.voice.legs import FarLeg
from openline.voice.relay import Direction, RateLimit
from openline.voice.sdp import PageOffer

REBIND_SILENCE_MS: Final = 2_000
TRANSACTIONS_KEPT: Final = 256
STUN_PER_SECOND: Final = 60
Address = tuple[str, int]
LegKey = tuple[bytes, int]
"""Desk, and which seat of the other desk it is for: 0 to 2 far, 3 to 5 of the own side."""


def derive_credentials(secret: bytes, offer: PageOffer) -> tuple[str, str]:
    """ICE name and password of the leg for this offer.

    Derived, not drawn: after a restart the post gives the same page the same
    credentials, and the page's connection lives on.

    Args:
        secret: 32 octets that survive a restart of the post.
        offer: the page's offer; a fresh one gives fresh credentials.
    """
    label = f"openline-leg-v1\0{offer.fingerprint}\0{offer.page_ufrag}\0{offer.page_pwd}"
    digest = hmac.new(secret, label.encode(), hashlib.sha256).hexdigest()
    return digest[:16], digest[16:56]


@dataclass(slots=True, kw_only=True)
class Leg:
    """State of one leg.

    Attributes:
        key: whose leg it is and whom it is for.
        offer: what it offered.
        ufrag: the ICE name that we gave it.
        pwd: and the password.
        far: the far desk that it is joined with, once answered.
        address: where its datagrams come from, once proven.
        heard_ms: when anything last came from there, monotonic.
        media_ms: when sound last came from there.
        pair: of desks, once joined with a far desk; its sound goes out in cells.
        partner: of the own side, once joined with one; its sound never leaves the post.
    """

    key: LegKey
    offer: PageOffer
    ufrag: str
    pwd: str
    far: FarLeg | None = None
    address: Address | None = None
    heard_ms: int = 0
    media_ms: int | None = None
    pair: int | None = None
    partner: LegKey | None = None
    from_desk: Direction = field(default_factory=Direction)
    to_desk: Direction = field(default_factory=Direction)
    checks: RateLimit = field(default_factory=lambda: RateLimit(STUN_PER_SECOND, STUN_PER_SECOND))
    _seen: deque[bytes] = field(default_factory=lambda: deque(maxlen=TRANSACTIONS_KEPT))

    def accepts(self, address: Address, transaction_id: bytes, now_ms: int) -> bool:
        """Take a proven request; whether the leg stands at ``address`` afterwards."""
        seen = transaction_id in self._seen
        if self.address != address:
            silent = now_ms - self.heard_ms >= REBIND_SILENCE_MS
            if seen or (self.address is not None and not silent):
                return False
            self.address = address
        if not seen:
            self._seen.append(transaction_id)
        self.heard_ms = now_ms
        return True
