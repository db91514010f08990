"""The desk server: one uvicorn for both of a post's host names, on this machine only."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from typing_extensions import override

from openline.engine.desk import DeskApi
from openline.errors import ConfigError
from openline.web.config import DeskServerConfig
from openline.web.desks import Desks
from openline.web.frames import FRAME_BYTES_MAX
from openline.web.guard import Guard, Names
from openline.web.signin import LaunchTokens
from openline.web.site import build

CONNECTIONS_MAX: Final = 64
HEAD_BYTES_MAX: Final = 16 * 1024
_BACKLOG: Final = 64


class QuietServer(uvicorn.Server):
    """uvicorn without its own handling of signals."""

    @override
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the program."""
        yield


class DeskServer:
    """Serves the duty officer's page of one post.

    Args:
        api: the post; its sinks must be called in the loop that runs this server.
        config: the settings.
    """

    def __init__(self, api: DeskApi, config: DeskServerConfig) -> None:
        """See the class."""
        self.ready: Final = asyncio.Event()
        self._api = api
        self._config = config
        self._tokens = LaunchTokens()
        self._desks = Desks(api, config)
        self._server: QuietServer | None = None
        self._names: Names | None = None

    @property
    def names(self) -> Names:
        """Hosts and origins; known once ``ready`` is set."""
        if self._names is None:
            raise ConfigError("web.config", "the desk server has not started")
        return self._names

    @property
    def occupied(self) -> bool:
        """Whether a page has the desk now."""
        return self._desks.occupied

    def new_launch_url(self) -> str:
        """Make an address that signs one page in, once, within ten minutes.

        The token stands in the fragment: it is sent to no server by the address alone and
        leaves the address bar as soon as it was used.
        """
        token = self._tokens.mint(self._config.wall_ms())
        return f"{self.names.console}/#token={token}"

    async def run(self) -> None:
        """Bind, serve until ``stop`` or cancellation, then tell the pages.

        Raises:
            ConfigError: ``web.port_taken`` if the port cannot be had; ``web.config``.
        """
        sockets = _bind(self._config.port)
        try:
            await self._serve(sockets)
        finally:
            for bound in sockets:
                bound.close()

    async def stop(self) -> None:
        """Tell the pages and end ``run``."""
        self._desks.close()
        if self._server is not None:
            self._server.should_exit = True

    async def _serve(self, sockets: list[socket.socket]) -> None:
        names = Names(port=sockets[0].getsockname()[1])
        self._names = names
        app = build(self._config, names, self._tokens, self._desks)
        self._server = QuietServer(_uvicorn_config(app))
        self.ready.set()
        try:
            await self._server.serve(sockets=sockets)
        finally:
            self._desks.close()


def _uvicorn_config(app: Guard) -> uvicorn.Config:
    return uvicorn.Config(
        app,
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
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise ConfigError("web.port_taken", str(error), port=port) from error
        raise
    bound.setblocking(False)  # noqa: FBT003 the standard library's signature
    return bound
