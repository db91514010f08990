"""Every table is complete, and says what the design says."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import pytest

from openline.protocol import call, delivery, liveness
from openline.protocol.call import Answer, CallInput, CallState, Outcome
from openline.protocol.delivery import RecordInput, RecordState
from openline.protocol.liveness import LinkInput, LinkState
from openline.protocol.machine import InputT, StateT, markdown, unwritten

SPEC = Path(__file__).parents[3] / "docs" / "spec"

Table = Mapping[tuple[StrEnum, StrEnum], StrEnum]


def plain(table: Mapping[tuple[StateT, InputT], StateT]) -> Table:
    return {(state, given): after for (state, given), after in table.items()}


TABLES: list[tuple[str, Table, type[StrEnum], type[StrEnum]]] = [
    ("handshake.md", plain(liveness.TRANSITIONS), LinkState, LinkInput),
    ("delivery.md", plain(delivery.TRANSITIONS), RecordState, RecordInput),
    ("call.md", plain(call.TRANSITIONS), CallState, CallInput),
]


@pytest.mark.parametrize(("page", "table", "states", "inputs"), TABLES)
def test_table_is_complete_and_printed(
    page: str,
    table: Table,
    states: type[StrEnum],
    inputs: type[StrEnum],
) -> None:
    assert unwritten(table, states, inputs) == []
    assert len(table) == len(states) * len(inputs)
    assert markdown(table) in (SPEC / page).read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "table", "states", "inputs"), TABLES)
def test_every_state_is_reached(
    page: str,
    table: Table,
    states: type[StrEnum],
    inputs: type[StrEnum],
) -> None:
    del page, inputs
    reached = {next(iter(states))}
    while more := {table[key] for key in table if key[0] in reached} - reached:
        reached |= more
    assert reached == set(states)


def test_link_is_up_only_by_a_round_trip() -> None:
    for (state, given), after in liveness.TRANSITIONS.items():
        if after is LinkState.UP and state is not LinkState.UP:
            assert given is LinkInput.ROUND_TRIP


def test_record_that_halted_stays_halted_and_only_level_makes_it_live() -> None:
    for (state, given), after in delivery.TRANSITIONS.items():
        if state is RecordState.HALTED:
            assert after is RecordState.HALTED
        elif after is RecordState.LIVE and state is not RecordState.LIVE:
            assert given is RecordInput.LEVEL
        if given is RecordInput.BREACH:
            assert after is RecordState.HALTED


def test_call_is_taken_by_the_called_officer_alone_and_never_again_opened() -> None:
    for (state, given), after in call.TRANSITIONS.items():
        if state is CallState.ENDED:
            assert after is CallState.ENDED
        elif after is CallState.TAKEN and state is not CallState.TAKEN:
            assert given is CallInput.CALLED_TAKES
        elif after is CallState.HELD and state is not CallState.HELD:
            assert given is CallInput.CALLED_FETCHES


def test_no_state_of_a_call_goes_back() -> None:
    order = list(CallState)
    for (state, _), after in call.TRANSITIONS.items():
        assert order.index(after) >= order.index(state)


@pytest.mark.parametrize("before", list(Answer))
@pytest.mark.parametrize("after", list(Answer))
def test_no_answer_goes_back(before: Answer, after: Answer) -> None:
    ranks = call.ANSWER_RANKS
    assert call.follows(before, after) == (
        ranks[after] > ranks[before] or before is after is Answer.FETCHING
    )


def test_every_end_has_an_outcome_and_nothing_else_has() -> None:
    ends = {
        key
        for key, after in call.TRANSITIONS.items()
        if after is CallState.ENDED and key[0] is not CallState.ENDED
    }
    assert set(call.OUTCOMES) == ends


@pytest.mark.parametrize(
    ("silenced", "attended", "outcome"),
    [
        (False, None, Outcome.UNTAKEN),
        (False, True, Outcome.UNTAKEN),
        (False, False, Outcome.UNATTENDED),
        (True, False, Outcome.SILENCED),
        (True, True, Outcome.SILENCED),
    ],
)
def test_untaken_is_told_apart(silenced: object, attended: object, outcome: Outcome) -> None:
    told = None if attended is None else bool(attended)
    assert call.untaken(silenced=bool(silenced), attended=told) is outcome
