"""The shell: commands in order, also those that a command itself calls forth."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from openline.app.shell import LINK_UP_MS_MAX, PostShell
from openline.engine.desk import DeskEvent, TextTaken, ViewChanged
from openline.engine.ports import (
    Command,
    Commit,
    FarLegsChanged,
    ReadEntries,
    RefreshHello,
    SendFrame,
    SetControl,
    ToDesk,
    Writes,
)
from openline.errors import LocalProtocolError, PeerProtocolError
from openline.protocol.clock import Now


class FakePost:
    """Leaves the commands that a test gives it."""

    def __init__(self) -> None:
        self.out: list[Command] = []
        self.calls: list[tuple[Any, ...]] = []
        self.refuse = False
        self.seen = SimpleNamespace()

    def drain(self) -> list[Command]:
        out, self.out = self.out, []
        return out

    def view(self, now: Now) -> SimpleNamespace:
        del now
        return self.seen

    def hello_received(self, body: bytes, now: Now) -> bytes:
        self.calls.append(("hello_received", body, now))
        self.out.append(RefreshHello())
        if self.refuse:
            raise PeerProtocolError("handshake.replayed")
        return b"i" * 16

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given, **named: self.calls.append((name, *given, *named.values()))


class FakeOutside:
    """Link, writer and voice in one: notes what reached it, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.refuse = False

    def send(self, frame_class: int, body: bytes, *, datagram: bool, stream: bool) -> int:
        if self.refuse:
            raise LocalProtocolError("link.size")
        self.done.append(("send", frame_class, body, datagram, stream))
        return 1

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *given: self.done.append((name, *given))


class Case:
    def __init__(self) -> None:
        self.post, self.outside = FakePost(), FakeOutside()
        self.later: list[Callable[[], None]] = []
        self.now = Now(10_000, 1)
        self.shell = PostShell(cast("Any", self.post), self.later.append, clock=lambda: self.now)
        outside = cast("Any", self.outside)
        self.shell.attach(outside, outside, outside)


@pytest.fixture
def case() -> Case:
    return Case()


def test_every_command_reaches_its_place_in_order(case: Case) -> None:
    writes = Writes(expect=(1, 1))
    case.post.out = [
        Commit(ticket=1, writes=writes),
        ReadEntries(ticket=2, log=1, start=3, stop=4, bytes_max=5),
        SendFrame(frame_class=5, body=b"b", datagram=False),
        RefreshHello(),
        FarLegsChanged(legs=b"legs"),
    ]
    case.shell.carry_out()
    assert case.outside.done == [
        ("commit", 1, writes),
        ("read", 2, 1, 3, 4, 5),
        ("send", 5, b"b", False, True),
        ("refresh_hello",),
        ("far_legs_changed", b"legs"),
    ]


def test_the_control_block_is_stamped_and_bounded(case: Case) -> None:
    case.post.out = [
        SetControl(call_tag=b"abcd", call_open=True, talking=True, manner=1, talk_seq=70_000)
    ]
    case.shell.carry_out()
    ((_name, block),) = case.outside.done
    assert (block.call_tag, block.talk_seq, block.stamp_ms) == (b"abcd", 70_000 & 0xFFFF, 10_000)
    assert block.talking
    assert block.call_open


def test_commands_that_a_command_calls_forth_come_after_the_rest(case: Case) -> None:
    def sink(_event: DeskEvent) -> None:
        case.post.out.append(SendFrame(frame_class=4, body=b"from the sink"))
        case.shell.carry_out()

    case.shell.sinks[b"desk"] = sink
    case.post.out = [
        ToDesk(desk=b"desk", event=ViewChanged()),
        SendFrame(frame_class=4, body=b"first"),
    ]
    case.shell.carry_out()
    assert [done[2] for done in case.outside.done] == [b"first", b"from the sink"]


def test_events_go_to_one_desk_or_to_all_and_to_watchers(case: Case) -> None:
    seen: list[tuple[str, DeskEvent]] = []
    case.shell.sinks = {
        b"one": lambda event: seen.append(("one", event)),
        b"two": lambda event: seen.append(("two", event)),
    }
    case.shell.watchers.add(lambda event: seen.append(("watcher", event)))
    taken, view = TextTaken(request="r", item="a-1"), ViewChanged()
    case.post.out = [
        ToDesk(desk=b"two", event=taken),
        ToDesk(desk=b"gone", event=taken),
        ToDesk(desk=None, event=view),
    ]
    case.shell.carry_out()
    assert seen == [("two", taken), ("one", view), ("two", view), ("watcher", view)]


@pytest.mark.parametrize("refuse", [False, True])
def test_the_answer_to_a_hello_waits_until_its_connection_is_open(
    case: Case, *, refuse: bool
) -> None:
    case.post.refuse = refuse
    if refuse:
        with pytest.raises(PeerProtocolError):
            case.shell.hello_received(b"hello")
    else:
        assert case.shell.hello_received(b"hello") == b"i" * 16
    assert case.outside.done == []
    for function in case.later:
        function()
    assert case.outside.done == [("refresh_hello",)]


def test_a_frame_that_the_link_refuses_stops_nothing(case: Case) -> None:
    case.outside.refuse = True
    case.post.out = [SendFrame(frame_class=5, body=b"x" * 10), RefreshHello()]
    case.shell.carry_out()
    assert case.outside.done == [("refresh_hello",)]


def test_media_goes_to_the_voice_and_never_to_the_engine(case: Case) -> None:
    case.shell.media_received(7, b"cell")
    assert case.outside.done == [("cell_received", b"cell")]
    assert case.post.calls == []


def test_the_voice_learns_how_long_the_link_was_silent(case: Case) -> None:
    case.now = Now(10_000 + LINK_UP_MS_MAX, 1)
    case.shell.round_trip("main", 1.0)
    assert case.outside.done == []
    case.now = Now(10_000 + LINK_UP_MS_MAX + 700_000, 1)
    case.shell.round_trip("main", 1.0)
    assert case.outside.done == [("link_returned", 700_000)]


def test_a_new_connection_is_told_where_we_stand(case: Case) -> None:
    case.shell.connected("main")
    assert case.post.calls[0][:2] == ("connected", "main")
    assert case.outside.done == [("refresh_hello",)]


def standing(state: str, own: int, receipted: int, outbox: int = 0) -> SimpleNamespace:
    record = SimpleNamespace(
        own_size=own, peer_size=1, receipted=receipted, outbox=outbox, state="live"
    )
    return SimpleNamespace(record=record, link=SimpleNamespace(state=state))


@pytest.mark.parametrize(
    ("views", "said"),
    [
        ([standing("UP", 5, 5)] * 9, 0),
        ([standing("DOWN", 5, 4)] * 9, 0),
        ([standing("UP", 5 + step, 4) for step in range(9)], 0),
        ([standing("UP", 5, 4)] * 9, 2),
        ([standing("UP", 5, 5, outbox=1)] * 5, 1),
    ],
)
def test_what_waits_and_does_not_move_makes_both_say_where_they_stand(
    case: Case, views: list[SimpleNamespace], said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openline.app.shell.path_views", lambda _link: ((), None))
    for number, view in enumerate(views, 1):
        case.post.seen = view
        case.now = Now(10_000 + 1_000 * number, 1)
        case.shell.tick()
    assert case.outside.done.count(("refresh_hello",)) == said


def test_the_store_s_answers_reach_the_engine(case: Case) -> None:
    case.shell.committed(1)
    case.shell.commit_failed(2, "store.full")
    case.shell.entries_read(3, ())
    assert [call[:-1] for call in case.post.calls] == [
        ("committed", 1),
        ("commit_failed", 2, "store.full"),
        ("entries_read", 3, ()),
    ]
