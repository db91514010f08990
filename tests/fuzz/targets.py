"""Everything that meets bytes of the peer, of a page or of a file, as targets of ``make fuzz``.

A target takes any bytes and returns, or raises an ``OpenlineError``. Anything else is a finding.
"""

import contextlib
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from openline.app.config import PathSettings, load_config, render_config
from openline.app.control import parse_line
from openline.app.webm import duration_ms
from openline.app.wrapping import parse_officer, write_officer
from openline.engine.call_words import parse_said
from openline.link.frames import (
    Frame,
    RecordReader,
    close_code,
    datagram_plaintexts,
    parse_plaintext,
)
from openline.link.heartbeat import Pulse
from openline.link.packets import PacketChannel, packet_epoch
from openline.protocol.accounts import parse_account
from openline.protocol.checks import parse_check_said
from openline.protocol.control import parse_control
from openline.protocol.frames import parse_batch, parse_seal, parse_want
from openline.protocol.spoken import parse_declared, parse_phrase
from openline.record.audit import audit
from openline.record.bodies import (
    Recording,
    parse_declare,
    parse_recording,
    parse_rule,
    recording_body,
)
from openline.record.bundle import read_bundle
from openline.record.cbor import Value, decode, encode
from openline.record.checks import parse_check
from openline.record.marks import MARKS, Mark, mark_body, parse_mark
from openline.voice.cells import CELL_SIZE, Reassembler, parse_cell
from openline.voice.legs import FarLeg
from openline.voice.sdp import parse_offer
from openline.voice.stun import is_proven, parse_binding
from openline.web.frames import parse_frame
from tests.fuzz.records import PARSERS, pair
from tests.unit.record.makers import Keys
from tests.unit.voice.test_sdp import OFFER
from tools.verify import openline_verify

ROOT = Path(__file__).parents[2]
KEPT = Path(__file__).with_name("kept")
DIGEST_ITEM = len(encode(["end", bytes(32)]))
HEX = re.compile(r"(?:[0-9a-f]{2}){2,}")


@dataclass(frozen=True)
class Target:
    """See the module.

    Attributes:
        parse: what is tried. seeds: bytes to begin with. size_max: of the bytes that are tried.
        share: of all executions, beside the others' shares.
    """

    parse: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    size_max: int = 2048
    share: int = 4


def vectors(name: str, size_max: int = 2048) -> Callable[[], list[bytes]]:
    """Every byte string of a file of vectors, good and refused ones."""

    def found() -> list[bytes]:
        raw = json.loads((ROOT / "vectors" / f"{name}.json").read_text(encoding="utf-8"))
        texts = {text for text in strings(raw) if HEX.fullmatch(text)}
        return sorted({bytes.fromhex(text) for text in texts if len(text) <= 2 * size_max})

    return found


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def payload(parse: Callable[..., object], **more: bool) -> Callable[[bytes], object]:
    """A parser of what stands in a control object."""
    return lambda data: parse(decode(data, 2048), **more)


def plaintext(data: bytes) -> None:
    parsed = parse_plaintext(data)
    if isinstance(parsed, Frame):
        assert datagram_plaintexts(parsed) == [data]  # one encoding only


def stream(data: bytes) -> None:
    reader = RecordReader()
    reader.feed(data)
    while reader.next() is not None:
        pass


def packet(data: bytes) -> None:
    packet_epoch(data)
    PacketChannel(bytes(32), bytes(32), b"\1" * 32).open(data)
    raise AssertionError(data)  # nobody has the key


def cells(data: bytes) -> None:
    reassembler = Reassembler()
    for at in range(0, len(data), CELL_SIZE):
        reassembler.add(parse_cell(data[at : at + CELL_SIZE]))


def text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "replace"))


def heartbeat(data: bytes) -> None:
    trip = Pulse().hear(data, 5_000.0)
    assert trip is None or 0 <= trip <= 60_000


def mark(data: bytes) -> None:
    """Its first octet chooses the kind."""
    parse_mark(MARKS[data[0] % len(MARKS)] if data else "", data[1:])


def stun(data: bytes) -> None:
    assert not is_proven(parse_binding(data), "a password that nobody knows")


def request(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse_line(data)


@cache
def scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="openline-fuzz-"))


def post_toml(data: bytes) -> None:
    path = scratch() / "post.toml"
    path.write_bytes(data)
    load_config(path)


def digested(judge: Callable[[bytes], object]) -> Target:
    """A bundle as a forger makes it: the digest behind it is always right."""

    def parse(data: bytes) -> object:
        return judge(data + encode(["end", hashlib.sha256(data).digest()]))

    return Target(parse, lambda: [pair().bundle()[:-DIGEST_ITEM]], 16_384, 2)


CONFIG = render_config({"main": PathSettings(bind="127.0.0.1:4000")}, 8001).encode()
FRAMES = [b'{"t":"talk","on":true}', b'{"t":"text","id":"1","text":"x","lang":"en"}']
CALL: dict[str, Value] = {
    "id": bytes(8),
    "manner": 1,
    "open": True,
    "talking": False,
    "seq": 1,
    "outcome": "",
    "two_way": False,
    "consents": 0,
    "answer": "fetching",
    "due_s": 60,
}
MARK_BODIES = [
    mark_body(Mark(kind="sent-in-error", index=1)),
    mark_body(Mark(kind="protest", index=1, words="No.", language="en")),
    mark_body(Mark(kind="passed", index=1, words="Coast guard")),
    mark_body(Mark(kind="declined", index=1)),
]
DEEP_HEAD = b"# openline officer " + b"[" * 2000 + b"\n"
RECORDING = Recording(
    call=bytes(8), part=1, sha256=bytes(32), size=1, type="audio/webm", duration_ms=1
)
OWN: dict[str, Target] = {
    "stream of a connection": Target(stream, vectors("link")),
    "plaintext of a packet": Target(plaintext, vectors("link")),
    "packet": Target(packet, vectors("link")),
    "heartbeat": Target(heartbeat, vectors("link")),
    "close": Target(close_code, lambda: [b"link.incarnation"]),
    "batch": Target(parse_batch, vectors("frames")),
    "seal frame": Target(parse_seal, vectors("frames")),
    "want": Target(parse_want, vectors("frames")),
    "control": Target(parse_control, vectors("frames")),
    "call as said": Target(payload(parse_said), lambda: [encode(CALL)]),
    "account": Target(parse_account, vectors("accounts")),
    "check as said": Target(payload(parse_check_said), vectors("check")),
    "check body": Target(parse_check, vectors("check")),
    "phrase": Target(payload(parse_phrase), vectors("spoken")),
    "declared": Target(payload(parse_declared, disclosed=True), vectors("spoken")),
    "declare body": Target(parse_declare, lambda: [encode({"recording": "always"})]),
    "recording body": Target(parse_recording, lambda: [recording_body(RECORDING)]),
    "rule body": Target(parse_rule, vectors("officers")),
    "mark body": Target(mark, lambda: [bytes([at]) + body for at, body in enumerate(MARK_BODIES)]),
    "media cells": Target(cells, vectors("voice"), 4 * CELL_SIZE),
    "far leg": Target(payload(FarLeg.from_map), vectors("voice")),
    "stun": Target(stun, lambda: [b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12)], 700),
    "offer of a page": Target(text(parse_offer), lambda: [OFFER.encode()], 8192, 2),
    "frame of a page": Target(text(parse_frame), lambda: FRAMES),
    "request at the control socket": Target(request, lambda: [b'{"do":"status"}\n']),
    "settings": Target(post_toml, lambda: [CONFIG], 4096, 1),
    "officer's key file": Target(
        lambda data: parse_officer("W-1", data),
        lambda: [write_officer("W-1", "Ann", Keys("a").officer, None), DEEP_HEAD],
        2048,
        1,
    ),
    "recording": Target(duration_ms, lambda: [bytes.fromhex("1a45dfa39f4286810142f7810142f2")]),
    "forged bundle": digested(read_bundle),
    "forged bundle, audit": digested(lambda data: audit(data, pair().pins)),
    "forged bundle, outside verifier": digested(
        lambda data: openline_verify.Audit(data, set(pair().pins))
    ),
}
WHOLE = {"bundle", "audit"}


def record_target(
    parse: Callable[[bytes], object], good: Callable[[], bytes], *, whole: bool
) -> Target:
    return Target(parse, lambda: [good()], 16_384 if whole else 8192, 1 if whole else 4)


TARGETS: dict[str, Target] = OWN | {
    name: record_target(parse, good, whole=name in WHOLE)
    for name, (parse, good) in PARSERS.items()
    if name != "log"  # it keeps what it takes
}


def kept(name: str) -> list[bytes]:
    """What was found in this target before, and mended."""
    folder = KEPT / slug(name)
    return [item.read_bytes() for item in sorted(folder.iterdir())] if folder.is_dir() else []


def slug(name: str) -> str:
    """A target's name as a folder's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
