"""What the running post answers on its control socket.

``status`` gives the view of the desk and the counters of the link and of voice;
``text`` writes a text and follows it up its ladder; ``record`` and ``export``
read the record between commits; ``desk-url`` gives a fresh one-time address.
"""

import asyncio
import base64
import dataclasses
import os
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from openline import __version__
from openline.app.checking import check
from openline.app.control import Answer
from openline.app.deskapi import DeskFront
from openline.app.metrics import render
from openline.app.officers import Ask, Officers
from openline.app.reading import Holding, bundle, describe, fork_of
from openline.app.shell import PostShell
from openline.engine.desk import DeskEvent, Refused, Rung, TextTaken, TimelineChanged
from openline.engine.exchange_asked import act_of
from openline.engine.marked import mark_of
from openline.errors import AccessError, OpenlineError
from openline.link import Link
from openline.record.genesis import Genesis
from openline.store import StoreWriter
from openline.voice import VoiceEndpoint

ENTRIES_PER_ANSWER: Final = 500
PART_BYTES: Final = 48_000
WAIT_SECONDS_MAX: Final = 3600.0
TEXT_CHARACTERS_MAX: Final = 16_000
PASSPHRASE_CHARACTERS_MAX: Final = 512
OFFICER_CHARACTERS_MAX: Final = 16
WRITTEN_SECONDS_MAX: Final = 20.0
OFFICER_ACTS: Final = frozenset({
    "officers",
    "officer-add",
    "officer-revoke",
    "officer-rule",
    "officer-passphrase",
})  # fmt: skip
_RUNGS: Final = ("written", "receipted", "sealed", "shown", "opened")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the answers are made from.

    Attributes:
        desk_url: makes a fresh one-time address, of the HTTPS listener if asked; raises when there
            is no desk server.
        own: our party index.
        problems: what does not work now; the line goes on without it.
    """

    shell: PostShell
    front: DeskFront
    link: Link
    writer: StoreWriter
    endpoint: VoiceEndpoint
    genesis: Genesis
    own: int
    desk_url: Callable[[bool], str]
    officers: Officers
    problems: dict[str, OpenlineError]


class ControlService:
    """Answers one request after the other; see the module."""

    def __init__(self, parts: Parts) -> None:
        """Over a running post."""
        self._parts = parts

    async def __call__(self, request: Answer) -> AsyncIterator[Answer]:
        """The answers to a request.

        Raises:
            AccessError: ``control.request``. OpenlineError: whatever the post refuses with.
        """
        answers = {
            "text": self._text,
            "check": self._check,
            "exchange": self._exchange,
            "mark": self._mark,
            "record": self._record,
            "export": self._export,
            "fork": self._fork,
            "metrics": self._metrics,
        }
        match request.get("do"):
            case "status":
                yield self.status()
            case "desk-url" | "desk":
                yield {"url": self._parts.desk_url(request.get("https") is True)}
            case str(name) if name in answers:
                async for answer in answers[name](request):
                    yield answer
            case str(what) if what in OFFICER_ACTS:
                yield await self._officer(what, request)
            case _:
                raise AccessError("control.request", "unknown request")

    async def _officer(self, what: str, request: Answer) -> Answer:
        """List officers; enrol or revoke one, or change a passphrase: says where it is written."""
        ask, officers = _ask(request), self._parts.officers
        if what == "officers":
            return {"officers": officers.list(), "two": list(officers.two)}
        if what == "officer-passphrase":
            await officers.passphrase(ask)
            return {"item": ""}
        act = officers.add if what == "officer-add" else officers.revoke
        with self._watched() as events:
            follow = Follow(secrets.token_hex(8))
            if what == "officer-rule":
                await officers.rule(ask, _kinds(request), follow.request)
            else:
                await act(ask, follow.request)
            self._parts.shell.carry_out()
            await follow.written(events)
        return {"item": follow.item}

    async def _exchange(self, request: Answer) -> AsyncIterator[Answer]:
        """An act in a sealed exchange: says where it is written. Without one: how each stands."""
        if request.get("act") == "status":
            views = self._parts.shell.post.exchanges(self._parts.shell.clock())
            yield {"exchanges": [dataclasses.asdict(each) for each in views]}
            return
        act = act_of(request, lambda name: AccessError("control.request", name))
        officer = _string(request, "officer", OFFICER_CHARACTERS_MAX)
        with self._watched() as events:
            follow = Follow(secrets.token_hex(8))
            self._parts.front.exchange(None, follow.request, act, officer)
            await follow.written(events)
        yield {"item": follow.item}

    async def _mark(self, request: Answer) -> AsyncIterator[Answer]:
        """Say something of an entry: says where it is written."""
        wish = mark_of(request, lambda name: AccessError("control.request", name))
        officer = _string(request, "officer", OFFICER_CHARACTERS_MAX)
        with self._watched() as events:
            follow = Follow(secrets.token_hex(8))
            self._parts.front.mark(None, follow.request, wish, officer)
            await follow.written(events)
        yield {"item": follow.item}

    def status(self) -> Answer:
        """Everything that a desk is shown, and the counters beside it."""
        parts = self._parts
        link = parts.link.status()
        shown = dataclasses.asdict(parts.front.view())
        return shown | {
            "version": __version__,
            "pid": os.getpid(),
            "line": parts.genesis.line.hex(),
            "media": dataclasses.asdict(link.media),
            "paths": [dataclasses.asdict(path) for path in link.paths],
            "packets_refused": link.packets_refused,
            "connects_refused": link.connects_refused,
            "offences": [{"path": item.path, "code": item.code} for item in link.offences],
            "voice_relay": dataclasses.asdict(parts.endpoint.stats()),
            "problems": [
                {"code": fault.code, "facts": dict(fault.facts)}
                for fault in parts.problems.values()
            ],
        }

    async def _holding(self) -> Holding:
        """The record as it stands: the notes first, so that no note outruns its entries."""
        parts = self._parts
        notes = await parts.writer.notes()
        record = parts.front.view().record
        sizes = (record.own_size, record.peer_size)
        if parts.own == 1:
            sizes = (sizes[1], sizes[0])
        halves = [await parts.writer.entries(log, sizes[log]) for log in (0, 1)]
        signatures = await parts.writer.signatures()
        return Holding(
            own=parts.own,
            genesis=parts.genesis.raw,
            genesis_signatures=signatures,
            entries=(halves[0], halves[1]),
            notes=[note for note in notes if note.size <= len(halves[note.log])],
        )

    async def _record(self, _request: Answer) -> AsyncIterator[Answer]:
        found = await asyncio.to_thread(describe, await self._holding())
        for at in range(0, len(found), ENTRIES_PER_ANSWER):
            yield {"entries": found[at : at + ENTRIES_PER_ANSWER]}

    async def _metrics(self, _request: Answer) -> AsyncIterator[Answer]:
        for part in _parts_of(render(self._parts.front, self._parts.link)):
            yield part

    async def _export(self, request: Answer) -> AsyncIterator[Answer]:
        whole, bodies = request.get("whole") is True, request.get("bodies") is not False
        holding = await self._holding()
        now_ms = self._parts.shell.clock().wall_ms
        data = await asyncio.to_thread(
            lambda: b"".join(bundle(holding, now_ms, whole=whole, bodies=bodies))
        )
        for part in _parts_of(data):
            yield part

    async def _fork(self, _request: Answer) -> AsyncIterator[Answer]:
        kept = await self._parts.writer.evidence()
        for part in _parts_of(fork_of(self._parts.genesis.raw, kept)):
            yield part

    async def _check(self, request: Answer) -> AsyncIterator[Answer]:
        async for answer in check(self._parts.front, request):
            yield answer

    async def _text(self, request: Answer) -> AsyncIterator[Answer]:
        text, lang = _string(request, "text", TEXT_CHARACTERS_MAX), _string(request, "lang", 35)
        wait = _string(request, "wait", 16) or "written"
        seconds = request.get("timeout", 30.0)
        if wait not in _RUNGS or not isinstance(seconds, int | float):
            raise AccessError("control.request", "wait or timeout")
        officer, second = (
            _string(request, word, OFFICER_CHARACTERS_MAX) for word in ("officer", "second")
        )
        with self._watched() as events:
            follow = Follow(secrets.token_hex(8))
            async with AsyncExitStack() as stack:
                by = (officer, "")
                if second:
                    both = self._parts.officers.both(officer, second, _ask(request))
                    by = await stack.enter_async_context(both)
                self._parts.front.write_text(None, follow.request, text, lang or "en", by)
            try:
                async with asyncio.timeout(min(float(seconds), WAIT_SECONDS_MAX)):
                    while wait not in follow.reached:
                        for rung in follow.up_to(wait, await events.get()):
                            yield {"rung": rung, "item": follow.item}
                        if follow.ends_before(wait):
                            return
            except TimeoutError:
                if not follow.reached:
                    raise AccessError("control.silent", "not written in time") from None

    @contextmanager
    def _watched(self) -> Iterator["asyncio.Queue[DeskEvent]"]:
        events: asyncio.Queue[DeskEvent] = asyncio.Queue()
        watcher = events.put_nowait
        self._parts.shell.watchers.add(watcher)
        try:
            yield events
        finally:
            self._parts.shell.watchers.discard(watcher)


class Follow:
    """One text on its way up the ladder.

    Attributes:
        item: its present name. reached: rungs reached, in order.
    """

    def __init__(self, request: str) -> None:
        """Follow the text that was asked for under ``request``."""
        self.request = request
        self.item = ""
        self.reached: list[str] = []
        self._ladder: tuple[Rung, ...] = ()

    def take(self, event: DeskEvent) -> list[str]:
        """The rungs that this event shows to be newly reached.

        Raises:
            OpenlineError: the text was refused.
        """
        if isinstance(event, Refused) and event.request == self.request:
            raise OpenlineError(event.code, "refused by the post", **event.facts)
        if isinstance(event, TextTaken) and event.request == self.request:
            self.item = event.item
            self.reached.append("written")
            return ["written", *self._climb()]
        if isinstance(event, TimelineChanged):
            for item in event.items:
                if self.item and self.item in (item.id, item.replaces):
                    self.item, self._ladder = item.id, item.ladder
        return self._climb()

    def up_to(self, wait: str, event: DeskEvent) -> list[str]:
        """As :meth:`take`; of what lies beyond the rung that is waited for nothing is said."""
        found = self.take(event)
        return found[: found.index(wait) + 1] if wait in found else found

    async def written(self, events: "asyncio.Queue[DeskEvent]") -> None:
        """Until it is written here.

        Raises:
            OpenlineError: it was refused. AccessError: ``control.silent``: not in time.
        """
        try:
            async with asyncio.timeout(WRITTEN_SECONDS_MAX):
                while not self.item:
                    self.take(await events.get())
        except TimeoutError:
            raise AccessError("control.silent", "not written in time") from None

    def _climb(self) -> list[str]:
        done = [rung.name for rung in self._ladder if rung.state == "done"]
        new = [name for name in done if name not in self.reached]
        self.reached.extend(new)
        return list(new)

    def ends_before(self, wait: str) -> bool:
        """Whether the rung waited for will never be reported."""
        return any(rung.name == wait and rung.state == "not_reported" for rung in self._ladder)


def _parts_of(data: bytes) -> Iterator[Answer]:
    for at in range(0, len(data), PART_BYTES):
        yield {"part": base64.b64encode(data[at : at + PART_BYTES]).decode()}


def _kinds(request: Answer) -> list[str]:
    two = request.get("two", [])
    if not isinstance(two, list) or not all(isinstance(kind, str) for kind in two):
        raise AccessError("control.request", "two")
    return two


def _ask(request: Answer) -> Ask:
    plain = ("code", "by", "second", "name")
    words = (*plain, "passphrase", "old", "by_passphrase", "second_passphrase")
    return Ask(**{word: _string(request, word, PASSPHRASE_CHARACTERS_MAX) for word in words})


def _string(request: Answer, name: str, limit: int) -> str:
    value: Any = request.get(name, "")
    if not isinstance(value, str) or len(value) > limit:
        raise AccessError("control.request", name)
    return value
