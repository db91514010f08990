"""Engines with a bug planted in them; at module level, so that another process can make them."""

from dataclasses import replace
from typing import Any

from typing_extensions import override

from openline.engine.accounts import Accounts
from openline.engine.call_state import Call
from openline.engine.desk import Gate, PostView, StopTalking, TimelineChanged
from openline.engine.ports import Command, Commit, SendFrame, SetControl, StoredNote, ToDesk
from openline.engine.post import Post
from openline.protocol.call import Outcome
from openline.protocol.clock import Now
from openline.protocol.frames import FrameClass, parse_batch


def receipts(notes: tuple[StoredNote, ...], own: int) -> list[Command]:
    """The receipts over the peer's log in a transaction, as frames."""
    return [
        SendFrame(frame_class=int(FrameClass.RECEIPT), body=note.receipt)
        for note in notes
        if note.receipt is not None and note.log != own
    ]


class ReceiptBeforeCommit(Post):
    """Cosign before commit."""

    @override
    def drain(self) -> list[Command]:
        found: list[Command] = []
        for command in super().drain():
            if isinstance(command, Commit):
                found += receipts(command.writes.notes, self._ctx.own)
            found.append(command)
        return found


class ReceiptForFailedCommit(Post):
    """A receipt although the disk refused."""

    def __init__(self, **named: Any) -> None:  # noqa: ANN401 passed on as it is
        self.flight: dict[int, list[Command]] = {}
        super().__init__(**named)

    @override
    def drain(self) -> list[Command]:
        found = super().drain()
        for command in found:
            if isinstance(command, Commit):
                self.flight[command.ticket] = receipts(command.writes.notes, self._ctx.own)
        return found

    @override
    def commit_failed(self, ticket: int, code: str, now: Now) -> None:
        for command in self.flight.pop(ticket, []):
            self._ctx.emit(command)
        super().commit_failed(ticket, code, now)


class UpForEver(Post):
    """UP once, UP for ever."""

    was_up = False

    @override
    def view(self, now: Now) -> PostView:
        view = super().view(now)
        self.was_up = self.was_up or view.link.state == "UP"
        return replace(view, link=replace(view.link, state="UP")) if self.was_up else view


class LadderGoesBack(Post):
    """A rung that was done waits again."""

    @override
    def drain(self) -> list[Command]:
        found: list[Command] = []
        for command in super().drain():
            found.append(command)
            if isinstance(command, ToDesk) and isinstance(command.event, TimelineChanged):
                items = tuple(
                    replace(
                        item,
                        ladder=tuple(
                            replace(rung, state="waiting") if rung.name == "receipted" else rung
                            for rung in item.ladder
                        ),
                    )
                    for item in command.event.items
                )
                found.append(ToDesk(desk=None, event=TimelineChanged(items=items)))
        return found


class ReceiptedGoesBack(Post):
    """The size that is receipted is forgotten for a moment."""

    looks = 0

    @override
    def view(self, now: Now) -> PostView:
        view = super().view(now)
        self.looks += 1
        if self.looks % 500 == 499 and view.record.receipted:
            return replace(view, record=replace(view.record, receipted=view.record.receipted - 1))
        return view


class NoResend(Post):
    """An entry that was sent once is not sent again."""

    def __init__(self, **named: Any) -> None:  # noqa: ANN401 passed on as it is
        self.sent = [0, 0]
        super().__init__(**named)

    @override
    def drain(self) -> list[Command]:
        found: list[Command] = []
        for command in super().drain():
            if isinstance(command, SendFrame) and command.frame_class == FrameClass.BATCH:
                batch = parse_batch(command.body)
                if batch.first < self.sent[batch.log]:
                    continue
                self.sent[batch.log] = batch.stop
            found.append(command)
        return found


class TalksByItself(Post):
    """Says that it talks although nobody holds a key."""

    @override
    def drain(self) -> list[Command]:
        return [
            replace(command, talking=command.call_open)
            if isinstance(command, SetControl)
            else command
            for command in super().drain()
        ]


class GateStaysOpen(Post):
    """The loudspeaker stays open after the call."""

    @override
    def drain(self) -> list[Command]:
        return [
            command
            for command in super().drain()
            if not (
                isinstance(command, ToDesk)
                and isinstance(command.event, Gate)
                and not command.event.open
            )
        ]


class LetsOut(Post):
    """Stumbles when it stops a transmission."""

    @override
    def drain(self) -> list[Command]:
        found = super().drain()
        for command in found:
            if isinstance(command, ToDesk) and isinstance(command.event, StopTalking):
                raise KeyError("planted")
        return found


class TwoWayStaysOpen(Post):
    """Does not stop a page when it is no longer open both ways."""

    @override
    def drain(self) -> list[Command]:
        return [
            command
            for command in super().drain()
            if not (
                isinstance(command, ToDesk)
                and isinstance(command.event, StopTalking)
                and command.event.reason == "call.two_way_over"
            )
        ]


class CallGoesBack(Post):
    """Shows a call as announcing again."""

    looks = 0

    @override
    def view(self, now: Now) -> PostView:
        view = super().view(now)
        self.looks += 1
        if self.looks % 50 == 49 and view.call is not None and view.call.state == "taken":
            return replace(view, call=replace(view.call, state="announcing"))
        return view


class NamesAnActOfTheOther(Post):
    """Its accounts say that the other side declined what it withdrew itself."""

    def __init__(self, **named: Any) -> None:  # noqa: ANN401 passed on as it is
        super().__init__(**named)
        accounts = self._calls._core.accounts
        self._calls._core.accounts = Liar(accounts)  # type: ignore[assignment] # its few calls


class Liar:
    """Writes accounts, some of them untrue."""

    def __init__(self, accounts: Accounts) -> None:
        self.remember, self.no_contact = accounts.remember, accounts.no_contact
        self._accounts = accounts

    def write(self, call: Call, now: Now) -> None:
        """An account."""
        told = call.outcome
        if told == Outcome.WITHDRAWN and call.role == "caller":
            call.outcome = Outcome.DECLINED.value
        self._accounts.write(call, now)
        call.outcome = told
