"""One run: two posts, their faults, their people, and then the quiet in which all must be well."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openline.engine.ports import PostSettings
from openline.engine.post import Post
from openline.protocol.manners import ALWAYS, NEVER, Accepts
from openline.sim.agenda import Agenda, Clock
from openline.sim.chance import Chance
from openline.sim.checks import Checks
from openline.sim.desks import DeskRoom
from openline.sim.disk import Disk
from openline.sim.faults import Faults
from openline.sim.parties import Party, parties
from openline.sim.quiet import Quiet
from openline.sim.site import MakePost, Site
from openline.sim.trace import Trace, Violation
from openline.sim.wire import Wire

QUIET_MS_MAX: Final = 60_000
"""So long after the last fault everything must be well."""
LOOK_MS: Final = 500
RULES: Final = ((ALWAYS, 8), (NEVER, 1), ("00:00-12:00", 1))
"""What a side accepts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What kind of run.

    Attributes:
        faults: with faults of link and disk, or none at all. swapped: the sites play the other
            party each. disks_only: see :class:`openline.sim.checks.Checks`.
        make_posts: how each side's engine is made; the tests plant faults here.
        busy_ms: how long people write and things break; None: as the seed wants.
        restore: whether a disk is put back to a backup; None: as the seed wants.
        line_checks: officers check the line by hand, all the time.
    """

    faults: bool = True
    swapped: bool = False
    disks_only: bool = False
    make_posts: tuple[MakePost, MakePost] = (Post, Post)
    busy_ms: int | None = None
    restore: bool | None = None
    line_checks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended.

    Attributes:
        rule: the rule that was broken, or "". digest, shape: see :class:`openline.sim.trace.Trace`.
        tail: the last events. facts: what happened how often.
    """

    seed: int
    rule: str
    what: str
    digest: str
    shape: str
    tail: tuple[str, ...]
    facts: dict[str, int]

    @property
    def passed(self) -> bool:
        """Every rule held."""
        return not self.rule


class World:
    """Everything of one run."""

    def __init__(self, seed: int, folder: Path, plan: Plan) -> None:
        """Make it; nothing runs yet."""
        self.seed, self.plan = seed, plan
        self.chance = Chance(f"openline sim {seed}")
        self.agenda = Agenda()
        self.trace = Trace(self.agenda)
        self.wire = Wire(self.agenda, self.chance.stream("wire"))
        self.checks = Checks(disks_only=plan.disks_only)
        disclosure = self.chance.weighted(((0, 1), (1, 1), (2, 3)))
        both = parties(disclosure)
        self.sites = (
            self._site(0, both, folder, plan),
            self._site(1, both, folder, plan),
        )
        rooms = [
            DeskRoom(site, self.chance.stream(f"desks {site.role}"), self.checks)
            for site in self.sites
        ]
        self.rooms = (rooms[0], rooms[1])
        for site, room in zip(self.sites, self.rooms, strict=True):
            site.desks, site.watcher = room, self.checks
        self.checks.attach(self.sites, self.rooms)
        self.faults = Faults(self)
        self.checks.on_death = self.faults.died
        self.quiet = Quiet(self)

    def _site(self, side: int, both: tuple[Party, Party], folder: Path, plan: Plan) -> Site:
        own = 1 - side if plan.swapped else side
        chance = self.chance.stream(f"site {side}")
        faulty = plan.faults
        clock = Clock(
            self.agenda,
            mono_ms=chance.between(1_000, 10_000_000),
            skew_ms=chance.between(-90_000, 90_000) if faulty else 0,
            drift=chance.between(-200, 200) if faulty else 0,
        )
        site = Site(
            side,
            both[own],
            both[1 - own],
            Disk(folder / "xy"[side], both[own].founded, chance.stream("disk")),
            clock,
            (self.agenda, chance, self.trace, self.wire),
            PostSettings(
                announces_per_hour=4,
                untaken_ms=8_000,
                quiet_ms=6_000,
                accepts=Accepts(
                    announce=chance.weighted(RULES),
                    ring=chance.weighted(RULES),
                    two_way=chance.weighted(RULES),
                ),
                words_days=7 if plan.line_checks else 0,
            ),
            plan.make_posts[side],
        )
        site.own = own
        return site

    def run(self) -> None:
        """Run it.

        Raises:
            Violation: a rule was broken.
        """
        self.wire.attach(self.sites)
        for site in self.sites:
            site.start()
        busy_ms = self.plan.busy_ms or self.chance.between(10_000, 30_000)
        self.faults.plan(busy_ms)
        if self.plan.line_checks:
            for room in self.rooms:
                room.line_checks.until(busy_ms)
        self.agenda.run_until(busy_ms)
        self.faults.stop()
        self.trace.say("", "the faults are over")
        stop_ms = self.agenda.now_ms + QUIET_MS_MAX
        while not self.quiet.reached():
            if self.agenda.now_ms >= stop_ms:
                raise Violation("liveness", "; ".join(self.quiet.lacking()))
            self.agenda.run_until(self.agenda.now_ms + LOOK_MS)
        self.trace.say("", "all is well")
        for site in self.sites:
            site.stop()
        self.quiet.judge_disks()

    def close(self) -> None:
        """Give up the files."""
        for site in self.sites:
            site.stop()

    def facts(self) -> dict[str, int]:
        """What happened how often."""
        held = self.sites[0].disk.held
        return {
            "virtual_ms": self.agenda.now_ms,
            "frames": self.wire.delivered,
            "entries": len(held.leaves[0]) + len(held.leaves[1]) - 2,
            "texts": sum(len(room.taken) for room in self.rooms),
            "starts": sum(site.starts for site in self.sites),
            "line_checks": sum(room.line_checks.begun for room in self.rooms),
            **self.checks.seen,
            **self.faults.count,
        }


def simulate(seed: int, plan: Plan | None = None) -> Outcome:
    """Run one seed in a folder of its own, in memory where the machine allows."""
    with _folder() as folder:
        world = World(seed, folder, plan or Plan())
        rule = what = ""
        try:
            world.run()
        except Violation as found:
            rule, what = found.rule, found.what
        finally:
            world.close()
        return Outcome(
            seed=seed,
            rule=rule,
            what=what,
            digest=world.trace.digest,
            shape=world.trace.shape,
            tail=world.trace.tail(),
            facts=world.facts(),
        )


@contextmanager
def _folder() -> Iterator[Path]:
    memory = Path("/dev/shm")  # noqa: S108 a folder of random name is made in it
    folder = Path(tempfile.mkdtemp(prefix="openline-sim-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
