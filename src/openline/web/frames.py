"""Frames between the post and its own page: JSON texts on one WebSocket (desk-api.md).

What the page sends enters here and nowhere else: every field's type and length is
checked, and what is not in the table is refused.
"""

import dataclasses
import json
from collections.abc import Callable
from typing import Any, Final

from openline.engine.desk import (
    AudioReport,
    CheckReport,
    CheckStateWord,
    Chirp,
    DeskApi,
    DeskEvent,
    Figures,
    Gate,
    MicWord,
    PostView,
    Refused,
    StopTalking,
    TextTaken,
    TimelineChanged,
    TimelineItem,
    ViewChanged,
    VoiceAnswer,
    VoiceReset,
)
from openline.errors import AccessError

PROTOCOL_VERSION: Final = 1
FRAME_BYTES_MAX: Final = 48 * 1024
TEXT_BYTES_MAX: Final = 15_000
SDP_CHARACTERS_MAX: Final = 16 * 1024
ID_CHARACTERS_MAX: Final = 64
WORD_CHARACTERS_MAX: Final = 80
TIMELINE_ITEMS: Final = 300
_MICS: Final[dict[str, MicWord]] = {"COLD": "COLD", "ARMED": "ARMED", "LIVE": "LIVE"}

_CHECK_STATES: Final[dict[str, CheckStateWord]] = {
    "armed": "armed",
    "heard": "heard",
    "held": "held",
    "failed": "failed",
}
MILLISECONDS_MAX: Final = 600_000.0

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


def _number(frame: Frame, name: str, most: float) -> float:
    value = frame.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise AccessError("web.frame", name)
    return float(value)


def _number_or_none(frame: Frame, name: str, most: float) -> float | None:
    return None if frame.get(name) is None else _number(frame, name, most)


def _alive(api: DeskApi, desk: bytes, frame: Frame) -> None:
    mic = _MICS.get(_string(frame, "mic", 8))
    if mic is None:
        raise AccessError("web.frame", "mic")
    report = AudioReport(
        mic=mic,
        context=_string(frame, "context", WORD_CHARACTERS_MAX),
        connection=_string(frame, "connection", WORD_CHARACTERS_MAX),
        error=_string(frame, "error", WORD_CHARACTERS_MAX, ""),
        visible=_flag({"visible": True} | frame, "visible"),
    )
    api.desk_alive(desk, report)


def _text(api: DeskApi, desk: bytes, frame: Frame) -> None:
    text = _string(frame, "text", TEXT_BYTES_MAX)
    if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES_MAX:
        raise AccessError("web.frame", "text")
    request = _string(frame, "request", ID_CHARACTERS_MAX)
    api.write_text(desk, request, text, _string(frame, "lang", ID_CHARACTERS_MAX))


def _opened(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.text_opened(desk, _string(frame, "item", ID_CHARACTERS_MAX))


def _talk(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.talk(desk, on=_flag(frame, "on"))


def _sounded(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.sounded(desk, _string(frame, "call", ID_CHARACTERS_MAX))


def _end(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.end_call(desk)


def _silence(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.silence_call(desk)


def _acknowledge(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.acknowledge(desk, _string(frame, "alarm", WORD_CHARACTERS_MAX))


def _offer(api: DeskApi, desk: bytes, frame: Frame) -> None:
    api.voice_offer(desk, _string(frame, "sdp", SDP_CHARACTERS_MAX))


def _check_now(api: DeskApi, desk: bytes, _frame: Frame) -> None:
    api.check_now(desk, text=True, voice=True, words=False)


def _check_result(api: DeskApi, desk: bytes, frame: Frame) -> None:
    state = _CHECK_STATES.get(_string(frame, "state", 8))
    if state is None:
        raise AccessError("web.frame", "state")
    report = CheckReport(
        check=_string(frame, "id", ID_CHARACTERS_MAX),
        state=state,
        delay_ms=_number_or_none(frame, "delay_ms", MILLISECONDS_MAX),
    )
    api.check_said(desk, report)


def _figures(api: DeskApi, desk: bytes, frame: Frame) -> None:
    figures = Figures(
        mouth_to_ear_ms=_number_or_none(frame, "mouth_to_ear_ms", MILLISECONDS_MAX),
        loss=_number(frame, "loss", 1.0),
        jitter_ms=_number(frame, "jitter_ms", MILLISECONDS_MAX),
        concealed=_number(frame, "concealed", 1.0),
    )
    api.figures(desk, figures)


ACTS: Final[dict[str, Callable[[DeskApi, bytes, Frame], None]]] = {
    "alive": _alive,
    "text": _text,
    "opened": _opened,
    "talk": _talk,
    "sounded": _sounded,
    "end": _end,
    "silence": _silence,
    "acknowledge": _acknowledge,
    "offer": _offer,
    "check-now": _check_now,
    "check-result": _check_result,
    "figures": _figures,
}


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
    if frame["t"] not in ACTS:
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


def welcome(desk: bytes, api: DeskApi, sent_ms: int) -> Frame:
    """The first frame: all that there is to show."""
    return {
        "t": "welcome",
        "version": PROTOCOL_VERSION,
        "desk": desk.hex(),
        "text_bytes_max": TEXT_BYTES_MAX,
        "timeline": [item_map(item) for item in api.timeline(TIMELINE_ITEMS)],
    } | {key: value for key, value in view_frame(api.view(), sent_ms).items() if key != "t"}


def view_frame(view: PostView, sent_ms: int) -> Frame:
    """A tick: the state, and when it left the post."""
    return {"t": "view", "sent_ms": sent_ms, "view": dataclasses.asdict(view)}


def item_map(item: TimelineItem) -> Frame:
    """One line of the timeline."""
    return dataclasses.asdict(item)


def event_frame(event: DeskEvent) -> Frame | None:  # noqa: PLR0911 one per kind of event
    """The frame for an event; None for ViewChanged, which only hastens the next tick."""
    match event:
        case TimelineChanged(items=items):
            return {"t": "timeline", "items": [item_map(item) for item in items]}
        case ViewChanged():
            return None
        case Gate(open=is_open, call=call):
            return {"t": "gate", "open": is_open, "call": call}
        case VoiceAnswer(sdp=sdp, generation=generation):
            return {"t": "answer", "sdp": sdp, "generation": generation}
        case VoiceReset():
            return {"t": "reset"}
        case TextTaken(request=request, item=item):
            return {"t": "text-taken", "request": request, "item": item}
        case Refused(request=request, code=code, facts=facts):
            return {"t": "refused", "request": request, "code": code, "facts": facts}
        case Chirp(id=name, hold_ms=hold_ms, part=part):
            return {"t": "chirp", "id": name, "hold_ms": hold_ms, "part": part}
        case StopTalking(reason=reason):
            return {"t": "stop-talking", "reason": reason}
