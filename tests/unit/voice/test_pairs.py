"""Several pairs over one endpoint: each for itself, and the own side's never on the line."""

import re

import pytest
from aioice import stun

from openline.errors import VoiceError
from openline.voice import ControlBlock, FarLeg, is_pair_slot, pair_of, seats_of
from openline.voice.cells import build_cells, parse_cell
from openline.voice.sdp import parse_offer
from tests.unit.voice.test_endpoint import DESK, ELSEWHERE, HERE, RTP, Rig
from tests.unit.voice.test_sdp import FAR, OFFER

FINGERPRINT = re.compile(r"a=fingerprint:sha-256 [0-9A-F:]+", re.IGNORECASE)
FARTHER = FarLeg.from_map({**FAR.to_map(), "fp": ":".join(["CD"] * 32), "gen": 9})
OWN = b"desk-two"
LOW, HIGH = ("127.0.0.1", 41_000), ("127.0.0.1", 41_001)


def offer_of(name: str) -> str:
    """Another connection: a name and a certificate of its own."""
    fingerprint = ":".join([f"{sum(name.encode()) % 256:02X}"] * 32)
    return FINGERPRINT.sub(f"a=fingerprint:sha-256 {fingerprint}", OFFER.replace("ahP6", name))


def bind(rig: Rig, key: tuple[bytes, int], name: str, address: tuple[str, int]) -> None:
    leg = rig.endpoint._legs[key]
    request = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.REQUEST,
        transaction_id=name.encode().ljust(12, b"-"),
        attributes={"USERNAME": f"{leg.ufrag}:{name}", "PRIORITY": 1},
    )
    request.add_message_integrity(leg.pwd.encode())
    assert rig.receive(bytes(request), address)


def second_pair(rig: Rig, pair: int = 1) -> None:
    """The same desk is joined with another far desk, bound elsewhere."""
    rig.endpoint.offer(DESK, offer_of("other"), 1)
    rig.endpoint.answer(DESK, FARTHER, active=True, slot=1, pair=pair)
    bind(rig, (DESK, 1), "other", ELSEWHERE)


def own_side(rig: Rig) -> None:
    """Two desks of one side, at seats 0 and 1, joined with each other."""
    rig.endpoint.offer(DESK, offer_of("low1"), 4)
    rig.endpoint.offer(OWN, offer_of("high"), 3)
    for desk, other, slot, name in ((DESK, OWN, 4, "high"), (OWN, DESK, 3, "low1")):
        leg = FarLeg(
            generation=2,
            desk=other,
            fingerprint=parse_offer(offer_of(name)).fingerprint,
            ssrcs=(1,),
            red=True,
        )
        rig.endpoint.answer_own(desk, leg, active=desk == DESK, slot=slot, partner=7 - slot)
    bind(rig, (DESK, 4), "low1", LOW)
    bind(rig, (OWN, 3), "high", HIGH)


def test_both_sides_give_a_pair_the_same_number() -> None:
    numbers = set()
    for first in range(3):
        for second in range(3):
            pair = pair_of(0, first, second)
            assert pair == pair_of(1, second, first) == 3 * first + second
            assert seats_of(0, pair) == (first, second)
            assert seats_of(1, pair) == (second, first)
            numbers.add(pair)
    assert numbers == set(range(9))
    assert [slot for slot in range(-1, 8) if is_pair_slot(slot, 1)] == [0, 1, 2, 3, 5]


def test_each_pair_goes_its_own_way_and_carries_the_control_block() -> None:
    rig = Rig()
    rig.check()
    second_pair(rig, pair=5)
    control = ControlBlock(call_tag=b"call", talking=True, talk_seq=3)
    rig.endpoint.set_control(control)
    rig.receive(RTP, HERE)
    rig.receive(RTP, ELSEWHERE)
    cells = [parse_cell(body) for body in rig.cells]
    assert [(cell.pair, cell.generation) for cell in cells] == [(0, 4), (5, 9)]
    assert {cell.control for cell in cells} == {control}
    rig.socket.sent.clear()
    rig.endpoint.cell_received(rig.cell(ident=1, pair=5, generation=9))
    rig.endpoint.cell_received(rig.cell(ident=1))
    rig.endpoint.cell_received(rig.cell(ident=2, pair=5))  # the generation of another pair
    rig.endpoint.cell_received(rig.cell(ident=2, pair=8, generation=9))  # nobody is joined there
    assert rig.socket.sent == [(RTP, ELSEWHERE), (RTP, HERE)]
    stats = rig.endpoint.stats()
    assert stats.pairs == (0, 5)
    assert stats.dropped["far.generation"] == 2


@pytest.mark.parametrize("pair", [9, 255])
def test_a_pair_that_does_not_exist_is_refused(pair: int) -> None:
    rig = Rig()
    rig.check()
    body = bytearray(rig.cell())
    body[1] = pair
    rig.socket.sent.clear()
    rig.endpoint.cell_received(bytes(body))
    assert (rig.socket.sent, rig.controls) == ([], [])
    assert rig.endpoint.stats().dropped["far.voice.cell"] == 1
    with pytest.raises(VoiceError, match=r"voice\.pair"):
        rig.cell(pair=pair)


def test_a_flood_under_one_pair_takes_nothing_from_another() -> None:
    rig = Rig()
    rig.check()
    second_pair(rig)
    rig.socket.sent.clear()
    large = bytes([22]) * 1500
    whole = build_cells(large, generation=4, control=ControlBlock(), datagram_id=7)
    for cell in whole[:-1]:
        rig.endpoint.cell_received(cell)
    for number in range(1000):
        rig.endpoint.cell_received(rig.cell(ident=number, pair=1, generation=9))
    for number in range(40):
        pieces = build_cells(
            large, pair=1, generation=9, control=ControlBlock(), datagram_id=number
        )
        rig.endpoint.cell_received(pieces[0])
    rig.endpoint.cell_received(whole[-1])
    assert [data for data, address in rig.socket.sent if address == HERE] == [large]
    assert sum(address == ELSEWHERE for _data, address in rig.socket.sent) <= 100


def test_lateness_is_judged_in_each_pair_for_itself() -> None:
    rig = Rig()
    on, off = ControlBlock(talking=True, talk_seq=1), ControlBlock(talk_seq=2)
    rig.endpoint.cell_received(rig.cell(ident=500, control=on))
    rig.endpoint.cell_received(rig.cell(ident=400, control=off, pair=3))  # another count
    rig.endpoint.cell_received(rig.cell(ident=399, control=on, pair=3))  # late
    rig.endpoint.cell_received(rig.cell(ident=499, control=off))  # late
    assert rig.controls == [on, off]


def test_private_sound_goes_from_desk_to_desk_and_into_no_cell() -> None:
    rig = Rig()
    rig.check()
    own_side(rig)
    rig.socket.sent.clear()
    for data in (RTP, b"\x16\xfe\xfd" + bytes(60), b"\x80\xc8" + bytes(60)):
        rig.receive(data, LOW)
        rig.receive(data, HIGH)
    rig.receive(b"\x50" * 60, LOW)
    assert rig.cells == [], "nothing private ever reaches the line"
    assert [address for _data, address in rig.socket.sent] == [HIGH, LOW] * 3
    assert rig.endpoint.stats().private == 6
    assert rig.endpoint.stats().sent == {}
    for pair in range(9):  # nor can the peer name a private connection
        rig.endpoint.cell_received(rig.cell(ident=pair, pair=pair, generation=2))
    assert len(rig.socket.sent) == 6
    rig.receive(RTP, HERE)
    assert [parse_cell(cell).pair for cell in rig.cells] == [0]


def test_private_sound_stops_with_its_partner() -> None:
    rig = Rig()
    own_side(rig)
    rig.endpoint.drop(OWN)
    rig.socket.sent.clear()
    rig.receive(RTP, LOW)
    rig.receive(RTP, HIGH)
    assert (rig.socket.sent, rig.cells) == ([], [])


def test_a_private_flood_is_cut() -> None:
    rig = Rig()
    own_side(rig)
    rig.socket.sent.clear()
    for _ in range(1000):
        rig.receive(RTP, LOW)
    assert len(rig.socket.sent) <= 100


def test_what_a_private_answer_and_a_stolen_certificate_get() -> None:
    rig = Rig()
    own_side(rig)
    mirror = FarLeg.from_map({**FAR.to_map(), "desk": DESK})
    with pytest.raises(VoiceError, match=r"voice\.leg"):
        rig.endpoint.answer_own(DESK, mirror, active=True, slot=4, partner=3)
    stolen = FarLeg.from_map({**FAR.to_map(), "fp": parse_offer(offer_of("high")).fingerprint})
    with pytest.raises(VoiceError, match=r"voice\.leg"):
        rig.endpoint.answer(DESK, stolen, active=True)


def test_a_connection_speaks_while_sound_comes_from_it() -> None:
    rig = Rig()
    rig.check()
    assert not rig.endpoint.speaks(DESK, 0)
    rig.receive(RTP)
    assert rig.endpoint.speaks(DESK, 0)
    rig.now_ms += 2_001
    assert not rig.endpoint.speaks(DESK, 0)
    assert not rig.endpoint.speaks(DESK, 1)
