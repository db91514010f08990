"""Checks of spec/record and spec/delivery: entries, receipts, seals, restoring; and breaches."""

import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from openline.app.conformance.model import Check, need
from openline.app.conformance.peer import ANSWER_S, RESTORE_S, Peer
from openline.link.frames import FrameClass
from openline.protocol.control import CHECK
from openline.protocol.frames import BatchEntry
from openline.record.cbor import Value, decode, encode
from openline.record.receipt import Receipt

SETTLE_S: Final = 1.0
SEAL_S: Final = 2.5
"""1 s is what the specification allows; the rest is for signing, the network and a busy machine."""
WANT_S: Final = 2.0


def _receipted(peer: Peer, index: int, seconds: float = ANSWER_S) -> bool:
    return peer.run(lambda: peer.receipted > index, seconds)


def founding(peer: Peer) -> None:
    """Their enrolment stands at index 1 of their log, and ours is receipted."""
    need(
        peer.run(lambda: peer.theirs >= 2, ANSWER_S),  # noqa: PLR2004 - genesis and enrolment
        "delivery 1",
        "their enrolment does not come",
    )
    need(_receipted(peer, 1), "delivery 3", "our enrolment is not receipted")


def text(peer: Peer) -> None:
    """A text is receipted, by all three signatures over the very log."""
    before = len(peer.receipts)
    index = peer.text("A text of the conformance kit")
    peer.send_log(index)
    need(_receipted(peer, index), "delivery 3", "a text is not receipted")
    receipts = [item for _at, item in peer.receipts[before:]]
    need(all(_fits(peer, item) for item in receipts), "record 8", "a receipt of another root")


def _fits(peer: Peer, receipt: Receipt) -> bool:
    tree = peer.record.logs[peer.me].tree
    return receipt.size <= tree.size and tree.root_at(receipt.size) == receipt.root


def out_of_order(peer: Peer) -> None:
    """An entry waits for its predecessor, which is asked for; nothing is receipted before."""
    peer.resends = False
    first, second = peer.text("The first of two"), peer.text("The second of two")
    wants, base = len(peer.wants), len(peer.receipts)
    body = peer.batch(second, peer.entries[peer.me][second - 1 :])
    peer.send(FrameClass.BATCH, body)
    peer.run(lambda: len(peer.wants) > wants, WANT_S)
    early = [item for _at, item in peer.receipts[base:] if item.size > first]
    asked = peer.wants[wants:]
    peer.send(FrameClass.BATCH, peer.batch(first, [peer.entries[peer.me][first - 1]]))
    both = _receipted(peer, second)
    peer.resends = True
    need(not early, "record 8", "a receipt of entries that it cannot hold")
    need(both, "delivery 4", "an entry that came before its predecessor is not taken in")
    need((peer.me, first) in asked, "delivery 4", f"a gap is not asked for by WANT: {asked[:3]}")


def duplicates(peer: Peer) -> None:
    """Entries that are held change nothing; the newest receipt is sent again."""
    peer.run(lambda: peer.receipted == peer.size, ANSWER_S)
    base, size = len(peer.receipts), peer.size
    for _ in range(5):
        peer.send_log(1)
    again = peer.run(lambda: len(peer.receipts) > base, ANSWER_S)
    need(again, "delivery 4", "held entries that come again bring no receipt")
    found = {item.size for _at, item in peer.receipts[base:]}
    need(max(found) <= size, "delivery 4", "held entries that come again are counted again")


def old_index(peer: Peer) -> None:
    """Good entries at a wrong place accuse their sender alone: nothing of it, and on it goes."""
    entry = peer.entries[peer.me][-1]
    _dropped(peer, entry, "delivery 4", "an old entry at a new index")


def _dropped(peer: Peer, wrong: BatchEntry, clause: str, name: str) -> None:
    """What no signature stands for is dropped, and the good entry there taken in."""
    peer.run(lambda: peer.receipted == peer.size, ANSWER_S)
    size, base = peer.size, len(peer.receipts)
    peer.send(
        FrameClass.BATCH, encode([peer.me, size, [[wrong.leaf, wrong.salt, wrong.body]], None])
    )
    peer.run(lambda: False, SETTLE_S)
    taken = [item for _at, item in peer.receipts[base:] if item.size > size]
    need(not taken, clause, f"{name} is receipted")
    need(peer.alive, "frames 1", f"{name} ends the connection {peer.line.code}")
    index = peer.text(f"Good, after {name}")
    peer.send_log(index)
    need(_receipted(peer, index, 2 * ANSWER_S), clause, f"after {name} nothing is receipted")
    need(not peer.faults, clause, f"after {name}: {peer.faults[:1]}")


def bad_signature(peer: Peer) -> None:
    """An entry whose signature does not hold is dropped."""
    good = peer.make("text", {"lang": "en", "text": "Unsigned"})
    wrong = BatchEntry(good.leaf[:-1] + bytes([good.leaf[-1] ^ 1]), good.salt, good.body)
    _dropped(peer, wrong, "record 6", "an entry that is not signed")


def other_body(peer: Peer) -> None:
    """An entry with another body than the committed one is dropped."""
    good = peer.make("text", {"lang": "en", "text": "Committed"})
    body = encode({"lang": "en", "text": "Altered"})
    _dropped(peer, BatchEntry(good.leaf, good.salt, body), "record 4", "another body")


def too_large(peer: Peer) -> None:
    """A leaf above its limit is refused."""
    good = peer.make("text", {"lang": "en", "text": "Long"})
    leaf = good.leaf + secrets.token_bytes(2_100)
    _dropped(peer, BatchEntry(leaf, good.salt, good.body), "record 12", "a leaf that is too large")


def unknown_kind(peer: Peer) -> None:
    """An unknown kind, and a known kind of another content, are stored and receipted."""
    for kind, content in (
        ("never-heard-of", {"what": 1}),
        ("text", {"language": "en"}),
    ):
        index = peer.write(kind, dict[str, Value](content))
        peer.send_log(index)
        need(_receipted(peer, index), "record 5", f"an entry of kind {kind} is not receipted")


def seals(peer: Peer) -> None:
    """Both logs are sealed within a second of their entries."""
    index = peer.text("To be sealed")
    peer.send_log(index)
    need(_receipted(peer, index), "delivery 3", "a text is not receipted")
    began = peer.receipts[-1][0]

    def sealed() -> bool:
        return any(log == peer.me and size > index for _at, log, size in peer.seals)

    peer.run(sealed, ANSWER_S)
    need(sealed(), "delivery 7", "the holder does not seal what it receipted")
    at = next(at for at, log, size in peer.seals if log == peer.me and size > index)
    need(at - began <= SEAL_S, "delivery 7", f"sealed {at - began:.1f} s after the receipt")
    peer.send_seals()
    peer.run(lambda: any(log == peer.far for _at, log, _size in peer.seals), ANSWER_S)
    need(
        any(log == peer.far for _at, log, _size in peer.seals),
        "delivery 7",
        "the author does not seal its own log",
    )


def line_check(peer: Peer) -> None:
    """A line check is answered by an entry; entries that are not receipted come again."""
    peer.run(lambda: peer.receipted == peer.size, ANSWER_S)
    name = secrets.token_bytes(8)
    index = peer.write("check", {"part": "began", "id": name, "slot": 0, "text": 1}, stated=False)
    peer.send_log(index)
    begun: dict[str, Value] = {"text": True, "voice": False, "ready": 2, "slot": 0, "end": ""}
    peer.gives_receipts = False
    peer.control(CHECK, begun | {"id": name, "begins": True, "open": True})

    def parts() -> list[dict[str, Value]]:
        bodies = [decode(item.body, 16_384) for item in peer.entries[peer.far] if item.body]
        return [item for item in bodies if isinstance(item, dict) and item.get("id") == name]

    came = peer.run(parts, ANSWER_S)
    start = len(peer.line.heard)
    size = peer.theirs
    peer.run(lambda: False, 1.5 * SETTLE_S)
    again = [
        item.frame.sequence
        for item in peer.line.heard[start:]
        if item.frame.frame_class == FrameClass.BATCH
    ]
    peer.gives_receipts = True
    peer.send(FrameClass.WANT, encode([peer.far, max(1, size - 1)]))
    peer.control(CHECK, begun | {"id": name, "begins": True, "open": False})
    peer.run(lambda: False, SETTLE_S)
    need(came, "check 4", "a line check by text is not answered")
    need(parts()[0].get("part") == "answered", "check 4", f"part {parts()[0].get('part')!r}")
    need(again, "delivery 5", "entries that are not receipted are not sent again")


def restored(peer: Peer) -> None:
    """Who comes back from an old disk gets its own entries back, with what they cite."""
    peer.run(lambda: peer.receipted == peer.size, ANSWER_S)
    whole = peer.record.logs[peer.me]
    size, root = whole.size, whole.root
    peer.hang_up()
    peer.begin_again()
    peer.dial()
    need(peer.run(lambda: peer.alive, ANSWER_S), "handshake 4", "a new start gets no answer")
    back = restore(peer)
    need(back, "delivery 6", f"own entries are not returned: {peer.size} of {size}")
    log = peer.record.logs[peer.me]
    need((log.size, log.root) == (size, root), "delivery 6", "another log is returned")
    finish_restoring(peer)


def restore(peer: Peer) -> bool:
    """Wait until the own log is whole again; true if it is."""
    return peer.run(lambda: peer.alive and not peer.lacking, RESTORE_S)


def finish_restoring(peer: Peer) -> None:
    """Refresh HELLO and write the entry that tells of it."""
    peer.say_hello()
    first = len(peer.founded) + 1
    if peer.size > first:
        index = peer.write("restored", {"from": first, "to": peer.size})
        peer.send_log(index)
        need(_receipted(peer, index), "delivery 6", "nothing is receipted after the restoring")


def their_log(peer: Peer) -> None:
    """Every entry, checkpoint, receipt, seal and HELLO that came held."""
    for fault in peer.faults:
        need(False, fault.clause, fault.detail)  # noqa: FBT003 - says which clause is broken


def survives(peer: Peer) -> None:
    """After all that, the post answers, and a text is receipted."""
    peer.dial()
    need(peer.run(lambda: peer.alive, ANSWER_S), "handshake 3", "gives no answer any more")
    text(peer)


def _breach(name: str, clause: str, wrong: Callable[[Peer], dict[str, Any]]) -> Check:
    """A check that signs an entry which breaks one rule: the record halts, the rest goes on."""

    def run(peer: Peer) -> None:
        peer.run(lambda: peer.receipted == peer.size, ANSWER_S)
        size, base = peer.size, len(peer.receipts)
        entry = peer.make("text", {"lang": "en", "text": "Signed, and wrong"}, **wrong(peer))
        item: Value = [entry.leaf, entry.salt, entry.body]
        peer.resends = False
        note = peer.note_over(entry)
        peer.send(FrameClass.BATCH, encode([peer.me, size, [item], note]))
        peer.run(lambda: False, SETTLE_S)
        index = peer.text("After a breach")
        peer.send_log(index)
        peer.run(lambda: False, 2 * SETTLE_S)
        taken = [item for _at, item in peer.receipts[base:] if item.size > size]
        need(not taken, clause, f"{name}: taken in, or the record is not halted")
        beats, began = len(peer.line.beats["udp"].heard), time.monotonic()
        peer.run(lambda: len(peer.line.beats["udp"].heard) > beats + 2, SETTLE_S)
        need(
            peer.alive and len(peer.line.beats["udp"].heard) > beats,
            "delivery 2",
            f"{name}: with the record the heartbeat halts ({time.monotonic() - began:.1f} s)",
        )

    return Check(f"breach-{name}", (clause, "delivery 2"), run, breach=True)


CHECKS: Final = (
    Check("founding", ("delivery 1", "delivery 3"), founding),
    Check("text", ("delivery 3", "record 8"), text),
    Check("out-of-order", ("delivery 4", "record 8"), out_of_order),
    Check("duplicates", ("delivery 4",), duplicates),
    Check("old-index", ("delivery 4",), old_index),
    Check("bad-signature", ("record 6", "record 3"), bad_signature),
    Check("other-body", ("record 4",), other_body),
    Check("too-large", ("record 12",), too_large),
    Check("unknown-kind", ("record 5",), unknown_kind),
    Check("seals", ("delivery 7", "record 8"), seals),
    Check("line-check", ("check 4", "delivery 5"), line_check),
)
LAST: Final = (
    Check("restored", ("delivery 6", "handshake 4"), restored),
    Check("what-came", ("record 6", "record 7", "record 9", "frames 2"), their_log),
    Check("survives", ("handshake 3", "delivery 3"), survives),
)
BREACHES: Final = (
    _breach("lamport", "record 6", lambda peer: {"lamport": 10**6 + peer.size}),
    _breach("chain", "record 6", lambda _peer: {"prev": bytes(32)}),
    _breach("seen-head", "record 6", lambda _peer: {"seen_head": bytes(32)}),
    _breach(
        "seen-back", "record 6", lambda peer: {"seen_n": 1, "seen_head": peer.genesis.leaf_hash}
    ),
    _breach("no-statement", "record 6", lambda _peer: {"statements": ()}),
)
