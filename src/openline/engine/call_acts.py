"""What officers do at desks, as the post's facade takes it: in a call, in writing, for a check."""

from openline.engine.alarms import Alarms
from openline.engine.calls import Calls
from openline.engine.checks import Checks
from openline.engine.context import Context
from openline.engine.desk import Refused, Seat, StopTalking, ViewChanged
from openline.engine.desk_exchange import ExchangeAct, ExchangeView
from openline.engine.exchanges import Exchanges
from openline.engine.marked import MarkWish
from openline.engine.record_side import RecordSide
from openline.engine.watch import Watch
from openline.protocol.call import Answer, Manner, Precedence
from openline.protocol.clock import Now
from openline.protocol.liveness import LinkState, Liveness


class CallActs:
    """The part of :class:`openline.engine.post.Post` that concerns calls and line checks."""

    _alarms: Alarms
    _calls: Calls
    _live: Liveness
    _record: RecordSide
    _ctx: Context
    _watch: Watch
    checks: Checks
    _exchanges: Exchanges

    def settle(self, now: Now) -> None:
        """After an input that the checks look at too: everything goes on from here."""
        self.checks.advance(now)
        self._record.settle(now)

    def acted(self, now: Now) -> None:
        """An officer of this side did something."""
        self.checks.figures.own_act_ms = now.wall_ms
        self.settle(now)

    def check_now(self, *, text: bool, voice: bool, words: bool, now: Now) -> str:
        """Begin a line check by hand; its hex id. Raises as :meth:`Checks.begin`."""
        link_up = self._live.tick(now) is LinkState.UP
        check = self.checks.begin(text=text, voice=voice, words=words, link_up=link_up, now=now)
        self._record.settle(now)
        return check

    def talk(
        self,
        desk: bytes,
        *,
        on: bool,
        now: Now,
        manner: Manner = Manner.ANNOUNCE,
        precedence: Precedence = Precedence.ROUTINE,
    ) -> None:
        """The talk key went down or up."""
        if on and self._watch.locked(desk):
            self._ctx.desk(desk, StopTalking(reason="call.desk_locked"))
            return
        link_down = self._live.tick(now) is LinkState.DOWN
        if on:
            self._watch.private(desk, on=False)
        self._calls.talk(
            desk, on=on, now=now, link_down=link_down, manner=manner, precedence=precedence
        )
        self.acted(now)

    def private(self, desk: bytes, *, on: bool, now: Now) -> None:
        """The private key of a desk; what it said to the far side ends first."""
        if on and self._is_locked(desk):
            return
        if on:
            self.talk(desk, on=False, now=now)
        self._watch.private(desk, on=on)
        self._ctx.desks(ViewChanged())
        self.acted(now)

    def two_way(self, desk: bytes, *, on: bool, now: Now) -> None:
        """The officer at that desk consents to be open both ways, or ends it."""
        if not (on and self._is_locked(desk)):
            self._calls.two_way(desk, on=on, now=now)
            self.acted(now)

    def answer(self, desk: bytes, answer: Answer, due_s: int, now: Now) -> None:
        """An officer of the called side answers without taking the call."""
        if not self._is_locked(desk):
            self._calls.answer(desk, answer, due_s, now)
            self.acted(now)

    def take_over(self, desk: bytes, now: Now) -> None:
        """The call goes to this desk of ours, by hand."""
        if not self._is_locked(desk):
            self._calls.take_over(desk, now)
            self.acted(now)

    def seated(self, desk: bytes, seat: Seat, now: Now) -> None:
        """That desk's seat or role changed."""
        self._calls.seated(desk, seat, now)
        self.acted(now)

    def sounded(self, desk: bytes, call: str, now: Now) -> None:
        """The far voice was in fact played at this desk."""
        self._calls.sounded(desk, call)
        self._record.settle(now)

    def end_call(self, desk: bytes, now: Now) -> None:
        """End the call."""
        if not self._is_locked(desk):
            self._calls.end(desk, now)
            self.acted(now)

    def speech_differs(self, desk: bytes, now: Now, *, by_officer: bool) -> None:
        """The officer found other digits, or that desk's page another certificate."""
        if not by_officer:
            self._calls.mismatch(desk, now, by_officer=False)
            self._record.settle(now)
        elif not self._is_locked(desk):
            self._calls.mismatch(desk, now, by_officer=True)
            self.acted(now)

    def silence_call(self, desk: bytes, now: Now) -> None:
        """Silence the incoming announce at this side."""
        if not self._is_locked(desk):
            self._calls.silence(desk)
            self.acted(now)

    def write_text(
        self,
        desk: bytes | None,
        request: str,
        text: str,
        lang: str,
        now: Now,
        by: tuple[str, str] = ("", ""),
    ) -> None:
        """Write a text as the officer of that desk; answered by TextTaken or Refused.

        ``request`` names the answer. Without a desk it is the command line's, which may name its
        officer and a second one; by default it is the one of the post's own setting.
        """
        if self._is_locked(desk, request):
            return
        officers = by if desk is None else (self._watch.officer_of(desk), "")
        self._record.write_text((desk, request), text, lang, officers, now)
        self.acted(now)

    def text_opened(self, desk: bytes, item: str, now: Now) -> None:
        """The officer of that desk opened a text of the peer."""
        if not self._is_locked(desk):
            self._record.text_opened(item, self._watch.officer_of(desk), now)
            self.acted(now)

    def mark(
        self, asker: tuple[bytes | None, str], wish: MarkWish, now: Now, officer: str = ""
    ) -> None:
        """Say something of an entry; ``asker`` and ``officer``: the command line's own."""
        desk, request = asker
        if not self._is_locked(desk, request):
            by = officer if desk is None else self._watch.officer_of(desk)
            self._record.mark(asker, wish, by, now)
            self.acted(now)

    def exchange(
        self, asker: tuple[bytes | None, str], act: ExchangeAct, now: Now, officer: str = ""
    ) -> None:
        """An act in a sealed exchange; ``asker`` and ``officer``: the command line's own."""
        desk, request = asker
        if not self._is_locked(desk, request):
            by = officer if desk is None else self._watch.officer_of(desk)
            self._exchanges.act(asker, act, by, now)
            self.acted(now)

    def exchanges(self, now: Now) -> tuple[ExchangeView, ...]:
        """The newest sealed exchanges, whole."""
        return self._exchanges.listed(now)

    def acknowledge(self, desk: bytes, alarm: str, now: Now) -> None:  # noqa: ARG002 - the facade's agreed signature
        """Silence an alarm's sound; the condition stays."""
        if not self._is_locked(desk) and self._alarms.acknowledge(alarm):
            self._ctx.desks(ViewChanged())

    def _is_locked(self, desk: bytes | None, request: str = "") -> bool:
        """Whether that desk has no officer: then its officer's acts are refused."""
        if desk is None or not self._watch.locked(desk):
            return False
        self._ctx.desk(desk, Refused(request=request, code="engine.desk_locked"))
        return True
