"""Renewing the challenge words: an exchange inside the CONTROL object ``check`` (spec/check, 6).

The beginner gives a key; the answerer a key and its proof; the beginner keeps the list and gives
its proof; the answerer keeps the list. A list is said to be kept only once it is on disk. If the
last step is lost the two hold lists of different names, both keep the one before, and the next
check begins anew.
"""

from dataclasses import replace
from typing import Final

from openline.engine.context import Context
from openline.engine.ports import KeepWords
from openline.errors import PeerProtocolError
from openline.protocol.clock import Now
from openline.protocol.words import (
    KEY_SIZE,
    NONCE_SIZE,
    Agreed,
    WordList,
    WordsSaid,
    WordsSecret,
    proved,
)

DAY_MS: Final = 86_400_000


class WordsExchange:
    """One exchange at a time, for one check."""

    def __init__(self, ctx: Context, held: WordList | None) -> None:
        """Args: the post, and the list that its folder holds."""
        self._ctx = ctx
        self.held = held
        self.check = b""
        """The check to which the present exchange belongs."""
        self._begins = False
        self._secret: WordsSecret | None = None
        self._peer_key = b""
        self._agreed: Agreed | None = None
        self._keeping: WordList | None = None
        self._proof = b""

    def due(self, now: Now, *, differ: bool) -> bool:
        """Whether a check that begins now is to renew them."""
        days = self._ctx.settings.words_days
        if days == 0:
            return False
        if self.held is None or differ:
            return True
        # A clock that was set back must not keep a list for ever.
        return not 0 <= now.wall_ms - self.held.renewed_ms < days * DAY_MS

    def begin(self, check: bytes, now: Now) -> None:
        """Our part for a check that we begin."""
        self._start(check, now, begins=True)

    def _start(self, check: bytes, now: Now, *, begins: bool) -> None:
        random = self._ctx.random
        self._secret = WordsSecret(random(KEY_SIZE), random(NONCE_SIZE), max(0, now.wall_ms))
        self.check, self._begins = check, begins
        self._peer_key = self._proof = b""
        self._agreed = self._keeping = None

    def said(self, check: bytes) -> WordsSaid | None:
        """Our part of the exchange of that check, as it stands."""
        if self._secret is None or check != self.check:
            return None
        return replace(self._secret.said, proof=self._proof)

    def settled(self, check: bytes) -> bool:
        """No exchange belongs to that check, or this side holds its list."""
        if self._secret is None or check != self.check:
            return True
        agreed = self._agreed
        return agreed is not None and self.held is not None and self.held.name == agreed.name

    def peer_says(self, check: bytes, said: WordsSaid, now: Now, *, begins: bool) -> None:
        """The peer's part for ``check``.

        Raises:
            PeerProtocolError: ``protocol.check``: another key than before, or a false proof.
        """
        if begins and check != self.check:
            self._start(check, now, begins=False)
        if self._secret is None or check != self.check or begins is self._begins:
            return
        if self._peer_key not in (b"", said.key):
            raise PeerProtocolError("protocol.check", "another key for the same check")
        if self._agreed is None:
            context = self._ctx.genesis.line + check
            self._agreed = self._secret.agree(self._ctx.own, context, said)
            self._peer_key = said.key
            if not self._begins:
                self._proof = self._agreed.proofs[1]
        if said.proof and self._keeping is None:
            if not proved(said.proof, self._agreed.proofs[int(self._begins)]):
                raise PeerProtocolError("protocol.check", "false proof of the challenge words")
            self._keeping = WordList(
                name=self._agreed.name,
                words=self._agreed.words,
                renewed_ms=max(0, now.wall_ms),
                agreed_ms=self._secret.said.at_ms if self._begins else said.at_ms,
            )
            self._ctx.emit(KeepWords(words=self._keeping))

    def kept(self, name: str) -> bool:
        """The list of that name is on disk; True if it is the one that we waited for."""
        keeping = self._keeping
        if keeping is None or keeping.name != name:
            return False
        self.held = keeping
        if self._begins and self._agreed is not None:
            self._proof = self._agreed.proofs[0]
        return True
