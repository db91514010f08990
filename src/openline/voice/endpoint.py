"""The voice endpoint: ICE-lite for the post's own desks, and the relay to the link.

One UDP socket. STUN is answered here and never leaves the post; DTLS, SRTP and
SRTCP of a leg that is joined with a far desk go out as cells of that pair, and what
comes in cells of the pair goes to that leg. A leg that is joined with another desk of
the own side is relayed to it here: its datagrams become no cells, ever.
docs/spec/voice.md is normative.
"""

import asyncio
import secrets
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final

from typing_extensions import override

from openline.errors import VoiceError
from openline.voice.cells import PAIR_COUNT, ControlBlock, parse_cell
from openline.voice.leg import Address, Leg, LegKey, derive_credentials
from openline.voice.legs import DESK_SIZE, FarLeg, LegOffer
from openline.voice.pair_state import PairState
from openline.voice.pairs import SEAT_COUNT
from openline.voice.relay import Kind, RateLimit, classify
from openline.voice.sdp import build_answer, parse_offer
from openline.voice.stats import VoiceStats, measure
from openline.voice.stun import build_response, is_proven, parse_binding, same_name

LEG_COUNT_MAX: Final = SEAT_COUNT * (2 * SEAT_COUNT - 1)
"""Each seat has a leg for each far seat and for each other seat of its side."""
SECRET_SIZE: Final = 32
SPEAKS_MS: Final = 2_000
"""A connected desk sends sound at all times, silence too: without any for so long it is not."""


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
        self._legs: dict[LegKey, Leg] = {}
        self._by_address: dict[Address, Leg] = {}
        self._former: OrderedDict[str, Leg] = OrderedDict()
        self._pairs = [PairState(pair) for pair in range(PAIR_COUNT)]
        self._control = ControlBlock()
        self._checks = RateLimit(400, 400)
        self._private = 0
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
        for state in self._pairs:
            state.leg = None

    def offer(self, desk: bytes, sdp: str, slot: int = 0) -> LegOffer:
        """Read the offer of an own desk, for the other seat ``slot``, and give it a leg.

        The same offer again, after a restart too, finds the same credentials.

        Raises:
            VoiceError: ``voice.sdp``, ``voice.desk``, ``voice.too_many_legs``.
        """
        if len(desk) != DESK_SIZE:
            raise VoiceError("voice.desk", f"{len(desk)} octets")
        offer = parse_offer(sdp)
        key = (desk, slot)
        if key not in self._legs and len(self._legs) >= LEG_COUNT_MAX:
            raise VoiceError("voice.too_many_legs", str(len(self._legs)))
        ufrag, pwd = derive_credentials(self._secret, offer)
        held = self._legs.get(key)
        if held is None or held.ufrag != ufrag:
            self._drop(key)
            leg = self._revive(ufrag) or Leg(key=key, offer=offer, ufrag=ufrag, pwd=pwd)
            leg.key = key
            self._legs[key] = leg
        return LegOffer(
            desk=desk,
            fingerprint=offer.fingerprint,
            ssrcs=offer.ssrcs,
            red=offer.red,
            page_ufrag=offer.page_ufrag,
            leg_ufrag=ufrag,
            generation=offer.generation,
        )

    def answer(
        self, desk: bytes, far: FarLeg, *, active: bool, slot: int = 0, pair: int = 0
    ) -> str:
        """Join an own desk with a far desk: what it sends goes out in cells of this pair.

        Args:
            desk: that has offered.
            far: what the peer said.
            active: our desk is the DTLS client (party 0's is).
            slot: the far seat that it offered to.
            pair: number of the pair.

        Returns:
            The SDP answer for that desk.

        Raises:
            VoiceError: ``voice.no_offer``; ``voice.leg`` if the far desk claims
                a certificate of our own side.
        """
        leg = self._offered((desk, slot))
        if any(far.fingerprint == own.offer.fingerprint for own in self._legs.values()):
            raise VoiceError("voice.leg", "our own certificate came back")
        leg.far, leg.pair, leg.partner = far, pair, None
        self._pairs[pair].join(leg)
        return self._describe(leg, far, active=active)

    def answer_own(
        self, desk: bytes, other: FarLeg, *, active: bool, slot: int, partner: int
    ) -> str:
        """Join two desks of the own side: what one sends goes to the other and nowhere else.

        Args:
            desk: that has offered.
            other: the other desk's leg.
            active: this desk is the DTLS client: the one of the lower seat.
            slot: the own seat that it offered to.
            partner: under which the other desk offered in turn.

        Raises:
            VoiceError: as :meth:`answer`.
        """
        leg = self._offered((desk, slot))
        if other.desk == desk or other.fingerprint == leg.offer.fingerprint:
            raise VoiceError("voice.leg", "a desk is not joined with itself")
        leg.far, leg.pair, leg.partner = other, None, (other.desk, partner)
        return self._describe(leg, other, active=active)

    def _offered(self, key: LegKey) -> Leg:
        leg = self._legs.get(key)
        if leg is None:
            raise VoiceError("voice.no_offer")
        return leg

    def _describe(self, leg: Leg, far: FarLeg, *, active: bool) -> str:
        return build_answer(
            leg.offer,
            far,
            address=(self._advertised_ip, self.port),
            leg_ufrag=leg.ufrag,
            leg_pwd=leg.pwd,
            active=active,
        )

    def fingerprint(self, desk: bytes, slot: int) -> str:
        """Of the certificate with which a desk offered.

        Raises:
            VoiceError: ``voice.no_offer``.
        """
        return self._offered((desk, slot)).offer.fingerprint

    def speaks(self, desk: bytes, slot: int) -> bool:
        """Whether sound, silence included, comes from that connection of the desk."""
        leg = self._legs.get((desk, slot))
        return (
            leg is not None
            and leg.media_ms is not None
            and self._clock() - leg.media_ms <= SPEAKS_MS
        )

    def drop(self, desk: bytes) -> None:
        """Forget the legs of a desk; its datagrams are not taken any more."""
        for key in [key for key in self._legs if key[0] == desk]:
            self._drop(key)

    def _drop(self, key: LegKey) -> None:
        leg = self._legs.pop(key, None)
        if leg is None:
            return
        if leg.address is not None and self._by_address.get(leg.address) is leg:
            del self._by_address[leg.address]
        if leg.pair is not None and self._pairs[leg.pair].leg is leg:
            self._pairs[leg.pair].leg = None
        leg.far = leg.pair = leg.partner = None
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
            state = self._pairs[cell.pair]
            if state.news(cell):
                self._on_control(cell.control)
            leg = state.leg
            if leg is None or leg.far is None or leg.far.generation & 0xFFFF != cell.generation:
                self._dropped["far.generation"] += 1
                return
            datagram = state.pieces.add(cell)
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
        """Counts since the start, and the state of the joined legs."""
        return measure(
            list(self._legs.values()),
            self._pairs,
            self._clock(),
            private=self._private,
            cells=(self._cells_sent, self._cells_received),
            dropped=self._dropped,
        )

    def _revive(self, ufrag: str) -> Leg | None:
        """The dropped leg of the same offer: a console that lost its post for a moment."""
        leg = self._former.pop(ufrag, None)
        if leg is not None and leg.address is not None:
            self._by_address[leg.address] = leg
        return leg

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
        if classify(data) is Kind.RTP:
            leg.media_ms = now_ms
        if not leg.from_desk.admits(data, now_ms) or leg.far is None:
            return
        if leg.partner is not None:
            self._relay_within(leg, leg.partner, data, now_ms)
        elif leg.pair is not None and self._pairs[leg.pair].leg is leg:
            for cell in self._pairs[leg.pair].cut(data, self._control):
                self._cells_sent += 1
                self._on_cell(cell)

    def _relay_within(self, leg: Leg, partner: LegKey, data: bytes, now_ms: int) -> None:
        """From one desk of the own side to the other: no cell, no link."""
        other = self._legs.get(partner)
        if (
            self._transport is None
            or other is None
            or other.address is None
            or other.partner != leg.key
            or leg.far is None
            or other.far is None
            or other.far.generation != leg.far.generation
        ):
            self._dropped["own.unjoined"] += 1
        elif other.to_desk.admits(data, now_ms):
            self._private += 1
            self._transport.sendto(data, other.address)

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
