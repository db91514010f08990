"""Windows against a plain set, frames cut anywhere, and hostile bytes everywhere."""

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from openline.errors import LinkError
from openline.link.frames import (
    Frame,
    Piece,
    RecordReader,
    close_code,
    datagram_plaintexts,
    encode_record,
    parse_plaintext,
)
from openline.link.heartbeat import Pulse
from openline.link.packets import PacketChannel, Reassembly, packet_epoch
from openline.link.survival import Candidate, survivor
from openline.link.window import SIZE, SequenceWindow, Verdict

EXPORTED = bytes(range(100, 168))
PINS = (b"\x01" * 32, b"\x02" * 32)

datagram_frames = st.builds(
    Frame,
    st.sampled_from([2, 3, 4, 5, 6, 9]),
    st.integers(1, 2**64 - 1),
    st.binary(max_size=60) | st.integers(0, 4756).map(lambda size: b"\xa5" * size),
)


class WindowAgainstSet(RuleBasedStateMachine):
    """The window says what a set of all numbers would say."""

    def __init__(self) -> None:
        super().__init__()
        self.window = SequenceWindow()
        self.seen: set[int] = set()

    @rule(number=st.integers(1, 3 * SIZE) | st.integers(1, 2**64 - 1))
    def take(self, number: int) -> None:
        top = max(self.seen, default=0)
        verdict = self.window.judge(number)
        if number <= top - SIZE:
            assert verdict is Verdict.OLD
        else:
            assert verdict is (Verdict.DUPLICATE if number in self.seen else Verdict.NEW)
        self.window.add(number)
        self.seen.add(number)

    @rule(step=st.integers(1, 2 * SIZE))
    def forward(self, step: int) -> None:
        number = min(2**64 - 1, self.window.highest + step)
        self.window.add(number)
        self.seen.add(number)

    @invariant()
    def highest(self) -> None:
        assert self.window.highest == max(self.seen, default=0)


TestWindowAgainstSet = WindowAgainstSet.TestCase


@given(st.lists(datagram_frames, max_size=8), st.data())
def test_a_stream_may_be_cut_anywhere(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(encode_record(frame) for frame in frames)
    reader, found, at = RecordReader(), list[Frame](), 0
    while at < len(stream):
        step = data.draw(st.integers(1, max(1, len(stream) // 3)))
        reader.feed(stream[at : at + step])
        at += step
        while (frame := reader.next()) is not None:
            found.append(frame)
    assert found == frames


@given(datagram_frames, st.randoms(use_true_random=False))
def test_a_frame_survives_its_pieces_in_any_order(frame: Frame, shuffle: st.DataObject) -> None:
    plaintexts = datagram_plaintexts(frame) * 2
    shuffle.shuffle(plaintexts)  # type: ignore[attr-defined]
    reassembly, found = Reassembly(), list[Frame]()
    for plaintext in plaintexts:
        parsed = parse_plaintext(plaintext)
        whole = reassembly.add(parsed, 0.0) if isinstance(parsed, Piece) else parsed
        if whole is not None:
            found.append(whole)
    assert found
    assert set(found) == {frame}


@given(st.binary(max_size=1400))
def test_hostile_plaintexts_raise_nothing_else(data: bytes) -> None:
    try:
        parsed = parse_plaintext(data)
    except LinkError:
        return
    if isinstance(parsed, Frame):
        assert datagram_plaintexts(parsed) == [data]  # one encoding only


@given(st.binary(max_size=1400))
def test_hostile_streams_raise_nothing_else(data: bytes) -> None:
    reader = RecordReader()
    reader.feed(data)
    try:
        while reader.next() is not None:
            pass
    except LinkError:
        pass


@given(st.binary(max_size=1400), st.binary(min_size=12, max_size=60))
def test_hostile_packets_change_nothing(garbage: bytes, tail: bytes) -> None:
    one, other = PacketChannel(EXPORTED, *PINS), PacketChannel(EXPORTED, *PINS[::-1])
    for packet in (garbage, b"\x01" + other.epoch.to_bytes(4, "big") + tail):
        try:
            packet_epoch(packet)
            other.open(packet)
        except LinkError:
            continue
        raise AssertionError(packet)
    assert other.heard.highest == 0
    assert other.open(one.seal(b"genuine")) == b"genuine"


@given(st.binary(max_size=40), st.floats(0, 2**53))
def test_hostile_heartbeats_raise_nothing_else(body: bytes, now: float) -> None:
    pulse = Pulse()
    try:
        trip = pulse.hear(body, now)
    except LinkError:
        return
    assert trip is None or 0 <= trip <= 60_000


@given(st.binary(max_size=80))
def test_hostile_codes_become_plain(body: bytes) -> None:
    assert 0 < len(close_code(body)) <= 64


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.booleans()), max_size=6))
def test_both_posts_pick_the_same_connection(rows: list[tuple[bool, bool, bool, bool]]) -> None:
    """Dialed by the smaller pin is a fact of the pair: swapped sides name the same survivor."""
    ours = [
        Candidate(order, b"new" if new else b"old", by_smaller, fresh, streams)
        for order, (new, by_smaller, fresh, streams) in enumerate(rows, 1)
    ]
    found = survivor(ours)
    assert found == survivor(ours[::-1])
    if found is None:
        assert not any(item.fresh for item in ours)
    else:
        assert found.fresh
        newest = max((item for item in ours if item.fresh), key=lambda item: item.order)
        assert found.incarnation == newest.incarnation
