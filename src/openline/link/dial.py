"""Dialing one path: one attempt at a time, for ever, with spread and capped pauses."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from openline.link.address import Address, dialing_socket
from openline.link.config import LinkTiming
from openline.link.connection import Connection, Stage
from openline.link.target import SocketAddress

_DOUBLINGS_MAX: Final = 16
_REFUSED_STEPS: Final = 3


class Dialer:
    """Dials the peer's addresses in turn.

    Attributes:
        connection: the one dialed last, while its HELLOs are not exchanged yet.
    """

    def __init__(
        self,
        own: Address,
        peers: Sequence[SocketAddress],
        timing: LinkTiming,
        uniform: Callable[[], float],
        failed: Callable[[str], None],
    ) -> None:
        """Prepare.

        Args:
            own: the path's local address, by which every attempt leaves.
            peers: where to dial.
            timing: intervals.
            uniform: random numbers of [0, 1).
            failed: called with what the system said of a connect that failed.
        """
        self._own, self._peers, self._timing = own, peers, timing
        self._uniform, self._failed = uniform, failed
        self._task: asyncio.Task[None] | None = None
        self._attempt = 0
        self._turn = 0
        self._next_ms = 0.0
        self.connection: Connection | None = None

    def reset(self) -> None:
        """Forget earlier failures: the next attempt may start at once."""
        self._attempt, self._next_ms = 0, 0.0

    def refused(self) -> None:
        """Come back slowly after a refusal."""
        self._attempt += _REFUSED_STEPS

    def idle(self, now_ms: float) -> bool:
        """Say whether an attempt may start now."""
        waiting = self._task is not None or self.connection is not None
        return bool(self._peers) and not waiting and now_ms >= self._next_ms

    def dial(
        self,
        tasks: asyncio.TaskGroup,
        make: Callable[[SocketAddress], Connection],
        now_ms: float,
    ) -> None:
        """Start one attempt."""
        timing = self._timing
        doubled = timing.backoff_first_ms * 2 ** min(self._attempt, _DOUBLINGS_MAX)
        self._next_ms = now_ms + min(timing.backoff_most_ms, doubled) * (0.5 + self._uniform())
        self._attempt += 1
        target = self._peers[self._turn % len(self._peers)]
        self._turn += 1
        self._task = tasks.create_task(self._connect(target, make))

    async def _connect(
        self, target: SocketAddress, make: Callable[[SocketAddress], Connection]
    ) -> None:
        loop = asyncio.get_running_loop()
        try:
            sock = dialing_socket(self._own)
            try:
                async with asyncio.timeout(self._timing.connect_ms / 1000):
                    await loop.sock_connect(sock, target)
                _, connection = await loop.create_connection(lambda: make(target), sock=sock)
            except BaseException:
                sock.close()
                raise
        except (OSError, TimeoutError) as error:
            self._failed(str(error) or "time-out")
        else:
            if connection.stage in {Stage.HANDSHAKE, Stage.GREETING}:
                self.connection = connection
        finally:
            self._task = None
