"""What must hold at every step: the safety rules of docs/simulation.md, each by its name."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from openline.engine.desk import PostView, TimelineItem
from openline.engine.ports import SendFrame, SetControl, StoredState
from openline.engine.timeline import ITEMS_MAX
from openline.protocol.frames import FrameClass, parse_batch, parse_seal
from openline.record.cbor import as_bytes, decode_list
from openline.record.genesis import make_genesis
from openline.record.hello import parse_hello_frame, verify_hello
from openline.record.limits import NOTE_BYTES_MAX
from openline.record.notes import parse_checkpoint, parse_note
from openline.record.tree import MerkleTree, leaf_hash
from openline.sim.call_checks import CallChecks
from openline.sim.desks import DeskRoom
from openline.sim.disk import Held, held_in
from openline.sim.site import Site
from openline.sim.trace import Violation

UP_MS: Final = 2_000
DESK_SILENT_MS: Final = 5_000
TOLERATED_REFUSALS: Final = frozenset({"handshake.replayed"})
"""An honest peer is refused for nothing else: a HELLO of its start before may come late."""
TOLERATED_AFTER_RESTORE: Final = frozenset(
    {
        "handshake.own_log_missing",
        "handshake.forgot",
        "handshake.head_lost",
    }
)
"""What is kept about a post whose disk was put back, and by that post."""

_MARK: Final = re.compile(rb"\[([xy]\d+)\]")


@dataclass(slots=True)
class Promises:
    """What one site's frames have told the peer, and what its desks were shown.

    Attributes:
        own: leaves of own entries that were ever sent. receipt: size and root of the largest
            receipt that ever left. suspended: its disk was put back to a backup; what it lost has
            not come back yet. taken_before: texts taken before that. lost_from: the peer held own
            entries from here on which the backup lacked: it must be said in the record.
    """

    own: dict[int, bytes] = field(default_factory=dict)
    receipt: tuple[int, bytes] = (0, b"")
    suspended: bool = False
    trip_ms: int | None = None
    boot_marks: dict[str, int] = field(default_factory=dict)
    disk_marks: dict[str, int] = field(default_factory=dict)
    ladders: dict[str, dict[str, str]] = field(default_factory=dict)
    final: dict[str, tuple[int, int]] = field(default_factory=dict)
    taken_before: set[str] = field(default_factory=set)
    lost_from: int | None = None


def marks_in(state: StoredState) -> set[str]:
    """Marks of the texts that are on this disk, in the record or in the outbox."""
    bodies: list[bytes] = [item.body for item in state.outbox]
    for half in state.entries:
        bodies += [entry.body for entry in half if entry.body is not None]
    return {found.decode() for body in bodies for found in _MARK.findall(body)}


class Checks:
    """Implements :class:`openline.sim.site.Watcher` and :class:`openline.sim.desks.Listener`."""

    def __init__(self, *, disks_only: bool = False) -> None:
        """Nothing was seen yet.

        Args:
            disks_only: receipts are judged by what a crash leaves alone, not as they leave or are
                shown (so that the tests can try that judgement by itself).
        """
        self._live = not disks_only
        self.on_death: Callable[[Site], None] = lambda _site: None
        self._sites: tuple[Site, Site]
        self._rooms: tuple[DeskRoom, DeskRoom]
        self.promises = (Promises(), Promises())
        self.seen: Counter[str] = Counter()
        self.put_back = False
        self.calls = CallChecks()

    def attach(self, sites: tuple[Site, Site], rooms: tuple[DeskRoom, DeskRoom]) -> None:
        """Watch these."""
        self._sites, self._rooms = sites, rooms
        self._genesis = make_genesis(sites[0].party.card, sites[1].party.card)

    # --- before a frame leaves -------------------------------------------------------------------

    def sending(self, site: Site, command: SendFrame) -> None:
        """Rule commit-first: what a frame carries is durable before it leaves."""
        held = site.disk.held
        self.seen[f"sent {FrameClass(command.frame_class).name}"] += 1
        match command.frame_class:
            case FrameClass.BATCH:
                self._sending_batch(site, command.body, held)
            case FrameClass.RECEIPT:
                if self._live and command.body not in held.proofs:
                    raise Violation("commit-first", f"{site.role} sends a receipt not on its disk")
                note = as_bytes(decode_list(command.body, 2 * NOTE_BYTES_MAX, 2)[0])
                checkpoint = parse_checkpoint(parse_note(note).text)
                mine = self.promises[site.side]
                if checkpoint.size > mine.receipt[0]:
                    mine.receipt = (checkpoint.size, checkpoint.root)
            case FrameClass.SEAL:
                if parse_seal(command.body) not in held.proofs:
                    raise Violation("commit-first", f"{site.role} sends a seal not on its disk")
            case FrameClass.HELLO:
                raw, _ = parse_hello_frame(command.body)
                hello = verify_hello(self._genesis, site.own, raw)
                sizes = (len(held.leaves[site.own]), len(held.leaves[1 - site.own]))
                if hello.own_size > sizes[0] or hello.held_size > sizes[1]:
                    raise Violation("commit-first", f"{site.role} claims in HELLO what is not held")
            case _:
                pass

    def _sending_batch(self, site: Site, body: bytes, held: Held) -> None:
        batch = parse_batch(body)
        leaves = held.leaves[batch.log]
        for index, entry in enumerate(batch.entries, batch.first):
            if index >= len(leaves) or leaves[index] != entry.leaf:
                raise Violation("commit-first", f"{site.role} sends entry {index}, not on its disk")
            self.seen["sent returned entry"] += batch.log != site.own
            if batch.log == site.own:
                self.promises[site.side].own[index] = entry.leaf
        if batch.note is not None and batch.note not in held.proofs:
            raise Violation("commit-first", f"{site.role} sends a checkpoint not on its disk")

    # --- after a transaction ---------------------------------------------------------------------

    def committed(self, site: Site, before: tuple[int, int]) -> None:
        """Rule one-record: of each log both disks hold the same, as far as both hold it."""
        mine, other = site.disk.held.leaves, self._sites[1 - site.side].disk.held.leaves
        for log in (0, 1):
            both = min(len(mine[log]), len(other[log]))
            for index in range(before[log], both):
                if mine[log][index] != other[log][index]:
                    raise Violation("one-record", f"log {log} differs at {index}")

    # --- at a crash ------------------------------------------------------------------------------

    def died(self, site: Site) -> None:
        """Rule receipted-kept: the disk, as the crash left it, holds all that was promised."""
        state = site.disk.left()
        site.disk.held = held = held_in(state)
        mine = self.promises[site.side]
        self.keep_promises(site, held)
        lost = {mark.strip("[]") for mark in self._rooms[site.side].taken - mine.taken_before}
        lost -= marks_in(state)
        if lost and not mine.suspended:
            raise Violation("taken-kept", f"{site.role} lost texts that it had taken: {lost}")
        self.on_death(site)

    def keep_promises(self, site: Site, held: Held) -> None:
        """Judge a disk by what left this post."""
        mine = self.promises[site.side]
        own, peer = held.leaves[site.own], held.leaves[1 - site.own]
        size, root = mine.receipt
        lost_own = [i for i, leaf in mine.own.items() if i >= len(own) or own[i] != leaf]
        if mine.suspended:
            if lost_own or size > len(peer):
                return
            mine.suspended = False
        if lost_own:
            raise Violation("sent-kept", f"{site.role} sent entry {min(lost_own)} and lost it")
        if size and (size > len(peer) or _root(peer[:size]) != root):
            raise Violation(
                "receipted-kept", f"{site.role} receipted {size}, its disk holds {len(peer)}"
            )

    def restored(self, site: Site) -> None:
        """The disk was put back: what was lost may be lost until the peer has given it back."""
        mine, other = self.promises[site.side], self._sites[1 - site.side]
        site.disk.held = held_in(site.disk.left())
        there = other.disk.held.leaves[site.own]
        mine.own = {i: leaf for i, leaf in mine.own.items() if i < len(there)}
        mine.suspended = self.put_back = True
        own = len(site.disk.held.leaves[site.own])
        mine.lost_from = own if own < len(there) else None
        mine.disk_marks.clear()
        mine.ladders.clear()
        mine.final.clear()
        mine.taken_before |= self._rooms[site.side].taken

    # --- at every step ---------------------------------------------------------------------------

    def started(self, site: Site, state: StoredState) -> None:
        """A new start: what was shown before holds, for it was durable."""
        mine = self.promises[site.side]
        mine.boot_marks.clear()
        mine.trip_ms = None
        site.disk.held = held_in(state)
        post = site.post
        if post is not None:
            items = post.timeline(ITEMS_MAX)
            self.timeline(site, items)
            gone = {name for name in mine.ladders if not name.startswith("outbox")}
            gone -= {item.id for item in items}
            if gone and len(items) < ITEMS_MAX:  # a longer timeline shows its newest items only
                raise Violation("no-way-back", f"{site.role} shows {sorted(gone)[:3]} no more")
        self.stepped(site)

    def round_trip(self, site: Site) -> None:
        """A proof was handed in."""
        self.promises[site.side].trip_ms = site.agenda.now_ms

    def stepped(self, site: Site) -> None:
        """Everything that a view must never show."""
        view = site.view()
        if view is None:
            return
        self.seen["steps"] += 1
        self.seen["steps up"] += view.link.state == "UP"
        self.seen["steps live"] += view.record.state == "live"
        self.seen["steps in calls"] += view.call is not None and view.call.state != "ended"
        self.seen["steps held"] += view.call is not None and view.call.state == "held"
        self.seen["steps two-way"] += view.call is not None and view.call.two_way == "open"
        self.seen["steps latched"] += any(
            desk.latched for desk in self._rooms[site.side].open.values()
        )
        self._contact(site, view)
        self._no_way_back(site, view)
        self.calls.stepped(site, view, self._rooms[site.side])
        self._said_talking(site)
        if view.record.state == "halted":
            raise Violation("honest", f"{site.role} halted its record: {view.record.fault}")

    def _contact(self, site: Site, view: PostView) -> None:
        """Rule up-earned: UP, and a word on the peer's watch, only with a fresh round trip."""
        trip_ms = self.promises[site.side].trip_ms
        fresh = trip_ms is not None and site.agenda.now_ms - trip_ms < UP_MS
        if view.link.state == "UP" and not fresh:
            raise Violation("up-earned", f"{site.role} shows UP, last round trip at {trip_ms}")
        if view.peer_watch.attended is not None and not fresh:
            raise Violation("up-earned", f"{site.role} shows the peer's watch without contact")

    def _no_way_back(self, site: Site, view: PostView) -> None:
        """Rule no-way-back: sizes, receipts and seals only grow, also over a restart."""
        mine, record = self.promises[site.side], view.record
        shown = {
            "own": record.own_size,
            "peer": record.peer_size,
            "receipted": record.receipted,
            "sealed": record.sealed,
        }
        for marks in (mine.boot_marks, mine.disk_marks):
            for name, size in shown.items():
                if size < marks.get(name, 0):
                    raise Violation(
                        "no-way-back", f"{site.role}: {name} {marks[name]} went back to {size}"
                    )
            marks.update(shown)
        other = self._sites[1 - site.side]
        there = len(other.disk.held.leaves[site.own])
        suspended = self.promises[other.side].suspended
        if self._live and record.receipted > there and not suspended:
            raise Violation(
                "receipted-true", f"{site.role} shows {record.receipted} receipted, held {there}"
            )

    def timeline(self, site: Site, items: Iterable[TimelineItem]) -> None:
        """No rung goes back; what is final keeps its place."""
        mine = self.promises[site.side]
        for item in items:
            before = mine.ladders.get(item.id, {})
            now: dict[str, str] = {rung.name: rung.state for rung in item.ladder}
            for rung, state in before.items():
                if state == "done" and now.get(rung) != "done":
                    raise Violation("no-way-back", f"{site.role}: {item.id} {rung} went back")
            if item.kind != "event":
                mine.ladders[item.id] = now
            if item.kind == "text" and item.whose == "own":
                self._rungs_true(site, item.id, now)
            if item.final and mine.final.setdefault(item.id, item.order) != item.order:
                raise Violation("no-way-back", f"{site.role}: {item.id} was final and moved")

    def _rungs_true(self, site: Site, name: str, rungs: dict[str, str]) -> None:
        """Rule receipted-true, and opened only by an officer's act at the other side."""
        other = self._sites[1 - site.side]
        if rungs.get("opened") == "done" and name not in self._rooms[other.side].opened:
            raise Violation("opened-true", f"{site.role}: {name}, which nobody opened")
        if not self._live or self.promises[other.side].suspended or name.startswith("outbox"):
            return
        index, held = int(name.partition("-")[2]), len(other.disk.held.leaves[site.own])
        if rungs.get("receipted") == "done" and index >= held:
            raise Violation("receipted-true", f"{site.role}: {name} receipted, held {held}")

    # --- voice -----------------------------------------------------------------------------------

    def controls(self, site: Site, command: SetControl) -> None:
        """Rule microphone: "talking" is said only while an officer holds a key."""
        if command.talking and not self._rooms[site.side].spoke_lately(DESK_SILENT_MS):
            raise Violation("microphone", f"{site.role} says that it talks, and no key is held")

    def _said_talking(self, site: Site) -> None:
        """Rule microphone: what stands in the cells, too."""
        room = self._rooms[site.side]
        block = site.block
        late = DESK_SILENT_MS + 1_000
        if block is not None and block.talking and not room.spoke_lately(late):
            raise Violation("microphone", f"{site.role} still says that it talks")

    def accused(self, site: Site, codes: list[str]) -> None:
        """Rule honest: two honest posts leave no evidence against each other."""
        tolerated = TOLERATED_REFUSALS
        if self.put_back:
            tolerated |= TOLERATED_AFTER_RESTORE
        if not tolerated.issuperset(codes):
            raise Violation("honest", f"{site.role} keeps evidence: {codes}")

    def refused_hello(self, site: Site, code: str) -> None:
        """Rule honest: two honest posts do not refuse each other."""
        if code not in TOLERATED_REFUSALS:
            raise Violation("honest", f"{site.role} refused an honest HELLO: {code}")


def _root(leaves: list[bytes]) -> bytes:
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf_hash(leaf))
    return tree.root_at(len(leaves))
