import pytest

from openline.errors import LinkError, LocalProtocolError
from openline.link.frames import (
    DATAGRAM_BODY_MAX,
    PIECE_MAX,
    PLAINTEXT_MAX,
    RECORD_LENGTH_MAX,
    STREAM_BODY_MAX,
    Frame,
    FrameClass,
    Piece,
    RecordReader,
    close_code,
    datagram_plaintexts,
    encode_record,
    parse_plaintext,
)


def head(length: int, frame_class: int, sequence: int) -> bytes:
    return length.to_bytes(4, "big") + bytes([frame_class]) + sequence.to_bytes(8, "big")


@pytest.mark.parametrize("size", [0, 1, 1000, STREAM_BODY_MAX])
def test_record_round_trip(size: int) -> None:
    frame = Frame(FrameClass.BATCH, 2**64 - 1, bytes(size))
    reader = RecordReader()
    reader.feed(encode_record(frame))
    assert reader.next() == frame
    assert reader.next() is None


def test_a_body_over_the_limit_is_not_encoded() -> None:
    with pytest.raises(LocalProtocolError) as caught:
        encode_record(Frame(FrameClass.BATCH, 1, bytes(STREAM_BODY_MAX + 1)))
    assert caught.value.code == "link.size"


@pytest.mark.parametrize(
    "data",
    [
        (RECORD_LENGTH_MAX + 1).to_bytes(4, "big"),
        b"\xff\xff\xff\xff",
        (8).to_bytes(4, "big"),
        bytes(4),
        head(9, 0, 1),
        head(9, 0x80, 1),
        head(9, 0x83, 1),
        head(9, 3, 0),
    ],
)
def test_what_no_record_is(data: bytes) -> None:
    reader = RecordReader()
    reader.feed(data)  # the length alone is enough to refuse it
    with pytest.raises(LinkError) as caught:
        reader.next()
    assert caught.value.code == "link.frame"
    assert reader.rest() == data


@pytest.mark.parametrize("data", [b"", bytes(3), head(9, 3, 1)[:12], head(100, 3, 1)])
def test_an_unfinished_record_waits(data: bytes) -> None:
    reader = RecordReader()
    reader.feed(data)
    assert reader.next() is None


def test_plaintexts_have_at_most_1200_bytes_and_four_pieces() -> None:
    for size, count in (
        (0, 1),
        (DATAGRAM_BODY_MAX, 1),
        (DATAGRAM_BODY_MAX + 1, 2),
        (2 * PIECE_MAX + 1, 3),
        (4 * PIECE_MAX, 4),
        (4 * PIECE_MAX + 1, 0),
    ):
        found = datagram_plaintexts(Frame(FrameClass.MEDIA, 7, bytes(size)))
        assert len(found) == count
        assert all(len(item) <= PLAINTEXT_MAX for item in found)
    assert DATAGRAM_BODY_MAX == 1191
    assert PIECE_MAX == 1189


def piece(frame_class: int, index: int, count: int, size: int, sequence: int = 1) -> bytes:
    start = bytes([frame_class]) + sequence.to_bytes(8, "big") + bytes([index, count])
    return start + bytes(size)


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        bytes([3]) + bytes(7),
        bytes([3]) + bytes(8),  # sequence 0
        bytes([3]) + (1).to_bytes(8, "big") + bytes(PLAINTEXT_MAX),
        bytes([1]) + (1).to_bytes(8, "big"),  # HELLO, SEAL, CLOSE: stream only
        bytes([7]) + (1).to_bytes(8, "big"),
        bytes([8]) + (1).to_bytes(8, "big"),
        bytes([0]) + (1).to_bytes(8, "big"),
        bytes([0x80]) + (1).to_bytes(8, "big") + bytes(3),
        piece(0x81, 0, 2, PIECE_MAX),
        piece(0x83, 0, 1, PIECE_MAX),
        piece(0x83, 0, 0, PIECE_MAX),
        piece(0x83, 0, 5, PIECE_MAX),
        piece(0x83, 0, 255, PIECE_MAX),
        piece(0x83, 2, 2, PIECE_MAX),
        piece(0x83, 0, 2, PIECE_MAX - 1),  # all but the last are full
        piece(0x83, 1, 2, 0),
        piece(0x83, 1, 2, 10, sequence=0),
        bytes([0x83]) + (1).to_bytes(8, "big"),
        bytes([0x83]) + (1).to_bytes(8, "big") + b"\0",
    ],
)
def test_what_no_plaintext_is(plaintext: bytes) -> None:
    with pytest.raises(LinkError) as caught:
        parse_plaintext(plaintext)
    assert caught.value.code == "link.frame"


def test_plaintexts_are_read_back() -> None:
    frame = Frame(FrameClass.CONTROL, 9, b"body")
    assert parse_plaintext(datagram_plaintexts(frame)[0]) == frame
    long = Frame(FrameClass.RECEIPT, 10, bytes(range(256)) * 10)
    pieces = [parse_plaintext(item) for item in datagram_plaintexts(long)]
    assert [(p.index, p.count) for p in pieces if isinstance(p, Piece)] == [(0, 3), (1, 3), (2, 3)]
    assert b"".join(p.body for p in pieces) == long.body


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"record.fork", "record.fork"),
        (b"link.shared-interface", "link.shared-interface"),
        (b"", "link.frame"),
        (b"a" * 65, "link.frame"),
        (b"Link.X", "link.frame"),
        (b"a b", "link.frame"),
        (b"<script>", "link.frame"),
        ("ü".encode(), "link.frame"),
        (b"\x00", "link.frame"),
    ],
)
def test_codes_of_a_close(body: bytes, code: str) -> None:
    assert close_code(body) == code
