"""A post from start to stop: lock first, then everything else, and the tasks that keep it going.

What the line needs stops the start when it fails; what only people at this
machine need (the desk's page, its audio, the control socket) is tried again
while the line goes on. SIGTERM and SIGINT end everything in order: what was
written is on disk.
"""

import asyncio
import gc
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
import uvloop

from openline.app.alarming import SecondOutput
from openline.app.assembly import Running, assemble
from openline.app.clock import read_now
from openline.app.config import load_config
from openline.app.control import ControlSocket
from openline.app.desk_ca import leaf_file
from openline.app.diagnostics import start_diagnostics
from openline.app.door import Door
from openline.app.folder import Folder, FolderLock
from openline.app.metrics import render
from openline.app.serving import ControlService, Parts
from openline.app.shell import PostShell
from openline.errors import AccessError, LinkError, OpenlineError
from openline.link.address import listening_socket, parse_address, udp_socket
from openline.web import DeskServer, DeskServerConfig, HttpsConfig, MetricsServer

TICK_SECONDS: Final = 0.05
SWITCH_SECONDS: Final = 0.0005
RETRY_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 0.4
"""After so long the first troubles of a start are known and are said."""

DEFECT_CHARACTERS_MAX: Final = 20_000

Announce = Callable[[dict[str, Any]], None]
_diagnostics = structlog.get_logger("openline.post")


class _DeskService:
    """The desk server of a running post, replaced whenever it fails."""

    def __init__(self, running: Running, language: str) -> None:
        self._running = running
        self._language = language
        self._server: DeskServer | None = None

    async def run(self) -> None:
        running = self._running
        desk = running.config.desk
        config = DeskServerConfig(
            port=desk.port,
            https=_https(running),
            idle_minutes=desk.idle_minutes,
            secret=running.keys.derived("openline-desk-v1"),
            post_name=f"{running.genesis.line.hex()[:16]}-{'ab'[running.own]}",
            frame_ancestors=desk.frame_ancestors,
            sample=desk.sample,
            language=self._language,
            phrases=running.folder.phrases,
            recordings=running.recordings,
        )
        server = self._server = DeskServer(running.front, config, Door(running.officers))
        running.officers.gone = server.sessions.lock_officer
        try:
            await server.run()
        finally:
            self._server = None

    def url(self, *, https: bool = False) -> str:
        """A fresh one-time address, or the plain one where a passphrase is needed.

        Raises:
            AccessError: ``desk.absent`` when the page cannot be served now.
        """
        if self._server is None or not self._server.ready.is_set():
            raise AccessError("desk.absent", "no desk server")
        return self._server.new_launch_url(https=https)

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()


def _https(running: Running) -> HttpsConfig | None:
    """The listener for desks on other machines, as the settings ask for it."""
    settings = running.config.desk.https
    if settings is None:
        return None
    bind, names = parse_address(settings.bind), (settings.console, settings.audio)
    return HttpsConfig(
        host=bind.host,
        port=bind.port,
        console=settings.console,
        audio=settings.audio,
        certificate=lambda: leaf_file(running.folder, names, read_now().wall_ms),
    )


def run_post(folder: Folder, announce: Announce, *, language: str = "en") -> None:
    """Run the post of a folder until SIGTERM or SIGINT.

    Args:
        folder: of the post.
        announce: called once when the post stands, with what a person should know: own, peer, pid,
            url (or ""), problems (code and facts each).
        language: of the desk's page until an officer chooses.

    Raises:
        OpenlineError: why it cannot start: lock, settings, keys, card, disk.
    """
    folder.require()
    # The store's thread must not wait 5 ms for the interpreter whenever the loop is busy.
    sys.setswitchinterval(SWITCH_SECONDS)
    with (
        FolderLock.take(folder),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(_run(folder, announce, language))


async def _run(folder: Folder, announce: Announce, language: str) -> None:
    loop = asyncio.get_running_loop()
    config = load_config(folder.config)
    start_diagnostics(config.diagnostics, folder)
    running = assemble(folder, config, loop)
    ending = _Ending()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.stop.set)
    loop.set_exception_handler(ending.unexpected)
    desk = _DeskService(running, language)
    second = SecondOutput(config.alarms, running.front.view, running.problems)
    control = ControlSocket(folder.root, ControlService(_parts(running, desk)))
    running.problems |= _taken(running)
    _keep_out_of_collections()
    running.writer.start()
    _diagnostics.info("started", line=running.genesis.line.hex(), party="ab"[running.own])
    try:
        async with asyncio.TaskGroup() as tasks:
            jobs = [
                tasks.create_task(running.link.run()),
                tasks.create_task(_tick(running.shell)),
                tasks.create_task(running.pace.keep()),
                tasks.create_task(_supervise(running, "recordings", running.recordings.run)),
                tasks.create_task(_supervise(running, "voice", running.voice.endpoint.start)),
                tasks.create_task(_supervise(running, "desk", desk.run)),
                tasks.create_task(_supervise(running, "control", control.start)),
                tasks.create_task(_supervise(running, "alarms", second.run)),
                tasks.create_task(_say(running, desk, announce)),
                *_metrics(running, tasks),
            ]
            await ending.stop.wait()
            await desk.stop()
            for job in jobs:
                job.cancel()
    except BaseExceptionGroup as group:
        ending.keep(group)
    finally:
        control.close()
        running.voice.endpoint.close()
        running.writer.stop()
        _diagnostics.info("stopped")
    ending.judge()


def _keep_out_of_collections() -> None:
    """Let no later garbage collection walk over what lives as long as the post does.

    One full pass over the modules held the loop, and with it every voice, for 75 ms; a jitter
    buffer that saw such a gap keeps 50 ms more for tens of seconds (docs/measured.md).
    """
    gc.collect()
    gc.freeze()


class _Ending:
    """Why a post ends: asked to, or by a defect. After a defect nothing goes on half-done."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self._fault: BaseException | None = None

    def keep(self, fault: BaseException) -> None:
        """Keep the first fault, and what a programmer needs of it in the diagnostics."""
        shown = "".join(traceback.format_exception(fault))
        _diagnostics.error("defect", trace=shown[-DEFECT_CHARACTERS_MAX:])
        self._fault = self._fault or fault
        self.stop.set()

    def unexpected(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What nobody caught: trouble of a socket is noted, one of our own calls ends the post."""
        fault = context.get("exception")
        if "handle" in context and isinstance(fault, Exception):
            self.keep(fault)
        else:
            _diagnostics.warning("unexpected", detail=str(context.get("exception", "")))

    def judge(self) -> None:
        """Raise what the post ended by.

        Raises:
            OpenlineError: a coded fault as it is; ``post.defect`` for any other.
        """
        fault = self._fault
        while isinstance(fault, BaseExceptionGroup):
            fault = fault.exceptions[0]
        if isinstance(fault, OpenlineError):
            raise fault
        if fault is not None:
            raise OpenlineError("post.defect", repr(fault), kind=type(fault).__name__) from fault


async def _tick(shell: PostShell) -> None:
    while True:
        shell.tick()
        await asyncio.sleep(TICK_SECONDS)


async def _supervise(running: Running, name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Keep a part going that people here need; the line goes on whatever happens to it."""
    while True:
        try:
            await run()
        except OpenlineError as fault:
            running.problems[name] = fault
            _diagnostics.warning("part failed", part=name, code=fault.code, detail=fault.detail)
        except Exception as fault:  # noqa: BLE001 - a supervisor: no fault of a desk may stop the line
            running.problems[name] = AccessError("desk.failed", str(fault), part=name)
            _diagnostics.error("part failed", part=name, detail=repr(fault))
        else:
            running.problems.pop(name, None)
            return
        await asyncio.sleep(RETRY_SECONDS)


def _metrics(running: Running, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
    """The task that serves the figures over HTTP, if the settings ask for it."""
    bind = running.config.metrics.bind
    if not bind:
        return []
    server = MetricsServer(lambda: render(running.front, running.link), bind)
    return [tasks.create_task(_supervise(running, "metrics", server.run))]


async def _say(running: Running, desk: _DeskService, announce: Announce) -> None:
    """Tell the person who started the post that it stands, and what does not work."""
    await asyncio.sleep(LOOK_SECONDS)
    gc.freeze()  # What the servers brought along; no pass here, where the line may speak.
    own, peer = (card.fields.names for card in running.cards)
    problems = [
        {"code": fault.code, "facts": dict(fault.facts)} for fault in running.problems.values()
    ]
    try:
        url = desk.url()
    except AccessError:
        url = ""
    announce({"own": own, "peer": peer, "pid": os.getpid(), "url": url, "problems": problems})


def _taken(running: Running) -> dict[str, OpenlineError]:
    """Paths whose own address cannot be used now; the link goes on trying by itself."""
    found: dict[str, OpenlineError] = {}
    for name, path in running.config.paths.items():
        try:
            address = parse_address(path.bind)
            if path.listen and address.port:
                listening_socket(address).close()
                udp_socket(address, address.port).close()
        except OSError as fault:
            found[f"path {name}"] = LinkError("link.bind", str(fault), name=name, address=path.bind)
    return found


def _parts(running: Running, desk: _DeskService) -> Parts:
    return Parts(
        shell=running.shell,
        front=running.front,
        link=running.link,
        writer=running.writer,
        endpoint=running.voice.endpoint,
        genesis=running.genesis,
        own=running.own,
        desk_url=lambda https: desk.url(https=https),
        officers=running.officers,
        problems=running.problems,
    )
