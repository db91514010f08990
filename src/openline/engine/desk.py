"""What a post shows to its desks.

The web and headless adapters ask through :class:`openline.engine.desk_api.DeskApi` only and show
:class:`PostView` and the desk events. Three statuses stand apart and
are never merged: the link (what our own probes show), the standing (what the
parties signed), the watch (what a side says of its own desk).
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from openline.engine.call_views import (
    CallView,
    PromiseView,
)
from openline.engine.desk_checks import (
    CheckReport,
    CheckStateWord,
    ChecksView,
    CheckView,
    Chirp,
    ChirpPart,
    LevelWord,
    QualityView,
)
from openline.engine.desk_exchange import ExchangeView
from openline.engine.desk_spoken import (
    NOT_RECORDING,
    UNDECLARED,
    DeclaredView,
    RecordCall,
    RecordingView,
    SpeakPhrase,
    SpokenView,
)

# What stands in a module of its own is had from here all the same.
__all__ = [
    "CheckReport",
    "CheckStateWord",
    "CheckView",
    "ChecksView",
    "Chirp",
    "ChirpPart",
    "LevelWord",
    "QualityView",
]

LinkWord = Literal["UP", "UNSURE", "DOWN"]
StandingWord = Literal["UNCONFIRMED", "IN_FORCE", "SUSPENDED", "DARK", "ENDED"]
"""What the parties signed; UNCONFIRMED until both signatures of the genesis are here."""
LampWord = Literal["up", "stream", "dead"]
RecordWord = Literal["waiting", "restoring", "live", "halted"]
Role = Literal["principal", "interpreter", "note_taker", "listener"]
"""What a desk may do: a principal takes, begins, answers and talks; an interpreter talks in an open
call; the others only hear. All use the own side's private channel."""
MicWord = Literal["COLD", "ARMED", "LIVE", "PRIVATE"]
"""LIVE alone reaches the far side; PRIVATE reaches the desks of the own side alone."""
DEAF: Final = frozenset({
    "audio_page",
    "blocked",
    "device_changed",
    "no_answer",
    "no_device",
    "stalled",
    "suspended",
    "unproven",
    "volume",
})  # fmt: skip
"""Why a desk cannot hear. Each has a sentence ``alarm.deaf_desk.WORD`` with the next step."""
RungWord = Literal[
    "written", "receipted", "sealed", "shown", "opened", "passed", "answered", "declined"
]
RungState = Literal["done", "waiting", "not_reported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Where a desk sits at its post, and as what.

    Attributes:
        slot: 0 to 2.
        role: principal may call, answer and talk; interpreter may talk in an open call; note_taker
            and listener only hear. All may use their side's private channel.
        officer: watch code; "" for the post's only officer.
    """

    slot: int = 0
    role: Role = "principal"
    officer: str = ""


FIRST_SEAT: Final = Seat()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    """One desk of the own side. Nothing of this crosses the line.

    Attributes:
        desk: hex instance. officer: as in :class:`Seat`.
        mic: as its page last said. talking: it speaks to the far side.
        private: it speaks to the desks of its own side only. hears: its sound is running.
    """

    desk: str
    slot: int
    role: Role
    officer: str
    mic: MicWord
    talking: bool
    private: bool
    hears: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PathView:
    """One path of the link.

    Attributes:
        name: the path's name, as in both cards.
        lamp: ``up`` (datagrams answered), ``stream`` (only the TLS stream is), ``dead``.
        rtt_ms: last measured round trip, or None.
        shared: this path shares its local interface with another: not two routes.
        loss: share of the newest voice frames that did not come by this path, or None.
    """

    name: str
    lamp: LampWord
    rtt_ms: float | None
    shared: bool = False
    loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """The link: UP only with an authenticated round trip younger than 2 s."""

    state: LinkWord
    last_contact_ms_ago: int | None
    paths: tuple[PathView, ...]
    tls_group: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchView:
    """Whether a desk is manned, by that side's own word.

    Attributes:
        attended: a page answers and can hear. None when not reported (by agreement or for lack of
            contact).
        code: watch code of the officer on watch, as far as disclosed.
        name: that officer's name, as far as disclosed.
        hears: False when pages answer and none of them can hear: a deaf desk, where a text is seen
            and a voice is not heard. None when no page answers, or when not reported.
    """

    attended: bool | None
    code: str | None
    name: str | None = None
    hears: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """The common record as this post holds it.

    Attributes:
        state: ``waiting`` (peer's HELLO not yet answered: texts go to the outbox), ``restoring``,
            ``live``, ``halted`` (a breach was found; speech goes on).
        own_size: entries in our log. peer_size: entries held of the peer's log.
        receipted: how many of our entries the peer provably holds. sealed: post-quantum sealed.
        outbox: statements written here, not yet in the record.
        fault: code of the breach or fork when halted.
    """

    state: RecordWord
    own_size: int
    peer_size: int
    receipted: int
    sealed: int
    outbox: int
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """A condition that demands an act. ``code`` is a key ``alarm.CODE`` of the catalogue.

    Attributes:
        unanswered: nobody acknowledged it in the time set: the second output fires.
    """

    code: str
    since_wall_ms: int
    acknowledged: bool
    facts: dict[str, str | int] = field(default_factory=dict)
    unanswered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How speech arrives at one desk over one connection, by its browser's own counters.

    Each is a difference of two snapshots a second apart. None: not measured.

    Attributes:
        desk: hex. pair_slot: 0 to 2 a far desk, 3 to 5 a desk of our own side.
        mouth_to_ear_ms: from the far mouth to the ear here. **An estimate**: constants for what a
            page cannot measure, half a round trip of the path, jitter buffer, output latency.
        loss, concealed: parts of packets and of samples, 0 to 1.
        jitter_ms: delay in the jitter buffer.
        packets: received within that second. leg_rtt_ms: to our own post and back.
        age_ms: since the page said so.
    """

    desk: str
    pair_slot: int
    mouth_to_ear_ms: float | None
    loss: float | None
    jitter_ms: float | None
    concealed: float | None
    packets: int
    leg_rtt_ms: float | None = None
    age_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """All of a post's state that a desk shows besides the timeline; cheap to make each 250 ms."""

    wall_ms: int
    party: Literal["a", "b"]
    own_names: dict[str, str]
    peer_names: dict[str, str]
    link: LinkView
    standing: StandingWord
    own_watch: WatchView
    peer_watch: WatchView
    record: RecordView
    call: CallView | None
    voice: Literal["no_desk", "no_far_desk", "connecting", "ready"]
    alarms: tuple[AlarmView, ...]
    officer: str
    disk_fault: str | None = None
    desks: tuple[DeskView, ...] = ()
    promises: tuple[PromiseView, ...] = ()
    figures: tuple[Figures, ...] = ()
    own_declared: DeclaredView = UNDECLARED
    peer_declared: DeclaredView = UNDECLARED
    spoken: SpokenView | None = None
    recording: RecordingView = NOT_RECORDING
    checks: ChecksView = field(default_factory=ChecksView)
    quality: QualityView = field(default_factory=QualityView)
    exchanges: tuple[ExchangeView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One rung of the ladder; a rung never goes back to ``waiting``."""

    name: RungWord
    state: RungState
    wall_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineItem:
    """One line of the timeline; sent again, whole, whenever something in it changes.

    Attributes:
        id: ``a-12`` (party letter, index) once in the record; ``outbox-HEX`` before.
        replaces: the outbox id under which it was shown before, or "".
        kind: text, call, enrol, restored, shown, opened, event (an event is not in the record).
        whose: author, as seen from here.
        facts: for kinds other than text, values for the catalogue's sentence ``timeline.KIND``; and
            what marks say of it (``engine.marked``).
    """

    id: str
    whose: Literal["own", "peer", "post"]
    kind: str
    wall_ms: int
    order: tuple[int, int]
    final: bool = False
    text: str = ""
    lang: str = ""
    drill: bool = False
    officer: str = ""
    ladder: tuple[Rung, ...] = ()
    facts: dict[str, str | int | bool] = field(default_factory=dict)
    replaces: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioReport:
    """What a desk's page and its audio page say of themselves, about once a second and on change.

    Attributes:
        visible: the page stands on a screen: not in a tab behind others, not minimised.
        hears: its sound runs, its loudspeaker was proven since sign-on and is not at zero. A page
            that does not say so is deaf.
        deaf: why it cannot hear, one of ``DEAF``; empty if it hears.
        silent_mic: it transmits and its microphone gives nothing.
    """

    mic: MicWord
    context: str
    connection: str
    error: str = ""
    visible: bool = True
    hears: bool = False
    deaf: str = ""
    silent_mic: bool = False


# --- events from the post to its desks -------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineChanged:
    """These items are new or changed."""

    items: tuple[TimelineItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewChanged:
    """Something in the view changed that must not wait for the next tick; fetch ``view``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Open or shut the loudspeakers of a desk (all desks) for the far audio."""

    open: bool
    call: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceAnswer:
    """The remote description for one connection of a desk's audio page.

    Attributes:
        pair_slot: 0 to 2 with that far seat, 3 to 5 with that seat of the own side.
        digits: what both officers read aloud to compare; empty with the own side.
    """

    sdp: str
    generation: int
    pair_slot: int = 0
    digits: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceReset:
    """The other desk is gone or new: the audio page makes that connection afresh and offers it."""

    pair_slot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTaken:
    """What was asked for under ``request`` is written here (durable), as ``item``."""

    request: str
    item: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What was asked for under ``request`` was refused with a coded error; nothing was lost."""

    request: str
    code: str
    facts: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTalking:
    """The post ends this desk's transmission (call over, taken elsewhere, stuck key)."""

    reason: str


DeskEvent = (
    TimelineChanged
    | ViewChanged
    | Gate
    | VoiceAnswer
    | VoiceReset
    | TextTaken
    | Refused
    | StopTalking
    | Chirp
    | SpeakPhrase
    | RecordCall
)
