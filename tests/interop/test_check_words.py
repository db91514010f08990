"""The stranger's reading of docs/spec/check.md agrees with vectors/check.json."""

import json
from pathlib import Path

from tests.interop.stranger_checks import agree

VECTORS = Path(__file__).parents[2] / "vectors" / "check.json"


def test_the_words_follow_from_the_text_of_the_specification() -> None:
    vector = json.loads(VECTORS.read_text("utf-8"))["words"][0]
    keys, nonces, secrets = (
        [bytes.fromhex(item) for item in vector[name]] for name in ("keys", "nonces", "secrets")
    )
    context = bytes.fromhex(vector["line"]) + bytes.fromhex(vector["check"])
    for me in (0, 1):
        proofs, name, words = agree(secrets[me], keys, nonces, me, context)
        assert [proof.hex() for proof in proofs] == vector["proofs"]
        assert (name, words) == (vector["list"], vector["words"])
