"""Whatever the peer sends, the engine lives, keeps its bounds, and the line goes on."""

from hypothesis import given, settings
from hypothesis import strategies as st

from openline.protocol.frames import FrameClass
from openline.record.cbor import Value, encode
from tests.unit.engine.pair import DESK, Pair, hello_refused

CLASSES = [int(number) for number in FrameClass]

values: st.SearchStrategy[Value] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 2**64 - 1)
    | st.binary(max_size=40)
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["id", "open", "seq", "manner", "attended"]), inner)
    ),
    max_leaves=12,
)
bodies = st.binary(max_size=300) | values.map(encode)
cells_of_any_kind = st.tuples(
    st.binary(max_size=6),
    st.booleans(),
    st.booleans(),
    st.integers(0, 255),
    st.integers(0, 65_535),
)
frames = st.lists(st.tuples(st.sampled_from([*CLASSES, 0, 99, 255]), bodies), max_size=12)


def goes_on(pair: Pair) -> None:
    view = pair.a.post.view(pair.now)
    assert view.record.state == "live"
    assert view.record.fault is None
    for side in (pair.a, pair.b):
        pair.text(side, f"goes on {side.letter}")
    pair.run(7_000, step=500)
    pair.assert_identical()


@settings(max_examples=40, deadline=None)
@given(frames=frames)
def test_random_frames(frames: list[tuple[int, bytes]]) -> None:
    pair = Pair()
    for sequence, (frame_class, body) in enumerate(frames):
        pair.a.post.frame_received(frame_class, sequence, body, pair.now)
        hello_refused(pair.a.post, body, pair.now)
    pair.settle()
    goes_on(pair)


def recorded() -> list[tuple[int, bytes]]:
    """Real frames of a short exchange, from b to a."""
    pair = Pair()
    for number in range(3):
        pair.text(pair.a, f"to b {number}")
        pair.text(pair.b, f"to a {number}")
    pair.talk(pair.b)
    pair.run(1_500)
    return [(frame.frame_class, frame.body) for frame in pair.b.sent]


RECORDED = recorded()


@settings(max_examples=60, deadline=None)
@given(
    place=st.integers(0, len(RECORDED) - 1),
    at=st.integers(0, 10**6),
    value=st.integers(1, 255),
    trim=st.integers(0, 3),
    other_class=st.sampled_from(CLASSES),
)
def test_mutated_frames(place: int, at: int, value: int, trim: int, other_class: int) -> None:
    """One byte changed, the tail cut off, or real bytes under another class."""
    pair = Pair()
    frame_class, body = RECORDED[place]
    mutated = bytearray(body)
    mutated[at % len(mutated)] ^= value
    for changed in (bytes(mutated), body[: len(body) - trim], body):
        for number in (frame_class, other_class):
            pair.a.post.frame_received(number, 1, changed, pair.now)
    # The frames are of another life of b: whole, signed ones may well contradict this one. Then the
    # record halts with a code, at the latest when b writes again; speech goes on all the same.
    pair.settle()
    for side in (pair.b, pair.a):
        pair.text(side, f"goes on {side.letter}")
    pair.run(7_000, step=500)
    states = {side.post.view(pair.now).record.state for side in (pair.a, pair.b)}
    if states == {"live"}:
        pair.assert_identical()
    else:
        assert states <= {"live", "halted"}
    call = pair.a.post.view(pair.now).call
    if call is not None and call.state != "ended":
        pair.a.post.end_call(DESK["a"], pair.now)
        pair.settle()
    gates = len(pair.b.gates())
    pair.talk(pair.a)
    assert pair.b.gates()[gates:] == [True]


@settings(max_examples=30, deadline=None)
@given(cells=st.lists(cells_of_any_kind, max_size=20))
def test_random_cells(cells: list[tuple[bytes, bool, bool, int, int]]) -> None:
    pair = Pair()
    for tag, call_open, talking, manner, seq in cells:
        pair.a.post.control_seen(
            tag, call_open=call_open, talking=talking, manner=manner, talk_seq=seq, now=pair.now
        )
    pair.settle()
    assert not any(event for event in pair.a.stops())
    pair.run(121_000, step=1_000)
    assert pair.a.gates()[-1:] in ([], [False])
