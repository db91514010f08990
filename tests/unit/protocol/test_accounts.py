"""Two accounts of one call, laid side by side."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.errors import OpenlineError
from openline.protocol.accounts import COMPATIBLE, Account, compare, parse_account
from openline.protocol.call import Answer, Manner, Outcome, Precedence
from openline.record.cbor import Value
from openline.record.entry import encode_body

CALLER = Account(
    id=bytes(8),
    role="caller",
    manner="announce",
    outcome="ended",
    start_ms=1,
    end_ms=2,
    precedence="ROUTINE",
    downgraded="",
    taken=True,
    silenced=False,
    pressed=True,
    answer="",
    due_s=0,
    held=False,
    two_way=False,
    sounded=False,
    attended=True,
)
CALLED = replace(CALLER, role="called", start_ms=900, end_ms=77)


def test_times_are_labels_of_two_clocks_and_are_not_compared() -> None:
    assert compare(CALLER, CALLED).word == "match"


def test_one_is_missing() -> None:
    assert compare(CALLER, None).word == "missing"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("manner", "ring"),
        ("precedence", "FLASH"),
        ("downgraded", "limit"),
        ("taken", False),
        ("silenced", True),
        ("pressed", False),
        ("answer", "heard"),
        ("due_s", 60),
        ("held", True),
        ("two_way", True),
        ("sounded", True),
        ("attended", False),
    ],
)
def test_every_field_that_differs_is_named_from_either_side(name: str, value: object) -> None:
    other = replace(CALLED, **{name: value})  # type: ignore[arg-type] # by name
    for found in (compare(CALLER, other), compare(other, CALLER)):
        assert (found.word, found.differs) == ("differ", (name,))
    silent = replace(CALLED, **{name: None}) if name != "manner" else CALLED  # type: ignore[arg-type] # by name
    assert compare(CALLER, silent).word == "match", "what is not said is not compared"


def test_two_callers_of_one_call_differ() -> None:
    assert compare(CALLER, CALLER).differs == ("role",)


@pytest.mark.parametrize("one", list(Outcome))
@pytest.mark.parametrize("other", list(Outcome))
def test_outcomes_that_can_both_be_true(one: Outcome, other: Outcome) -> None:
    less = {Outcome.ENDED, Outcome.LINK_DOWN, Outcome.RESTART}
    untaken = {Outcome.UNTAKEN, Outcome.SILENCED, Outcome.UNATTENDED}
    if Outcome.NO_CONTACT in {one, other}:
        wanted = False
    else:
        wanted = one is other or one in less or other in less or {one, other} <= untaken
    assert ((one, other) in COMPATIBLE) is wanted
    assert ((one, other) in COMPATIBLE) == ((other, one) in COMPATIBLE)


def test_no_officers_act_is_compatible_with_another_officers_act() -> None:
    acts = (
        Outcome.WITHDRAWN,
        Outcome.DECLINED,
        Outcome.REPLY_PROMISED,
        Outcome.INTERRUPTED,
        Outcome.REFUSED_BY_SETTING,
    )
    for one in acts:
        assert [other for other in acts if (one, other) in COMPATIBLE] == [one]


ACCOUNTS = st.builds(
    Account,
    id=st.just(bytes(4)),
    role=st.sampled_from(("caller", "called")),
    manner=st.sampled_from([manner.value for manner in Manner]),
    outcome=st.sampled_from([outcome.value for outcome in Outcome]),
    start_ms=st.integers(0, 9),
    end_ms=st.integers(0, 9),
    precedence=st.none() | st.sampled_from(list(Precedence.__members__)),
    taken=st.none() | st.booleans(),
    pressed=st.none() | st.booleans(),
    sounded=st.none() | st.booleans(),
    answer=st.none() | st.sampled_from([answer.value for answer in Answer]),
)


@given(ACCOUNTS, ACCOUNTS)
def test_the_order_of_the_two_changes_nothing(one: Account, other: Account) -> None:
    assert compare(one, other) == compare(other, one)


BODY: dict[str, Value] = {
    "id": bytes(8),
    "role": "called",
    "manner": "ring",
    "outcome": "untaken",
    "start_ms": 1,
    "end_ms": 2,
}


def test_what_an_account_of_before_does_not_say_is_unknown() -> None:
    account = parse_account(encode_body(BODY))
    said = (account.precedence, account.answer, account.taken, account.sounded)
    assert said == (None,) * 4


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", bytes(5)),
        ("role", "observer"),
        ("manner", "shout"),
        ("outcome", "refused"),
        ("start_ms", -1),
        ("taken", 1),
        ("answer", "yes"),
        ("due_s", 86_401),
        ("precedence", "URGENT"),
        ("downgraded", "whim"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(name: str, value: Value) -> None:
    with pytest.raises(OpenlineError):
        parse_account(encode_body(BODY | {name: value}))


@given(st.binary(max_size=200))
def test_hostile_bodies_end_in_a_code(body: bytes) -> None:
    with contextlib.suppress(OpenlineError):
        parse_account(body)
