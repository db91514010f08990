"""A sealed exchange between two real posts, by the command line, with a kill -9 in the middle."""

import json
from pathlib import Path

import pytest

from tests.e2e.post_rig import PostProcess, make_pair, openline, pins, running, settle

pytestmark = pytest.mark.timeout(240)
TEXTS = {"north": "Bearing 041, 3 contacts", "south": "Bearing 043, 2 contacts"}
TERMS = ("--title", "Sonar contact", "--default", "No contact seen", "--minutes", "30")


def commit(post: PostProcess, item: str, status: int = 0) -> str:
    file = post.root.parent / f"{post.root.name}.said"
    file.write_text(TEXTS[post.root.name] + "\n", "utf-8")
    return openline("exchange", post.root, "commit", item, "--file", file, status=status)


def stands(post: PostProcess) -> dict[str, str]:
    (found,) = json.loads(openline("exchange", post.root, "status", "--json"))["exchanges"]
    assert found["state"]
    return {name: found[name]["state"] for name in ("own", "peer")} | {"state": found["state"]}


@pytest.mark.parametrize("first", [0, 1], ids=["north opens", "south opens"])
def test_both_commit_then_both_reveal_and_the_bundle_says_so(tmp_path: Path, first: int) -> None:
    pair = make_pair(tmp_path)
    opener, other = pair[first], pair[1 - first]
    with running(*pair):
        settle(*pair)
        item = json.loads(openline("exchange", opener.root, "open", *TERMS, "--json"))["item"]
        settle(*pair)
        commit(opener, item)
        settle(*pair)
        assert stands(other) == {"own": "none", "peer": "held", "state": "committing"}
        said = openline("exchange", opener.root, "reveal", item, status=1)
        assert "exchange.early" in said
        assert "Nothing was revealed" in said
        opener.kill()
        opener.start()
        settle(*pair)
        commit(other, item)
        assert "exchange.twice" in commit(other, item, status=1)
        settle(*pair)
        openline("exchange", opener.root, "reveal", item)
        settle(*pair)
        shown = openline("exchange", other.root)
        assert f"The other side revealed: {TEXTS[opener.root.name]}" in shown
        assert "we may reveal ours" in shown
        openline("exchange", other.root, "reveal", item)
        settle(*pair)
        for post in pair:
            assert stands(post) == {"own": "revealed", "peer": "revealed", "state": "both_revealed"}
        bundle = tmp_path / "bundle"
        openline("record", other.root, "export", bundle)
        verdict = openline("verify", bundle, *pins(*pair))
        for text in TEXTS.values():
            assert f"revealed, proved in time by a receipt: {text}" in verdict
        assert f"Sealed exchange {item}: Sonar contact" in verdict
        exported = json.loads(openline("verify", bundle, *pins(*pair), "--json"))
        (found,) = exported["exchanges"]
        assert [half["time"] for half in found["halves"]] == ["in_time", "in_time"]
        assert exported["voids"] == []


def test_what_is_not_revealed_is_told_without_a_cause(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    north, south = pair
    with running(*pair):
        settle(*pair)
        item = json.loads(openline("exchange", north.root, "open", *TERMS, "--json"))["item"]
        settle(*pair)
        for post in pair:
            commit(post, item)
        settle(*pair)
        openline("exchange", north.root, "reveal", item)
        settle(*pair)
        bundle = tmp_path / "bundle"
        openline("record", north.root, "export", bundle)
    verdict = openline("verify", bundle, *pins(*pair))
    assert "no reveal is in this bundle, and it cannot say why" in verdict
    assert "the terms count it as: No contact seen" in verdict
    assert south.process is None
