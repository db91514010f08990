"""The rest of the command line without a running post: words, help, exit status, verify."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openline.cli.main import GROUPS, build, chosen_command
from openline.cli.output import exit_status
from openline.cli.words import Words, chosen_language


def run(*arguments: object, language: str = "en") -> tuple[int, str]:
    ran = CliRunner().invoke(build(Words(language)), [str(item) for item in arguments])
    assert "Traceback" not in ran.output
    return ran.exit_code, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "zh_CN.UTF-8"}, "zh-Hans"),
        ([], {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        (["--lang", "zh-Hans", "status"], {"LANG": "en_GB"}, "zh-Hans"),
        (["--lang=en", "status"], {"LANG": "zh_CN"}, "en"),
        (["text", "x", "--lang", "zh"], {"LANG": "en_GB"}, "en"),
    ],
)
def test_the_language_is_chosen_before_the_command(
    arguments: list[str], environment: dict[str, str], language: str
) -> None:
    assert chosen_language(arguments, environment) == language


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ([], ""),
        (["--help"], ""),
        (["status", "x"], "status"),
        (["--lang", "zh", "card", "export"], "card"),
        (["--lang=zh", "run", "--help"], "run"),
        (["--lang"], ""),
    ],
)
def test_the_command_is_found_among_the_arguments(arguments: list[str], command: str) -> None:
    assert chosen_command(arguments) == command


def test_a_command_built_alone_is_the_one_of_the_whole_program() -> None:
    whole = build(Words("en"))
    for command in (name for names in GROUPS.values() for name in names):
        if command == "sim":
            continue
        alone = CliRunner().invoke(build(Words("en"), command), [command, "--help"])
        assert alone.exit_code == 0
        assert alone.stdout == CliRunner().invoke(whole, [command, "--help"]).stdout


def test_version_and_help_in_both_languages() -> None:
    status, said = run("--version")
    assert (status, said.split()[0]) == (0, "openline")
    commands = ["init", "card", "run", "status", "text", "record", "verify", "desk-url"]
    for language in ("en", "zh-Hans"):
        _status, said = run("--help", language=language)
        assert all(command in said for command in commands)
        for command in commands:
            status, said = run(command, "--help", language=language)
            assert status == 0
            assert "cli.help" not in said
    assert "密钥" in run("init", "--help", language="zh-Hans")[1]


@pytest.mark.parametrize(
    ("code", "status"),
    [("config.value", 3), ("card.digits", 3), ("folder.locked", 4), ("control.silent", 4),
     ("store.full", 5), ("record.unconfirmed", 6), ("link.bind", 7), ("nobody.knows", 1)],
)  # fmt: skip
def test_the_exit_status_tells_the_family(code: str, status: int) -> None:
    assert exit_status(code) == status


@pytest.mark.parametrize(
    "command", [("status",), ("text", "hello"), ("desk-url",), ("record", "list"), ("run",)]
)
def test_a_folder_that_is_no_post(tmp_path: Path, command: tuple[str, ...]) -> None:
    status, said = run(command[0], tmp_path, *command[1:])
    assert status == 3
    assert "[folder.missing]" in said


def post(tmp_path: Path) -> Path:
    folder = tmp_path / "north"
    assert run("init", folder, "--name", "en=N", "--path", "main=127.0.0.1:24106")[0] == 0
    return folder


def test_a_post_that_does_not_run_and_has_no_peer(tmp_path: Path) -> None:
    folder = post(tmp_path)
    for command in (("status", folder), ("text", folder, "hello"), ("desk-url", folder)):
        status, said = run(*command)
        assert status == 4
        assert "[control.not_running]" in said
    for command in (("run", folder), ("record", folder, "list")):
        status, said = run(*command)
        assert status == 3
        assert "[card.unpaired]" in said


@pytest.mark.parametrize("text", ["", "  ", "x" * 15_001, "字" * 5_001])
def test_a_text_of_no_size_or_too_much_is_refused(tmp_path: Path, text: str) -> None:
    status, said = run("text", post(tmp_path), text)
    assert status == 3
    assert "[config.text]" in said


def test_an_unknown_key_in_post_toml_stops_the_start(tmp_path: Path) -> None:
    folder = post(tmp_path)
    with (folder / "post.toml").open("a") as file:
        file.write("\n[voise]\n")
    status, said = run("run", folder)
    assert status == 3
    assert "voise" in said
    assert "[config.unknown_key]" in said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("sing",), "config.action"),
        (("show",), "config.item_missing"),
        (("export",), "config.file_missing"),
    ],
)
def test_what_record_does_not_know(tmp_path: Path, arguments: tuple[str, ...], code: str) -> None:
    status, said = run("record", post(tmp_path), *arguments)
    assert status == 3
    assert f"[{code}]" in said


PINS = ("--pin", "11" * 32, "--pin", "22" * 32)


@pytest.mark.parametrize(
    ("pins", "code"),
    [
        (PINS[:2], "config.pins"),
        (PINS[:2] + PINS[:2], "config.pins"),
        (PINS + PINS[:2], "config.pins"),
        (("--pin", "31665 47082 52894 63964 25559 09339", *PINS[:2]), "config.pin"),
        (("--pin", "zz", *PINS[:2]), "config.pin"),
    ],
)
def test_verify_wants_two_full_fingerprints(
    tmp_path: Path, pins: tuple[str, ...], code: str
) -> None:
    (tmp_path / "x.bundle").write_bytes(b"x")
    status, said = run("verify", tmp_path / "x.bundle", *pins)
    assert status == 3
    assert f"[{code}]" in said


def test_verify_says_which_step_failed(tmp_path: Path) -> None:
    file = tmp_path / "x.bundle"
    file.write_bytes(b"this is no bundle")
    status, said = run("verify", file, *PINS)
    assert status == 1
    assert "[bundle.encoding]" in said
    assert "not agreement" in said
    status, said = run("verify", file, *PINS, "--json")
    report = json.loads(said)
    assert status == 1
    assert report["verified"] is False
    assert report["steps"][0]["code"] == "bundle.encoding"
    assert {step["result"] for step in report["steps"][1:]} == {"not_reached"}
    status, said = run("verify", tmp_path / "nowhere", *PINS)
    assert (status, "[file.missing]" in said) == (3, True)
