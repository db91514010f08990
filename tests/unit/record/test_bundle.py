"""The evidence bundle and its audit: what holds is shown, whatever was touched is named."""

import hashlib
from typing import Any

import pytest

from openline.record.audit import CLOSING_SENTENCE, STEPS, Report, audit
from openline.record.bodies import shown_body
from openline.record.bundle import (
    Bundle,
    BundleNote,
    read_bundle,
    write_bundle,
)
from openline.record.cbor import Value, encode, sequence
from tests.unit.record.makers import Pair

TAIL = 39  # the digest item: array, "end", 32-byte string
CLAIMS = range(20, 30)  # exporter and time in the header: claims that nothing signs


def build(count: int) -> Pair:
    pair = Pair().founded()
    for number in range(count):
        pair.text(number % 2, f"Text {number}.")
    return pair


@pytest.fixture(scope="module")
def pair() -> Pair:
    return build(2)


@pytest.fixture(scope="module")
def raw(pair: Pair) -> bytes:
    return pair.bundle()


def digested(body: bytes) -> bytes:
    """A bundle whose digest was made new, as a forger would."""
    return body + encode(["end", hashlib.sha256(body).digest()])


def joined(items: list[Value]) -> bytes:
    return digested(b"".join(encode(item) for item in items))


def items_of(raw: bytes) -> list[Any]:
    return [item for item, _at in sequence(raw, 100_000)][:-1]


def flipped(raw: bytes, at: int) -> bytes:
    changed = bytearray(raw)
    changed[at] ^= 1 << (at % 8)
    return bytes(changed)


def assert_refused(report: Report) -> str:
    failure = report.failure
    assert not report.verified
    assert failure is not None
    assert failure.code.split(".")[0] in ("bundle", "record", "card")
    assert [step.number for step in report.steps] == list(range(1, len(STEPS) + 1))
    results = [step.result for step in report.steps]
    assert results == ["passed"] * (failure.number - 1) + ["failed"] + ["not_reached"] * (
        len(STEPS) - failure.number
    )
    return failure.code


def test_a_bundle_holds(pair: Pair, raw: bytes) -> None:
    report = audit(raw, pair.pins)
    assert report == audit(raw, pair.pins[::-1])
    assert report.verified
    assert report.failure is None
    assert [step.name for step in report.steps] == list(STEPS)
    assert report.closing == CLOSING_SENTENCE == "audit.receipt_of_storage"
    assert report.receipted == report.sealed == (3, 3)
    assert report.line == pair.genesis.line
    assert [(e.log, e.index, e.kind, e.officers) for e in report.entries] == [
        (0, 1, "enrol", ("W-1",)),
        (0, 2, "text", ("W-1",)),
        (1, 1, "enrol", ("W-1",)),
        (1, 2, "text", ("W-1",)),
    ]
    assert all(e.receipted and e.sealed and e.body for e in report.entries)
    assert all(e.not_after_s == 1_700_000_100 for e in report.entries)
    assert report.header is not None
    assert report.header.exporter == 0


def test_it_is_the_only_encoding(pair: Pair, raw: bytes) -> None:
    bundle = read_bundle(raw)
    signatures = bundle.genesis_signatures
    again = write_bundle(bundle.header, pair.genesis, signatures, bundle.entries, bundle.notes)
    assert b"".join(again) == raw
    assert isinstance(bundle, Bundle)


def test_every_changed_byte_fails(pair: Pair, raw: bytes) -> None:
    for at in range(len(raw)):
        code = assert_refused(audit(flipped(raw, at), pair.pins))
        assert code in ("bundle.digest", "bundle.encoding")


def test_every_truncation_and_extension_fails(pair: Pair, raw: bytes) -> None:
    for size in (*range(0, len(raw), 13), *range(len(raw) - 2 * TAIL, len(raw))):
        assert_refused(audit(raw[:size], pair.pins))
        if size != len(raw) - TAIL:
            assert_refused(audit(digested(raw[:size]), pair.pins))
    for surplus in (b"\x00", b"\xf6", raw, encode(["end", bytes(32)])):
        assert_refused(audit(raw + surplus, pair.pins))
        assert_refused(audit(digested(raw[:-TAIL] + surplus), pair.pins))
        assert_refused(audit(digested(surplus + raw[:-TAIL]), pair.pins))


def forge(pair: Pair, raw: bytes, at: int) -> None:
    """Change a byte and the digest too: the signatures must find it."""
    report = audit(digested(flipped(raw[:-TAIL], at)), pair.pins)
    if report.verified:
        assert at in CLAIMS
    else:
        assert_refused(report)


@pytest.mark.parametrize("start", range(4))
def test_samples_of_changed_bytes_fail_though_the_digest_was_made_new(
    pair: Pair, raw: bytes, start: int
) -> None:
    for at in range(start * 5, len(raw) - TAIL, 61):
        forge(pair, raw, at)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_changed_byte_fails_though_the_digest_was_made_new(pair: Pair, raw: bytes) -> None:
    for at in range(len(raw) - TAIL):
        forge(pair, raw, at)


def test_samples_of_a_larger_bundle() -> None:
    pair = build(40)
    raw = pair.bundle()
    assert audit(raw, pair.pins).verified
    for at in range(7, len(raw), 131):
        assert_refused(audit(flipped(raw, at), pair.pins))
    for at in range(19_000, len(raw) - TAIL, 997):
        forge(pair, raw, at)


def test_every_dropped_entry_fails(pair: Pair) -> None:
    deep = build(6)
    raw = deep.bundle()
    items = items_of(raw)
    sizes = items[0][3]
    for log in (0, 1):
        first = 3 + (sizes[0] - 1) * log
        for index in range(1, sizes[log]):
            for announced in (True, False):
                forged = items_of(raw)
                del forged[first + index - 1]
                forged[0][3][log] -= 1 if announced else 0
                code = assert_refused(audit(joined(forged), deep.pins))
                assert code in (
                    "record.index", "record.cites_unknown", "record.checkpoint_ahead",
                    "record.author", "bundle.order",
                )  # fmt: skip
    assert pair.genesis.line != deep.genesis.line


def test_every_swapped_pair_fails() -> None:
    pair = build(4)
    raw = pair.bundle()
    count = sum(items_of(raw)[0][3]) - 2
    for one in range(3, 3 + count):
        for other in range(one + 1, 3 + count):
            forged = items_of(raw)
            forged[one], forged[other] = forged[other], forged[one]
            code = assert_refused(audit(joined(forged), pair.pins))
            assert code in ("record.index", "record.author")


def test_entries_and_bodies_of_another_line_fail(pair: Pair, raw: bytes) -> None:
    foreign = items_of(build(2).bundle())
    for place in range(1, len(foreign)):
        forged = items_of(raw)
        forged[place] = foreign[place]
        assert_refused(audit(joined(forged), pair.pins))
    forged = items_of(raw)
    forged[4][1:] = forged[6][1:]
    assert assert_refused(audit(joined(forged), pair.pins)) == "record.body"


def test_dropped_and_swapped_notes(pair: Pair, raw: bytes) -> None:
    items = items_of(raw)
    for place in (7, 8):
        forged = items_of(raw)
        del forged[place]
        assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"
        forged[0][4] -= 1
        assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.unreceipted"
    forged = [*items[:7], items[8], items[7]]
    assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"
    forged = [*items[:7], items[7], items[7], items[8]]
    forged[0][4] += 1
    assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"


@pytest.mark.parametrize(
    ("place", "code"),
    [(2, "record.note"), (3, "record.receipt"), (4, "record.seal"), (5, "record.seal")],
)
def test_notes_of_the_other_log_fail(pair: Pair, raw: bytes, place: int, code: str) -> None:
    forged = items_of(raw)
    forged[7][place] = forged[8][place]
    found = assert_refused(audit(joined(forged), pair.pins))
    assert found == (code if place != 2 else "record.origin")
    forged = items_of(raw)
    forged[7][place] = b"junk"
    assert assert_refused(audit(joined(forged), pair.pins)) == code
    forged = items_of(raw)
    forged[7][1] -= 1
    assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"


@pytest.mark.parametrize(
    "change",
    [
        [0, 0, "openline-bundle-v2"], [0, 1, 2], [0, 2, -1], [0, 3, [3]], [0, 3, [0, 3]],
        [0, 3, [2**29, 3]], [0, 3, [3, 2**29]], [0, 4, 2**19], [0, 4, 2**21], [2, 0, b""],
        [3, 1, b""], [3, 2, None], [4, 0, b""], [7, 0, 2], [7, 1, 0], [7, 1, 2**40], [7, 2, 5],
    ],
)  # fmt: skip
def test_nonsense_inside_fails_at_once(pair: Pair, raw: bytes, change: list[Any]) -> None:
    forged = items_of(raw)
    forged[change[0]][change[1]] = change[2]
    assert_refused(audit(joined(forged), pair.pins))


def test_items_have_exactly_their_members(pair: Pair, raw: bytes) -> None:
    for place in (0, 2, 3, 7):
        for surplus in (None, b"", b"more"):
            forged = items_of(raw)
            forged[place].append(surplus)
            assert assert_refused(audit(joined(forged), pair.pins)).startswith("bundle.")
        forged = items_of(raw)
        forged[place].pop()
        assert assert_refused(audit(joined(forged), pair.pins)).startswith("bundle.")
    forged = [*items_of(raw), None]
    assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"
    forged = [*items_of(raw), ["end", bytes(32)]]
    assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"
    forged = items_of(raw)[:-1]
    assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"


def test_a_digest_in_the_middle_is_no_end(pair: Pair, raw: bytes) -> None:
    for bad in (raw[:-TAIL], raw[:-1] + bytes([raw[-1] ^ 1]), b"", b"\x80", raw[:-TAIL] + b"\x80"):
        assert assert_refused(audit(bad, pair.pins)) in ("bundle.encoding", "bundle.digest")


def test_a_note_item_without_a_note_fails(pair: Pair, raw: bytes) -> None:
    forged = items_of(raw)
    forged[7][2:] = [None] * 4
    assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"


def test_the_cards_inside_prove_nothing(pair: Pair, raw: bytes) -> None:
    first, second = pair.pins
    for pins in ((first, first), (first, bytes(32)), (bytes(32), second), (b"", b"")):
        report = audit(raw, pins)
        assert assert_refused(report) == "bundle.pins"
        assert report.failure is not None
        assert report.failure.name == "pins"


def test_an_entry_without_a_receipt_fails_unless_the_auditor_accepts_it() -> None:
    pair = build(2)
    receipts = [BundleNote(log=log, size=3, receipt=pair.receipt(log)) for log in (0, 1)]
    pair.text(0, "late")
    raw = pair.bundle(receipts)
    report = audit(raw, pair.pins)
    assert assert_refused(report) == "bundle.unreceipted"
    assert report.failure is not None
    assert dict(report.failure.facts) == {"party": "a", "index": 3}
    relaxed = audit(raw, pair.pins, allow_unreceipted=True)
    assert relaxed.verified
    assert relaxed.allow_unreceipted
    assert [e.receipted for e in relaxed.entries if e.log == 0] == [True, True, False]
    assert [e.sealed for e in relaxed.entries] == [False] * 5


def test_one_seal_is_no_seal() -> None:
    pair = build(2)
    notes = [
        BundleNote(log=0, size=3, receipt=pair.receipt(0), seal_author=pair.seal(0, 0)),
        BundleNote(log=1, size=2, seal_author=pair.seal(1, 1, size=2)),
        BundleNote(
            log=1,
            size=3,
            receipt=pair.receipt(1),
            seal_author=pair.seal(1, 1),
            seal_holder=pair.seal(1, 0),
        ),
    ]
    report = audit(pair.bundle(notes), pair.pins)
    assert report.verified
    assert report.sealed == (0, 3)


def test_a_bundle_shows_a_breach_behind_a_receipt() -> None:
    pair = build(2)
    raw = pair.make(1, "shown", shown_body(1), officer=False, seen_n=3)
    pair.text(0, "seen by nobody")
    pair.add(1, raw)
    late = pair.receipt(0, size=4, holder_size=3)
    notes = [
        BundleNote(log=0, size=4, receipt=late),
        BundleNote(log=1, size=4, receipt=pair.receipt(1)),
    ]
    assert assert_refused(audit(pair.bundle(notes), pair.pins)) == "record.backdated"


def test_erased_bodies_leave_the_verdict(pair: Pair) -> None:
    deep = build(3)
    leaf, _salt, _body = deep.entries[0][1]
    deep.entries[0][1] = (leaf, b"", None)
    report = audit(deep.bundle(), deep.pins)
    assert report.verified
    assert [e.body for e in report.entries if e.log == 0] == [True, False, True]
    leaf, _salt, _body = deep.entries[0][0]
    deep.entries[0][0] = (leaf, b"", None)
    assert assert_refused(audit(deep.bundle(), deep.pins)) == "record.body_missing"
    forged = items_of(pair.bundle())
    forged[4][2] = None
    assert assert_refused(audit(joined(forged), pair.pins)) == "bundle.order"


def test_times_are_by_the_clock_of_the_other_party() -> None:
    pair = Pair().founded()
    notes = []
    for number in range(1, 4):
        receipt = pair.receipt(0, time_s=1000 * number)
        notes.append(BundleNote(log=0, size=pair.record.logs[0].size, receipt=receipt))
        pair.text(1, f"after receipt {number}")
        pair.text(0, f"cites what came after receipt {number}")
    report = audit(pair.bundle(notes), pair.pins, allow_unreceipted=True)
    assert report.verified
    bounds = [(e.not_before_s, e.not_after_s) for e in report.entries if e.log == 0]
    assert bounds == [(None, 1000), (1000, 2000), (2000, 3000), (3000, None)]
    assert {(e.not_before_s, e.not_after_s) for e in report.entries if e.log == 1} == {(None, None)}


def test_only_the_foundation() -> None:
    pair = Pair()
    report = audit(pair.bundle([]), pair.pins)
    assert report.verified
    assert report.entries == ()


def test_a_wrong_genesis_signature_fails(pair: Pair, raw: bytes) -> None:
    forged = items_of(raw)
    forged[2].reverse()
    report = audit(joined(forged), pair.pins)
    assert assert_refused(report) == "record.genesis_signature"


def test_cards_are_checked_even_when_pinned(pair: Pair, raw: bytes) -> None:
    """A pinned card whose signature does not hold is refused at step 3."""
    forged = items_of(raw)
    cards = [pair.genesis.cards[0].raw, pair.genesis.cards[1].raw]
    changed = flipped(cards[0], len(cards[0]) - 5)
    forged[1] = forged[1].replace(cards[0], changed)
    pins = (hashlib.sha256(changed).digest(), pair.pins[1])
    report = audit(joined(forged), pins)
    assert assert_refused(report) == "card.unproven"
    assert report.failure is not None
    assert report.failure.number == 3
