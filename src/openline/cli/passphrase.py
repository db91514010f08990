"""Asking for a passphrase: at the terminal without echo, or from a file for scripts."""

import sys
from pathlib import Path

import typer

from openline.app.folder import read_private
from openline.cli.output import Output
from openline.errors import ConfigError


def new_passphrase(output: Output, file: Path | None, code: str) -> str:
    """A passphrase to be set, typed twice.

    Raises:
        ConfigError: as :func:`passphrase`; ``officer.passphrase_differs``.
    """
    if file is not None:
        return _from(file)
    first = passphrase(output, None, code, key="cli.officer.ask_new")
    if first != _typed(output, "cli.officer.ask_again", code):
        raise ConfigError("officer.passphrase_differs", "typed twice, not the same")
    return first


def passphrase(output: Output, file: Path | None, code: str, key: str = "cli.officer.ask") -> str:
    """The passphrase that an officer has.

    Raises:
        ConfigError: ``officer.passphrase_missing`` without a terminal and without a file;
            ``file.missing``, ``file.readable_by_others``.
    """
    if file is not None:
        return _from(file)
    if not at_terminal():
        raise ConfigError("officer.passphrase_missing", "no terminal", officer=code)
    return _typed(output, key, code)


def at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty()


def _typed(output: Output, key: str, code: str) -> str:
    asked = output.words(key, officer=code)
    return str(typer.prompt(asked, hide_input=True, default="", show_default=False, err=True))


def _from(file: Path) -> str:
    try:
        return read_private(file).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as fault:
        raise ConfigError("file.missing", "not UTF-8", file=str(file)) from fault
