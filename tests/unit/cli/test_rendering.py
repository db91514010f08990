"""The page of a bundle: everything that stands there, nothing that acts, either party first."""

import re
from html import escape
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openline.cli.main import build
from openline.cli.rendering import render
from openline.cli.words import Words
from openline.record.audit import audit
from openline.record.bodies import text_body
from openline.record.marks import Mark, mark_body
from tests.unit.record.makers import Pair

HOSTILE = '<script>go(1)</script><img src=x onerror="x"> \u202e & "\''
ATTACK = re.compile(r"<script|<img|<svg|onerror=\"|javascript:", re.IGNORECASE)


def line() -> Pair:
    pair = Pair().founded()
    pair.text(0, HOSTILE)
    pair.text(1, "Keep 12 miles off")
    for party, mark in (
        (0, Mark(kind="sent-in-error", index=2, words=HOSTILE)),
        (0, Mark(kind="protest", index=2, words=HOSTILE, language="en")),
        (0, Mark(kind="passed", index=2, words=HOSTILE[:64])),
        (1, Mark(kind="declined", index=2)),
    ):
        pair.add(party, pair.make(party, mark.kind, mark_body(mark)))
    pair.add(1, pair.make(1, "text", text_body("en", "Understood", 2)))
    return pair


def page(pair: Pair, language: str = "en", first: int = 0) -> str:
    data = pair.bundle()
    report = audit(data, pair.pins)
    assert report.verified, report.failure
    return "".join(render(data, report, Words(language), first))


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_it_says_all_and_nothing_in_it_acts(language: str) -> None:
    pair = line()
    shown = page(pair, language)
    assert not ATTACK.search(shown)
    assert "default-src 'none'" in shown
    assert "http" not in shown.replace("http-equiv", "")
    assert "&lt;script&gt;go(1)&lt;/script&gt;" in shown
    assert "Keep 12 miles off" in shown
    assert f"<td>a-{len(pair.entries[0])}</td>" in shown
    assert f"<td>b-{len(pair.entries[1])}</td>" in shown
    assert shown.count("<tr>") == 1 + len(pair.entries[0]) + len(pair.entries[1])
    words = Words(language)
    for key in ("mark.sent_in_error", "mark.declined", "audit.receipt_of_storage", "render.note"):
        assert escape(words(key)) in shown
    assert "render." not in shown
    assert "cli." not in shown


def test_either_party_may_stand_first() -> None:
    pair = line()
    names = [card.fields.names["en"] for card in pair.genesis.cards]
    one, other = page(pair, first=0), page(pair, first=1)
    assert f"{names[0]} · {names[1]}" in one
    assert f"{names[1]} · {names[0]}" in other
    assert re.findall(r"<tr>.*?</tr>", one) == re.findall(r"<tr>.*?</tr>", other)


def run(*arguments: object) -> tuple[int, str]:
    program = build(Words("en"), "verify")
    done = CliRunner().invoke(program, ["verify", *[str(each) for each in arguments]])
    return done.exit_code, done.output


def test_only_a_bundle_that_holds_is_written(tmp_path: Path) -> None:
    pair = line()
    good, bad, out = tmp_path / "good", tmp_path / "bad", tmp_path / "page.html"
    good.write_bytes(pair.bundle())
    bad.write_bytes(pair.bundle()[:-1] + b"x")
    pins = [item for pin in pair.pins for item in ("--pin", pin.hex())]
    assert run(bad, *pins, "--html", out)[0] != 0
    assert not out.exists()
    status, said = run(good, *pins, "--html", out, "--first", "b")
    assert status == 0
    assert "The bundle is the evidence, the page is not." in said.replace("\n", " ")
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run(good, *pins, "--html", out, "--first", "ab")[0] != 0
    assert run(good, *pins, "--html", tmp_path / "none" / "x")[0] != 0
