"""Offline verification of an evidence bundle, in numbered steps.

Needs the bundle's bytes and the two full card fingerprints that the auditor has from elsewhere: the
keys inside a bundle prove nothing by themselves. A step that fails ends the audit; the later ones
are not reached. (spec/bundle, section 4)
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

from openline.errors import OpenlineError, RecordError
from openline.record.bundle import Bundle, BundleHeader, BundleNote, read_bundle
from openline.record.card import parse_card
from openline.record.entry import Entry, parse_entry
from openline.record.exchange import ExchangeBook, seal_entry
from openline.record.exchange_audit import ExchangeReport, VoidReport, exchange_reports
from openline.record.genesis import (
    Genesis,
    genesis_cards,
    parse_genesis,
    verify_genesis_signature,
)
from openline.record.limits import CARD_BYTES_MAX
from openline.record.log import RawEntry, Record
from openline.record.merge import final_lamport
from openline.record.notes import Checkpoint, verify_checkpoint
from openline.record.receipt import Receipt, Seal, verify_receipt, verify_seal

CLOSING_SENTENCE: Final = "audit.receipt_of_storage"
"""Key of the sentence that ends every report: receipt of storage, not agreement."""

STEPS: Final = (
    "form",
    "pins",
    "cards",
    "confirmed",
    "entries",
    "checkpoints",
    "receipts",
    "seals",
    "receipted",
)
"""Names of the steps, numbered from 1; ``audit.step.NAME`` is a key of the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step's result.

    Attributes:
        number: from 1. name: one of ``STEPS``. code: reason of a failure, a key ``error.CODE``.
        detail: for diagnostics, in English. facts: values that the reason's sentence may name.
    """

    number: int
    name: str
    result: Literal["passed", "failed", "not_reached"]
    code: str = ""
    detail: str = ""
    facts: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReport:
    """What is proved of one entry.

    Attributes:
        log, index: permanent citation. officers: watch codes of who signed it; empty for an entry
            that the post wrote by itself. receipted: the other party provably holds it.
        sealed: the logs' ML-DSA-44 seals of author and holder both cover it.
        not_before_s, not_after_s: interval by the clock of the *other* party, or None for no bound.
        body: it is in the bundle (else erased or withheld). final: its place in the order is.
    """

    log: int
    index: int
    kind: str
    drill: bool
    officers: tuple[str, ...]
    claimed_ms: int
    lamport: int
    receipted: bool
    sealed: bool
    not_before_s: int | None
    not_after_s: int | None
    body: bool
    final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Result of an audit.

    Attributes:
        verified: every step passed. header: the exporter's claims, or None if not readable.
        receipted, sealed: up to which size each log is. entries: of both logs, in log order;
            empty unless the steps up to ``seals`` passed. exchanges, voids: of sealed exchanges,
            what counts and what does not; a void entry fails no step.
        closing: key of the last sentence.
        allow_unreceipted: the auditor chose to accept entries without a receipt.
    """

    verified: bool
    steps: tuple[Step, ...]
    header: BundleHeader | None = None
    line: bytes | None = None
    receipted: tuple[int, int] = (0, 0)
    sealed: tuple[int, int] = (0, 0)
    entries: tuple[EntryReport, ...] = ()
    exchanges: tuple[ExchangeReport, ...] = ()
    voids: tuple[VoidReport, ...] = ()
    allow_unreceipted: bool = False
    closing: str = CLOSING_SENTENCE

    @property
    def failure(self) -> Step | None:
        """The step that failed, if one did."""
        return next((step for step in self.steps if step.result == "failed"), None)


def audit(data: bytes, pins: tuple[bytes, bytes], *, allow_unreceipted: bool = False) -> Report:
    """Check a bundle; never raises on what it contains.

    Args:
        data: the bundle, untrusted.
        pins: both full card fingerprints (32 bytes each), in any order, known from elsewhere.
        allow_unreceipted: pass although entries have no receipt.
    """
    auditor = _Auditor(data, pins, allow_unreceipted=allow_unreceipted)
    work: tuple[Callable[[], None], ...] = (
        auditor.form,
        auditor.pins,
        auditor.cards,
        auditor.confirmed,
        auditor.entries,
        auditor.checkpoints,
        auditor.receipts,
        auditor.seals,
        auditor.receipted,
    )
    steps: list[Step] = []
    failed = False
    for number, (name, check) in enumerate(zip(STEPS, work, strict=True), 1):
        if failed:
            steps.append(Step(number=number, name=name, result="not_reached"))
            continue
        try:
            check()
            steps.append(Step(number=number, name=name, result="passed"))
        except OpenlineError as error:
            failed = True
            steps.append(_failed(number, name, error))
    return auditor.report(tuple(steps))


def _failed(number: int, name: str, error: OpenlineError) -> Step:
    return Step(
        number=number,
        name=name,
        result="failed",
        code=error.code,
        detail=error.detail,
        facts=tuple(sorted(error.facts.items())),
    )


class _Auditor:
    """The steps, each building on what the earlier ones left."""

    def __init__(self, data: bytes, pins: tuple[bytes, bytes], *, allow_unreceipted: bool) -> None:
        self._data = data
        self._pins = pins
        self._allow_unreceipted = allow_unreceipted
        self._bundle: Bundle | None = None
        self._genesis: Genesis | None = None
        self._record: Record | None = None
        self._receipts: tuple[list[Receipt], list[Receipt]] = ([], [])
        self._seals: list[Seal] = []
        self._sealed = (0, 0)
        self._seals_checked = False

    @property
    def bundle(self) -> Bundle:
        assert self._bundle is not None  # step 1 passed
        return self._bundle

    @property
    def genesis(self) -> Genesis:
        assert self._genesis is not None  # step 3 passed
        return self._genesis

    @property
    def record(self) -> Record:
        assert self._record is not None  # step 5 passed
        return self._record

    def form(self) -> None:
        """Step 1: one canonical bundle, whole."""
        self._bundle = read_bundle(self._data)

    def pins(self) -> None:
        """Step 2: the cards in it are the two that the auditor knows."""
        found = [_fingerprint(card) for card in genesis_cards(self.bundle.genesis)]
        if len(set(self._pins)) != len(self._pins) or sorted(found) != sorted(self._pins):
            raise RecordError("bundle.pins", "holds other cards than the pinned ones")

    def cards(self) -> None:
        """Step 3: both cards hold, and the genesis is what follows from them."""
        for card in genesis_cards(self.bundle.genesis):
            parse_card(card)
        self._genesis = parse_genesis(self.bundle.genesis)

    def confirmed(self) -> None:
        """Step 4: both parties signed the genesis."""
        for party, signature in enumerate(self.bundle.genesis_signatures):
            verify_genesis_signature(self.genesis, party, signature)

    def entries(self) -> None:
        """Step 5: every entry of both logs."""
        record = Record(self.genesis)
        record.load(self.bundle.entries, check_signatures=True)
        self._record = record

    def checkpoints(self) -> None:
        """Step 6: every checkpoint is the author's and has the log's root."""
        for item in self.bundle.notes:
            if item.note is None:
                continue
            origin = self.genesis.origin(item.log)
            key = self.genesis.cards[item.log].keys.log
            with _place(item):
                checkpoint = verify_checkpoint(item.note, origin, key)
                self._check(item, checkpoint)

    def receipts(self) -> None:
        """Step 7: every receipt, and what it binds its holder to."""
        for item in self.bundle.notes:
            if item.receipt is None:
                continue
            with _place(item):
                receipt = verify_receipt(self.genesis, item.log, item.receipt)
                origin = self.genesis.origin(item.log)
                self._check(item, Checkpoint(origin, receipt.size, receipt.root))
                self.record.take_receipt(receipt)
            self._receipts[item.log].append(receipt)

    def seals(self) -> None:
        """Step 8: every post-quantum seal."""
        for item in self.bundle.notes:
            for party, raw in ((item.log, item.seal_author), (1 - item.log, item.seal_holder)):
                if raw is None:
                    continue
                with _place(item):
                    seal = verify_seal(self.genesis, item.log, party, raw)
                    origin = self.genesis.origin(item.log)
                    self._check(item, Checkpoint(origin, seal.size, seal.root))
                self._seals.append(seal)
        self._sealed = (self._sealed_size(0), self._sealed_size(1))
        self._seals_checked = True

    def receipted(self) -> None:
        """Step 9: no entry is without a receipt, unless the auditor accepts that."""
        for log in (0, 1):
            size, held = self.record.logs[log].size, self._receipted_size(log)
            if size > 1 and held < size and not self._allow_unreceipted:
                raise RecordError(
                    "bundle.unreceipted",
                    f"log {'ab'[log]}: {held} of {size} receipted",
                    party="ab"[log],
                    index=max(held, 1),
                )

    def _check(self, item: BundleNote, checkpoint: Checkpoint) -> None:
        if checkpoint.size != item.size:
            raise RecordError("bundle.order", "note of another size")
        self.record.check_checkpoint(item.log, checkpoint)

    def _receipted_size(self, log: int) -> int:
        return max((receipt.size for receipt in self._receipts[log]), default=0)

    def _sealed_size(self, log: int) -> int:
        """Up to here both the author's and the holder's seal reach."""
        return min(
            max((s.size for s in self._seals if (s.log, s.party) == (log, party)), default=0)
            for party in (0, 1)
        )

    def report(self, steps: tuple[Step, ...]) -> Report:
        entries = self._entry_reports() if self._seals_checked else ()
        exchanges, voids = self._exchanges(entries) if entries else ((), ())
        return Report(
            verified=all(step.result == "passed" for step in steps),
            steps=steps,
            header=None if self._bundle is None else self._bundle.header,
            line=None if self._genesis is None else self._genesis.line,
            receipted=(self._receipted_size(0), self._receipted_size(1)),
            sealed=self._sealed,
            entries=entries,
            exchanges=exchanges,
            voids=voids,
            allow_unreceipted=self._allow_unreceipted,
        )

    def _exchanges(
        self, entries: tuple[EntryReport, ...]
    ) -> tuple[tuple[ExchangeReport, ...], tuple[VoidReport, ...]]:
        book = ExchangeBook(
            self.genesis, lambda log, size: self.record.logs[log].tree.root_at(size)
        )
        given = [
            seal_entry(log, leaf, body)
            for log in (0, 1)
            for leaf, _, body in self.bundle.entries[log]
        ]
        book.take_all(entry for entry in given if entry is not None)
        return exchange_reports(book, {(entry.log, entry.index): entry for entry in entries})

    def _entry_reports(self) -> tuple[EntryReport, ...]:
        final = final_lamport(self.record)
        reports: list[EntryReport] = []
        for log in (0, 1):
            times = _Times(self._receipts[log])
            held = self._receipted_size(log)
            reports.extend(
                self._entry_report(log, raw, times, (held, final))
                for raw in self.bundle.entries[log]
            )
        return tuple(reports)

    def _entry_report(
        self, log: int, raw: RawEntry, times: "_Times", bounds: tuple[int, int]
    ) -> EntryReport:
        held, final = bounds
        entry = parse_entry(raw[0])
        claims = entry.claims
        return EntryReport(
            log=log,
            index=claims.index,
            kind=claims.kind,
            drill=claims.drill,
            officers=self._officers(log, entry),
            claimed_ms=claims.claimed_ms,
            lamport=claims.lamport,
            receipted=claims.index < held,
            sealed=claims.index < self._sealed[log],
            not_before_s=times.not_before(claims.seen_n),
            not_after_s=times.not_after(claims.index),
            body=raw[2] is not None,
            final=claims.lamport <= final,
        )

    def _officers(self, log: int, entry: Entry) -> tuple[str, ...]:
        codes = {officer.kid: officer.code for officer in self.record.logs[log].officers}
        return tuple(codes[statement.kid] for statement in entry.statements)


class _Times:
    """Bounds on an entry's time by the clock of the other party, from the receipts it gave.

    A receipt at size n was given after everything before n. Its holder's own entries from m on
    were written after it, so whatever cites one of those was too.
    """

    def __init__(self, receipts: list[Receipt]) -> None:
        by_size = sorted(receipts, key=lambda receipt: receipt.size)
        self._sizes = [receipt.size for receipt in by_size]
        latest_first = accumulate((receipt.time_s for receipt in reversed(by_size)), min)
        self._after = list(latest_first)[::-1]
        by_holder = sorted(receipts, key=lambda receipt: receipt.holder_size)
        self._holder_sizes = [receipt.holder_size for receipt in by_holder]
        self._before = list(accumulate((receipt.time_s for receipt in by_holder), max))

    def not_after(self, index: int) -> int | None:
        at = bisect_right(self._sizes, index)
        return self._after[at] if at < len(self._after) else None

    def not_before(self, seen: int) -> int | None:
        at = bisect_left(self._holder_sizes, seen)
        return self._before[at - 1] if at else None


@contextmanager
def _place(item: BundleNote) -> Iterator[None]:
    """Name the note's log and size in whatever goes wrong with it."""
    try:
        yield
    except RecordError as error:
        party = "ab"[item.log]
        raise type(error)(error.code, error.detail, party=party, size=item.size) from error


def _fingerprint(card: bytes) -> bytes:
    return hashlib.sha256(card[: CARD_BYTES_MAX + 1]).digest()
