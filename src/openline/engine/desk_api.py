"""What a desk may ask of its post: the facade that the app implements over engine and voice."""

from typing import Protocol

from openline.engine.call_views import AnswerWord, MannerWord, PrecedenceWord
from openline.engine.desk import (
    FIRST_SEAT,
    AudioReport,
    CheckReport,
    DeskEvent,
    Figures,
    PostView,
    Seat,
    TimelineItem,
)
from openline.engine.desk_exchange import ExchangeAct
from openline.engine.marked import MarkWish


class DeskSink(Protocol):
    """Where a desk receives its events; must not block and must not raise."""

    def __call__(self, event: DeskEvent, /) -> None:
        """Take one event."""


class DeskApi(Protocol):
    """A post as its desks see it. All calls return at once; answers come as events.

    The app implements this over the engine and the voice endpoint.
    """

    def desk_opened(
        self, desk: bytes, sink: DeskSink, seat: Seat = FIRST_SEAT, *, locked: bool = False
    ) -> None:
        """A desk is there; ``desk`` is 8 random bytes, new for each page load.

        A locked desk has no officer: it hears, is not attended, and its officer's acts are refused.
        """

    def desk_locked(self, desk: bytes) -> None:
        """Its officer locked it, or was away too long; what it transmitted stops."""

    def desk_unlocked(self, desk: bytes, officer: str) -> None:
        """This officer signed in at it."""

    def seated(self, desk: bytes, seat: Seat) -> None:
        """The desk has another role now; its slot stays."""

    def desk_closed(self, desk: bytes) -> None:
        """The desk is gone; what it transmitted has stopped."""

    def desk_alive(self, desk: bytes, report: AudioReport) -> None:
        """The desk's page and audio answer; without it for 5 s the desk is not attended."""

    def desk_figures(self, desk: bytes, figures: Figures) -> None:
        """How speech arrives there; ``figures.desk`` and ``age_ms`` are filled in by the post."""

    def view(self) -> PostView:
        """The state to show now."""

    def timeline(self, limit: int) -> tuple[TimelineItem, ...]:
        """The newest items, oldest first."""

    def write_text(self, desk: bytes, request: str, text: str, lang: str) -> None:
        """Write a text as the officer of that desk; answered by TextTaken or Refused."""

    def exchange(self, desk: bytes, request: str, act: ExchangeAct) -> None:
        """Open a sealed exchange, commit or reveal, as the officer of that desk.

        Answered by TextTaken or Refused.
        """

    def mark(self, desk: bytes, request: str, wish: MarkWish) -> None:
        """Say something of an entry as the officer of that desk.

        Answered by ``TextTaken`` or ``Refused``.
        """

    def text_opened(self, desk: bytes, item: str) -> None:
        """The officer opened a text of the peer."""

    def talk(
        self,
        desk: bytes,
        *,
        on: bool,
        precedence: PrecedenceWord = "ROUTINE",
        manner: MannerWord = "announce",
    ) -> None:
        """The talk key went down or up; begins a call when none is open.

        A precedence above that of the open call interrupts it. Answered by StopTalking if this desk
        may not talk now.
        """

    def two_way(self, desk: bytes, *, on: bool) -> None:
        """This desk's officer consents to be open both ways, or ends it; nothing opens by it."""

    def answer(self, desk: bytes, answer: AnswerWord, due_s: int = 0) -> None:
        """An officer of the called side answers without taking the call.

        Args:
            desk: where.
            answer: ``heard``, ``fetching``, ``reply`` or ``declined``.
            due_s: seconds from now, with ``fetching`` and ``reply``; else 0.
        """

    def take_over(self, desk: bytes) -> None:
        """This desk takes the call over from another of its own side."""

    def private(self, desk: bytes, *, on: bool) -> None:
        """The private key went down or up: speech to the desks of the own side alone."""

    def sounded(self, desk: bytes, call: str) -> None:
        """The far voice was in fact played at this desk with its audio running."""

    def end_call(self, desk: bytes) -> None:
        """End the call."""

    def speech_differs(self, desk: bytes, *, by_officer: bool) -> None:
        """The officer compared the digits and they differ, or this page met another certificate."""

    def silence_call(self, desk: bytes) -> None:
        """Silence the incoming announce at this side (the caller sees it)."""

    def speak_phrase(self, desk: bytes, n: int) -> None:
        """The key of phrase ``n`` was pressed (starts an announce when no call is open)."""

    def declare(self, desk: bytes, recording: str, interpreter: str, eta_s: int) -> None:
        """The officer declares: each word is empty where nothing changes."""

    def record_call(self, desk: bytes, *, on: bool) -> None:
        """The officer begins or ends the recording of this call."""

    def acknowledge(self, desk: bytes, alarm: str) -> None:
        """Silence an alarm's sound; the condition stays."""

    def voice_offer(self, desk: bytes, sdp: str, pair_slot: int = 0) -> None:
        """The desk's audio page offers; answered by VoiceAnswer when the other desk is there.

        ``pair_slot``: 0 to 2 for that far seat, 3 to 5 for that seat of the own side.
        """

    def check_now(self, desk: bytes | None, *, text: bool, voice: bool, words: bool) -> str:
        """Begin a line check by hand; its hex id.

        Raises:
            OpenlineError: ``engine.check_*``: not now.
        """

    def check_said(self, desk: bytes, report: CheckReport) -> None:
        """The desk's audio page reports of a chirp."""
