"""What the record says of line checks: both sides' results, and the newest that was full.

A check is full when both sides signed that text and voice both ways held (spec/check, section 4).
"""

from dataclasses import dataclass
from typing import Final

from openline.engine.context import Context
from openline.engine.desk import CheckView
from openline.engine.ports import StoredEntry
from openline.protocol.clock import Now
from openline.record.bodies import KIND_CHECK
from openline.record.checks import Began, CheckPart, Result, check_part, compare
from openline.record.entry import parse_entry

SCAN_MAX: Final = 4_096
"""So many entries of each log are looked through at a start."""

CHECKS_MAX: Final = 64
DAY_MS: Final = 86_400_000
_MARK: Final = b"\x64part"
"""The member ``part`` as it stands in a body: most entries need not be parsed to be passed over."""


@dataclass(slots=True)
class _Held:
    wall_ms: int = 0
    began: int | None = None
    own: Result | None = None
    peer: Result | None = None
    signed: bool = False


def written_ms(entry: StoredEntry, claimed_ms: int) -> int:
    """When an entry was written, as far as clocks tell: its author's, and never after we held it.

    An entry that came back from the peer, or late, is not as young as our holding it.
    """
    return min(entry.first_wall_ms, claimed_ms)


class CheckHistory:
    """See the module."""

    def __init__(
        self, ctx: Context, entries: tuple[tuple[StoredEntry, ...], tuple[StoredEntry, ...]]
    ) -> None:
        """From what the disk holds."""
        self._ctx = ctx
        self._held: dict[bytes, _Held] = {}
        self.last_full_ms: int | None = None
        self.last_own_ms: int | None = None
        """Own wall clock of our newest result of both parts that was carried through."""
        found = []
        for half in entries:
            for entry in half[-SCAN_MAX:]:
                if entry.index > 0 and entry.body is not None and _MARK in entry.body:
                    claims = parse_entry(entry.leaf).claims
                    part = check_part(claims.kind, entry.body)
                    if part is not None:
                        wall_ms = written_ms(entry, claims.claimed_ms)
                        found.append((wall_ms, entry.log, part))
        for wall_ms, log, part in sorted(found, key=lambda item: item[0]):
            self.take(log, part, wall_ms)

    def part_of(self, entry: StoredEntry) -> CheckPart | None:
        """What an entry says of a check, taken into the history; None if it says nothing."""
        if entry.body is None or _MARK not in entry.body:
            return None
        claims = parse_entry(entry.leaf).claims
        part = check_part(claims.kind, entry.body) if claims.kind == KIND_CHECK else None
        if part is not None:
            self.take(entry.log, part, written_ms(entry, claims.claimed_ms))
        return part

    def take(self, log: int, part: CheckPart, wall_ms: int, *, signed: bool = True) -> None:
        """An entry of ``log``, or what will be one, written at ``wall_ms``."""
        held = self._held.setdefault(part.check, _Held(wall_ms))
        if isinstance(part, Began):
            held.began = log
        elif isinstance(part, Result):
            held.began = log if part.role == "beginner" else 1 - log
            if log == self._ctx.own:
                held.own, held.wall_ms, held.signed = part, wall_ms, signed
                if part.whole:
                    self.last_own_ms = wall_ms
            else:
                held.peer = part
            if held.own is not None and held.peer is not None and held.signed:
                self._both(held, held.own, held.peer)
        while len(self._held) > CHECKS_MAX:
            del self._held[next(iter(self._held))]

    def _both(self, held: _Held, own: Result, peer: Result) -> None:
        if own.full and peer.full:
            self.last_full_ms = max(self.last_full_ms or 0, held.wall_ms)

    @property
    def lists_differ(self) -> bool:
        """At the newest check with both results the sides held other challenge words."""
        for held in reversed(self._held.values()):
            if held.own is not None and held.peer is not None:
                return "words" in compare(held.own, held.peer)[1]
        return False

    def days(self, now: Now) -> int | None:
        """Whole days since the last full check, by the own wall clock."""
        if self.last_full_ms is None:
            return None
        return max(0, now.wall_ms - self.last_full_ms) // DAY_MS

    def last(self) -> CheckView | None:
        """The newest check of which this side has a result."""
        for check, held in reversed(self._held.items()):
            if held.own is not None:
                return self._view(check, held, held.own)
        return None

    def _view(self, check: bytes, held: _Held, own: Result) -> CheckView:
        peer = held.peer if held.signed else None
        word, differs = compare(own, peer)
        return CheckView(
            check=check.hex(),
            wall_ms=held.wall_ms,
            began="own" if held.began == self._ctx.own else "peer",
            full=own.full and peer is not None and peer.full,
            compare="match" if word == "match" else "differ" if word == "differ" else "missing",
            differs=differs,
            own_text=own.text.value,
            own_text_ms=own.text_ms,
            own_voice=own.voice.value,
            own_voice_ms=own.voice_ms,
            own_desks=own.desks,
            peer_text="" if peer is None else peer.text.value,
            peer_text_ms=None if peer is None else peer.text_ms,
            peer_voice="" if peer is None else peer.voice.value,
            peer_voice_ms=None if peer is None else peer.voice_ms,
            peer_desks=None if peer is None else peer.desks,
        )
