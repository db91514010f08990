"""The recordings of calls: pieces from one's own desk become files, and their hashes entries.

A piece is kept only while the engine says so, which is after the other side was told. A file grows
under a name of its own, is synced, gets its final name, and only then its entry. What a lost page
or a stopped post left is finished as it is. No disk is touched in the loop's thread.
"""

import asyncio
import errno
import hashlib
import os
import re
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from openline.app.folder import PRIVATE_FILE, PRIVATE_FOLDER
from openline.app.webm import MAGIC, duration_ms
from openline.record.bodies import Recording

CALL_BYTES_MAX: Final = 64 * 1024 * 1024
SILENT_SECONDS: Final = 5.0
SWEEP_SECONDS: Final = 1.0
MEDIA_TYPE: Final = "audio/webm;codecs=opus"
_SCRATCH: Final = re.compile(r"\.([0-9a-f]{8})-([0-9]{1,6})\.part")
FINISHED: Final = re.compile(r"([0-9a-f]{8})(?:-([0-9]{1,6}))?(?:\.[0-9]+)?\.webm")

_diagnostics = structlog.get_logger("openline.recording")

Takes = Callable[[bytes, int], str]
Kept = Callable[[Recording, str], bool]
"""A file is finished; False: its entry must wait, ask again."""

Known = AbstractSet[tuple[bytes, int, int]]


@dataclass(slots=True)
class _Growing:
    """A file that grows."""

    scratch: Path
    size: int = 0
    seq: int = 0
    heard: float = 0.0


class RecordingShelf:
    """See the module.

    Args:
        folder: of the recordings; made when the first one comes.
        bytes_max: of all recordings together.
        takes: whether a piece of that call and part may be kept now ("", else a code).
        kept: a part is finished and on disk.
        known: call, part and size of what the record holds already.
    """

    def __init__(
        self, folder: Path, bytes_max: int, takes: Takes, kept: Kept, known: Known = frozenset()
    ) -> None:
        """See the class."""
        self._known = set(known)
        self._folder = folder
        self._bytes_max = bytes_max
        self._takes = takes
        self._kept = kept
        self._growing: dict[tuple[bytes, int], _Growing] = {}
        self._waiting: list[tuple[Recording, str]] = []
        self._total: int | None = None
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Finish what an earlier start left, then look after what grows."""
        await self._recover()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.sweep()

    async def sweep(self) -> None:
        """Finish what is not fed any more, and give in what the record could not take."""
        async with self._lock:
            limit = time.monotonic() - SILENT_SECONDS
            for key, growing in list(self._growing.items()):
                if growing.heard < limit or self._takes(*key):
                    await self._finish(key, "")
            waiting, self._waiting = self._waiting, []
            for recording, fault in waiting:
                self._give_in(recording, fault)

    async def take(self, call: bytes, part: int, seq: int, data: bytes, *, last: bool) -> str:
        """Keep a piece; see :class:`openline.web.recordings.RecordingSink`."""
        async with self._lock:
            key = (call, part)
            growing = self._growing.get(key)
            code = self._takes(call, part)
            if code or (growing is None and seq > 0):
                return code or "recording.order"
            if growing is None:
                if not data.startswith(MAGIC):
                    return await self._refuse(key, "recording.not_sound")
                growing = _Growing(self._folder / f".{call.hex()}-{part}.part")
                self._growing[key] = growing
            if seq != growing.seq:
                return "" if seq < growing.seq else "recording.order"
            code = await self._append(growing, data)
            if code:
                return await self._refuse(key, code)
            growing.seq += 1
            growing.heard = time.monotonic()
            if last:
                await self._finish(key, "")
            return ""

    async def _append(self, growing: _Growing, data: bytes) -> str:
        if self._total is None:
            self._total = await asyncio.to_thread(_bytes_in, self._folder)
        if growing.size + len(data) > CALL_BYTES_MAX:
            return "recording.call_full"
        if self._total + len(data) > self._bytes_max:
            return "recording.full"
        try:
            await asyncio.to_thread(_append, growing.scratch, growing.size, data)
        except OSError as fault:
            full = fault.errno in {errno.ENOSPC, errno.EDQUOT}
            return "recording.disk_full" if full else "recording.disk"
        growing.size += len(data)
        self._total += len(data)
        return ""

    async def _refuse(self, key: tuple[bytes, int], code: str) -> str:
        """This part ends here, for a reason that its desk is told; what was kept so far stands."""
        _diagnostics.warning("recording ended", code=code)
        await self._finish(key, code)
        return code

    async def _finish(self, key: tuple[bytes, int], fault: str) -> None:
        growing = self._growing.pop(key, None)
        self._total = None  # somebody may have made room since
        call, part = key
        nothing = Recording(
            call=call, part=part, sha256=bytes(32), size=0, type=MEDIA_TYPE, duration_ms=0
        )
        found = nothing
        if growing is not None and growing.size:
            try:
                found = await asyncio.to_thread(_close, growing.scratch, call, part)
            except OSError as error:
                _diagnostics.error("recording unfinished", detail=str(error))
                fault = "recording.disk"
        self._give_in(found, fault)

    def _give_in(self, recording: Recording, fault: str) -> None:
        self._known.add((recording.call, recording.part, recording.size))
        if not self._kept(recording, fault):
            self._waiting.append((recording, fault))

    async def _recover(self) -> None:
        async with self._lock:
            for recording in await asyncio.to_thread(_left_over, self._folder, self._known):
                self._give_in(recording, "")


def _bytes_in(folder: Path) -> int:
    try:
        return sum(entry.stat().st_size for entry in os.scandir(folder))
    except OSError:
        return 0


def _append(scratch: Path, size: int, data: bytes) -> None:
    """Write a piece behind ``size`` bytes, all of it or none."""
    scratch.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(scratch, flags, PRIVATE_FILE)
    try:
        os.ftruncate(descriptor, size)
        os.lseek(descriptor, size, os.SEEK_SET)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(descriptor, view) :]
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _close(scratch: Path, call: bytes, part: int) -> Recording:
    """Sync, hash and name a file that grew; nothing of it changes after that."""
    descriptor = os.open(scratch, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    name = call.hex() if part == 1 else f"{call.hex()}-{part}"
    final = scratch.with_name(f"{name}.webm")
    number = 1
    while final.exists():  # a tag of four bytes may come again in another year
        number += 1
        final = scratch.with_name(f"{name}.{number}.webm")
    scratch.rename(final)
    folder = os.open(scratch.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return _facts(final, call, part)


def _facts(final: Path, call: bytes, part: int) -> Recording:
    data = final.read_bytes()
    return Recording(
        call=call,
        part=part,
        sha256=hashlib.sha256(data).digest(),
        size=len(data),
        type=MEDIA_TYPE,
        duration_ms=duration_ms(data),
    )


def _left_over(folder: Path, known: Known) -> list[Recording]:
    """Finish what an earlier start of this post was in the middle of, on disk or with its entry."""
    found = []
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except OSError:
        return []
    for name in names:
        growing, finished = _SCRATCH.fullmatch(name), FINISHED.fullmatch(name)
        match = growing or finished
        if match is None:
            continue
        call, part, path = bytes.fromhex(match[1]), int(match[2] or 1), folder / name
        try:
            if growing:
                found.append(_close(path, call, part))
            elif (call, part, path.stat().st_size) not in known:
                found.append(_facts(path, call, part))
        except OSError as fault:
            _diagnostics.error("recording unfinished", detail=str(fault))
    return found
