"""The door of the desks: officers sign in by passphrase, and their keys come to the signer.

A try costs Argon2id in a thread, two at once at most, and tells nothing but yes or no: an unknown
officer, a revoked one and a wrong passphrase take as long and sound the same. Tries are counted
per officer, in all, and per desk: one where an officer was signed in before has an allowance of its
own, so that strangers who try cannot keep its officer out.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Final

from openline.app.officers import Officers
from openline.app.wrapping import PASSPHRASE_BYTES_MAX, fresh_stretch, normal
from openline.errors import AccessError, OpenlineError

WINDOW_S: Final = 60.0
PER_OFFICER: Final = 10
PER_DESK: Final = 10
IN_ALL: Final = 20
AT_ONCE: Final = 2
WAITING_MAX: Final = 8


class _Tries:
    """How often something was tried within the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at: dict[str, deque[float]] = {}

    def full(self, name: str, most: int) -> bool:
        """Whether ``name`` was tried ``most`` times; what is old is forgotten."""
        old = self._clock() - WINDOW_S
        for key, times in list(self._at.items()):
            while times and times[0] <= old:
                times.popleft()
            if not times:
                del self._at[key]
        return len(self._at.get(name, ())) >= most

    def note(self, name: str) -> None:
        """One more try."""
        self._at.setdefault(name, deque()).append(self._clock())


class Door:
    """Implements :class:`openline.web.sessions.Door` over the officers of a post."""

    def __init__(self, officers: Officers, clock: Callable[[], float] = time.monotonic) -> None:
        """See the module."""
        self._officers = officers
        self._tries = _Tries(clock)
        self._signed_in: Counter[str] = Counter()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    def token_officer(self) -> str | None:
        """Who signs in by a one-time address: the post's own officer, while that key is open."""
        code = self._officers.default
        file = self._officers.files.get(code)
        allowed = file is not None and not file.wrapped and self._officers.may_sign_in(code)
        return code if allowed else None

    async def unlock(self, code: str, passphrase: str, desk: str = "") -> None:
        """Let an officer in; the key stays with the signer until :meth:`lock`, once for each.

        Args:
            code: watch code.
            passphrase: as typed.
            desk: names a desk where an officer was signed in before, or "".

        Raises:
            AccessError: ``web.passphrase``, whatever was wrong; ``web.rate``.
        """
        self._count(code, desk)
        if self._waiting >= WAITING_MAX + AT_ONCE:
            raise AccessError("web.rate", "too many wait")
        self._waiting += 1
        try:
            async with self._slots:
                await self._open(code, passphrase)
        finally:
            self._waiting -= 1

    def _count(self, code: str, desk: str) -> None:
        name = f"desk {desk}" if desk else f"officer {code}"
        most = PER_DESK if desk else PER_OFFICER
        if self._tries.full(name, most) or (not desk and self._tries.full("all", IN_ALL)):
            raise AccessError("web.rate", "too many tries")
        self._tries.note(name)
        if not desk:
            self._tries.note("all")

    async def _open(self, code: str, passphrase: str) -> None:
        officers = self._officers
        file = officers.files.get(code)
        known = file is not None and file.wrapped and officers.may_sign_in(code)
        if file is None or not known or len(normal(passphrase)) > PASSPHRASE_BYTES_MAX:
            await asyncio.to_thread(fresh_stretch().password, passphrase[:PASSPHRASE_BYTES_MAX])
            raise AccessError("web.passphrase", "not let in")
        try:
            key = await asyncio.to_thread(file.open, passphrase)
        except OpenlineError as fault:
            raise AccessError("web.passphrase", "not let in") from fault
        # It took a while: the officer may have been revoked, or the passphrase changed, meanwhile.
        if not officers.may_sign_in(code) or officers.files.get(code) is not file:
            raise AccessError("web.passphrase", "not let in")
        self._signed_in[code] += 1
        officers.signer.unlock(code, key)

    def lock(self, code: str) -> None:
        """One desk less where that officer is signed in; after the last the key goes."""
        self._signed_in[code] -= 1
        if self._signed_in[code] <= 0:
            del self._signed_in[code]
            self._officers.signer.lock(code)
