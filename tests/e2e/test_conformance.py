"""The conformance kit against our own post, and against posts that break one rule each."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openline.app.conformance.run import CHECKS
from openline.app.folder import Folder
from tests.e2e.post_rig import ENVIRONMENT, PostProcess, make_pair, openline, running

pytestmark = pytest.mark.timeout(240)


def kit(folder: Folder, *only: str, status: int = 0) -> dict[str, Any]:
    """Run the program as a person would."""
    named = [part for name in only for part in ("--only", name)]
    shown = openline("conformance", "--dir", folder.root, *named, "--json", status=status)
    return dict(json.loads(shown))


def results(found: dict[str, Any]) -> dict[str, str]:
    return {item["check"]: item["result"] for item in found["checks"]}


def broken(found: dict[str, Any]) -> set[str]:
    return {item["clause"] for item in found["checks"] if item["result"] == "broken"}


@contextmanager
def wrong(post: PostProcess, rule: str) -> Iterator[None]:
    """The post with one rule broken, while the block runs."""
    with (post.root.parent / f"{post.root.name}.out").open("wb") as out:
        post.process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.wrong_post", rule, str(post.root)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | ENVIRONMENT,
        )
    try:
        post.until(lambda _status: True)
        yield
    finally:
        post.kill()


def test_our_own_post_conforms_twice_and_stays_up(tmp_path: Path) -> None:
    post, south = make_pair(tmp_path, dial_only=True)
    with running(post):
        found = kit(south.folder)
        assert broken(found) == set(), found["checks"]
        assert found["conforms"] is True
        seen = results(found)
        assert set(seen) == {check.name for check in CHECKS if not check.breach}
        assert {name for name, result in seen.items() if result == "not_seen"} == {"cells"}
        assert found["not_tested"]
        status = post.status()
        assert status["record"]["state"] == "live"
        again = kit(south.folder, "answer", "text", "restored", "what-came")
        assert set(results(again).values()) == {"holds"}
        assert post.status()["record"]["peer_size"] > status["record"]["peer_size"]


def test_a_breach_halts_the_record_of_our_own_post_alone(tmp_path: Path) -> None:
    post, south = make_pair(tmp_path, dial_only=True)
    with running(post):
        found = kit(south.folder, "breach-lamport")
        assert results(found) == {"breach-lamport": "holds"}
        assert post.status()["record"]["state"] == "halted"


WRONG = [
    ("any_key", "wrong-key", "link 2"),
    ("long_records", "bad-records", "link 3.1"),
    ("replays", "bad-packets", "link 4.3"),
    ("deaf_heartbeat", "heartbeats", "link 7"),
    ("genesis_unsigned", "wrong-hello", "handshake 2"),
    ("never_answers", "answer", "handshake 3"),
    ("narrow_control", "control-pace", "frames 4"),
    ("never_wants", "out-of-order", "delivery 4"),
    ("never_seals", "seals", "delivery 7"),
    ("unsigned_entries", "bad-signature", "record 6"),
    ("lamport_unchecked", "breach-lamport", "record 6"),
]


@pytest.mark.parametrize(("rule", "check", "clause"), WRONG, ids=[row[0] for row in WRONG])
def test_the_clause_of_a_broken_rule_is_named(
    tmp_path: Path, rule: str, check: str, clause: str
) -> None:
    post, south = make_pair(tmp_path, dial_only=True)
    with wrong(post, rule):
        found = kit(south.folder, check, status=1)
    assert found["conforms"] is False
    assert broken(found) == {clause}, found["checks"]


def test_what_keeps_the_kit_from_running_is_said(tmp_path: Path) -> None:
    _post, south = make_pair(tmp_path, dial_only=True)
    run = ("conformance", "--dir", south.root)
    assert "[conformance.unreachable]" in openline(*run, status=2)
    assert "[conformance.check]" in openline(*run, "--only", "no-such", status=2)
    listening, _other = make_pair(tmp_path / "more")
    shown = openline("conformance", "--dir", listening.root, status=2)
    assert "[conformance.listens]" in shown
