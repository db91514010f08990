"""Two verifiers that share no code must agree on every bundle, good or touched.

The second is tools/verify/openline_verify.py, one file that a stranger can read. OPENLINE_SOAK=1
mutates 10,000 bundles instead of 300, and forges 10,000 instead of 220.
"""

import ast
import json
import os
import random  # noqa: TID251 - mutations by a printed seed
import subprocess
import sys
from pathlib import Path

import pytest

from openline.errors import SignatureError
from openline.record.audit import audit
from openline.record.bodies import shown_body
from openline.record.bundle import BundleNote
from openline.record.keys import check_ed25519
from tests.interop.forgery import PLACES, forged
from tests.unit.record.makers import Pair
from tests.unit.record.test_bundle import CLAIMS, TAIL, digested, flipped
from tools.verify.openline_verify import ORDER_8, Audit, P, Refused, strong

TOOL = Path(__file__).parents[2] / "tools" / "verify" / "openline_verify.py"
LINES_MAX = 600
SOAK = os.environ.get("OPENLINE_SOAK") == "1"
MUTATIONS = 10_000 if SOAK else 300
FORGERIES = 10_000 if SOAK else 220
SEED = int(os.environ.get("OPENLINE_SEED", "1"))


@pytest.fixture(scope="module")
def pair() -> Pair:
    pair = Pair().founded()
    for number in range(5):
        pair.text(number % 2, str(number))
    pair.add(1, pair.make(1, "shown", shown_body(2), officer=False))
    return pair


def second(raw: bytes, pair: Pair, *, allow: bool = False) -> Audit:
    return Audit(raw, set(pair.pins), allow_unreceipted=allow)


def test_it_is_one_short_file_that_imports_nothing_of_ours() -> None:
    source = TOOL.read_text("utf-8")
    assert source.count("\n") < LINES_MAX
    names = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    foreign = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert foreign == {"cryptography"}


def test_both_accept(pair: Pair) -> None:
    raw = pair.bundle()
    assert audit(raw, pair.pins).verified
    found = second(raw, pair)
    assert found.verified
    assert found.receipted == [log.size for log in pair.record.logs]


def test_both_refuse_other_pins_and_missing_receipts(pair: Pair) -> None:
    raw = pair.bundle()
    found = Audit(raw, {pair.pins[0], bytes(32)})
    assert (found.failed, found.reason) == ("pins", "other cards")
    one = pair.bundle([BundleNote(log=0, size=pair.record.logs[0].size, receipt=pair.receipt(0))])
    assert second(one, pair).failed == "receipted"
    assert second(one, pair, allow=True).verified
    assert audit(one, pair.pins, allow_unreceipted=True).verified


def test_both_say_the_same_of_samples_of_touched_bundles(pair: Pair) -> None:
    raw = pair.bundle()
    for at in (*range(60), *range(60, len(raw) - TAIL, 211)):
        touched = digested(flipped(raw[:-TAIL], at))
        found = second(touched, pair).verified
        assert found == audit(touched, pair.pins).verified == (at in ACCEPTED), at


# The time of the export is a claim that nothing signs: another time is as good to both.
ACCEPTED = set(range(22, 30))


def test_the_exceptions_are_the_unsigned_claims() -> None:
    assert set(CLAIMS) >= ACCEPTED


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """A bundle that somebody changed: bytes, pieces, order; the digest made anew or not."""
    body = bytearray(raw[:-TAIL])
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        at, size = rng.randrange(len(body)), rng.choice((1, 1, 2, 16, 200, 2500))
        match rng.randrange(6):
            case 0:
                body[at] ^= 1 << rng.randrange(8)
            case 1:
                body[at] = rng.randrange(256)
            case 2:
                del body[at : at + size]
            case 3:
                body[at:at] = body[max(0, at - size) : at]
            case 4:
                body[at:at] = rng.randbytes(size)
            case _:
                to = rng.randrange(len(body))
                body[at : at + size], body[to : to + size] = (
                    body[to : to + size],
                    body[at : at + size],
                )
    return digested(bytes(body)) if rng.random() < 0.9 else bytes(body) + raw[-TAIL:]


def test_both_say_the_same_of_mutated_bundles(pair: Pair) -> None:
    rng, raw, verdicts = random.Random(SEED), pair.bundle(), []
    for number in range(MUTATIONS):
        touched = mutated(raw, rng)
        ours, theirs = audit(touched, pair.pins), second(touched, pair)
        assert ours.verified == theirs.verified, (SEED, number, ours.failure, theirs.reason)
        verdicts.append(ours.verified)
    assert not all(verdicts)


@pytest.fixture(scope="module")
def plain() -> Pair:
    pair = Pair().founded()
    for number in range(5):
        pair.text(number % 2, str(number))
    return pair


def test_both_say_the_same_of_what_a_party_forges_with_its_own_keys(plain: Pair) -> None:
    """By verdict, by the step that fails and by the sizes that are receipted and sealed."""
    kept: dict[str, int] = dict.fromkeys(PLACES, 0)
    for number in range(SEED * FORGERIES, (SEED + 1) * FORGERIES):
        forger = forged(plain, number)
        ours, theirs = (
            audit(forger.bundle, forger.pins),
            Audit(forger.bundle, set(forger.pins)),
        )
        told = number, forger.place, ours.failure, theirs.failed, theirs.reason
        assert ours.verified == theirs.verified, told
        assert theirs.failed == ("" if ours.failure is None else ours.failure.name), told
        if ours.verified:
            kept[forger.place] += 1
            assert [max(1, size) for size in ours.receipted] == theirs.receipted, told
            assert [max(1, size) for size in ours.sealed] == theirs.sealed, told
    assert 0 < sum(kept.values()) < FORGERIES // 2, kept


def test_weak_keys_are_weak_to_both() -> None:
    small = [0, 1, P - 1, ORDER_8, P - ORDER_8]
    for y in (*small, P, P + 1, 2**255 - 1):
        for sign in (0, 1 << 255):
            public = (y | sign).to_bytes(32, "little")
            with pytest.raises(Refused):
                strong(public)
            with pytest.raises(SignatureError):
                check_ed25519(public)


def test_the_command_says_which_step_failed(pair: Pair, tmp_path: Path) -> None:
    file = tmp_path / "record.bundle"
    file.write_bytes(pair.bundle())
    pins = [part for pin in pair.pins for part in ("--pin", pin.hex())]

    def run(*given: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(TOOL), str(file), *given]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    good = run(*pins)
    assert good.returncode == 0, good.stderr
    assert "VERIFIED\nA receipt of storage, not agreement.\n" in good.stdout
    assert "9. receipted: holds" in good.stdout
    file.write_bytes(flipped(pair.bundle(), 5000))
    bad = run(*pins, "--json")
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["failed"] == "form"
    assert run("--pin", "zz", "--pin", "00").returncode == 2
