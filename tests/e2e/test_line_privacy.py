"""Nothing that identifies a desk's address crosses the link: looked for in the decrypted frames.

Two whole posts and two real desks; every frame in both directions, as the link
takes it from one post and gives it to the other, is searched for everything
that the desks' own offers to their own posts contain.
"""

import asyncio
import ipaddress
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from openline.record.cbor import Value, sequence
from tests.e2e.line_rig import LabPost, laboratory, make_lab_pair, pick_up, real_desk
from tests.e2e.post_rig import is_up, running, settle
from tests.e2e.voice_rig import write_tone

PORT = 26040
CONTROL = 4
MEDIA = 3
LEG_KEYS = {"gen", "desk", "fp", "ssrc", "red", "with"}


class RecordingPost(LabPost):
    """A post that writes down what crosses its link."""

    @property
    def frames(self) -> Path:
        return self.root.parent / f"{self.root.name}.frames"

    @override
    def start(self, *, wait: bool = True) -> None:
        assert self.lab is not None
        with (self.root.parent / f"{self.root.name}.out").open("wb") as out:
            module = ["-m", "tests.e2e.recording_post", str(self.root), str(self.frames)]
            self.process = self.lab.popen(
                self.side, [sys.executable, *module], stdout=out, stderr=subprocess.STDOUT
            )
        if wait:
            self.until(lambda _status: True)


def identifying(sdp: str, known: list[str]) -> tuple[set[bytes], set[int]]:
    """What of an offer names its desk, in every spelling; and its ports."""
    texts = set(re.findall(r"a=(?:ice-ufrag|ice-pwd):(\S+)", sdp))
    ports: set[int] = set()
    addresses = set(known)
    for host, port in re.findall(r"a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+)", sdp):
        addresses.add(host)
        ports.add(int(port))
    texts |= set(re.findall(r"a=(?:msid:- |ssrc:\d+ cname:)(\S+)", sdp))
    texts |= {"candidate:", ".local", "ice-ufrag"}
    ports -= {9}  # of TCP candidates: the port "discard", which names nobody
    found: set[bytes] = set()
    for host in addresses:
        texts.add(host)
        try:
            packed = ipaddress.ip_address(host).packed
        except ValueError:
            texts.add(host.removesuffix(".local"))
            found.add(bytes.fromhex(host.removesuffix(".local").replace("-", "")))
        else:
            found |= {packed, packed[::-1], packed.hex().encode()}
    texts |= {str(port) for port in ports}
    return found | {text.encode() for text in texts if len(text) >= 4}, ports


def numbers(value: Value) -> Iterator[int]:
    """Every whole number in a frame."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from numbers(key)
            yield from numbers(item)


@pytest.mark.asyncio
@pytest.mark.needs_root
@pytest.mark.needs_chromium
@pytest.mark.timeout(300)
async def test_nothing_that_names_a_desk_crosses(chromium_path: str, tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav")
    with laboratory("delay=5", "delay=5") as lab:
        made = make_lab_pair(tmp_path, lab, port=PORT)
        posts = [
            RecordingPost(post.folder, post.desk_port, lab=lab, side=post.side) for post in made
        ]
        known = [*lab.addrs("a"), *lab.addrs("b"), "127.0.0.1"]
        with running(*posts):
            for post in posts:
                post.until(is_up)
            async with (
                real_desk(posts[0], chromium_path, tone) as north,
                real_desk(posts[1], chromium_path, tone) as south,
            ):
                for desk in (north, south):
                    await desk.ready()
                await pick_up(north, south)
                await north.write("Where the desk stands is nobody's business.")
                await asyncio.to_thread(settle, *posts)
                candidates = [await desk.candidates() for desk in (north, south)]
    assert all(candidates), "the browsers named no address"
    search([post.frames for post in posts], known, ["\n".join(lines) for lines in candidates])


def search(files: list[Path], known: list[str], candidates: list[str]) -> None:
    lines = [json.loads(line) for file in files for line in file.read_text("ascii").splitlines()]
    offers = [line["sdp"] for line in lines if "sdp" in line]
    frames = [
        (line["way"], int(line["class"]), bytes.fromhex(line["body"]))
        for line in lines
        if "body" in line
    ]
    assert len(offers) >= 2
    seen = {(host, port) for line in lines if "from" in line for host, port in [line["from"]]}
    assert len(seen) >= 2
    known = sorted({*known, *(host for host, _port in seen)})
    ports = {port for _host, port in seen}
    secrets = {str(port).encode() for port in ports}
    secrets |= {ipaddress.ip_address(h).packed + p.to_bytes(2, "big") for h, p in seen}
    for sdp in [*offers, *candidates]:
        found, more = identifying(sdp, known)
        secrets |= found
        ports |= more
    ways = {(way, kind) for way, kind, _body in frames}
    for kind in (
        1,
        CONTROL,
        MEDIA,
        5,
        6,
    ):  # HELLO, legs, cells, texts, receipts
        assert {("out", kind), ("in", kind)} <= ways
    for way, kind, body in frames:
        hit = [secret for secret in secrets if secret in body or secret.hex().encode() in body]
        assert not hit, (way, kind, hit, body.hex())
    legs = 0
    for _way, kind, body in frames:
        if kind != CONTROL:
            continue
        value, _end = next(sequence(body, 65_536))  # zeros stand behind it
        assert not ports & set(numbers(value)), value
        assert isinstance(value, list | tuple)
        if value[1] == "legs":
            assert isinstance(value[3], dict)
            for leg in value[3].values():
                legs += 1
                assert isinstance(leg, dict)
                assert set(leg) <= LEG_KEYS
    assert legs >= 2


def test_the_search_finds_what_it_looks_for() -> None:
    sdp = (
        "a=ice-ufrag:Ab1x\r\na=ice-pwd:0123456789abcdef\r\n"
        "a=candidate:871 1 udp 2113937151 2f0e7e8c-1111-4222-8333-444455556666.local 51234 typ host"
    )
    found, ports = identifying(sdp, ["198.18.0.1"])
    assert ports == {51234}
    for hidden in (b"Ab1x", b"51234", bytes([198, 18, 0, 1]), bytes([1, 0, 18, 198]), b"c6120001"):
        assert hidden in found
    assert bytes.fromhex("2f0e7e8c111142228333444455556666") in found
