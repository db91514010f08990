"""The second output: what an alarm does that nobody acknowledged in time.

A page may be deaf, asleep or closed; so the post itself runs a program of its owner's choosing,
asks an address, or both. What they are told is the alarm's code and facts as JSON, never a body
and never a key. They are bounded in time, in output and in number; what fails is a coded problem
of this post, and the line goes on.
"""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import structlog

from openline.app.config import AlarmSettings
from openline.engine.desk import AlarmView, PostView
from openline.errors import AccessError, OpenlineError

LOOK_SECONDS: Final = 0.5
CALLS_PER_HOUR_MAX: Final = 60
"""An alarm that comes and goes all the time must not start programs without end."""

OUTPUT_BYTES_MAX: Final = 4_096
BURIAL_SECONDS: Final = 1.0
_HOUR_SECONDS: Final = 3_600.0
_diagnostics = structlog.get_logger("openline.alarms")


class SecondOutput:
    """Watches the alarms of a post and carries those that nobody acknowledged further.

    Args:
        settings: what to run and to ask.
        view: the post as its desks see it.
        problems: where a failure is kept, by what it is; a success takes it away.
    """

    def __init__(
        self,
        settings: AlarmSettings,
        view: Callable[[], PostView],
        problems: dict[str, OpenlineError],
    ) -> None:
        """See the class."""
        self._settings = settings
        self._view = view
        self._problems = problems
        self._told: set[tuple[str, int]] = set()
        self._calls: deque[float] = deque()

    async def run(self) -> None:
        """Look at the alarms until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Carry further what stands unanswered and was not carried yet."""
        if not (self._settings.hook or self._settings.webhook):
            return
        view = self._view()
        standing = {(alarm.code, alarm.since_wall_ms): alarm for alarm in view.alarms}
        self._told &= standing.keys()
        for key, alarm in standing.items():
            if alarm.unanswered and not alarm.acknowledged and key not in self._told:
                self._told.add(key)
                await self._carry(alarm, view)

    async def _carry(self, alarm: AlarmView, view: PostView) -> None:
        now = asyncio.get_running_loop().time()
        while self._calls and now - self._calls[0] >= _HOUR_SECONDS:
            self._calls.popleft()
        if len(self._calls) >= CALLS_PER_HOUR_MAX:
            self._fail("alarm limit", AccessError("alarms.too_many", most=CALLS_PER_HOUR_MAX))
            return
        self._calls.append(now)
        told = json.dumps(facts_of(alarm, view), sort_keys=True).encode()
        async with asyncio.TaskGroup() as tasks:
            if self._settings.hook:
                tasks.create_task(self._try("alarm hook", self._run_program(told)))
            if self._settings.webhook:
                tasks.create_task(self._try("alarm webhook", self._ask_address(told)))

    async def _try(self, name: str, doing: Any) -> None:  # noqa: ANN401 - a coroutine of ours
        try:
            await doing
        except OpenlineError as fault:
            self._fail(name, fault)
        else:
            self._problems.pop(name, None)

    def _fail(self, name: str, fault: OpenlineError) -> None:
        self._problems[name] = fault
        _diagnostics.error("second output failed", code=fault.code, detail=fault.detail)

    async def _run_program(self, told: bytes) -> None:
        """Run the hook with the alarm on its standard input, without a shell.

        Raises:
            AccessError: ``alarms.hook_missing``, ``alarms.hook_silent``, ``alarms.hook_failed``.
        """
        program = self._settings.hook[0]
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *self._settings.hook,
                stdin=pipe,
                stdout=pipe,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise AccessError("alarms.hook_missing", str(error), program=program) from error
        try:
            async with asyncio.timeout(self._settings.hook_seconds):
                said = await _exchange(process, told)
                status = await process.wait()
        except TimeoutError as error:
            seconds = f"{self._settings.hook_seconds:g}"
            raise AccessError("alarms.hook_silent", program=program, seconds=seconds) from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # and whatever it started
                await _buried(process)
        if status != 0:
            shown = said.decode("utf-8", "replace")
            raise AccessError("alarms.hook_failed", shown, program=program, status=status)

    async def _ask_address(self, told: bytes) -> None:
        """Post the alarm to the address of the settings.

        Raises:
            AccessError: ``alarms.webhook_failed``.
        """
        address = urlsplit(self._settings.webhook)
        host = address.hostname or ""
        try:
            status = await asyncio.to_thread(_post, address, told, self._settings.hook_seconds)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise AccessError("alarms.webhook_failed", str(error), host=host, status=0) from error
        if not http.client.OK <= status < http.client.MULTIPLE_CHOICES:
            raise AccessError("alarms.webhook_failed", host=host, status=status)


def facts_of(alarm: AlarmView, view: PostView) -> dict[str, Any]:
    """What leaves for a program: which alarm, since when, where. Nothing of the record."""
    return {
        "alarm": alarm.code,
        "facts": alarm.facts,
        "since_wall_ms": alarm.since_wall_ms,
        "wall_ms": view.wall_ms,
        "party": view.party,
        "own_names": view.own_names,
        "peer_names": view.peer_names,
        "link": view.link.state,
    }


async def _exchange(process: asyncio.subprocess.Process, told: bytes) -> bytes:
    """Give it the alarm; keep the first of what it says and drop the rest."""
    if process.stdin is None or process.stdout is None:
        return b""
    with contextlib.suppress(OSError):  # it may end without reading
        process.stdin.write(told)
        await process.stdin.drain()
        process.stdin.close()
    kept = b""
    while block := await process.stdout.read(OUTPUT_BYTES_MAX):
        kept += block[: OUTPUT_BYTES_MAX - len(kept)]
    return kept


async def _buried(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of a killed program.

    asyncio takes it for ended only once its output was read to the end; what another program that
    it started still holds open is not waited for.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BURIAL_SECONDS):
            while process.stdout is not None and await process.stdout.read(OUTPUT_BYTES_MAX):
                pass
            await process.wait()


def _post(address: SplitResult, told: bytes, seconds: float) -> int:
    """One POST, without redirects and without a proxy; its status."""
    host, port = address.hostname or "", address.port
    connection: http.client.HTTPConnection
    if address.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
    with contextlib.closing(connection):
        path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        connection.request("POST", path, told, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read(OUTPUT_BYTES_MAX)
        return answer.status
