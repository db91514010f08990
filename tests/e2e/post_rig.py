"""Two real posts on loopback: folders made and paired here, processes started and killed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from openline.app.config import ChecksSettings, PostConfig, load_config
from openline.app.control import ask
from openline.app.folder import Folder
from openline.app.pairing import PathWish, PostWish, compare, init_post, own_card, pair
from openline.engine.ports import StoredState
from openline.errors import AccessError
from openline.store import read_offline
from tests.e2e.link_rig import worker

START_SECONDS = 40.0
# A line check that falls due would write entries in the middle of a test.
ENVIRONMENT = {"LANG": "C", "LC_ALL": "C", "OPENLINE_CHECKS__EVERY_MINUTES": "0"}
PATHS = ("main", "sat")
# Workers of one run have a range each; runs beside each other begin at different places of it.
_LOW = 22200 if worker() == 1 else 24200
_FIRST = _LOW + os.getpid() % 7 * 110
_PORTS: Iterator[int] = iter([*range(_FIRST, _LOW + 790), *range(_LOW, _FIRST)])


def free_port() -> int:
    """A port that is free for TCP and UDP on loopback, both families of the desk included."""
    for port in _PORTS:
        with contextlib.ExitStack() as stack:
            try:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    bound = stack.enter_context(socket.socket(socket.AF_INET, kind))
                    bound.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    reason = "no free port"
    raise RuntimeError(reason)


@dataclass
class PostProcess:
    """One post's folder, and its process while it runs."""

    folder: Folder
    desk_port: int
    process: "subprocess.Popen[bytes] | None" = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.folder.root

    @property
    def said(self) -> str:
        """What the process printed since its last start."""
        return (self.root.parent / f"{self.root.name}.out").read_text(encoding="utf-8")

    def path_address(self, name: str) -> tuple[str, int]:
        """Where a path of this post binds."""
        host, _colon, port = load_config(self.folder.config).paths[name].bind.rpartition(":")
        return host, int(port)

    def start(self, *, wait: bool = True) -> None:
        assert self.process is None
        with (self.root.parent / f"{self.root.name}.out").open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "openline", "run", str(self.root)],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | ENVIRONMENT | self.environment,
            )
        if wait:
            self.until(lambda _status: True)

    def kill(self) -> None:
        """The end that nobody can catch."""
        process = self._gone()
        process.send_signal(signal.SIGKILL)
        process.wait(20)

    def stop(self) -> int:
        process = self._gone()
        process.send_signal(signal.SIGTERM)
        return process.wait(20)

    def _gone(self) -> "subprocess.Popen[bytes]":
        assert self.process is not None
        process, self.process = self.process, None
        return process

    def ask(self, do: str, timeout: float = 30.0, /, **more: object) -> list[dict[str, Any]]:
        return list(ask(self.root, {"do": do, **more}, timeout))

    def status(self) -> dict[str, Any]:
        return self.ask("status")[0]

    def until(
        self, good: Callable[[dict[str, Any]], bool], seconds: float = START_SECONDS
    ) -> dict[str, Any]:
        """Wait for a status that is good; says what was there instead."""
        end = time.monotonic() + seconds
        last: object = "no answer"
        while time.monotonic() < end:
            try:
                status = self.status()
            except AccessError as fault:
                last = fault
                assert self.process is None or self.process.poll() is None, self.said
            else:
                if good(status):
                    return status
                last = status
            time.sleep(0.05)
        pytest.fail(f"{self.root.name} did not get there: {last}\n{self.said}")

    def text(self, text: str, wait: str = "receipted", timeout: float = 20.0) -> dict[str, Any]:
        answers = self.ask("text", timeout + 10, text=text, lang="en", wait=wait, timeout=timeout)
        assert answers[-1]["rung"] == wait, answers
        return answers[-1]

    def disk(self) -> StoredState:
        """What the disk of a stopped or killed post holds, nothing changed on it."""
        assert self.process is None
        return read_offline(self.folder.record)


def make_pair(tmp_path: Path, *, dial_only: bool = False) -> tuple[PostProcess, PostProcess]:
    """Two founded posts; with ``dial_only`` the second cannot be dialed."""
    posts: list[PostProcess] = []
    for name in ("north", "south"):
        desk = free_port()
        paths = {}
        for path in PATHS:
            address = f"127.0.0.1:{free_port()}"
            listen = name == "north" or not dial_only
            paths[path] = PathWish(
                bind=address, advertised=(address,) if listen else (), listen=listen
            )
        folder = Folder(tmp_path / name)
        init_post(folder, PostWish(names={"en": name}, paths=paths, desk_port=desk))
        posts.append(PostProcess(folder, desk))
    for post, other in (posts, posts[::-1]):
        data = other.folder.card.read_bytes()
        pair(post.folder, data, compare(post.folder, data).digits)
    return posts[0], posts[1]


def pins(*posts: PostProcess) -> list[str]:
    return [part for post in posts for part in ("--pin", own_card(post.folder).fingerprint.hex())]


def openline(*arguments: object, status: int = 0) -> str:
    """Run the program; its output."""
    command = [sys.executable, "-m", "openline", *[str(item) for item in arguments]]
    environment = os.environ | {"LANG": "C", "LC_ALL": "C"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == status, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stdout + ran.stderr


def is_up(status: dict[str, Any]) -> bool:
    return bool(status["link"]["state"] == "UP" and status["record"]["state"] == "live")


def is_settled(status: dict[str, Any]) -> bool:
    record = status["record"]
    return is_up(status) and record["outbox"] == 0 and record["receipted"] == record["own_size"]


def settle(*posts: PostProcess) -> list[dict[str, Any]]:
    """Wait until everything written is held by both."""
    found: list[dict[str, Any]] = []
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = [post.until(is_settled, 60) for post in posts]
        records = [status["record"] for status in found]
        if all(
            mine["own_size"] == theirs["peer_size"] for mine, theirs in (records, records[::-1])
        ):
            return found
        time.sleep(0.05)
    pytest.fail(json.dumps(found, indent=1, default=str))


@contextlib.contextmanager
def running(*posts: PostProcess) -> Iterator[None]:
    """Start the posts; whatever happens, no process is left."""
    try:
        for post in posts:
            post.start(wait=False)
        for post in posts:
            post.until(lambda _status: True)
        yield
    finally:
        for post in posts:
            if post.process is not None:
                post.kill()


def config_without_checks(folder: Folder) -> PostConfig:
    """The settings of a post that runs in this process: as in ``ENVIRONMENT``."""
    checks = ChecksSettings(every_minutes=0)
    return load_config(folder.config).model_copy(update={"checks": checks})
