"""Who is signed in at which desk.

A session is one officer at one desk. Its cookie names it and lets nobody in once it is locked: then
the desk hears and shows the line, and does no more until an officer signs in again. After a restart
of the post a session begun by passphrase is locked (the signer holds no key); one begun by a
one-time address goes on.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from openline.errors import AccessError
from openline.web.config import DeskServerConfig
from openline.web.signin import ID_SIZE, Cookies, Kind, Ticket

SESSIONS_MAX: Final = 256
ABSENT_S: Final = 120.0
"""An officer let in by passphrase whose page is away for so long is signed out."""


class Door(Protocol):
    """What opens for officers; the app's is over the key files and the signer."""

    def token_officer(self) -> str | None:
        """Who signs in by a one-time address; None for nobody: a passphrase is needed."""

    async def unlock(self, code: str, passphrase: str, desk: str = "") -> None:
        """Let an officer in; raises AccessError ``web.passphrase`` or ``web.rate``."""

    def lock(self, code: str) -> None:
        """An officer who was let in by passphrase is gone from one desk."""


class OpenDoor:
    """One-time addresses alone: the post's only officer, whose key needs no passphrase."""

    def token_officer(self) -> str | None:
        """The post's own setting names the officer."""
        return ""

    async def unlock(self, code: str, passphrase: str, desk: str = "") -> None:
        """Nobody has a passphrase here."""
        del code, passphrase, desk
        raise AccessError("web.passphrase", "none is set")

    def lock(self, code: str) -> None:
        """Nothing was opened."""


class Place(Protocol):
    """A page's socket as its session sees it."""

    def locked(self) -> None:
        """Nobody is signed in here any more."""

    def unlocked(self, session: "Session") -> None:
        """This session's officer signed in here."""


@dataclass(slots=True, eq=False)
class Session:
    """One officer at one desk, or a desk without one.

    Attributes:
        officer: watch code; "" for the post's own setting.
        kind: how it began, or that it is locked.
        place: the page's socket, while there is one.
        left_s: since when there is none, by the monotonic clock.
    """

    id: bytes
    officer: str
    kind: Kind
    place: Place | None = field(default=None, repr=False)
    left_s: float = 0.0

    @property
    def unlocked(self) -> bool:
        """Whether its officer is signed in."""
        return self.kind is not Kind.LOCKED


class Sessions:
    """All sessions of one desk server."""

    def __init__(
        self,
        config: DeskServerConfig,
        door: Door | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """See the module."""
        self._config = config
        self._clock = clock
        self._cookies = Cookies(config.secret, config.post_name)
        self._all: dict[bytes, Session] = {}
        self.door: Final[Door] = OpenDoor() if door is None else door

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie that this post gave out; it may be locked."""
        ticket = self._cookies.read(cookie, self._config.wall_ms())
        if ticket is None:
            return None
        known = self._all.get(ticket.id)
        if known is not None:
            return known
        alive = ticket.kind is Kind.TOKEN and self.door.token_officer() == ticket.officer
        kind = Kind.TOKEN if alive else Kind.LOCKED
        return self._keep(Session(ticket.id, ticket.officer, kind))

    def needs_passphrase(self, session: Session) -> bool:
        """Whether that officer signs in by passphrase, or by a one-time address."""
        if session.unlocked:
            return session.kind is Kind.PASSPHRASE
        return self.door.token_officer() != session.officer

    def cookie(self, session: Session) -> str:
        """A fresh cookie of that session as it is now."""
        ticket = Ticket(session.id, session.kind, session.officer)
        return self._cookies.issue(self._config.wall_ms(), ticket)

    def begin(self, officer: str, kind: Kind, before: Session | None = None) -> Session:
        """An officer was let in.

        Args:
            officer: watch code.
            kind: how.
            before: what the same browser had; a page of it that is open goes on under the new one.
        """
        session = self._keep(Session(secrets.token_bytes(ID_SIZE), officer, kind))
        if before is not None:
            place, before.place = before.place, None
            self.lock(before)
            self._all.pop(before.id, None)
            session.place = place
            if place is not None:
                place.unlocked(session)
        return session

    def seated(self, session: Session, place: Place) -> None:
        """A page opened its socket under that session."""
        session.place = place

    def left(self, session: Session, place: Place) -> None:
        """That page's socket is gone."""
        if session.place is place:
            session.place, session.left_s = None, self._clock()

    def lock(self, session: Session) -> None:
        """Sign its officer out; the desk goes on hearing."""
        if not session.unlocked:
            return
        before, session.kind = session.kind, Kind.LOCKED
        if before is Kind.PASSPHRASE:
            self.door.lock(session.officer)
        if session.place is not None:
            session.place.locked()

    def lock_officer(self, code: str) -> None:
        """Sign that officer out everywhere."""
        for session in list(self._all.values()):
            if session.officer == code:
                self.lock(session)

    def sweep(self) -> None:
        """Sign out who went away without locking."""
        late = self._clock() - ABSENT_S
        for session in list(self._all.values()):
            away = session.place is None and session.left_s < late
            if away and session.kind is Kind.PASSPHRASE:
                self.lock(session)

    def close(self) -> None:
        """The post stops: every key that came with a passphrase goes."""
        for session in list(self._all.values()):
            if session.kind is Kind.PASSPHRASE:
                self.lock(session)

    def _keep(self, session: Session) -> Session:
        session.left_s = self._clock()
        while len(self._all) >= SESSIONS_MAX:
            oldest = next((old for old in self._all.values() if old.place is None), None)
            if oldest is None:
                oldest = next(iter(self._all.values()))
            self.lock(oldest)
            del self._all[oldest.id]
        self._all[session.id] = session
        return session
