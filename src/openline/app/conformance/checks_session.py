"""Checks of spec/handshake, spec/frames, spec/call: HELLO, control, bodies that do not hold."""

import secrets
from collections.abc import Callable  # noqa: TC003 - stands in an annotation of a variable
from dataclasses import replace
from typing import Final

from openline.app.conformance.model import Check, NotSeenError, need
from openline.app.conformance.peer import ANSWER_S, Peer
from openline.app.conformance.wire import new_incarnation
from openline.link.frames import FrameClass
from openline.record.cbor import Value, decode, encode
from openline.record.hello import hello_frame

END_S: Final = 5.0
SETTLE_S: Final = 1.0
ASK_AGAIN_S: Final = 1.5
SLOT_MS: Final = 100
WATCH_S: Final = 3.0


def _hello_with(peer: Peer, place: int, value: Value) -> bytes:
    items = decode(peer.hello().payload(), 2048)
    assert isinstance(items, list)
    items[place] = value
    return hello_frame(peer.signer.hello(encode(items)), peer.genesis_signature)


def wrong_hello(peer: Peer) -> None:
    """Each HELLO that must be refused ends the connection with its code."""
    good = peer.signer.hello(peer.hello().payload())
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    signature = peer.genesis_signature
    wrong: list[tuple[str, Callable[[], bytes]]] = [
        ("record.hello", lambda: b"\x01"),
        ("record.version", lambda: _hello_with(peer, 0, 2)),
        ("record.suite", lambda: _hello_with(peer, 1, 2)),
        ("record.line", lambda: _hello_with(peer, 2, bytes(16))),
        ("record.author", lambda: _hello_with(peer, 3, peer.far)),
        ("record.hello", lambda: _hello_with(peer, 4, bytes(16))),
        ("record.hello", lambda: _hello_with(peer, 6, 0)),
        ("record.signature", lambda: hello_frame(flipped, signature)),
        ("record.genesis_signature", lambda: hello_frame(good, signature[:-1] + b"\0")),
    ]
    for code, make in wrong:
        peer.hang_up()
        peer.wire = peer.connect()
        peer.send(FrameClass.HELLO, make())
        peer.run(lambda: False, END_S)
        need(not peer.line.alive, "handshake 2", f"takes a HELLO that is {code}")
        need(peer.line.code == code, "handshake 2", f"{peer.line.code or 'no code'}, not {code}")


def other_incarnation(peer: Peer) -> None:
    """Another incarnation in a later HELLO ends the connection; an old one is a replay."""
    was = peer.incarnation
    changed = replace(peer.hello(), incarnation=new_incarnation())
    peer.say_hello(changed)
    peer.run(lambda: False, END_S)
    need(not peer.line.alive, "link 3.2", "takes another incarnation on one connection")
    need(peer.line.code == "link.incarnation", "link 3.2", f"ended with {peer.line.code}")
    peer.incarnation = changed.incarnation
    peer.sequences.clear()
    peer.versions.clear()
    peer.dial()
    need(peer.run(lambda: peer.alive, ANSWER_S), "handshake 4", "a new start gets no answer")
    peer.hang_up()
    peer.wire = peer.connect()
    peer.say_hello(replace(peer.hello(), incarnation=was))
    peer.run(lambda: False, END_S)
    need(not peer.line.alive, "handshake 2", "takes a HELLO of a start that was replaced")
    need(peer.line.code == "handshake.replayed", "handshake 2", f"ended with {peer.line.code}")


def answered(peer: Peer) -> None:
    """HELLO is answered by one that names our start and says what is held."""
    need(peer.answer is not None, "handshake 3", "no answer to HELLO")
    heard = len(peer.hellos)
    for _ in range(2):  # once a second at most: another WANT may have been answered just now
        peer.send(FrameClass.WANT, encode([peer.far, peer.theirs]))
        peer.run(lambda: len(peer.hellos) > heard, ASK_AGAIN_S)
    need(len(peer.hellos) > heard, "handshake 3", "WANT does not refresh HELLO")


def wanted(peer: Peer) -> None:
    """WANT is answered with the log from there on; beyond the end with nothing."""
    start = len(peer.line.heard)

    def seen() -> bool:
        return any(
            item.frame.frame_class == FrameClass.BATCH and item.frame.body[1] == peer.far
            for item in peer.line.heard[start:]
        )

    for _ in range(3):  # sooner than a post would send again by itself it need not go back
        peer.send(FrameClass.WANT, encode([peer.far, 1]))
        peer.run(seen, ASK_AGAIN_S)
    need(seen(), "frames 3", "WANT of index 1 is not answered with a BATCH")
    for wrong in ([peer.far, 0], [peer.far, peer.theirs + 1000]):
        peer.send(FrameClass.WANT, encode(list[Value](wrong)))
    peer.run(lambda: False, SETTLE_S)
    need(peer.alive, "frames 1", f"a WANT that does not hold ends the connection {peer.line.code}")


def bad_bodies(peer: Peer) -> None:
    """A body that does not hold changes nothing, and never ends a connection."""
    kinds = {
        "BATCH": FrameClass.BATCH,
        "RECEIPT": FrameClass.RECEIPT,
        "SEAL": FrameClass.SEAL,
        "WANT": FrameClass.WANT,
        "CONTROL": FrameClass.CONTROL,
        "MEDIA": FrameClass.MEDIA,
    }
    tag = peer.incarnation[:8]
    bodies = [
        b"",
        b"\xff",
        b"\x9f\x01\xff",
        b"\x80",
        b"\x18\x01",
        secrets.token_bytes(200),
        encode([0, 0, [], None]),
        encode([0, 1, [[b"", b"", b""]], None]),
        encode([b"note", b"cose"]),
        encode([tag, "never-heard-of", 1, {}]),
        encode([tag, "call", 2**40, {"id": b"short"}]),
        encode([tag, "call", 2**40, {"id": bytes(8), "manner": 9}]),
        encode([tag, "presence", 2**40, 7]),
        encode([tag, "legs", 2**40, {"9": None}]),
        b"\0" * 5000,
        secrets.token_bytes(70_000),
    ]
    for name, kind in kinds.items():
        for body in bodies:
            peer.send(kind, body)
        peer.run(lambda: False, 0.2)
        need(peer.alive, "frames 1", f"a {name} that does not hold ends the connection")
    index = peer.text("After bodies that do not hold")
    need(
        peer.run(lambda: peer.receipted > index, ANSWER_S),
        "frames 1",
        "after bodies that do not hold nothing is receipted",
    )


def control_pace(peer: Peer) -> None:
    """Control frames go in slots of 100 ms, each a multiple of 320 bytes, tagged with the start."""
    peer.run(lambda: False, SETTLE_S)
    start = len(peer.line.heard)
    peer.run(lambda: False, WATCH_S)
    seen: dict[int, tuple[int, bytes]] = {}
    for item in peer.line.heard[start:]:
        if item.frame.frame_class == FrameClass.CONTROL:
            seen.setdefault(item.frame.sequence, (item.at_ms, item.frame.body))
    need(seen, "frames 4", "no control frame in 3 s")
    due = WATCH_S * 1000 / SLOT_MS
    need(
        0.6 * due <= len(seen) <= 1.4 * due,
        "frames 4",
        f"{len(seen)} control frames in 3 s",
    )
    sizes = {len(body) for _at, body in seen.values()}
    need(all(size % 320 == 0 for size in sizes), "frames 4", f"sizes {sorted(sizes)}")
    tag = peer.far_incarnation[:8]
    need(
        all(body[2:10] == tag for _at, body in seen.values()),
        "frames 4",
        "tagged with another start",
    )


def presence(peer: Peer) -> None:
    """The own desks are told of at once, and no more than was agreed."""
    found, disclosure = peer.objects.get("presence"), peer.genesis.disclosure
    if disclosure == 0:
        need(found is None, "call 1", "presence is sent, by agreement it is not")
        return
    payload = found.payload if found is not None else None
    said = payload if isinstance(payload, dict) else {}
    need("attended" in said, "call 1", "no presence object that says attended")
    fields = {"attended": 1, "hears": 1, "code": 2, "name": 3}
    more = [name for name, least in fields.items() if name in said and disclosure < least]
    need(not more, "call 1", f"discloses {more} at disclosure {disclosure}")


def call(peer: Peer) -> None:
    """A call is answered under its id, ends as told and leaves an account in their log."""
    name = secrets.token_bytes(8)
    said: dict[str, Value] = {"id": name, "manner": 2, "open": True, "talking": False, "seq": 1}
    peer.control("call", said | {"outcome": ""})
    heard = peer.run(lambda: _answer_of(peer, name), END_S)
    need(heard, "call 4", "a call gets no call-answer under its id")
    answer = _answer_of(peer, name)
    if answer.get("outcome") == "refused_by_setting":
        clause, reason = "call 6", "refused_by_setting"
    else:
        clause, reason = "call 4", "withdrawn"
        peer.control("call", said | {"open": False, "seq": 2, "outcome": "withdrawn"})
    need(
        peer.run(lambda: _accounts(peer, name), ANSWER_S),
        clause,
        "a call leaves no account in the log of the called side",
    )
    account = _accounts(peer, name)[0]
    need(account.get("role") == "called", clause, f"role {account.get('role')!r}")
    need(account.get("outcome") == reason, clause, f"outcome {account.get('outcome')!r}")
    peer.run(lambda: False, 0.5)
    peer.control("call", said | {"open": True, "seq": 9, "outcome": ""})
    peer.run(lambda: False, SETTLE_S)
    need(not _answer_of(peer, name).get("open"), "call 4", "opens a call that has ended")


def _answer_of(peer: Peer, name: bytes) -> dict[str, Value]:
    found = peer.objects.get("call-answer")
    said = found.payload if found is not None else None
    return said if isinstance(said, dict) and said.get("id") == name else {}


def _accounts(peer: Peer, name: bytes) -> list[dict[str, Value]]:
    bodies = [decode(item.body, 16_384) for item in peer.entries[peer.far] if item.body]
    return [
        body
        for body in bodies
        if isinstance(body, dict) and body.get("id") == name and "outcome" in body
    ]


def cells(peer: Peer) -> None:
    """Media cells come at one size, whoever speaks."""
    start = len(peer.line.heard)
    peer.run(lambda: False, WATCH_S)
    sizes = {
        len(item.frame.body)
        for item in peer.line.heard[start:]
        if item.frame.frame_class == FrameClass.MEDIA
    }
    if not sizes:
        reason = "no_cells_without_a_desk"
        raise NotSeenError(reason)
    need(sizes == {320}, "voice 4", f"cells of {sorted(sizes)} bytes")


CHECKS: Final = (
    Check("answer", ("handshake 3",), answered),
    Check("wrong-hello", ("handshake 2", "record 9"), wrong_hello),
    Check("other-incarnation", ("link 3.2", "handshake 2", "handshake 4"), other_incarnation),
    Check("want", ("frames 3", "frames 1"), wanted),
    Check("bad-bodies", ("frames 1", "frames 5"), bad_bodies),
    Check("control-pace", ("frames 4",), control_pace),
    Check("presence", ("call 1",), presence),
    Check("call", ("call 4", "call 6"), call),
    Check("cells", ("voice 4",), cells),
)
