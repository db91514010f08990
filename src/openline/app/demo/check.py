"""``openline demo --check``: the first minute without anybody, and whether all of it held.

Each part judges what the posts and desks themselves counted. A part that fails
is named with its reason; the others are tried all the same.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from openline.app.demo.desks import DeskPair
from openline.app.demo.evidence import verify
from openline.app.demo.figures import Spread, fsync_floor, load, spread
from openline.app.demo.posts import SIDES, Side, opposite
from openline.app.demo.progress import Progress
from openline.app.demo.scene import PATHS, Scene
from openline.errors import ConfigError, OpenlineError
from openline.record.bundle import read_bundle

TEXTS_EACH_WAY: Final = 16
PICK_UPS_EACH_WAY: Final = 6
WORD_S: Final = 0.9
PAUSE_S: Final = 0.7
CUT_AFTER_S: Final = 1.0
CUT_FOR_S: Final = 1.5
LAMP_S_MAX: Final = 10.0
RECORDS_S_MAX: Final = 10.0
GENESIS_ENTRIES: Final = 2  # it stands at index 0 of both logs
EXPECTED_GROUP: Final = "X25519MLKEM768"


@dataclass(slots=True)
class Findings:
    """All that a check found; ``ok`` only when every part held."""

    desks: str
    link_up_ms: float | None = None
    tls_group: str | None = None
    pickup_to_heard_ms: Spread = field(default_factory=lambda: spread(()))
    text_receipted_ms: Spread = field(default_factory=lambda: spread(()))
    path_cut: dict[str, Any] = field(default_factory=dict)
    restart: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    failed: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every part held."""
        return not self.failed

    def as_map(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "ok": self.ok,
            "desks": self.desks,
            "tls_group": self.tls_group,
            "link_up_ms": self.link_up_ms,
            "pickup_to_heard_ms": self.pickup_to_heard_ms,
            "text_receipted_ms": self.text_receipted_ms,
            "path_cut": self.path_cut,
            "restart": self.restart,
            "record": self.record,
            "machine": self.machine,
            "failed": self.failed,
        }


class Check:
    """One run over a running scene.

    Args:
        scene: the posts.
        desks: two desks that sit at them.
        progress: told what is being done.
    """

    def __init__(self, scene: Scene, desks: DeskPair, progress: Progress) -> None:
        """See the class."""
        self._scene = scene
        self._desks = desks
        self._progress = progress
        self._written: dict[Side, int] = dict.fromkeys(SIDES, 0)
        self.findings = Findings(desks.kind)

    async def run(self, link_up_ms: float) -> Findings:
        """Do all parts.

        Args:
            link_up_ms: from the start of both posts' processes to LINK UP on both sides.
        """
        found = self.findings
        found.link_up_ms = round(link_up_ms, 1)
        found.machine = {"load_before": load(), "fsync_ms": fsync_floor(self._scene.folder)}
        parts = (self._link, self._voice, self._texts, self._cut, self._restart, self._record)
        for part in parts:
            await self._try(part.__name__.strip("_"), part)
        found.machine |= {"load_after": load(), "rtt_ms": await self._round_trips()}
        return found

    async def _round_trips(self) -> Spread:
        """Of both posts over both paths, each the last that its link measured."""
        statuses = [said for said in (await self._scene.statuses()).values() if said is not None]
        paths = [path for said in statuses for path in said["link"]["paths"]]
        return spread([path["rtt_ms"] for path in paths if path["rtt_ms"] is not None])

    async def _try(self, name: str, part: Any) -> None:  # noqa: ANN401 a bound coroutine function
        try:
            with self._progress.step(f"demo.check.{name}"):
                await part()
        except OpenlineError as fault:
            self._fail(name, fault.code, **fault.facts)

    def _fail(self, part: str, code: str, **facts: str | float | None) -> None:
        self.findings.failed.append({"part": part, "code": code, "facts": facts})
        self._progress.say("demo.check.failed", part=part, code=code)

    async def _status(self, side: Side) -> dict[str, Any]:
        said = (await self._scene.statuses())[side]
        if said is None:
            raise ConfigError("demo.post_silent", "", side=side, reason="")
        return said

    async def _link(self) -> None:
        status = await self._status("left")
        self.findings.tls_group = status["link"]["tls_group"]
        if self.findings.tls_group != EXPECTED_GROUP:
            self._fail("link", "demo.tls_group", group=str(self.findings.tls_group))

    async def _voice(self) -> None:
        await self._desks.ready()
        took: list[float] = []
        try:
            for number in range(2 * PICK_UPS_EACH_WAY):
                side = SIDES[number % 2]
                async with self._speaking(side, took):
                    await asyncio.sleep(WORD_S)
                await asyncio.sleep(PAUSE_S)
        finally:
            self.findings.pickup_to_heard_ms = spread(took)

    @contextlib.asynccontextmanager
    async def _speaking(self, side: Side, took: list[float]) -> AsyncIterator[None]:
        try:
            took.append(await self._desks.pick_up(side))
            yield
        finally:
            await self._desks.release(side)

    async def _write(self, side: Side, text: str) -> float:
        took = await self._desks.write(side, text)
        self._written[side] += 1
        return took

    async def _texts(self) -> None:
        took: list[float] = []
        try:
            for number in range(2 * TEXTS_EACH_WAY):
                side = SIDES[number % 2]
                took.append(await self._write(side, f"Line check {number // 2 + 1} from {side}."))
        finally:
            self.findings.text_receipted_ms = spread(took)

    async def _cut(self) -> None:
        path = self._scene.paths[PATHS[0]]
        before = await self._media()
        receipted = 0
        try:
            async with self._speaking("left", []):
                await asyncio.sleep(CUT_AFTER_S)
                path.cut()
                for side in SIDES:
                    await self._write(side, f"Written by {side} while a path was cut.")
                    receipted += 1
                await asyncio.sleep(CUT_FOR_S)
        finally:
            path.restore()
            after = await self._media()
            lost = sum(after[side]["lost"] - before[side]["lost"] for side in SIDES)
            carried = sum(after[side]["received"] - before[side]["received"] for side in SIDES)
            self.findings.path_cut = {
                "voice_packets_lost": lost,
                "voice_packets_received": carried,
                "texts_lost": len(SIDES) - receipted,
                "datagrams_swallowed": path.carried.datagrams_cut,
            }
        if lost or not carried or not path.carried.datagrams_cut:
            self._fail("cut", "demo.voice_lost", lost=lost)
        await self._scene.until(all_lamps_lit, LAMP_S_MAX, "demo.path_not_back")

    async def _media(self) -> dict[Side, dict[str, int]]:
        statuses = await self._scene.statuses()
        return {side: dict((said or {})["media"]) for side, said in statuses.items()}

    async def _restart(self) -> None:
        post = self._scene.posts["right"]
        sizes = await self._sizes()
        await post.kill()
        pending = asyncio.ensure_future(self._desks.write("left", "Written while you were away."))
        await asyncio.sleep(0.5)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await post.start()
        answered_ms = (loop.time() - began) * 1000
        await self._scene.link_up()
        up_ms = (loop.time() - began) * 1000
        self.findings.restart = {
            "answered_ms": round(answered_ms, 1),
            "link_up_ms": round(up_ms, 1),
            "texts_lost": None,
        }
        try:
            await pending
        finally:
            kept = await self._sizes()
            lost = sum(max(0, sizes[side] - kept[side]) for side in SIDES)
            lost += 0 if pending.done() and pending.exception() is None else 1
            self.findings.restart["texts_lost"] = lost
        self._written["left"] += 1
        if lost:
            self._fail("restart", "demo.texts_lost", lost=lost)
        await self._desks.ready()
        async with self._speaking("right", []):
            await asyncio.sleep(WORD_S)

    async def _sizes(self) -> dict[Side, int]:
        """How many entries of each party stand in the other post's copy."""
        statuses = await self._scene.statuses()
        return {
            side: int((statuses[opposite(side)] or {})["record"]["peer_size"]) for side in SIDES
        }

    async def _record(self) -> None:
        await self._scene.until(records_level, RECORDS_S_MAX, "demo.records_differ")
        files = await asyncio.gather(*(self._scene.export(side) for side in SIDES))
        verdicts = await asyncio.gather(*(verify(file, self._scene.pins) for file in files))
        held = all(verdict.held for verdict in verdicts)
        bundles = [read_bundle(file.read_bytes()) for file in files]
        entries = [(bundle.genesis, bundle.entries) for bundle in bundles]
        kept = sum(len(log) for log in bundles[0].entries)
        identical = entries[0] == entries[1]
        self.findings.record = {
            "entries": kept + GENESIS_ENTRIES,
            "identical": identical,
            "verified": held,
            "texts_written": sum(self._written.values()),
        }
        if not held:
            reason = next(verdict.output for verdict in verdicts if not verdict.held)
            self._fail("record", "demo.not_verified", reason=reason[-400:])
        elif not identical:
            self._fail("record", "demo.records_differ", seconds=round(RECORDS_S_MAX))


def all_lamps_lit(statuses: dict[Side, dict[str, Any] | None]) -> bool:
    """Whether both posts show every path up."""
    return all(
        said is not None and all(path["lamp"] == "up" for path in said["link"]["paths"])
        for said in statuses.values()
    )


def records_level(statuses: dict[Side, dict[str, Any] | None]) -> bool:
    """Whether both posts hold all of both logs, receipted."""
    records = [said["record"] for said in statuses.values() if said is not None]
    return (
        len(records) == len(SIDES)
        and records[0]["own_size"] == records[1]["peer_size"]
        and records[1]["own_size"] == records[0]["peer_size"]
        and all(one["receipted"] == one["own_size"] and not one["outbox"] for one in records)
    )
