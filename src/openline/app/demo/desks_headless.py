"""Two desks without a browser: the console's own socket for acts, aiortc for sound.

Each signs in at its post with a one-time address as a page does, and obeys the
same frames (docs/reference/desk-api.md).
"""

import asyncio
import contextlib
import http.client
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from openline.app.demo.desks import HEARD_S_MAX, READY_S_MAX, RECEIPT_S_MAX, Kind
from openline.app.demo.posts import SIDES, Side, opposite
from openline.app.demo.scene import Scene
from openline.errors import AccessError, ConfigError, VoiceError
from openline.headless import BLOCK_SIZE, HeadlessDesk, load_wav
from openline.headless.sound import BLOCK_S

ALIVE_S: Final = 1.0
RETRY_S: Final = 0.1
SIGNIN_S_MAX: Final = 5.0
FAR_SEAT: Final = 0
SENT_AWAY: Final = frozenset({"web.taken_over", "web.slow", "web.frame", "web.rate"})
"""A page that was told one of these does not come back by itself."""

Frame = dict[str, Any]


def sign_in(address: str) -> str:
    """Exchange a one-time address for the desk's cookie.

    Raises:
        AccessError: ``demo.signin``.
    """
    parts = urlsplit(address)
    token = parts.fragment.removeprefix("token=")
    connection = http.client.HTTPConnection(parts.netloc, timeout=SIGNIN_S_MAX)
    try:
        headers = {"Origin": f"http://{parts.netloc}", "Content-Type": "application/json"}
        connection.request("POST", "/signin", json.dumps({"token": token}), headers)
        answer = connection.getresponse()
        cookie = answer.getheader("set-cookie", "") or ""
        if answer.status != http.client.NO_CONTENT or not cookie:
            raise AccessError("demo.signin", f"status {answer.status}", status=answer.status)
        return cookie.partition(";")[0]
    except OSError as fault:
        raise AccessError("demo.signin", str(fault), status=0) from fault
    finally:
        connection.close()


class Desk:
    """One desk without a browser; comes back by itself when its post was away.

    Args:
        address: one-time address of the desk page.
        voice: synthetic voice, as blocks of the headless room.
    """

    def __init__(self, address: str, voice: bytes) -> None:
        """See the class."""
        parts = urlsplit(address)
        self._address = address
        self._host = parts.netloc
        self._voice = voice
        self._cookie = ""
        self._socket: ClientConnection | None = None
        self._media: HeadlessDesk | None = None
        self._changed = asyncio.Condition()
        self._requests = 0
        self._taken: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._gate_open = False
        self._generation = 0
        self._sent_away = ""
        self.visible = True
        self.view: Frame = {}
        self.items: dict[str, Frame] = {}
        self.heard_s: list[float] = []

    async def run(self) -> None:
        """Sit at the desk until cancelled.

        Raises:
            AccessError: ``demo.signin``, or the code with which the post sent this desk away.
        """
        self._cookie = await asyncio.to_thread(sign_in, self._address)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sit())
                tasks.create_task(self._live())
        finally:
            if self._media is not None:
                await self._media.close()

    async def _sit(self) -> None:
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                await self._sit_once()
            self._socket = None
            self.view = {}
            self._gate_open = False
            if self.talking:
                self._stop_talking("post_lost")
            if self._sent_away:
                raise AccessError(self._sent_away, "the post sent this desk away")
            await asyncio.sleep(RETRY_S)

    async def _sit_once(self) -> None:
        async with connect(
            f"ws://{self._host}/desk",
            origin=f"http://{self._host}",  # type: ignore[arg-type]
            additional_headers={"Cookie": self._cookie},
            open_timeout=SIGNIN_S_MAX,
            max_size=None,
            proxy=None,
        ) as socket:
            self._socket = socket
            async for raw in socket:
                await self._told(json.loads(raw))

    async def _told(self, frame: Frame) -> None:
        if frame.get("pair_slot", FAR_SEAT) != FAR_SEAT:
            return  # It speaks with the first seat of the far side alone.
        match frame["t"]:
            case "welcome":
                self.view = frame["view"]
                self._take_items(frame["timeline"])
                await self._offer(fresh=self._media is None)
            case "view":
                self.view = frame["view"]
            case "timeline":
                self._take_items(frame["items"])
            case "text-taken":
                self._taken[frame["request"]] = frame["item"]
            case "refused":
                self._refused[frame["request"]] = frame["code"]
            case "gate":
                self._gate_open = frame["open"]
            case "answer" if self._media is not None:
                await self._media.answer(frame["sdp"])
                self._generation = int(frame["generation"])
            case "reset":
                await self._offer(fresh=True)
            case _:
                self._ended(frame)
        async with self._changed:
            self._changed.notify_all()

    def _ended(self, frame: Frame) -> None:
        """The post took the key, or this desk, away."""
        if frame["t"] == "stop-talking":
            self._stop_talking(frame["reason"])
        elif frame["t"] == "closed" and frame["code"] in SENT_AWAY:
            self._sent_away = frame["code"]

    def _take_items(self, items: list[Frame]) -> None:
        for item in items:
            self.items[item["id"]] = item
            if item["replaces"]:
                self.items[item["replaces"]] = item

    async def _offer(self, *, fresh: bool) -> None:
        if fresh or self._media is None:
            old = self._media
            self._media = HeadlessDesk(on_block=self._block, on_heard=self._heard)
            self._generation = 0
            if old is not None:
                await old.close()
        sdp = await self._media.offer()
        if (
            self._generation
        ):  # a post that was restarted learns what the connection was joined under
            named = f"\\g<0>a=openline-generation:{self._generation}\r\n"
            sdp = re.sub(r"^t=.*\r\n", named, sdp, count=1, flags=re.MULTILINE)
        await self.send("offer", sdp=sdp)

    def _block(self, block: bytes) -> None:
        """Each 20 ms of decoded far sound, the gate open or shut; nobody listens here."""

    def _stop_talking(self, reason: str) -> None:
        """The post takes the key away: nothing is sent from the next block on."""
        del reason
        if self._media is not None:
            self._media.stop_talking()

    def _heard(self, now_s: float) -> None:
        self.heard_s.append(now_s)
        call = self.view.get("call")
        if call is not None and self._gate_open:
            asyncio.ensure_future(self.send("sounded", call=call["call"]))  # noqa: RUF006 told once

    async def _live(self) -> None:
        while True:
            if self._socket is not None and self._media is not None:
                mic = "LIVE" if self._media.talking else "COLD"
                state = self._media.state
                report = {"mic": mic, "context": "running", "connection": state, "error": ""}
                hears = {"hears": True, "deaf": "", "silent_mic": False}
                await self.send("alive", **report, **hears, visible=self.visible)
            await asyncio.sleep(ALIVE_S)

    async def send(self, kind: str, **facts: object) -> None:
        """Send a frame; a post that is away takes none."""
        if self._socket is not None:
            with contextlib.suppress(WebSocketException, OSError):
                await self._socket.send(json.dumps({"t": kind, **facts}))

    @property
    def talking(self) -> bool:
        """Samples are being sent."""
        return self._media is not None and self._media.talking

    @property
    def voice_s(self) -> float:
        """Length of the voice, in seconds."""
        return len(self._voice) / BLOCK_SIZE * BLOCK_S

    @property
    def can_talk(self) -> bool:
        """Whether the voice connection stands and the post says that the far desk does too."""
        connected = self._media is not None and self._media.state == "connected"
        return connected and self.view.get("voice") == "ready"

    async def talk(self) -> None:
        """Press the talk key.

        Raises:
            VoiceError: the connection does not stand.
        """
        if self._media is None:
            raise VoiceError("headless.not_connected", "no media")
        self._media.start_talking(self._voice)
        await self.send("talk", on=True)

    async def release(self) -> None:
        """Let the talk key go."""
        if self._media is not None:
            self._media.stop_talking()
        await self.send("talk", on=False)

    async def write(self, text: str, lang: str) -> None:
        """Write a text and return once the other post's receipt for it was shown.

        Raises:
            ConfigError: what the post refused with.
            TimeoutError: no receipt in time.
        """
        self._requests += 1
        request = f"check-{self._requests}"
        async with asyncio.timeout(RECEIPT_S_MAX), self._changed:
            await self.send("text", request=request, text=text, lang=lang)
            await self._changed.wait_for(lambda: self._receipted(request))
        if request in self._refused:
            raise ConfigError(self._refused[request], "refused by the post")

    def _receipted(self, request: str) -> bool:
        if request in self._refused:
            return True
        item = self.items.get(self._taken.get(request, ""))
        return item is not None and any(
            rung["name"] == "receipted" and rung["state"] == "done" for rung in item["ladder"]
        )


class HeadlessPair:
    """Two desks without a browser.

    Args:
        scene: the running posts.
        voices: each side's synthetic voice, as blocks.
    """

    kind: Kind = "headless"

    def __init__(self, scene: Scene, voices: dict[Side, bytes]) -> None:
        """Prefer :func:`open_headless`."""
        self._scene = scene
        self._voices = voices
        self._desks: dict[Side, Desk] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Sign in at both posts.

        Raises:
            AccessError: a post does not answer.
        """
        for side in SIDES:
            address = await self._scene.launch_address(side)
            self._desks[side] = Desk(address, self._voices[side])
            self._tasks.append(asyncio.ensure_future(self._desks[side].run()))

    async def ready(self) -> None:
        """Wait until both desks can be heard."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_S_MAX
        while loop.time() < deadline:
            if all(desk.can_talk for desk in self._desks.values()):
                return
            await asyncio.sleep(0.02)
        raise ConfigError("demo.no_voice", self._state(), seconds=round(READY_S_MAX))

    def _state(self) -> str:
        return ", ".join(str(desk.view.get("voice")) for desk in self._desks.values())

    async def pick_up(self, side: Side) -> float:
        """Press the talk key; returns milliseconds until heard."""
        loop = asyncio.get_running_loop()
        heard = self._desks[opposite(side)].heard_s
        heard.clear()
        began = loop.time()
        await self._desks[side].talk()
        while not heard:
            if loop.time() - began > HEARD_S_MAX:
                raise ConfigError("demo.not_heard", "", side=side, seconds=round(HEARD_S_MAX))
            await asyncio.sleep(0.001)
        return (heard[0] - began) * 1000

    async def release(self, side: Side) -> None:
        """Let the talk key go."""
        await self._desks[side].release()

    async def write(self, side: Side, text: str) -> float:
        """Write a text; returns milliseconds until it was receipted."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await self._desks[side].write(text, "en")
        except TimeoutError as fault:
            raise ConfigError(
                "demo.not_receipted", "", side=side, seconds=round(RECEIPT_S_MAX)
            ) from fault
        return (loop.time() - began) * 1000

    def view(self, side: Side) -> dict[str, Any]:
        """The state that this desk was last told to show."""
        return self._desks[side].view

    async def close(self) -> None:
        """Leave both desks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def open_headless(scene: Scene, samples: dict[Side, Path]) -> AsyncIterator[HeadlessPair]:
    """Sit at both desks for a block.

    Args:
        scene: the running posts.
        samples: each side's synthetic voice, sound files.
    """
    pair = HeadlessPair(scene, {side: load_wav(path) for side, path in samples.items()})
    try:
        await pair.open()
        yield pair
    finally:
        await pair.close()
