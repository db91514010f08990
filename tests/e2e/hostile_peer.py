"""A post that turned hostile: with the real keys and a desk that speaks, it sends what it likes.

The post runs in this process, so that a test reaches the keys of its packets; its desk is one
without a browser. Whatever it sends arrives authentic: nothing but the other post's own limits
stands between it and the desk there.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from openline.app.assembly import Running, assemble
from openline.app.folder import FolderLock
from openline.engine.desk import (
    AudioReport,
    DeskEvent,
    VoiceAnswer,
    VoiceReset,
)
from openline.headless import HeadlessDesk, make_tone
from openline.link.frames import Frame, FrameClass, datagram_plaintexts
from tests.e2e.post_rig import PostProcess, config_without_checks

TICK_S = 0.05
SPEECH_S = 110.0


@dataclass
class HostilePeer:
    """The post, its desk, and what it can do."""

    post: Running
    desk: bytes = field(default_factory=lambda: secrets.token_bytes(8))
    voice: HeadlessDesk = field(default_factory=HeadlessDesk)
    events: asyncio.Queue[DeskEvent] = field(default_factory=asyncio.Queue)
    digits: str = ""

    async def sit(self) -> None:
        """Keep the desk until cancelled."""
        self.post.front.desk_opened(self.desk, self.events.put_nowait)
        self.post.front.voice_offer(self.desk, await self.voice.offer())
        while True:
            event = await self.events.get()
            if getattr(event, "pair_slot", 0) != 0:
                continue
            if isinstance(event, VoiceReset):
                old, self.voice = self.voice, HeadlessDesk()
                await old.close()
                self.post.front.voice_offer(self.desk, await self.voice.offer())
            elif isinstance(event, VoiceAnswer):
                self.digits = event.digits
                await self.voice.answer(event.sdp)

    async def live(self) -> None:
        while True:
            state = self.voice.state
            report = AudioReport(mic="COLD", context="running", connection=state, hears=True)
            self.post.front.desk_alive(self.desk, report)
            await asyncio.sleep(1.0)

    async def tick(self) -> None:
        while True:
            self.post.shell.tick()
            await asyncio.sleep(TICK_S)

    def speak(self) -> None:
        self.voice.start_talking(make_tone(SPEECH_S))
        self.post.front.talk(self.desk, on=True)

    def hush(self) -> None:
        self.voice.stop_talking()
        self.post.front.talk(self.desk, on=False)

    def throw(self, body: bytes, path: int) -> None:
        """A MEDIA frame of any body, as authentic packets of one path."""
        link = self.post.link
        link._sequences[FrameClass.MEDIA] += 1
        frame = Frame(FrameClass.MEDIA, link._sequences[FrameClass.MEDIA], body)
        road = link._paths[path]
        for connection in road._carriers():
            road._send_packets(connection, datagram_plaintexts(frame))

    async def flood(
        self, make: Callable[[], bytes], seconds: float, *, rate: int, path: int = 0
    ) -> float:
        """Throw as many a second, as far as this machine does; the rate that it was."""
        loop = asyncio.get_running_loop()
        began, thrown = loop.time(), 0
        while (spent := loop.time() - began) < seconds:
            for _ in range(min(200, int(spent * rate) - thrown)):
                self.throw(make(), path)
                thrown += 1
            await asyncio.sleep(0.001)
        return thrown / seconds

    def change_source(self) -> int:
        """Speak on under another SSRC, with the right keys; the one before."""
        sender = self.voice._pc.getSenders()[0]
        before = int(sender._ssrc)
        sender._ssrc = secrets.randbits(32)
        return before

    def restore_source(self, ssrc: int) -> None:
        self.voice._pc.getSenders()[0]._ssrc = ssrc


@contextlib.asynccontextmanager
async def hostile_peer(process: PostProcess) -> AsyncIterator[HostilePeer]:
    """Run a post's folder in this process, its desk attended, for a block."""
    loop = asyncio.get_running_loop()
    with FolderLock.take(process.folder):
        post = assemble(process.folder, config_without_checks(process.folder), loop)
        post.writer.start()
        peer = HostilePeer(post)
        jobs = [post.link.run(), post.pace.keep(), peer.tick(), peer.live(), peer.sit()]
        await post.voice.endpoint.start()
        tasks = [asyncio.ensure_future(job) for job in jobs]
        try:
            yield peer
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await peer.voice.close()
            post.voice.endpoint.close()
            post.writer.stop()
