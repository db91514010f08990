"""After the faults: what must become true, and what both disks must then hold."""

from typing import TYPE_CHECKING

from openline.engine.ports import StoredState
from openline.record.audit import audit
from openline.record.bodies import KIND_RESTORED
from openline.record.bundle import (
    BundleHeader,
    BundleNote,
    export_sizes,
    read_bundle,
    write_bundle,
)
from openline.record.entry import parse_entry
from openline.record.genesis import parse_genesis
from openline.record.log import RawEntry, Record
from openline.sim.checks import marks_in
from openline.sim.trace import Violation

if TYPE_CHECKING:
    from openline.sim.site import Site
    from openline.sim.world import World


class Quiet:
    """Judges the end of a run."""

    def __init__(self, world: "World") -> None:
        """Of this world."""
        self._world = world

    def reached(self) -> bool:
        """Everything is well."""
        return not self.lacking()

    def lacking(self) -> list[str]:
        """What is not yet well, in words."""
        first, second = self._world.sites
        found = [*self._at(first, second), *self._at(second, first)]
        if not found and first.disk.held.leaves != second.disk.held.leaves:
            found.append("the logs differ")
        return found

    def _at(self, site: "Site", other: "Site") -> list[str]:
        view = site.view()
        if view is None:
            return [f"{site.role} does not run"]
        record, held = view.record, other.disk.held.leaves
        wanted = {
            "link": (view.link.state, "UP"),
            "record": (record.state, "live"),
            "disk": (view.disk_fault, None),
            "outbox": (record.outbox, 0),
            "own entries there": (len(held[site.own]), record.own_size),
            "peer entries here": (record.peer_size, len(held[1 - site.own])),
            "receipted": (record.receipted, record.own_size),
            "sealed": (record.sealed, record.own_size),
            "call": (view.call is None or view.call.state == "ended", True),
        }
        found = [
            f"{site.role} {name} is {has!r}, wanted {want!r}"
            for name, (has, want) in wanted.items()
            if has != want
        ]
        post = site.post
        if not found and post is not None:
            for item in post.timeline(100_000):
                rungs = {rung.name: rung.state for rung in item.ladder}
                low = [name for name in ("written", "receipted", "sealed") if name in rungs]
                if item.kind == "text" and item.whose == "own":
                    waiting = [name for name in low if rungs[name] != "done"]
                    found += [f"{site.role} {item.id} {name} waits" for name in waiting]
        return found

    # --- on the disks ----------------------------------------------------------------------------

    def judge_disks(self) -> None:
        """Both disks hold one record, every text that was taken, and export what verifies."""
        world = self._world
        states = [site.disk.left() for site in world.sites]
        marks = [marks_in(state) for state in states]
        if marks[0] != marks[1]:
            raise Violation("liveness", f"texts on one disk only: {marks[0] ^ marks[1]}")
        for site, room in zip(world.sites, world.rooms, strict=True):
            promises = world.checks.promises[site.side]
            promises.suspended = False
            world.checks.keep_promises(site, site.disk.held)
            lost = {mark.strip("[]") for mark in room.taken - promises.taken_before} - marks[0]
            if lost:
                raise Violation("taken-kept", f"texts taken by {site.role} are gone: {lost}")
        world.checks.seen.update(world.checks.calls.judge(states))
        bundles = [
            self._bundle(site, state) for site, state in zip(world.sites, states, strict=True)
        ]
        if bundles[0] != bundles[1]:
            raise Violation("liveness", "the two exports differ in content")

    def _said_restored(self, site: "Site", state: StoredState) -> None:
        """What came back after an old backup is told in the record."""
        lost_from = self._world.checks.promises[site.side].lost_from
        if lost_from is None:
            return
        later = state.entries[site.own][lost_from:]
        if all(parse_entry(entry.leaf).claims.kind != KIND_RESTORED for entry in later):
            raise Violation("said-restored", f"{site.role} does not say that it was restored")

    def _bundle(self, site: "Site", state: StoredState) -> object:
        """Export and verify as an auditor would; returns the content."""
        genesis = parse_genesis(state.genesis)
        first, second = state.genesis_signatures
        if first is None or second is None:
            raise Violation("liveness", f"{site.role} lacks a signature of the genesis")
        raw = (_raw(state, 0), _raw(state, 1))
        record = Record(genesis)
        record.load(raw)
        sizes = export_sizes(record, (_receipts(state, 0), _receipts(state, 1)))
        notes = sorted(
            (
                BundleNote(
                    log=note.log,
                    size=note.size,
                    note=note.note or None,
                    receipt=note.receipt,
                    seal_author=note.seal_author,
                    seal_holder=note.seal_holder,
                )
                for note in state.notes
                if note.size <= sizes[note.log]
            ),
            key=lambda note: (note.log, note.size),
        )
        cut = (raw[0][: sizes[0] - 1], raw[1][: sizes[1] - 1])
        header = BundleHeader(exporter=site.own, exported_ms=1, sizes=sizes, notes=len(notes))
        data = b"".join(write_bundle(header, genesis, (first, second), cut, notes))
        report = audit(data, (genesis.cards[0].fingerprint, genesis.cards[1].fingerprint))
        if not report.verified:
            failed = [
                f"{step.name} {step.code}" for step in report.steps if step.result == "failed"
            ]
            raise Violation("verify", f"the export of {site.role} does not verify: {failed}")
        bundle = read_bundle(data)
        return bundle.genesis, bundle.genesis_signatures, bundle.entries


def _raw(state: StoredState, log: int) -> list[RawEntry]:
    return [(entry.leaf, entry.salt, entry.body) for entry in state.entries[log][1:]]


def _receipts(state: StoredState, log: int) -> list[int]:
    return [note.size for note in state.notes if note.log == log and note.receipt is not None]
