"""Sealed exchange: what counts, what is void and why, the same for whoever judges."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from openline.errors import RecordError
from openline.record.audit import audit
from openline.record.bodies import text_body
from openline.record.exchange import ExchangeBook, open_body, pad, parse_open, unpad
from tests.unit.record.makers import seed
from tests.unit.record.sealed import TERMS, WORDS, Line

if TYPE_CHECKING:
    from openline.record.log import RawEntry


@pytest.fixture(params=[False, True], ids=["first", "mirrored"])
def line(request: pytest.FixtureRequest) -> Line:
    return Line(swap=request.param)


def test_both_commit_and_then_both_reveal(line: Line) -> None:
    line.both_committed()
    line.reveal(1)
    line.reveal(0)
    assert line.voids() == []
    assert [line.half(who).text for who in (0, 1)] == list(WORDS)
    assert line.half(0).reveal_index is not None


def test_commitments_made_at_the_same_time_are_both_good(line: Line) -> None:
    line.open()
    line.pair.text(line.party(1))
    before = line.pair.record.logs[line.party(1)].size
    line.commit(1)
    line.commit(0, seen_n=before)
    line.reveal(0)
    line.reveal(1)
    assert line.voids() == []


def test_a_reveal_before_the_other_commitment_is_cited_is_void(line: Line) -> None:
    line.open()
    line.commit(0)
    line.reveal(0)
    seen = line.pair.record.logs[line.party(1)].size
    line.commit(1)
    line.reveal(0, seen_n=seen)
    assert line.voids() == [(0, "exchange.early"), (0, "exchange.early")]
    line.reveal(0)
    assert line.half(0).text == WORDS[0]


def test_a_reveal_needs_a_receipt_of_the_own_commitment(line: Line) -> None:
    line.open()
    own, other = line.party(0), line.party(1)
    before = line.pair.receipt(own)
    mark = line.pair.record.mark()
    line.pair.record.append(own, *line.pair.make(own, "text", text_body("en", "another history")))
    another = line.pair.receipt(own)
    line.pair.record.rollback(mark)
    line.commit(0)
    line.commit(1)
    of_the_other = line.pair.receipt(other)
    ahead = line.pair.receipt(own)
    assert len(another) == len(ahead)
    for receipt in (b"", before, of_the_other, another, ahead[:-1]):
        line.reveal(0, line.opening(0, receipt=receipt))
    assert line.voids() == [(0, "exchange.receipt")] * 5
    line.reveal(0, line.opening(0, receipt=ahead))
    assert line.half(0).text == WORDS[0]


def test_a_receipt_of_what_comes_later_proves_nothing(line: Line) -> None:
    """It must have been there before the reveal was written, not be of the reveal itself."""
    line.both_committed()
    own = line.party(0)
    mark = line.pair.record.mark()
    line.pair.record.append(own, *line.pair.make(own, "text", text_body("en", "x")))
    late = line.pair.receipt(own)
    line.pair.record.rollback(mark)
    line.reveal(0, line.opening(0, receipt=late))
    assert line.voids() == [(0, "exchange.receipt")]


@pytest.mark.parametrize(
    "changes",
    [
        {"line": bytes(16)},
        {"exchange": bytes(32)},
        {"party": None},
        {"salt": bytes(32)},
        {"padded": pad("en", "Bearing 042.", TERMS.size)},
    ],
    ids=["line", "exchange", "party", "salt", "text"],
)
def test_a_commitment_is_bound_to_line_exchange_party_salt_and_text(
    line: Line, changes: dict[str, Any]
) -> None:
    line.open()
    if "party" in changes:
        changes = {"party": line.party(1)}
    line.commit(0, line.sealed(0, **changes))
    line.commit(1)
    line.reveal(0)
    assert line.voids() == [(0, "exchange.opening")]
    assert line.half(0).reveal_index is None


def test_a_text_of_another_size_than_agreed_opens_nothing(line: Line) -> None:
    line.open()
    longer = pad("en", WORDS[0], 2 * TERMS.size)
    line.commit(0, line.sealed(0, padded=longer))
    line.commit(1)
    line.reveal(0, line.opening(0, padded=longer))
    assert line.voids() == [(0, "exchange.opening")]


def test_an_echoed_commitment_is_void_and_its_owner_may_still_commit(line: Line) -> None:
    line.open()
    line.commit(0)
    line.commit(1, line.sealed(0))
    assert line.voids() == [(1, "exchange.echoed")]
    line.commit(1)
    assert line.half(1).commitment == line.sealed(1)


def test_an_echo_that_does_not_cite_what_it_copies_can_never_be_opened(line: Line) -> None:
    line.open()
    line.pair.text(line.party(1))
    seen = line.pair.record.logs[line.party(0)].size
    line.commit(0)
    line.commit(1, line.sealed(0), seen_n=seen)
    line.reveal(0)
    copied = line.opening(0, receipt=line.pair.receipt(line.party(1)))
    line.reveal(1, copied)
    assert line.voids() == [(1, "exchange.opening")]


def test_a_commitment_of_another_exchange_is_not_taken_again(line: Line) -> None:
    line.both_committed()
    first = line.sealed(0)
    line.open()
    line.commit(0, first)
    assert line.voids() == [(0, "exchange.echoed")]


def test_the_first_commitment_and_the_first_reveal_count(line: Line) -> None:
    line.both_committed()
    line.commit(0, seed("another"))
    line.reveal(0)
    line.reveal(0)
    assert line.voids() == [(0, "exchange.twice")] * 2
    assert line.half(0).text == WORDS[0]


def test_who_did_not_commit_has_nothing_to_reveal(line: Line) -> None:
    line.open()
    line.commit(1)
    line.reveal(0)
    assert line.voids() == [(0, "exchange.no_commit")]


def test_what_is_not_cited_is_not_known(line: Line) -> None:
    seen = line.pair.record.logs[line.party(0)].size
    line.open()
    line.commit(1, seen_n=seen)
    line.exchange = seed("no such exchange")
    line.commit(0)
    line.reveal(0)
    assert line.voids() == [
        (1, "exchange.unknown"),
        (0, "exchange.unknown"),
        (0, "exchange.unknown"),
    ]


@pytest.mark.parametrize("size", [0, 100, 44 * 256 + 256])
def test_the_padded_size_is_one_of_few(size: int) -> None:
    with pytest.raises(RecordError) as caught:
        open_body(replace(TERMS, size=size))
    assert caught.value.code == "exchange.content"


def test_padding_hides_the_length_and_comes_off_again() -> None:
    assert len(pad("en", "x", 512)) == len(pad("zh-Hans", "方位" * 40, 512)) == 512
    assert unpad(pad("zh-Hans", "方位", 512)) == ("zh-Hans", "方位")
    exact = pad("en", "x" * 1000, 1024)
    assert unpad(exact)[1] == "x" * 1000
    with pytest.raises(RecordError) as caught:
        pad("en", "x" * 600, 512)
    assert caught.value.code == "exchange.too_long"
    for spoiled in (exact[:-1] + b"\1", b"", bytes(512), b"\x80" + bytes(511)):
        with pytest.raises(RecordError) as caught:
            unpad(spoiled)
        assert caught.value.code == "exchange.content"


def test_a_commitment_to_what_is_no_text_counts_as_not_revealed(line: Line) -> None:
    line.open()
    line.commit(0, line.sealed(0, padded=bytes(512)))
    line.commit(1)
    line.reveal(0, line.opening(0, padded=bytes(512)))
    assert line.voids() == [(0, "exchange.content")]
    assert line.half(0).reveal_index is None


@pytest.mark.parametrize("kind", ["seal-open", "seal-commit", "seal-reveal"])
def test_a_machine_exchanges_nothing(line: Line, kind: str) -> None:
    with pytest.raises(RecordError) as caught:
        line.write(0, kind, open_body(TERMS), officer=False)
    assert caught.value.code == "record.statement_missing"


def test_terms_come_back(line: Line) -> None:
    line.open()
    (found,) = line.book().exchanges.values()
    assert found.terms == parse_open(open_body(TERMS)) == TERMS


def test_a_body_that_does_not_fit_is_kept_and_void(line: Line) -> None:
    line.write(0, "seal-open", b"\xa0")
    line.write(1, "seal-commit", b"\xa1dtextax")
    line.write(0, "seal-reveal", b"\x01")
    assert line.voids() == [
        (0, "exchange.content"),
        (1, "exchange.content"),
        (0, "exchange.content"),
    ]


def test_an_erased_body_is_void_and_takes_nothing_else_with_it(line: Line) -> None:
    line.both_committed()
    entries = [
        replace(entry, body=None) if entry.kind == "seal-commit" and entry.log == 0 else entry
        for entry in line.entries()
    ]
    book = ExchangeBook(line.pair.genesis, lambda _log, _size: bytes(32))
    book.take_all(entries)
    assert [void.code for void in book.voids] == ["exchange.erased"]
    assert len(book.exchanges) == 1


@pytest.mark.parametrize(
    ("until_s", "word"), [(1_700_000_100, "in_time"), (1_700_000_099, "not_proved")]
)
def test_an_auditor_is_told_what_the_receipts_prove(line: Line, until_s: int, word: str) -> None:
    line.open(terms=replace(TERMS, until_s=until_s))
    line.commit(0)
    line.commit(1)
    line.reveal(0)
    line.commit(0)
    report = audit(line.pair.bundle(), line.pair.pins)
    assert report.verified
    (found,) = report.exchanges
    mine, theirs = found.halves[line.party(0)], found.halves[line.party(1)]
    assert (mine.time, mine.text, mine.held) == (word, WORDS[0], True)
    assert (theirs.time, theirs.text, theirs.reveal, theirs.held) == ("none", "", None, True)
    assert [void.code for void in report.voids] == ["exchange.twice"]


def test_a_receipt_can_prove_that_a_reveal_came_too_late(line: Line) -> None:
    """It cites an entry that its author wrote after a receipt, whose time is past the deadline."""
    until_s = 1_700_000_000
    line.open(terms=replace(TERMS, until_s=until_s))
    line.commit(0)
    line.commit(1)
    own, other = line.party(0), line.party(1)
    given = line.pair.receipt(own, time_s=until_s + 50)
    notes = [note for note in line.pair.bundle_notes() if note.log == own]
    early = replace(notes[0], receipt=given, seal_author=None, seal_holder=None)
    line.pair.text(other)
    line.reveal(0)
    rest = [replace(note, receipt=line.pair.receipt(note.log, time_s=until_s + 60))
            for note in line.pair.bundle_notes()]  # fmt: skip
    chosen = sorted([early, *rest], key=lambda note: (note.log, note.size))
    report = audit(line.pair.bundle(chosen), line.pair.pins)
    assert report.verified, report.failure
    assert report.exchanges[0].halves[own].time == "late"


def test_every_cut_of_the_record_judges_what_it_holds_alike(line: Line) -> None:
    """Whoever holds less, in whatever order the logs came, says the same of what it holds."""
    line.both_committed()
    line.reveal(0)
    line.reveal(1)
    line.commit(0)
    raw: list[list[RawEntry]] = [list(log) for log in line.pair.entries]
    assert all(raw)
    whole = line.book()
    verdicts = {(void.log, void.index): void.code for void in whole.voids}
    logs = line.pair.record.logs
    entries = line.entries()
    for first in range(logs[0].size + 1):
        for second in range(logs[1].size + 1):
            sizes = (first, second)
            held = [entry for entry in entries if entry.index < sizes[entry.log]]
            if any(entry.seen_n > sizes[1 - entry.log] for entry in held):
                continue
            book = ExchangeBook(line.pair.genesis, lambda log, at: logs[log].tree.root_at(at))
            for entry in sorted(held, key=lambda item: (item.lamport, -item.log)):
                assert book.take(entry) == verdicts.get((entry.log, entry.index), "")
