"""The post as its desks see it: openline.engine.desk.DeskApi over the shell."""

from openline.app.shell import PostShell
from openline.app.voicing import DeskVoice
from openline.engine.desk import (
    AudioReport,
    CheckReport,
    DeskSink,
    Figures,
    PostView,
    TimelineItem,
)


class DeskFront:
    """Implements DeskApi; every call runs in the loop's thread and returns at once."""

    def __init__(self, shell: PostShell, voice: DeskVoice) -> None:
        """Over a shell and the voice of its desks."""
        self._shell = shell
        self._voice = voice

    def desk_opened(self, desk: bytes, sink: DeskSink) -> None:
        """A signed-in desk is there."""
        self._shell.sinks[desk] = sink
        self._shell.post.desk_opened(desk, self._shell.clock())
        self._shell.carry_out()

    def desk_closed(self, desk: bytes) -> None:
        """The desk is gone."""
        self._shell.sinks.pop(desk, None)
        self._voice.dropped(desk)
        self._shell.post.desk_closed(desk, self._shell.clock())
        self._shell.carry_out()

    def desk_alive(self, desk: bytes, report: AudioReport) -> None:
        """The desk's page and audio answer."""
        self._voice.reported(desk, report.connection)
        self._shell.post.desk_alive(desk, report, self._shell.clock())
        self._shell.carry_out()

    def view(self) -> PostView:
        """The state to show now."""
        return self._shell.post.view(self._shell.clock())

    def timeline(self, limit: int) -> tuple[TimelineItem, ...]:
        """The newest items, oldest first."""
        return self._shell.post.timeline(limit)

    def write_text(self, desk: bytes | None, request: str, text: str, lang: str) -> None:
        """Write a text as the officer on watch; ``desk`` is None for the command line."""
        self._shell.post.write_text(desk, request, text, lang, self._shell.clock())
        self._shell.carry_out()

    def text_opened(self, desk: bytes, item: str) -> None:
        """The officer opened a text of the peer."""
        self._shell.post.text_opened(desk, item, self._shell.clock())
        self._shell.carry_out()

    def talk(self, desk: bytes, *, on: bool) -> None:
        """The talk key went down or up."""
        self._shell.post.talk(desk, on=on, now=self._shell.clock())
        self._shell.carry_out()

    def sounded(self, desk: bytes, call: str) -> None:
        """The far voice was in fact played at this desk."""
        self._shell.post.sounded(desk, call, self._shell.clock())
        self._shell.carry_out()

    def end_call(self, desk: bytes) -> None:
        """End the call."""
        self._shell.post.end_call(desk, self._shell.clock())
        self._shell.carry_out()

    def silence_call(self, desk: bytes) -> None:
        """Silence the incoming announce at this side."""
        self._shell.post.silence_call(desk, self._shell.clock())
        self._shell.carry_out()

    def acknowledge(self, desk: bytes, alarm: str) -> None:
        """Silence an alarm's sound; the condition stays."""
        self._shell.post.acknowledge(desk, alarm, self._shell.clock())
        self._shell.carry_out()

    def voice_offer(self, desk: bytes, sdp: str) -> None:
        """The desk's audio page offers."""
        self._voice.offered(desk, sdp)
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

    def figures(self, desk: bytes, figures: Figures) -> None:
        """The desk's audio page reports what it measures."""
        self._shell.post.checks.figures.take(desk, figures, self._shell.clock())
