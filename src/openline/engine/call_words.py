"""What both sides say of a call: parsed, and told to peer, cells, desks and loudspeakers.

Everything here follows from the call as it stands; nothing here moves it (spec/call, section 4).
"""

from dataclasses import dataclass
from typing import Final

from openline.engine.call_state import Call
from openline.engine.context import Context
from openline.engine.desk import Gate, ViewChanged
from openline.engine.ports import SetControl
from openline.errors import PeerProtocolError
from openline.protocol import control
from openline.protocol.call import (
    ANSWERS_MAX,
    CALL_ID_SIZE,
    MANNER_NUMBERS,
    MANNERS,
    Answer,
    CallState,
    Manner,
    Precedence,
    due_fits,
)
from openline.protocol.control import ControlOut
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.protocol.frames import FrameClass
from openline.protocol.manners import Downgraded
from openline.protocol.two_way import CONSENTS_MAX
from openline.record.cbor import Value, as_bool, as_bytes, as_map, as_text, as_uint

SEQUENCE_MAX: Final = 65_535
_FIELDS_MAX: Final = 24
_DUE_MAX: Final = 86_400
_DOWNGRADED: Final[dict[str, Downgraded]] = {"": "", "limit": "limit", "setting": "setting"}
_PRECEDENCE_BITS: Final = 4


@dataclass(frozen=True, slots=True)
class Said:
    """What the peer says of a call, in CONTROL."""

    call_id: bytes
    manner: Manner
    open: bool
    talking: bool
    seq: int
    outcome: str
    two_way: bool
    consents: int
    precedence: Precedence = Precedence.ROUTINE
    taken: bool = False
    silenced: bool = False
    downgraded: Downgraded = ""
    answer: Answer = Answer.NONE
    answers: int = 0
    due_s: int = 0
    sounded: bool = False
    attended: bool | None = None


def parse_said(payload: Value) -> Said:
    """A ``call`` or ``call-answer`` payload.

    Raises:
        OpenlineError: ``protocol.call`` or ``record.encoding``.
    """
    said = as_map(payload, _FIELDS_MAX)
    manner = MANNERS.get(as_uint(said.get("manner"), 255))
    if manner is None:
        raise PeerProtocolError("protocol.call", "unknown manner")
    answer = as_text(said.get("answer", ""), 16)
    due_s = as_uint(said.get("due_s", 0), _DUE_MAX)
    if answer not in set(Answer) or not due_fits(answer, due_s):
        raise PeerProtocolError("protocol.call", "no such answer, or not within its time")
    downgraded = _DOWNGRADED.get(as_text(said.get("downgraded", ""), 16))
    if downgraded is None:
        raise PeerProtocolError("protocol.call", "downgraded by what")
    return Said(
        call_id=as_bytes(said.get("id"), CALL_ID_SIZE),
        manner=manner,
        open=as_bool(said.get("open")),
        talking=as_bool(said.get("talking")),
        seq=as_uint(said.get("seq"), SEQUENCE_MAX),
        outcome=as_text(said.get("outcome", ""), 32),
        two_way=as_bool(said.get("two_way", False)),
        consents=as_uint(said.get("consents", 0), CONSENTS_MAX),
        precedence=Precedence(as_uint(said.get("precedence", 0), max(Precedence))),
        taken=as_bool(said.get("taken", False)),
        silenced=as_bool(said.get("silenced", False)),
        downgraded=downgraded,
        answer=Answer(answer),
        answers=as_uint(said.get("answers", 0), ANSWERS_MAX),
        due_s=due_s,
        sounded=as_bool(said.get("sounded", False)),
        attended=as_bool(said["attended"]) if "attended" in said else None,
    )


def block_number(manner: Manner, precedence: Precedence) -> int:
    """The octet of a control block that says manner and precedence (spec/call, section 4)."""
    return MANNER_NUMBERS[manner] | precedence << _PRECEDENCE_BITS


def parse_block_number(number: int) -> tuple[Manner, Precedence] | None:
    """What that octet says; None if it says nothing known."""
    manner = MANNERS.get(number & ((1 << _PRECEDENCE_BITS) - 1))
    precedence = number >> _PRECEDENCE_BITS
    if manner is None or precedence > max(Precedence):
        return None
    return manner, Precedence(precedence)


class Teller:
    """Says what stands of a call."""

    __slots__ = ("_block", "_ctx", "_out")

    def __init__(self, ctx: Context, out: ControlOut) -> None:
        """Say it for ``ctx``, in the objects of ``out``."""
        self._ctx = ctx
        self._out = out
        self._block: tuple[bytes, bool, bool, int] | None = None

    def tell(self, call: Call) -> None:
        """Say what stands now: to the peer in both ways, to our desks, to the loudspeakers."""
        self.gate(call)
        self._cells(call)
        if call.call_id:  # else known by its tag only, from a cell: CONTROL will tell the id
            self._control(call)
        self._ctx.desks(ViewChanged())

    def never_was(self, call: Call) -> None:
        """Our call gave way to one that the peer began at once: what stands of it is its end."""
        call.own_seq += 1
        said = self._said(call) | {"open": False, "talking": False, "two_way": False}
        said["precedence"] = int(call.precedence)
        self._send(control.CALL, said)

    def _said(self, call: Call) -> dict[str, Value]:
        return {
            "id": call.call_id,
            "manner": MANNER_NUMBERS[call.manner],
            "open": call.open,
            "talking": call.own_talking,
            "outcome": call.outcome,
            "two_way": call.open and call.two_way.own,
            "consents": call.two_way.own_n,
            "seq": call.own_seq,
        }

    def _control(self, call: Call) -> None:
        said = self._said(call)
        if call.role == "caller":
            said["precedence"] = int(call.precedence)
            self._send(control.CALL, said)
            return
        said |= {
            "taken": call.taken,
            "silenced": call.silenced == "own",
            "downgraded": call.downgraded,
            "answer": call.answer,
            "answers": call.answers,
            "due_s": call.due_s,
        }
        if self._ctx.genesis.disclosure >= DISCLOSURE_ATTENDED:
            said |= {"sounded": call.sounded, "attended": bool(call.attended)}
        self._send(control.CALL_ANSWER, said)

    def _send(self, name: str, said: dict[str, Value]) -> None:
        frame = self._out.set(name, said)
        if frame is not None:
            self._ctx.send(FrameClass.CONTROL, frame)

    def _cells(self, call: Call) -> None:
        number = block_number(call.manner, call.precedence)
        block = (call.tag, call.open, call.own_talking, number)
        if block == self._block:
            return
        self._block = block
        call.own_seq = min(SEQUENCE_MAX, call.own_seq + 1)
        self._ctx.emit(
            SetControl(
                call_tag=call.tag,
                call_open=call.open,
                talking=call.own_talking,
                manner=number,
                talk_seq=call.own_seq,
            )
        )

    def gate(self, call: Call) -> None:
        """Loudspeakers are open only for a voice that may sound here now."""
        sounds = (
            call.role == "called"
            and call.untaken
            and call.manner is Manner.ANNOUNCE
            and not call.silenced
        )
        gate = (sounds or call.state is CallState.TAKEN) and call.closing_ms is None
        if gate != call.gate:
            call.gate = gate
            self._ctx.desks(Gate(open=gate, call=call.tag.hex()))
