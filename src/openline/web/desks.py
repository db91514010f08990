"""The desks of a post: up to three pages, each with a WebSocket and a seat of its own.

The sink given to the post notes an event and returns; a writer sends. A page that
does not keep up, sends what it must not, or sends too much, loses its socket. Ticks
go out four times a second whatever else happens: the page's clock runs on them.

A desk whose session is locked hears and shows the line: its page is sent no text, and asks in vain.
"""

import asyncio
import secrets
from collections import deque
from dataclasses import asdict, replace
from typing import Final

from starlette.types import Message  # tidy: Starlette's name
from starlette.websockets import WebSocket, WebSocketState

from openline.engine.desk import (
    DeskEvent,
    Role,
    Seat,
    TimelineChanged,
    ViewChanged,
)
from openline.engine.desk_api import DeskApi
from openline.errors import AccessError, OpenlineError
from openline.web.config import DeskServerConfig
from openline.web.frames import (
    NO_ACTS,
    SEAT,
    Frame,
    act,
    dump,
    event_frame,
    heard_from_locked,
    parse_frame,
    role_of,
    shown_items,
    view_frame,
    welcome,
)
from openline.web.idle import Idle
from openline.web.seats import SEAT_COUNT, Roles, Wish, choose, parse_wish
from openline.web.sessions import Session, Sessions

TICK_S: Final = 0.25
VIEW_S: Final = 0.03
"""At least between two views: a peer that changes its mind all the time costs no more than this."""
WAITING_MAX: Final = 1024
RATE_PER_S: Final = 50.0
BURST: Final = 150.0

GOING_AWAY: Final = 1001
REFUSED: Final = 1008
TAKEN_OVER: Final = 4001
TOO_SLOW: Final = 4002
FULL: Final = 4003


class _Finished(Exception):  # noqa: N818 not an error: ends the tasks of one desk
    pass


class Desk:
    """One page's socket, from acceptance to its end.

    Attributes:
        key: names the page over reloads, or "".
        seat: where it sits, and as what.
    """

    def __init__(
        self,
        api: DeskApi,
        config: DeskServerConfig,
        websocket: WebSocket,
        place: tuple[Seat, str],
        session: Session,
        shared: tuple[Roles, Sessions],
    ) -> None:
        """See the class; ``place`` is the seat and the page's key."""
        self.id: Final = secrets.token_bytes(8)
        self.seat, self.key = place
        self._session = session
        self._roles, self._sessions = shared
        self._api = api
        self._config = config
        self._idle = Idle(config.idle_minutes)
        self._websocket = websocket
        self._waiting: deque[Frame] = deque()
        self._wake = asyncio.Event()
        self._view_due = False
        self._view_at = 0.0
        self._view_later = False
        self._closed = False
        self._farewell: tuple[int, str] | None = None

    def sink(self, event: DeskEvent) -> None:
        """Take an event of the post; never blocks, never raises."""
        if self._closed:
            return
        if isinstance(event, ViewChanged):
            self._view_due = True
        elif len(self._waiting) >= WAITING_MAX:
            self.finish(TOO_SLOW, "web.slow")
        elif (frame := event_frame(event)) is not None and self._may_have(event):
            self._waiting.append(frame)
        self._wake.set()

    def _may_have(self, event: DeskEvent) -> bool:
        """What is written on the line is for officers: a locked page is not sent it."""
        return self._session.unlocked or not isinstance(event, TimelineChanged)

    @property
    def signed_in(self) -> bool:
        """Whether an officer is signed in here."""
        return self._session.unlocked

    def locked(self) -> None:
        """Nobody is signed in here any more: stop, show nothing, go on hearing."""
        if not self._closed:
            self._api.desk_locked(self.id)
            self._waiting.append({"t": "locked"})
            self._view_due = True
            self._wake.set()

    def unlocked(self, session: Session) -> None:
        """This session's officer signed in here."""
        self._session = session
        self.seat = replace(self.seat, officer=session.officer)
        self._idle.acted()
        if not self._closed:
            self._api.desk_unlocked(self.id, session.officer)
            self._waiting.append({"t": "unlocked"} | self._own() | shown_items(self._api))
            self._view_due = True
            self._wake.set()

    def _own(self) -> Frame:
        """What is so at this desk alone."""
        left_ms = self._idle.warning_ms() if self._session.unlocked else None
        return {
            "session": {
                "officer": self._session.officer,
                "unlocked": self._session.unlocked,
                "passphrase": self._sessions.needs_passphrase(self._session),
                "locks_in_ms": left_ms,
            }
        }

    def finish(self, close_code: int, error_code: str) -> None:
        """End this desk: the post forgets it now, its page is told why."""
        if self._farewell is None:
            self._farewell = (close_code, error_code)
            self._waiting.clear()
            self.close()
        self._wake.set()

    def close(self) -> None:
        """Tell the post, once, that this desk is gone."""
        if not self._closed:
            self._closed = True
            self._sessions.left(self._session, self)
            self._api.desk_closed(self.id)

    async def run(self) -> None:
        """Serve the page until it goes, fails, or is sent away."""
        unlocked = self._session.unlocked
        self._sessions.seated(self._session, self)
        self._api.desk_opened(self.id, self.sink, self.seat, locked=not unlocked)
        now_ms = self._config.wall_ms()
        first = welcome(self.id, self.seat, self._api, now_ms, with_items=unlocked)
        self._waiting.appendleft(first | self._own())
        self._wake.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write())
                tasks.create_task(self._tick())
                # Here and not in a task: a group that is left waiting when a task fails keeps its
                # own request to cancel on Python 3.11.
                await self._read()
        except* _Finished:
            pass
        finally:
            self.close()

    async def _tick(self) -> None:
        while True:
            self._look_whether_idle()
            self._view_due = True
            self._wake.set()
            await asyncio.sleep(TICK_S)

    def _look_whether_idle(self) -> None:
        if self._session.unlocked and self._idle.over(self._api.view()):
            self._sessions.lock(self._session)

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._send(self._waiting.popleft())
            if self._farewell is not None:
                await self._bid_farewell(*self._farewell)
            if self._view_due:
                await self._send_view()

    async def _send_view(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now < self._view_at:
            if not self._view_later:
                self._view_later = True
                loop.call_at(self._view_at, self._wake.set)
            return
        self._view_due = self._view_later = False
        self._view_at = now + VIEW_S
        written = self._session.unlocked
        view = view_frame(self._api.view(), self._config.wall_ms(), written=written)
        await self._send(view | self._own())

    async def _bid_farewell(self, close_code: int, error_code: str) -> None:
        await self._send({"t": "closed", "code": error_code})
        if self._websocket.application_state is not WebSocketState.DISCONNECTED:
            await self._websocket.close(close_code, error_code)
        raise _Finished

    async def _send(self, frame: Frame) -> None:
        try:
            await self._websocket.send_text(dump(frame))
        except (RuntimeError, OSError) as error:  # the page went while we wrote
            raise _Finished from error

    async def _read(self) -> None:
        clock = asyncio.get_running_loop().time
        allowance, last = BURST, clock()
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                raise _Finished
            now = clock()
            allowance = min(BURST, allowance + (now - last) * RATE_PER_S) - 1
            last = now
            if self._farewell is not None:
                continue
            if allowance < 0:
                self.finish(REFUSED, "web.rate")
            else:
                self._obey(event)

    def _obey(self, event: Message) -> None:  # tidy: Starlette's name
        try:
            frame = parse_frame(event.get("text"))
            self._act(frame)
        except AccessError as error:
            self.finish(REFUSED, error.code)

    def _act(self, frame: Frame) -> None:
        kind = frame["t"]
        if kind == "lock":
            self._sessions.lock(self._session)
            return
        if not self._session.unlocked and not heard_from_locked(frame):
            self._refuse_locked(frame)
            return
        if kind not in NO_ACTS:
            self._idle.acted()
        try:
            if kind == SEAT:
                self._sit_as(role_of(frame))
            else:
                act(self._api, self.id, frame)
        except AccessError:
            raise
        except OpenlineError as error:  # the post refuses this one act
            request = frame.get("request")
            self._answer_refused(error, request if isinstance(request, str) else "")

    def _refuse_locked(self, frame: Frame) -> None:
        if frame["t"] == "talk":
            self._waiting.append({"t": "stop-talking", "reason": "call.desk_locked"})
        request = frame.get("request")
        error = AccessError("web.locked", "nobody is signed in")
        self._answer_refused(error, request if isinstance(request, str) else "")

    def _sit_as(self, role: Role) -> None:
        self._roles.keep(self.key, role)
        self.seat = replace(self.seat, role=role)
        self._api.seated(self.id, self.seat)

    def _answer_refused(self, error: OpenlineError, request: str) -> None:
        refused = {"t": "refused", "request": request, "code": error.code, "facts": error.facts}
        self._waiting.append(refused)
        self._wake.set()


class Desks:
    """Which page has which seat."""

    def __init__(self, api: DeskApi, config: DeskServerConfig, sessions: Sessions) -> None:
        """See the class."""
        self._api = api
        self._config = config
        self._sessions = sessions
        self._seated: dict[int, Desk] = {}
        self._roles = Roles()

    @property
    def occupied(self) -> bool:
        """Whether a page has a desk."""
        return bool(self._seated)

    async def serve(self, websocket: WebSocket, session: Session) -> None:
        """Give a seat to this page; a page that had it is told and goes quiet.

        A session is at one desk: a page of it that sits elsewhere goes quiet too.
        """
        await websocket.accept()
        try:
            wish = parse_wish(websocket.query_params)
        except AccessError as error:
            await _send_away(websocket, REFUSED, {"code": error.code})
            return
        slot = choose(wish, {slot: desk.key for slot, desk in self._seated.items()})
        if slot is None:
            await _send_away(websocket, FULL, {"code": "web.desks_full", "desks": self._seats()})
            return
        before = self._seated.get(slot)
        if before is not None and before.signed_in and not session.unlocked:
            # A page without an officer takes the seat from nobody who has one.
            await _send_away(websocket, TAKEN_OVER, {"code": "web.taken_over"})
            return
        self._leave_elsewhere(session, slot)
        before = self._seated.pop(slot, None)
        if before is not None:
            before.finish(TAKEN_OVER, "web.taken_over")
        role = self._role(wish, before)
        place = Seat(slot=slot, role=role, officer=session.officer), wish.key
        shared = self._roles, self._sessions
        desk = Desk(self._api, self._config, websocket, place, session, shared)
        self._seated[slot] = desk
        self._roles.keep(wish.key, role)
        try:
            await desk.run()
        finally:
            if self._seated.get(slot) is desk:
                del self._seated[slot]

    def _leave_elsewhere(self, session: Session, slot: int) -> None:
        """The page of that session at another seat, if there is one, goes quiet."""
        for at, desk in list(self._seated.items()):
            if at != slot and session.place is desk:
                del self._seated[at]
                desk.finish(TAKEN_OVER, "web.taken_over")

    def close(self) -> None:
        """The post stops: every page is told."""
        for desk in list(self._seated.values()):
            desk.finish(GOING_AWAY, "web.stopped")

    def _role(self, wish: Wish, before: Desk | None) -> Role:
        """Whoever takes a seat over has the role that it had."""
        if before is not None:
            return before.seat.role
        others = [desk.seat.role for desk in self._seated.values()]
        return self._roles.of(wish.key, others, wish.role)

    def _seats(self) -> list[Frame]:
        return [asdict(self._seated[slot].seat) for slot in range(SEAT_COUNT)]


async def _send_away(websocket: WebSocket, close_code: int, frame: Frame) -> None:
    try:
        await websocket.send_text(dump({"t": "closed"} | frame))
        await websocket.close(close_code, str(frame["code"]))
    except (RuntimeError, OSError):
        return  # the page went before it was told
