"""The vectors of docs/spec/record.md: what is refused as CBOR, entries, notes, fork proofs."""

from dataclasses import asdict, replace
from typing import Any

from openline.record.bodies import shown_body, text_body
from openline.record.cbor import Value, decode_list, encode
from openline.record.cose import CONTEXT_ENTRY, CONTEXT_HELLO, CONTEXT_RECEIPT, parse_sign1
from openline.record.entry import parse_entry
from openline.record.fork import HEAD_CHECKPOINT, HEAD_ENTRY, Head, build_fork, fork_file
from openline.record.receipt import receipt_payload
from tests.unit.record.makers import Pair

Vector = dict[str, Any]


def vector(name: str, why: str, **values: Any) -> Vector:  # noqa: ANN401 - JSON values
    return {"name": name, "why": why, **values}


CBOR_REFUSED = {
    "1800": "not the shortest integer",
    "5f4101ff": "indefinite length",
    "fb3ff0000000000000": "a float",
    "c24101": "a tag",
    "f7": "undefined",
    "a2616201616101": "map keys out of order",
    "a2616101616101": "a map key twice",
    "a10102": "a map key that is not text",
    "63eda080": "not UTF-8",
    "0000": "bytes after the end",
    "a262616101616202": "a longer map key before a shorter one",
    "81" * 12 + "80": "thirteen arrays within each other",
}


def entry_vectors(pair: Pair) -> list[Vector]:
    made = []
    rows = [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]
    for log, place in rows:
        leaf, salt, body = pair.entries[log][place]
        entry = parse_entry(leaf)
        claims = asdict(entry.claims)
        made.append(
            vector(
                f"entry-{'ab'[log]}-{place + 1}",
                "take in this order",
                log=log,
                leaf=leaf,
                salt=salt,
                body=body,
                leaf_hash=entry.leaf_hash,
                payload=entry.signed.payload,
                claims=claims,
                statement_payloads=[s.signed.payload for s in entry.statements],
            )
        )
    return made


def refused_entries(pair: Pair) -> list[Vector]:
    """Each is offered after all accepted ones, to log a."""
    body = text_body("en", "refused")
    replayed = parse_entry(pair.entries[0][1][0]).claims.statements
    salt, commit = pair.entries[0][1][1], parse_entry(pair.entries[0][1][0]).claims.body_commit
    good = pair.make(0, "text", body)
    forged = pair.cose(0, "cosign", parse_sign1(good[0]).payload, CONTEXT_ENTRY)
    wrong = pair.cose(0, "log", parse_sign1(good[0]).payload, CONTEXT_HELLO)
    replay = pair.leaf(0, pair.claims(0, "text", commit, statements=replayed))
    cases = [
        ("index", "a position was left out", pair.make(0, "text", body, index=9), "record.index"),
        ("chain", "does not continue", pair.make(0, "text", body, prev=bytes(32)), "record.chain"),
        ("lamport", "not what follows", pair.make(0, "text", body, lamport=99), "record.lamport"),
        (
            "backdated",
            "behind the receipt of its author",
            pair.make(0, "shown", shown_body(1), officer=False, seen_n=3),
            "record.backdated",
        ),
        (
            "cites-unknown",
            "cites what is not there",
            pair.make(0, "text", body, seen_n=50),
            "record.cites_unknown",
        ),
        (
            "history",
            "cites another history",
            pair.make(0, "text", body, seen_head=bytes(32)),
            "record.seen",
        ),
        ("line", "another line", pair.make(0, "text", body, line=bytes(16)), "record.line"),
        ("author", "the other party's entry", pair.make(1, "text", body), "record.author"),
        (
            "unsigned-by-officer",
            "a text without a statement",
            pair.make(0, "text", body, statements=()),
            "record.statement_missing",
        ),
        (
            "replayed-statement",
            "a statement used before",
            (replay, salt, pair.entries[0][1][2]),
            "record.nonce_repeated",
        ),
        (
            "other-body",
            "not the body that was signed",
            (good[0], good[1], text_body("en", "other")),
            "record.body",
        ),
        (
            "cosign-key",
            "signed by another key of the author",
            (forged, good[1], good[2]),
            "record.key_id",
        ),
        (
            "other-purpose",
            "signed for another purpose",
            (wrong, good[1], good[2]),
            "record.signature",
        ),
        ("stranger", "an officer of the other party", stranger(pair, body), "record.officer"),
    ]
    return [
        vector(name, why, log=0, leaf=raw[0], salt=raw[1], body=raw[2], refused=code)
        for name, why, raw, code in cases
    ]


def stranger(pair: Pair, body: bytes) -> tuple[bytes, bytes, bytes]:
    own = pair.keys[0].officer
    pair.keys[0].officer = pair.keys[1].officer
    raw = pair.make(0, "text", body)
    pair.keys[0].officer = own
    return raw


def note_vectors(pair: Pair) -> list[Vector]:
    return [
        *checkpoint_vectors(pair),
        *receipt_vectors(pair),
        *seal_vectors(pair),
        *hello_vectors(pair),
    ]


def checkpoint_vectors(pair: Pair) -> list[Vector]:
    checkpoint, note = pair.checkpoint(0), pair.note(0)
    return [
        vector(
            "checkpoint",
            "log a at its end",
            log=0,
            checkpoint=note,
            size=checkpoint.size,
            root=checkpoint.root,
        ),
        vector(
            "checkpoint-root",
            "another root",
            log=0,
            checkpoint=note.replace(b"=\n", b"A\n", 1),
            refused="record.note",
        ),
        vector(
            "checkpoint-size",
            "a leading zero",
            log=0,
            checkpoint=note.replace(b"\n4\n", b"\n04\n"),
            refused="record.note",
        ),
        vector(
            "checkpoint-origin", "of the other log", log=1, checkpoint=note, refused="record.origin"
        ),
    ]


def receipt_vectors(pair: Pair) -> list[Vector]:
    receipt = pair.receipt(1, size=4, holder_size=4)
    own_note, _cose = decode_list(pair.receipt(0), 5000, 2)
    payload = receipt_payload(pair.genesis, pair.checkpoint(0), 3)
    by_log_key = pair.cose(1, "log", payload, CONTEXT_RECEIPT)
    return [
        vector(
            "receipt",
            "party a holds log b up to 4: binds its own entries from index 4 on",
            log=1,
            receipt=receipt,
            size=4,
            holder_size=4,
            time_s=1_700_000_100,
        ),
        vector(
            "receipt-key",
            "signed by the log key",
            log=0,
            receipt=encode([own_note, by_log_key]),
            refused="record.receipt",
        ),
        vector(
            "receipt-log",
            "a receipt of the other log",
            log=0,
            receipt=receipt,
            refused="record.receipt",
        ),
    ]


def seal_vectors(pair: Pair) -> list[Vector]:
    checkpoint = pair.checkpoint(0)
    return [
        vector(
            "seal-author",
            "ML-DSA-44 by the author",
            log=0,
            party=0,
            seal=pair.seal(0, 0),
            size=checkpoint.size,
            time_s=0,
        ),
        vector(
            "seal-holder",
            "ML-DSA-44 by the holder",
            log=0,
            party=1,
            seal=pair.seal(0, 1),
            size=checkpoint.size,
            time_s=1_700_000_200,
        ),
        vector(
            "seal-swapped",
            "the holder's offered as the author's",
            log=0,
            party=0,
            seal=pair.seal(0, 1),
            refused="record.seal",
        ),
    ]


def hello_vectors(pair: Pair) -> list[Vector]:
    return [
        vector(
            "hello",
            "what party a says",
            author=0,
            hello=pair.hello(0),
            frame=encode([pair.hello(0), pair.genesis_signature(0)]),
            own_size=pair.record.logs[0].size,
            held_size=pair.record.logs[1].size,
        ),
        vector(
            "hello-line",
            "of another line",
            author=0,
            hello=pair.hello(0, line=bytes(16)),
            refused="record.line",
        ),
        vector(
            "hello-author",
            "the other party's own words sent back",
            author=1,
            hello=pair.hello(0),
            refused="record.author",
        ),
    ]


def fork_vectors(pair: Pair) -> list[Vector]:
    other = pair.make(0, "text", text_body("en", "another"), index=2)
    entries = (Head(HEAD_ENTRY, pair.entries[0][1][0]), Head(HEAD_ENTRY, other[0]))
    checkpoint = pair.checkpoint(0, 2)
    lie = replace(checkpoint, root=bytes(32))
    heads = (Head(HEAD_CHECKPOINT, pair.note(0, lie)), Head(HEAD_CHECKPOINT, pair.note(0)))
    tree = pair.record.logs[0].tree
    path: list[Value] = list(tree.prefix_path(2, 4))
    items: list[Value] = [
        [HEAD_CHECKPOINT, pair.note(0, pair.checkpoint(0, size))] for size in (2, 4)
    ]
    same = build_fork(pair.genesis, 0, entries)
    sizes = build_fork(pair.genesis, 0, heads, tree)
    return [
        vector(
            "fork-entries",
            "two entries at a-2",
            proof=same,
            party=0,
            file=fork_file(pair.genesis, same),
        ),
        vector(
            "fork-sizes",
            "heads of sizes 2 and 4",
            proof=sizes,
            party=0,
            file=fork_file(pair.genesis, sizes),
        ),
        vector(
            "fork-none",
            "two honest heads",
            proof=encode(["openline-fork-v1", 0, *items, path]),
            refused="record.fork_proof",
        ),
    ]
