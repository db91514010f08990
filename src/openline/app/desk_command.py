"""A desk without a browser at a running post: plays a file, records what its speaker would play.

It signs in as a page does (a one-time address from the control socket, then the desk's own
WebSocket), and is bound by what binds a page: it transmits only while it holds the talk key, and
its loudspeaker follows the gate of its post. Nobody looks at it: it never reports a text as shown.
"""

import asyncio
import math
import signal
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from typing_extensions import override

from openline.app.demo.desks_headless import Desk
from openline.errors import ConfigError, OpenlineError, VoiceError
from openline.headless import BLOCK_SIZE, RATE_HERTZ, load_wav

READY_S_MAX: Final = 30.0
TAIL_S: Final = 1.0
"""What is still on its way when the last word was sent is recorded too."""
PAUSE_S: Final = 1.0
"""Between two repetitions the key goes up, as an officer's would."""
LOOK_S: Final = 0.02
FULL_SCALE: Final = 32_768
FLOOR_DBFS: Final = -100.0
_SILENCE: Final = bytes(BLOCK_SIZE)

Tell = Callable[[str, dict[str, Any]], None]
"""Takes what happened: a word (signed_in, ready, talking, stopped, heard) and its facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWish:
    """What is asked of the desk.

    Attributes:
        play: sound file to say under the held talk key; None says nothing.
        record: WAV file to write; None keeps nothing.
        seconds: stay so long at most; None: until everything was said, or for ever.
        loop: say it again and again.
        wait_heard: stay until the far side was heard; not within ``seconds`` is a failure.
        ungated: record what was decoded also while the gate is shut (for measurements).
    """

    play: Path | None = None
    record: Path | None = None
    seconds: float | None = None
    loop: bool = False
    wait_heard: bool = False
    ungated: bool = False


@dataclass(slots=True)
class DeskResult:
    """What became of it.

    Attributes:
        said: how often the file was said from its beginning to its end.
        heard: words of the far side that began, played or not.
        played_s: seconds of far sound that the open gate let through.
        recorded_s: length of the recording.
        peak_dbfs: of the recording.
        stopped: why the post took the key away, the last time; empty if it did not.
    """

    said: int = 0
    heard: int = 0
    played_s: float = 0.0
    recorded_s: float = 0.0
    peak_dbfs: float = FLOOR_DBFS
    stopped: str = ""


class Recorder:
    """A WAV file that keeps time: what may not be heard stands in it as silence.

    Args:
        path: to write; whatever is there is replaced.

    Raises:
        ConfigError: ``file.write``.
    """

    def __init__(self, path: Path) -> None:
        """See the class."""
        try:
            self._file = path.open("wb")
            self._out = wave.open(self._file, "wb")  # noqa: SIM115 - closed by close()
            self._out.setparams((1, 2, RATE_HERTZ, 0, "NONE", ""))
        except OSError as fault:
            raise ConfigError("file.write", str(fault), path=str(path)) from fault
        self.blocks = 0
        self.peak = 0

    def take(self, block: bytes) -> None:
        """One block of 20 ms."""
        self.blocks += 1
        self.peak = max(self.peak, int(np.abs(np.frombuffer(block, "<i2").astype(int)).max()))
        self._out.writeframesraw(block)

    def close(self) -> None:
        """Finish the file."""
        self._out.close()
        self._file.close()


class CommandDesk(Desk):
    """The desk of ``openline desk``."""

    def __init__(self, address: str, voice: bytes, wish: DeskWish, tell: Tell) -> None:
        """See the module."""
        super().__init__(address, voice)
        self.visible = False
        self._wish = wish
        self._tell = tell
        self._recorder = None if wish.record is None else Recorder(wish.record)
        self.result = DeskResult()

    @override
    def _block(self, block: bytes) -> None:
        if self._gate_open:
            self.result.played_s += len(block) / (2 * RATE_HERTZ)
        if self._recorder is not None:
            self._recorder.take(block if self._gate_open or self._wish.ungated else _SILENCE)

    @override
    def _heard(self, now_s: float) -> None:
        super()._heard(now_s)
        self.result.heard += 1
        self._tell("heard", {"number": self.result.heard})

    @override
    def _stop_talking(self, reason: str) -> None:
        super()._stop_talking(reason)
        self.result.stopped = reason
        self._tell("stopped", {"reason": reason})

    async def stay(self) -> None:
        """Say, hear and record until everything wished for was done.

        Raises:
            VoiceError: ``headless.not_connected``: no voice connection came about;
                ``headless.not_heard``.
        """
        loop = asyncio.get_running_loop()
        end = math.inf if self._wish.seconds is None else loop.time() + self._wish.seconds
        speaking = asyncio.ensure_future(self._speak(end))
        try:
            while loop.time() < end and not (speaking.done() and self._enough()):
                if speaking.done() and speaking.exception() is not None:
                    break
                await asyncio.sleep(LOOK_S)
            if speaking.done():
                speaking.result()
        finally:
            if not speaking.done():
                speaking.cancel()
                await self.release()
            await asyncio.gather(speaking, return_exceptions=True)
        if self._wish.wait_heard and not self.result.heard:
            raise VoiceError("headless.not_heard")

    def _enough(self) -> bool:
        """Nothing is left to do."""
        if self._wish.wait_heard and not self.result.heard:
            return False
        return self._wish.seconds is None and (self._wish.play is not None or self._wish.wait_heard)

    async def _speak(self, end: float) -> None:
        loop = asyncio.get_running_loop()
        await self._ready(min(end, loop.time() + READY_S_MAX))
        if self._wish.play is None:
            return
        while loop.time() < end:
            self.result.stopped = ""
            self._tell("talking", {"seconds": round(self.voice_s, 1)})
            await self.talk()
            while self.talking:  # noqa: ASYNC110 - asked, it tells nobody
                await asyncio.sleep(LOOK_S)
            await self.release()
            self.result.said += not self.result.stopped
            if not self._wish.loop:
                break
            await asyncio.sleep(PAUSE_S)
        await asyncio.sleep(TAIL_S)

    async def _ready(self, end: float) -> None:
        loop = asyncio.get_running_loop()
        while not self.can_talk:
            if loop.time() > end:
                raise VoiceError("headless.not_connected", str(self.view.get("voice")))
            await asyncio.sleep(LOOK_S)
        self._tell("ready", {})

    def finish(self) -> DeskResult:
        """Close the recording; the result."""
        if self._recorder is not None:
            self._recorder.close()
            self.result.recorded_s = round(self._recorder.blocks * BLOCK_SIZE / 2 / RATE_HERTZ, 2)
            if self._recorder.peak:
                peak = 20 * math.log10(self._recorder.peak / FULL_SCALE)
                self.result.peak_dbfs = round(peak, 1)
        self.result.played_s = round(self.result.played_s, 2)
        return self.result


def run_desk(address: str, wish: DeskWish, tell: Tell) -> DeskResult:
    """Sit at the desk of a running post until what was wished for is done.

    Args:
        address: a one-time address of the desk.
        wish: what to do there.
        tell: takes what happens.

    Raises:
        OpenlineError: ``headless.sound``, ``file.write``, ``demo.signin``,
            ``headless.not_connected`` or ``headless.not_heard``.
    """
    voice = b"" if wish.play is None else load_wav(wish.play)
    if wish.play is not None and not voice:
        raise VoiceError("headless.sound", "empty", path=str(wish.play))
    return asyncio.run(_sit(address, voice, wish, tell))


async def _sit(address: str, voice: bytes, wish: DeskWish, tell: Tell) -> DeskResult:
    desk = CommandDesk(address, voice, wish, tell)
    sitting = asyncio.ensure_future(desk.run())
    staying = asyncio.ensure_future(desk.stay())
    # Ctrl-C and SIGTERM end the stay, not the recording.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, staying.cancel)
    try:
        await asyncio.wait((sitting, staying), return_when=asyncio.FIRST_COMPLETED)
        if sitting.done():
            _raise_cause(sitting)
        await staying
    except asyncio.CancelledError:
        if wish.wait_heard and not desk.result.heard:
            raise VoiceError("headless.not_heard") from None
    finally:
        for task in (staying, sitting):
            task.cancel()
        await asyncio.gather(staying, sitting, return_exceptions=True)
        result = desk.finish()
    return result


def _raise_cause(task: "asyncio.Future[None]") -> None:
    """What ended the desk, out of whatever group it came in."""
    fault = task.exception()
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    if isinstance(fault, OpenlineError):
        raise fault
    if fault is not None:
        raise VoiceError("headless.not_connected", str(fault)) from fault
