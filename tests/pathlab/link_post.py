"""One post of the link alone, for a namespace of pathlab: python link_post.py SIDE SEED...

Sends a numbered MEDIA frame each 20 ms and a numbered BATCH each 200 ms, and
tells on its standard output, one JSON line each 100 ms, what it heard.
"""

import asyncio
import json
import os
import secrets
import sys
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from openline.link import (
    FrameClass,
    Link,
    LinkConfig,
    PathConfig,
    make_certificate,
    spki_pin,
)

PORT = 21_900


class Heard:
    """Writes down sequences."""

    def __init__(self) -> None:
        self.incarnation = os.urandom(16)
        self.media: list[int] = []
        self.batch: list[int] = []

    def hello(self) -> bytes:
        return self.incarnation

    def hello_received(self, body: bytes) -> bytes:
        return body

    def frame_received(self, frame_class: int, sequence: int, body: bytes) -> None:
        del frame_class, sequence
        self.batch.append(int.from_bytes(body[:4], "big"))

    def media_received(self, sequence: int, body: bytes) -> None:
        del body
        self.media.append(sequence)

    def round_trip(self, path: str, rtt_ms: float) -> None:
        del path, rtt_ms

    def connected(self, path: str) -> None:
        del path


async def main(side: int, seeds: list[bytes]) -> None:
    keys = [Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds]
    own, peer = (os.environ[name].split(",") for name in ("PATHLAB_SELF", "PATHLAB_PEER"))
    paths = tuple(
        PathConfig(name=f"path{number}", bind=f"{mine}:{PORT}", peer=(f"{theirs}:{PORT}",))
        for number, (mine, theirs) in enumerate(zip(own, peer, strict=True))
    )
    heard = Heard()
    link = Link(
        LinkConfig(
            line=bytes(16),
            key=keys[side],
            certificate=make_certificate(keys[side]),
            peer_pin=spki_pin(keys[1 - side].public_key()),
            paths=paths,
            uniform=secrets.SystemRandom().random,
        ),
        heard,
    )
    running = asyncio.ensure_future(link.run())
    command = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    talking = False
    tick, media, batch = 0, 0, 0
    while not running.done():
        if command.done():
            word = command.result().strip()
            if word == "end":
                break
            talking = word == "talk"
            command = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        if talking:
            media += 1
            link.send_media(bytes(320))
            if tick % 10 == 0:
                batch += 1
                link.send(FrameClass.BATCH, batch.to_bytes(4, "big") * 300)
        if tick % 5 == 0:
            status = link.status()
            row = {
                "alive": [path.alive for path in status.paths],
                "warnings": [path.warnings for path in status.paths],
                "talking": talking,
                "sent": [media, batch],
                "media": [len(heard.media), len(set(heard.media)), max(heard.media, default=0)],
                "batch": [len(heard.batch), len(set(heard.batch)), max(heard.batch, default=0)],
            }
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()
        tick += 1
        await asyncio.sleep(0.02)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), [bytes.fromhex(word) for word in sys.argv[2:4]]))
