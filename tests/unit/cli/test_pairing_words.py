"""The command line from an empty folder to a founded line, with every refusal of a card."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from openline.app.folder import Folder, FolderLock
from openline.cli.main import build
from openline.cli.words import Words
from openline.record.cbor import decode, encode
from openline.store import read_offline

PORTS = {"north": 24101, "south": 24102}


class Program:
    """Runs the program in this process and keeps what it said."""

    def __init__(self, folder: Path, language: str = "en") -> None:
        self.app = build(Words(language))
        self.folder = folder

    def __call__(self, *arguments: object, status: int = 0) -> str:
        ran = CliRunner().invoke(self.app, [str(item) for item in arguments])
        said = ran.stdout + ran.stderr
        assert ran.exit_code == status, said
        assert "Traceback" not in said
        return said

    def init(self, name: str, *more: object, status: int = 0) -> str:
        path = f"main=127.0.0.1:{PORTS.get(name, 24103)}"
        words = ("--name", f"en={name}", "--path", path, *more)
        return self("init", self.folder / name, *words, status=status)

    def card(self, name: str) -> Path:
        to = self.folder / f"{name}.card"
        self("card", "export", self.folder / name, "-o", to)
        return to


@pytest.fixture
def program(tmp_path: Path) -> Program:
    made = Program(tmp_path)
    made.init("north")
    made.init("south")
    return made


def digits_of(said: str) -> str:
    rows = [row.strip() for row in said.splitlines() if row.startswith("    ")]
    assert len(rows) == 2
    return " ".join(rows)


def test_two_folders_are_paired_by_the_same_digits(program: Program) -> None:
    north, south = program.folder / "north", program.folder / "south"
    cards = {name: program.card(name) for name in PORTS}
    asked = program("card", "import", north, cards["south"], status=3)
    assert "[card.unconfirmed]" in asked
    assert "name (en): south" in asked
    assert "path main: 127.0.0.1:24102" in asked
    digits = digits_of(asked)
    assert len(digits.replace(" ", "")) == 60
    assert digits_of(program("card", "import", south, cards["north"], status=3)) == digits
    assert not (north / "peer-card.cbor").exists()
    assert not (north / "record.sqlite").exists()

    program("card", "import", north, cards["south"], "--confirm", digits)
    program("card", "import", south, cards["north"], "--confirm", digits.replace(" ", ""))
    states = [read_offline(folder / "record.sqlite") for folder in (north, south)]
    assert states[0].genesis == states[1].genesis
    both = [signature for state in states for signature in state.genesis_signatures]
    assert sum(signature is not None for signature in both) == 2
    again = program("card", "import", north, cards["south"])
    assert "confirmed before" in again
    assert read_offline(north / "record.sqlite") == states[0]


def test_export_says_the_digits_that_import_shows(program: Program) -> None:
    said = program("card", "export", program.folder / "north", "-o", program.folder / "n.card")
    shown = said.split("30 digits: ")[1].splitlines()[0]
    asked = program("card", "import", program.folder / "south", program.folder / "n.card", status=3)
    assert shown in asked


def test_a_person_who_types_yes_confirms(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    card = program.card("south")
    monkeypatch.setattr("openline.cli.card._at_terminal", lambda: True)
    north = program.folder / "north"
    no = CliRunner().invoke(program.app, ["card", "import", str(north), str(card)], input="no\n")
    assert no.exit_code == 3
    assert not (north / "peer-card.cbor").exists()
    yes = CliRunner().invoke(program.app, ["card", "import", str(north), str(card)], input="yes\n")
    assert yes.exit_code == 0, yes.output
    assert (north / "peer-card.cbor").read_bytes() == card.read_bytes()


@pytest.mark.parametrize("spoil", [lambda d: d[:-1], lambda d: d[::-1], lambda _: "", str.upper])
def test_wrong_digits_are_refused(program: Program, spoil: Callable[[str], str]) -> None:
    card, north = program.card("south"), program.folder / "north"
    digits = digits_of(program("card", "import", north, card, status=3)).replace(" ", "")
    wrong = spoil(digits)
    if wrong == digits:
        wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    said = program("card", "import", north, card, "--confirm", wrong, status=3)
    assert "[card.digits]" in said
    assert not (north / "peer-card.cbor").exists()
    assert not (north / "record.sqlite").exists()


def taken_apart(raw: bytes) -> tuple[dict[str, Any], list[Any], bytes]:
    outer: Any = decode(raw, 20_000)
    content: Any = decode(outer[0], 20_000)
    return content, outer[1], outer[0]


def without_signature(raw: bytes) -> bytes:
    _content, signatures, body = taken_apart(raw)
    return encode([body, [signatures[0], bytes(64), *signatures[2:]]])


def with_fields(raw: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    content, signatures, _body = taken_apart(raw)
    change(content)
    return encode([encode(content), signatures])


def weak(content: dict[str, Any]) -> None:
    content["keys"]["cosign"] = b"\x01" + bytes(31)


REFUSED: dict[str, Callable[[bytes], bytes]] = {
    "card.altered": lambda raw: raw.replace(b"south", b"s0uth"),
    "card.incomplete": lambda raw: raw[:4000],
    "card.unproven": without_signature,
    "card.weak_key": lambda raw: with_fields(raw, weak),
    "card.malformed": lambda raw: b"\x00" + raw,
    "card.too_large": lambda raw: raw + bytes(20_000),
    "card.unsupported_suite": lambda raw: with_fields(raw, lambda c: c.update(suite=2)),
    "card.unsupported_version": lambda raw: with_fields(raw, lambda c: c.update(v=2)),
}


@pytest.mark.parametrize("code", REFUSED)
def test_a_bad_card_is_refused_in_words(program: Program, code: str) -> None:
    card = program.card("south")
    raw = card.read_bytes()
    bad = REFUSED[code](raw)
    assert bad != raw
    card.write_bytes(bad)
    said = program("card", "import", program.folder / "north", card, status=3)
    assert f"[{code}]" in said
    assert "Refused: " in said
    assert "error without a sentence" not in said
    assert not (program.folder / "north" / "peer-card.cbor").exists()


def test_our_own_card_is_refused(program: Program) -> None:
    card = program.card("north")
    said = program("card", "import", program.folder / "north", card, status=3)
    assert "[card.own]" in said


def test_a_different_card_after_pairing_is_refused(program: Program) -> None:
    card, north = program.card("south"), program.folder / "north"
    digits = digits_of(program("card", "import", north, card, status=3))
    program("card", "import", north, card, "--confirm", digits)
    program.init("third")
    third = program.card("third")
    said = program("card", "import", north, third, "--confirm", digits, status=3)
    assert "[card.another]" in said
    assert (north / "peer-card.cbor").read_bytes() == card.read_bytes()


def test_cards_without_a_common_path_are_refused(program: Program) -> None:
    other = program.folder / "other"
    program("init", other, "--name", "en=other", "--path", "sat=127.0.0.1:24104")
    said = program("card", "import", program.folder / "north", program.card("other"), status=3)
    assert "[card.no_common_path]" in said


def test_two_dial_only_ends_are_refused(program: Program) -> None:
    for name in ("one", "two"):
        path = ("--path", "main=0.0.0.0:0", "--dial-only", "main")
        program("init", program.folder / name, "--name", f"en={name}", *path)
    said = program("card", "import", program.folder / "one", program.card("two"), status=3)
    assert "[card.no_common_path]" in said


def test_a_pairing_cut_short_is_finished_by_the_next(program: Program) -> None:
    card, north = program.card("south"), program.folder / "north"
    digits = digits_of(program("card", "import", north, card, status=3))
    program("card", "import", north, card, "--confirm", digits)
    before = read_offline(north / "record.sqlite")
    (north / "peer-card.cbor").unlink()
    program("card", "import", north, card, "--confirm", digits)
    assert read_offline(north / "record.sqlite") == before


def test_a_folder_in_use_is_not_paired(program: Program) -> None:
    card, north = program.card("south"), program.folder / "north"
    digits = digits_of(program("card", "import", north, card, status=3))
    with FolderLock.take(Folder(north)):
        said = program("card", "import", north, card, "--confirm", digits, status=4)
    assert "[folder.locked]" in said
    assert "process" in said


def test_init_wants_an_empty_folder(program: Program) -> None:
    assert "[folder.not_empty]" in program.init("north", status=3)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--name", "North"), "config.name"),
        (("--name", "en=Again"), "config.name"),
        (("--name", "english=Again"), "card.malformed"),
        (("--path", "main=127.0.0.1:1"), "config.path"),
        (("--path", "x=0.0.0.0:24105"), "config.advertised"),
        (("--path", "x=example.org:24105"), "config.address"),
        (("--path", "x=127.0.0.1:99999"), "config.address"),
        (("--path", "X Y=127.0.0.1:24105"), "card.malformed"),
        (("--dial-only", "y"), "config.dial_only_unknown"),
        (("--path", "x=0.0.0.0:0,1.2.3.4:5", "--dial-only", "x"), "config.dial_only"),
        (("--disclosure", "all"), "config.disclosure"),
    ],
)
def test_what_init_refuses_leaves_no_folder(
    tmp_path: Path, more: tuple[str, ...], code: str
) -> None:
    program = Program(tmp_path)
    said = program.init("new", *more, status=3)
    assert f"[{code}]" in said
    assert not (tmp_path / "new").exists() or not any((tmp_path / "new").iterdir())


def test_it_speaks_chinese(tmp_path: Path) -> None:
    program = Program(tmp_path, "zh-Hans")
    assert "建立于" in program.init("north")
    assert "[folder.not_empty]" in (said := program.init("north", status=3))
    assert "已拒绝" in said
