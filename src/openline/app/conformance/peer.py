"""The kit as a peer: its log, what it holds of the other's, and the session over one connection.

Both logs are verified by the rules of spec/record with every entry that comes; whatever does not
hold is noted with its clause, and the session goes on. The log of the kit itself begins at the
founding in every run: what an earlier run wrote comes back from the tested post, as to any post
that was restored from an old disk (spec/delivery, section 6).
"""

import time
from collections.abc import Callable
from typing import Final

from OpenSSL import SSL

from openline.app.clock import read_now
from openline.app.conformance.logs import Fault, Logs
from openline.app.conformance.wire import Heard, Wire
from openline.errors import LinkError, OpenlineError, RecordError
from openline.link.frames import FrameClass
from openline.link.tls import TlsStream, make_certificate, make_context
from openline.protocol.control import pad_control
from openline.protocol.frames import (
    parse_batch,
    parse_seal,
    parse_want,
    seal_frame,
    want_frame,
)
from openline.record.cbor import Value, encode
from openline.record.genesis import verify_genesis_signature
from openline.record.hello import Hello, hello_frame, parse_hello_frame, verify_hello
from openline.record.notes import parse_checkpoint, parse_note, verify_checkpoint
from openline.record.receipt import (
    assemble_receipt,
    assemble_seal,
    receipt_cosigned,
    receipt_payload,
    seal_text,
    verify_receipt,
    verify_seal,
)

ANSWER_S: Final = 8.0
DIAL_PAUSE_S: Final = 0.3
RESTORE_S: Final = 30.0
_AGAIN_S: Final = 0.4
_BATCH: Final = 32


class Peer(Logs):
    """The kit's session with the tested post, over the connection ``wire``."""

    wire: Wire | None = None
    dialed = 0.0

    # -- connections

    def context(self) -> SSL.Context:
        """TLS as the specification wants it."""
        return make_context(self.keys.link, make_certificate(self.keys.link), self.far_pin)

    def connect(self, context: SSL.Context | None = None) -> Wire:
        """A connection whose handshake is done; nothing was said on it yet.

        Raises:
            OSError, LinkError: it does not come about.
        """
        time.sleep(max(0.0, self.dialed + DIAL_PAUSE_S - time.monotonic()))
        self.dialed = time.monotonic()
        tls = TlsStream(context or self.context(), dialed=True)
        wire = Wire(tls, self.target.address, self.sequences)
        try:
            wire.shake(self.own_pin, self.far_pin, self.genesis.line, self.target.path)
        except (OSError, LinkError):
            wire.close()
            raise
        return wire

    def dial(self) -> None:
        """Connect in place of the present connection and say HELLO."""
        self.hang_up()
        self.wire = self.connect()
        self.answer, self.hellos = None, []
        self.say_hello()
        self.wire.beating = True

    def hang_up(self) -> None:
        """The end of the present connection, without CLOSE."""
        if self.wire is not None:
            self.wire.close()
            self.wire = None

    @property
    def line(self) -> Wire:
        """The present connection."""
        assert self.wire is not None
        return self.wire

    @property
    def alive(self) -> bool:
        """The present connection stands and HELLO is answered."""
        return self.wire is not None and self.wire.alive and self.answer is not None

    def run(self, until: Callable[[], object], seconds: float) -> bool:
        """Live until it holds, the time is over or the connection ends."""
        end, again, asked = time.monotonic() + seconds, 0.0, time.monotonic() + 1.0
        while not until() and time.monotonic() < end and self.line.alive:
            for heard in self.line.step():
                self.take(heard)
            now = time.monotonic()
            if self.answer is None and now >= asked:
                asked = now + 1.0
                self.say_hello()
                self.send(FrameClass.WANT, want_frame(self.far, self.theirs))
            if self.alive and self.resends and now >= again:
                again = now + _AGAIN_S
                self.send_what_lacks()
        return bool(until())

    def send_what_lacks(self) -> None:
        """Entries that are not receipted, and a WANT for those that do not come."""
        if self.answer is not None and self.receipted < self.size and not self.lacking:
            self.send_log(max(1, self.receipted))
        if self.lacking:
            self.send(FrameClass.WANT, want_frame(self.far, self.theirs))

    @property
    def lacking(self) -> bool:
        """The tested post holds own entries of the kit that the kit has not yet."""
        return self.answer is not None and self.answer.held_size > self.size

    # -- what is sent

    def send(self, kind: int, body: bytes, *, udp: bool = True, tcp: bool = True) -> None:
        """A frame on the present connection."""
        self.line.send(kind, body, udp=udp, tcp=tcp)

    def say_hello(self, said: Hello | None = None) -> None:
        """HELLO on the present connection: the present one, or what a check says instead."""
        signed = self.signer.hello((said or self.hello()).payload())
        self.send(FrameClass.HELLO, hello_frame(signed, self.genesis_signature))

    def control(self, name: str, payload: Value) -> None:
        """The next version of an own object."""
        self.versions[name] += 1
        body = encode([self.incarnation[:8], name, self.versions[name], payload])
        self.send(FrameClass.CONTROL, pad_control(body))

    def send_log(self, first: int) -> None:
        """Own entries from an index on, with the checkpoint behind them."""
        entries = self.entries[self.me][first - 1 : first - 1 + _BATCH]
        if entries:
            self.send(FrameClass.BATCH, self.batch(first, entries))

    def send_seals(self) -> None:
        """Seals over both logs, as author and as holder."""
        heads = [(self.me, self.size, 0)]
        if self.given:
            heads.append((self.far, self.given, read_now().wall_ms // 1000))
        for log, size, time_s in heads:
            checkpoint = self.record.logs[log].checkpoint(size)
            said = seal_text(self.genesis, self.me, checkpoint, time_s)
            sign = self.signer.seal_author if log == self.me else self.signer.seal_holder
            note = assemble_seal(self.genesis, self.me, checkpoint, time_s, sign(said))
            self.send(FrameClass.SEAL, seal_frame(note))

    # -- what comes

    def take(self, heard: Heard) -> None:
        """Hold one frame against the specification, and do what a peer does with it."""
        takers: dict[int, tuple[str, Callable[[bytes], None]]] = {
            FrameClass.HELLO: ("handshake 2", self._hello),
            FrameClass.BATCH: ("frames 2", self._batch),
            FrameClass.RECEIPT: ("record 8", self._receipt),
            FrameClass.SEAL: ("record 8", self._seal),
            FrameClass.WANT: ("frames 3", lambda body: self.wants.append(parse_want(body))),
            FrameClass.CONTROL: ("frames 4", self._control),
        }
        if heard.frame.frame_class not in takers:
            return
        clause, taker = takers[heard.frame.frame_class]
        try:
            taker(heard.frame.body)
        except OpenlineError as fault:
            self.fault(clause, fault)

    def fault(self, clause: str, fault: OpenlineError) -> None:
        """Note that something does not hold, once."""
        found = Fault(clause, str(fault))
        if found not in self.faults:
            self.faults.append(found)

    def _hello(self, body: bytes) -> None:
        signed, signature = parse_hello_frame(body)
        verify_genesis_signature(self.genesis, self.far, signature)
        hello = verify_hello(self.genesis, self.far, signed)
        self.hellos.append(hello)
        if hello.incarnation != self.far_incarnation:
            self.far_incarnation = hello.incarnation
            self.control_in.restart(hello.incarnation)
            self.say_hello()
        if hello.peer_incarnation == self.incarnation:
            self.answer = hello
            for log, size, root in (
                (self.me, hello.held_size, hello.held_root),
                (self.far, hello.own_size, hello.own_root),
            ):
                state = self.record.logs[log]
                if size <= state.size and state.tree.root_at(size) != root:
                    self.fault("record 9", RecordError("record.fork", f"log {log} at {size}"))

    def _batch(self, body: bytes) -> None:
        batch = parse_batch(body)
        if batch.note is not None:
            self._check_note(batch.log, batch.stop, batch.note)
        for index, entry in enumerate(batch.entries, batch.first):
            self.waiting[batch.log][index] = entry
        while any(self._append(log) for log in (0, 1)):
            pass
        if batch.log == self.far and batch.note is not None and self.theirs >= batch.stop:
            self._give_receipt(batch.stop, batch.note)

    def _append(self, log: int) -> bool:
        entry = self.waiting[log].pop(self.record.logs[log].size, None)
        if entry is None:
            return False
        try:
            self.keep(log, entry)
        except RecordError as fault:
            if fault.code == "record.cites_unknown":
                self.waiting[log][self.record.logs[log].size] = entry
            else:
                self.fault("record 6", fault)
            return False
        return True

    def _check_note(self, log: int, size: int, note: bytes) -> None:
        try:
            key = self.genesis.cards[log].keys.log
            checkpoint = verify_checkpoint(note, self.genesis.origin(log), key)
        except RecordError as fault:
            self.fault("record 7", fault)
            return
        if checkpoint.size != size:
            self.fault("frames 2", RecordError("protocol.batch", "a note at another size"))

    def _give_receipt(self, size: int, note: bytes) -> None:
        checkpoint = parse_checkpoint(parse_note(note).text)
        try:
            self.record.check_checkpoint(self.far, checkpoint)
        except RecordError as fault:
            self.fault("record 7", fault)
            return
        if not self.gives_receipts or self.lacking:
            return
        self.given, time_s = max(self.given, size), read_now().wall_ms // 1000
        cosigned = self.signer.cosignature(receipt_cosigned(note, time_s))
        claim = self.signer.receipt(receipt_payload(self.genesis, checkpoint, self.size))
        receipt = assemble_receipt(self.genesis, self.me, note, time_s, cosigned, claim)
        self.send(FrameClass.RECEIPT, receipt)

    def _receipt(self, body: bytes) -> None:
        receipt = verify_receipt(self.genesis, self.me, body)
        self.receipts.append((time.monotonic(), receipt))
        if receipt.size > self.size and self.lacking:
            return
        self.record.take_receipt(receipt)
        self.receipted = max(self.receipted, receipt.size)

    def _seal(self, body: bytes) -> None:
        note = parse_seal(body)
        origin = parse_checkpoint(parse_note(note).text).origin
        log = self.me if origin == self.genesis.origin(self.me) else self.far
        seal = verify_seal(self.genesis, log, self.far, note)
        self.seals.append((time.monotonic(), log, seal.size))

    def _control(self, body: bytes) -> None:
        if len(body) % 320 or not body:
            self.fault("frames 4", RecordError("record.encoding", f"body of {len(body)} bytes"))
        control = self.control_in.take(body)
        if control is not None:
            self.control_in.accept(control)
            self.objects[control.name] = control
