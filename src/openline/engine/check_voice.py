"""The voice part of a line check: which desks sound and listen, and what they report.

No microphone is opened and no loudspeaker sounds: a chirp goes from audio page to audio page
(spec/check, section 5). A desk that cannot take part is a result.
"""

from openline.engine.check_run import ARM_MS, CHIRP_MS, HOLD_MS, Run
from openline.engine.context import Context
from openline.engine.desk import CheckReport, Chirp, ChirpPart
from openline.engine.watch import Watch
from openline.protocol.checks import DELAY_MS_MAX, Ready
from openline.protocol.clock import Now
from openline.record.checks import VoiceWord


class CheckVoice:
    """See the module."""

    __slots__ = ("_ctx", "_watch")

    def __init__(self, ctx: Context, watch: Watch) -> None:
        """Over the desks of ``watch``."""
        self._ctx = ctx
        self._watch = watch

    def begin(self, run: Run, now: Now) -> None:
        """Choose a desk; the answerer's listens from now on."""
        run.desk = self._next(run)
        if run.desk is None:
            run.ready = Ready.NO_DESK
            run.voice = run.peer_no_desk if run.peer_ready is Ready.NO_DESK else run.no_desk
        elif run.begins:
            run.ready = Ready.READY
        else:
            self._chirp(run, "answer", "hear_call", now)

    def _next(self, run: Run) -> bytes | None:
        """The first desk that hears and has not yet failed to take part."""
        return next((desk for desk in self._watch.hearing() if desk not in run.unfit), None)

    def _chirp(self, run: Run, chosen: ChirpPart, others: ChirpPart, now: Now) -> None:
        run.chirped_ms = now.mono_ms
        for desk in self._watch.hearing():
            part = chosen if desk == run.desk else others
            self._ctx.desk(desk, Chirp(id=run.check.hex(), hold_ms=HOLD_MS, part=part))

    def advance(self, run: Run, now: Now) -> None:
        """Move the part on."""
        if run.voice is not None:
            return
        if run.peer_ready is Ready.NO_DESK:
            run.voice = run.peer_no_desk
        elif run.desk is None or not self._watch.has(run.desk):
            run.voice, run.ready = run.no_desk, Ready.NO_DESK
        elif run.chirped_ms is None:
            if run.begins and run.peer_ready is Ready.READY:
                self._chirp(run, "begin", "hear_answer", now)
        else:
            self._wait(run, now)

    def _another(self, run: Run, now: Now) -> None:
        """The chosen desk does not answer (a headless one knows no chirps): the next, or none."""
        if run.desk is not None:
            run.unfit.add(run.desk)
        run.desk = self._next(run)
        if run.desk is None:
            run.voice, run.ready = run.no_desk, Ready.NO_DESK
        elif run.begins:
            self._chirp(run, "begin", "hear_answer", now)
        else:
            self._chirp(run, "answer", "hear_call", now)

    def _wait(self, run: Run, now: Now) -> None:
        """Our page was asked some time ago."""
        assert run.chirped_ms is not None
        waited_ms = now.mono_ms - run.chirped_ms
        if not run.armed and waited_ms >= ARM_MS:
            self._another(run, now)
        elif run.begins and waited_ms >= CHIRP_MS:
            run.voice = VoiceWord.ONE_WAY if run.heard else VoiceWord.NOT_HEARD

    def report(self, run: Run, desk: bytes, report: CheckReport) -> None:
        """A desk's page says something of this check's chirps."""
        if run.chirped_ms is None or not self._watch.has(desk):
            return
        chosen = desk == run.desk
        if report.state in ("heard", "held"):
            run.heard.add(desk)
        if not chosen or run.voice is not None:
            return
        match report.state:
            case "armed":
                run.armed = True
                run.ready = Ready.READY
            case "held":
                run.voice = VoiceWord.HELD
                if report.delay_ms is not None:
                    run.voice_ms = min(DELAY_MS_MAX, max(0, round(report.delay_ms)))
            case "failed" if run.begins:
                run.voice = VoiceWord.NOT_HEARD
            case _:
                pass

    def end(self, run: Run) -> None:
        """The check is over: whatever sounds or listens stops."""
        if run.chirped_ms is not None:
            self._ctx.desks(Chirp(id=run.check.hex(), hold_ms=0, part="stop"))
