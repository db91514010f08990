"""UDP packets under keys of the TLS exporter: two methods, `seal` and `open`.

Pure: no socket, no clock of its own. Behind these two methods the layer can
become DTLS 1.3 when the library ships it. The window of counters changes only
after a packet was authenticated, else anybody could shut it. spec/link section 4.
"""

import struct
from collections import OrderedDict
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from openline.errors import LinkError, LocalProtocolError
from openline.link.frames import PLAINTEXT_MAX, Frame, Piece
from openline.link.window import SequenceWindow, Verdict

EXPORTER_LABEL: Final = b"EXPORTER-openline-media-v1"
EXPORTED_SIZE: Final = 68
VERSION: Final = 1
PACKET_TYPE: Final = 0x01
HEADER_SIZE: Final = 13
TAG_SIZE: Final = 16
PACKET_MAX: Final = HEADER_SIZE + PLAINTEXT_MAX + TAG_SIZE
PARTIAL_FRAMES_MAX: Final = 32
PARTIAL_AGE_MS_MAX: Final = 2_000
COUNTER_MAX: Final = 2**64 - 1
KEY_SIZE: Final = 32
_HEADER = struct.Struct(">BIQ")
_NONCE_HEAD: Final = bytes(4)


def exporter_context(own_pin: bytes, peer_pin: bytes, line: bytes, path: str) -> bytes:
    """Say what the keys of a path are bound to.

    Args:
        own_pin: SHA-256 of the own link key's SPKI.
        peer_pin: that of the peer.
        line: the line id, 16 bytes.
        path: the path's name, 1 to 255 bytes in UTF-8.
    """
    first, second = sorted((own_pin, peer_pin))
    name = path.encode()
    return first + second + line + bytes([len(name)]) + name + bytes([VERSION])


def packet_epoch(packet: bytes) -> int:
    """Read the epoch of a packet, by which its keys are found.

    Raises:
        LinkError: ``link.packet``, not a packet of ours by size or type.
    """
    size = len(packet)
    if not HEADER_SIZE + TAG_SIZE <= size <= PACKET_MAX or packet[0] != PACKET_TYPE:
        raise LinkError("link.packet", f"{size} bytes")
    return int.from_bytes(packet[1:5], "big")


class PacketChannel:
    """The keys of one connection, for both directions.

    Attributes:
        epoch: names these keys in each packet's header.
        heard: window of the counters received and authenticated.
    """

    def __init__(self, exported: bytes, own_pin: bytes, peer_pin: bytes) -> None:
        """Take the 68 exported bytes: key of the smaller pin's sender, of the larger's, epoch.

        Raises:
            LinkError: ``link.handshake``, not 68 bytes, or both pins are the same.
        """
        if len(exported) != EXPORTED_SIZE or own_pin == peer_pin:
            raise LinkError("link.handshake", "exported keys")
        smaller, larger = AESGCM(exported[:KEY_SIZE]), AESGCM(exported[KEY_SIZE : 2 * KEY_SIZE])
        self._own, self._peer = (smaller, larger) if own_pin < peer_pin else (larger, smaller)
        self.epoch: Final = int.from_bytes(exported[2 * KEY_SIZE :], "big")
        self._counter = 0
        self.heard: Final = SequenceWindow()

    def seal(self, plaintext: bytes) -> bytes:
        """Make the next packet; its counter is one above the last, from 1.

        Raises:
            LocalProtocolError: ``link.size``, or the counter is used up.
        """
        if len(plaintext) > PLAINTEXT_MAX or self._counter >= COUNTER_MAX:
            raise LocalProtocolError("link.size", f"{len(plaintext)} bytes to seal")
        self._counter += 1
        header = _HEADER.pack(PACKET_TYPE, self.epoch, self._counter)
        return header + self._own.encrypt(_NONCE_HEAD + header[5:], plaintext, header)

    def open(self, packet: bytes) -> bytes:
        """Authenticate one packet and return its plaintext.

        Raises:
            LinkError: ``link.packet`` if it is not ours, ``link.replay`` if its
                counter was heard before or is older than the window.
        """
        if packet_epoch(packet) != self.epoch:
            raise LinkError("link.packet", "epoch")
        header = packet[:HEADER_SIZE]
        counter = int.from_bytes(header[5:], "big")
        if counter == 0 or self.heard.judge(counter) is not Verdict.NEW:
            raise LinkError("link.replay", f"counter {counter}")
        try:
            plain = self._peer.decrypt(_NONCE_HEAD + header[5:], packet[HEADER_SIZE:], header)
        except InvalidTag:
            raise LinkError("link.packet", "not authentic") from None
        self.heard.add(counter)
        return plain


class Reassembly:
    """Frames whose pieces are still coming; bounded in number and age."""

    def __init__(self) -> None:
        """See the class."""
        self._partial: OrderedDict[tuple[int, int, int], tuple[float, list[bytes | None]]]
        self._partial = OrderedDict()

    def __len__(self) -> int:
        """Count the unfinished frames."""
        return len(self._partial)

    def add(self, piece: Piece, now_ms: float) -> Frame | None:
        """Take one authenticated piece; return the frame if it is now whole."""
        key = (piece.frame_class, piece.sequence, piece.count)
        held = self._partial.get(key)
        if held is None or now_ms - held[0] > PARTIAL_AGE_MS_MAX:
            self._partial.pop(key, None)
            while len(self._partial) >= PARTIAL_FRAMES_MAX:
                self._partial.popitem(last=False)
            held = self._partial[key] = (now_ms, [None] * piece.count)
        pieces = held[1]
        if pieces[piece.index] is None:
            pieces[piece.index] = piece.body
        whole = [item for item in pieces if item is not None]
        if len(whole) < piece.count:
            return None
        del self._partial[key]
        return Frame(piece.frame_class, piece.sequence, b"".join(whole))
