"""Post-quantum seals: within a second or 128 entries, over both logs.

ML-DSA-44 signatures are large and slow beside a checkpoint, so they follow it: as the author of
the own log, and as the holder of the peer's once it is receipted (spec/delivery, section 7).
"""

from typing import Final

from openline.engine.context import Context
from openline.engine.keeper import Keeper
from openline.protocol.clock import Now
from openline.protocol.delivery import RecordState
from openline.protocol.frames import FrameClass, seal_frame

SEAL_MS: Final = 700
SEAL_ENTRIES: Final = 128
REPEAT_MS_MIN: Final = 3_000
REPEAT_MS_MAX: Final = 60_000


class Seals:
    """When to seal, and when to send a seal again."""

    def __init__(self, ctx: Context, keeper: Keeper) -> None:
        """Seal for ``ctx`` what ``keeper`` holds."""
        self._ctx = ctx
        self._keeper = keeper
        self._since: list[int | None] = [None, None]
        self._made = [keeper.shelf.sealed_by(log, author=log == ctx.own)[0] for log in (0, 1)]
        self._repeat_at = [0, 0]
        self._repeat_ms = [REPEAT_MS_MIN, REPEAT_MS_MIN]

    def tick(self, now: Now) -> None:
        """Make the seals that are due; the keeper writes them, then they are sent."""
        if self._keeper.state is RecordState.HALTED:
            return
        for log in (self._ctx.own, self._ctx.peer):
            self._seal(log, now)
            self._repeat(log, now)

    def _seal(self, log: int, now: Now) -> None:
        """One log, as its author or as its holder."""
        keeper = self._keeper
        own = log == self._ctx.own
        size = keeper.shelf.newest(log) if own else keeper.shelf.receipt(log)[0]
        size = min(size, keeper.durable[log])
        if size <= self._made[log] or keeper.disk_fault is not None:
            self._since[log] = None
            return
        since = self._since[log]
        if since is None:
            self._since[log] = since = now.mono_ms
        if now.mono_ms - since >= SEAL_MS or size - self._made[log] >= SEAL_ENTRIES:
            keeper.seals.append(keeper.author.seal(log, size, now))
            self._made[log] = size
            self._since[log] = None
            self._repeat_at[log] = now.mono_ms + REPEAT_MS_MIN
            self._repeat_ms[log] = REPEAT_MS_MIN

    def _repeat(self, log: int, now: Now) -> None:
        """The other part of a seal does not come: perhaps ours was lost."""
        shelf = self._keeper.shelf
        own_role = log == self._ctx.own
        size, seal = shelf.sealed_by(log, author=own_role)
        if not seal or shelf.sealed(log) >= size or now.mono_ms < self._repeat_at[log]:
            return
        self._repeat_ms[log] = min(REPEAT_MS_MAX, 2 * self._repeat_ms[log])
        self._repeat_at[log] = now.mono_ms + self._repeat_ms[log]
        self._ctx.send(FrameClass.SEAL, seal_frame(seal), stream_only=True)

    def again(self, now: Now) -> None:
        """The peer is there (again): repeat soon what it may lack."""
        self._repeat_at = [now.mono_ms, now.mono_ms]
        self._repeat_ms = [REPEAT_MS_MIN, REPEAT_MS_MIN]
