"""Two real posts on loopback: texts both ways, one record, and what goes wrong, said in words."""

import json
import resource
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

from openline.errors import AccessError
from tests.e2e.post_rig import (
    PostProcess,
    is_up,
    make_pair,
    openline,
    pins,
    running,
    settle,
)


def leaves(post: PostProcess) -> list[list[bytes]]:
    return [[entry.leaf for entry in half] for half in post.disk().entries]


def test_texts_both_ways_and_one_record_that_verifies(tmp_path: Path) -> None:
    north, south = make_pair(tmp_path)
    with running(north, south):
        for post in (north, south):
            status = post.until(lambda status: is_up(status) and bool(status["link"]["tls_group"]))
            assert status["link"]["tls_group"] == "X25519MLKEM768"
        said = openline("text", north.root, "Fishing boat 4 drifts east.", "--wait", "receipted")
        assert "receipted by their post" in said
        south.text("我方已收到。", wait="sealed")
        for number in range(5):
            north.text(f"north {number}")
            south.text(f"south {number}")
        settle(north, south)
        said = openline("status", north.root)
        assert "UP" in said
        assert "path sat: up" in said
        for post in (north, south):
            listed = openline("record", post.root, "list")
            assert "Fishing boat 4 drifts east." in listed
            assert "我方已收到。" in listed
            openline("record", post.root, "export", tmp_path / f"{post.root.name}.bundle")
        withheld = tmp_path / "withheld.bundle"
        openline("record", north.root, "export", withheld, "--no-bodies")
        assert "The bundle holds" in openline("verify", withheld, *pins(north, south))
        assert b"drifts east" not in withheld.read_bytes()
        shown = json.loads(openline("record", north.root, "show", "a-2", "--json"))
        assert shown["kind"] == "text"
        assert north.stop() == 0
        assert south.stop() == 0
    assert not (north.root / "control.sock").exists()
    assert leaves(north) == leaves(south)
    for name in ("north", "south"):
        said = openline("verify", tmp_path / f"{name}.bundle", *pins(north, south))
        assert "The bundle holds" in said
        assert "not agreement" in said
    report = json.loads(
        openline("verify", tmp_path / "north.bundle", *pins(north, south), "--json")
    )
    assert all(entry["receipted"] for entry in report["entries"])
    assert len(report["entries"]) >= 13
    openline("record", north.root, "export", tmp_path / "later.bundle")
    openline("verify", tmp_path / "later.bundle", *pins(north, south))


def test_a_second_run_is_refused_with_the_pid(tmp_path: Path) -> None:
    north, _south = make_pair(tmp_path)
    with running(north):
        said = openline("run", north.root, status=4)
        assert north.process is not None
        assert f"process {north.process.pid}" in said
        assert "[folder.locked]" in said
        assert north.status()["pid"] == north.process.pid


def test_what_was_receipted_survives_kill_9_and_what_was_written_goes_on(tmp_path: Path) -> None:
    north, south = make_pair(tmp_path)
    with running(north, south):
        north.until(is_up)
        south.until(is_up)
        for number in range(3):
            south.text(f"before {number}")
        receipted = south.status()["record"]["receipted"]
        north.kill()
        assert len(leaves(north)[1 if south.status()["party"] == "b" else 0]) >= receipted
        waiting = south.text("while the other is dead", wait="written")
        with pytest.raises(AccessError):
            north.status()
        north.start()
        settle(north, south)
        assert waiting["item"]
        assert north.stop() == 0
        assert south.stop() == 0
    assert leaves(north) == leaves(south)
    texts = openline("record", north.root, "list")
    assert texts.count("while the other is dead") == 1
    assert texts.count("before ") == 3


def test_an_old_backup_is_healed_by_the_peer(tmp_path: Path) -> None:
    north, south = make_pair(tmp_path)
    with running(north, south):
        north.until(is_up)
        north.text("kept in the backup")
        settle(north, south)
        north.stop()
        shutil.copy(north.folder.record, tmp_path / "backup.sqlite")
        north.start()
        for number in range(4):
            north.text(f"after the backup {number}")
            south.text(f"reply {number}")
        settle(north, south)
        before = north.status()["record"]["own_size"]
        north.stop()
        shutil.copy(tmp_path / "backup.sqlite", north.folder.record)
        north.start()
        settle(north, south)
        assert north.status()["record"]["own_size"] >= before
        north.stop()
        south.stop()
    assert leaves(north) == leaves(south)
    assert openline("record", north.root, "list").count("after the backup") == 4


def test_a_record_lost_with_every_copy_comes_back_from_the_peer(tmp_path: Path) -> None:
    north, south = make_pair(tmp_path)
    with running(north, south):
        north.until(is_up)
        for number in range(3):
            north.text(f"ours {number}")
            south.text(f"theirs {number}")
        settle(north, south)
        north.stop()
        assert "[file.exists]" in openline("record", north.root, "rebuild", status=3)
        for file in north.root.glob("record.sqlite*"):
            file.unlink()
        assert "[store.missing]" in openline("run", north.root, status=5)
        openline("record", north.root, "rebuild")
        north.start()
        settle(north, south)
        north.text("we go on")
        settle(north, south)
        north.stop()
        south.stop()
    assert leaves(north) == leaves(south)
    listed = openline("record", north.root, "list")
    assert listed.count("ours ") == listed.count("theirs ") == 3


def test_a_full_disk_is_said_and_the_line_stays_up(tmp_path: Path) -> None:
    north, south = make_pair(tmp_path)
    with running(north, south):
        north.until(is_up)
        south.until(is_up)
        south.text("room enough")
        assert north.process is not None
        pid = north.process.pid
        free = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, free[1]))
        receipted = south.status()["record"]["receipted"]
        written = south.text("into a full disk", wait="written")
        faulty = north.until(lambda status: bool(status["disk_fault"]))
        assert faulty["disk_fault"].startswith("store.")
        assert faulty["link"]["state"] == "UP"
        time.sleep(1.0)
        assert south.status()["record"]["receipted"] == receipted
        assert "fault: " in openline("status", north.root)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, free)
        settle(north, south)
        assert north.status()["disk_fault"] is None
        assert written["item"]


def test_a_taken_desk_port_is_said_and_the_line_goes_on(tmp_path: Path) -> None:
    north, south = make_pair(tmp_path)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", north.desk_port))
        other.listen()
        with running(north, south):
            north.until(is_up)
            end = time.monotonic() + 10
            while "[web.port_taken]" not in north.said:
                assert time.monotonic() < end, north.said
                time.sleep(0.1)
            assert f"port {north.desk_port} is taken" in north.said
            assert "[desk.absent]" in openline("desk-url", north.root, status=4)
            north.text("the line goes on")


def test_a_taken_path_port_is_said_and_tried_again(tmp_path: Path) -> None:
    north, south = make_pair(tmp_path)
    address = north.path_address("main")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(address)
        other.listen()
        with running(north, south):
            end = time.monotonic() + 20
            while "[link.bind]" not in north.said:
                assert time.monotonic() < end, north.said
                time.sleep(0.1)
            assert f"127.0.0.1:{address[1]}" in north.said
            north.text("the other path carries it")


def test_one_side_dials_only(tmp_path: Path) -> None:
    north, south = make_pair(tmp_path, dial_only=True)
    with running(north, south):
        north.until(is_up)
        south.text("from behind NAT")
        north.text("and back")


def test_a_stopped_process_leaves_in_order(tmp_path: Path) -> None:
    north, _south = make_pair(tmp_path)
    with running(north):
        assert north.process is not None
        north.process.send_signal(signal.SIGINT)
        assert north.process.wait(20) == 0
        north.process = None
        assert "stopped" in north.said
    assert "[control.not_running]" in openline("status", north.root, status=4)
