"""Sealed exchanges in random histories: whoever replays, copies or hurries gains nothing by it."""

from hypothesis import example, given
from hypothesis import strategies as st

from openline.record.exchange import (
    Exchange,
    ExchangeBook,
    Opening,
    commit_body,
    commitment,
    open_body,
    pad,
    reveal_body,
    seal_entry,
)
from tests.unit.record.makers import Pair, seed
from tests.unit.record.sealed import TERMS

PAIR = Pair().founded()
START = PAIR.record.mark()
ACTS = ("commit", "reveal", "copy", "reveal-copied", "foreign", "party", "other", "bare", "open")
BEGUN = [(0, "open", 9, 0), (1, "open", 9, 0)]

Steps = list[tuple[int, str, int, int]]
# Who, what, how much of the other's log has arrived, in which exchange (0: one that is not there).
step = st.tuples(
    st.integers(0, 1), st.sampled_from(ACTS), st.sampled_from((9, 0, 1)), st.integers(0, 2)
)
# What an attack needs, in an order that lets it begin, with anything in between.
attack = st.tuples(
    st.sampled_from(("copy", "foreign", "party", "other", "commit")),
    st.sampled_from(("reveal", "reveal-copied", "bare")),
    st.integers(0, 1),
    st.integers(1, 2),
    st.permutations(range(4)),
    st.sampled_from((9, 0)),
).map(
    lambda drawn: [
        [
            (drawn[2], "commit", 9, drawn[3]),
            (1 - drawn[2], drawn[0], drawn[5], drawn[3]),
            (1 - drawn[2], drawn[1], 9, drawn[3]),
            (drawn[2], "reveal", 9, drawn[3]),
        ][at]
        for at in drawn[4]
    ]
)
steps = st.lists(st.one_of(attack, step.map(lambda one: [one])), max_size=6).map(
    lambda parts: [one for part in parts for one in part]
)


def sealed(party: int, exchange: bytes, *, line: bytes = b"", bound_to: int | None = None) -> bytes:
    """A commitment to that party's own words, perhaps bound to something else."""
    return commitment(
        line or PAIR.genesis.line,
        exchange,
        party if bound_to is None else bound_to,
        salt_of(party, exchange),
        padded_of(party, exchange),
    )


def words_of(party: int, exchange: bytes) -> str:
    return f"{'ab'[party]} says {exchange[:4].hex()}"


def padded_of(party: int, exchange: bytes) -> bytes:
    return pad("en", words_of(party, exchange), TERMS.size)


def salt_of(party: int, exchange: bytes) -> bytes:
    return seed("salt", party, exchange.hex())


def body_of(party: int, act: str, name: bytes, other: bytes) -> tuple[str, bytes]:
    rival = 1 - party
    match act:
        case "commit":
            return "seal-commit", commit_body(name, sealed(party, name))
        case "copy":
            return "seal-commit", commit_body(name, sealed(rival, name))
        case "foreign":
            return "seal-commit", commit_body(name, sealed(party, name, line=bytes(16)))
        case "party":
            return "seal-commit", commit_body(name, sealed(party, name, bound_to=rival))
        case "other":
            return "seal-commit", commit_body(name, sealed(party, other))
        case _:
            whose = rival if act == "reveal-copied" else party
            opening = Opening(
                exchange=name,
                salt=salt_of(whose, name),
                padded=padded_of(whose, name),
                receipt=b"" if act == "bare" else PAIR.receipt(party),
            )
            return "seal-reveal", reveal_body(opening)


def history(choices: Steps) -> list[bytes]:
    """Both write what the choices say, by the rules or not; returns the ids of exchanges."""
    PAIR.record.rollback(START)
    PAIR.entries = [PAIR.entries[0][:1], PAIR.entries[1][:1]]
    ids = [seed("no exchange")]
    for party, act, arrived, which in choices:
        own, rival = PAIR.record.logs[party], PAIR.record.logs[1 - party]
        seen = min(rival.size, max(own.seen, 1) + arrived)
        name = ids[which % len(ids)]
        other = ids[(which + 1) % len(ids)]
        kind, body = (
            ("seal-open", open_body(TERMS)) if act == "open" else body_of(party, act, name, other)
        )
        raw = PAIR.make(party, kind, body, seen_n=seen)
        PAIR.add(party, raw)
        found = seal_entry(party, raw[0], body)
        assert found is not None
        if act == "open":
            ids.append(found.leaf_hash)
    return ids


def judged(first: int) -> ExchangeBook:
    logs = PAIR.record.logs
    book = ExchangeBook(PAIR.genesis, lambda log, size: logs[log].tree.root_at(size))
    given = [
        entry
        for log in (0, 1)
        for leaf, _, body in PAIR.entries[log]
        if (entry := seal_entry(log, leaf, body)) is not None
    ]
    for entry in sorted(given, key=lambda item: (item.lamport, item.log ^ first)):
        book.take(entry)
    return book


def holds(found: Exchange) -> None:
    """What is true of every reveal that counts, by the words of the document."""
    logs = PAIR.record.logs
    for party, half in enumerate(found.halves):
        if half.reveal_index is None:
            assert half.text == ""
            continue
        rival = found.halves[1 - party]
        assert half.commit_index is not None
        assert half.commit_index < half.reveal_index
        assert rival.commit_index is not None
        assert rival.commit_index < logs[party].seen_at(half.reveal_index)
        # Its own words for this exchange and this line, never those that it copied or moved.
        assert half.text == words_of(party, found.id)
        assert half.commitment == commitment(
            PAIR.genesis.line, found.id, party, salt_of(party, found.id), padded_of(party, found.id)
        )


@given(steps)
@example([(0, "commit", 9, 1), (1, "copy", 0, 1), (1, "reveal-copied", 9, 1)])
@example([(1, "commit", 9, 2), (0, "copy", 0, 2), (0, "reveal-copied", 9, 2)])
def test_only_an_own_commitment_for_this_line_and_exchange_is_ever_opened(
    choices: Steps,
) -> None:
    history([*BEGUN, *choices])
    for found in judged(0).exchanges.values():
        holds(found)


@given(steps)
def test_no_commitment_counts_that_was_there_to_be_copied(choices: Steps) -> None:
    history([*BEGUN, *choices])
    counted: list[tuple[int, int, bytes]] = []
    for found in judged(0).exchanges.values():
        counted += [
            (party, half.commit_index, half.commitment)
            for party, half in enumerate(found.halves)
            if half.commit_index is not None
        ]
    for party, index, made in counted:
        seen = PAIR.record.logs[party].seen_at(index)
        for other, at, same in counted:
            if same == made and (other, at) != (party, index):
                assert at >= (index if other == party else seen)


@given(steps)
def test_both_posts_judge_alike_in_whatever_order_the_logs_came(
    choices: Steps,
) -> None:
    history([*BEGUN, *choices])
    one, other = judged(0), judged(1)
    assert one.exchanges == other.exchanges
    assert sorted(map(repr, one.voids)) == sorted(map(repr, other.voids))


@given(steps)
def test_by_the_rules_every_exchange_can_be_ended(
    choices: Steps,
) -> None:
    """Whatever was written before: a new exchange, both commit, both reveal, both count."""
    history([*BEGUN, *choices])
    ids = history([*BEGUN, *choices, (1, "open", 3, 0)])
    last = len(ids) - 1
    rest = [
        (0, "commit", 99, last),
        (1, "commit", 99, last),
        (0, "reveal", 99, last),
        (1, "reveal", 99, last),
    ]
    ids = history([*BEGUN, *choices, (1, "open", 3, 0), *rest])
    found = judged(0).exchanges[ids[last]]
    assert [half.text for half in found.halves] == [words_of(party, found.id) for party in (0, 1)]
