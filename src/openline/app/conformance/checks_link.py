"""Checks of spec/link: who is let in, records, packets, pieces, heartbeats."""

import struct
import time
from collections import defaultdict
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from OpenSSL import SSL

from openline.app.conformance.model import Check, need
from openline.app.conformance.peer import Peer
from openline.app.conformance.wire import Wire, now_ms
from openline.errors import LinkError
from openline.link.frames import Frame, FrameClass, datagram_plaintexts, encode_record
from openline.link.tls import make_certificate, make_context

END_S: Final = 5.0
WATCH_S: Final = 3.0
UNKNOWN_CLASS: Final = 77
TRIP_MS_MIN: Final = -20
"""Two clocks are each rounded to a millisecond, and threads wait."""
TRIP_MS_MAX: Final = 2_000
_PIECE: Final = struct.Struct(">BQBB")


def _spoken_to(peer: Peer, context: SSL.Context) -> bool:
    """Whether the post says anything on such a connection."""
    try:
        wire = peer.connect(context)
    except (OSError, LinkError):
        return False
    end = time.monotonic() + 2.0
    while wire.alive and time.monotonic() < end:
        wire.step()
    wire.close()
    return any(item.frame.frame_class != FrameClass.CLOSE for item in wire.heard)


def wrong_key(peer: Peer) -> None:
    """A stranger's link key gets no frame."""
    key = Ed25519PrivateKey.generate()
    context = make_context(key, make_certificate(key), peer.far_pin)
    need(not _spoken_to(peer, context), "link 2", "speaks to a key that is not in the card")


def wrong_group(peer: Peer) -> None:
    """Another key exchange is refused."""
    context = peer.context()
    library = SSL._lib  # type: ignore[attr-defined]  # noqa: SLF001 - as in link/tls
    library.SSL_CTX_set1_curves_list(context._context, b"X25519")  # noqa: SLF001 - as in link/tls
    # Our own stream refuses the group by itself: it is made without that.
    need(not _agrees(peer, context), "link 2", "accepts a key exchange without ML-KEM")


def wrong_version(peer: Peer) -> None:
    """TLS 1.2 is refused."""
    context = peer.context()
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_max_proto_version(SSL.TLS1_2_VERSION)
    need(not _agrees(peer, context), "link 2", "accepts TLS 1.2")


def _agrees(peer: Peer, context: SSL.Context) -> bool:
    try:
        wire = peer.connect(context)
    except LinkError as fault:
        return fault.code == "link.group"  # the handshake itself came about
    except OSError:
        return False
    wire.close()
    return True


def hello_unasked(peer: Peer) -> None:
    """HELLO is the first frame, sent without waiting for ours."""
    wire = peer.connect()
    _until_heard(wire)
    first = wire.heard[0].frame.frame_class if wire.heard else None
    wire.close()
    need(first == FrameClass.HELLO, "link 3.2", f"the first frame is of class {first}")


def _until_heard(wire: Wire) -> None:
    end = time.monotonic() + END_S
    while wire.alive and not wire.heard and time.monotonic() < end:
        wire.step()


def _ends(peer: Peer, data: bytes, clause: str, name: str) -> None:
    peer.dial()
    need(peer.run(lambda: peer.alive, END_S), "handshake 3", "no answer to HELLO")
    wire = peer.line
    wire.raw(data)
    peer.run(lambda: not wire.alive, END_S)
    need(not wire.alive, clause, f"{name}: the connection stands")
    need(wire.code in {"link.frame", ""}, clause, f"{name}: ended with {wire.code}")


def bad_records(peer: Peer) -> None:
    """A record that breaks the layout ends its connection."""
    wrong = {
        "length 8": struct.pack(">IBQ", 8, 4, 900),
        "length 131073": struct.pack(">IBQ", 131_073, 4, 900),
        "class 0": struct.pack(">IBQ", 9, 0, 900),
        "class 128": struct.pack(">IBQ", 9, 128, 900),
        "sequence 0": struct.pack(">IBQ", 9, 4, 0),
    }
    for name, data in wrong.items():
        _ends(peer, data, "link 3.1", name)


def not_hello_first(peer: Peer) -> None:
    """Another class before HELLO ends the connection."""
    peer.hang_up()
    wire = peer.connect()
    wire.raw(encode_record(Frame(FrameClass.WANT, 901, b"\x82\x00\x01")))
    end = time.monotonic() + END_S
    while wire.alive and time.monotonic() < end:
        wire.step()
    wire.close()
    need(time.monotonic() < end, "link 3.2", "takes another class before HELLO")
    need(wire.code in {"link.frame", ""}, "link 3.2", f"ended with {wire.code}")


def bad_heartbeat(peer: Peer) -> None:
    """A heartbeat of another size, or of clock 0, is ``link.frame``."""
    for name, body in {"19 bytes": bytes(7) + b"\1" + bytes(11), "own_ms 0": bytes(20)}.items():
        _ends(peer, encode_record(Frame(FrameClass.HEARTBEAT, 902, body)), "link 7", name)


def unknown_class(peer: Peer) -> None:
    """A frame of an unknown class is dropped, the connection stands."""
    peer.send(UNKNOWN_CLASS, b"what is this")
    peer.run(lambda: False, 1.0)
    need(peer.alive, "link 6", f"an unknown class ends the connection {peer.line.code}")


def heartbeats(peer: Peer) -> None:
    """The pace of heartbeats, and their echoes."""
    wire = peer.line
    peer.run(lambda: False, 1.0)
    began = now_ms()
    peer.run(lambda: False, WATCH_S)
    spent = now_ms() - began
    for way, pause in (("udp", 100), ("tcp", 500)):
        heard = [at for at, _own in wire.beats[way].heard if at >= began]
        due = spent / pause
        need(
            0.5 * due <= len(heard) <= 1.8 * due + 2,
            "link 7",
            f"{len(heard)} heartbeats by {way} in {spent} ms",
        )
        clocks = [own for _at, own in wire.beats[way].heard]
        need(all(clocks), "link 7", "own_ms 0")
        trips = [trip for _echo, trip in wire.beats[way].echoes]
        need(trips, "link 7", f"nothing is echoed by {way}")
        need(
            all(TRIP_MS_MIN <= trip <= TRIP_MS_MAX for trip in trips),
            "link 7",
            f"echo and held_ms do not fit by {way}: {min(trips)}..{max(trips)} ms",
        )


def echo_at_once(peer: Peer) -> None:
    """What echoes nothing is answered at once, and the largest clock is echoed."""
    wire = peer.line
    wire.beating = False
    peer.run(lambda: False, 0.3)
    asked = wire.beat("udp", echo=False)
    answered = peer.run(lambda: any(echo >= asked for echo, _ in wire.beats["udp"].echoes), 0.5)
    wire.beat("udp", own=asked - 50_000)
    peer.run(lambda: False, 0.5)
    last = wire.beats["udp"].echoes[-1][0] if wire.beats["udp"].echoes else 0
    wire.beating = True
    need(answered, "link 7", "a heartbeat that echoes nothing is not answered by UDP")
    need(last >= asked, "link 7", "an older clock is echoed in place of the largest")


def bad_packets(peer: Peer) -> None:
    """A packet that is not authentic, or was heard before, has no effect."""
    wire = peer.line
    peer.run(lambda: wire.beats["udp"].echoes, END_S)
    wire.beating = False
    assert wire.channel is not None
    high = now_ms() + 40_000
    plain = struct.pack(">BQ", FrameClass.HEARTBEAT, 2**40) + struct.pack(">QQI", high, 0, 0)
    sealed = wire.channel.seal(plain)
    wire.datagram(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    counter = wire.channel._counter  # noqa: SLF001 - the kit sends a counter twice on purpose
    wire.channel._counter = counter - 2  # noqa: SLF001 - as above
    again = struct.pack(">BQ", FrameClass.HEARTBEAT, 2**41) + struct.pack(">QQI", high + 1, 0, 0)
    wire.packet(again)
    wire.channel._counter = counter  # noqa: SLF001 - as above
    for junk in (b"", b"\1", bytes(2000), sealed[:37], b"\2" + sealed[1:]):
        wire.datagram(junk)
    peer.run(lambda: False, 0.6)
    echoed = {echo for echo, _ in wire.beats["udp"].echoes}
    wire.beating = True
    need(high not in echoed, "link 4.3", "takes a packet whose tag does not hold")
    need(high + 1 not in echoed, "link 4.3", "takes a counter twice")
    need(peer.alive, "link 4.3", "a packet that fails ends the connection")


def pieces(peer: Peer) -> None:
    """A frame in pieces is put together; pieces of another layout are dropped."""
    index = peer.text("piece " * 400)
    peer.resends = False
    entries = peer.entries[peer.me][index - 1 :]
    wire = peer.line
    peer.sequences[FrameClass.BATCH] += 1
    frame = Frame(FrameClass.BATCH, peer.sequences[FrameClass.BATCH], peer.batch(index, entries))
    laid = datagram_plaintexts(frame)
    short = [plain[:-1] if number == 0 else plain for number, plain in enumerate(laid)]
    for plain in (*short, _PIECE.pack(0x85, 2**40, 0, 9) + b"x", _PIECE.pack(0x81, 1, 0, 2) + b"x"):
        wire.packet(plain)
    wrong = peer.run(lambda: peer.receipted > index, 0.7)
    stands = peer.alive
    for plain in reversed(laid):
        wire.packet(plain)
    taken = peer.run(lambda: peer.receipted > index, END_S)
    peer.resends = True
    need(not wrong, "link 5", "takes a piece that is not full")
    need(stands, "link 5", "a wrong piece ends the connection")
    need(taken, "link 5", "a frame in pieces is not put together")


def same_identity(peer: Peer) -> None:
    """A sequence of a class names one frame, whichever way it comes."""
    bodies: dict[tuple[int, int], set[bytes]] = defaultdict(set)
    own = {FrameClass.HELLO, FrameClass.HEARTBEAT, FrameClass.CLOSE}
    ways: set[str] = set()
    peer.run(lambda: False, 1.0)
    for heard in peer.line.heard:
        if heard.frame.frame_class not in own:
            bodies[heard.frame.frame_class, heard.frame.sequence].add(heard.frame.body)
            ways.add(heard.way)
    twice = [key for key, found in bodies.items() if len(found) > 1]
    need(not twice, "link 6.1", f"two frames of one class and sequence: {twice[:3]}")
    need(ways == {"udp", "tcp"}, "link 6.2", f"frames of the session come by {sorted(ways)} only")
    need(not peer.line.broken, "link 5", f"sends what is not allowed: {peer.line.broken[:3]}")


CHECKS: Final = (
    Check("wrong-key", ("link 2",), wrong_key),
    Check("wrong-group", ("link 2",), wrong_group),
    Check("wrong-tls-version", ("link 2",), wrong_version),
    Check("hello-unasked", ("link 3.2",), hello_unasked),
    Check("bad-records", ("link 3.1",), bad_records),
    Check("not-hello-first", ("link 3.2",), not_hello_first),
    Check("bad-heartbeat", ("link 7",), bad_heartbeat),
    Check("unknown-class", ("link 6",), unknown_class),
    Check("heartbeats", ("link 7",), heartbeats),
    Check("echo-at-once", ("link 7",), echo_at_once),
    Check("bad-packets", ("link 4.3", "link 4.2"), bad_packets),
    Check("pieces", ("link 5",), pieces),
    Check("one-frame-each-way", ("link 6.1", "link 6.2", "link 5"), same_identity),
)
