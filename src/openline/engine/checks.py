"""Line checks: begun by schedule or by hand, measured by both sides, written by both (spec/check).

A check never disturbs a call and a call breaks it off at once. What was missed or did not hold is
an alarm at each side by its own clock; it says nothing about a cause.
"""

import contextlib
from collections import deque
from dataclasses import replace
from typing import Final

from openline.engine import alarms
from openline.engine.alarms import Alarms
from openline.engine.authoring import Wish
from openline.engine.calls import Calls
from openline.engine.check_history import CheckHistory
from openline.engine.check_run import ANSWER_MS, GRACE_MS, RUN_MS, TEXT_MS, Run
from openline.engine.check_turns import Turns, clock
from openline.engine.check_voice import CheckVoice
from openline.engine.check_words import WordsExchange
from openline.engine.context import Context
from openline.engine.desk import CheckReport, ChecksView, PostView, ViewChanged
from openline.engine.figures import FigureRoom
from openline.engine.keeper import Keeper
from openline.engine.ports import StoredEntry, StoredState
from openline.engine.watch import Watch
from openline.errors import LocalProtocolError, OpenlineError
from openline.protocol import control
from openline.protocol.checks import CheckSaid, parse_check_said
from openline.protocol.clock import Now
from openline.protocol.control import ControlOut
from openline.protocol.delivery import DISCLOSURE_ATTENDED, RecordState
from openline.protocol.frames import FrameClass
from openline.protocol.liveness import LinkState
from openline.protocol.words import WordList
from openline.record.bodies import KIND_CHECK
from openline.record.cbor import Value
from openline.record.checks import (
    CHECK_ID_SIZE,
    TEXTS,
    Answered,
    Began,
    CheckPart,
    Result,
    TextWord,
    VoiceWord,
    answered_body,
    began_body,
    result_body,
)
from openline.record.entry import parse_entry

ENDED_MAX: Final = 32
HOUR_MS: Final = 3_600_000
ANSWERED_PER_HOUR_MAX: Final = 30
"""Each check leaves two entries in the answerer's log."""

HEARS_EVERY_MS: Final = 5_000


class Checks:
    """See the module."""

    def __init__(  # noqa: PLR0913, PLR0917 - it draws from many parts of the post
        self,
        ctx: Context,
        out: ControlOut,
        keeper: Keeper,
        parts: tuple[Watch, Calls, Alarms],
        state: StoredState,
        words: WordList | None,
        now: Now,
    ) -> None:
        """From what the disk holds; no check runs."""
        self._ctx, self._out, self._keeper = ctx, out, keeper
        watch, self._calls, self._alarms = parts
        self.history = CheckHistory(ctx, state.entries)
        self.figures = FigureRoom(state.entries, ctx.own)
        self._words = WordsExchange(ctx, words)
        self._voice = CheckVoice(ctx, watch)
        self._turns = Turns(ctx, self.history, now)
        self._run: Run | None = None
        self._said = CheckSaid()
        self._spoke = False
        self._began: deque[tuple[bytes, int]] = deque(maxlen=ENDED_MAX)
        """Checks that the peer's record begins, and where: CONTROL may come after the entry."""
        self._ended: deque[bytes] = deque(maxlen=ENDED_MAX)
        self._answered: deque[int] = deque()
        self._hears_ms = now.mono_ms
        self._apart_ms: int | None = None

    @property
    def _disclosed(self) -> bool:
        return self._ctx.genesis.disclosure >= DISCLOSURE_ATTENDED

    def view(self, now: Now) -> ChecksView:
        """What a desk shows of the checks."""
        held = self._words.held
        return ChecksView(
            every_minutes=self._ctx.settings.check_minutes,
            last_full_wall_ms=self.history.last_full_ms,
            days=self.history.days(now),
            next_due_wall_ms=self._turns.next_due(now),
            running="" if self._run is None else self._run.check.hex(),
            last=self.history.last(),
            clocks_apart_ms=self._apart_ms,
            words="" if held is None else held.name,
            words_wall_ms=None if held is None else held.renewed_ms,
        )

    def shown_in(self, view: PostView, now: Now) -> PostView:
        """The same view with the checks and the quality of speech."""
        quality = self.figures.view(now, contact=view.link.state == LinkState.UP.value)
        return replace(view, checks=self.view(now), quality=quality)

    # --- begun here ----------------------------------------------------------------------------

    def begin(
        self, *, text: bool, voice: bool, words: bool, link_up: bool, now: Now, slot: int = 0
    ) -> str:
        """Begin a check; its hex id.

        Raises:
            LocalProtocolError: ``engine.check_running``, ``engine.check_call``,
                ``engine.check_link``, ``engine.check_record``: not now. OpenlineError: the record
                does not take its text.
        """
        if self._run is not None:
            raise LocalProtocolError("engine.check_running", self._run.check.hex())
        if self._calls.open:
            raise LocalProtocolError("engine.check_call", "a call is open")
        if not link_up:
            raise LocalProtocolError("engine.check_link", "no round trip")
        if text and self._keeper.state is not RecordState.LIVE:
            raise LocalProtocolError("engine.check_record", self._keeper.state.value)
        run = Run(self._ctx.random(CHECK_ID_SIZE), True, slot, now.mono_ms)  # noqa: FBT003 - a field
        run.wants_words = words or self._words.due(now, differ=self.history.lists_differ)
        run.text_no = 1 + (slot or self._keeper.own_size) % TEXTS
        if text:
            part = Began(check=run.check, slot=slot, text=run.text_no)
            self._write(began_body(part), now)
            run.written_ms = now.mono_ms
        else:
            run.text = TextWord.NOT_ASKED
        self._run = run
        if run.wants_words:
            self._words.begin(run.check, now)
        self._begin_voice(run, voice, now)
        self._say(now)
        return run.check.hex()

    def _begin_voice(self, run: Run, asked: bool, now: Now) -> None:  # noqa: FBT001 - private
        if not asked:
            run.voice = VoiceWord.NOT_ASKED
        elif not self._disclosed:
            run.voice = VoiceWord.BY_AGREEMENT
        else:
            self._voice.begin(run, now)

    def _write(self, body: bytes, now: Now) -> None:
        self._keeper.write(Wish(kind=KIND_CHECK, body=body, by_officer=False), None, "", now)

    # --- the peer ------------------------------------------------------------------------------

    def peer_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``check``.

        Raises:
            OpenlineError: ``protocol.check`` or ``record.encoding``; its words count for nothing.
        """
        said = parse_check_said(payload)
        self.figures.peer = said.hears if self._disclosed else None
        if said.begins and said.open:
            self._asked(said, now)
        run = self._run
        ours = run is not None and run.check == said.check and run.begins is not said.begins
        # An exchange belongs to a check that we took up: a peer cannot renew words without end.
        if said.words is not None and (ours or self._words.check == said.check):
            self._words.peer_says(said.check, said.words, now, begins=said.begins)
        if run is not None and ours:
            run.peer_ready = said.ready
            run.peer_open = run.peer_open or said.open
            ended = run.peer_open or bool(said.end)
            if not said.open and ended and run.closing_ms is None:
                run.closing_ms = now.mono_ms + GRACE_MS
            if said.end:
                run.closing_ms = now.mono_ms
                if said.end == "limit":
                    run.close(TextWord.LIMIT, VoiceWord.LIMIT)
                run.close(TextWord.INTERRUPTED, VoiceWord.INTERRUPTED)
        self.advance(now)

    def _asked(self, said: CheckSaid, now: Now) -> None:
        """The peer begins a check, or goes on with the one that we know."""
        run = self._run
        if said.check in self._ended or (run is not None and run.check == said.check):
            return
        if run is not None and run.begins and run.check < said.check:
            return  # both began: the lesser id stands, and the other side sees it too
        refusal = "call" if self._calls.open else "limit" if self._too_many(now) else ""
        if refusal:
            self._ended.append(said.check)
            if run is None:
                self._said = CheckSaid(check=said.check, end=refusal)
                self._say(now)
            return
        if run is not None:
            self._drop(run)
        self._answered.append(now.mono_ms)
        run = Run(said.check, False, said.slot, now.mono_ms)  # noqa: FBT003 - a field
        run.peer_ready, run.peer_open = said.ready, True
        run.text = None if said.text else TextWord.NOT_ASKED
        run.wants_words = said.words is not None
        run.of = dict(self._began).get(said.check)
        self._run = run
        self._begin_voice(run, said.voice, now)

    def _drop(self, run: Run) -> None:
        """Another check takes its place."""
        self._voice.end(run)
        self._ended.append(run.check)
        self._run = None

    def _too_many(self, now: Now) -> bool:
        while self._answered and now.mono_ms - self._answered[0] >= HOUR_MS:
            self._answered.popleft()
        return len(self._answered) >= ANSWERED_PER_HOUR_MAX

    def peer_restarted(self, now: Now) -> None:
        """Another start of the peer knows nothing of this check."""
        self.figures.peer = None
        self._break_off(TextWord.INTERRUPTED, VoiceWord.INTERRUPTED, now)

    def entries(self, entries: list[StoredEntry], now: Now) -> None:
        """These are durable here."""
        for entry in entries:
            self.figures.signed(entry, self._ctx.own, now)
            part = self.history.part_of(entry)
            run = self._run
            own = entry.log == self._ctx.own
            if isinstance(part, Began) and not own:
                self._began.append((part.check, entry.index))
            if part is None or run is None or part.check != run.check:
                continue
            if own and isinstance(part, Began if run.begins else Answered):
                run.index = entry.index
            elif not own:
                self._apart_ms = now.wall_ms - parse_entry(entry.leaf).claims.claimed_ms
                _peer_part(run, part, entry.index)
        self.advance(now)

    # --- desks ---------------------------------------------------------------------------------

    def desk_says(self, desk: bytes, report: CheckReport, now: Now) -> None:
        """A desk's audio page reports of a chirp."""
        run = self._run
        if run is not None and run.check.hex() == report.check:
            self._voice.report(run, desk, report)
            self.advance(now)

    def words_kept(self, name: str, now: Now) -> None:
        """The list of that name is on disk."""
        if self._words.kept(name):
            self._say(now)
            self.advance(now)

    # --- time ----------------------------------------------------------------------------------

    def tick(self, now: Now, *, link_up: bool, link_down: bool) -> None:
        """Let time pass."""
        if link_down:
            self._break_off(TextWord.LINK_DOWN, VoiceWord.LINK_DOWN, now)
        if self._calls.peer_talking:
            self.figures.peer_act_ms = now.wall_ms
        self.advance(now)
        idle = self._run is None and not self._calls.open
        missed = self._turns.judge(now, call_open=self._calls.open)
        if missed and self._alarms.raise_(alarms.CHECK_MISSED, now, at=missed):
            self._ctx.desks(ViewChanged())
        slot = self._turns.due(now) if idle and link_up else None
        if slot is not None:
            self._turns.tried(now)
            try:
                self.begin(text=True, voice=True, words=False, link_up=True, now=now, slot=slot)
            except OpenlineError:
                return  # the record takes nothing now; the slot has time left
        if now.mono_ms - self._hears_ms >= HEARS_EVERY_MS:
            self._hears_ms = now.mono_ms
            self._say(now)

    def advance(self, now: Now) -> None:
        """Move the check on; after every input."""
        run = self._run
        if run is None:
            return
        if self._calls.open:
            self._break_off(TextWord.INTERRUPTED, VoiceWord.INTERRUPTED, now, end="call")
            return
        self._advance_text(run, now)
        self._voice.advance(run, now)
        age = now.mono_ms - run.started_ms
        closing = run.closing_ms is not None and now.mono_ms >= run.closing_ms
        silent = run.begins and not run.peer_open and age >= ANSWER_MS
        if closing or silent or age >= RUN_MS:
            run.close(TextWord.NOT_ANSWERED, VoiceWord.NOT_HEARD)
            self._finish(run, now)
            return
        settled = not run.wants_words or self._words.settled(run.check)
        # The answerer ends after the beginner: what is on its way to us may still come.
        last = run.begins or run.closing_ms is not None
        if run.done and settled and last:
            self._finish(run, now)
        else:
            self._say(now)

    def _advance_text(self, run: Run, now: Now) -> None:
        if run.text is not None:
            return
        if not run.begins and run.of is not None and run.written_ms is None:
            run.text_no = 1 + run.of % TEXTS
            part = Answered(check=run.check, of=run.of, text=run.text_no)
            try:
                self._write(answered_body(part), now)
            except OpenlineError:
                return  # halted or full; the beginner sees no answer
            run.written_ms = now.mono_ms
        receipted = run.index is not None and run.index < self._keeper.receipted
        if receipted and run.of is not None and run.written_ms is not None:
            run.text = TextWord.HELD
            run.text_ms = now.mono_ms - run.written_ms
        elif now.mono_ms - run.started_ms >= TEXT_MS:
            run.text = TextWord.NOT_ANSWERED

    def _break_off(self, text: TextWord, voice: VoiceWord, now: Now, *, end: str = "") -> None:
        run = self._run
        if run is not None:
            run.close(text, voice)
            self._finish(run, now, end=end)

    def _finish(self, run: Run, now: Now, *, end: str = "") -> None:
        """Write what this side measured, tell the peer that we are done, judge it."""
        self._voice.end(run)
        self._run = None
        self._ended.append(run.check)
        held = self._words.held
        result = run.result(disclosed=self._disclosed, words="" if held is None else held.name)
        self.history.take(self._ctx.own, result, now.wall_ms, signed=False)
        # The record may be halted or full to the brim; the alarms below stand all the same.
        with contextlib.suppress(OpenlineError):
            self._write(result_body(result), now)
        self._said = CheckSaid(
            check=run.check, begins=run.begins, ready=run.ready, slot=run.slot, end=end
        )
        self._judge(result, now)
        self._say(now)
        self._ctx.desks(ViewChanged())

    def _judge(self, result: Result, now: Now) -> None:
        """A check of both parts that was carried through meets its slot; a failed part alarms."""
        if result.whole:
            self._turns.done(now)
            self._alarms.clear(alarms.CHECK_MISSED)
        else:
            self._turns.tried(now)
        if result.carried_through and result.failed:
            self._alarms.raise_(alarms.CHECK_FAILED, now, at=clock(now.wall_ms))
        elif result.whole:
            self._alarms.clear(alarms.CHECK_FAILED)

    def _say(self, now: Now) -> None:
        """Say what stands of our side of the check."""
        run = self._run
        said = self._said
        if run is not None:
            said = CheckSaid(
                check=run.check,
                begins=run.begins,
                open=True,
                text=run.text is not TextWord.NOT_ASKED,
                voice=run.voice is not VoiceWord.NOT_ASKED,
                ready=run.ready,
                slot=run.slot,
            )
        hears = self.figures.hears(now) if self._disclosed else None
        said = replace(said, words=self._words.said(said.check), hears=hears)
        if said == CheckSaid() and not self._spoke:
            return  # nothing was ever to be said
        self._spoke = True
        frame = self._out.set(control.CHECK, said.payload())
        if frame is not None:
            self._ctx.send(FrameClass.CONTROL, frame)


def _peer_part(run: Run, part: CheckPart, index: int) -> None:
    """The peer's entry of this check: what begins it, or what answers ours."""
    begun = isinstance(part, Began) and not run.begins
    answered = isinstance(part, Answered) and run.begins and part.of == run.index
    if begun or answered:
        run.of = index
