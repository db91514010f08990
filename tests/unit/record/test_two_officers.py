"""A party's own rule that what it writes of a kind needs two officers (spec/record, section 5)."""

import pytest

from openline.errors import RecordError
from openline.record.audit import audit
from openline.record.bodies import parse_rule, revoke_body, rule_body, text_body
from openline.record.cbor import Value, encode
from tests.unit.record.makers import Keys, Pair
from tests.unit.record.trials import enrol_second, enrolment, refused, stated

TEXT = text_body("en", "Both of us say so.")


@pytest.fixture
def pair() -> Pair:
    return Pair().founded()


def ruled(pair: Pair, *kinds: str) -> tuple[Keys, Keys]:
    """Two officers of party a, who put that rule into force."""
    first, second = pair.keys[0], enrol_second(pair, 0)
    pair.add(0, stated(pair, 0, "rule", rule_body(kinds), first, second))
    return first, second


def test_a_kind_under_the_rule_needs_two_different_officers(pair: Pair) -> None:
    first, second = ruled(pair, "text")
    for signers in ((first,), (second,), ()):
        assert refused(pair, 0, stated(pair, 0, "text", TEXT, *signers)) in {
            "record.second_officer",
            "record.statement_missing",
        }
    assert refused(pair, 0, stated(pair, 0, "text", TEXT, first, first)) == "record.statement"
    stranger = Keys("stranger")
    assert refused(pair, 0, stated(pair, 0, "text", TEXT, first, stranger)) == "record.officer"
    pair.add(0, stated(pair, 0, "text", TEXT, second, first))
    assert audit(pair.bundle(), pair.pins).verified


def test_it_binds_its_own_side_and_its_own_kinds_alone(pair: Pair) -> None:
    first, _second = ruled(pair, "text")
    pair.text(1)
    pair.add(0, pair.make(0, "opened", encode({"index": 2})))
    pair.add(0, stated(pair, 0, "declare", encode({"recording": "never"}), first))


def test_it_acts_from_the_entry_after_it_on(pair: Pair) -> None:
    first, second = pair.keys[0], enrol_second(pair, 0)
    pair.add(0, stated(pair, 0, "text", TEXT, first))
    mark = pair.record.mark()
    pair.add(0, stated(pair, 0, "rule", rule_body(["text"]), first, second))
    assert refused(pair, 0, stated(pair, 0, "text", TEXT, first)) == "record.second_officer"
    pair.record.rollback(mark)
    assert pair.record.logs[0].two == frozenset()
    pair.record.append(0, *stated(pair, 0, "text", TEXT, first))


def test_one_officer_alone_neither_makes_nor_lifts_a_rule(pair: Pair) -> None:
    alone = stated(pair, 0, "rule", rule_body(["text"]), pair.keys[0])
    assert refused(pair, 0, alone) == "record.second_officer"
    first, second = ruled(pair, "text")
    lifted = rule_body([])
    assert refused(pair, 0, stated(pair, 0, "rule", lifted, first)) == "record.second_officer"
    pair.add(0, stated(pair, 0, "rule", lifted, first, second))
    pair.add(0, stated(pair, 0, "text", TEXT, first))


def test_one_officer_does_not_become_two_where_enrolling_needs_two(pair: Pair) -> None:
    first, second = ruled(pair, "enrol", "text")
    own = Keys("the same person's other key")
    assert refused(pair, 0, enrolment(pair, 0, own, own, first)) == "record.enrolment"
    assert refused(pair, 0, enrolment(pair, 0, own, first)) == "record.second_officer"
    pair.add(0, enrolment(pair, 0, own, first, second))
    pair.add(0, stated(pair, 0, "text", TEXT, own, second))


def test_one_officer_does_not_stay_alone_where_revoking_needs_two(pair: Pair) -> None:
    first, second = ruled(pair, "revoke")
    gone = revoke_body(second.officer_public)
    assert refused(pair, 0, stated(pair, 0, "revoke", gone, first)) == "record.second_officer"
    pair.add(0, stated(pair, 0, "revoke", gone, first, second))
    assert pair.record.logs[0].officer(pair.record.logs[0].officers[1].kid) is None


def test_a_rule_without_its_body_is_refused(pair: Pair) -> None:
    first, second = pair.keys[0], enrol_second(pair, 0)
    leaf, _salt, _body = stated(pair, 0, "rule", rule_body(["text"]), first, second)
    raw = (leaf, b"", None)
    assert refused(pair, 0, raw, body_required=False) == "record.body_missing"


@pytest.mark.parametrize(
    "two",
    [
        None,
        "text",
        ["text", "opened"],
        ["text", "text"],
        ["Text"],
        [""],
        [1],
        [b"text"],
        [f"kind-{at:02}" for at in range(17)],
    ],
)
def test_what_is_no_rule(pair: Pair, two: Value) -> None:
    body = encode({"two": two})
    with pytest.raises(RecordError) as caught:
        parse_rule(body)
    assert caught.value.code == "record.rule"
    first, second = pair.keys[0], enrol_second(pair, 0)
    assert refused(pair, 0, stated(pair, 0, "rule", body, first, second)) == "record.rule"


def test_what_is_a_rule() -> None:
    assert parse_rule(rule_body(["text", "enrol", "text"])) == {"enrol", "text"}
    assert parse_rule(rule_body([])) == frozenset()
    sixteen = [f"kind-{at:02}" for at in range(16)]
    assert parse_rule(rule_body(sixteen)) == set(sixteen)
    with pytest.raises(RecordError):
        parse_rule(encode({"two": [], "more": 1}))
