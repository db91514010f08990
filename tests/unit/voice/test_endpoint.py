"""The endpoint: who is answered, who is bound, what is relayed."""

import struct

import pytest
from aioice import stun

from openline.errors import VoiceError
from openline.voice import ControlBlock, FarLeg, VoiceEndpoint
from openline.voice.cells import build_cells, parse_cell
from tests.unit.voice.test_sdp import FAR, OFFER

DESK = b"desk-one"
HERE = ("127.0.0.1", 40_001)
ELSEWHERE = ("127.0.0.1", 40_002)
RTP = bytes([0x80, 111]) + bytes(60)


class Socket:
    """Keeps what the endpoint sends."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, tuple[str, int]]] = []

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        self.sent.append((data, address))

    def get_extra_info(self, _name: str) -> tuple[str, int]:
        return ("127.0.0.1", 22_000)

    def close(self) -> None:
        pass


class Rig:
    """An endpoint without a network, with a clock of its own."""

    def __init__(self) -> None:
        self.now_ms = 10_000
        self.cells: list[bytes] = []
        self.controls: list[ControlBlock] = []
        self.socket = Socket()
        self.endpoint = VoiceEndpoint(
            ("127.0.0.1", 0),
            "127.0.0.1",
            self.cells.append,
            self.controls.append,
            secret=bytes(32),
            clock=lambda: self.now_ms,
        )
        self.endpoint._transport = self.socket  # type: ignore[assignment]
        self.endpoint.offer(DESK, OFFER)
        self.endpoint.answer(DESK, FAR, active=True)
        self.leg = self.endpoint._legs[DESK, 0]

    def check(
        self,
        address: tuple[str, int] = HERE,
        *,
        transaction: int = 1,
        name: str = "",
        pwd: str = "",
    ) -> bool:
        """Send a binding request; whether it was answered."""
        request = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.REQUEST,
            transaction_id=transaction.to_bytes(12, "big"),
            attributes={"USERNAME": name or f"{self.leg.ufrag}:ahP6", "PRIORITY": 1},
        )
        request.add_message_integrity((pwd or self.leg.pwd).encode())
        return self.receive(bytes(request), address)

    def receive(self, data: bytes, address: tuple[str, int] = HERE) -> bool:
        before = len(self.socket.sent)
        self.endpoint._datagram_received(data, address)
        return len(self.socket.sent) > before

    def cell(self, datagram: bytes = RTP, ident: int = 1, **changes: object) -> bytes:
        values = {"generation": 4, "control": ControlBlock(), "datagram_id": ident, **changes}
        [cell] = build_cells(datagram, **values)  # type: ignore[arg-type]
        return cell


def test_a_proven_check_is_answered_and_binds() -> None:
    rig = Rig()
    assert not rig.endpoint.stats().bound
    assert rig.check()
    data, address = rig.socket.sent[-1]
    response = stun.parse_message(data)
    assert address == HERE
    assert response.message_class is stun.Class.RESPONSE
    assert response.attributes["XOR-MAPPED-ADDRESS"] == HERE
    assert response.check_message_integrity(rig.leg.pwd.encode())
    assert rig.endpoint.stats().bound


def test_an_ipv6_desk_is_answered() -> None:
    rig = Rig()
    assert rig.check(("::1", 4000))
    response = stun.parse_message(rig.socket.sent[-1][0])
    assert response.attributes["XOR-MAPPED-ADDRESS"] == ("::1", 4000)


def test_an_unproven_check_is_not_answered_and_binds_nothing() -> None:
    rig = Rig()
    assert not rig.check(pwd="wrong" * 5)
    assert not rig.check(name="someone:ahP6")
    assert not rig.check(name=f"{rig.leg.ufrag}:other")
    assert not rig.check(name=rig.leg.ufrag)
    assert rig.leg.address is None
    dropped = rig.endpoint.stats().dropped
    assert dropped["desk.voice.stun_integrity"] == 1
    assert dropped["desk.voice.stun_name"] == 2


def test_a_check_with_one_flipped_bit_is_not_answered() -> None:
    rig = Rig()
    request = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.REQUEST,
        transaction_id=bytes(12),
        attributes={"USERNAME": f"{rig.leg.ufrag}:ahP6"},
    )
    request.add_message_integrity(rig.leg.pwd.encode())
    data = bytes(request)
    for bit in range(len(data) * 8):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        rig.now_ms += 100
        assert not rig.receive(bytes(changed)), f"bit {bit}"
    assert rig.receive(data)


def test_other_stun_is_not_answered() -> None:
    rig = Rig()
    for kind in (stun.Class.INDICATION, stun.Class.RESPONSE, stun.Class.ERROR):
        other = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=kind,
            attributes={"USERNAME": f"{rig.leg.ufrag}:ahP6"},
        )
        other.add_message_integrity(rig.leg.pwd.encode())
        assert not rig.receive(bytes(other))


def test_a_bound_leg_moves_only_after_silence_and_never_on_a_seen_transaction() -> None:
    rig = Rig()
    assert rig.check(HERE, transaction=1)
    assert rig.check(HERE, transaction=1), "a retransmission is answered"
    assert not rig.check(ELSEWHERE, transaction=2)
    rig.now_ms += 1_999
    assert not rig.check(ELSEWHERE, transaction=2)
    rig.now_ms += 1
    assert not rig.check(ELSEWHERE, transaction=1), "replayed from elsewhere"
    assert rig.leg.address == HERE
    assert rig.check(ELSEWHERE, transaction=3)
    assert rig.leg.address == ELSEWHERE
    rig.receive(RTP, HERE)
    assert rig.cells == []
    rig.receive(RTP, ELSEWHERE)
    assert len(rig.cells) == 1


def test_media_keeps_a_leg_where_it_is() -> None:
    rig = Rig()
    assert rig.check(HERE)
    for transaction in range(2, 50):
        rig.now_ms += 1_000
        rig.receive(RTP, HERE)
        assert not rig.check(ELSEWHERE, transaction=transaction)


def test_media_of_the_bound_source_goes_out_in_cells_with_the_control_block() -> None:
    rig = Rig()
    rig.receive(RTP)
    assert rig.cells == []
    rig.check()
    control = ControlBlock(call_tag=b"call", talking=True, talk_seq=3)
    rig.endpoint.set_control(control)
    rig.receive(RTP)
    rig.receive(bytes(30))
    rig.receive(b"\x50" * 30)
    rig.receive(RTP, ELSEWHERE)
    [cell] = [parse_cell(body) for body in rig.cells]
    assert (cell.piece, cell.generation, cell.control) == (RTP, 4, control)


def test_cells_of_the_generation_go_to_the_desk() -> None:
    rig = Rig()
    rig.check()
    rig.socket.sent.clear()
    rig.endpoint.cell_received(rig.cell())
    rig.endpoint.cell_received(rig.cell(ident=2, generation=5))
    rig.endpoint.cell_received(rig.cell(bytes([0]) * 40, ident=3))  # STUN never passes
    rig.endpoint.cell_received(b"nonsense")
    assert rig.socket.sent == [(RTP, HERE)]
    dropped = rig.endpoint.stats().dropped
    assert dropped["far.generation"] == 1
    assert dropped["far.kind"] == 1
    assert dropped["far.voice.cell"] == 1


def test_cells_for_an_unbound_desk_are_dropped() -> None:
    rig = Rig()
    rig.endpoint.cell_received(rig.cell())
    assert rig.socket.sent == []
    assert rig.endpoint.stats().dropped["far.unbound"] == 1


def test_control_is_told_when_it_changes_and_never_from_a_late_cell() -> None:
    rig = Rig()
    on = ControlBlock(talking=True, talk_seq=1)
    off = ControlBlock(talk_seq=2)
    rig.endpoint.cell_received(rig.cell(ident=65_535, control=on))
    rig.endpoint.cell_received(rig.cell(ident=0, control=on))
    rig.endpoint.cell_received(rig.cell(ident=1, control=off, generation=99))
    rig.endpoint.cell_received(rig.cell(ident=65_534, control=on))
    assert rig.controls == [on, off]
    # A peer that began anew counts from anywhere.
    rig.endpoint.cell_received(rig.cell(ident=40_000, control=on))
    assert rig.controls == [on, off, on]


def test_a_flood_from_the_link_is_cut() -> None:
    rig = Rig()
    rig.check()
    rig.socket.sent.clear()
    for ident in range(1000):
        rig.endpoint.cell_received(rig.cell(ident=ident))
    assert len(rig.socket.sent) <= 100
    assert rig.endpoint.stats().dropped["far.rate"] >= 900


def test_a_flood_of_checks_is_cut() -> None:
    rig = Rig()
    answered = sum(rig.check(transaction=i) for i in range(2000))
    assert answered <= 60


def test_the_same_offer_finds_the_same_credentials_after_a_restart() -> None:
    first, second = Rig(), Rig()
    assert (first.leg.ufrag, first.leg.pwd) == (second.leg.ufrag, second.leg.pwd)
    before = first.leg
    first.check()
    first.endpoint.offer(DESK, OFFER)
    assert first.endpoint._legs[DESK, 0] is before, "a standing leg stays bound"
    first.endpoint.offer(DESK, OFFER.replace("ahP6", "ahP7"))
    after = first.endpoint._legs[DESK, 0]
    assert after.ufrag != before.ufrag
    assert after.address is None
    assert not first.receive(RTP)
    assert first.cells == []


def test_a_desk_that_comes_back_with_its_connection_is_where_it_was() -> None:
    rig = Rig()
    rig.check()
    rig.endpoint.drop(DESK)
    rig.receive(RTP)
    assert rig.cells == []
    rig.endpoint.offer(b"new-name", OFFER)
    rig.receive(RTP)
    assert rig.cells == [], "not before it is answered again"
    rig.endpoint.answer(b"new-name", FAR, active=True)
    rig.receive(RTP)
    assert len(rig.cells) == 1
    for i in range(100):
        rig.endpoint.offer(b"new-name", OFFER.replace("ahP6", f"ufrag{i}"))
    assert len(rig.endpoint._former) == 15


def test_legs_are_bounded_and_dropped() -> None:
    rig = Rig()
    for i in range(14):
        rig.endpoint.offer(struct.pack(">Q", i), OFFER)
    with pytest.raises(VoiceError, match=r"voice\.too_many_legs"):
        rig.endpoint.offer(b"too-many", OFFER)
    rig.endpoint.drop(DESK)
    rig.endpoint.drop(DESK)
    rig.endpoint.offer(b"too-many", OFFER)
    rig.endpoint.cell_received(rig.cell())
    assert not rig.endpoint.stats().answered


def test_what_an_answer_refuses() -> None:
    rig = Rig()
    mirror = FarLeg.from_map({**FAR.to_map(), "fp": rig.leg.offer.fingerprint})
    with pytest.raises(VoiceError, match=r"voice\.leg"):
        rig.endpoint.answer(DESK, mirror, active=True)
    with pytest.raises(VoiceError, match=r"voice\.no_offer"):
        rig.endpoint.answer(b"no-offer", FAR, active=True)
    with pytest.raises(VoiceError, match=r"voice\.desk"):
        rig.endpoint.offer(b"short", OFFER)
    with pytest.raises(VoiceError, match=r"voice\.secret"):
        VoiceEndpoint(("127.0.0.1", 0), "127.0.0.1", print, print, secret=b"short")


@pytest.mark.asyncio
async def test_an_address_in_use_is_said_in_words() -> None:
    first = VoiceEndpoint(("127.0.0.1", 0), "127.0.0.1", print, print)
    await first.start()
    second = VoiceEndpoint(("127.0.0.1", first.port), "127.0.0.1", print, print)
    with pytest.raises(VoiceError, match=r"voice\.bind"):
        await second.start()
    first.close()
