"""A line check asked for over the control socket: begin it, follow it, tell both sides' results."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any, Final

from openline.app.deskapi import DeskFront
from openline.engine.desk import CheckView
from openline.errors import AccessError

LOOK_SECONDS: Final = 0.05
PEER_SECONDS: Final = 5.0
"""The other side's result is waited for so long after our own."""

CHECK_SECONDS_MAX: Final = 90.0


async def check(front: DeskFront, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
    """The answers: the id at once, then what was measured.

    Raises:
        AccessError: ``control.request``; ``control.silent`` if no result comes. OpenlineError:
            ``engine.check_*``.
    """
    asked = [request.get(name) is True for name in ("text", "voice", "words")]
    if not any(asked):
        raise AccessError("control.request", "no part of a check")
    name = front.check_now(None, text=asked[0], voice=asked[1], words=asked[2])
    yield {"check": name}
    found: CheckView | None = None
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            found = await _own_result(front, name)
            async with asyncio.timeout(PEER_SECONDS):
                while found.compare == "missing":
                    await asyncio.sleep(LOOK_SECONDS)
                    found = await _own_result(front, name)
    except TimeoutError:
        if found is None:
            raise AccessError("control.silent", "the check gave no result") from None
    checks = front.view().checks
    yield {
        "check": name,
        "full": found.full,
        "held": _held(found, text=asked[0], voice=asked[1]),
        "result": dataclasses.asdict(found),
        "days": checks.days,
        "words": checks.words,
        "clocks_apart_ms": checks.clocks_apart_ms,
    }


async def _own_result(front: DeskFront, name: str) -> CheckView:
    while True:
        last = front.view().checks.last
        if last is not None and last.check == name:
            return last
        await asyncio.sleep(LOOK_SECONDS)


def _held(found: CheckView, *, text: bool, voice: bool) -> bool:
    """What was asked for held, by both sides' word."""
    words = []
    if text:
        words += [found.own_text, found.peer_text]
    if voice:
        words += [found.own_voice, found.peer_voice]
    return all(word == "held" for word in words)
