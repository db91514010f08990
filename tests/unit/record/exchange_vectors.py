"""Makes vectors/exchange.json: ``python -m tests.unit.record.exchange_vectors`` from the root."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from openline.record.exchange import Opening, commit_body, commitment, open_body, pad, reveal_body
from openline.record.genesis import parse_genesis
from openline.record.log import Record
from tests.unit.record.makers import Pair, seed
from tests.unit.record.sealed import SALTS, TERMS, WORDS, Line

FOLDER: Final = Path(__file__).parents[3] / "vectors"
Vector = dict[str, Any]
Story = Callable[[Line], None]


def _line() -> Line:
    """On the genesis of record.json: signatures with Ed25519 come out the same each time."""
    pair = Pair()
    record = json.loads((FOLDER / "record.json").read_text("utf-8"))
    pair.genesis = parse_genesis(bytes.fromhex(record["genesis"]))
    pair.keys = [
        next(keys for keys in pair.keys if keys.public() == card.keys)
        for card in pair.genesis.cards
    ]
    pair.record = Record(pair.genesis)
    return Line(pair=pair.founded())


def _both(line: Line) -> None:
    line.both_committed()
    line.reveal(1)
    line.reveal(0)


def _at_once(line: Line) -> None:
    line.open()
    line.pair.text(1)
    before = line.pair.record.logs[1].size
    line.commit(1)
    line.commit(0, seen_n=before)
    line.reveal(0)
    line.reveal(1)


def _early(line: Line) -> None:
    line.open()
    line.commit(0)
    line.reveal(0)


def _not_cited(line: Line) -> None:
    line.open()
    line.commit(0)
    seen = line.pair.record.logs[1].size
    line.commit(1)
    line.reveal(0, seen_n=seen)


def _receipt(line: Line) -> None:
    line.open()
    before = line.pair.receipt(0)
    line.commit(0)
    line.commit(1)
    line.reveal(0, line.opening(0, receipt=b""))
    line.reveal(0, line.opening(0, receipt=before))
    line.reveal(0, line.opening(0, receipt=line.pair.receipt(1)))


def _bound(**changes: Any) -> Story:  # noqa: ANN401 - any argument of the commitment
    def story(line: Line) -> None:
        line.open()
        line.commit(0, line.sealed(0, **changes))
        line.commit(1)
        line.reveal(0)

    return story


def _replayed(line: Line) -> None:
    line.both_committed()
    first = line.sealed(0)
    line.open()
    line.commit(0, first)


def _echoed(line: Line) -> None:
    line.open()
    line.commit(0)
    line.commit(1, line.sealed(0))
    line.commit(1)


def _blind_echo(line: Line) -> None:
    line.open()
    line.pair.text(1)
    seen = line.pair.record.logs[0].size
    line.commit(0)
    line.commit(1, line.sealed(0), seen_n=seen)
    line.reveal(0)
    line.reveal(1, line.opening(0, receipt=line.pair.receipt(1)))


def _twice(line: Line) -> None:
    line.both_committed()
    line.commit(0, seed("another"))
    line.reveal(0)
    line.reveal(0)


def _no_commit(line: Line) -> None:
    line.open()
    line.commit(1)
    line.reveal(0)


def _unknown(line: Line) -> None:
    seen = line.pair.record.logs[0].size
    line.open()
    line.commit(1, seen_n=seen)
    line.exchange = seed("no such exchange")
    line.commit(0)


def _no_text(line: Line) -> None:
    line.open()
    line.commit(0, line.sealed(0, padded=bytes(TERMS.size)))
    line.commit(1)
    line.reveal(0, line.opening(0, padded=bytes(TERMS.size)))


def _longer(line: Line) -> None:
    line.open()
    padded = pad("en", WORDS[0], 2 * TERMS.size)
    line.commit(0, line.sealed(0, padded=padded))
    line.commit(1)
    line.reveal(0, line.opening(0, padded=padded))


def _bodies(line: Line) -> None:
    line.write(0, "seal-open", b"\xa0")
    line.write(1, "seal-commit", b"\xa1dtextax")
    line.write(0, "seal-reveal", b"\x01")


STORIES: Final[tuple[tuple[str, str, Story], ...]] = (
    ("both", "Both commit, both reveal; the second begins.", _both),
    ("at-once", "Commitments that do not cite each other.", _at_once),
    ("early", "A reveal before the other side committed.", _early),
    ("not-cited", "A reveal that has not seen the other commitment.", _not_cited),
    ("receipt", "No receipt, one from before the commitment, one of the other log.", _receipt),
    ("foreign-line", "A commitment made for another line.", _bound(line=bytes(16))),
    ("other-party", "A commitment made for the other party.", _bound(party=1)),
    ("other-exchange", "A commitment made for another exchange.", _bound(exchange=bytes(32))),
    ("other-salt", "Opened with another salt than it was made with.", _bound(salt=bytes(32))),
    ("replayed", "A commitment of an earlier exchange.", _replayed),
    ("echoed", "The other side's commitment, seen and taken as one's own.", _echoed),
    ("blind-echo", "The same without citing it: it cannot be opened.", _blind_echo),
    ("twice", "A second commitment and a second reveal.", _twice),
    ("no-commit", "A reveal of who did not commit.", _no_commit),
    ("unknown", "An exchange that is not cited, and one that is not there.", _unknown),
    ("no-text", "What was sealed is no text.", _no_text),
    ("longer", "Padded to another size than agreed.", _longer),
    ("bodies", "Bodies that do not fit their kinds.", _bodies),
)


def _history(name: str, why: str, story: Story) -> Vector:
    line = _line()
    founded = [len(log) for log in line.pair.entries]
    story(line)
    book = line.book()
    voids = {(void.log, void.index): void.code for void in book.voids}
    exchanges = [
        {
            "exchange": found.id.hex(),
            "commits": [half.commit_index for half in found.halves],
            "reveals": [half.reveal_index for half in found.halves],
            "texts": [half.text for half in found.halves],
        }
        for found in sorted(book.exchanges.values(), key=lambda item: (item.log, item.index))
    ]
    return {
        "name": name,
        "why": why,
        "founded": founded,
        "entries": [
            [
                [leaf.hex(), salt.hex(), None if body is None else body.hex()]
                for leaf, salt, body in log
            ]
            for log in line.pair.entries
        ],
        "void": [[log, index, voids[log, index]] for log, index in sorted(voids)],
        "exchanges": exchanges,
    }


def _commitments() -> list[Vector]:
    line = _line()
    made = []
    for party in (0, 1):
        padded = pad("en", WORDS[party], TERMS.size)
        exchange = seed("exchange")
        sealed = commitment(line.pair.genesis.line, exchange, party, SALTS[party], padded)
        made.append(
            {
                "name": f"commitment-{'ab'[party]}",
                "why": "The same exchange, committed to by either party.",
                "line": line.pair.genesis.line.hex(),
                "exchange": exchange.hex(),
                "party": party,
                "salt": SALTS[party].hex(),
                "lang": "en",
                "text": WORDS[party],
                "size": TERMS.size,
                "padded": padded.hex(),
                "commitment": sealed.hex(),
            }
        )
    return made


def _refused_bodies() -> list[Vector]:
    good = open_body(TERMS)
    opening = Opening(exchange=bytes(32), salt=bytes(32), padded=bytes(256), receipt=b"")
    cases = [
        ("size-zero", "seal-open", "A size of 0.", good.replace(b"\x19\x02\x00", b"\x00")),
        ("size-odd", "seal-open", "No multiple of 256.",
         good.replace(b"\x19\x02\x00", b"\x19\x02\x01")),
        ("blank", "seal-open", "A blank default.", good.replace(b"No contact.", b" " * 11)),
        ("commit-short", "seal-commit", "31 bytes.", commit_body(bytes(32), bytes(31))),
        ("salt-short", "seal-reveal", "31 bytes.", reveal_body(replace(opening, salt=bytes(31)))),
        ("padded-long", "seal-reveal", "11,265 bytes.",
         reveal_body(replace(opening, padded=bytes(11_265)))),
        ("receipt-long", "seal-reveal", "4,097 bytes.",
         reveal_body(replace(opening, receipt=bytes(4_097)))),
    ]  # fmt: skip
    return [
        {"name": name, "why": why, "kind": kind, "body": body.hex(), "refused": "exchange.content"}
        for name, kind, why, body in cases
    ]


def content() -> Vector:
    """Everything in the file."""
    return {
        "about": "Sealed exchanges: docs/spec/exchange.md.",
        "genesis": _line().pair.genesis.raw.hex(),
        "commitments": _commitments(),
        "bodies": _refused_bodies(),
        "histories": [_history(*story) for story in STORIES],
    }


if __name__ == "__main__":
    text = json.dumps(content(), ensure_ascii=False, indent=1)
    (FOLDER / "exchange.json").write_text(text + "\n", "utf-8")
