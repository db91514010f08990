"""What needs two officers, at two real posts: by the command line, with a kill -9 in between."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.post_rig import make_pair, openline, pins, running, settle

pytestmark = pytest.mark.timeout(240)
TOOL = Path(__file__).parents[2] / "tools" / "verify" / "openline_verify.py"
PHRASE, OTHER = "correct horse battery", "another good passphrase"


def phrase(tmp_path: Path, text: str) -> Path:
    path = tmp_path / f"phrase-{len(text)}"
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return path


@pytest.mark.parametrize("first", [0, 1], ids=["north binds itself", "south binds itself"])
def test_a_side_that_binds_itself_is_held_to_it(tmp_path: Path, first: int) -> None:
    pair = make_pair(tmp_path)
    post, other = pair[first], pair[1 - first]
    one, two = phrase(tmp_path, PHRASE), phrase(tmp_path, OTHER)
    files = ("--by-passphrase-file", one, "--second-passphrase-file", two)
    with running(*pair):
        settle(*pair)
        openline("officer", "passphrase", post.root, "W-1", "--passphrase-file", one)
        add = ("officer", "add", post.root, "W-2", "--passphrase-file", two)
        openline(*add, "--by-passphrase-file", one)
        said = openline("officer", "rule", post.root, "text", "enrol", "--second", "W-2", *files)
        assert "Written in the record as" in said
        settle(*pair)
        write = ("text", post.root, "Hold your course.", "--officer")
        assert "[record.second_officer]" in openline(*write, "W-2", status=6)
        both = (*write, "W-2", "--officer", "W-1", "--passphrase-file", two)
        assert "[officer.passphrase]" in openline(*both, "--passphrase-file", two, status=4)
        post.kill()
        post.start()
        settle(*pair)
        assert "enrol, text" in openline("officer", "rule", post.root)
        assert "[record.second_officer]" in openline(*write, "W-2", status=6)
        said = openline(*both, "--passphrase-file", one, "--wait", "receipted", "--json")
        item = json.loads(said)["item"]
        openline("text", other.root, "One of us is enough.", "--wait", "receipted")
        settle(*pair)
        entries = other.ask("record")[0]["entries"]
        (text,) = [entry for entry in entries if entry["item"] == item]
        assert text["signed_by_officers"] == 2
        (rule,) = [entry for entry in entries if entry["kind"] == "rule"]
        assert rule["signed_by_officers"] == 2
        bundle = tmp_path / "bundle"
        openline("record", other.root, "export", bundle, "--no-bodies")
    verdict = json.loads(openline("verify", bundle, *pins(*pair), "--json"))
    assert verdict["verified"]
    signed = [entry["officers"] for entry in verdict["entries"] if entry["kind"] == "text"]
    assert sorted(signed) == [["W-1"], ["W-2", "W-1"]]
    ran = subprocess.run(
        [sys.executable, str(TOOL), str(bundle), *pins(*pair)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
