"""Who may sign: enrolment and revocation by position."""

import pytest

from openline.record.bodies import revoke_body, shown_body
from openline.record.cbor import encode
from tests.unit.record.makers import Keys, Pair
from tests.unit.record.trials import enrol_second, enrolment, refused, text


@pytest.fixture
def pair() -> Pair:
    pair = Pair().founded()
    pair.text(0, "Routine check.")
    pair.text(1, "Nothing to pass.")
    return pair


def test_the_first_entry_enrols() -> None:
    fresh = Pair()
    assert refused(fresh, 0, text(fresh)) == "record.enrolment"
    assert refused(fresh, 0, fresh.make(0, "shown", shown_body(0), officer=False)) == (
        "record.enrolment"
    )
    stranger = Keys("stranger")
    raw2 = enrolment(fresh, 0, stranger, fresh.keys[0])
    assert refused(fresh, 0, raw2) == "record.enrolment"
    fresh.enrol(0)
    assert [officer.code for officer in fresh.record.logs[0].officers] == ["W-1"]


def test_later_enrolment_needs_both(pair: Pair) -> None:
    second = Keys("second")
    own = pair.keys[0]
    assert refused(pair, 0, enrolment(pair, 0, second, second)) == "record.enrolment"
    assert refused(pair, 0, enrolment(pair, 0, second, own)) == "record.enrolment"
    third = Keys("third")
    assert refused(pair, 0, enrolment(pair, 0, second, third, second)) == "record.officer"
    assert refused(pair, 0, enrolment(pair, 0, second, second, second)).startswith("record.")
    pair.add(0, enrolment(pair, 0, second, own, second))
    assert refused(pair, 0, enrolment(pair, 0, second, own, second)) == "record.enrolment"


def test_a_key_of_another_role_is_not_enrolled(pair: Pair) -> None:
    thief = Keys("thief")
    thief.officer = pair.keys[1].cosign
    raw = enrolment(pair, 0, thief, pair.keys[0], thief)
    assert refused(pair, 0, raw) == "record.enrolment"


def test_revocation_acts_from_its_position_onward(pair: Pair) -> None:
    second = enrol_second(pair, 0)
    own = pair.record.logs[0]
    kid = own.officers[0].kid
    pair.add(0, pair.make(0, "revoke", revoke_body(pair.keys[0].officer_public)))
    at = own.size - 1
    assert own.officer(kid) is None
    earlier = own.officer(kid, at)
    assert earlier is not None
    assert earlier.revoked_at == at
    assert refused(pair, 0, text(pair)) == "record.officer"
    pair.keys[0].officer = second.officer
    pair.text(0, "by the second officer")
    stranger = revoke_body(Keys("stranger").officer_public)
    assert refused(pair, 0, pair.make(0, "revoke", stranger)) == "record.enrolment"


@pytest.mark.parametrize(
    "body",
    [
        encode({"officer": bytes(31), "code": "W-2"}),
        encode({"officer": bytes(32), "code": "w 2"}),
        encode({"officer": bytes(32)}),
        encode({"officer": bytes([1]) + bytes(31), "code": "W-2"}),
        encode([1]),
    ],
)
def test_a_bad_enrolment_body_is_refused(pair: Pair, body: bytes) -> None:
    assert refused(pair, 0, pair.make(0, "enrol", body)).startswith("record.")
