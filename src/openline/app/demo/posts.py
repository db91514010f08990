"""A post of the demo: its own process, started, killed and started again.

The post is told nothing special: it is ``python -m openline run DIR``, as
anybody would start it. Its output is kept in a file of its folder, of which the
last lines are quoted when it does not come up.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final, Literal

from openline.app.control import ask
from openline.errors import AccessError, ConfigError

Side = Literal["left", "right"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")


def opposite(side: Side) -> Side:
    """The other side."""
    return "right" if side == "left" else "left"


def _die_with_parent() -> None:
    """In the new process: a demo that is killed leaves no posts behind."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>
START_S_MAX: Final = 20.0
STOP_S_MAX: Final = 5.0
QUOTED_BYTES: Final = 600


class PostProcess:
    """One post's process.

    Args:
        side: where its desk stands on the page.
        folder: the post's folder.
    """

    def __init__(self, side: Side, folder: Path) -> None:
        """See the class."""
        self.side = side
        self.folder = folder
        self._process: asyncio.subprocess.Process | None = None

    @property
    def output(self) -> Path:
        """What the process said, for when it does not come up."""
        return self.folder.with_name(f"{self.folder.name}.out")

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self.alive else None

    async def start(self) -> None:
        """Start the post and wait until it answers.

        Raises:
            ConfigError: ``demo.post_died`` with what it said, or ``demo.post_silent``.
        """
        with self.output.open("ab") as output:
            # Its own session: Ctrl-C at the terminal reaches the demo, which then ends its posts.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "openline",
                "run",
                str(self.folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "OPENLINE_CHECKS__EVERY_MINUTES": "0"},
            )
        deadline = asyncio.get_running_loop().time() + START_S_MAX
        while asyncio.get_running_loop().time() < deadline:
            if not self.alive:
                raise ConfigError(
                    "demo.post_died", self._last_words(), side=self.side, reason=self._last_words()
                )
            with contextlib.suppress(AccessError):
                await self.status()
                return
            await asyncio.sleep(0.05)
        raise ConfigError(
            "demo.post_silent", self._last_words(), side=self.side, reason=self._last_words()
        )

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            return self.output.read_bytes()[-QUOTED_BYTES:].decode("utf-8", "replace").strip()
        return ""

    async def ask(self, do: str, **facts: object) -> list[dict[str, Any]]:
        """Ask the running post over its control socket.

        Raises:
            AccessError: it does not answer, or refuses.
        """
        return await asyncio.to_thread(lambda: list(ask(self.folder, {"do": do, **facts})))

    async def status(self) -> dict[str, Any]:
        """The post's status, as ``openline status --json`` prints it."""
        answers = await self.ask("status")
        return answers[0] if answers else {}

    async def kill(self) -> None:
        """Kill it with SIGKILL: nothing is said, nothing is flushed."""
        if self._process is not None and self.alive:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """Ask it to end, and kill it if it does not."""
        if self._process is None or not self.alive:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S_MAX)
        except TimeoutError:
            await self.kill()
