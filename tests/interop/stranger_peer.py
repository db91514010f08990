"""A minimal peer post over one path that it only dials, written from docs/spec alone.

Imports nothing of openline on purpose: it shows that the document is enough to write a post that a
real one founds a line with, and it is a second opinion on every byte that a real post sends it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from tests.interop.stranger_forms import (
    BATCH,
    CONTROL,
    HELLO,
    MEDIA,
    RECEIPT,
    SEAL,
    WANT,
    Keys,
    Line,
    cose,
    cose_check,
    dec,
    dec_one,
    enc,
    h,
    need,
    pub,
)
from tests.interop.stranger_link import Wire, now_ms
from tests.interop.stranger_notes import (
    checkpoint,
    checkpoint_check,
    receipt_check,
    receipt_make,
    root,
    seal_check,
    seal_make,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ZERO: Final = bytes(16)


class Log:
    """One log: items as sent (leaf, salt, body), leaf hashes, Lamport numbers."""

    def __init__(self, genesis: bytes) -> None:
        self.items: list[list[Any]] = []
        self.hashes = [h(b"\0" + genesis)]
        self.lamports = [0]

    def add(self, leaf: bytes, salt: bytes, body: bytes | None, lamport: int) -> None:
        """One more leaf."""
        self.items.append([leaf, salt, body])
        self.hashes.append(h(b"\0" + leaf))
        self.lamports.append(lamport)

    @property
    def size(self) -> int:
        """Leaves, with the genesis."""
        return len(self.hashes)


class Peer(Wire):
    """A party with one post: logs in memory, one connection."""

    def __init__(self, keys: Keys, card: bytes, other: bytes) -> None:
        self.keys, self.line = keys, Line(card, other)
        self.me = self.line.cards.index(card)
        self.far = 1 - self.me
        super().__init__(keys.link, self.line.key(self.far, "link"), self.line.id)
        self.logs = [Log(self.line.genesis), Log(self.line.genesis)]
        self.incarnation, self.peer_incarnation = os.urandom(16), ZERO
        self.officers: dict[bytes, bytes] = {}
        self.receipted = self.sealed = self.given = self.next_again = 0
        self.answered = False
        self.objects: dict[str, tuple[int, Any]] = {}
        self.texts: list[str] = []
        confirmed = [1, self.line.id, h(self.line.genesis)]
        self.genesis_signature = cose(keys.log, "openline/genesis/1", confirmed)
        self.write("enrol", {"officer": pub(keys.officer), "code": "W-1"})

    # -- the record

    def write(self, kind: str, body: dict[str, Any]) -> None:
        """An entry of ours behind all that we hold, stated by our officer but for kind `check`."""
        mine, other, salt, raw = self.logs[self.me], self.logs[self.far], os.urandom(16), enc(body)
        commit = h(b"openline-body-v1" + salt + raw)
        seen = [other.size, other.hashes[-1]]
        statement = [1, self.line.id, self.me, kind, False, commit, *seen, os.urandom(16)]
        signed = cose(self.keys.officer, "openline/statement/1", statement)
        lamport = 1 + max(mine.lamports[-1], other.lamports[-1])
        payload = [1, self.line.id, self.me, mine.size, mine.hashes[-1], *seen, lamport]
        statements = [] if kind == "check" else [signed]
        payload += [time.time_ns() // 1_000_000, kind, False, commit, statements]
        mine.add(cose(self.keys.log, "openline/entry/1", payload), salt, raw, lamport)

    def text(self, words: str) -> None:
        """A text to the peer."""
        self.write("text", {"lang": "en", "text": words})
        self.send_log()

    def take(self, leaf: bytes, salt: bytes, body: bytes | None) -> None:
        """An entry of the peer as its next leaf (the checks of record.md 6 that a test needs)."""
        log, mine = self.logs[self.far], self.logs[self.me]
        p = cose_check(leaf, "openline/entry/1", self.line.key(self.far, "log"))
        need(
            len(leaf) <= 2048 and len(p) == 13 and p[:3] == [1, self.line.id, self.far],
            "record.encoding",
        )
        need(p[3] == log.size, "record.index")
        need(p[4] == log.hashes[-1], "record.chain")
        need(p[5] <= mine.size, "record.cites_unknown")
        need(p[6] == mine.hashes[p[5] - 1], "record.seen")
        need(p[7] == 1 + max(log.lamports[-1], mine.lamports[p[5] - 1]), "record.lamport")
        need(body is None or h(b"openline-body-v1" + salt + body) == p[11], "record.body")
        content = dec(body) if body is not None else {}
        if p[9] == "enrol":
            self.officers[h(content["officer"])[:16]] = content["officer"]
        for signed in p[12]:
            need(signed[8:24] in self.officers, "record.officer")
            said = cose_check(signed, "openline/statement/1", self.officers[signed[8:24]])
            need(said[:6] == [1, self.line.id, self.far, p[9], p[10], p[11]], "record.statement")
            need(said[7] == mine.hashes[said[6] - 1], "record.seen")
        log.add(leaf, salt, body, p[7])
        self.heard["entry." + p[9]] += 1
        if p[9] == "text":
            self.texts.append(content["text"])

    def hello_payload(self) -> list[Any]:
        """Who we are and what we hold."""
        mine, other = self.logs[self.me], self.logs[self.far]
        said = [1, 1, self.line.id, self.me, self.incarnation, self.peer_incarnation]
        return [*said, mine.size, root(mine.hashes), other.size, root(other.hashes)]

    @override
    def hello(self) -> None:
        """Send HELLO."""
        said = cose(self.keys.log, "openline/hello/1", self.hello_payload())
        self.send(HELLO, enc([said, self.genesis_signature]))

    def begin_again(self) -> None:
        """What another start of the post forgets."""
        self.incarnation, self.peer_incarnation = os.urandom(16), ZERO
        self.sequences.clear()

    def send_log(self, first: int = 1) -> None:
        """Our entries from an index on, with the checkpoint behind them."""
        mine = self.logs[self.me]
        note = checkpoint(self.line, self.me, self.keys.log, mine.hashes)
        self.send(BATCH, enc([self.me, first, mine.items[first - 1 :], note]))

    def control(self, name: str, version: int, payload: object) -> None:
        """A control object."""
        self.send(CONTROL, enc([self.incarnation[:8], name, version, payload]))

    def run(self, until: Callable[[], object], seconds: float) -> bool:
        """Live until `until()` is true, or the time is over."""
        end = time.monotonic() + seconds
        while not until() and time.monotonic() < end and self.open:
            self.step()
            if self.answered and now_ms() >= self.next_again:
                self.next_again = now_ms() + 400
                if self.receipted < self.logs[self.me].size:
                    self.send_log(max(self.receipted, 1))
        return bool(until())

    @override
    def take_hello(self, body: bytes) -> None:
        """The peer's HELLO; one that names our incarnation is an answer."""
        hello, signature = dec(body)
        confirmed = cose_check(signature, "openline/genesis/1", self.line.key(self.far, "log"))
        need(confirmed == [1, self.line.id, h(self.line.genesis)], "record.genesis_signature")
        said = cose_check(hello, "openline/hello/1", self.line.key(self.far, "log"))
        need(len(said) == 10 and said[:4] == [1, 1, self.line.id, self.far], "record.hello")
        self.greeted = True
        if said[4] != self.peer_incarnation:
            self.peer_incarnation = said[4]
            self.hello()
        if said[5] == self.incarnation:
            mine = self.logs[self.me]
            held = root(mine.hashes[: said[8]])
            need(said[8] > mine.size or said[9] == held, "record.own_log_disputed")
            self.answered = True

    @override
    def take_frame(self, cls: int, body: bytes) -> None:
        """BATCH, RECEIPT, SEAL, WANT, CONTROL; of MEDIA only the size."""
        if cls == MEDIA:
            need(len(body) == 320, "voice.cell")
            return
        takers: dict[int, Callable[[Any], None]] = {
            BATCH: self.take_batch,
            RECEIPT: self.take_receipt,
            SEAL: self.take_seal,
            WANT: self.take_want,
            CONTROL: self.take_control,
        }
        need(cls in takers, "protocol.frame_class")
        item, end = dec_one(body)
        need(end == len(body) or (cls == CONTROL and not any(body[end:])), "record.encoding")
        need(cls != CONTROL or len(body) % 320 == 0, "protocol.control_size")
        takers[cls](item)

    def take_batch(self, item: list[Any]) -> None:
        """Entries of the peer; ours come back only to a post that was restored."""
        log, first, entries, note = item
        if log == self.me:
            self.restore(first, entries)
            return
        for index, entry in enumerate(entries, first):
            if index == self.logs[self.far].size:
                self.take(*entry)
        if note is not None:
            self.receipt(note)

    def restore(self, first: int, entries: list[list[Any]]) -> None:
        """Entries of ours that come back."""
        mine = self.logs[self.me]
        for index, (leaf, salt, body) in enumerate(entries, first):
            if index == mine.size:
                p = cose_check(leaf, "openline/entry/1", pub(self.keys.log))
                need(p[3] == index and p[4] == mine.hashes[-1], "record.chain")
                mine.add(leaf, salt, body, p[7])

    def take_receipt(self, item: list[Any]) -> None:
        """The peer's receipt of our log."""
        mine = self.logs[self.me]  # m may lie ahead of what we hold of the peer's log
        size, top, _m, _time = receipt_check(enc(item), self.line, self.me)
        need(size <= mine.size and top == root(mine.hashes[:size]), "record.own_fork")
        self.receipted = max(self.receipted, size)

    def take_want(self, item: list[Any]) -> None:
        """What the peer lacks, and a fresh HELLO."""
        log, first = item
        if log == self.me and 1 <= first < self.logs[self.me].size:
            self.send_log(first)
        self.hello()

    def take_control(self, item: list[Any]) -> None:
        """A control object of the peer's present start."""
        tag, name, version, payload = item
        newer = version > self.objects.get(name, (-1, None))[0]
        if name == "declared":
            need(payload.keys() >= {"recording", "now"}, "protocol.declared")
            need(payload["recording"] in {0, 1, 2}, "protocol.declared")
        if name == "phrase":
            need(payload.keys() == {"n", "seq", "call"}, "protocol.phrase")
            need(1 <= payload["n"] <= 10 and payload["seq"] >= 1, "protocol.phrase")
        if tag == self.peer_incarnation[:8] and newer:
            self.objects[name] = (version, payload)

    def answer(self) -> dict[str, Any]:
        """What the peer said last of a call of ours; empty before it did."""
        return dict(self.objects.get("call-answer", (0, {}))[1])

    def receipt(self, note: bytes) -> None:
        """Receipt the peer's checkpoint if we hold all of it."""
        size, top = checkpoint_check(note, self.line, self.far)
        other = self.logs[self.far]
        if not self.answered or size > other.size:
            return
        need(top == root(other.hashes[:size]), "record.fork")
        self.given = max(self.given, size)
        m = self.logs[self.me].size
        self.send(
            RECEIPT,
            receipt_make(self.line, self.me, self.keys.cosign, note, m, time.time_ns() // 10**9),
        )
        head = (size, top, time.time_ns() // 10**9)
        self.send(SEAL, enc([seal_make(self.line, self.me, self.far, self.keys.cosign_pq, head)]))

    def take_seal(self, item: list[Any]) -> None:
        """A seal of the peer over its own log or over ours."""
        note = item[0]
        origin = note.split(b"\n", 1)[0].decode()
        log = self.line.origins.index(origin)
        size, top, _time = seal_check(note, self.line, log, self.far)
        need(top == root(self.logs[log].hashes[:size]), "record.fork")
        if log == self.me:
            self.sealed = max(self.sealed, size)
