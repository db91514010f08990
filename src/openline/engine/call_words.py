"""What both sides say of a call: parsed, and told to peer, cells, desks and loudspeakers.

Everything here follows from the call as it stands; nothing here moves it (spec/call, section 3).
"""

from dataclasses import dataclass
from typing import Final

from openline.engine.accounts import Call
from openline.engine.context import Context
from openline.engine.desk import Gate, ViewChanged
from openline.engine.ports import SetControl
from openline.errors import PeerProtocolError
from openline.protocol import control
from openline.protocol.call import CALL_ID_SIZE, MANNER_NUMBERS, MANNERS, CallState, Manner
from openline.protocol.control import ControlOut
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.protocol.frames import FrameClass
from openline.record.cbor import Value, as_bool, as_bytes, as_map, as_text, as_uint

SEQUENCE_MAX: Final = 65_535
_FIELDS_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class Said:
    """What the peer says of a call, in CONTROL."""

    call_id: bytes
    manner: Manner
    open: bool
    talking: bool
    seq: int
    outcome: str
    taken: bool = False
    silenced: bool = False
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
    return Said(
        call_id=as_bytes(said.get("id"), CALL_ID_SIZE),
        manner=manner,
        open=as_bool(said.get("open")),
        talking=as_bool(said.get("talking")),
        seq=as_uint(said.get("seq"), SEQUENCE_MAX),
        outcome=as_text(said.get("outcome", ""), 32),
        taken=as_bool(said.get("taken", False)),
        silenced=as_bool(said.get("silenced", False)),
        sounded=as_bool(said.get("sounded", False)),
        attended=as_bool(said["attended"]) if "attended" in said else None,
    )


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
        said: dict[str, Value] = {
            "id": call.call_id,
            "manner": MANNER_NUMBERS[call.manner],
            "open": call.open,
            "talking": call.own_talking,
            "outcome": call.outcome,
        }
        if call.role == "called":
            said |= {"taken": call.taken, "silenced": call.silenced == "own"}
            if self._ctx.genesis.disclosure >= DISCLOSURE_ATTENDED:
                said |= {"sounded": call.sounded, "attended": bool(call.attended)}
        self._say(call, said)
        self._ctx.desks(ViewChanged())

    def _say(self, call: Call, said: dict[str, Value]) -> None:
        number = MANNER_NUMBERS[call.manner]
        block = (call.tag, call.open, call.own_talking, number)
        if block != self._block:
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
        if not call.call_id:
            return  # known by its tag only, from a cell: CONTROL will tell the id
        said["seq"] = call.own_seq
        name = control.CALL if call.role == "caller" else control.CALL_ANSWER
        frame = self._out.set(name, said)
        if frame is not None:
            self._ctx.send(FrameClass.CONTROL, frame)

    def gate(self, call: Call) -> None:
        """Loudspeakers are open only for a voice that may sound here now."""
        sounds = (
            call.role == "called"
            and call.state is CallState.ANNOUNCING
            and call.manner is Manner.ANNOUNCE
            and not call.silenced
        )
        gate = (sounds or call.state is CallState.TAKEN) and call.closing_ms is None
        if gate != call.gate:
            call.gate = gate
            self._ctx.desks(Gate(open=gate, call=call.tag.hex()))
