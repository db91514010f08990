"""Marks between two real posts by the command line, with a kill -9, and in the bundle."""

import json
from pathlib import Path

import pytest

from tests.e2e.post_rig import make_pair, openline, pins, running, settle

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("first", [0, 1], ids=["north writes", "south writes"])
def test_what_officers_say_of_texts_stands_at_both_sides(tmp_path: Path, first: int) -> None:
    pair = make_pair(tmp_path)
    writer, reader = pair[first], pair[1 - first]
    with running(*pair):
        settle(*pair)
        ship, error = (writer.text(text)["item"] for text in ("Keep 12 miles off", "To Bob"))
        openline("mark", writer.root, "error", error, "Meant for another line")
        said = openline("mark", writer.root, "protest", ship, "No", status=9)
        assert "engine.mark_peer" in said
        assert "config.words_missing" in openline("mark", reader.root, "pass", ship, status=3)
        openline("mark", reader.root, "pass", ship, "Coast guard")
        answer = json.loads(openline("mark", reader.root, "answer", ship, "Heard", "--json"))[
            "item"
        ]
        reader.kill()
        reader.start()
        settle(*pair)
        openline("mark", reader.root, "decline", error)
        openline("mark", reader.root, "protest", ship, "It is our water")
        settle(*pair)
        lists = [openline("record", post.root, "list") for post in pair]
        assert lists[0] == lists[1]
        for shown in (
            "[SENT IN ERROR] [DECLINED TO ANSWER]",
            f"[passed to Coast guard] [answered: {answer}] [PROTEST:",
            f"{error} was sent in error. Meant for another line",
            f"protest against {ship}: It is our water",
        ):
            assert shown in lists[0]
        (found,) = [
            entry
            for entry in json.loads(openline("record", writer.root, "list", "--json"))
            if entry["item"] == ship
        ]
        assert found["marks"]["passed"] == "Coast guard"
        bundle = tmp_path / "bundle"
        openline("record", reader.root, "export", bundle)
        openline("verify", bundle, *pins(*pair))
        assert [post.stop() for post in pair] == [0, 0]
    assert openline("record", writer.root, "list") == lists[0]
