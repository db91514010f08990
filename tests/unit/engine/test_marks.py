"""Marks between two posts: what an officer says of a text stands beside it at both sides."""

import pytest

from openline.engine.desk import TimelineItem
from openline.engine.marked import MarkWish
from tests.unit.engine.pair import DESK, Pair, Side

either = pytest.mark.parametrize("letter", ["a", "b"])


def item_of(pair: Pair, side: Side, text: str) -> TimelineItem:
    (item,) = [item for item in pair.texts(side) if item.text == text]
    return item


def say(pair: Pair, side: Side, act: str, item: str, words: str = "") -> str:
    """What the desk was told: ``taken``, or why not."""
    seen = len(side.refused())
    wish = MarkWish(act=act, item=item, words=words, lang="en")
    side.post.mark((DESK[side.letter], "r-mark"), wish, pair.now)
    pair.run(300)
    new = [refused.code for refused in side.refused()[seen:]]
    return new[0] if new else "taken"


@either
def test_sent_in_error_stands_at_both_and_is_taken_for_nothing_else(letter: str) -> None:
    pair = Pair()
    side = pair.sides[letter]
    pair.text(side, "to somebody else")
    pair.run(1_500)
    name = item_of(pair, side, "to somebody else").id
    before = pair.ladder(side, "to somebody else")
    assert say(pair, pair.other(side), "error", name) == "engine.mark_own"
    assert say(pair, side, "error", name, "wrong line") == "taken"
    assert say(pair, side, "error", name, "another reason") == "taken"
    for who in (side, pair.other(side)):
        item = item_of(pair, who, "to somebody else")
        assert item.facts == {"sent_in_error": True, "error_reason": "wrong line"}
        assert [each.kind for each in who.post.timeline(100)].count("sent-in-error") == 2
    assert pair.ladder(side, "to somebody else") == before
    pair.assert_identical()


@either
def test_what_the_other_side_says_of_a_text(letter: str) -> None:
    pair = Pair()
    side, other = pair.sides[letter], pair.other(pair.sides[letter])
    for text in ("first", "second", "third"):
        pair.text(side, text)
    pair.run(300)
    first, second, third = (item_of(pair, other, text).id for text in ("first", "second", "third"))
    assert say(pair, other, "pass", first, "Coast guard") == "taken"
    assert say(pair, other, "answer", first, "Understood, 12 miles.") == "taken"
    assert say(pair, other, "decline", second) == "taken"
    assert say(pair, other, "protest", third, "It is our water.") == "taken"
    for who in (side, other):
        answer = item_of(pair, who, "Understood, 12 miles.")
        assert answer.facts == {"answers": first}
        assert item_of(pair, who, "first").facts == {"passed": "Coast guard", "answered": answer.id}
        assert item_of(pair, who, "second").facts == {"declined": True}
        (protest,) = [item for item in who.post.timeline(100) if item.kind == "protest"]
        assert protest.facts == {"about": third, "words": "It is our water.", "lang": "en"}
        assert item_of(pair, who, "third").facts == {"protests": protest.id}
        ladder = pair.ladder(who, "first")
        assert (ladder["passed"], ladder["answered"]) == ("done", "done")
        assert "declined" not in ladder
        assert pair.ladder(who, "second")["declined"] == "done"
        assert pair.ladder(who, "second")["opened"] == "waiting"  # a refusal opened nothing
        assert not {"passed", "answered", "declined"} & set(pair.ladder(who, "third"))
    pair.assert_identical()


@either
def test_marks_survive_restarts_and_an_old_backup(letter: str) -> None:
    pair = Pair()
    side, other = pair.sides[letter], pair.other(pair.sides[letter])
    pair.text(side, "marked")
    pair.run(300)
    backup = other.store.copy()
    say(pair, other, "decline", item_of(pair, other, "marked").id)
    say(pair, side, "error", item_of(pair, side, "marked").id)
    pair.restart(side)
    pair.restart(other, store=backup)
    pair.run(2_000)
    for who in (side, other):
        facts = item_of(pair, who, "marked").facts
        assert facts == {"declined": True, "sent_in_error": True, "error_reason": ""}
    pair.assert_identical()


@either
def test_what_cannot_be_said_is_refused_by_name_and_writes_nothing(letter: str) -> None:
    pair = Pair()
    side, other = pair.sides[letter], pair.other(pair.sides[letter])
    pair.text(side, "mine")
    pair.run(300)
    name = item_of(pair, side, "mine").id
    sizes = [len(side.store.entries[log]) for log in (0, 1)]
    for act in ("protest", "pass", "decline", "answer"):
        assert say(pair, side, act, name, "words") == "engine.mark_peer"
    for act in ("protest", "pass", "answer"):
        assert say(pair, other, act, name, " ") == "record.content"
    assert say(pair, other, "decline", f"{letter}-99") == "engine.no_such_text"
    assert say(pair, other, "decline", "outbox-1") == "engine.no_such_text"
    assert [len(side.store.entries[log]) for log in (0, 1)] == sizes


@either
def test_a_line_that_discloses_nothing_says_not_where_a_text_went(letter: str) -> None:
    pair = Pair(disclosure=0)
    side, other = pair.sides[letter], pair.other(pair.sides[letter])
    pair.text(side, "mine")
    pair.run(300)
    name = item_of(pair, side, "mine").id
    size = len(other.store.entries[0]) + len(other.store.entries[1])
    assert say(pair, other, "pass", name, "Coast guard") == "engine.mark_undisclosed"
    assert len(other.store.entries[0]) + len(other.store.entries[1]) == size
    assert say(pair, other, "decline", name) == "taken"
    assert item_of(pair, side, "mine").facts == {"declined": True}
