"""``openline demo --check --json`` without a browser: all of it holds, and nothing stays behind."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

COMMAND = ("demo", "--check", "--json", "--desks", "headless", "--port", "25300")
SECONDS_MAX = 170


@pytest.mark.timeout(SECONDS_MAX + 30)
def test_the_check_holds_and_leaves_nothing(tmp_path: Path) -> None:
    ran = subprocess.run(
        (sys.executable, "-m", "openline", *COMMAND),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert ran.stdout, ran.stderr
    found = json.loads(ran.stdout)
    assert found["failed"] == [], ran.stderr
    assert ran.returncode == 0
    assert found["ok"] is True
    assert found["desks"] == "headless"
    assert found["tls_group"] == "X25519MLKEM768"
    assert found["link_up_ms"] > 0
    assert found["pickup_to_heard_ms"]["n"] >= 10
    assert found["text_receipted_ms"]["n"] >= 30
    assert found["path_cut"]["voice_packets_lost"] == 0
    assert found["path_cut"]["voice_packets_received"] > 0
    assert found["path_cut"]["datagrams_swallowed"] > 0
    assert found["path_cut"]["texts_lost"] == 0
    assert found["restart"]["texts_lost"] == 0
    assert found["record"]["identical"] is True
    assert found["record"]["verified"] is True
    assert found["record"]["entries"] > found["record"]["texts_written"]
    assert list(tmp_path.glob("openline-demo-*")) == []


def test_what_cannot_start_is_said_in_json_too() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 25340))
        taken.listen()
        ran = subprocess.run(
            (sys.executable, "-m", "openline", *COMMAND[:-1], "25340"),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode != 0
    found = json.loads(ran.stdout)
    assert found["ok"] is False
    assert found["failed"][0]["code"] == "demo.port_taken"
    assert "Traceback" not in ran.stderr


def test_an_unknown_kind_of_desk_is_refused_in_words() -> None:
    ran = subprocess.run(
        (sys.executable, "-m", "openline", "demo", "--check", "--desks", "paper"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tempfile.gettempdir(),
    )
    assert ran.returncode != 0
    assert "demo.desks" in ran.stderr
    assert "Traceback" not in ran.stderr
