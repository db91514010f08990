"""Officers on the command line, without a running post: asked for, refused, listed."""

import json
from pathlib import Path

import pytest
from cryptography import x509
from typer.testing import CliRunner

from openline.app import wrapping
from openline.app.wrapping import Stretch
from tests.unit.cli.test_pairing_words import Program, digits_of

PHRASE = "correct horse battery"
OTHER = "another good passphrase"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        wrapping, "fresh_stretch", lambda: Stretch(salt=b"s" * 16, memory_kib=64, iterations=1)
    )


def phrase(tmp_path: Path, text: str) -> Path:
    path = tmp_path / f"phrase-{len(text)}"
    path.touch(mode=0o600)
    path.write_text(text + "\n")
    return path


def founded(tmp_path: Path, *more: object, passphrase: Path | None = None) -> Program:
    program = Program(tmp_path)
    program.init("north", *more)
    program.init("south")
    card = program.card("south")
    asked = program("card", "import", tmp_path / "north", card, status=3)
    confirm: tuple[str, ...] = ("--confirm", digits_of(asked))
    if passphrase is not None:
        said = program("card", "import", tmp_path / "north", card, *confirm, status=4)
        assert "[officer.passphrase_missing]" in said
        confirm += ("--passphrase-file", str(passphrase))
    program("card", "import", tmp_path / "north", card, *confirm)
    return program


def test_an_officer_comes_and_goes(tmp_path: Path) -> None:
    program, north = founded(tmp_path), tmp_path / "north"
    file = phrase(tmp_path, PHRASE)
    said = program("officer", "add", north, "W-2", status=4)
    assert "[officer.passphrase_missing]" in said
    said = program("officer", "add", north, "W-2", "--name", "陈", "--passphrase-file", file)
    assert "waits in the outbox" in said
    assert PHRASE not in said
    said = program("officer", "list", north)
    assert "W-1" in said
    assert "key not wrapped" in said
    assert "enrolment waits in the outbox" in said
    found = json.loads(program("officer", "list", north, "--json"))
    assert [(one["code"], one["name"], one["key"]) for one in found] == [
        ("W-1", "", "open"),
        ("W-2", "陈", "wrapped"),
    ]
    again = program("officer", "add", north, "W-2", "--passphrase-file", file, status=4)
    assert "[officer.known]" in again
    said = program("officer", "revoke", north, "W-2")
    assert "signs nothing more" in said
    assert "[officer.last]" in program("officer", "revoke", north, "W-1", status=4)
    assert "[folder.missing]" in program("officer", "list", tmp_path / "none", status=3)
    file.chmod(0o644)
    said = program("officer", "add", north, "W-3", "--passphrase-file", file, status=3)
    assert "[file.readable_by_others]" in said


def test_a_post_is_made_with_a_wrapped_officer(tmp_path: Path) -> None:
    file = phrase(tmp_path, PHRASE)
    program = founded(tmp_path, "--passphrase-file", file, passphrase=file)
    north, other = tmp_path / "north", phrase(tmp_path, OTHER)
    assert "ENCRYPTED" in (north / "keys" / "officer-W-1.key").read_text()
    add = ("officer", "add", north, "W-2", "--passphrase-file", other)
    assert "[officer.passphrase_missing]" in program(*add, status=4)
    assert "[officer.passphrase]" in program(*add, "--by-passphrase-file", other, status=4)
    program(*add, "--by-passphrase-file", file)
    change = ("officer", "passphrase", north, "W-1", "--passphrase-file", other)
    program(*change, "--old-passphrase-file", file)
    said = program(*change, "--old-passphrase-file", file, status=4)
    assert "[officer.passphrase]" in said


def test_a_person_types_it_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, north = founded(tmp_path), tmp_path / "north"
    monkeypatch.setattr("openline.cli.passphrase.at_terminal", lambda: True)

    def typed(*lines: str, status: int = 0) -> str:
        words = ["officer", "passphrase", str(north), "W-1"]
        ran = CliRunner().invoke(program.app, words, input="".join(f"{line}\n" for line in lines))
        assert ran.exit_code == status, ran.output
        assert not any(line in ran.output for line in lines)
        return ran.output

    assert "[officer.passphrase_differs]" in typed(PHRASE, OTHER, status=4)
    assert "[officer.passphrase_short]" in typed("tiny", "tiny", status=4)
    typed(PHRASE, PHRASE)
    # Now it is wrapped: the one that it has is asked for too.
    assert "[officer.passphrase]" in typed(OTHER, OTHER, OTHER, status=4)
    typed(OTHER, OTHER, PHRASE)


def test_a_rule_for_two_officers(tmp_path: Path) -> None:
    file, other = phrase(tmp_path, PHRASE), phrase(tmp_path, OTHER)
    program = founded(tmp_path, "--passphrase-file", file, passphrase=file)
    north = tmp_path / "north"
    first, second = ("--by-passphrase-file", file), ("--second-passphrase-file", other)
    program("officer", "add", north, "W-2", "--passphrase-file", other, *first)
    rule = ("officer", "rule", north)
    assert "One officer is enough" in program(*rule)
    assert "[officer.rule_kind]" in program(*rule, "opened", "--second", "W-2", status=4)
    assert "[officer.rule_and_lift]" in program(*rule, "text", "--lift", status=4)
    assert "[record.second_officer]" in program(*rule, "text", *first, status=6)
    assert "[officer.same]" in program(
        *rule, "text", *first, "--second", "W-1", "--second-passphrase-file", file, status=4
    )
    wrong = ("--second-passphrase-file", file)
    assert "[officer.passphrase]" in program(
        *rule, "text", *first, "--second", "W-2", *wrong, status=4
    )
    assert "One officer is enough" in program(*rule)
    said = program(*rule, "text", "enrol", "revoke", *first, "--second", "W-2", *second)
    assert "enrol, revoke, text" in said
    assert "waits in the outbox" in said
    # Both passphrases were asked for one after the other, and the rule is what was asked for.
    assert "enrol, revoke, text" in program(*rule)
    assert "enrol, revoke, text" in program("officer", "list", north)
    third = ("officer", "add", north, "W-3", "--passphrase-file", other, *first)
    assert "[record.second_officer]" in program(*third, status=6)
    assert not (north / "keys" / "officer-W-3.key").exists()
    program(*third, "--second", "W-2", *second)
    gone = ("officer", "revoke", north, "W-3", *first)
    assert "[record.second_officer]" in program(*gone, status=6)
    program(*gone, "--second", "W-2", *second)
    last = ("officer", "revoke", north, "W-2", *first, "--second", "W-2", *second)
    assert "[officer.last_two]" in program(*last, status=4)
    assert "[record.second_officer]" in program(*rule, "--lift", *first, status=6)
    program(*rule, "--lift", *first, "--second", "W-2", *second)
    assert "One officer is enough" in program(*rule)


def test_the_authority_of_desks_is_written_out(tmp_path: Path) -> None:
    program, north, file = founded(tmp_path), tmp_path / "north", tmp_path / "ca.crt"
    assert "[web.no_https]" in program("desk", "ca", north, status=4)
    settings = (north / "post.toml").read_text() + (
        '[desk.https]\nbind = "0.0.0.0:8443"\nconsole = "desk.north.example"\n'
        'audio = "audio.north.example"\naddress = "10.0.0.5"\n'
    )
    (north / "post.toml").write_text(settings)
    said = program("desk", "ca", north, "--output", file)
    x509.load_pem_x509_certificate(file.read_bytes())
    assert "PRIVATE" not in file.read_text()
    assert "desk.north.example" in said
    assert file.read_text() in program("desk", "ca", north)
    assert "[folder.unwritable]" in program("desk", "ca", north, "-o", "/none/x", status=3)
    (north / "post.toml").write_text(settings.replace("desk.north", "desk.south"))
    assert "[desk.ca_names]" in program("desk", "ca", north, status=4)
