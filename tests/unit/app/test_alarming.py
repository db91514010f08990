"""The second output: real programs, a real address, and everything that can go wrong with them."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from openline.app.alarming import CALLS_PER_HOUR_MAX, OUTPUT_BYTES_MAX, SecondOutput
from openline.app.config import AlarmSettings
from openline.engine.desk import AlarmView, PostView
from openline.errors import OpenlineError  # noqa: TC001 - as the other rooms
from tests.unit.web.fake_desk_api import post_view

pytestmark = pytest.mark.asyncio

ALARM = AlarmView(
    code="deaf_desk", since_wall_ms=1, acknowledged=False, facts={"reason": "blocked"},
    unanswered=True,
)  # fmt: skip


class Rig:
    """A second output over a view that a test sets."""

    def __init__(self, *alarms: AlarmView, **settings: Any) -> None:  # noqa: ANN401 - any setting
        self.view: PostView = replace(post_view(), alarms=alarms)
        self.problems: dict[str, OpenlineError] = {}
        self.output = SecondOutput(AlarmSettings(**settings), lambda: self.view, self.problems)

    def set(self, *alarms: AlarmView) -> None:
        self.view = replace(self.view, alarms=alarms)

    def code(self, name: str = "alarm hook") -> str:
        return self.problems[name].code if name in self.problems else ""


def program(tmp_path: Path, body: str) -> tuple[str, ...]:
    path = tmp_path / "hook.py"
    path.write_text(f"import json, os, sys, time\nOUT = {str(tmp_path / 'out')!r}\n{body}\n")
    return (sys.executable, "-I", str(path))


TAKE = "open(OUT, 'a').write(sys.stdin.read() + '\\n')"


def taken(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "out"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


async def test_a_program_gets_the_alarm_once_and_nothing_of_the_record(tmp_path: Path) -> None:
    rig = Rig(replace(ALARM, unanswered=False), hook=program(tmp_path, TAKE))
    await rig.output.look()
    assert taken(tmp_path) == [], "an officer has time first"
    rig.set(ALARM)
    for _ in range(3):
        await rig.output.look()
    (told,) = taken(tmp_path)
    assert (told["alarm"], told["facts"]) == ("deaf_desk", {"reason": "blocked"})
    assert told.keys() == {
        "alarm", "facts", "since_wall_ms", "wall_ms", "party", "own_names", "peer_names", "link",
    }  # fmt: skip
    rig.set()
    await rig.output.look()
    rig.set(replace(ALARM, since_wall_ms=2), replace(ALARM, code="x", acknowledged=True))
    await rig.output.look()
    assert [one["since_wall_ms"] for one in taken(tmp_path)] == [1, 2]
    assert rig.problems == {}


@pytest.mark.parametrize(
    ("body", "seconds", "code"),
    [
        ("sys.exit(3)", 60.0, "alarms.hook_failed"),
        ("time.sleep(60)", 0.3, "alarms.hook_silent"),
        ("os.fork() or time.sleep(60); time.sleep(60)", 0.3, "alarms.hook_silent"),
        ("while True: print('x' * 10_000, flush=True)", 0.3, "alarms.hook_silent"),
    ],
)
async def test_a_program_that_fails_is_a_coded_problem(
    tmp_path: Path, body: str, seconds: float, code: str
) -> None:
    rig = Rig(ALARM, hook=program(tmp_path, body), hook_seconds=seconds)
    await rig.output.look()
    assert rig.code() == code
    assert len(rig.problems["alarm hook"].detail) <= OUTPUT_BYTES_MAX
    rig = Rig(ALARM, hook=program(tmp_path, "print('y' * 100_000)"))
    await rig.output.look()
    assert rig.code() == "", "much output and a good end is no problem"


async def test_a_program_that_is_not_there_and_one_that_works_again(tmp_path: Path) -> None:
    rig = Rig(ALARM, hook=(str(tmp_path / "hook"),))
    await rig.output.look()
    assert rig.code() == "alarms.hook_missing"
    path = tmp_path / "hook"
    path.write_text("#!/bin/sh\ncat >/dev/null\n")
    path.chmod(0o700)
    rig.set(replace(ALARM, since_wall_ms=2))
    await rig.output.look()
    assert rig.problems == {}


async def test_a_flapping_alarm_starts_no_end_of_programs() -> None:
    rig = Rig(hook=("/bin/true",))
    for number in range(CALLS_PER_HOUR_MAX + 3):
        rig.set(replace(ALARM, since_wall_ms=number))
        await rig.output.look()
    assert rig.code("alarm limit") == "alarms.too_many"


@contextmanager
def address(status: int) -> Iterator[tuple[str, list[bytes]]]:
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            if status == 302:
                self.send_header("location", "http://127.0.0.1:9/")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    listener = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}/alarm?post=a", got
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


@pytest.mark.parametrize(
    ("status", "code"),
    [(204, ""), (500, "alarms.webhook_failed"), (302, "alarms.webhook_failed")],
)
async def test_an_address_gets_the_alarm_and_is_not_followed_elsewhere(
    status: int, code: str
) -> None:
    with address(status) as (url, got):
        rig = Rig(ALARM, webhook=url)
        await rig.output.look()
        assert json.loads(got[0])["alarm"] == "deaf_desk"
    assert rig.code("alarm webhook") == code


async def test_an_address_where_nobody_is_and_a_program_that_works(tmp_path: Path) -> None:
    with address(204) as (url, _):
        pass
    rig = Rig(ALARM, webhook=url, hook=program(tmp_path, TAKE))
    await rig.output.look()
    assert rig.code("alarm webhook") == "alarms.webhook_failed"
    assert len(taken(tmp_path)) == 1
    assert rig.code() == ""
