"""Figures are summarised without flattery, and the altered copy differs in exactly one byte."""

import hashlib
import socket
from pathlib import Path

import pytest

from openline.app.demo.check import records_level
from openline.app.demo.evidence import alter, mend
from openline.app.demo.figures import fsync_floor, spread
from openline.app.demo.posts import opposite
from openline.app.demo.scene import DEFAULT_PORT, PATHS, both_up, choose_ports
from openline.errors import ConfigError


def test_nothing_measured_is_said_to_be_nothing() -> None:
    assert spread([]) == {"median": None, "p99": None, "n": 0}


def test_p99_of_a_few_is_the_worst_of_them() -> None:
    assert spread([5.0, 1.0, 900.0]) == {"median": 5.0, "p99": 900.0, "n": 3}


def test_p99_of_many_leaves_one_in_a_hundred_out() -> None:
    assert spread([float(value) for value in range(1, 201)])["p99"] == 198.0


def test_fsync_floor_leaves_nothing_behind(tmp_path: Path) -> None:
    floor = fsync_floor(tmp_path)
    assert floor["n"] > 0
    assert floor["median"] is not None
    assert list(tmp_path.iterdir()) == []


def test_exactly_one_byte_of_the_text_is_changed(tmp_path: Path) -> None:
    bundle, copy = tmp_path / "one.bundle", tmp_path / "copy.bundle"
    bundle.write_bytes(b"\x00before Vessel aground. after\xff")
    changed = alter(bundle, "Vessel aground.", copy)
    whole, altered = bundle.read_bytes(), copy.read_bytes()
    differing = [at for at in range(len(whole)) if whole[at] != altered[at]]
    assert differing == [changed.offset]
    assert (whole[changed.offset], altered[changed.offset]) == (changed.before, changed.after)
    assert len(whole) == len(altered)


def test_a_text_that_is_not_there_is_not_altered(tmp_path: Path) -> None:
    bundle = tmp_path / "one.bundle"
    bundle.write_bytes(b"nothing of the kind")
    with pytest.raises(ConfigError) as refused:
        alter(bundle, "Vessel aground.", tmp_path / "copy.bundle")
    assert refused.value.code == "demo.text_not_found"
    assert not (tmp_path / "copy.bundle").exists()


def test_every_port_is_used_once() -> None:
    ports = choose_ports(25700)
    used = [ports.page, *ports.desks.values()]
    for path in PATHS:
        used += [*ports.bind[path].values(), *ports.advertised[path].values()]
    assert len(set(used)) == len(used) == 3 + 4 * len(PATHS)
    assert ports.page == 25700


def test_a_taken_port_is_refused_if_wished_and_passed_over_if_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 25720))
        taken.listen()
        with pytest.raises(ConfigError) as refused:
            choose_ports(25720)
    assert refused.value.code == "demo.port_taken"
    assert choose_ports(None).page >= DEFAULT_PORT


def test_a_post_that_does_not_answer_is_not_up() -> None:
    up = {"link": {"state": "UP"}}
    assert both_up({"left": up, "right": up})
    assert not both_up({"left": up, "right": None})
    assert not both_up({"left": up, "right": {"link": {"state": "UNSURE"}}})


def test_records_are_level_only_when_both_hold_and_receipted_all() -> None:
    def record(own: int, peer: int, receipted: int, outbox: int = 0) -> dict[str, dict[str, int]]:
        return {
            "record": {
                "own_size": own,
                "peer_size": peer,
                "receipted": receipted,
                "outbox": outbox,
            }
        }

    assert records_level({"left": record(5, 4, 5), "right": record(4, 5, 4)})
    assert not records_level({"left": record(5, 4, 4), "right": record(4, 5, 4)})
    assert not records_level({"left": record(5, 4, 5), "right": record(4, 4, 4)})
    assert not records_level({"left": record(5, 4, 5, 1), "right": record(4, 5, 4)})
    assert not records_level({"left": record(5, 4, 5), "right": None})


def test_sides() -> None:
    assert opposite("left") == "right"
    assert opposite("right") == "left"


def test_a_mended_digest_is_right_again_and_nothing_else_changes(tmp_path: Path) -> None:
    body = b"\x82\x01before Vessel aground. after"
    whole = body + b"\x82\x63end\x58\x20" + hashlib.sha256(body).digest()
    bundle, altered, mended = (tmp_path / name for name in ("whole", "altered", "mended"))
    bundle.write_bytes(whole)
    alter(bundle, "Vessel aground.", altered)
    mend(bundle, altered, mended)
    made = mended.read_bytes()
    assert made[-32:] == hashlib.sha256(made[: len(body)]).digest()
    assert made[:-32] == altered.read_bytes()[:-32]


def test_a_file_without_a_digest_is_not_mended(tmp_path: Path) -> None:
    bundle = tmp_path / "whole"
    bundle.write_bytes(bytes(200))
    with pytest.raises(ConfigError) as refused:
        mend(bundle, bundle, tmp_path / "mended")
    assert refused.value.code == "demo.no_digest"
