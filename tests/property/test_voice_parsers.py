"""Whatever octets come, the voice room raises its own errors only and keeps little."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from openline.errors import OpenlineError
from openline.voice.cells import (
    CELL_SIZE,
    DATAGRAM_SIZE_MAX,
    PENDING_MAX,
    ControlBlock,
    Reassembler,
    build_cells,
    parse_cell,
)
from openline.voice.legs import FarLeg
from openline.voice.relay import Direction
from openline.voice.sdp import parse_offer
from openline.voice.stun import is_proven, parse_binding
from tests.unit.voice.test_endpoint import Rig
from tests.unit.voice.test_sdp import OFFER

CONTROL = st.builds(
    ControlBlock,
    call_tag=st.binary(min_size=4, max_size=4),
    talking=st.booleans(),
    call_open=st.booleans(),
    manner=st.integers(0, 255),
    talk_seq=st.integers(0, 65535),
    stamp_ms=st.integers(0, 2**32 - 1),
)
STUN_LIKE = st.builds(
    lambda attributes, transaction: (
        b"\x00\x01"
        + len(attributes).to_bytes(2, "big")
        + b"\x21\x12\xa4\x42"
        + transaction
        + attributes
    ),
    st.lists(
        st.builds(
            lambda kind, value: (
                kind.to_bytes(2, "big")
                + len(value).to_bytes(2, "big")
                + value
                + bytes(-len(value) % 4)
            ),
            st.sampled_from([1, 6, 8, 9, 0x20, 0x24, 0x25, 0x8028, 0x8029, 0x802A, 0x777]),
            st.binary(max_size=40),
        )
    ).map(b"".join),
    st.binary(min_size=12, max_size=12),
)
SHAPED_CELL = st.builds(
    lambda generation, index, count, ident, size, fill: (
        b"\x01\x00"
        + generation.to_bytes(2, "big")
        + bytes(16)
        + bytes([index, count])
        + ident.to_bytes(2, "big")
        + size.to_bytes(2, "big")
        + bytes([fill]) * size
    ).ljust(CELL_SIZE, b"\0")[:CELL_SIZE],
    st.integers(0, 2),
    st.integers(0, 7),
    st.integers(0, 7),
    st.integers(0, 3),
    st.sampled_from([0, 1, 100, 294, 295]),
    st.integers(0, 1),
)


@given(
    st.binary(min_size=1, max_size=DATAGRAM_SIZE_MAX),
    st.integers(0, 2**32),
    CONTROL,
    st.randoms(use_true_random=False),
)
def test_cells_round_trip_in_any_order(
    datagram: bytes, generation: int, control: ControlBlock, random: "Shuffler"
) -> None:
    bodies = build_cells(datagram, generation=generation, control=control, datagram_id=9)
    random.shuffle(bodies)
    reassembler = Reassembler()
    cells = [parse_cell(body) for body in bodies]
    *early, last = [reassembler.add(cell) for cell in cells]
    assert last == datagram
    assert not any(early)
    assert all(c.control == control and c.generation == generation & 0xFFFF for c in cells)
    assert {len(body) for body in bodies} == {CELL_SIZE}


class Shuffler:
    """What hypothesis gives for randoms, as far as it is used."""

    def shuffle(self, values: list[bytes]) -> None:
        """Put in another order."""


@given(st.lists(st.one_of(SHAPED_CELL, st.binary(max_size=400)), max_size=200))
def test_no_cells_break_or_fill_the_reassembler(bodies: list[bytes]) -> None:
    reassembler = Reassembler()
    for body in bodies:
        with contextlib.suppress(OpenlineError):
            datagram = reassembler.add(parse_cell(body))
            assert datagram is None or len(datagram) <= DATAGRAM_SIZE_MAX
        assert reassembler.pending <= PENDING_MAX


@given(st.one_of(st.binary(max_size=700), STUN_LIKE))
def test_stun_octets_raise_only_our_error_and_prove_nothing(data: bytes) -> None:
    with contextlib.suppress(OpenlineError):
        assert not is_proven(parse_binding(data), "a password nobody knows")


@given(
    st.integers(0, 60),
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.integers(0, 1200),
)
def test_offers_raise_only_our_error(drop: int, put: str, at: int) -> None:
    with contextlib.suppress(OpenlineError):
        parse_offer(OFFER[:at] + put + OFFER[at + drop :])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.binary() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["gen", "desk", "fp", "ssrc", "red", "with", "x"]), inner
            )
        ),
    )
)
def test_leg_maps_raise_only_our_error(value: object) -> None:
    with contextlib.suppress(OpenlineError):
        FarLeg.from_map(value)


@given(st.lists(st.tuples(st.binary(max_size=700), st.booleans()), max_size=50))
def test_a_bound_endpoint_survives_any_octets(datagrams: list[tuple[bytes, bool]]) -> None:
    rig = Rig()
    rig.check()
    for data, from_link in datagrams:
        if from_link:
            rig.endpoint.cell_received(data)
        else:
            rig.receive(data)
    assert {len(cell) for cell in rig.cells} <= {CELL_SIZE}
    assert rig.leg.address is not None


@given(st.lists(st.binary(max_size=2000), max_size=300))
def test_every_datagram_is_counted_once(datagrams: list[bytes]) -> None:
    direction = Direction()
    passed = sum(direction.admits(data, 0) for data in datagrams)
    assert sum(direction.passed.values()) == passed
    assert sum(direction.dropped.values()) == len(datagrams) - passed
