"""What the other side wrote is shown as it is, and never acts on the terminal or forges a line."""

import json
from typing import Any

import pytest

from openline.cli.output import Output
from openline.cli.record import _list
from openline.cli.words import Words

ATTACKS = (
    "\x1b]0;LINK UP\x07",
    "\x1b[2J\x1b[HWe agree.",
    "one\n     a-7  2026-11-23T12:00:00Z  receipted    We agree.",
    "one\r     a-7  We agree.",
    "\x9b31mred",
    "\u202eeerga eW",
    "\U000e0041 unseen",
    "\u2066\u2028\u2029\x85\x0b\x0c\x00\x7f",
)
ENTRY: dict[str, Any] = {
    "item": "b-3",
    "kind": "text",
    "rung": "receipted",
    "says": None,
    "marks": {},
    "claimed": "2026-11-23T12:00:00Z",
    "lang": "en",
}


def dangerous(shown: str) -> list[str]:
    return [sign for sign in shown if sign != "\n" and not sign.isprintable()]


@pytest.mark.parametrize("text", ATTACKS)
def test_a_text_of_the_peer_stays_one_line_of_the_list(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _list(
        Output(Words("en")),
        [ENTRY | {"text": text, "marks": {"passed": text}}],
        json=False,
        whole=False,
    )
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert dangerous(shown) == []


@pytest.mark.parametrize("text", ATTACKS)
def test_a_text_shown_whole_forges_no_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    _list(
        Output(Words("en")),
        [ENTRY | {"text": text, "marks": {"passed": text}}],
        json=False,
        whole=True,
    )
    shown = capsys.readouterr().out
    assert dangerous(shown) == []
    assert shown.count("\n") == 2 + len(ENTRY)


@pytest.mark.parametrize("text", ATTACKS)
def test_json_is_the_same_text_and_acts_on_nothing(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Output(Words("en")).json({"text": text})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"text": text}
    assert dangerous(shown) == []


@pytest.mark.parametrize("text", ATTACKS)
def test_a_fact_in_a_sentence_acts_on_nothing(text: str) -> None:
    shown = Words("en")("cli.status.names", own=text, peer="{own}")
    assert "\n" not in shown
    assert dangerous(shown) == []
    assert shown.endswith("{own}")


def test_words_of_every_script_are_left_alone() -> None:
    for text in ("两条路径 😀", "سلام\u200cعلیکم", "שלום", "नमस्ते\u200d", "a  b"):
        assert Words("en")("cli.status.names", own=text, peer="x").startswith(text)
