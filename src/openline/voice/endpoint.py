"""The voice endpoint: ICE-lite for the post's own desks, and the relay to the link.

One UDP socket. STUN is answered here and never leaves the post; DTLS, SRTP and
SRTCP of the joined desk go out as cells, and what comes in cells goes to that
desk. docs/spec/voice.md is normative.
"""

import asyncio
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from openline.errors import VoiceError
from openline.voice.cells import ControlBlock, Reassembler, build_cells, parse_cell
from openline.voice.leg import Address, Leg, derive_credentials
from openline.voice.legs import DESK_SIZE, FarLeg, LegOffer
from openline.voice.relay import Kind, RateLimit, classify
from openline.voice.sdp import build_answer, parse_offer
from openline.voice.stun import build_response, is_proven, parse_binding, same_name

LEG_COUNT_MAX: Final = 16
SECRET_SIZE: Final = 32
LATE_WINDOW: Final = 256
_DATAGRAM_IDS: Final = 0x10000


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceStats:
    """Counts since the start, and the state of the joined leg.

    Attributes:
        legs: own desks with a leg.
        answered: a leg is joined with a far desk.
        bound: and its desk has proven its address.
        desk_heard_ms_ago: since anything came from that desk; None if never.
        sent: datagrams of the joined leg that went out, by kind.
        sent_octets: of those.
        received: datagrams from the link that went to the desk, by kind.
        received_octets: of those.
        cells_sent: cells given to the link.
        cells_received: well-formed cells taken from the link.
        dropped: everything refused, by direction and reason.
    """

    legs: int
    answered: bool
    bound: bool
    desk_heard_ms_ago: int | None
    sent: dict[str, int]
    sent_octets: int
    received: dict[str, int]
    received_octets: int
    cells_sent: int
    cells_received: int
    dropped: dict[str, int]


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class VoiceEndpoint:
    """See the module.

    Args:
        bind: local address and port of the socket; port 0 takes a free one.
        advertised_ip: the address under which own desks reach it.
        on_cell: takes each body of a MEDIA frame.
        on_control: takes the peer's control block whenever it changed.
        secret: 32 octets that survive a restart; without it credentials do not.
        clock: monotonic milliseconds.

    Raises:
        VoiceError: ``voice.secret`` if the secret is not 32 octets.
    """

    def __init__(
        self,
        bind: Address,
        advertised_ip: str,
        on_cell: Callable[[bytes], None],
        on_control: Callable[[ControlBlock], None],
        *,
        secret: bytes | None = None,
        clock: Callable[[], int] = _monotonic_ms,
    ) -> None:
        """See the class."""
        self._bind = bind
        self._advertised_ip = advertised_ip
        self._on_cell = on_cell
        self._on_control = on_control
        self._secret = secrets.token_bytes(SECRET_SIZE) if secret is None else secret
        if len(self._secret) != SECRET_SIZE:
            raise VoiceError("voice.secret", f"{len(self._secret)} octets")
        self._clock = clock
        self._transport: asyncio.DatagramTransport | None = None
        self._legs: dict[bytes, Leg] = {}
        self._by_address: dict[Address, Leg] = {}
        self._former: OrderedDict[str, Leg] = OrderedDict()
        self._joined: Leg | None = None
        self._control = ControlBlock()
        self._far_control: ControlBlock | None = None
        self._far_datagram_id: int | None = None
        self._reassembler = Reassembler()
        self._checks = RateLimit(400, 400)
        self._next_id = secrets.randbelow(_DATAGRAM_IDS)
        self._cells_sent = 0
        self._cells_received = 0
        self._dropped: Counter[str] = Counter()

    @property
    def port(self) -> int:
        """The port that own desks use, once started."""
        if self._transport is None:
            return self._bind[1]
        return int(self._transport.get_extra_info("sockname")[1])

    async def start(self) -> None:
        """Open the socket.

        Raises:
            VoiceError: ``voice.bind`` if the address cannot be used.
        """
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Socket(self._datagram_received), local_addr=self._bind
            )
        except OSError as error:
            raise VoiceError(
                "voice.bind", str(error), address=self._bind[0], port=self._bind[1]
            ) from error

    def close(self) -> None:
        """Close the socket and forget every leg."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        self._legs.clear()
        self._by_address.clear()
        self._former.clear()
        self._joined = None

    def offer(self, desk: bytes, sdp: str) -> LegOffer:
        """Read the offer of an own desk and give it a leg.

        The same offer again, after a restart too, finds the same credentials.

        Raises:
            VoiceError: ``voice.sdp``, ``voice.desk``, ``voice.too_many_legs``.
        """
        if len(desk) != DESK_SIZE:
            raise VoiceError("voice.desk", f"{len(desk)} octets")
        offer = parse_offer(sdp)
        if desk not in self._legs and len(self._legs) >= LEG_COUNT_MAX:
            raise VoiceError("voice.too_many_legs", str(len(self._legs)))
        ufrag, pwd = derive_credentials(self._secret, offer)
        held = self._legs.get(desk)
        if held is None or held.ufrag != ufrag:
            self.drop(desk)
            self._legs[desk] = self._revive(ufrag) or Leg(offer=offer, ufrag=ufrag, pwd=pwd)
        return LegOffer(
            desk=desk,
            fingerprint=offer.fingerprint,
            ssrcs=offer.ssrcs,
            red=offer.red,
            page_ufrag=offer.page_ufrag,
            leg_ufrag=ufrag,
            generation=offer.generation,
        )

    def answer(self, desk: bytes, far: FarLeg, *, active: bool) -> str:
        """Join an own desk with a far desk.

        Args:
            desk: that has offered.
            far: what the peer said.
            active: our desk is the DTLS client (party 0's is).

        Returns:
            The SDP answer for that desk.

        Raises:
            VoiceError: ``voice.no_offer``; ``voice.leg`` if the far desk claims
                our own certificate.
        """
        leg = self._legs.get(desk)
        if leg is None:
            raise VoiceError("voice.no_offer")
        if far.fingerprint == leg.offer.fingerprint:
            raise VoiceError("voice.leg", "our own certificate came back")
        leg.far = far
        if self._joined is not leg:
            self._reassembler.clear()
        self._joined = leg
        return build_answer(
            leg.offer,
            far,
            address=(self._advertised_ip, self.port),
            leg_ufrag=leg.ufrag,
            leg_pwd=leg.pwd,
            active=active,
        )

    def drop(self, desk: bytes) -> None:
        """Forget the leg of a desk; its datagrams are not taken any more."""
        leg = self._legs.pop(desk, None)
        if leg is None:
            return
        if leg.address is not None and self._by_address.get(leg.address) is leg:
            del self._by_address[leg.address]
        if self._joined is leg:
            self._joined = None
        leg.far = None
        self._former[leg.ufrag] = leg
        while len(self._former) > LEG_COUNT_MAX:
            self._former.popitem(last=False)

    def set_control(self, block: ControlBlock) -> None:
        """Put the block into every cell that goes out from now on."""
        self._control = block

    def cell_received(self, body: bytes) -> None:
        """Take the body of a MEDIA frame of the peer; what is refused is counted."""
        try:
            cell = parse_cell(body)
            self._cells_received += 1
            self._control_received(cell.control, cell.datagram_id)
            leg = self._joined
            if leg is None or leg.far is None or leg.far.generation & 0xFFFF != cell.generation:
                self._dropped["far.generation"] += 1
                return
            datagram = self._reassembler.add(cell)
        except VoiceError as error:
            self._dropped[f"far.{error.code}"] += 1
            return
        if datagram is None or not leg.to_desk.admits(datagram, self._clock()):
            return
        if self._transport is None or leg.address is None:
            self._dropped["far.unbound"] += 1
            return
        self._transport.sendto(datagram, leg.address)

    def stats(self) -> VoiceStats:
        """Counts since the start, and the state of the joined leg."""
        leg = self._joined
        dropped = Counter(self._dropped)
        sent: Counter[str] = Counter()
        received: Counter[str] = Counter()
        for each in self._legs.values():
            dropped.update({f"desk.{key}": n for key, n in each.from_desk.dropped.items()})
            dropped.update({f"far.{key}": n for key, n in each.to_desk.dropped.items()})
            sent.update(each.from_desk.passed)
            received.update(each.to_desk.passed)
        bound = leg is not None and leg.address is not None
        return VoiceStats(
            legs=len(self._legs),
            answered=leg is not None,
            bound=bound,
            desk_heard_ms_ago=self._clock() - leg.heard_ms if leg is not None and bound else None,
            sent=dict(sent),
            sent_octets=sum(each.from_desk.octets for each in self._legs.values()),
            received=dict(received),
            received_octets=sum(each.to_desk.octets for each in self._legs.values()),
            cells_sent=self._cells_sent,
            cells_received=self._cells_received,
            dropped=dict(dropped),
        )

    def _revive(self, ufrag: str) -> Leg | None:
        """The dropped leg of the same offer: a console that lost its post for a moment."""
        leg = self._former.pop(ufrag, None)
        if leg is not None and leg.address is not None:
            self._by_address[leg.address] = leg
        return leg

    def _control_received(self, control: ControlBlock, datagram_id: int) -> None:
        last = self._far_datagram_id
        if last is not None and 0 < (last - datagram_id) % _DATAGRAM_IDS <= LATE_WINDOW:
            return  # A late cell of a slower path says what was, not what is.
        self._far_datagram_id = datagram_id
        if control != self._far_control:
            self._far_control = control
            self._on_control(control)

    def _datagram_received(self, data: bytes, address: Address) -> None:
        if classify(data) is Kind.STUN:
            self._check_received(data, address)
            return
        leg = self._by_address.get(address)
        if leg is None:
            self._dropped["desk.unknown_source"] += 1
            return
        now_ms = self._clock()
        leg.heard_ms = now_ms
        if not leg.from_desk.admits(data, now_ms) or leg is not self._joined or leg.far is None:
            return
        ident = self._next_id
        self._next_id = (ident + 1) % _DATAGRAM_IDS
        for cell in build_cells(
            data, generation=leg.far.generation, control=self._control, datagram_id=ident
        ):
            self._cells_sent += 1
            self._on_cell(cell)

    def _check_received(self, data: bytes, address: Address) -> None:
        now_ms = self._clock()
        if not self._checks.allows(now_ms):
            self._dropped["desk.stun_rate"] += 1
            return
        try:
            response = self._answer_check(data, address, now_ms)
        except VoiceError as error:
            self._dropped[f"desk.{error.code}"] += 1
            return
        if self._transport is not None:
            self._transport.sendto(response, address)

    def _answer_check(self, data: bytes, address: Address, now_ms: int) -> bytes:
        request = parse_binding(data)
        for leg in self._legs.values():
            if same_name(leg.ufrag, request.leg_ufrag):
                break
        else:
            raise VoiceError("voice.stun_name")
        if not same_name(leg.offer.page_ufrag, request.page_ufrag):
            raise VoiceError("voice.stun_name")
        if not is_proven(request, leg.pwd):
            raise VoiceError("voice.stun_integrity")
        if not leg.checks.allows(now_ms):
            raise VoiceError("voice.stun_rate")
        before = leg.address
        if not leg.accepts(address, request.transaction_id, now_ms):
            raise VoiceError("voice.rebind")
        if before is not None and before != address and self._by_address.get(before) is leg:
            del self._by_address[before]
        self._by_address[address] = leg
        return build_response(request, address, leg.pwd)


class _Socket(asyncio.DatagramProtocol):
    """Hands datagrams on; an ICMP error of one desk is none of the socket."""

    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    @override
    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self._received(data, (str(addr[0]), int(addr[1])))
