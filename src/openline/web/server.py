"""The desk server: plain HTTP for this machine alone, HTTPS for desks on others if it is set."""

import asyncio
import contextlib
import errno
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import uvicorn
from typing_extensions import override

from openline.engine.desk_api import DeskApi
from openline.errors import ConfigError, OpenlineError
from openline.web.config import DeskServerConfig
from openline.web.desks import Desks
from openline.web.frames import FRAME_BYTES_MAX
from openline.web.guard import Guard, Names
from openline.web.sessions import Door, Sessions
from openline.web.signin import LaunchTokens
from openline.web.site import Shared, build

CONNECTIONS_MAX: Final = 64
HEAD_BYTES_MAX: Final = 16 * 1024
SWEEP_S: Final = 5.0
RENEWAL_S: Final = 3600.0
_BACKLOG: Final = 64


class QuietServer(uvicorn.Server):
    """One listener's uvicorn, without its own handling of signals.

    Attributes:
        handshake_s: for TLS: a stranger who connects and says nothing is gone after it.
    """

    handshake_s: Final = 5.0

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the program."""
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind as uvicorn does, but for HTTPS with a short time for the handshake."""
        if self.config.ssl is None:
            await super().startup(sockets)
            return
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(
                self._protocol,
                sock=sock,
                ssl=self.config.ssl,
                ssl_handshake_timeout=self.handshake_s,
                backlog=self.config.backlog,
            )
            for sock in sockets or ()
        ]
        self.started = True

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]  # uvicorn's own call
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


class DeskServer:
    """Serves the duty officer's page of one post.

    Args:
        api: the post; its sinks must be called in the loop that runs this server.
        config: the settings.
        door: lets officers in; without it only one-time addresses do.
    """

    def __init__(self, api: DeskApi, config: DeskServerConfig, door: Door | None = None) -> None:
        """See the class."""
        self.ready: Final = asyncio.Event()
        self._config = config
        self.sessions: Final = Sessions(config, door)
        self._tokens = LaunchTokens()
        self._desks = Desks(api, config, self.sessions)
        self._servers: list[QuietServer] = []
        self._names: Names | None = None
        self._https_names: Names | None = None

    @property
    def names(self) -> Names:
        """Hosts and origins; known once ``ready`` is set."""
        if self._names is None:
            raise ConfigError("web.config", "the desk server has not started")
        return self._names

    @property
    def https_names(self) -> Names | None:
        """Hosts and origins of the HTTPS listener, once ``ready`` is set; None without one."""
        return self._https_names

    @property
    def occupied(self) -> bool:
        """Whether a page has the desk now."""
        return self._desks.occupied

    def new_launch_url(self, *, https: bool = False) -> str:
        """Make an address that signs one page in, once, within ten minutes.

        The token stands in the fragment: it is sent to no server by the address alone and
        leaves the address bar as soon as it was used. Where the officer's key is wrapped there is
        none: the page asks for watch code and passphrase.

        Args:
            https: of the HTTPS listener, for a desk on another machine.

        Raises:
            ConfigError: ``web.config`` before the start; ``web.no_https``.
        """
        names = self.names
        if https:
            if self._https_names is None:
                raise ConfigError("web.no_https", "no [desk.https]")
            names = self._https_names
        if self.sessions.door.token_officer() is None:
            return f"{names.console}/"
        token = self._tokens.mint(self._config.wall_ms())
        return f"{names.console}/#token={token}"

    async def run(self) -> None:
        """Bind, serve until ``stop`` or cancellation, then tell the pages.

        Raises:
            ConfigError: ``web.port_taken`` if the port cannot be had; ``web.config``.
        """
        sockets = _bind(self._config.port)
        outside: list[socket.socket] = []
        try:
            https = self._config.https
            if https is not None:
                outside = [_listen(_family(https.host), https.host, https.port)]
            await self._serve(sockets, outside)
        finally:
            for bound in (*sockets, *outside):
                bound.close()

    async def stop(self) -> None:
        """Tell the pages and end ``run``."""
        self._desks.close()
        for server in self._servers:
            server.should_exit = True

    async def _serve(self, plain: list[socket.socket], outside: list[socket.socket]) -> None:
        shared = Shared(self._tokens, self._desks, self.sessions)
        names = self._names = Names(port=plain[0].getsockname()[1])
        listeners = [(QuietServer(_uvicorn_config(build(self._config, names, shared))), plain)]
        https, context = self._config.https, None
        if https is not None and outside:
            context = await asyncio.to_thread(make_context, https.certificate)
            self._https_names = Names(
                port=outside[0].getsockname()[1],
                https=True,
                console_name=https.console,
                audio_name=https.audio,
            )
            app = build(self._config, self._https_names, shared)
            listeners.append((QuietServer(_uvicorn_config(app, context)), outside))
        self._servers = [server for server, _sockets in listeners]
        self.ready.set()
        watch = asyncio.ensure_future(self._keep(context))
        try:
            async with asyncio.TaskGroup() as tasks:
                for server, sockets in listeners:
                    tasks.create_task(server.serve(sockets=sockets))
        except* OpenlineError as group:
            raise group.exceptions[0] from None
        finally:
            watch.cancel()
            self._desks.close()
            self.sessions.close()

    async def _keep(self, context: ssl.SSLContext | None) -> None:
        """Sign out who went away, and renew the certificate before it is too old."""
        https, looked_s = self._config.https, time.monotonic()
        while True:
            await asyncio.sleep(SWEEP_S)
            self.sessions.sweep()
            if https is not None and context and time.monotonic() - looked_s > RENEWAL_S:
                looked_s = time.monotonic()
                # A certificate that cannot be renewed now is tried again; the old one still holds.
                with contextlib.suppress(OpenlineError, OSError, ssl.SSLError):
                    path = await asyncio.to_thread(https.certificate)
                    context.load_cert_chain(path)


def make_context(certificate: Callable[[], Path]) -> ssl.SSLContext:
    """TLS 1.3 and nothing older, HTTP/1.1, no resumption; blocks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate())
    return context


def _uvicorn_config(app: Guard, context: ssl.SSLContext | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        ssl_context_factory=None if context is None else lambda _config, _default: context,
        loop="none",
        http="h11",
        ws="websockets-sansio",
        ws_max_size=FRAME_BYTES_MAX,
        ws_max_queue=8,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
    )


def _bind(port: int) -> list[socket.socket]:
    """Listen on 127.0.0.1 and, where this machine has IPv6, on ::1 at the same port."""
    first = _listen(socket.AF_INET, "127.0.0.1", port)
    sockets = [first]
    try:
        sockets.append(_listen(socket.AF_INET6, "::1", first.getsockname()[1]))
    except ConfigError:
        first.close()
        raise
    except OSError as error:
        if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            first.close()
            raise
    return sockets


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL) and (
            error.errno != errno.EADDRNOTAVAIL or host != "::1"
        ):
            raise ConfigError("web.port_taken", str(error), port=port) from error
        raise
    bound.setblocking(False)  # noqa: FBT003 the standard library's signature
    return bound
