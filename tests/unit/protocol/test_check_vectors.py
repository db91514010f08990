"""vectors/check.json, the parsers of line checks, and R by G.107 at known points."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.engine.quality import (
    MOS_MAX,
    delay_level,
    loss_impairment,
    mos,
    quality_level,
    r_value,
)
from openline.errors import OpenlineError
from openline.protocol.checks import parse_check_said, slot_at, turn
from openline.protocol.wordlists import LISTS
from openline.protocol.words import WordsSaid, WordsSecret
from openline.record.cbor import decode, encode
from openline.record.checks import (
    Answered,
    Began,
    Result,
    TextWord,
    VoiceWord,
    answered_body,
    began_body,
    compare,
    parse_check,
    result_body,
)

CONTENT: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "vectors" / "check.json").read_text("utf-8")
)


def part(name: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in CONTENT[name]]


@pytest.mark.parametrize("vector", part("turns"))
def test_turns(vector: dict[str, Any]) -> None:
    slot = slot_at(vector["wall_ms"], vector["minutes"])
    assert (slot.number, slot.turn_ms, slot.late_ms) == (
        vector["slot"],
        vector["turn_ms"],
        vector["late_ms"],
    )
    assert turn(bytes.fromhex(vector["line"]), slot.number) == vector["party"]


@pytest.mark.parametrize("vector", part("payloads"))
def test_payloads(vector: dict[str, Any]) -> None:
    raw = bytes.fromhex(vector["payload"])
    assert encode(parse_check_said(decode(raw, 4096)).payload()) == raw


@pytest.mark.parametrize("vector", part("refused_payloads"))
def test_refused_payloads(vector: dict[str, Any]) -> None:
    with pytest.raises(OpenlineError) as caught:
        parse_check_said(decode(bytes.fromhex(vector["payload"]), 4096))
    assert caught.value.code == vector["refused"]


@pytest.mark.parametrize("vector", part("bodies"))
def test_bodies(vector: dict[str, Any]) -> None:
    raw = bytes.fromhex(vector["body"])
    found = parse_check(raw)
    if isinstance(found, Result):
        assert result_body(found) == raw
    elif isinstance(found, Began):
        assert began_body(found) == raw
    else:
        assert isinstance(found, Answered)
        assert answered_body(found) == raw


@pytest.mark.parametrize("vector", part("refused_bodies"))
def test_refused_bodies(vector: dict[str, Any]) -> None:
    with pytest.raises(OpenlineError) as caught:
        parse_check(bytes.fromhex(vector["body"]))
    assert caught.value.code == vector["refused"]


def test_words() -> None:
    vector, refused = CONTENT["words"]
    context = bytes.fromhex(vector["line"]) + bytes.fromhex(vector["check"])
    secrets, nonces = ([bytes.fromhex(x) for x in vector[key]] for key in ("secrets", "nonces"))
    parts = [WordsSecret(s, n) for s, n in zip(secrets, nonces, strict=True)]
    assert [one.said.key.hex() for one in parts] == vector["keys"]
    for own in (0, 1):
        agreed = parts[own].agree(own, context, parts[1 - own].said)
        assert [proof.hex() for proof in agreed.proofs] == vector["proofs"]
        assert (agreed.name, list(agreed.words)) == (vector["list"], vector["words"])
    with pytest.raises(OpenlineError) as caught:
        parts[0].agree(0, context, WordsSaid(key=bytes.fromhex(refused["key"]), nonce=bytes(16)))
    assert caught.value.code == refused["refused"]
    other = parts[0].agree(0, context + b"x", parts[1].said)
    assert list(other.words) != vector["words"]


def test_word_lists() -> None:
    assert {name: list(words) for name, words in LISTS.items()} == CONTENT["word_lists"]


@pytest.mark.parametrize("vector", part("quality"))
def test_quality(vector: dict[str, Any]) -> None:
    r = r_value(vector["delay_ms"], vector["loss"])
    assert r == pytest.approx(vector["r"], abs=0.006)
    assert mos(r) == pytest.approx(vector["mos"], abs=0.006)


def test_r_at_known_points() -> None:
    assert r_value(0, 0) == 93.2
    assert round(mos(93.2), 2) == 4.41
    for r, score in ((90, 4.34), (80, 4.02), (70, 3.60), (60, 3.10), (50, 2.58)):
        assert mos(r) == pytest.approx(score, abs=0.006)
    assert mos(-5) == mos(0) == 1
    assert mos(100) == mos(120) == MOS_MAX
    assert loss_impairment(0.0, ie=11, bpl=19) == 11
    assert loss_impairment(1.0, ie=0, bpl=0.001) == pytest.approx(95, abs=0.01)


@given(st.floats(0, 2_000), st.floats(0, 2_000), st.floats(0, 1), st.floats(0, 1))
def test_r_only_falls(delay: float, more: float, loss: float, worse: float) -> None:
    assert r_value(delay + more, loss) <= r_value(delay, loss) + 1e-9
    assert r_value(delay, max(loss, worse)) <= r_value(delay, loss) + 1e-9
    assert 0 <= r_value(delay, loss) <= 93.2


def test_limits() -> None:
    levels = [delay_level(ms) for ms in (None, 0, 200, 201, 250, 251, 400, 401)]
    assert levels == ["unknown", "good", "good", "fair", "fair", "warn", "warn", "alarm"]
    assert [quality_level(r) for r in (None, 69.9, 70, 79.9, 80)] == [
        "unknown", "alarm", "warn", "warn", "good",
    ]  # fmt: skip


def test_results_are_laid_side_by_side() -> None:
    def result(role: str, **changes: Any) -> Result:  # noqa: ANN401 - as the fields
        fields: dict[str, Any] = {
            "check": bytes(8), "slot": 1, "text": TextWord.HELD, "voice": VoiceWord.HELD,
        } | changes  # fmt: skip
        return Result(role="beginner" if role == "b" else "answerer", **fields)

    one, other = result("b", text_ms=1, desks=1), result("a", text_ms=9, desks=3)
    assert compare(one, other) == compare(other, one) == ("match", ())
    assert compare(one, None) == compare(None, other) == ("missing", ())
    assert compare(one, result("a", voice=VoiceWord.ONE_WAY, words="AB12")) == (
        "differ",
        ("voice", "words"),
    )
    assert compare(one, one) == ("differ", ("role",))


@given(st.binary(max_size=200))
def test_bytes_of_a_peer_meet_coded_errors_alone(raw: bytes) -> None:
    for parse in (lambda: parse_check(raw), lambda: parse_check_said(decode(raw, 4096))):
        with contextlib.suppress(OpenlineError):
            parse()
