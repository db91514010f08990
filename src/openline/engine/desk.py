"""What a desk may ask of its post, and what the post shows to it.

The web and headless adapters speak to the engine through :class:`DeskApi` only
and show :class:`PostView` and the desk events. Three statuses stand apart and
are never merged: the link (what our own probes show), the standing (what the
parties signed), the watch (what a side says of its own desk).
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from openline.engine.desk_checks import (
    CheckReport,
    CheckStateWord,
    ChecksView,
    CheckView,
    Chirp,
    ChirpPart,
    Figures,
    FiguresView,
    LevelWord,
)

# What stands in a module of its own is had from here all the same.
__all__ = [
    "CheckReport",
    "CheckStateWord",
    "CheckView",
    "ChecksView",
    "Chirp",
    "ChirpPart",
    "Figures",
    "FiguresView",
    "LevelWord",
]

LinkWord = Literal["UP", "UNSURE", "DOWN"]
StandingWord = Literal["UNCONFIRMED", "IN_FORCE", "SUSPENDED", "DARK", "ENDED"]
"""What the parties signed; UNCONFIRMED until both signatures of the genesis are here."""
LampWord = Literal["up", "stream", "dead"]
RecordWord = Literal["waiting", "restoring", "live", "halted"]
CallStateWord = Literal["announcing", "taken", "ended"]
MicWord = Literal["COLD", "ARMED", "LIVE"]
RungWord = Literal["written", "receipted", "sealed", "shown", "opened"]
RungState = Literal["done", "waiting", "not_reported"]


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
        attended: True or False, or None when not reported (by agreement or for lack of contact).
        code: watch code of the officer on watch, as far as disclosed.
    """

    attended: bool | None
    code: str | None


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
class CallView:
    """The call in progress.

    Attributes:
        call: hex id. role: whether this side called. peer_sounded: the peer's post says that it
            sounded at an attended desk (no officer's act). silenced: which side silenced it.
        ends_in_ms: an untaken announce ends then; None otherwise.
        outcome: code of the end once ``state`` is ``ended``.
    """

    call: str
    role: Literal["caller", "called"]
    manner: Literal["announce", "ring"]
    state: CallStateWord
    started_wall_ms: int
    own_talking: bool
    peer_talking: bool
    peer_sounded: bool
    sounded_here: bool
    silenced: Literal["", "own", "peer"] = ""
    ends_in_ms: int | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmView:
    """A condition that demands an act. ``code`` is a key ``alarm.CODE`` of the catalogue."""

    code: str
    since_wall_ms: int
    acknowledged: bool
    facts: dict[str, str | int] = field(default_factory=dict)


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
    checks: ChecksView = field(default_factory=ChecksView)
    figures: FiguresView = field(default_factory=FiguresView)


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
        facts: for kinds other than text, values for the catalogue's sentence ``timeline.KIND``.
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
    """

    mic: MicWord
    context: str
    connection: str
    error: str = ""
    visible: bool = True


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
    """The remote description for a desk's audio page."""

    sdp: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceReset:
    """The far desk is gone or new: the audio page starts a fresh connection and offers again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTaken:
    """The text asked for under ``request`` is written here (durable), as ``item``."""

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
)


class DeskSink(Protocol):
    """Where a desk receives its events; must not block and must not raise."""

    def __call__(self, event: DeskEvent, /) -> None:
        """Take one event."""


class DeskApi(Protocol):
    """A post as its desks see it. All calls return at once; answers come as events.

    The app implements this over the engine and the voice endpoint.
    """

    def desk_opened(self, desk: bytes, sink: DeskSink) -> None:
        """A signed-in desk is there; ``desk`` is 8 random bytes, new for each page load."""

    def desk_closed(self, desk: bytes) -> None:
        """The desk is gone; what it transmitted has stopped."""

    def desk_alive(self, desk: bytes, report: AudioReport) -> None:
        """The desk's page and audio answer; without it for 5 s the desk is not attended."""

    def view(self) -> PostView:
        """The state to show now."""

    def timeline(self, limit: int) -> tuple[TimelineItem, ...]:
        """The newest items, oldest first."""

    def write_text(self, desk: bytes, request: str, text: str, lang: str) -> None:
        """Write a text as the officer on watch; answered by TextTaken or Refused."""

    def text_opened(self, desk: bytes, item: str) -> None:
        """The officer opened a text of the peer."""

    def talk(self, desk: bytes, *, on: bool) -> None:
        """The talk key went down or up (starts an announce when no call is open)."""

    def sounded(self, desk: bytes, call: str) -> None:
        """The far voice was in fact played at this desk with its audio running."""

    def end_call(self, desk: bytes) -> None:
        """End the call."""

    def silence_call(self, desk: bytes) -> None:
        """Silence the incoming announce at this side (the caller sees it)."""

    def acknowledge(self, desk: bytes, alarm: str) -> None:
        """Silence an alarm's sound; the condition stays."""

    def voice_offer(self, desk: bytes, sdp: str) -> None:
        """The desk's audio page offers; answered by VoiceAnswer when the far desk is there."""

    def check_now(self, desk: bytes | None, *, text: bool, voice: bool, words: bool) -> str:
        """Begin a line check by hand; its hex id.

        Raises:
            OpenlineError: ``engine.check_*``: not now.
        """

    def check_said(self, desk: bytes, report: CheckReport) -> None:
        """The desk's audio page reports of a chirp."""

    def figures(self, desk: bytes, figures: Figures) -> None:
        """The desk's audio page reports what it measures."""
