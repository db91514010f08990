"""docs/attacks.md names real tests."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_attack_names_a_test_that_is_there() -> None:
    text = (ROOT / "docs" / "attacks.md").read_text("utf-8")
    named = re.findall(r"`(tests/[a-z0-9_/]+\.py)::(test_\w+)`", text)
    assert len(named) >= 40
    gone = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).exists()
        or not re.search(
            rf"^(?:async )?def {name}\(", (ROOT / file).read_text("utf-8"), re.MULTILINE
        )
    ]
    assert gone == []
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    bare = [row for row in rows if "::" not in row and not row.startswith("| attack |")]
    assert bare == []
