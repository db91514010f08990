"""The kit's clauses are those of docs/spec, each by document and number."""

import re
from pathlib import Path

import pytest

from openline.app.conformance.clauses import CLAUSES
from openline.app.conformance.run import CHECKS, NAMES, not_tested

SPEC = Path(__file__).parents[3] / "docs" / "spec"
OPERATE = SPEC.parent / "operate" / "conformance.md"
HEADING = re.compile(r"^##+ (\d+(?:\.\d+)?)\.? (.+)$", re.MULTILINE)


def headings() -> dict[str, str]:
    return {
        f"{path.stem} {number}": title
        for path in sorted(SPEC.glob("*.md"))
        for number, title in HEADING.findall(path.read_text(encoding="utf-8"))
    }


def test_the_table_of_clauses_is_that_of_the_specification() -> None:
    found = headings()
    assert len(found) > 90
    assert found == CLAUSES


@pytest.mark.parametrize("check", CHECKS, ids=NAMES)
def test_each_check_cites_clauses_of_the_specification(check: object) -> None:
    clauses = getattr(check, "clauses", ())
    assert clauses
    assert set(clauses) <= headings().keys()


def test_clauses_named_in_the_checks_exist() -> None:
    """The clause stands in each `need`, not only in the table."""
    folder = Path(__file__).parents[3] / "src" / "openline" / "app" / "conformance"
    documents = "|".join(path.stem for path in SPEC.glob("*.md"))
    cited = {
        name
        for path in folder.glob("*.py")
        if path.name != "clauses.py"
        for name in re.findall(rf'"((?:{documents}) \d+(?:\.\d+)?)"', path.read_text("utf-8"))
    }
    assert len(cited) > 20
    assert cited <= headings().keys()
    assert cited & set(not_tested()) == set()


def test_every_clause_is_tested_or_said_not_to_be() -> None:
    cited = {clause for check in CHECKS for clause in check.clauses}
    assert cited | set(not_tested()) == set(CLAUSES)
    assert cited & set(not_tested()) == set()


def test_names_are_single_and_explained() -> None:
    assert len(set(NAMES)) == len(NAMES)
    text = OPERATE.read_text(encoding="utf-8")
    assert [name for name in NAMES if f"`{name}`" not in text] == []
