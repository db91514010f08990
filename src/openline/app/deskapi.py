"""The post as its desks see it: openline.engine.desk_api.DeskApi over the shell."""

from openline.app.shell import PostShell
from openline.app.voicing import DeskVoice
from openline.engine.call_views import AnswerWord, MannerWord, PrecedenceWord
from openline.engine.desk import (
    FIRST_SEAT,
    AudioReport,
    CheckReport,
    Figures,
    PostView,
    Seat,
    TimelineItem,
)
from openline.engine.desk_api import DeskSink
from openline.engine.desk_exchange import ExchangeAct
from openline.engine.marked import MarkWish
from openline.protocol.call import Answer, Manner, Precedence
from openline.protocol.clock import Now


class DeskFront:
    """Implements DeskApi; every call runs in the loop's thread and returns at once."""

    def __init__(self, shell: PostShell, voice: DeskVoice) -> None:
        """Over a shell and the voice of its desks."""
        self._shell = shell
        self._voice = voice

    def desk_opened(
        self, desk: bytes, sink: DeskSink, seat: Seat = FIRST_SEAT, *, locked: bool = False
    ) -> None:
        """A desk is there; locked, it only hears."""
        self._shell.sinks[desk] = sink
        self._voice.seated(desk, seat.slot)
        self._shell.post.desk_opened(desk, self._shell.clock(), seat, locked=locked)
        self._shell.carry_out()

    def desk_locked(self, desk: bytes) -> None:
        """Nobody is signed in there any more."""
        self._shell.post.desk_locked(desk, self._shell.clock())
        self._shell.carry_out()

    def desk_unlocked(self, desk: bytes, officer: str) -> None:
        """This officer signed in there."""
        self._shell.post.desk_unlocked(desk, officer, self._shell.clock())
        self._shell.carry_out()

    def seated(self, desk: bytes, seat: Seat) -> None:
        """The desk has another role."""
        self._shell.post.seated(desk, seat, self._shell.clock())
        self._shell.carry_out()

    def desk_closed(self, desk: bytes) -> None:
        """The desk is gone."""
        self._shell.sinks.pop(desk, None)
        self._voice.dropped(desk)
        self._shell.post.desk_closed(desk, self._shell.clock())
        self._shell.carry_out()

    def desk_alive(self, desk: bytes, report: AudioReport) -> None:
        """The desk's page and audio answer."""
        self._shell.post.desk_alive(desk, report, self._shell.clock())
        self._shell.carry_out()

    def desk_figures(self, desk: bytes, figures: Figures) -> None:
        """How speech arrives at a desk."""
        self._shell.post.desk_figures(desk, figures, self._shell.clock())

    def view(self) -> PostView:
        """The state to show now."""
        return self._shell.post.view(self._shell.clock())

    def timeline(self, limit: int) -> tuple[TimelineItem, ...]:
        """The newest items, oldest first."""
        return self._shell.post.timeline(limit)

    def write_text(
        self,
        desk: bytes | None,
        request: str,
        text: str,
        lang: str,
        by: tuple[str, str] = ("", ""),
    ) -> None:
        """Write a text as the officer of that desk; ``desk`` is None for the command line."""
        now = self._shell.clock()
        self._shell.post.write_text(desk, request, text, lang, now, by)
        self._shell.carry_out()

    def exchange(
        self, desk: bytes | None, request: str, act: ExchangeAct, officer: str = ""
    ) -> None:
        """An act in a sealed exchange; ``desk`` is None for the command line."""
        self._shell.post.exchange((desk, request), act, self._shell.clock(), officer)
        self._shell.carry_out()

    def mark(self, desk: bytes | None, request: str, wish: MarkWish, officer: str = "") -> None:
        """Say something of an entry; ``desk`` is None for the command line."""
        self._shell.post.mark((desk, request), wish, self._shell.clock(), officer)
        self._shell.carry_out()

    def text_opened(self, desk: bytes, item: str) -> None:
        """The officer opened a text of the peer."""
        self._shell.post.text_opened(desk, item, self._shell.clock())
        self._shell.carry_out()

    def talk(
        self,
        desk: bytes,
        *,
        on: bool,
        precedence: PrecedenceWord = "ROUTINE",
        manner: MannerWord = "announce",
    ) -> None:
        """The talk key went down or up."""
        self._shell.post.talk(
            desk,
            on=on,
            now=self._shell.clock(),
            precedence=Precedence[precedence],
            manner=Manner(manner),
        )
        self._shell.carry_out()

    def two_way(self, desk: bytes, *, on: bool) -> None:
        """This desk's officer consents to be open both ways, or ends it."""
        self._shell.post.two_way(desk, on=on, now=self._shell.clock())
        self._shell.carry_out()

    def answer(self, desk: bytes, answer: AnswerWord, due_s: int = 0) -> None:
        """An officer of the called side answers without taking the call."""
        self._shell.post.answer(desk, Answer(answer), due_s, self._shell.clock())
        self._shell.carry_out()

    def take_over(self, desk: bytes) -> None:
        """This desk takes the call over from another of its own side."""
        self._shell.post.take_over(desk, self._shell.clock())
        self._shell.carry_out()

    def private(self, desk: bytes, *, on: bool) -> None:
        """The private key went down or up."""
        self._shell.post.private(desk, on=on, now=self._shell.clock())
        self._shell.carry_out()

    def sounded(self, desk: bytes, call: str) -> None:
        """The far voice was in fact played at this desk."""
        self._shell.post.sounded(desk, call, self._shell.clock())
        self._shell.carry_out()

    def end_call(self, desk: bytes) -> None:
        """End the call."""
        self._shell.post.end_call(desk, self._shell.clock())
        self._shell.carry_out()

    def speech_differs(self, desk: bytes, *, by_officer: bool) -> None:
        """The certificates of the speech do not agree."""
        self._shell.post.speech_differs(desk, self._shell.clock(), by_officer=by_officer)
        self._shell.carry_out()

    def silence_call(self, desk: bytes) -> None:
        """Silence the incoming announce at this side."""
        self._shell.post.silence_call(desk, self._shell.clock())
        self._shell.carry_out()

    def speak_phrase(self, desk: bytes, n: int) -> None:
        """The key of phrase ``n`` was pressed."""
        now = self._shell.clock()
        self._shell.post.spoken.phrase(desk, n, now)
        self._acted(now)

    def declare(self, desk: bytes, recording: str, interpreter: str, eta_s: int) -> None:
        """The officer declares."""
        now = self._shell.clock()
        self._shell.post.spoken.declare(desk, (recording, interpreter), eta_s, now)
        self._acted(now)

    def record_call(self, desk: bytes, *, on: bool) -> None:
        """The officer begins or ends the recording of this call."""
        now = self._shell.clock()
        self._shell.post.spoken.record_call(desk, now, on=on)
        self._acted(now)

    def acknowledge(self, desk: bytes, alarm: str) -> None:
        """Silence an alarm's sound; the condition stays."""
        self._shell.post.acknowledge(desk, alarm, self._shell.clock())
        self._shell.carry_out()

    def voice_offer(self, desk: bytes, sdp: str, pair_slot: int = 0) -> None:
        """The desk's audio page offers."""
        self._voice.offered(desk, sdp, pair_slot)
        self._shell.carry_out()

    def check_now(self, desk: bytes | None, *, text: bool, voice: bool, words: bool) -> str:
        """Begin a line check by hand; its hex id. Raises ``engine.check_*``: not now."""
        post, now = self._shell.post, self._shell.clock()
        if desk is not None:
            post.acted(now)
        try:
            return post.check_now(text=text, voice=voice, words=words, now=now)
        finally:
            self._shell.carry_out()

    def check_said(self, desk: bytes, report: CheckReport) -> None:
        """The desk's audio page reports of a chirp."""
        now = self._shell.clock()
        self._shell.post.checks.desk_says(desk, report, now)
        self._shell.post.settle(now)
        self._shell.carry_out()

    def _acted(self, now: Now) -> None:
        self._shell.post.acted(now)
        self._shell.carry_out()
