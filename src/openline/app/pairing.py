"""From an empty folder to a line: keys, the own card, the peer's card, the genesis.

The order on disk is the order of trust. ``init`` writes ``post.toml`` last: a
folder without it is no post. ``pair`` founds the record first and writes the
peer's card last: without that card the post is not paired, and a second
``pair`` with the same card finishes what a power cut interrupted.
"""

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from openline.app.clock import read_now
from openline.app.config import PathSettings, load_config, render_config
from openline.app.folder import (
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    Folder,
    FolderLock,
    read_bounded,
    reason_of,
    write_new,
)
from openline.app.keys import PrivateKeys, make_keys, read_keys, write_keys
from openline.app.signing import make_signer
from openline.engine.founding import found
from openline.engine.ports import StoredEntry, StoredState
from openline.errors import AccessError, ConfigError
from openline.link.address import parse_address
from openline.record.card import (
    Card,
    CardFields,
    CardKeys,
    CardSigners,
    build_card,
    comparison_string,
    parse_card,
)
from openline.record.genesis import genesis_payload, make_genesis
from openline.record.limits import CARD_BYTES_MAX, NONCE_SIZE
from openline.store import Store

DISCLOSURES: Final = ("none", "attended", "code", "name")
"""What of its desks a party may want disclosed, by its number in the card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathWish:
    """A path as asked for at ``init``.

    Attributes:
        bind: local address. advertised: what goes into the card; empty for a dial-only path.
        listen: False for a dial-only path.
    """

    bind: str
    advertised: tuple[str, ...]
    listen: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PostWish:
    """A post as asked for at ``init``.

    Attributes:
        names: the party's name by language tag, preferred language first.
        disclosure: index into :data:`DISCLOSURES`.
        off_record: whether off-record may ever be opened.
        desk_port: of the duty officer's page.
        passphrase: wraps the first officer's key; None leaves it open.
    """

    names: Mapping[str, str]
    paths: Mapping[str, PathWish]
    disclosure: int = 2
    off_record: bool = False
    desk_port: int = 8440
    officer: str = "W-1"
    passphrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both officers read aloud before the peer's card is taken."""

    own: Card
    peer: Card
    digits: str


def init_post(folder: Folder, wish: PostWish) -> Card:
    """Make a post in an empty or missing folder.

    Raises:
        ConfigError: ``folder.not_empty``, ``folder.unwritable``, ``config.address`` for a bind
            or advertised address, or a ``card.`` code for what cannot stand in a card.
    """
    for path in wish.paths.values():
        for address in (path.bind, *path.advertised):
            _check_address(address)
    keys = make_keys(wish.officer)
    raw = _make_card(wish, keys)
    try:
        folder.root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        occupied = any(folder.root.iterdir())
        folder.root.chmod(PRIVATE_FOLDER)
    except OSError as fault:
        where, reason = str(folder.root), reason_of(fault)
        raise ConfigError("folder.unwritable", str(fault), folder=where, reason=reason) from fault
    if occupied:
        raise ConfigError("folder.not_empty", "", folder=str(folder.root))
    settings = {
        name: PathSettings(bind=path.bind, listen=path.listen) for name, path in wish.paths.items()
    }
    try:
        write_keys(folder, keys, wish.passphrase)
        write_new(folder.card, raw)
        write_new(folder.config, render_config(settings, wish.desk_port).encode())
    except BaseException:
        # The folder was empty before: nothing but our own half-made keys is taken away.
        shutil.rmtree(folder.keys, ignore_errors=True)
        folder.card.unlink(missing_ok=True)
        raise
    return parse_card(raw)


def own_card(folder: Folder) -> Card:
    """Our own card.

    Raises:
        ConfigError: ``folder.missing``, ``file.missing``, or a ``card.`` code.
    """
    folder.require()
    return parse_card(_read(folder.card))


def peer_card(folder: Folder) -> Card | None:
    """The confirmed card of the peer, or None before pairing."""
    if not folder.peer_card.exists():
        return None
    return parse_card(_read(folder.peer_card), own=own_card(folder))


def compare(folder: Folder, data: bytes) -> Comparison:
    """Judge a card that came from the peer; nothing is written.

    Raises:
        ConfigError: a ``card.`` code: own, altered, incomplete, unproven, weak key ...;
            ``card.another`` when a different card was confirmed before;
            ``card.no_common_path`` when no path of both cards can be dialed.
    """
    own = own_card(folder)
    peer = parse_card(data, own=own)
    confirmed = peer_card(folder)
    if confirmed is not None and confirmed.fingerprint != peer.fingerprint:
        raise ConfigError("card.another", "a different card was confirmed before")
    common = own.fields.paths.keys() & peer.fields.paths.keys()
    if not any(own.fields.paths[name] or peer.fields.paths[name] for name in common):
        raise ConfigError("card.no_common_path", ", ".join(sorted(peer.fields.paths)))
    return Comparison(own, peer, comparison_string(own.fingerprint, peer.fingerprint))


def same_digits(typed: str, digits: str) -> bool:
    """Whether typed digits are the comparison string, spaces aside."""
    return "".join(typed.split()) == "".join(digits.split())


def pair(folder: Folder, data: bytes, typed: str, passphrase: str = "") -> Card:
    """Take the peer's card, once people compared the digits, and found the line.

    Args:
        folder: of the post; it must not be running.
        data: the peer's card.
        typed: the comparison string as confirmed, with or without spaces.
        passphrase: of the first officer, who signs the own enrolment, where that key is wrapped.

    Raises:
        ConfigError: as :func:`compare`; ``card.digits`` when the digits are not these.
        AccessError: ``folder.locked``; ``officer.locked`` without the passphrase,
            ``officer.passphrase`` with a wrong one. StoreError: the disk.
    """
    folder.require()
    with FolderLock.take(folder):
        comparison = compare(folder, data)
        if not same_digits(typed, comparison.digits):
            raise ConfigError("card.digits", "the digits are not those of these two cards")
        if not folder.peer_card.exists():
            _found(folder, comparison, passphrase)
            write_new(folder.peer_card, comparison.peer.raw)
    return comparison.peer


def rebuild(folder: Folder) -> None:
    """Begin an empty record of the same line, for the peer to give back what it holds of us.

    For a record that is lost with every copy of it. The file must be gone; what the peer never
    received is lost. The post writes nothing before the peer has given our entries back.

    Raises:
        ConfigError: ``card.unpaired``, ``file.exists``. AccessError: ``folder.locked``.
        StoreError: the disk.
    """
    folder.require()
    with FolderLock.take(folder):
        own, peer = own_card(folder), peer_card(folder)
        if peer is None:
            raise ConfigError("card.unpaired", "no confirmed card", folder=str(folder.root))
        if folder.record.exists():
            raise ConfigError("file.exists", "the record is there", file=str(folder.record))
        genesis = make_genesis(own, peer)
        signer = make_signer(read_keys(folder, load_config(folder.config).officer))
        signature = signer.genesis(genesis_payload(genesis))
        first = [StoredEntry(log, 0, genesis.raw, b"", None, read_now().wall_ms) for log in (0, 1)]
        mine = genesis.party_of(own) == 0
        state = StoredState(
            genesis=genesis.raw,
            genesis_signatures=(signature, None) if mine else (None, signature),
            entries=((first[0],), (first[1],)),
            notes=(),
            outbox=(),
            meta={},
        )
        _write_first(folder, state)


def _write_first(folder: Folder, state: StoredState) -> None:
    store = Store.open(folder.record)
    try:
        folder.record.chmod(PRIVATE_FILE)
        store.found(state)
    finally:
        store.close()


def _found(folder: Folder, comparison: Comparison, passphrase: str) -> None:
    genesis = make_genesis(comparison.own, comparison.peer)
    officer = load_config(folder.config).officer
    keys = read_keys(folder, officer)
    signer = make_signer(keys)
    if keys.files[officer].wrapped:
        if not passphrase:
            raise AccessError("officer.locked", officer, officer=officer)
        signer.unlock(officer, keys.files[officer].open(passphrase))
    store = Store.open(folder.record)
    try:
        folder.record.chmod(PRIVATE_FILE)
        present = store.load()
        if present is not None:
            if present.genesis != genesis.raw:
                raise ConfigError("card.another", "the record is of another line")
            return
        state = found(
            comparison.own,
            comparison.peer,
            signer,
            (officer, signer.officer_key(officer)),
            secrets.token_bytes,
            read_now(),
        )
        store.found(state)
    finally:
        store.close()


def _check_address(text: str) -> None:
    try:
        parse_address(text)
    except ConfigError as fault:
        raise ConfigError("config.address", fault.detail, value=text) from fault


def _make_card(wish: PostWish, keys: PrivateKeys) -> bytes:
    public = CardKeys(
        link=keys.link.public_key().public_bytes_raw(),
        log=keys.log.public_key().public_bytes_raw(),
        log_pq=keys.log_pq.public_key().public_bytes_raw(),
        cosign=keys.cosign.public_key().public_bytes_raw(),
        cosign_pq=keys.cosign_pq.public_key().public_bytes_raw(),
    )
    signers = CardSigners(
        link=keys.link.sign,
        log=keys.log.sign,
        log_pq=keys.log_pq.sign,
        cosign=keys.cosign.sign,
        cosign_pq=keys.cosign_pq.sign,
    )
    fields = CardFields(
        names=dict(wish.names),
        paths={name: path.advertised for name, path in wish.paths.items()},
        languages=tuple(wish.names),
        disclosure=wish.disclosure,
        off_record=wish.off_record,
        nonce=secrets.token_bytes(NONCE_SIZE),
    )
    return build_card(fields, public, signers)


def _read(path: Path) -> bytes:
    return read_bounded(path, CARD_BYTES_MAX)
