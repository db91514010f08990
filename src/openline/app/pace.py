"""What goes over the link by our own clock and not when something happens (spec/frames 4, voice 4).

Who sees the packets of a line must not see when a key is pressed. Cells leave each 10 ms, full or
not; control objects one each 100 ms, all of one size, said again while there is nothing new. A
change reaches the peer sooner by the control block of the next cell.
"""

import asyncio
from typing import Final

import structlog

from openline.app.clock import read_now
from openline.errors import OpenlineError
from openline.link import Link
from openline.protocol import control
from openline.protocol.control import CONTROL_STEP, pad_control, parse_control
from openline.protocol.frames import FrameClass
from openline.voice import SLOT_MS, CellCadence

SLOTS_PER_CONTROL: Final = 10
AT_ONCE: Final = frozenset({control.LEGS})
"""What tells that a desk came or went: the cells show that anyway, and the desk waits for it."""

_diagnostics = structlog.get_logger("openline.post")


class ControlCadence:
    """The post's control objects on their way out: one frame each slot, none between.

    Args:
        link: that carries them.
    """

    def __init__(self, link: Link) -> None:
        """See the class."""
        self._link = link
        self._waiting: dict[str, bytes] = {}
        self._said: dict[str, bytes] = {}

    def take(self, body: bytes) -> None:
        """A CONTROL frame of the engine; a newer one of the same object takes its place."""
        name = parse_control(body).name
        news = self._said.get(name) != body
        if name in AT_ONCE and news:
            self._waiting.pop(name, None)
            self._send(name, body)
        else:
            self._waiting[name] = body

    def connection_came(self) -> None:
        """What tells of desks is news again: a post that starts anew waits for it."""
        for name in AT_ONCE:
            self._said.pop(name, None)

    def slot(self) -> None:
        """The time of one frame has come."""
        for waits in (self._waiting, self._said):
            for name, body in waits.items():
                # What is longer than the rest is said again by the engine alone, at its own times.
                if waits is self._waiting or len(body) <= CONTROL_STEP:
                    self._waiting.pop(name, None)
                    self._send(name, body)
                    return

    def _send(self, name: str, body: bytes) -> None:
        self._said.pop(name, None)  # the next is what was not said for longest
        self._said[name] = body
        try:
            self._link.send(FrameClass.CONTROL, pad_control(body))
        except OpenlineError as fault:
            _diagnostics.error("frame unsent", code=fault.code, frame_class=FrameClass.CONTROL)


class Pace:
    """Both, on one clock."""

    def __init__(self, link: Link) -> None:
        """Over a link that is not running yet."""
        self.cells: Final = CellCadence(link.send_media, lambda: read_now().mono_ms)
        self.control: Final = ControlCadence(link)

    async def keep(self) -> None:
        """Let the slots pass until cancelled; one that was missed is not made up for."""
        loop = asyncio.get_running_loop()
        began, number, due = loop.time(), 0, 0
        while True:
            self.cells.slot()
            if number >= due:
                due = number - number % SLOTS_PER_CONTROL + SLOTS_PER_CONTROL
                self.control.slot()
            number = max(number + 1, int((loop.time() - began) * 1000 / SLOT_MS) + 1)
            await asyncio.sleep(began + number * SLOT_MS / 1000 - loop.time())
