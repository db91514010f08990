"""Marks: what they may say, of what, and that nothing said is ever taken back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.errors import RecordError
from openline.record import bodies
from openline.record.cbor import Value, encode
from openline.record.entry import EntryClaims, parse_entry
from openline.record.marks import MARKS, Mark, Marked, Marks, mark_body, marks_own, parse_mark
from tests.unit.record.makers import Pair
from tests.unit.record.marks_vectors import content
from tests.unit.record.test_officer_vectors import load
from tests.unit.record.trials import stated

WORDS = {"sent-in-error": "wrong line", "protest": "Not so.", "passed": "Foreign Ministry"}


def mark(kind: str, index: int = 3) -> Mark:
    language = "en" if kind == bodies.KIND_PROTEST else ""
    return Mark(kind=kind, index=index, words=WORDS.get(kind, ""), language=language)


def claims() -> EntryClaims:
    return parse_entry(Pair().founded().entries[0][0][0]).claims


@pytest.mark.parametrize("kind", MARKS)
def test_what_is_made_is_read(kind: str) -> None:
    assert parse_mark(kind, mark_body(mark(kind))) == mark(kind)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("sent-in-error", {"index": 1}),
        ("sent-in-error", {"index": 1, "reason": "x" * 2_001}),
        ("protest", {"index": 1, "lang": "en", "text": " "}),
        ("protest", {"index": 1, "lang": "?", "text": "no"}),
        ("protest", {"index": 1, "lang": "en", "text": "x" * 2_001}),
        ("passed", {"index": 1, "office": ""}),
        ("passed", {"index": 1, "office": "x" * 65}),
        ("declined", {"index": 1, "why": "x"}),
        ("declined", {"index": -1}),
        ("text", {"index": 1}),
    ],
)
def test_what_does_not_fit_is_refused_and_says_nothing(
    kind: str, body: dict[str, int | str]
) -> None:
    with pytest.raises(RecordError):
        parse_mark(kind, encode(dict(body)))
    if kind in MARKS:
        said = replace(claims(), kind=kind, index=9, seen_n=9)
        assert Marks().take(said, encode(dict(body))) is None


def test_vectors() -> None:
    found = load("marks")
    assert found == content()
    for good in found["bodies"]:
        said = parse_mark(good["kind"], bytes.fromhex(good["body"]))
        assert (said.index, said.words, said.language) == (
            good["index"],
            good["words"],
            good["lang"],
        )


@pytest.mark.parametrize("kind", MARKS)
def test_a_mark_needs_an_officer(kind: str) -> None:
    pair = Pair().founded()
    with pytest.raises(RecordError) as refused:
        pair.record.append(0, *stated(pair, 0, kind, mark_body(mark(kind, 1))))
    assert refused.value.code == "record.statement_missing"


@pytest.mark.parametrize("author", [0, 1])
@pytest.mark.parametrize("kind", MARKS)
def test_only_what_its_author_has_seen(kind: str, author: int) -> None:
    """Of the own log what stands before it, of the other what it cites."""
    for index, counts in ((0, False), (1, True), (4, True), (5, False), (6, False)):
        said = replace(claims(), author=author, kind=kind, index=5, seen_n=5)
        place = Marks().take(said, mark_body(mark(kind, index)))
        log = author if marks_own(kind) else 1 - author
        assert place == ((log, index) if counts else None)


def test_an_answer_is_a_text_that_names_a_text() -> None:
    body = bodies.text_body("en", "Yes.", 3)
    assert bodies.parse_text(body) == bodies.Text("en", "Yes.", 3)
    assert bodies.text_body("en", "Yes.") == encode({"lang": "en", "text": "Yes."})
    odd: list[dict[str, Value]] = [{"answers": 0}, {"answers": "3"}, {"more": 1}]
    for wrong in odd:
        with pytest.raises(RecordError):
            bodies.parse_text(encode(wrong | {"lang": "en", "text": "Yes."}))
    marks = Marks()
    assert marks.take(replace(claims(), kind="text", index=7, seen_n=4), body) == (1, 3)
    assert marks.of(1, 3) == Marked(answers=[7])


kinds = st.sampled_from([*MARKS, "text"])
sayings = st.lists(st.tuples(kinds, st.integers(0, 1), st.integers(0, 4)), max_size=20)


@given(sayings, st.data())
def test_nothing_is_taken_back_whatever_is_said_again_or_later(
    said: list[tuple[str, int, int]], draw: st.DataObject
) -> None:
    marks = Marks()
    reached: dict[tuple[int, int], Marked] = {}
    for number, (kind, author, index) in enumerate([*said, *draw.draw(st.permutations(said))]):
        body = (
            bodies.text_body("en", "x", index) if kind == "text" else mark_body(mark(kind, index))
        )
        marks.take(replace(claims(), author=author, kind=kind, index=5 + number, seen_n=4), body)
        for place, before in reached.items():
            now = marks.of(*place)
            assert now is not None
            assert before.error in (None, now.error)
            assert now.protests[: len(before.protests)] == before.protests
            assert now.answers[: len(before.answers)] == before.answers
            assert now.declined >= before.declined
            assert bool(now.passed) >= bool(before.passed)
        for log in (0, 1):
            for at in range(1, 5):
                if (found := marks.of(log, at)) is not None:
                    protests, answers = [*found.protests], [*found.answers]
                    reached[log, at] = replace(found, protests=protests, answers=answers)


def test_of_too_many_the_first_is_forgotten() -> None:
    marks = Marks(2)
    for index in (1, 2, 3):
        said = replace(claims(), kind="declined", index=9, seen_n=9)
        marks.take(said, mark_body(mark("declined", index)))
    assert [marks.of(1, index) is not None for index in (1, 2, 3)] == [False, True, True]
