"""Reading a record for people and for auditors: lists and evidence bundles.

The same functions serve a running post (its store's thread gives the entries)
and a stopped one (the file is read under the folder's lock).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from openline.app.clock import read_now
from openline.app.folder import Folder, FolderLock
from openline.app.pairing import own_card
from openline.engine.marked import facts_of_mark, facts_of_marked
from openline.engine.ports import StoredEntry, StoredNote, StoredState
from openline.engine.sentences import Facts, facts_of
from openline.engine.side_by_side import SideBySide
from openline.errors import ConfigError, OpenlineError, RecordError
from openline.protocol.call import TAG_SIZE
from openline.record.bodies import (
    KIND_CALL,
    KIND_RECORDING,
    KIND_TEXT,
    STRUCTURAL_KINDS,
    parse_recording,
    parse_text,
)
from openline.record.bundle import BundleHeader, BundleNote, export_sizes, write_bundle
from openline.record.entry import parse_entry
from openline.record.fork import fork_file
from openline.record.genesis import parse_genesis
from openline.record.log import RawEntry, Record
from openline.record.marks import Marked, Marks
from openline.store import Store

_LETTERS: Final = "ab"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What a post holds of its line at one moment.

    Attributes:
        own: our party index. entries: of both logs from index 0.
    """

    own: int
    genesis: bytes
    genesis_signatures: tuple[bytes | None, bytes | None]
    entries: tuple[Sequence[StoredEntry], Sequence[StoredEntry]]
    notes: Sequence[StoredNote]


def read_holding(folder: Folder) -> Holding:
    """The record of a stopped post.

    Raises:
        AccessError: ``folder.locked``. ConfigError: ``card.unpaired``. StoreError: the disk.
    """
    with FolderLock.take(folder):
        if not folder.record.exists():
            raise ConfigError("card.unpaired", "no record", folder=str(folder.root))
        store = Store.open(folder.record)
        try:
            state = store.load()
        finally:
            store.close()
    if state is None:
        raise ConfigError("card.unpaired", "an empty record", folder=str(folder.root))
    return holding_of(folder, state)


def holding_of(folder: Folder, state: StoredState) -> Holding:
    """A stored state as a holding of this folder's party."""
    genesis = parse_genesis(state.genesis)
    return Holding(
        own=genesis.party_of(own_card(folder)),
        genesis=state.genesis,
        genesis_signatures=state.genesis_signatures,
        entries=state.entries,
        notes=state.notes,
    )


def fork_of(genesis: bytes, kept: Sequence[bytes]) -> bytes:
    """The file of the first proof of a fork among what was kept of breaches.

    Raises:
        ConfigError: ``config.no_fork``: there is none.
    """
    line = parse_genesis(genesis)
    for data in kept:
        try:
            return fork_file(line, data)
        except OpenlineError:
            continue  # a single head, kept before its opposite came
    raise ConfigError("config.no_fork", f"{len(kept)} kept")


def fork_offline(folder: Folder) -> bytes:
    """Likewise of a stopped post; raises as :func:`read_holding` and :func:`fork_of`."""
    holding = read_holding(folder)
    with FolderLock.take(folder):
        store = Store.open(folder.record)
        try:
            return fork_of(holding.genesis, store.evidence())
        finally:
            store.close()


def describe_offline(folder: Folder) -> list[dict[str, Any]]:
    """The entries of a stopped post, as :func:`describe`; raises as :func:`read_holding`."""
    return describe(read_holding(folder))


def export_offline(folder: Folder, *, whole: bool = False, bodies: bool = True) -> bytes:
    """The bundle of a stopped post; raises as :func:`read_holding` and :func:`bundle`."""
    holding = read_holding(folder)
    return b"".join(bundle(holding, read_now().wall_ms, whole=whole, bodies=bodies))


def describe(holding: Holding) -> list[dict[str, Any]]:
    """Each entry as plain values, in the order of the lamport numbers, our own words aside."""
    receipted = [_reach(holding.notes, log, "receipt") for log in (0, 1)]
    sealed = [
        min(_reach(holding.notes, log, part) for part in ("seal_author", "seal_holder"))
        for log in (0, 1)
    ]
    accounts, marks = _accounts(holding), _marks(holding)
    found = [
        _entry(entry, receipted[entry.log], sealed[entry.log])
        | {"account": accounts.get(_name(entry)), "own": entry.log == holding.own}
        | {"marks": _marked(marks.of(entry.log, entry.index), entry.log)}
        for half in holding.entries
        for entry in half
        if entry.index > 0
    ]
    return sorted(found, key=lambda item: (item["lamport"], item["item"]))


def bundle(
    holding: Holding, now_ms: int, *, whole: bool = False, bodies: bool = True
) -> Iterator[bytes]:
    """The evidence bundle, item by item.

    Args:
        holding: what to export.
        now_ms: this post's clock, a label.
        whole: also what the other side has not receipted; ``verify`` refuses it unless told.
        bodies: False withholds what the entries say, but for who was enrolled and revoked and which
            kinds need two officers: what is proved of each entry stays the same (spec/bundle, 2).

    Raises:
        RecordError: ``record.unconfirmed`` before both sides signed the genesis.
    """
    genesis = parse_genesis(holding.genesis)
    first, second = holding.genesis_signatures
    if first is None or second is None:
        raise RecordError("record.unconfirmed", "the other side has not confirmed the line yet")
    raw = (_raw(holding.entries[0]), _raw(holding.entries[1]))
    sizes = (len(raw[0]) + 1, len(raw[1]) + 1)
    if not whole:
        record = Record(genesis)
        record.load(raw)
        sizes = export_sizes(record, (_receipted(holding, 0), _receipted(holding, 1)))
    notes = [_note(note) for note in holding.notes if note.size <= sizes[note.log]]
    notes.sort(key=lambda note: (note.log, note.size))
    header = BundleHeader(
        exporter=holding.own, exported_ms=max(0, now_ms), sizes=sizes, notes=len(notes)
    )
    cut = (raw[0][: sizes[0] - 1], raw[1][: sizes[1] - 1])
    if not bodies:
        cut = (_withheld(cut[0]), _withheld(cut[1]))
    yield from write_bundle(header, genesis, (first, second), cut, notes)


def _raw(entries: Sequence[StoredEntry]) -> list[RawEntry]:
    return [(entry.leaf, entry.salt, entry.body) for entry in entries[1:]]


def _withheld(entries: Sequence[RawEntry]) -> list[RawEntry]:
    """The entries without salt and body, but for what says who may sign what follows."""
    return [
        raw if parse_entry(raw[0]).claims.kind in STRUCTURAL_KINDS else (raw[0], b"", None)
        for raw in entries
    ]


def _note(note: StoredNote) -> BundleNote:
    return BundleNote(
        log=note.log,
        size=note.size,
        note=note.note or None,
        receipt=note.receipt,
        seal_author=note.seal_author,
        seal_holder=note.seal_holder,
    )


def _receipted(holding: Holding, log: int) -> list[int]:
    return [note.size for note in holding.notes if note.log == log and note.receipt is not None]


def _reach(notes: Sequence[StoredNote], log: int, part: str) -> int:
    """Up to which size ``part`` stands on the notes of a log."""
    sizes = (note.size for note in notes if note.log == log and getattr(note, part) is not None)
    return max(sizes, default=0)


def _entry(stored: StoredEntry, receipted: int, sealed: int) -> dict[str, Any]:
    entry = parse_entry(stored.leaf)
    claims = entry.claims
    rung = "sealed" if stored.index < min(sealed, receipted) else "written"
    if rung == "written" and stored.index < receipted:
        rung = "receipted"
    language, text = _text(claims.kind, stored.body)
    return {
        "item": _name(stored),
        "kind": claims.kind,
        "rung": rung,
        "claimed": _label(claims.claimed_ms),
        "claimed_ms": claims.claimed_ms,
        "first_held": _label(stored.first_wall_ms),
        "lamport": claims.lamport,
        "seen": claims.seen_n,
        "drill": claims.drill,
        "signed_by_officers": len(entry.statements),
        "leaf_hash": entry.leaf_hash.hex(),
        "lang": language,
        "text": text,
        "recording": _recording(claims.kind, stored.body),
        "says": facts_of_mark(claims.kind, stored.log, stored.body),
    }


def _name(entry: StoredEntry) -> str:
    return f"{_LETTERS[entry.log]}-{entry.index}"


def _marks(holding: Holding) -> Marks:
    """What officers said of entries before their own."""
    marks = Marks(sum(map(len, holding.entries)))
    for entry in (entry for half in holding.entries for entry in half if entry.index > 0):
        marks.take(parse_entry(entry.leaf).claims, entry.body)
    return marks


def _marked(marked: Marked | None, log: int) -> Facts:
    return {} if marked is None else facts_of_marked(marked, log)


def _accounts(holding: Holding) -> dict[str, dict[str, Any]]:
    """Accounts of calls by item, each with how it stands to the other side's."""
    beside = SideBySide()
    said: dict[str, dict[str, Any]] = {}
    for entry in (entry for half in holding.entries for entry in half if entry.index > 0):
        if parse_entry(entry.leaf).claims.kind == KIND_CALL:
            name = _name(entry)
            beside.enter(name, entry.log, entry.body)
            said[name] = dict(facts_of(KIND_CALL, entry.body))
    return {name: facts | beside.facts(name) for name, facts in said.items()}


def _text(kind: str, body: bytes | None) -> tuple[str, str]:
    if kind != KIND_TEXT or body is None:
        return "", ""
    try:
        found = parse_text(body)
    except OpenlineError:
        return "", ""
    return found.language, found.text


def _recording(kind: str, body: bytes | None) -> dict[str, Any] | None:
    """The file that a ``recording`` entry names, by the tag of its call."""
    if kind != KIND_RECORDING or body is None:
        return None
    try:
        found = parse_recording(body)
    except OpenlineError:
        return None
    return {
        "call": found.call[:TAG_SIZE].hex(),
        "part": found.part,
        "sha256": found.sha256.hex(),
        "size": found.size,
        "duration_ms": found.duration_ms,
    }


def _label(wall_ms: int) -> str:
    """A wall-clock label in UTC; a clock may say anything, so one out of range is shown raw."""
    try:
        return datetime.fromtimestamp(wall_ms // 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{wall_ms} ms"
