"""A verified bundle as one page of HTML to read and print: no script, nothing from elsewhere.

The bundle is the evidence, this page is not: whoever wants to be sure verifies the bundle and has
it rendered again. Everything that a party wrote is escaped.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Final

from openline.cli.words import Words, one_line
from openline.engine.marked import facts_of_mark, facts_of_marked, item_name
from openline.engine.sentences import facts_of
from openline.errors import OpenlineError
from openline.record import bodies
from openline.record.audit import EntryReport, Report
from openline.record.bundle import Bundle, read_bundle
from openline.record.entry import parse_entry
from openline.record.genesis import Genesis, parse_genesis
from openline.record.marks import Marks
from openline.record.merge import order_key

_MARKED: Final = ("sent_in_error", "passed", "answered", "declined", "protests")
_NAME: Final = "en"
_STYLE: Final = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:1.5rem auto;padding:0 1rem;"
    "color:#111;background:#fff}h1{font-size:1.4rem}"
    "dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem}dt{font-weight:700}"
    "dd{margin:0;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:start;vertical-align:top;border-top:1px solid #999;padding:.35rem .5rem;"
    "overflow-wrap:anywhere}th,td:first-child{white-space:nowrap}.said{white-space:pre-wrap}"
    ".error{text-decoration:line-through}.mark{font-weight:700}.note,small{color:#444}"
    "tr{break-inside:avoid}@page{size:A4;margin:15mm}"
)


def render(data: bytes, report: Report, words: Words, first: int) -> Iterator[str]:
    """The page, piece by piece.

    Args:
        data: the bundle, as it was verified.
        report: of its audit; every step passed.
        words: of the page's language.
        first: the party that is named first.
    """
    bundle = read_bundle(data)
    genesis = parse_genesis(bundle.genesis)
    page = _Page(bundle, genesis, report, words, first)
    yield from page.head(hashlib.sha256(data).hexdigest())
    yield from page.entries()
    yield from page.exchanges()
    yield f"<p class=note>{escape(words(report.closing))}</p></body></html>\n"


class _Page:
    def __init__(
        self, bundle: Bundle, genesis: Genesis, report: Report, words: Words, first: int
    ) -> None:
        self.bundle, self.genesis, self.report = bundle, genesis, report
        self.words, self.first = words, first
        self.marks = Marks(sum(map(len, bundle.entries)))
        for half in bundle.entries:
            for leaf, _salt, body in half:
                self.marks.take(parse_entry(leaf).claims, body)

    def head(self, digest: str) -> Iterator[str]:
        words, header = self.words, self.bundle.header
        title = escape(words("render.title", names=" · ".join(self._names())))
        yield (
            f'<!doctype html><html lang="{words.language}"><head><meta charset=utf-8>'
            "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src"
            " 'unsafe-inline'\"><meta name=viewport content='width=device-width'>"
            f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
            f"<p class=note>{escape(words('render.note'))}</p><dl>"
        )
        facts = [
            ("render.verdict", words("cli.verify.holds")),
            ("render.line", self.genesis.line.hex()),
            ("render.digest", digest),
            ("render.exporter", f"{self._name(header.exporter)}, {_time(header.exported_ms)}"),
        ]
        for log in self._parties():
            facts += [
                (f"render.card_{log}", f"{self._name(log)} {self._fingerprint(log)}"),
                (f"render.log_{log}", self._held(log)),
            ]
        for key, value in facts:
            yield f"<dt>{escape(words(key))}</dt><dd>{escape(value)}</dd>"
        yield "</dl>"

    def entries(self) -> Iterator[str]:
        heads = ("item", "who", "said", "when", "held")
        cells = "".join(f"<th>{escape(self.words(f'render.{name}'))}</th>" for name in heads)
        yield f"<table><thead><tr>{cells}</tr></thead><tbody>"
        ordered = sorted(
            self.report.entries, key=lambda each: order_key(self.genesis, each.log, each.lamport)
        )
        for each in ordered:
            yield self._row(each)
        yield "</tbody></table>"

    def exchanges(self) -> Iterator[str]:
        words = self.words
        for found in self.report.exchanges:
            item = item_name(found.log, found.index)
            yield f"<h2>{escape(words('cli.verify.exchange', item=item, title=found.title))}</h2>"
            for party in self._parties():
                half = found.halves[party]
                word = half.time if half.commit is not None else "not_committed"
                text = found.default if half.reveal is None else half.text
                letter = f"{'ab'[party]} ({self._name(party)})"
                said = words(f"cli.verify.exchange.{word}", letter=letter, text=text)
                yield f"<p class=said>{escape(said.strip())}</p>"

    def _row(self, each: EntryReport) -> str:
        words = self.words
        officers = f"<br><small>{escape(' '.join(each.officers))}</small>" if each.officers else ""
        drill = f"<b>{escape(words('timeline.drill'))}</b> " if each.drill else ""
        state = "sealed" if each.sealed else "receipted"
        state = state if each.receipted else "written"
        held = words(f"render.{state}")
        return (
            f"<tr><td>{item_name(each.log, each.index)}</td>"
            f"<td>{escape(self._name(each.log))}{officers}</td>"
            f"<td>{drill}{self._said(each)}</td>"
            f"<td>{_time(each.claimed_ms)}<br><small>{escape(self._interval(each))}</small></td>"
            f"<td>{escape(held)}</td></tr>"
        )

    def _said(self, each: EntryReport) -> str:
        """What the entry says, and what was said of it."""
        marked = self.marks.of(each.log, each.index)
        facts = {} if marked is None else facts_of_marked(marked, each.log)
        labels = self._words_of(each, in_error="sent_in_error" in facts)
        for name in (name for name in _MARKED if name in facts):
            label = escape(self.words(f"mark.{name}", said=facts[name]))
            labels += f"<br><span class=mark>{label}</span>"
            if name == "sent_in_error" and facts["error_reason"]:  # in quotes: no label of ours
                labels += f" <q>{escape(one_line(facts['error_reason']))}</q>"
        return labels

    def _words_of(self, each: EntryReport, *, in_error: bool) -> str:
        body = self.bundle.entries[each.log][each.index - 1][2]
        if body is None:
            return f"<small>{escape(self.words('render.no_body', kind=each.kind))}</small>"
        if each.kind == bodies.KIND_TEXT:
            return _text(body, in_error=in_error)
        said = facts_of_mark(each.kind, each.log, body)
        if said is not None:
            return escape(self.words(f"cli.says.{each.kind}", **said))
        shown = ", ".join(f"{name}: {value}" for name, value in facts_of(each.kind, body).items())
        kind = self.words(f"cli.kind.{each.kind}")
        known = each.kind if kind.startswith("cli.kind.") else kind
        return f"{escape(known)} <small>{escape(shown)}</small>"

    def _interval(self, each: EntryReport) -> str:
        """When, by the other party's clock; nothing is known beyond it."""
        bounds = [each.not_before_s, each.not_after_s]
        early, late = ("…" if at is None else _time(1000 * at) for at in bounds)
        return self.words("render.interval", name=self._name(1 - each.log), early=early, late=late)

    def _held(self, log: int) -> str:
        return self.words(
            "render.counts",
            entries=sum(1 for each in self.report.entries if each.log == log),
            receipted=max(0, self.report.receipted[log] - 1),
            sealed=max(0, self.report.sealed[log] - 1),
        )

    def _parties(self) -> tuple[int, int]:
        return self.first, 1 - self.first

    def _names(self) -> list[str]:
        return [self._name(party) for party in self._parties()]

    def _name(self, party: int) -> str:
        names = self.genesis.cards[party].fields.names
        return names.get(self.words.language) or names.get(_NAME) or next(iter(names.values()))

    def _fingerprint(self, party: int) -> str:
        return self.genesis.cards[party].fingerprint.hex()


def _text(body: bytes, *, in_error: bool) -> str:
    try:
        text = bodies.parse_text(body)
    except OpenlineError as fault:
        return f"<small>{escape(fault.code)}</small>"
    classes = "said error" if in_error else "said"
    said = f'<span class="{classes}" lang="{escape(text.language)}" dir=auto>'
    return f"{said}{escape(text.text)}</span>"


def _time(wall_ms: int) -> str:
    try:
        return datetime.fromtimestamp(wall_ms / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{wall_ms} ms"
