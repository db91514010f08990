"""Two verifiers that share no code must agree on every bundle, good or touched."""

import ast
from pathlib import Path

import pytest

from openline.record.audit import audit
from openline.record.bodies import shown_body
from openline.record.bundle import BundleNote
from tests.interop.second_verifier import Refused, verify
from tests.unit.record.makers import Pair
from tests.unit.record.test_bundle import CLAIMS, TAIL, digested, flipped


@pytest.fixture(scope="module")
def pair() -> Pair:
    pair = Pair().founded()
    for number in range(5):
        pair.text(number % 2, str(number))
    pair.add(1, pair.make(1, "shown", shown_body(2), officer=False))
    return pair


def holds(raw: bytes, pair: Pair) -> bool:
    try:
        verify(raw, set(pair.pins))
    except Refused:
        return False
    return True


def test_it_imports_nothing_of_ours() -> None:
    source = (Path(__file__).parent / "second_verifier.py").read_text("utf-8")
    modules = {
        node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert not any(name.startswith("openline") for name in modules)
    assert "import openline" not in source


def test_both_accept(pair: Pair) -> None:
    raw = pair.bundle()
    assert audit(raw, pair.pins).verified
    assert verify(raw, set(pair.pins)) == [log.size for log in pair.record.logs]


def test_both_refuse_other_pins_and_missing_receipts(pair: Pair) -> None:
    raw = pair.bundle()
    with pytest.raises(Refused, match="other cards"):
        verify(raw, {pair.pins[0], bytes(32)})
    one = BundleNote(log=0, size=pair.record.logs[0].size, receipt=pair.receipt(0))
    with pytest.raises(Refused, match="without a receipt"):
        verify(pair.bundle([one]), set(pair.pins))


def test_both_say_the_same_of_samples_of_touched_bundles(pair: Pair) -> None:
    raw = pair.bundle()
    for at in (*range(60), *range(60, len(raw) - TAIL, 211)):
        touched = digested(flipped(raw[:-TAIL], at))
        assert holds(touched, pair) == audit(touched, pair.pins).verified == (at in ACCEPTED), at


# The time of the export is a claim that nothing signs: another time is as good to both.
ACCEPTED = set(range(22, 30))


def test_the_exceptions_are_the_unsigned_claims() -> None:
    assert set(CLAIMS) >= ACCEPTED
