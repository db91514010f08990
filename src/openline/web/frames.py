"""Frames between the post and its own page: JSON texts on one WebSocket (desk-api.md).

What the page sends enters here and nowhere else: every field's type and length is
checked, and what is not in the table is refused.
"""

import dataclasses
import json
from collections.abc import Callable
from typing import Any, Final, get_args

from openline.engine.call_views import AnswerWord, MannerWord, PrecedenceWord
from openline.engine.desk import (
    DEAF,
    AudioReport,
    CheckReport,
    CheckStateWord,
    Chirp,
    DeskEvent,
    Figures,
    Gate,
    MicWord,
    PostView,
    Refused,
    Role,
    Seat,
    StopTalking,
    TextTaken,
    TimelineChanged,
    TimelineItem,
    ViewChanged,
    VoiceAnswer,
    VoiceReset,
)
from openline.engine.desk_api import DeskApi
from openline.engine.desk_spoken import RecordCall, SpeakPhrase
from openline.engine.exchange_asked import act_of
from openline.engine.marked import mark_of
from openline.errors import AccessError
from openline.protocol.spoken import PHRASES

PROTOCOL_VERSION: Final = 1
FRAME_BYTES_MAX: Final = 48 * 1024
TEXT_BYTES_MAX: Final = 15_000
SDP_CHARACTERS_MAX: Final = 16 * 1024
ID_CHARACTERS_MAX: Final = 64
WORD_CHARACTERS_MAX: Final = 80
TIMELINE_ITEMS: Final = 300
DAY_SECONDS: Final = 86_400
FIGURE_MS_MAX: Final = 600_000.0
PACKETS_MAX: Final = 1_000_000
_PRECEDENCES: Final[dict[str, PrecedenceWord]] = {word: word for word in get_args(PrecedenceWord)}
_MANNERS: Final[dict[str, MannerWord]] = {word: word for word in get_args(MannerWord)}
_ANSWERS: Final[dict[str, AnswerWord]] = {word: word for word in get_args(AnswerWord)}
PAIR_SLOTS: Final = 6
"""A desk's connections: three far seats, three seats of its own side."""
_MICS: Final[dict[str, MicWord]] = {word: word for word in get_args(MicWord)}
_ROLES: Final[dict[str, Role]] = {word: word for word in get_args(Role)}
_CHECK_STATES: Final[dict[str, CheckStateWord]] = {word: word for word in get_args(CheckStateWord)}

Frame = dict[str, Any]


def _string(frame: Frame, name: str, limit: int, default: str | None = None) -> str:
    value = frame.get(name, default)
    if not isinstance(value, str) or len(value) > limit:
        raise AccessError("web.frame", name)
    return value


def _flag(frame: Frame, name: str) -> bool:
    value = frame.get(name)
    if not isinstance(value, bool):
        raise AccessError("web.frame", name)
    return value


def _figure(frame: Frame, name: str, limit: float) -> float | None:
    value = frame.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= limit:
        raise AccessError("web.frame", name)
    return float(value)


def _number(frame: Frame, name: str, end: int, default: int | None = None) -> int:
    value = frame.get(name, default)
    if type(value) is not int or not 0 <= value < end:
        raise AccessError("web.frame", name)
    return value


def _figures(api: DeskApi, desk: bytes, frame: Frame) -> None:
    figures = Figures(
        desk=desk.hex(),
        pair_slot=_number(frame, "pair_slot", PAIR_SLOTS),
        mouth_to_ear_ms=_figure(frame, "mouth_to_ear_ms", FIGURE_MS_MAX),
        loss=_figure(frame, "loss", 1.0),
        jitter_ms=_figure(frame, "jitter_ms", FIGURE_MS_MAX),
        concealed=_figure(frame, "concealed", 1.0),
        packets=_number(frame, "packets", PACKETS_MAX + 1),
        leg_rtt_ms=_figure(frame, "leg_rtt_ms", FIGURE_MS_MAX),
    )
    api.desk_figures(desk, figures)


def _alive(api: DeskApi, desk: bytes, frame: Frame) -> None:
    mic = _MICS.get(_string(frame, "mic", 8))
    if mic is None:
        raise AccessError("web.frame", "mic")
    deaf = _string(frame, "deaf", WORD_CHARACTERS_MAX, "")
    if deaf and deaf not in DEAF:
        raise AccessError("web.frame", "deaf")
    report = AudioReport(
        mic=mic,
        context=_string(frame, "context", WORD_CHARACTERS_MAX),
        connection=_string(frame, "connection", WORD_CHARACTERS_MAX),
        error=_string(frame, "error", WORD_CHARACTERS_MAX, ""),
        visible=_flag({"visible": True} | frame, "visible"),
        hears=_flag({"hears": False} | frame, "hears") and not deaf,
        deaf=deaf,
        silent_mic=_flag({"silent_mic": False} | frame, "silent_mic"),
    )
    api.desk_alive(desk, report)


def _text(api: DeskApi, desk: bytes, frame: Frame) -> None:
    text = _string(frame, "text", TEXT_BYTES_MAX)
    if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES_MAX:
        raise AccessError("web.frame", "text")
    request = _string(frame, "request", ID_CHARACTERS_MAX)
    api.write_text(desk, request, text, _string(frame, "lang", ID_CHARACTERS_MAX))


def _exchange(api: DeskApi, desk: bytes, frame: Frame) -> None:
    act_ = act_of(frame, lambda name: AccessError("web.frame", name))
    api.exchange(desk, _string(frame, "request", ID_CHARACTERS_MAX), act_)


def _mark(api: DeskApi, desk: bytes, frame: Frame) -> None:
    wish = mark_of(frame, lambda name: AccessError("web.frame", name))
    api.mark(desk, _string(frame, "request", ID_CHARACTERS_MAX), wish)


def _opened(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.text_opened(desk, _string(frame, "item", ID_CHARACTERS_MAX))


def _talk(api: DeskApi, desk: bytes, frame: Frame) -> None:
    precedence = _PRECEDENCES.get(_string(frame, "precedence", WORD_CHARACTERS_MAX, "ROUTINE"))
    manner = _MANNERS.get(_string(frame, "manner", WORD_CHARACTERS_MAX, "announce"))
    if precedence is None or manner is None:
        raise AccessError("web.frame", "precedence or manner")
    api.talk(desk, on=_flag(frame, "on"), precedence=precedence, manner=manner)


def _two_way(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.two_way(desk, on=_flag(frame, "on"))


def _answer(api: DeskApi, desk: bytes, frame: Frame) -> None:
    answer = _ANSWERS.get(_string(frame, "answer", WORD_CHARACTERS_MAX))
    due_s = frame.get("due_s", 0)
    if not answer or isinstance(due_s, bool) or not isinstance(due_s, int):
        raise AccessError("web.frame", "answer")
    api.answer(desk, answer, due_s)


def _take_over(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.take_over(desk)


def _sounded(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.sounded(desk, _string(frame, "call", ID_CHARACTERS_MAX))


def _end(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.end_call(desk)


def _differs(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.speech_differs(desk, by_officer=True)


def _certificate(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.speech_differs(desk, by_officer=False)


def _silence(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.silence_call(desk)


def _acknowledge(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.acknowledge(desk, _string(frame, "alarm", WORD_CHARACTERS_MAX))


def _phrase(api: DeskApi, desk: bytes, frame: Frame) -> None:
    n = _number(frame, "n", PHRASES + 1)
    if n == 0:
        raise AccessError("web.frame", "n")
    api.speak_phrase(desk, n)


def _declare(api: DeskApi, desk: bytes, frame: Frame) -> None:
    recording = _string(frame, "recording", WORD_CHARACTERS_MAX, "")
    interpreter = _string(frame, "interpreter", WORD_CHARACTERS_MAX, "")
    api.declare(desk, recording, interpreter, _number(frame, "eta_s", DAY_SECONDS + 1, 0))


def _record(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.record_call(desk, on=_flag(frame, "on"))


def _offer(api: DeskApi, desk: bytes, frame: Frame) -> None:
    pair_slot = _number(frame, "pair_slot", PAIR_SLOTS, 0)
    api.voice_offer(desk, _string(frame, "sdp", SDP_CHARACTERS_MAX), pair_slot)


def _private(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.private(desk, on=_flag(frame, "on"))


def _nothing(_api: DeskApi, _desk: bytes, _frame: Frame) -> None:
    """What the desk's own socket obeys: the post is asked for nothing."""


def _check_now(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.check_now(desk, text=True, voice=True, words=False)


def _check_result(api: DeskApi, desk: bytes, frame: Frame) -> None:
    state = _CHECK_STATES.get(_string(frame, "state", 8))
    if state is None:
        raise AccessError("web.frame", "state")
    report = CheckReport(
        check=_string(frame, "id", ID_CHARACTERS_MAX),
        state=state,
        delay_ms=_figure(frame, "delay_ms", FIGURE_MS_MAX),
    )
    api.check_said(desk, report)


ACTS: Final[dict[str, Callable[[DeskApi, bytes, Frame], None]]] = {
    "alive": _alive,
    "figures": _figures,
    "text": _text,
    "exchange": _exchange,
    "opened": _opened,
    "mark": _mark,
    "talk": _talk,
    "two-way": _two_way,
    "answer": _answer,
    "take-over": _take_over,
    "sounded": _sounded,
    "end": _end,
    "silence": _silence,
    "differs": _differs,
    "certificate": _certificate,
    "acknowledge": _acknowledge,
    "offer": _offer,
    "check-now": _check_now,
    "check-result": _check_result,
    "private": _private,
    "phrase": _phrase,
    "declare": _declare,
    "record": _record,
    "here": _nothing,
    "lock": _nothing,
}
SEAT: Final = "seat"
"""The one frame that is for the desk server: it keeps who sits where."""


def role_of(frame: Frame) -> Role:
    """The role that a ``seat`` frame asks for.

    Raises:
        AccessError: ``web.frame``.
    """
    role = _ROLES.get(_string(frame, "role", WORD_CHARACTERS_MAX))
    if role is None:
        raise AccessError("web.frame", "role")
    return role


NO_ACTS: Final = frozenset({"alive", "offer", "sounded", "figures", "check-result", "certificate"})
"""What a page sends by itself; anything else is an act of its officer."""


def heard_from_locked(frame: Frame) -> bool:
    """Whether a page may send this while nobody is signed in: it hears, and it may fall silent."""
    ceases = frame["t"] in ("talk", "private", "two-way") and frame.get("on") is False
    return frame["t"] in NO_ACTS or ceases


def parse_frame(raw: object) -> Frame:
    """One frame of the page.

    Raises:
        AccessError: ``web.frame``.
    """
    if not isinstance(raw, str) or len(raw) > FRAME_BYTES_MAX:
        raise AccessError("web.frame", "not text, or too long")
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise AccessError("web.frame", "not JSON") from error
    if not isinstance(frame, dict) or not isinstance(frame.get("t"), str):
        raise AccessError("web.frame", "no type")
    if frame["t"] not in ACTS and frame["t"] != SEAT:
        raise AccessError("web.frame", "unknown type")
    return frame


def act(api: DeskApi, desk: bytes, frame: Frame) -> None:
    """Do what a parsed frame asks for.

    Raises:
        AccessError: ``web.frame`` for a missing, mistyped or oversized field.
    """
    ACTS[frame["t"]](api, desk, frame)


def dump(frame: Frame) -> str:
    """A frame as it goes to the page."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def welcome(
    desk: bytes, seat: Seat, api: DeskApi, sent_ms: int, *, with_items: bool = True
) -> Frame:
    """The first frame: all that there is to show."""
    return (
        {
            "t": "welcome",
            "version": PROTOCOL_VERSION,
            "desk": desk.hex(),
            "seat": dataclasses.asdict(seat),
            "text_bytes_max": TEXT_BYTES_MAX,
            "acts": sorted({*ACTS, SEAT}),
        }
        | (shown_items(api) if with_items else {"timeline": []})
        | {
            key: value
            for key, value in view_frame(api.view(), sent_ms, written=with_items).items()
            if key != "t"
        }
    )


def shown_items(api: DeskApi) -> Frame:
    """The newest items, as ``welcome`` and ``unlocked`` bring them."""
    return {"timeline": [item_map(item) for item in api.timeline(TIMELINE_ITEMS)]}


def view_frame(view: PostView, sent_ms: int, *, written: bool = True) -> Frame:
    """A tick: the state, and when it left the post; ``written``: with what is written in it."""
    if not written:
        view = dataclasses.replace(view, exchanges=())
    return {"t": "view", "sent_ms": sent_ms, "view": dataclasses.asdict(view)}


def item_map(item: TimelineItem) -> Frame:
    """One line of the timeline."""
    return dataclasses.asdict(item)


def event_frame(event: DeskEvent) -> Frame | None:  # noqa: C901, PLR0911, PLR0912 one per kind of event
    """The frame for an event; None for ViewChanged, which only hastens the next tick."""
    match event:
        case TimelineChanged(items=items):
            return {"t": "timeline", "items": [item_map(item) for item in items]}
        case ViewChanged():
            return None
        case Gate(open=is_open, call=call):
            return {"t": "gate", "open": is_open, "call": call}
        case VoiceAnswer(sdp=sdp, generation=generation, pair_slot=slot, digits=digits):
            found = {"t": "answer", "sdp": sdp, "generation": generation, "pair_slot": slot}
            return {**found, "digits": digits}
        case VoiceReset(pair_slot=slot):
            return {"t": "reset", "pair_slot": slot}
        case TextTaken(request=request, item=item):
            return {"t": "text-taken", "request": request, "item": item}
        case Refused(request=request, code=code, facts=facts):
            return {"t": "refused", "request": request, "code": code, "facts": facts}
        case Chirp(id=name, hold_ms=hold_ms, part=part):
            return {"t": "chirp", "id": name, "hold_ms": hold_ms, "part": part}
        case StopTalking(reason=reason):
            return {"t": "stop-talking", "reason": reason}
        case SpeakPhrase(n=n, seq=seq, call=call):
            return {"t": "speak", "n": n, "seq": seq, "call": call}
        case RecordCall(on=is_on, call=call, part=part):
            return {"t": "record", "on": is_on, "call": call, "part": part}
