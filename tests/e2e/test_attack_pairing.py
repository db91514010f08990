"""A middleman swaps the cards on their way: the officers' digits differ, and nothing links up."""

import json
import time
from pathlib import Path

import pytest

from openline.app.folder import Folder
from openline.app.pairing import PathWish, PostWish, compare, init_post, own_card, pair
from openline.errors import OpenlineError
from openline.record.genesis import make_genesis
from tests.e2e.post_rig import PATHS, PostProcess, free_port, running


def make_post(root: Path, addresses: dict[str, str]) -> PostProcess:
    desk = free_port()
    paths = {n: PathWish(bind=a, advertised=(a,), listen=True) for n, a in addresses.items()}
    folder = Folder(root)
    init_post(folder, PostWish(names={"en": root.name}, paths=paths, desk_port=desk))
    return PostProcess(folder, desk)


def test_swapped_cards_show_in_the_digits_and_link_nobody(tmp_path: Path) -> None:
    places = [{path: f"127.0.0.1:{free_port()}" for path in PATHS} for _ in "ns"]
    north = make_post(tmp_path / "north", places[0])
    south = make_post(tmp_path / "south", places[1])
    # The middleman gives itself the names and the addresses of the party that it plays.
    (tmp_path / "forged").mkdir()
    as_south = make_post(tmp_path / "forged" / "south", places[1])
    as_north = make_post(tmp_path / "forged" / "north", places[0])
    for post, forged, other in ((north, as_south, as_north), (south, as_north, as_south)):
        given = forged.folder.card.read_bytes()
        read_by_the_other = compare(
            (south if post is north else north).folder, other.folder.card.read_bytes()
        ).digits
        seen = compare(post.folder, given).digits
        assert seen != read_by_the_other
        with pytest.raises(OpenlineError) as refused:
            pair(post.folder, given, read_by_the_other)
        assert refused.value.code == "card.digits"
        assert not post.folder.peer_card.exists()
        pair(post.folder, given, seen)  # Two officers who compared nothing.
    lines = {
        make_genesis(own_card(post.folder), own_card(forged.folder)).line
        for post, forged in ((north, as_south), (south, as_north))
    }
    assert len(lines) == 2
    with running(north, south):
        time.sleep(4.0)
        for post in (north, south):
            status = post.status()
            assert status["link"]["state"] == "DOWN", json.dumps(status, default=str)
            assert status["link"]["last_contact_ms_ago"] is None
            assert status["record"]["state"] == "waiting"
            assert status["record"]["peer_size"] <= 1
            post_text = post.text("to whom?", wait="written")
            assert post_text["item"].startswith("outbox-")
