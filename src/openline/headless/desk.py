"""A desk without a browser, on aiortc: for checks, tests and gateways.

It connects to its own post's voice endpoint exactly as the media page does: it
offers, the post answers. It speaks Opus only (aiortc knows no RED), so its post
says ``red: false`` of its leg and a browser at the other end sends plain Opus.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import aioice.ice
import aiortc
import numpy as np
from aiortc.codecs import CODECS
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame

from openline.errors import VoiceError
from openline.headless.sound import Meter, TalkTrack

OPUS_PAYLOAD_TYPE: Final = 111
CONSENT_INTERVAL_S: Final = 1
SDP_SIZE_MAX: Final = 16_384


def _adapt_libraries() -> None:
    """Make aiortc speak our fixed numbers and live where browsers do.

    The payload type of Opus is fixed on the line; consent is checked each
    second instead of each five, so that a restarted post finds its desk soon;
    a machine with no address but loopback offers that.
    """
    for codec in CODECS["audio"]:
        if codec.mimeType == "audio/opus":
            codec.payloadType = OPUS_PAYLOAD_TYPE
    aioice.ice.CONSENT_INTERVAL = CONSENT_INTERVAL_S
    gathered = aioice.ice.get_host_addresses
    if gathered.__module__ == aioice.ice.__name__:
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: (
            gathered(use_ipv4, use_ipv6) or ["127.0.0.1"]
        )


_adapt_libraries()


def _ignore_block(_block: bytes) -> None:
    """Nobody listens."""


def _ignore_heard(_now_s: float) -> None:
    """Nobody waits."""


class HeadlessDesk:
    """One desk: one connection, silent until told to talk.

    Must be made inside a running event loop.

    Args:
        on_block: takes each decoded block of the far side, 20 ms, 16 bits little
            endian, one channel, 48 kHz.
        on_heard: takes the event loop's time, in seconds, when the first sample
            above -50 dBFS was decoded after at least 300 ms below.
    """

    def __init__(
        self,
        on_block: Callable[[bytes], None] = _ignore_block,
        on_heard: Callable[[float], None] = _ignore_heard,
    ) -> None:
        """See the class."""
        self.meter: Final = Meter(on_heard)
        self._on_block = on_block
        self._track = TalkTrack()
        self._connected = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._offer: str | None = None
        self._pc = aiortc.RTCPeerConnection(
            aiortc.RTCConfiguration(iceServers=[], bundlePolicy=aiortc.RTCBundlePolicy.MAX_BUNDLE)
        )
        transceiver = self._pc.addTransceiver(self._track, direction="sendrecv")
        known = aiortc.RTCRtpSender.getCapabilities("audio").codecs
        transceiver.setCodecPreferences([c for c in known if c.mimeType == "audio/opus"])
        self._pc.on("track", self._far_track)
        self._pc.on("connectionstatechange", self._changed)

    @property
    def state(self) -> str:
        """State of the connection, in the words of WebRTC."""
        return str(self._pc.connectionState)

    @property
    def talking(self) -> bool:
        """Samples are being sent."""
        return not self._track.idle

    async def offer(self) -> str:
        """The offer to hand to the own post."""
        if self._offer is None:
            await self._pc.setLocalDescription(await self._pc.createOffer())
            self._offer = str(self._pc.localDescription.sdp)
        return self._offer

    async def answer(self, sdp: str) -> None:
        """Take the own post's answer; the connection then comes up by itself.

        Raises:
            VoiceError: ``headless.answer`` if it cannot be used.
        """
        if self._pc.signalingState == "stable":
            return
        if len(sdp) > SDP_SIZE_MAX:
            raise VoiceError("headless.answer", f"{len(sdp)} characters")
        try:
            await self._pc.setRemoteDescription(aiortc.RTCSessionDescription(sdp, "answer"))
        except (ValueError, KeyError, IndexError, aiortc.InvalidStateError) as error:
            raise VoiceError("headless.answer", str(error)) from error

    async def wait_connected(self, timeout_s: float = 15.0) -> None:
        """Wait until sound can pass.

        Raises:
            VoiceError: ``headless.not_connected`` after ``timeout_s``.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._connected.wait()
        except TimeoutError as error:
            raise VoiceError("headless.not_connected", self.state) from error

    def start_talking(self, samples: bytes) -> None:
        """Send samples instead of silence, from the next block on.

        Raises:
            VoiceError: ``headless.not_connected``.
        """
        if self.state != "connected":
            raise VoiceError("headless.not_connected", self.state)
        self._track.play(samples)

    def stop_talking(self) -> None:
        """Send silence from the next block on."""
        self._track.hush()

    async def talk(self, samples: bytes) -> None:
        """Send all samples, then return."""
        self.start_talking(samples)
        await self._track.drained()

    async def close(self) -> None:
        """End the connection."""
        await self._pc.close()
        self._track.stop()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    def _changed(self) -> None:
        if self.state == "connected":
            self._connected.set()
        else:
            self._connected.clear()

    def _far_track(self, track: MediaStreamTrack) -> None:
        self._reader = asyncio.ensure_future(self._read(track))

    async def _read(self, track: MediaStreamTrack) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if not isinstance(frame, AudioFrame):
                continue
            samples = np.asarray(frame.to_ndarray()).reshape(-1, len(frame.layout.channels))
            block = samples[:, 0].astype("<i2").tobytes()
            self.meter.take(block, loop.time())
            self._on_block(block)
