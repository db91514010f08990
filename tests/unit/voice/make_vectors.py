"""Makes vectors/voice.json: python -m tests.unit.voice.make_vectors, from the root of a clone."""

import json
from pathlib import Path
from typing import Any, cast

from openline.record.cbor import Value, encode
from openline.voice import speech_digits
from openline.voice.cells import ControlBlock, build_cells, restamp, without_piece
from openline.voice.sdp import build_answer, parse_offer
from tests.unit.voice.test_sdp import FAR, OFFER

TARGET = Path(__file__).parents[3] / "vectors" / "voice.json"
Vector = dict[str, Any]

IDLE = ControlBlock()
TALKING = ControlBlock(
    call_tag=b"abcd", talking=True, call_open=True, manner=1, talk_seq=7, stamp_ms=0x01020304
)


def _control(block: ControlBlock) -> Vector:
    return {
        "call_tag": block.call_tag.hex(),
        "talking": block.talking,
        "call_open": block.call_open,
        "manner": block.manner,
        "talk_seq": block.talk_seq,
        "stamp_ms": block.stamp_ms,
    }


def cells() -> list[Vector]:
    rows = []
    for name, why, datagram, control, pair in (
        ("cell-idle", "Media between words: every field of the control block is zero.", 1, IDLE, 0),
        ("cell-talking", "The talk key is held in an open call.", 187, TALKING, 0),
        ("cell-full", "The largest datagram that fits one cell.", 294, IDLE, 0),
        ("cell-two", "One byte more takes a second cell.", 295, TALKING, 0),
        ("cell-six", "The largest datagram at all.", 1500, IDLE, 0),
        ("cell-pair", "Seat 2 of party 0 with seat 1 of party 1.", 187, TALKING, 7),
        ("cell-last", "Seat 2 with seat 2: the last pair.", 60, IDLE, 8),
    ):
        octets = bytes(number % 251 for number in range(datagram))
        bodies = build_cells(
            octets, pair=pair, generation=65_538, control=control, datagram_id=65_535
        )
        rows.append(
            {
                "name": name,
                "why": why,
                "pair": pair,
                "generation": 65_538,
                "datagram_id": 65_535,
                "control": _control(control),
                "datagram": octets.hex(),
                "cells": [body.hex() for body in bodies],
            }
        )
    return [*rows, _empty_cell()]


def _empty_cell() -> Vector:
    [last] = build_cells(b"\x80 gone before", generation=3, control=IDLE, datagram_id=77)
    return {
        "name": "cell-empty",
        "why": "Nothing waited for this slot: the datagram id of the cell before, and no piece.",
        "pair": 0,
        "generation": 3,
        "datagram_id": 77,
        "control": _control(TALKING),
        "datagram": "",
        "cells": [restamp(without_piece(last), TALKING).hex()],
    }


def refused_cells() -> list[Vector]:
    [good] = build_cells(b"\x80hello", generation=3, control=TALKING, datagram_id=5)
    rows = []
    for name, why, at, value in (
        ("version", "Version 2.", 0, 2),
        ("pair", "Pair 9: three seats on each side make nine pairs, from 0.", 1, 9),
        ("flag", "A flag that nobody knows.", 8, 0x07),
        ("reserved", "A reserved byte is not zero.", 16, 1),
        ("part-index", "Part 1 of 1.", 20, 1),
        ("part-none", "Part 0 of 0.", 21, 0),
        ("part-seven", "Seven parts.", 21, 7),
        ("part-short", "A part that is not the last is not full.", 21, 2),
        ("piece-none", "A cell without a piece whose padding is not zero.", 25, 0),
        ("piece-long", "A piece of 295 bytes.", 24, 1),
        ("padding", "The last byte is not zero.", 319, 1),
    ):
        body = bytearray(good)
        body[at] = value
        if name == "piece-long":
            body[25] = 295 - 256
        rows.append(
            {"name": f"bad-{name}", "why": why, "cell": bytes(body).hex(), "refused": "voice.cell"}
        )
    rows += [
        {"name": f"bad-size-{size}", "why": f"{size} bytes.", "cell": body.hex(), "refused": code}
        for size, body, code in (
            (319, good[:319], "voice.cell"),
            (321, good + b"\0", "voice.cell"),
        )
    ]
    return rows


def legs() -> list[Vector]:
    good = FAR.to_map()
    rows: list[Vector] = [
        {
            "name": "leg",
            "why": "A desk that is joined with nobody yet.",
            "leg": encode(cast("Value", good)).hex(),
            "generation": FAR.generation,
            "desk": FAR.desk.hex(),
            "fingerprint": FAR.fingerprint,
            "ssrcs": list(FAR.ssrcs),
            "red": FAR.red,
            "joined": "",
        }
    ]
    changes: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("generation", "Generation 0.", {"gen": 0}),
        ("desk", "A desk of seven bytes.", {"desk": b"sevenby"}),
        ("fingerprint", "Lower case.", {"fp": FAR.fingerprint.lower()}),
        ("sources", "No source.", {"ssrc": []}),
        ("red", "A number for a truth.", {"red": 1}),
        ("surplus", "A member that does not exist.", {"address": "192.0.2.1"}),
    )
    rows += [
        {
            "name": f"bad-leg-{name}",
            "why": why,
            "leg": encode(cast("Value", {**good, **change})).hex(),
            "refused": "voice.leg",
        }
        for name, why, change in changes
    ]
    return rows


def leg_maps() -> list[Vector]:
    """The payload of the control object: which pair each leg is of."""
    good = cast("Value", FAR.to_map())
    rows: list[Vector] = []
    for name, why, value, pairs in (
        ("legs-none", "No desk.", {}, []),
        ("legs-one", "One desk at seat 0, offered to seat 0.", {"0": good}, [0]),
        (
            "legs-two",
            "Two pairs, and one that is not there.",
            {"7": good, "1": good, "4": None},
            [1, 7],
        ),
    ):
        rows.append({"name": name, "why": why, "legs": encode(value).hex(), "pairs": pairs})
    for name, why, bad in (
        ("list", "Not a map.", [good]),
        ("null", "Null is not a map.", None),
        ("pair-nine", "A pair that does not exist.", {"9": good}),
        ("pair-zeros", "Another way to write a number.", {"00": good}),
        ("one-bad", "One leg of two is none: neither is taken.", {"0": good, "1": {}}),
    ):
        row = {"name": f"bad-legs-{name}", "why": why, "legs": encode(cast("Value", bad)).hex()}
        rows.append({**row, "refused": "voice.leg"})
    return rows


def passing() -> list[Vector]:
    rows = (
        ("pass-opus", "Opus.", b"\x80\x6f" + bytes(60), "rtp"),
        ("pass-red-marked", "RED with the marker bit.", b"\x80\xbf" + bytes(60), "rtp"),
        ("pass-report", "A sender report.", b"\x80\xc8" + bytes(60), "rtcp"),
        ("pass-dtls", "A record of DTLS.", b"\x16\xfe\xfd" + bytes(60), "dtls"),
        ("stop-stun", "STUN never passes.", b"\x00\x01" + bytes(60), None),
        ("stop-type", "Another payload type.", b"\x80\x00" + bytes(60), None),
        ("stop-short", "Too short to be sealed.", b"\x80\x6f" + bytes(19), None),
        ("stop-long", "SRTP of 601 bytes.", b"\x80\x6f" + bytes(599), None),
        ("stop-other", "Neither of the three.", b"\x40" + bytes(60), None),
    )
    return [
        {"name": name, "why": why, "datagram": data.hex(), "passes_as": kind}
        for name, why, data, kind in rows
    ]


def answers() -> list[Vector]:
    rows = []
    for name, why, active, offer in (
        ("answer-party-0", "Party 0's desk is the DTLS client.", True, OFFER),
        ("answer-party-1", "Party 1's is the server.", False, OFFER),
        (
            "answer-opus-alone",
            "A desk that speaks no RED.",
            True,
            OFFER.replace("SAVPF 63 111", "SAVPF 111"),
        ),
    ):
        answer = build_answer(
            parse_offer(offer),
            FAR,
            address=("192.0.2.10", 7000),
            leg_ufrag="0123456789abcdef",
            leg_pwd="0123456789abcdef0123456789abcdef01234567",
            active=active,
        )
        rows.append({"name": name, "why": why, "offer": offer, "active": active, "answer": answer})
    return rows


def digits() -> list[Vector]:
    one, other = (":".join(f"{(at * step) % 256:02X}" for at in range(32)) for step in (1, 7))
    line = bytes(range(16))
    return [
        {
            "name": name,
            "why": why,
            "line": line.hex(),
            "fingerprints": [first, second],
            "digits": speech_digits(line, (first, second)),
        }
        for name, why, first, second in (
            ("digits", "Six groups of five, party 0's certificate first.", one, other),
            ("digits-swapped", "The parties swapped.", other, one),
        )
    ]


def make() -> Vector:
    return {
        "about": "docs/spec/voice.md: cells (4), legs and maps of legs (2), what passes (5), "
        "answers (3; far leg of the vector 'leg', post at 192.0.2.10 port 7000), digits (3.1).",
        "cells": cells() + refused_cells(),
        "legs": legs(),
        "leg_maps": leg_maps(),
        "passing": passing(),
        "answers": answers(),
        "digits": digits(),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(make(), indent=1) + "\n", encoding="utf-8")
