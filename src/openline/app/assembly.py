"""Putting a post together from its folder: keys, cards, disk, engine, link, voice.

Nothing runs yet when :func:`assemble` returns, and nothing is bound: what can
be wrong with a folder is found here, before the first packet.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Final

from openline.app.clock import read_now
from openline.app.config import PostConfig
from openline.app.deskapi import DeskFront
from openline.app.folder import Folder
from openline.app.keys import PrivateKeys, read_keys
from openline.app.officers import Officers, names_of
from openline.app.pace import Pace
from openline.app.pairing import own_card, peer_card
from openline.app.recordings import Known, RecordingShelf
from openline.app.shell import PostShell
from openline.app.signing import make_signer
from openline.app.voicing import DeskVoice
from openline.app.words import WordsFile, keeper
from openline.engine.ports import PostSettings, StoredState
from openline.engine.post import Post
from openline.errors import ConfigError, OpenlineError, StoreError
from openline.link import Link, LinkConfig, PathConfig
from openline.link.address import parse_address
from openline.protocol.manners import Accepts
from openline.record.bodies import KIND_RECORDING, parse_recording
from openline.record.card import Card
from openline.record.entry import parse_entry
from openline.record.genesis import Genesis, make_genesis
from openline.store import Store, StoreWriter
from openline.voice import VoiceEndpoint

DESK_HOST: Final = "127.0.0.1"
"""Desks of this machine: the page on this address and ::1, its audio on this address."""


@dataclass(slots=True)
class Running:
    """One post.

    Attributes:
        cards: our own and the peer's. problems: what does not work now, by what it is; the line
            goes on without it.
    """

    folder: Folder
    config: PostConfig
    keys: PrivateKeys
    genesis: Genesis
    cards: tuple[Card, Card]
    link: Link
    shell: PostShell
    voice: DeskVoice
    front: DeskFront
    officers: Officers
    writer: StoreWriter
    pace: Pace
    recordings: RecordingShelf
    problems: dict[str, OpenlineError] = field(default_factory=dict)

    @property
    def own(self) -> int:
        """Our party index."""
        return self.genesis.party_of(self.cards[0])


def assemble(folder: Folder, config: PostConfig, loop: asyncio.AbstractEventLoop) -> Running:
    """Read the folder and put the parts together; its lock must be held.

    Raises:
        ConfigError: ``card.unpaired``, ``keys.not_of_card``, ``card.another``, and those of keys,
            cards and paths. StoreError: the disk. RecordError: the record on it.
    """
    keys = read_keys(folder, config.officer)
    own, peer = own_card(folder), peer_card(folder)
    if peer is None:
        raise ConfigError("card.unpaired", "no confirmed card", folder=str(folder.root))
    if own.keys.link != keys.link.public_key().public_bytes_raw():
        raise ConfigError("keys.not_of_card", "link.key", folder=str(folder.root))
    genesis = make_genesis(own, peer)
    if not folder.record.exists():
        raise StoreError("store.missing", "the record is gone", path=str(folder.record))
    store = Store.open(folder.record)
    try:
        state = _load(store, genesis)
        return _join(folder, config, (keys, own, peer), (store, state), loop)
    except BaseException:
        store.close()
        raise


def _load(store: Store, genesis: Genesis) -> StoredState:
    state = store.load()
    if state is None:
        raise StoreError("store.empty", "no line in the file", path=store.name)
    if state.genesis != genesis.raw:
        raise ConfigError("card.another", "the record is of another line")
    return state


def _join(
    folder: Folder,
    config: PostConfig,
    identity: tuple[PrivateKeys, Card, Card],
    disk: tuple[Store, StoredState],
    loop: asyncio.AbstractEventLoop,
) -> Running:
    keys, own, peer = identity
    store, state = disk
    signer, names = make_signer(keys), names_of(keys.files)
    words = WordsFile(folder)
    problems: dict[str, OpenlineError] = {}
    try:
        held = next(iter(words.read()), None)
    except OpenlineError as fault:  # the next check renews them; the line goes on
        held, problems["words"] = None, fault
    post = Post(
        card_own=own,
        card_peer=peer,
        state=state,
        signer=signer,
        random=secrets.token_bytes,
        settings=_settings(config, names),
        now=read_now(),
        words=held,
    )
    officers = Officers(folder, keys.files, signer, post, names, config.officer)
    genesis = make_genesis(own, peer)
    shell = PostShell(post, loop.call_soon)
    link = Link(_link_config(config, keys, genesis, (own, peer)), shell)
    pace = Pace(link)
    endpoint = VoiceEndpoint(
        *_desk_audio(config),
        pace.cells.put,
        shell.control_seen,
        secret=keys.derived("openline-voice-v1"),
    )
    voice = DeskVoice(
        endpoint,
        party=genesis.party_of(own),
        line=genesis.line,
        own_legs=shell.own_legs,
        to_desk=shell.tell,
    )
    writer = StoreWriter(store, loop, shell)
    shell.attach(link, writer, voice, pace, keeper(words, loop))
    front = DeskFront(shell, voice)
    shelf = RecordingShelf(
        folder.recordings,
        config.recording.keep_mb * 1_000_000,
        post.spoken.takes_part,
        shell.recording_kept,
        _recorded(state, genesis.party_of(own)),
    )
    return Running(
        folder=folder,
        config=config,
        keys=keys,
        genesis=genesis,
        cards=(own, peer),
        link=link,
        shell=shell,
        voice=voice,
        front=front,
        officers=officers,
        writer=writer,
        pace=pace,
        recordings=shelf,
        problems=problems,
    )


def _settings(config: PostConfig, names: dict[str, str]) -> PostSettings:
    """What the people of this post settled."""
    calls = config.calls
    return PostSettings(
        officer=config.officer,
        officer_names=names,
        accepts=Accepts(announce=calls.announce, ring=calls.ring, two_way=calls.two_way),
        alarm_after_ms=config.alarms.after_seconds * 1000,
        recording=config.recording.declare,
        check_minutes=config.checks.every_minutes,
        words_days=config.checks.words,
    )


def _desk_audio(config: PostConfig) -> tuple[tuple[str, int], str]:
    """Where desks' audio is received, and the address that their browsers are told."""
    https = config.desk.https
    if https is None:
        return (DESK_HOST, config.desk.port), DESK_HOST
    bind = parse_address(https.bind)
    return (bind.host, bind.port), https.address


def _recorded(state: StoredState, own: int) -> Known:
    """What our log says of recordings."""
    found = set()
    for entry in state.entries[own][1:]:
        if entry.body is None or parse_entry(entry.leaf).claims.kind != KIND_RECORDING:
            continue
        try:
            recording = parse_recording(entry.body)
        except OpenlineError:
            continue
        found.add((recording.call, recording.part, recording.size))
    return frozenset(found)


def _link_config(
    config: PostConfig, keys: PrivateKeys, genesis: Genesis, cards: tuple[Card, Card]
) -> LinkConfig:
    """The paths that both cards name and this machine binds.

    Raises:
        ConfigError: ``config.no_path`` when nothing is left.
    """
    own, peer = cards
    paths = tuple(
        PathConfig(
            name=name,
            bind=path.bind,
            peer=peer.fields.paths[name],
            listen=path.listen,
        )
        for name, path in config.paths.items()
        if name in peer.fields.paths and name in own.fields.paths
    )
    if not paths:
        raise ConfigError("config.no_path", "no path of post.toml stands in both cards")
    return LinkConfig(
        line=genesis.line,
        key=keys.link,
        certificate=keys.certificate,
        peer_pin=peer.pin,
        paths=paths,
        uniform=secrets.SystemRandom().random,
    )
