"""The socket in the folder through which the command line speaks to the running post.

JSON lines over ``DIR/control.sock`` (mode 0600, same user or root). One request
object ``{"do": NAME, ...}`` per connection; the answer is one or more objects,
the last with ``"end": true``; a refusal is ``{"error": CODE, "facts": {...}}``.
A failure here never stops the line.

Socket names are limited to 107 bytes, folders are not: the name is given
relative to an open descriptor of the folder (``/proc/self/fd``).
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import structlog

from openline.errors import AccessError, OpenlineError

NAME: Final = "control.sock"
REQUEST_BYTES_MAX: Final = 65_536
ANSWER_BYTES_MAX: Final = 1 << 20
REQUEST_SECONDS_MAX: Final = 10.0
CONNECTIONS_MAX: Final = 16
_CREDENTIALS: Final = struct.Struct("3i")

Answer = dict[str, Any]
Serve = Callable[[Answer], AsyncIterator[Answer]]
"""Answers one request; raises OpenlineError to refuse it."""

_diagnostics = structlog.get_logger("openline.control")


@contextlib.contextmanager
def _short_name(folder: Path) -> Iterator[str]:
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


class ControlSocket:
    """The post's side."""

    def __init__(self, folder: Path, serve: Serve) -> None:
        """Nothing is open until :meth:`start`."""
        self._folder = folder
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._open = 0

    async def start(self) -> None:
        """Bind and listen; the folder's lock must be held.

        Raises:
            OSError: the folder cannot hold a socket.
        """
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(0)
            with _short_name(self._folder) as name:
                # We hold the lock, so what lies there is of a process that is gone.
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name)  # noqa: PTH108 - the name goes through a descriptor
                before = os.umask(0o177)
                try:
                    sock.bind(name)
                finally:
                    os.umask(before)
            self._server = await asyncio.start_unix_server(
                self._answer, sock=sock, limit=REQUEST_BYTES_MAX
            )
        except BaseException:
            sock.close()
            raise

    def close(self) -> None:
        """Stop listening and take the socket away."""
        if self._server is not None:
            self._server.close()
            self._server = None
            with contextlib.suppress(OSError):
                (self._folder / NAME).unlink()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open > CONNECTIONS_MAX or not _may_ask(writer):
                return
            await self._answer_one(reader, writer)
        except (OSError, TimeoutError) as fault:
            _diagnostics.info("control gone", reason=str(fault))
        finally:
            self._open -= 1
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_SECONDS_MAX):
                line = await reader.readline()
            request = parse_line(line)
            async for answer in self._serve(request):
                await _write(writer, answer)
        except ValueError:
            await _write(writer, {"error": "control.request", "facts": {}})
        except OpenlineError as fault:
            await _write(writer, {"error": fault.code, "facts": fault.facts})
        else:
            await _write(writer, {"end": True})


def ask(folder: Path, request: Answer, timeout_seconds: float | None = 10.0) -> Iterator[Answer]:
    """Ask the running post of a folder; yields its answers.

    Raises:
        AccessError: ``control.not_running`` when nobody answers, ``control.silent`` when the answer
            does not come in time, or what the post refused with.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout_seconds)
        try:
            with _short_name(folder) as name:
                sock.connect(name)
            sock.sendall(json.dumps(request).encode() + b"\n")
        except OSError as fault:
            raise AccessError("control.not_running", str(fault), folder=str(folder)) from fault
        with sock.makefile("rb") as file:
            yield from _answers(file.readline, folder)


def _answers(readline: Callable[[int], bytes], folder: Path) -> Iterator[Answer]:
    while True:
        try:
            line = readline(ANSWER_BYTES_MAX)
            answer = parse_line(line)
        except (OSError, ValueError) as fault:
            raise AccessError("control.silent", str(fault), folder=str(folder)) from fault
        if answer.get("end") is True:
            return
        if "error" in answer:
            raise AccessError(str(answer["error"]), "refused by the post", **answer["facts"])
        yield answer


def parse_line(line: bytes) -> Answer:
    """One request or answer. Raises ValueError."""
    if not line.endswith(b"\n"):
        reason = "cut short"
        raise ValueError(reason)
    try:
        found = json.loads(line)
    except RecursionError as fault:
        raise ValueError from fault
    if not isinstance(found, dict):
        reason = "not an object"
        raise ValueError(reason)  # noqa: TRY004 - for the caller it is all one: not a request
    return found


async def _write(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
    await writer.drain()


def _may_ask(writer: asyncio.StreamWriter) -> bool:
    """The same user, or root: the mode of the socket says so too, but folders get copied."""
    sock = writer.get_extra_info("socket")
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, user, _group = _CREDENTIALS.unpack(raw)
    return user in {os.geteuid(), 0}
