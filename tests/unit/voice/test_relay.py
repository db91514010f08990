"""The relay's gate: kinds, sizes, rates."""

import pytest

from openline.voice.relay import BURST, RATE_PER_SECOND, Direction, Kind, RateLimit, classify

RTP = bytes([0x80, 111]) + bytes(60)
RED = bytes([0x80, 0x80 | 63]) + bytes(60)
RTCP = bytes([0x80, 200]) + bytes(60)
DTLS = bytes([22, 0xFE, 0xFD]) + bytes(60)


@pytest.mark.parametrize(
    ("datagram", "kind"),
    [
        (RTP, Kind.RTP),
        (RED, Kind.RTP),
        (RTCP, Kind.RTCP),
        (DTLS, Kind.DTLS),
        (bytes(20), Kind.STUN),
        (b"", Kind.OTHER),
        (b"\x80", Kind.OTHER),
        (b"\x40" + bytes(30), Kind.OTHER),
        (b"\xff" * 30, Kind.OTHER),
    ],
)
def test_kinds(datagram: bytes, kind: Kind) -> None:
    assert classify(datagram) is kind


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (RTP, None),
        (RED, None),
        (RTCP, None),
        (DTLS, None),
        (bytes([0x80, 0]) + bytes(60), "payload_type"),
        (RTP[:21], "size"),
        (RTP + bytes(1000), "size"),
        (RTCP[:21], "size"),
        (DTLS[:12], "size"),
        (DTLS + bytes(1500), "size"),
        (bytes(100), "kind"),
        (b"GET / HTTP/1.1 and so on", "kind"),
        (b"", "kind"),
    ],
)
def test_what_may_pass(datagram: bytes, reason: str | None) -> None:
    direction = Direction()
    assert direction.admits(datagram, 0) is (reason is None)
    assert direction.dropped == ({reason: 1} if reason else {})
    assert direction.octets == (0 if reason else len(datagram))


def test_a_flood_is_cut_to_the_rate_and_a_call_is_not() -> None:
    flood = Direction()
    passed = sum(flood.admits(RTP, ms) for ms in range(10_000))
    assert passed <= BURST + 10 * RATE_PER_SECOND
    assert flood.dropped["rate"] == 10_000 - passed
    call = Direction()
    assert all(call.admits(RTP, ms) for ms in range(0, 60_000, 10))


def test_a_clock_that_stands_or_runs_back_gives_no_tokens() -> None:
    limit = RateLimit(100, 3)
    assert [limit.allows(ms) for ms in (5, 5, 4, 5, 0)] == [True, True, True, False, False]
