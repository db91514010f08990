"""The desks' voice: the pairing of every desk here with every desk there, and with each other.

The engine carries our legs to the peer and the peer's legs to us as opaque bytes; this
module alone reads them. Pairs of two own desks are joined here, by the same rules, and are
told to nobody. A fault of voice is told to the desk that it concerns; it never reaches the
line.
"""

from collections import deque
from collections.abc import Callable
from typing import Final, cast

import structlog

from openline.engine.desk import DeskEvent, Refused, VoiceAnswer, VoiceReset
from openline.errors import OpenlineError, VoiceError
from openline.record.cbor import Value, decode, encode
from openline.voice import (
    LEGS_BYTES_MAX,
    OWN_SLOT,
    SEAT_COUNT,
    AnswerDesk,
    ControlBlock,
    FarLeg,
    Pairing,
    PairingAction,
    RenewDesk,
    SendLeg,
    VoiceEndpoint,
    is_pair_slot,
    legs_from_map,
    legs_to_map,
    pair_of,
    seats_of,
    speech_digits,
)

SILENT_LINK_MS_MAX: Final = 600_000
"""After so long without the link a connection is made anew (SRTP counters roll over)."""
GONE_MS: Final = 10_000
"""A desk that lost its post for a moment is back with its connection before that."""

Place = tuple[int, int]
"""A connection of an own desk: its seat, and the pair slot under which it offers."""

_diagnostics = structlog.get_logger("openline.voice")


class DeskVoice:
    """See the module.

    Args:
        endpoint: the ICE-lite endpoint of our own desks.
        party: our index; the desks of party 0 are the DTLS clients.
        line: its id, 16 bytes: of which the digits of a speech are made.
        own_legs: gives the map of our legs to the engine.
        to_desk: gives an event to one desk.
    """

    def __init__(
        self,
        endpoint: VoiceEndpoint,
        *,
        party: int,
        line: bytes,
        own_legs: Callable[[bytes], None],
        to_desk: Callable[[bytes, DeskEvent], None],
    ) -> None:
        """See the class."""
        self.endpoint: Final = endpoint
        self._party = party
        self._line = line
        self._own_legs = own_legs
        self._to_desk = to_desk
        self._slots: dict[bytes, int] = {}
        self._pairings = {
            (seat, slot): Pairing()
            for seat in range(SEAT_COUNT)
            for slot in range(2 * SEAT_COUNT)
            if is_pair_slot(slot, seat)
        }
        self._announced: dict[int, FarLeg] = {}
        self._far: dict[int, FarLeg] = {}
        self._gone: dict[Place, int | None] = {}
        self._within: deque[tuple[Place, FarLeg]] = deque()

    def seated(self, desk: bytes, slot: int) -> None:
        """A desk has this seat now."""
        if 0 <= slot < SEAT_COUNT:
            for other in [name for name, at in self._slots.items() if at == slot]:
                self.dropped(other)
            self._slots[desk] = slot

    def offered(self, desk: bytes, sdp: str, pair_slot: int = 0) -> None:
        """A desk's audio page offers; answered by VoiceAnswer once the other desk is there."""
        try:
            seat = self._slots.get(desk)
            if seat is None or not is_pair_slot(pair_slot, seat):
                raise VoiceError("voice.pair", f"{pair_slot} of seat {seat}")
            offer = self.endpoint.offer(desk, sdp, pair_slot)
        except OpenlineError as fault:
            self._refuse(desk, fault)
            return
        place = (seat, pair_slot)
        self._act(place, self._pairings[place].offered(offer))

    def dropped(self, desk: bytes) -> None:
        """A desk is gone."""
        seat = self._slots.pop(desk, None)
        self.endpoint.drop(desk)
        if seat is None:
            return
        for place, pairing in self._pairings.items():
            if place[0] == seat:
                pairing.dropped(desk)
                self._gone.pop(place, None)
                if place[1] < SEAT_COUNT:
                    self._announced.pop(self._pair(place), None)
            elif place[1] == OWN_SLOT + seat:
                self._gone[place] = None
        self._say()

    def far_legs_changed(self, legs: bytes | None) -> None:
        """The peer announced its desks, or is another start that has not yet."""
        try:
            far = {} if legs is None else legs_from_map(decode(legs, LEGS_BYTES_MAX))
        except OpenlineError as fault:
            _diagnostics.warning("legs refused", code=fault.code)
            return
        before, self._far = self._far, far
        for pair in before.keys() - far.keys():
            # It may come back with its connection: until then nothing can be heard.
            self._gone[self._place(pair)] = None
        for pair, leg in far.items():
            place = self._place(pair)
            self._gone.pop(place, None)
            if leg != before.get(pair):
                self._act(place, self._pairings[place].far_received(leg))

    def tick(self, now_ms: int) -> None:
        """Let time pass: what is joined with a desk that stays away begins anew."""
        for place, since_ms in list(self._gone.items()):
            if since_ms is None:
                self._gone[place] = now_ms
            elif now_ms - since_ms >= GONE_MS:
                del self._gone[place]
                self._act(place, self._pairings[place].far_gone())

    def link_returned(self, silent_ms: int) -> None:
        """The link is up after so long without it.

        A handshake that began into a dead link backs off for up to a minute, and
        after ten minutes the counters of a live one may have rolled over: both begin anew.
        """
        for desk, seat in list(self._slots.items()):
            for slot in range(SEAT_COUNT):
                pairing = self._pairings[seat, slot]
                stuck = pairing.joined and not self.endpoint.speaks(desk, slot)
                if pairing.joined and (stuck or silent_ms > SILENT_LINK_MS_MAX):
                    self._act((seat, slot), pairing.renew())

    def cell_received(self, body: bytes) -> None:
        """A media frame of the peer."""
        self.endpoint.cell_received(body)

    def set_control(self, block: ControlBlock) -> None:
        """The control block of every cell that goes out from now on."""
        self.endpoint.set_control(block)

    def _pair(self, place: Place) -> int:
        return pair_of(self._party, *place)

    def _place(self, pair: int) -> Place:
        return seats_of(self._party, pair)

    def _act(self, place: Place, actions: list[PairingAction]) -> None:
        self._do(place, actions)
        while self._within:
            place, leg = self._within.popleft()
            self._gone.pop(place, None)
            self._do(place, self._pairings[place].far_received(leg))

    def _do(self, place: Place, actions: list[PairingAction]) -> None:
        seat, slot = place
        for action in actions:
            match action:
                case SendLeg(leg) if slot < SEAT_COUNT:
                    self._announced[self._pair(place)] = leg
                    self._say()
                case SendLeg(leg):
                    self._within.append(((slot - OWN_SLOT, OWN_SLOT + seat), leg))
                case AnswerDesk(desk, far):
                    self._answer(place, desk, far)
                case RenewDesk(desk):
                    self._to_desk(desk, VoiceReset(pair_slot=slot))

    def _say(self) -> None:
        self._own_legs(encode(cast("Value", legs_to_map(self._announced))))

    def _answer(self, place: Place, desk: bytes, far: FarLeg) -> None:
        seat, slot = place
        digits = ""
        try:
            if slot < SEAT_COUNT:
                digits = self._digits(desk, slot, far)
                sdp = self.endpoint.answer(
                    desk, far, active=self._party == 0, slot=slot, pair=self._pair(place)
                )
            else:
                sdp = self.endpoint.answer_own(
                    desk, far, active=seat < slot - OWN_SLOT, slot=slot, partner=OWN_SLOT + seat
                )
        except OpenlineError as fault:
            self._refuse(desk, fault)
            return
        self._to_desk(
            desk,
            VoiceAnswer(sdp=sdp, generation=far.generation, pair_slot=slot, digits=digits),
        )

    def _digits(self, desk: bytes, slot: int, far: FarLeg) -> str:
        both = (self.endpoint.fingerprint(desk, slot), far.fingerprint)
        return speech_digits(self._line, both if self._party == 0 else both[::-1])

    def _refuse(self, desk: bytes, fault: OpenlineError) -> None:
        _diagnostics.warning("offer refused", code=fault.code)
        self._to_desk(desk, Refused(request="voice", code=fault.code, facts=dict(fault.facts)))
