"""Random histories: one order for both, mirrored when the parties are swapped, never revised."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from openline.errors import RecordError
from openline.record.audit import audit
from openline.record.bodies import shown_body
from openline.record.bundle import BundleNote, export_sizes
from openline.record.genesis import Genesis
from openline.record.log import RawEntry, Record
from openline.record.merge import Rank, first_log, merged
from openline.record.receipt import verify_receipt
from tests.unit.record.makers import Pair

# Each step: who writes, and how much of what the other wrote since has arrived.
steps = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3)), max_size=14)
PAIR = Pair().founded()
START = PAIR.record.mark()


def history(choices: list[tuple[int, int]]) -> Pair:
    """Both write with whatever part of the other's log they have."""
    PAIR.record.rollback(START)
    PAIR.entries = [PAIR.entries[0][:1], PAIR.entries[1][:1]]
    for party, arrived in choices:
        own, other = PAIR.record.logs[party], PAIR.record.logs[1 - party]
        seen = min(other.size, max(own.seen, 1) + arrived)
        PAIR.add(party, PAIR.make(party, "shown", shown_body(1), officer=False, seen_n=seen))
    return PAIR


@dataclass(frozen=True)
class Plain:
    log: int
    index: int
    lamport: int


def naive_order(pair: Pair) -> list[Plain]:
    """Repeatedly take the first log head that may come next, by the words of the specification."""
    logs = pair.record.logs
    at = [1, 1]
    order: list[Plain] = []
    while any(at[log] < logs[log].size for log in (0, 1)):
        heads = [
            Plain(log, at[log], logs[log].lamport_at(at[log]))
            for log in (0, 1)
            if at[log] < logs[log].size
        ]
        if len(heads) > 1 and heads[0].lamport == heads[1].lamport:
            chosen = heads[first_log(pair.genesis, heads[0].lamport)]
        else:
            chosen = min(heads, key=lambda head: head.lamport)
        order.append(chosen)
        at[chosen.log] += 1
    return order


def places(ranks: list[Rank]) -> list[tuple[int, int]]:
    return [(rank.log, rank.index) for rank in ranks]


@given(steps)
def test_order_is_a_linear_extension_of_causality(choices: list[tuple[int, int]]) -> None:
    pair = history(choices)
    ranks = merged(pair.record)
    assert places(ranks) == [(plain.log, plain.index) for plain in naive_order(pair)]
    place = {(rank.log, rank.index): number for number, rank in enumerate(ranks)}
    for rank in ranks:
        state = pair.record.logs[rank.log]
        for seen in range(1, state.seen_at(rank.index)):
            assert place[1 - rank.log, seen] < place[rank.log, rank.index]
        if rank.index > 1:
            assert place[rank.log, rank.index - 1] < place[rank.log, rank.index]


@given(steps, st.data())
def test_final_ranks_hold_for_whoever_holds_more(
    choices: list[tuple[int, int]], data: st.DataObject
) -> None:
    """What is final in any closed part of a record is a prefix of the whole order."""
    pair = history(choices)
    whole = places(merged(pair.record))
    logs = pair.record.logs
    wanted = tuple([data.draw(st.integers(1, log.size))] for log in logs)
    sizes = export_sizes(pair.record, (wanted[0], wanted[1]))
    part = Record(pair.genesis)
    entries: list[list[RawEntry]] = [pair.entries[log][: sizes[log] - 1] for log in (0, 1)]
    part.load((entries[0], entries[1]))
    final = [(rank.log, rank.index) for rank in merged(part) if rank.final]
    assert whole[: len(final)] == final


class Swapped(Record):
    """The same two logs seen by somebody who numbers the parties the other way round."""

    def __init__(self, record: Record) -> None:
        genesis = record.genesis
        self.genesis = Genesis(
            raw=genesis.raw,
            sha256=genesis.sha256,
            leaf_hash=genesis.leaf_hash,
            line=genesis.line,
            cards=(genesis.cards[1], genesis.cards[0]),
            disclosure=genesis.disclosure,
            off_record=genesis.off_record,
            protected=genesis.protected,
        )
        self.logs = (record.logs[1], record.logs[0])


@given(steps)
def test_swapping_the_parties_mirrors_the_order(choices: list[tuple[int, int]]) -> None:
    """The rule knows keys, not numbers: whoever counts the other way gets the mirror image."""
    pair = history(choices)
    mirror = Swapped(pair.record)
    ranks = merged(pair.record)
    for lamport in range(40):
        assert first_log(pair.genesis, lamport) == 1 - first_log(mirror.genesis, lamport)
    by_the_other = sorted(
        ranks,
        key=lambda rank: (rank.lamport, first_log(mirror.genesis, rank.lamport) != 1 - rank.log),
    )
    assert by_the_other == ranks


@given(steps, st.integers(0, 13), st.sampled_from(("drop", "swap", "repeat")))
def test_no_history_survives_tampering(choices: list[tuple[int, int]], at: int, how: str) -> None:
    pair = history([*choices, (0, 1), (0, 1), (1, 3), (0, 3)])
    entries = [list(log) for log in pair.entries]
    log = at % 2
    place = at % max(len(entries[log]) - 1, 1)
    if how == "drop":
        del entries[log][place]
    elif how == "swap" and len(entries[log]) > 1:
        entries[log][place : place + 2] = entries[log][place : place + 2][::-1]
    else:
        entries[log].insert(place, entries[log][place])
    record = Record(pair.genesis)
    try:
        record.load((entries[0], entries[1]))
    except RecordError as error:
        assert error.code.startswith("record.")  # noqa: PT017 - only a dropped tail may pass
    else:
        # Only the last entry of a log, cited by nobody, can be left out unseen; then sizes differ.
        assert how == "drop"
        assert place == len(entries[log])


@given(steps)
@settings(max_examples=25)
def test_any_honest_history_verifies(choices: list[tuple[int, int]]) -> None:
    pair = history(choices)
    notes = [
        BundleNote(log=log, size=pair.record.logs[log].size, receipt=pair.receipt(log))
        for log in (0, 1)
    ]
    for note in notes:
        assert verify_receipt(pair.genesis, note.log, note.receipt or b"").size == note.size
    report = audit(pair.bundle(notes), pair.pins)
    assert report.verified, report.failure
