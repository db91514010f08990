import pytest

from openline.errors import LinkError, LocalProtocolError
from openline.link.frames import Frame, FrameClass, Piece, datagram_plaintexts, parse_plaintext
from openline.link.packets import (
    COUNTER_MAX,
    PACKET_MAX,
    PARTIAL_AGE_MS_MAX,
    PARTIAL_FRAMES_MAX,
    PacketChannel,
    Reassembly,
    exporter_context,
    packet_epoch,
)

EXPORTED = bytes(range(68))
SMALL, LARGE = b"\x01" * 32, b"\x02" * 32


def pair() -> tuple[PacketChannel, PacketChannel]:
    return PacketChannel(EXPORTED, SMALL, LARGE), PacketChannel(EXPORTED, LARGE, SMALL)


def code_of(channel: PacketChannel, packet: bytes) -> str:
    with pytest.raises(LinkError) as caught:
        channel.open(packet)
    return caught.value.code


def test_each_direction_has_its_key() -> None:
    one, other = pair()
    packet = one.seal(b"plain")
    assert other.open(packet) == b"plain"
    assert one.open(other.seal(b"back")) == b"back"
    assert code_of(one, one.seal(b"own words sent back")) == "link.packet"


def test_the_first_counter_is_one_and_none_repeats() -> None:
    one, _ = pair()
    counters = [int.from_bytes(one.seal(b"")[5:13], "big") for _ in range(3)]
    assert counters == [1, 2, 3]
    one._counter = COUNTER_MAX
    with pytest.raises(LocalProtocolError):
        one.seal(b"")


def test_the_largest_packet_fits_the_smallest_mtu() -> None:
    one, other = pair()
    packet = one.seal(bytes(1200))
    assert len(packet) == PACKET_MAX == 1229
    assert PACKET_MAX + 40 + 8 <= 1280  # IPv6 and UDP headers
    assert other.open(packet) == bytes(1200)
    with pytest.raises(LocalProtocolError):
        one.seal(bytes(1201))


def test_a_replay_is_refused_in_any_order() -> None:
    one, other = pair()
    packets = [one.seal(bytes([n])) for n in range(5)]
    for packet in (packets[4], packets[0], packets[2]):
        other.open(packet)
    assert [code_of(other, packets[n]) for n in (4, 0, 2)] == ["link.replay"] * 3
    assert other.open(packets[1]) == b"\x01"


def test_a_forged_counter_does_not_move_the_window() -> None:
    one, other = pair()
    packet = one.seal(b"genuine")
    forged = packet[:5] + COUNTER_MAX.to_bytes(8, "big") + packet[13:]
    assert code_of(other, forged) == "link.packet"
    assert other.heard.highest == 0
    assert other.open(packet) == b"genuine"


def test_every_changed_byte_is_noticed() -> None:
    one, other = pair()
    packet = one.seal(b"genuine")
    for at in range(len(packet)):
        bent = bytearray(packet)
        bent[at] ^= 0x01
        assert code_of(other, bytes(bent)) in {"link.packet", "link.replay"}
    for end in range(len(packet)):
        assert code_of(other, packet[:end]) == "link.packet"
    assert code_of(other, packet + b"\0") == "link.packet"
    assert other.open(packet) == b"genuine"


def test_counter_zero_is_no_packet() -> None:
    one, other = pair()
    one._counter = -1
    assert code_of(other, one.seal(b"")) == "link.replay"


def test_epochs() -> None:
    one, _ = pair()
    assert one.epoch == int.from_bytes(EXPORTED[64:], "big")
    assert packet_epoch(one.seal(b"")) == one.epoch
    for packet in (b"", bytes(28), b"\x02" + bytes(60), b"\x01" + bytes(PACKET_MAX)):
        with pytest.raises(LinkError):
            packet_epoch(packet)


def test_keys_of_a_wrong_size_or_for_oneself() -> None:
    for exported, peer in ((EXPORTED[:-1], LARGE), (EXPORTED, SMALL)):
        with pytest.raises(LinkError):
            PacketChannel(exported, SMALL, peer)


def test_the_context_is_the_same_on_both_sides() -> None:
    line = bytes(16)
    context = exporter_context(SMALL, LARGE, line, "卫星")
    assert context == exporter_context(LARGE, SMALL, line, "卫星")
    assert context == SMALL + LARGE + line + b"\x06" + "卫星".encode() + b"\x01"


def pieces_of(sequence: int, size: int) -> list[Piece]:
    found = datagram_plaintexts(Frame(FrameClass.BATCH, sequence, bytes([sequence % 251]) * size))
    return [piece for item in found if isinstance(piece := parse_plaintext(item), Piece)]


def test_pieces_in_any_order_and_twice() -> None:
    reassembly = Reassembly()
    first, second, third = pieces_of(1, 3000)
    assert reassembly.add(third, 0) is None
    assert reassembly.add(third, 0) is None
    assert reassembly.add(first, 1) is None
    frame = reassembly.add(second, 2)
    assert frame is not None
    assert frame.body == bytes([1]) * 3000
    assert len(reassembly) == 0


def test_unfinished_frames_are_bounded_in_number() -> None:
    reassembly = Reassembly()
    for sequence in range(1, 10_000):
        reassembly.add(pieces_of(sequence, 3000)[0], 0)
    assert len(reassembly) == PARTIAL_FRAMES_MAX


def test_unfinished_frames_are_bounded_in_age() -> None:
    reassembly = Reassembly()
    first, second = pieces_of(1, 2000)
    assert reassembly.add(first, 0) is None
    assert reassembly.add(second, PARTIAL_AGE_MS_MAX + 1) is None
    frame = reassembly.add(first, PARTIAL_AGE_MS_MAX + 2)
    assert frame is not None


def test_pieces_of_different_counts_do_not_mix() -> None:
    reassembly = Reassembly()
    reassembly.add(Piece(5, 1, 0, 2, b"a"), 0)
    assert reassembly.add(Piece(5, 1, 1, 3, b"b"), 0) is None
    assert reassembly.add(Piece(5, 1, 1, 2, b"c"), 0) == Frame(5, 1, b"ac")
