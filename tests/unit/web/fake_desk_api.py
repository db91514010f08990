"""A post that is not there: the desk's interface with a state that a test sets by hand."""

import itertools
import time
from dataclasses import dataclass, field, replace
from typing import Any

from openline.engine.call_views import AnswerWord, CallView, MannerWord, PrecedenceWord
from openline.engine.desk import (
    FIRST_SEAT,
    AlarmView,
    AudioReport,
    CheckReport,
    DeskEvent,
    DeskView,
    Figures,
    LampWord,
    LinkView,
    LinkWord,
    PathView,
    PostView,
    RecordView,
    Refused,
    Rung,
    RungWord,
    Seat,
    TextTaken,
    TimelineChanged,
    TimelineItem,
    ViewChanged,
    WatchView,
)
from openline.engine.desk_api import DeskSink
from openline.engine.desk_exchange import ExchangeAct
from openline.engine.marked import MarkWish
from openline.errors import LocalProtocolError

RUNGS: tuple[RungWord, ...] = ("written", "receipted", "sealed", "shown", "opened")


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def link_view(state: LinkWord = "UP", *, ago: int | None = 80, lamps: str = "up up") -> LinkView:
    names: dict[str, LampWord] = {"up": "up", "stream": "stream", "dead": "dead"}
    words = [names[word] for word in lamps.split()]
    return LinkView(
        state=state,
        last_contact_ms_ago=ago,
        paths=tuple(
            PathView(name=name, lamp=lamp, rtt_ms=(None if lamp == "dead" else rtt))
            for name, lamp, rtt in zip(("fibre", "satellite"), words, (12.4, 101.7), strict=False)
        ),
        tls_group="X25519MLKEM768",
    )


def post_view() -> PostView:
    return PostView(
        wall_ms=wall_ms(),
        party="a",
        own_names={"en": "Harbour South", "zh": "南港"},
        peer_names={"en": "Harbour North", "zh": "北港"},
        link=link_view(),
        standing="IN_FORCE",
        own_watch=WatchView(attended=True, code="W-1", hears=True),
        peer_watch=WatchView(attended=True, code="W-12", hears=True),
        record=RecordView(
            state="live", own_size=1204, peer_size=988, receipted=1204, sealed=1203, outbox=0
        ),
        call=None,
        voice="ready",
        alarms=(),
        officer="W-1",
    )


def call_view(**changes: Any) -> CallView:  # noqa: ANN401 as replace
    return replace(
        CallView(
            call="00c0ffee00c0ffee",
            role="called",
            manner="announce",
            state="announcing",
            started_wall_ms=wall_ms(),
            own_talking=False,
            peer_talking=True,
            peer_sounded=False,
            sounded_here=True,
            ends_in_ms=42_000,
        ),
        **changes,
    )


def text_item(index: int, text: str, *, reached: int = 1, **changes: Any) -> TimelineItem:  # noqa: ANN401 as replace
    at = wall_ms() - 1000
    ladder = tuple(
        Rung(name=name, state="done", wall_ms=at + 210 * i)
        if i < reached
        else Rung(name=name, state="waiting", wall_ms=None)
        for i, name in enumerate(RUNGS)
    )
    item = TimelineItem(
        id=f"a-{index}",
        whose="own",
        kind="text",
        wall_ms=at,
        order=(index, 0),
        text=text,
        lang="en",
        officer="W-1",
        ladder=ladder,
    )
    return replace(item, **changes)


def alarm(code: str, *, acknowledged: bool = False) -> AlarmView:
    return AlarmView(code=code, since_wall_ms=wall_ms() - 65_000, acknowledged=acknowledged)


@dataclass
class FakeDeskApi:
    """Takes every act down and lets a test say what the post shows."""

    state: PostView = field(default_factory=post_view)
    items: list[TimelineItem] = field(default_factory=list)
    sinks: dict[bytes, DeskSink] = field(default_factory=dict)
    seats: dict[bytes, Seat] = field(default_factory=dict)
    locked: dict[bytes, bool] = field(default_factory=dict)
    acts: list[tuple[Any, ...]] = field(default_factory=list)
    reports: list[AudioReport] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)
    refuse_texts: str = ""
    refuse_checks: str = ""
    views: int = 0
    numbers: Any = field(default_factory=lambda: itertools.count(2000))

    def set(self, **changes: Any) -> None:  # noqa: ANN401 as replace
        self.state = replace(self.state, **changes)
        self.tell(ViewChanged())

    def tell(self, event: DeskEvent) -> None:
        for sink in list(self.sinks.values()):
            sink(event)

    def put(self, *items: TimelineItem) -> None:
        for item in items:
            self.items = [old for old in self.items if old.id not in (item.id, item.replaces)]
            self.items.append(item)
        self.tell(TimelineChanged(items=items))

    def said(self, kind: str) -> list[tuple[Any, ...]]:
        return [act for act in self.acts if act[0] == kind]

    def seated(self, desk: bytes, seat: Seat) -> None:
        self.acts.append(("seat", seat.slot, seat.role))
        self.seats[desk] = seat

    def private(self, _desk: bytes, *, on: bool) -> None:
        self.acts.append(("private", on))

    def desk_opened(
        self, desk: bytes, sink: DeskSink, seat: Seat = FIRST_SEAT, *, locked: bool = False
    ) -> None:
        self.acts.append(("desk_opened", desk))
        self.seats[desk] = seat
        self.locked[desk] = locked
        self.sinks[desk] = sink

    def desk_locked(self, desk: bytes) -> None:
        self.acts.append(("desk_locked", desk))
        self.locked[desk] = True

    def desk_unlocked(self, desk: bytes, officer: str) -> None:
        self.acts.append(("desk_unlocked", officer))
        self.locked[desk] = False

    def desk_closed(self, desk: bytes) -> None:
        self.acts.append(("desk_closed", desk))
        self.sinks.pop(desk, None)
        self.seats.pop(desk, None)

    def desk_alive(self, _desk: bytes, report: AudioReport) -> None:
        self.reports.append(report)

    def desk_figures(self, _desk: bytes, figures: Figures) -> None:
        self.figures.append(figures)

    def view(self) -> PostView:
        self.views += 1
        desks = tuple(
            DeskView(
                desk=desk.hex(),
                slot=seat.slot,
                role=seat.role,
                officer=seat.officer or "W-1",
                mic="COLD",
                talking=False,
                private=False,
                hears=True,
            )
            for desk, seat in sorted(self.seats.items(), key=lambda item: item[1].slot)
        )
        return replace(self.state, wall_ms=wall_ms(), desks=desks)

    def timeline(self, limit: int) -> tuple[TimelineItem, ...]:
        return tuple(self.items[-limit:])

    def write_text(self, desk: bytes, request: str, text: str, lang: str) -> None:
        self.acts.append(("text", request, text, lang))
        if self.refuse_texts:
            self.sinks[desk](Refused(request=request, code=self.refuse_texts))
            return
        item = text_item(next(self.numbers), text, lang=lang)
        self.sinks[desk](TextTaken(request=request, item=item.id))
        self.put(item)

    def exchange(self, desk: bytes, request: str, act: ExchangeAct) -> None:
        self.acts.append(("exchange", act))
        if self.refuse_texts:
            self.sinks[desk](Refused(request=request, code=self.refuse_texts))

    def mark(self, desk: bytes, request: str, wish: MarkWish) -> None:
        self.acts.append(("mark", wish))
        if self.refuse_texts:
            self.sinks[desk](Refused(request=request, code=self.refuse_texts))

    def text_opened(self, _desk: bytes, item: str) -> None:
        self.acts.append(("opened", item))

    def talk(
        self,
        _desk: bytes,
        *,
        on: bool,
        precedence: PrecedenceWord = "ROUTINE",
        manner: MannerWord = "announce",
    ) -> None:
        more = () if (precedence, manner) == ("ROUTINE", "announce") else (precedence, manner)
        self.acts.append(("talk", on, *more))

    def two_way(self, _desk: bytes, *, on: bool) -> None:
        self.acts.append(("two_way", on))

    def answer(self, _desk: bytes, answer: AnswerWord, due_s: int = 0) -> None:
        self.acts.append(("answer", answer, due_s))

    def take_over(self, _desk: bytes) -> None:
        self.acts.append(("take_over",))

    def sounded(self, _desk: bytes, call: str) -> None:
        self.acts.append(("sounded", call))

    def end_call(self, _desk: bytes) -> None:
        self.acts.append(("end",))

    def speech_differs(self, _desk: bytes, *, by_officer: bool) -> None:
        self.acts.append(("differs", by_officer))

    def silence_call(self, _desk: bytes) -> None:
        self.acts.append(("silence",))

    def speak_phrase(self, _desk: bytes, n: int) -> None:
        self.acts.append(("phrase", n))

    def declare(self, _desk: bytes, recording: str, interpreter: str, eta_s: int) -> None:
        self.acts.append(("declare", recording, interpreter, eta_s))

    def record_call(self, _desk: bytes, *, on: bool) -> None:
        self.acts.append(("record", on))

    def acknowledge(self, _desk: bytes, alarm: str) -> None:
        self.acts.append(("acknowledge", alarm))

    def voice_offer(self, _desk: bytes, sdp: str, pair_slot: int = 0) -> None:
        self.acts.append(("offer", sdp, pair_slot))

    def check_now(self, _desk: bytes | None, *, text: bool, voice: bool, words: bool) -> str:
        self.acts.append(("check-now", text, voice, words))
        if self.refuse_checks:
            raise LocalProtocolError(self.refuse_checks)
        return "00" * 8

    def check_said(self, _desk: bytes, report: CheckReport) -> None:
        self.acts.append(("check-result", report))
