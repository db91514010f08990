"""What all parts of one post's engine share, and where they leave their commands."""

from dataclasses import dataclass, field
from typing import Final

from openline.engine.desk import DeskEvent
from openline.engine.ports import Command, PostSettings, Randomness, SendFrame, Signer, ToDesk
from openline.protocol.clock import Now
from openline.protocol.frames import DATAGRAM_BODY_BYTES_MAX, FrameClass
from openline.record.genesis import Genesis

EVIDENCE_BYTES_MAX: Final = 65_536
EVIDENCE_PER_CODE_MAX: Final = 16
EVIDENCE_CODES_MAX: Final = 64


@dataclass(slots=True)
class Context:
    """One post: its identity, its tools, its commands.

    Attributes:
        own, peer: party indices. incarnation: 16 random bytes of this start.
        out: commands in order, until drained. evidence: for the next transaction.
        rtt_ms: the newest round trip of the link.
    """

    genesis: Genesis
    own: int
    signer: Signer
    random: Randomness
    settings: PostSettings
    incarnation: bytes
    out: list[Command] = field(default_factory=list)
    evidence: list[tuple[str, bytes, int]] = field(default_factory=list)
    rtt_ms: float = 0.0
    _evidence_counts: dict[str, int] = field(default_factory=dict)
    _tickets: int = 0

    @property
    def peer(self) -> int:
        """Party index of the peer."""
        return 1 - self.own

    def ticket(self) -> int:
        """A number for a commit or a read, never used twice."""
        self._tickets += 1
        return self._tickets

    def emit(self, command: Command) -> None:
        """Leave a command."""
        self.out.append(command)

    def send(self, frame_class: FrameClass, body: bytes, *, stream_only: bool = False) -> None:
        """Send a frame, as datagram too where it fits."""
        datagram = not stream_only and len(body) <= DATAGRAM_BODY_BYTES_MAX
        self.emit(SendFrame(frame_class=int(frame_class), body=body, datagram=datagram))

    def desks(self, event: DeskEvent) -> None:
        """Tell every desk."""
        self.emit(ToDesk(desk=None, event=event))

    def desk(self, desk: bytes | None, event: DeskEvent) -> None:
        """Tell one desk."""
        self.emit(ToDesk(desk=desk, event=event))

    def keep_evidence(self, code: str, data: bytes, now: Now) -> None:
        """Keep offending bytes for the next transaction: the first of each code, bounded."""
        count = self._evidence_counts.get(code, 0)
        if count >= EVIDENCE_PER_CODE_MAX:
            return
        if count == 0 and len(self._evidence_counts) >= EVIDENCE_CODES_MAX:
            return
        self._evidence_counts[code] = count + 1
        self.evidence.append((code, data[:EVIDENCE_BYTES_MAX], now.wall_ms))
