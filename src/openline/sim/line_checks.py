"""Line checks in the simulation: officers begin them by hand, pages hear a chirp or not."""

from collections.abc import Callable

from openline.engine.desk import CheckReport, Chirp
from openline.engine.post import Post
from openline.errors import OpenlineError
from openline.protocol.clock import Now
from openline.sim.chance import Chance
from openline.sim.site import Site


class LineChecks:
    """Those of one side.

    Attributes:
        begun: checks that the post of this side began.
    """

    def __init__(self, site: Site, chance: Chance, stands: Callable[[bytes], bool]) -> None:
        """Of that site; ``stands`` says whether a desk is still there."""
        self._site, self._chance, self._stands = site, chance, stands
        self.begun = 0

    def chirp(self, name: bytes | None, event: Chirp) -> None:
        """A page listens, and hears or not; it transmits nothing that an officer said."""
        if name is None or event.part == "stop":
            return
        self._report(name, CheckReport(check=event.id, state="armed"), 20)
        if self._chance.happens(0.7):
            self._report(name, CheckReport(check=event.id, state="held", delay_ms=60.0), 1_500)

    def _report(self, name: bytes, report: CheckReport, after_ms: int) -> None:
        def say() -> None:
            if self._stands(name):
                self._site.call(lambda post, now: post.checks.desk_says(name, report, now))

        self._site.agenda.after(after_ms, say)

    def until(self, end_ms: int) -> None:
        """Officers begin line checks until then."""
        chance = self._chance.stream("line checks")

        def check() -> None:
            if self._site.agenda.now_ms >= end_ms:
                return
            self._site.agenda.after(chance.between(500, 5_000), check)
            if self._site.running:
                self._site.call(lambda post, now: self._check(post, now, words=chance.happens(0.3)))

        self._site.agenda.after(chance.between(500, 5_000), check)

    def _check(self, post: Post, now: Now, *, words: bool) -> None:
        try:
            name = post.check_now(text=True, voice=True, words=words, now=now)
        except OpenlineError as refusal:
            self._site.trace.say(self._site.role, f"begins no check: {refusal.code}")
            return
        self.begun += 1
        self._site.trace.say(self._site.role, f"begins check {name}")
