"""The officers of one post: their key files, who is signed in, who comes and who goes.

Enrolling and revoking are entries of the own log, stated by officers (spec/record, section 6).
A post that is not running, or whose record is not live, writes them into its outbox: they enter
the record in their turn, and bind the people here at once.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openline.app.clock import read_now
from openline.app.config import load_config
from openline.app.folder import Folder, FolderLock, write_new
from openline.app.keys import officer_path, read_keys
from openline.app.pairing import own_card, peer_card
from openline.app.signing import make_signer
from openline.app.wrapping import OfficerFile, check_passphrase, parse_officer, write_officer
from openline.engine.desk import Refused, TextTaken
from openline.engine.officers import SIGNING, By
from openline.engine.ports import Commit, PostSettings, ToDesk
from openline.engine.post import Post
from openline.engine.signer import LocalSigner
from openline.errors import AccessError, ConfigError, OpenlineError
from openline.protocol.clock import Now
from openline.record.bodies import KIND_ENROL, KIND_REVOKE, KIND_TEXT, enrol_body
from openline.record.keys import key_id
from openline.store import Store

OUTBOX: Final = "outbox-"
RULED: Final = frozenset({KIND_ENROL, KIND_REVOKE, KIND_TEXT})
"""What a rule made here may name: kinds that this program writes by two officers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is to be done with an officer.

    Attributes:
        code: whom it concerns. by: the officer who states it; "" for the post's own setting.
        passphrase: of ``code``: the new one. old: the one it has.
        second: the officer who states it too, or "".
        by_passphrase, second_passphrase: of those two, where their keys are wrapped.
    """

    code: str
    by: str = ""
    name: str = ""
    passphrase: str = field(default="", repr=False)
    old: str = field(default="", repr=False)
    by_passphrase: str = field(default="", repr=False)
    second: str = ""
    second_passphrase: str = field(default="", repr=False)


class Officers:
    """See the module. Every call runs in the loop's thread; Argon2id runs in others."""

    def __init__(  # noqa: PLR0913 - what it joins
        self,
        folder: Folder,
        files: dict[str, OfficerFile],
        signer: LocalSigner,
        post: Post,
        names: dict[str, str],
        default: str,
        *,
        clock: Callable[[], Now] = read_now,
        gone: Callable[[str], None] = lambda _code: None,
    ) -> None:
        """Over a post.

        Args:
            folder: where the key files are.
            files: of all officers; kept up to date here.
            signer: that holds keys while their officers are signed in.
            post: the engine.
            names: of officers by watch code; kept up to date here.
            default: watch code of the post's own setting.
            clock: both clocks.
            gone: told of an officer who may not stay signed in.
        """
        self._folder = folder
        self.files = files
        self.signer = signer
        self._post = post
        self._names = names
        self.default = default
        self._clock = clock
        self.gone = gone

    def may_sign_in(self, code: str) -> bool:
        """Whether that officer's own key counts on this line now."""
        file = self.files.get(code)
        return file is not None and any(
            view.code == code and view.key == file.public and view.standing in SIGNING
            for view in self._post.officers.views()
        )

    def list(self) -> list[dict[str, Any]]:
        """All officers ever, as plain values."""
        return [
            {
                "code": view.code,
                "name": self._names.get(view.code, ""),
                "standing": view.standing,
                "key": self._key_word(view.code, view.key),
                "signed_in": self.signer.holds(view.code),
                "enrolled_at": view.enrolled_at,
                "revoked_at": view.revoked_at,
                "kid": key_id(view.key).hex(),
            }
            for view in self._post.officers.views()
        ]

    def _key_word(self, code: str, public: bytes) -> str:
        file = self.files.get(code)
        if file is None or file.public != public:
            return "missing"
        return "wrapped" if file.wrapped else "open"

    async def add(self, ask: Ask, request: str) -> None:
        """Make a key for a new officer and enrol it; answered under ``request``.

        Raises:
            OpenlineError: ``officer.code``, ``officer.known``, ``officer.locked``,
                ``officer.passphrase`` and its like, ``engine.halted``, the disk's codes.
        """
        key = Ed25519PrivateKey.generate()
        _check_code(ask.code, key)
        check_passphrase(ask.passphrase)
        self._post.officers.check_new(ask.code)
        by, keys = await self._stating(ask)
        data = await asyncio.to_thread(write_officer, ask.code, ask.name, key, ask.passphrase)
        self._post.officers.check_new(ask.code)
        path = officer_path(self._folder, ask.code)
        # The file first: an officer in the record without a key could never be used.
        write_new(path, data, replace=True)
        try:
            with self.signer.lent(keys | {ask.code: key}):
                public = key.public_key().public_bytes_raw()
                self._post.officers.enrol(ask.code, public, by, request, self._clock())
        except OpenlineError:
            path.unlink(missing_ok=True)
            raise
        self._know(parse_officer(ask.code, data))

    async def revoke(self, ask: Ask, request: str) -> None:
        """Revoke an officer; answered under ``request``.

        Raises:
            OpenlineError: ``officer.unknown``, ``officer.revoked``, ``officer.last``,
                ``officer.locked``, ``officer.passphrase``, ``engine.halted``, the disk's codes.
        """
        self._post.officers.find(ask.code)
        by, keys = await self._stating(ask)
        with self.signer.lent(keys):
            self._post.officers.revoke(ask.code, by, request, self._clock())
        self.signer.drop(ask.code)
        self.gone(ask.code)

    async def rule(self, ask: Ask, two: Sequence[str], request: str) -> None:
        """Say which kinds need two officers; answered under ``request``.

        Raises:
            OpenlineError: ``officer.unknown``, ``officer.revoked``, ``officer.locked``,
                ``officer.passphrase``, ``officer.same``, ``officer.rule_kind``,
                ``record.second_officer``, ``engine.halted``, the disk's codes.
        """
        for kind in two:
            if kind not in RULED:
                raise ConfigError("officer.rule_kind", kind, value=kind)
        by, keys = await self._stating(ask)
        with self.signer.lent(keys):
            self._post.officers.rule(two, by, request, self._clock())

    @asynccontextmanager
    async def both(self, first: str, second: str, ask: Ask) -> AsyncIterator[tuple[str, str]]:
        """Hold the keys of two officers for one act, each opened for it; yields their codes.

        Whoever is signed in at a desk is asked all the same: the other may not act in that name.

        Raises:
            OpenlineError: as :meth:`rule`.
        """
        by, keys = await self._stating(replace(ask, by=first, second=second))
        with self.signer.lent(keys):
            yield by

    @property
    def two(self) -> tuple[str, ...]:
        """Kinds that need two officers of this side."""
        return tuple(sorted(self._post.officers.two))

    async def passphrase(self, ask: Ask) -> None:
        """Give an officer's key another passphrase, or its first.

        Raises:
            OpenlineError: ``officer.unknown``, ``officer.locked``, ``officer.passphrase`` and its
                like, the disk's codes. The old one stays good then.
        """
        file = self.files.get(ask.code)
        if file is None:
            raise AccessError("officer.unknown", ask.code, officer=ask.code)
        check_passphrase(ask.passphrase)
        key = await self._opened(ask.code, ask.old)
        name = ask.name or file.name
        data = await asyncio.to_thread(write_officer, ask.code, name, key, ask.passphrase)
        write_new(officer_path(self._folder, ask.code), data, replace=True)
        if not file.wrapped:
            self.signer.drop(ask.code)
            self.gone(ask.code)
        self._know(parse_officer(ask.code, data))

    def _know(self, file: OfficerFile) -> None:
        self.files[file.code] = file
        if file.name:
            self._names[file.code] = file.name

    async def _stating(self, ask: Ask) -> tuple[By, dict[str, Ed25519PrivateKey]]:
        """Who states it, with the keys: a wrapped one asks for its passphrase every time."""
        by = (ask.by or self.default, ask.second)
        if by[0] == by[1]:
            raise AccessError("officer.same", by[0], officer=by[0])
        given = zip(by, (ask.by_passphrase, ask.second_passphrase), strict=True)
        keys: dict[str, Ed25519PrivateKey] = {}
        for code, passphrase in given:
            if code:
                self._post.officers.find(code)
                keys[code] = await self._opened(code, passphrase)
        return by, keys

    async def _opened(self, code: str, passphrase: str) -> Ed25519PrivateKey:
        file = self.files.get(code)
        if file is None:
            raise AccessError("officer.unknown", code, officer=code)
        if file.wrapped and not passphrase:
            raise AccessError("officer.locked", code, officer=code)
        return await asyncio.to_thread(file.open, passphrase)


def _check_code(code: str, key: Ed25519PrivateKey) -> None:
    try:
        enrol_body(key.public_key().public_bytes_raw(), code)
    except OpenlineError as fault:
        raise ConfigError("officer.code", fault.detail, value=code) from fault


# --- without a running post ---------------------------------------------------------------------

Act = Callable[[Officers, str], Awaitable[None]]


class Outcome(NamedTuple):
    """What became of an act: where it is written, "" if nowhere; all officers; the rule."""

    item: str
    officers: Sequence[dict[str, Any]]
    two: tuple[str, ...]


def names_of(files: dict[str, OfficerFile]) -> dict[str, str]:
    """Officers' names by watch code."""
    return {code: file.name for code, file in files.items() if file.name}


def offline(folder: Folder, act: Act | None = None) -> Outcome:
    """Do something with the officers of a post that does not run.

    Args:
        folder: of the post; its lock is taken.
        act: what to do; None only lists.

    Returns:
        The item under which it is written (in the outbox), or ""; all officers; the rule.

    Raises:
        OpenlineError: ``folder.locked``, ``card.unpaired``, and whatever the act refuses with.
    """
    folder.require()
    with FolderLock.take(folder):
        config = load_config(folder.config)
        keys = read_keys(folder, config.officer)
        own, peer = own_card(folder), peer_card(folder)
        if peer is None or not folder.record.exists():
            raise ConfigError("card.unpaired", "no line yet", folder=str(folder.root))
        store = Store.open(folder.record)
        try:
            state = store.load()
            if state is None:
                raise ConfigError("card.unpaired", "an empty record", folder=str(folder.root))
            signer, names = make_signer(keys), names_of(keys.files)
            post = Post(
                card_own=own,
                card_peer=peer,
                state=state,
                signer=signer,
                random=secrets.token_bytes,
                settings=PostSettings(officer=config.officer, officer_names=names),
                now=read_now(),
            )
            officers = Officers(folder, keys.files, signer, post, names, config.officer)
            item = "" if act is None else _carried_out(officers, post, store, act)
            return Outcome(item, officers.list(), officers.two)
        finally:
            store.close()


def _carried_out(officers: Officers, post: Post, store: Store, act: Act) -> str:
    """Do it and write what the engine wants written; nothing is sent anywhere."""
    request = secrets.token_hex(8)

    async def run() -> None:
        await act(officers, request)

    asyncio.run(run())
    item = ""
    while commands := post.drain():
        for command in commands:
            match command:
                case Commit():
                    store.commit(command.writes)
                    post.committed(command.ticket, read_now())
                case ToDesk(event=TextTaken() as taken) if taken.request == request:
                    item = taken.item
                case ToDesk(event=Refused() as refused) if refused.request == request:
                    raise OpenlineError(refused.code, "refused by the record", **refused.facts)
                case _:
                    pass
    return item
