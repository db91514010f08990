"""The desk's voice: the pairing of two desks, between the endpoint and the engine.

The engine carries our leg to the peer and the peer's leg to us as opaque bytes;
this module alone reads them. A fault of voice is told to the desk that it
concerns; it never reaches the line.
"""

from collections.abc import Callable
from typing import Final, cast

import structlog

from openline.engine.desk import DeskEvent, Refused, VoiceAnswer, VoiceReset
from openline.errors import OpenlineError
from openline.record.cbor import Value, decode, encode
from openline.voice import (
    AnswerDesk,
    ControlBlock,
    FarLeg,
    Pairing,
    PairingAction,
    RenewDesk,
    SendLeg,
    VoiceEndpoint,
)

LEG_BYTES_MAX: Final = 1024
SILENT_LINK_MS_MAX: Final = 600_000
"""After so long without the link a connection is made anew (SRTP counters roll over)."""

_diagnostics = structlog.get_logger("openline.voice")


class DeskVoice:
    """See the module.

    Args:
        endpoint: the ICE-lite endpoint of our own desks.
        active: our desk is the DTLS client: party 0's is.
        own_leg: gives our leg to the engine; None when we have no desk.
        to_desk: gives an event to one desk.
    """

    def __init__(
        self,
        endpoint: VoiceEndpoint,
        *,
        active: bool,
        own_leg: Callable[[bytes | None], None],
        to_desk: Callable[[bytes, DeskEvent], None],
    ) -> None:
        """See the class."""
        self.endpoint: Final = endpoint
        self._active = active
        self._own_leg = own_leg
        self._to_desk = to_desk
        self._pairing = Pairing()
        self._desk: bytes | None = None
        self._connection = ""

    def offered(self, desk: bytes, sdp: str) -> None:
        """A desk's audio page offers; answered by VoiceAnswer once the far desk is there."""
        try:
            offer = self.endpoint.offer(desk, sdp)
            if self._desk is not None and self._desk != desk:
                self.dropped(self._desk)
            if self._desk != desk:
                self._desk, self._connection = desk, ""
            self._act(self._pairing.offered(offer))
        except OpenlineError as fault:
            self._refuse(desk, fault)

    def dropped(self, desk: bytes) -> None:
        """A desk is gone."""
        self.endpoint.drop(desk)
        self._pairing.dropped(desk)
        if self._desk == desk:
            self._desk = None
            self._own_leg(None)

    def far_leg_changed(self, leg: bytes | None) -> None:
        """The peer announced its desk, or that it has none."""
        if leg is None:
            return  # Its next desk comes with a leg of its own; until then nothing can be heard.
        try:
            far = FarLeg.from_map(decode(leg, LEG_BYTES_MAX))
            self._act(self._pairing.far_received(far))
        except OpenlineError as fault:
            _diagnostics.warning("leg refused", code=fault.code)

    def reported(self, desk: bytes, connection: str) -> None:
        """What the desk's page says of its connection."""
        if desk == self._desk:
            self._connection = connection

    def link_returned(self, silent_ms: int) -> None:
        """The link is up after so long without it.

        A handshake that began into a dead link backs off for up to a minute, and
        after ten minutes the counters of a live one may have rolled over: both begin anew.
        """
        stuck = self._pairing.joined and self._connection != "connected"
        if stuck or silent_ms > SILENT_LINK_MS_MAX:
            self._act(self._pairing.renew())

    def cell_received(self, body: bytes) -> None:
        """A media frame of the peer."""
        self.endpoint.cell_received(body)

    def set_control(self, block: ControlBlock) -> None:
        """The control block of every cell that goes out from now on."""
        self.endpoint.set_control(block)

    def _act(self, actions: list[PairingAction]) -> None:
        for action in actions:
            match action:
                case SendLeg(leg):
                    self._own_leg(encode(cast("Value", leg.to_map())))
                case AnswerDesk(desk, far):
                    self._answer(desk, far)
                case RenewDesk(desk):
                    self._to_desk(desk, VoiceReset())

    def _answer(self, desk: bytes, far: FarLeg) -> None:
        try:
            sdp = self.endpoint.answer(desk, far, active=self._active)
        except OpenlineError as fault:
            self._refuse(desk, fault)
            return
        self._to_desk(desk, VoiceAnswer(sdp=sdp, generation=far.generation))

    def _refuse(self, desk: bytes, fault: OpenlineError) -> None:
        _diagnostics.warning("offer refused", code=fault.code)
        self._to_desk(desk, Refused(request="voice", code=fault.code, facts=dict(fault.facts)))
