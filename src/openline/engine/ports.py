"""What the engine asks of the outside, and what the outside hands to it.

The engine is a plain object: every call takes ``now`` and changes state, and
leaves commands behind which its shell collects with ``drain()`` and carries
out: the app over real sockets and a real disk, the simulation over faulty ones.
Nothing here blocks. Rule of the whole house: a frame that carries an entry,
checkpoint or receipt is only ever commanded after the commit that holds it was
reported by ``committed``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from openline.engine.desk import DeskEvent
from openline.protocol.manners import ACCEPTS_ALL, Accepts
from openline.protocol.spoken import RecordingWord
from openline.protocol.words import WordList


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as it stands on disk: exact bytes, never re-encoded.

    Attributes:
        log: party index of the author. body: None once erased. first_wall_ms: when this post first
            held it, a label of this post's clock.
    """

    log: int
    index: int
    leaf: bytes
    salt: bytes
    body: bytes | None
    first_wall_ms: int


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A checkpoint of log ``log`` at ``size`` with what stands on it.

    Attributes:
        note: signed note with the author's 0x01 line. receipt: full receipt frame body by the other
            party, or None. seal_author, seal_holder: notes with the 0x06 line, or None.
    """

    log: int
    size: int
    note: bytes
    receipt: bytes | None = None
    seal_author: bytes | None = None
    seal_holder: bytes | None = None


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A statement written here that is not yet in the record.

    Attributes:
        item: 16 random bytes, hex.
        statement: the officer's COSE bytes, or None for a machine entry.
        second: those of a second officer (who vouches for a new one), or None.
    """

    item: str
    kind: str
    drill: bool
    salt: bytes
    body: bytes
    statement: bytes | None
    written_wall_ms: int
    second: bytes | None = None

    @property
    def statements(self) -> tuple[bytes, ...]:
        """Every officer's statement, in the order in which they stand in the entry."""
        return tuple(said for said in (self.statement, self.second) if said is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """One transaction: all of it is durable after its commit, or none.

    Attributes:
        notes: inserted, or merged field by field into the note of that log and size.
        expect: sizes of (log 0, log 1) on disk before this transaction; a difference is refused
            (compare and set).
        evidence: (code, bytes), bounded by the engine. meta: small named values.
    """

    expect: tuple[int, int]
    entries: tuple[StoredEntry, ...] = ()
    notes: tuple[StoredNote, ...] = ()
    outbox_add: tuple[OutboxItem, ...] = ()
    outbox_remove: tuple[str, ...] = ()
    evidence: tuple[tuple[str, bytes, int], ...] = ()
    meta: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """All that the engine needs at its start."""

    genesis: bytes
    genesis_signatures: tuple[bytes | None, bytes | None]
    entries: tuple[tuple[StoredEntry, ...], tuple[StoredEntry, ...]]
    notes: tuple[StoredNote, ...]
    outbox: tuple[OutboxItem, ...]
    meta: dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSettings:
    """What the people of this post settled.

    Attributes:
        officer: watch code of the officer at a desk whose seat names none. officer_names: by watch
            code; disclosed only where both cards say so.
        announces_per_hour: announces beyond it ring instead (agreed by both sides).
        untaken_ms, quiet_ms: a call that nobody takes, or in which nobody speaks, ends then.
        eta_grace_ms: a call held for a principal ends so long after the announced time.
        accepts: which manners of call this side takes, and when.
        desk_silent_ms: a desk that was not heard for so long is not attended.
        check_minutes: length of a slot of the line checks, 0 for none by itself.
        words_days: a check renews challenge words that are older; 0 for never.
        alarm_after_ms: an alarm that nobody acknowledged within it goes to the second output.
        recording: whether calls are recorded here, until an officer declares otherwise.
    """

    officer: str = "W-1"
    officer_names: Mapping[str, str] = field(default_factory=dict)
    announces_per_hour: int = 12
    untaken_ms: int = 60_000
    quiet_ms: int = 60_000
    eta_grace_ms: int = 60_000
    accepts: Accepts = ACCEPTS_ALL
    desk_silent_ms: int = 5_000
    check_minutes: int = 0
    words_days: int = 0
    alarm_after_ms: int = 30_000
    recording: RecordingWord = "per_call"


class Signer(Protocol):
    """Holds the private keys; signs only through one function per kind of statement.

    Every function returns the finished structure of the record room, never a bare signature.
    """

    def entry(self, payload: bytes) -> bytes:
        """COSE_Sign1 of an entry payload by the log key."""

    def hello(self, payload: bytes) -> bytes:
        """COSE_Sign1 of a HELLO payload by the log key."""

    def genesis(self, payload: bytes) -> bytes:
        """COSE_Sign1 of the genesis confirmation by the log key."""

    def statement(self, officer: str, payload: bytes) -> bytes:
        """COSE_Sign1 of an officer's statement; ``officer`` is the watch code."""

    def checkpoint(self, text: bytes) -> bytes:
        """Raw Ed25519 signature of a checkpoint's note text by the log key (0x01)."""

    def cosignature(self, signed: bytes) -> bytes:
        """Raw Ed25519 signature by the cosign key over a cosignature text (0x04)."""

    def receipt(self, payload: bytes) -> bytes:
        """COSE_Sign1 of a receipt payload by the cosign key."""

    def seal_author(self, signed: bytes) -> bytes:
        """Raw ML-DSA-44 signature by the log key over a C2SP subtree text (0x06)."""

    def seal_holder(self, signed: bytes) -> bytes:
        """Raw ML-DSA-44 signature by the cosign key over a C2SP subtree text (0x06)."""


class Randomness(Protocol):
    """Random bytes: the system's in a post, a seeded source in the simulation."""

    def __call__(self, size: int, /) -> bytes:
        """``size`` random bytes."""


# --- commands, in the order in which they must be carried out ---------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Write this; then call ``committed(ticket)`` or ``commit_failed(ticket, code)``."""

    ticket: int
    writes: Writes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEntries:
    """Read entries ``start`` to ``stop`` (exclusive) of a log; then call ``entries_read``.

    The reader may return fewer (slices), never none when the first exists.
    """

    ticket: int
    log: int
    start: int
    stop: int
    bytes_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFrame:
    """Hand a frame to the link: on every live path, as datagram and on the stream as told."""

    frame_class: int
    body: bytes
    datagram: bool = True
    stream: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshHello:
    """Send the current HELLO on every connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDesk:
    """Give an event to one desk, or to all (``desk`` None)."""

    desk: bytes | None
    event: DeskEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class SetControl:
    """The control block that stands in outgoing media cells from now (fields of voice's cell)."""

    call_tag: bytes
    call_open: bool
    talking: bool
    manner: int
    talk_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FarLegsChanged:
    """The legs of the far desks (opaque CBOR map of the voice room), or None when they are gone."""

    legs: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepWords:
    """Keep the new challenge words outside of the record, then call ``words_kept(name)``."""

    words: WordList


Command = (
    Commit
    | ReadEntries
    | SendFrame
    | RefreshHello
    | ToDesk
    | SetControl
    | FarLegsChanged
    | KeepWords
)
