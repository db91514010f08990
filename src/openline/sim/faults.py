"""What goes wrong in a run, and when; all of it ends at once."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from openline.sim.disk import CRASH_STEPS, FAULTS
from openline.sim.wire import Path

if TYPE_CHECKING:
    from openline.sim.site import Site
    from openline.sim.world import World

HOUR_MS: Final = 3_600_000

MIX: Final = (
    ("cut", 8), ("one-way", 6), ("both-cut", 3), ("poor", 8), ("no-datagrams", 3), ("reset", 4),
    ("rekey", 4), ("kill", 3), ("kill-at-commit", 6), ("kill-both", 1), ("disk-once", 5),
    ("disk-full", 2), ("disk-slow", 4), ("clock", 3),
)  # fmt: skip
"""Faults and how often they come; each run has more of some and nothing of others."""

PACES_MS: Final = (400, 1_200, 3_000)
WRITING_MS: Final = (80, 400, 900, 2_000)
DISTANCES_MS: Final = ((1, 3), (5, 15), (40, 70), (120, 300), (250, 320))
"""Shortest and longest way of a frame on a path that is well."""


class Faults:
    """Plans people's acts and faults of link, disk, clock and power."""

    def __init__(self, world: "World") -> None:
        """Nothing is planned yet."""
        self._world = world
        self._agenda = world.agenda
        self._chance = world.chance.stream("faults")
        self._over = False
        self.count: dict[str, int] = {}
        self._restores = 1
        self._mix = tuple((what, much * self._chance.pick((0, 1, 1, 3))) for what, much in MIX)
        self._mix += (("clock", 1),)
        self._distances = [self._chance.pick(DISTANCES_MS) for _ in world.wire.paths]
        self._calm_ways()

    def plan(self, busy_ms: int) -> None:
        """People begin to act; so does bad luck."""
        world = self._world
        for site, room in zip(world.sites, world.rooms, strict=True):
            chance = world.chance.stream(f"people {site.role}")
            pace = chance.pick(WRITING_MS)
            self._often(partial(chance.between, 20, 2 * pace), room.act)
        if not world.plan.faults:
            return
        pace = self._chance.pick(PACES_MS)
        self._often(partial(self._chance.between, 20, 2 * pace), self._fault)
        wanted = world.plan.restore
        if self._chance.happens(0.35) if wanted is None else wanted:
            site = self._chance.pick(world.sites)
            self._agenda.after(
                self._chance.between(500, busy_ms * 2 // 3), lambda: self._back_up(site)
            )
        else:
            self._restores = 0

    def _calm_ways(self) -> None:
        for path, distance in zip(self._world.wire.paths, self._distances, strict=True):
            for way in path.ways:
                way.loss = way.double = 0.0
                way.low_ms, way.high_ms = distance

    def _often(self, wait: Callable[[], int], act: Callable[[], None]) -> None:
        def again() -> None:
            if self._over:
                return
            act()
            self._agenda.after(wait(), again)

        self._agenda.after(wait(), again)

    # --- one fault -------------------------------------------------------------------------------

    def _fault(self) -> None:
        what = self._chance.weighted(self._mix)
        self.count[what] = self.count.get(what, 0) + 1
        chance = self._chance
        path, site = chance.pick(self._world.wire.paths), chance.pick(self._world.sites)
        if what in {"cut", "one-way", "poor", "no-datagrams", "reset", "rekey"}:
            self._path_fault(what, path)
        elif what == "both-cut":
            for each in self._world.wire.paths:
                self._block(each, (0, 1), chance.between(100, 14_000))
        elif what == "kill":
            site.crash()
        elif what == "kill-at-commit":
            site.mood.crash_at = chance.pick(CRASH_STEPS)
        elif what == "kill-both":
            for victim in self._world.sites:
                victim.crash()
        else:
            self._site_fault(what, site)
        self._world.trace.say("", f"fault {what}")

    def _path_fault(self, what: str, path: Path) -> None:
        wire, chance = self._world.wire, self._chance
        if what == "cut":
            self._block(path, (0, 1), chance.between(50, 8_000))
        elif what == "one-way":
            self._block(path, (chance.between(0, 1),), chance.between(50, 8_000))
        elif what == "poor":
            way = chance.pick(path.ways)
            way.loss, way.double = chance.between(0, 60) / 100, chance.between(0, 30) / 100
            way.low_ms = chance.between(1, 300)
            way.high_ms = way.low_ms + chance.between(1, 300)
        elif what == "no-datagrams":
            path.no_datagrams = True
            self._agenda.after(
                chance.between(500, 8_000), lambda: setattr(path, "no_datagrams", False)
            )
        elif what == "reset":
            wire.reset(path)
        else:
            wire.rekey(path)

    def _block(self, path: Path, sides: tuple[int, ...], ms: int) -> None:
        for side in sides:
            self._world.wire.block(path, side)
        self._agenda.after(ms, lambda: self._unblock(path, sides))

    def _unblock(self, path: Path, sides: tuple[int, ...]) -> None:
        for side in sides:
            self._world.wire.unblock(path, side)

    def _site_fault(self, what: str, site: "Site") -> None:
        chance, mood = self._chance, site.mood
        if what == "disk-once":
            mood.once = chance.pick(FAULTS)
        elif what == "disk-full":
            mood.fault = chance.pick(FAULTS[:3])
            self._agenda.after(chance.between(200, 6_000), lambda: setattr(mood, "fault", ""))
        elif what == "disk-slow":
            mood.low_ms, mood.high_ms = chance.pick(((5, 60), (50, 400), (200, 1_500)))
            self._agenda.after(chance.between(500, 6_000), lambda: self._fast(site))
        elif what == "clock":
            site.clock.skew_ms += chance.between(-48 * HOUR_MS, 48 * HOUR_MS)

    @staticmethod
    def _fast(site: "Site") -> None:
        site.mood.low_ms, site.mood.high_ms = 1, 12

    # --- death and backup ------------------------------------------------------------------------

    def died(self, site: "Site") -> None:
        """A post died: it comes back, perhaps with another clock, perhaps with an old disk."""
        chance = self._chance
        if self._restores and site.disk.backup is not None and chance.happens(0.8):
            self._restores = 0
            self.count["restored"] = 1
            site.disk.restore()
            self._world.checks.restored(site)
            self._world.trace.say(site.role, "its disk is put back to the backup")
            # Putting a backup back takes people: by then nothing of the old start is on its way.
            self._agenda.after(chance.between(4_000, 9_000), partial(self._start_restored, site))
            return
        if chance.happens(0.5):  # the machine went down with it: its clock begins anew
            site.clock.mono_ms = chance.between(0, 10_000) - self._agenda.now_ms
        self._agenda.after(chance.between(20, chance.pick((200, 1_000, 6_000))), site.start)

    def _back_up(self, site: "Site") -> None:
        if site.disk.backup is None:
            site.disk.back_up()
            self._world.trace.say(site.role, "backs up its disk")
            self._agenda.after(self._chance.between(300, 9_000), site.crash)

    def _start_restored(self, site: "Site") -> None:
        site.start()
        if self._chance.happens(0.5):  # bad luck seldom comes alone: again while it heals
            delay = self._chance.between(0, 1_500)
            self._agenda.after(delay, partial(self._doom, site, self._chance.pick(CRASH_STEPS)))

    def _doom(self, site: "Site", step: str) -> None:
        if not self._over:
            site.mood.crash_at = step

    def stop(self) -> None:
        """No fault any more; people go home, one desk each is attended."""
        self._over = True
        world = self._world
        for path in world.wire.paths:
            path.no_datagrams = False
            self._unblock(path, (0, 1))
        self._calm_ways()
        for site, room in zip(world.sites, world.rooms, strict=True):
            site.mood.fault = site.mood.once = site.mood.crash_at = ""
            self._fast(site)
            if site.disk.unconfirmed:  # nobody but a new start can mend it
                site.crash()
            room.calm()
