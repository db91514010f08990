"""Each side's own account of each call: what this side saw of it, in codes.

While a call is open, its id stands on the disk, so that a post that was killed in it still gives
its account (spec/call, section 5).
"""

from dataclasses import dataclass
from typing import Final, Literal

from openline.engine.authoring import Wish
from openline.engine.context import Context
from openline.engine.keeper import Keeper
from openline.errors import OpenlineError
from openline.protocol.call import TAG_SIZE, CallState, Manner, Outcome
from openline.protocol.clock import Now
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.record.bodies import KIND_CALL
from openline.record.cbor import Value, as_bytes, as_text, as_uint, decode_list, encode
from openline.record.entry import encode_body
from openline.record.limits import UINT_MAX

META_CALL: Final = "call"
_META_BYTES_MAX: Final = 256


@dataclass(slots=True)
class Call:
    """One call as this side sees it.

    Attributes:
        tag: first bytes of its id, and the name that desks use. call_id: empty until CONTROL told.
        own_seq, peer_seq: order of what was said in cells and CONTROL. peer_open: a cell said so.
        taken: the called officer pressed the talk key. sounded: at our desk; peer_sounded: at
            theirs, by their word. attended: the called side had a desk; None if not disclosed.
        closing_ms: the peer's cells say that it is over; the reason is awaited until then.
    """

    tag: bytes
    role: Literal["caller", "called"]
    manner: Manner
    started_ms: int
    started_wall_ms: int
    moved_ms: int
    call_id: bytes = b""
    state: CallState = CallState.ANNOUNCING
    own_seq: int = 0
    peer_seq: int = 0
    peer_open: bool = False
    own_talking: bool = False
    peer_talking: bool = False
    taken: bool = False
    sounded: bool = False
    peer_sounded: bool = False
    silenced: Literal["", "own", "peer"] = ""
    attended: bool | None = None
    gate: bool = False
    outcome: str = ""
    ended_ms: int = 0
    closing_ms: int | None = None

    @property
    def open(self) -> bool:
        """It has not ended."""
        return self.state is not CallState.ENDED


class Accounts:
    """Writes this side's accounts."""

    __slots__ = ("_ctx", "_keeper")

    def __init__(self, ctx: Context, keeper: Keeper) -> None:
        """Write through ``keeper``."""
        self._ctx = ctx
        self._keeper = keeper

    def remember(self, call: Call) -> None:
        """The call is open: let the disk know."""
        name: Value = call.call_id or call.tag
        self._keeper.meta[META_CALL] = encode(
            [name, call.role, call.manner.value, max(0, call.started_wall_ms)]
        )

    def write(self, call: Call, now: Now) -> None:
        """The call ended: our account of it."""
        self._keeper.meta[META_CALL] = b""
        body: dict[str, Value] = {
            "id": call.call_id or call.tag,
            "role": call.role,
            "manner": call.manner.value,
            "outcome": call.outcome,
            "start_ms": max(0, call.started_wall_ms),
            "end_ms": max(0, now.wall_ms),
            "taken": call.taken,
            "silenced": bool(call.silenced),
        }
        if self._ctx.genesis.disclosure >= DISCLOSURE_ATTENDED:
            body["sounded"] = call.sounded if call.role == "called" else call.peer_sounded
            if call.attended is not None:
                body["attended"] = call.attended
        self._write(body, now)

    def of_restart(self, stored: bytes, now: Now) -> bytes:
        """Account for the call that was open when this post stopped; returns its tag, or b""."""
        if not stored:
            return b""
        try:
            name, role, manner, started = decode_list(stored, _META_BYTES_MAX, 4)
            call_id = as_bytes(name)
            body: dict[str, Value] = {
                "id": call_id,
                "role": as_text(role, 8),
                "manner": as_text(manner, 8),
                "outcome": Outcome.RESTART.value,
                "start_ms": as_uint(started, UINT_MAX),
                "end_ms": max(0, now.wall_ms),
            }
        except OpenlineError:
            return b""
        self._keeper.meta[META_CALL] = b""
        self._write(body, now)
        return call_id[:TAG_SIZE]

    def _write(self, body: dict[str, Value], now: Now) -> None:
        wish = Wish(kind=KIND_CALL, body=encode_body(body), by_officer=False)
        try:
            self._keeper.write(wish, None, "", now)
        except OpenlineError:
            return  # the record is halted or full to the brim: speech goes on without an account
