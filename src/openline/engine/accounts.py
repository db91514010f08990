"""Each side's own account of each call: what this side saw of it, in codes.

While a call is open, its id stands on the disk, so that a post that was killed in it still gives
its account (spec/call, section 9).
"""

from typing import Final

from openline.engine.authoring import Wish
from openline.engine.call_state import Call
from openline.engine.context import Context
from openline.engine.keeper import Keeper
from openline.errors import OpenlineError
from openline.protocol.call import CALL_ID_SIZE, TAG_SIZE, Manner, Outcome, Precedence
from openline.protocol.clock import Now
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.record.bodies import KIND_CALL
from openline.record.cbor import Value, as_bytes, as_list, as_text, as_uint, decode, encode
from openline.record.entry import encode_body
from openline.record.limits import UINT_MAX

META_CALL: Final = "call"
NO_CONTACT_EVERY_MS: Final = 60_000
_META_BYTES_MAX: Final = 256
_META_ITEMS: Final = 5
PHRASES_MAX: Final = 256


class Accounts:
    """Writes this side's accounts."""

    __slots__ = ("_ctx", "_keeper", "_no_contact_ms")

    def __init__(self, ctx: Context, keeper: Keeper) -> None:
        """Write through ``keeper``."""
        self._ctx = ctx
        self._keeper = keeper
        self._no_contact_ms: int | None = None

    def remember(self, call: Call) -> None:
        """The call is open: let the disk know."""
        name: Value = call.call_id or call.tag
        self._keeper.meta[META_CALL] = encode(
            [
                name,
                call.role,
                call.manner.value,
                max(0, call.started_wall_ms),
                call.precedence.name,
            ]
        )

    def write(self, call: Call, now: Now) -> None:
        """The call ended: our account of it."""
        self._keeper.meta[META_CALL] = b""
        body: dict[str, Value] = {
            "id": call.call_id or call.tag,
            "role": call.role,
            "manner": call.manner.value,
            "precedence": call.precedence.name,
            "downgraded": call.downgraded,
            "outcome": call.outcome,
            "start_ms": max(0, call.started_wall_ms),
            "end_ms": max(0, now.wall_ms),
            "taken": call.taken,
            "silenced": bool(call.silenced),
            "pressed": call.pressed,
            "answer": call.answer,
            "due_s": call.due_s,
            "held": call.held,
            "two_way": call.both_ways,
        }
        if self._ctx.genesis.disclosure >= DISCLOSURE_ATTENDED:
            body["sounded"] = call.sounded if call.role == "called" else call.peer_sounded
            if call.attended is not None:
                body["attended"] = call.attended
        if call.phrases:
            # Sorted: the two sides may have seen phrases that crossed in another order.
            body["phrases"] = list[Value](sorted(call.phrases)[:PHRASES_MAX])
        self._write(body, now)

    def no_contact(self, manner: Manner, precedence: Precedence, now: Now) -> None:
        """An officer pressed with the link DOWN: nobody was reached, and nobody here knows why."""
        before = self._no_contact_ms
        if before is not None and now.mono_ms - before < NO_CONTACT_EVERY_MS:
            return
        self._no_contact_ms = now.mono_ms
        body: dict[str, Value] = {
            "id": self._ctx.random(CALL_ID_SIZE),
            "role": "caller",
            "manner": manner.value,
            "precedence": precedence.name,
            "outcome": Outcome.NO_CONTACT.value,
            "start_ms": max(0, now.wall_ms),
            "end_ms": max(0, now.wall_ms),
        }
        self._write(body, now)

    def of_restart(self, stored: bytes, now: Now) -> bytes:
        """Account for the call that was open when this post stopped; returns its tag, or b""."""
        if not stored:
            return b""
        try:
            name, role, manner, started, *more = as_list(
                decode(stored, _META_BYTES_MAX), _META_ITEMS
            )
            call_id = as_bytes(name)
            body: dict[str, Value] = {
                "id": call_id,
                "role": as_text(role, 8),
                "manner": as_text(manner, 8),
                "outcome": Outcome.RESTART.value,
                "start_ms": as_uint(started, UINT_MAX),
                "end_ms": max(0, now.wall_ms),
            }
            if more:  # a post of before did not keep it
                body["precedence"] = as_text(more[0], 16)
        except (OpenlineError, ValueError):
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
