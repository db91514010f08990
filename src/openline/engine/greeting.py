"""HELLO: who is there, which start of it, and what each side holds of both logs.

Only a HELLO that names this start of ours counts; a copy that is older than what its sender has
shown since is let pass without effect (spec/handshake, section 3).
"""

from collections import deque
from typing import Final

from openline.engine import alarms
from openline.engine.alarms import Alarms
from openline.engine.context import Context
from openline.engine.intake import Intake
from openline.engine.keeper import Keeper
from openline.engine.ports import RefreshHello
from openline.errors import PeerProtocolError
from openline.protocol.clock import Now
from openline.protocol.delivery import RecordInput, RecordState
from openline.protocol.frames import FrameClass, want_frame
from openline.protocol.handshake import Contradiction, Held, Judgement, judge
from openline.record.fork import HEAD_HELLO, Head
from openline.record.genesis import verify_genesis_signature
from openline.record.hello import (
    NO_INCARNATION,
    Hello,
    hello_frame,
    parse_hello_frame,
    verify_hello,
)

RETIRED_MAX: Final = 64
AHEAD_MAX: Final = 8
ASK_MS: Final = 1_000
WANT_MS_MIN: Final = 300
WANT_MS_MAX: Final = 5_000
META_SIGNATURES: Final = ("genesis-signature-a", "genesis-signature-b")
"""Where the store keeps a genesis signature that came after the founding."""


class Greeting:
    """Both sides' HELLOs."""

    def __init__(
        self, ctx: Context, keeper: Keeper, alarms_: Alarms, signatures: list[bytes | None]
    ) -> None:
        """Nothing heard yet.

        Args:
            ctx: the post.
            keeper: what we hold.
            alarms_: where a loss is reported.
            signatures: of the genesis, by party.
        """
        self._ctx = ctx
        self._keeper = keeper
        self._alarms = alarms_
        self._signatures = signatures
        self._sent: tuple[bytes, bytes] = (b"", b"")
        self._retired: deque[bytes] = deque(maxlen=RETIRED_MAX)
        self._claim: Hello | None = None
        self._claim_raw = b""
        self._ahead: list[tuple[Hello, bytes]] = []
        self._receipted_before = 0
        self._want_at = self._ask_at = self._refresh_at = 0
        self._want_ms = WANT_MS_MIN
        self.peer_incarnation = NO_INCARNATION
        self.peer_restoring = False
        """The peer lost entries of its own log: it gets those, and nothing else."""
        self.restored_from: int | None = None
        """Own entries from here on came back from the peer since this start."""

    @property
    def confirmed(self) -> bool:
        """Both parties' signatures of the genesis are here."""
        return None not in self._signatures

    def hello(self) -> bytes:
        """Body of the HELLO frame that says what is durable now.

        It names no start of the peer, and so answers nothing, while that cannot be said.
        """
        ctx, keeper = self._ctx, self._keeper
        own, peer = keeper.record.logs[ctx.own], keeper.record.logs[ctx.peer]
        payload = Hello(
            line=ctx.genesis.line,
            author=ctx.own,
            incarnation=ctx.incarnation,
            peer_incarnation=NO_INCARNATION if keeper.uncertain else self.peer_incarnation,
            own_size=keeper.own_size,
            own_root=own.tree.root_at(keeper.own_size),
            held_size=keeper.peer_size,
            held_root=peer.tree.root_at(keeper.peer_size),
        ).payload()
        if payload != self._sent[0]:
            signature = self._signatures[ctx.own] or b""
            self._sent = (payload, hello_frame(ctx.signer.hello(payload), signature))
        return self._sent[1]

    def verify(self, body: bytes) -> tuple[Hello, bytes]:
        """The HELLO in a frame, all signatures verified, and its COSE bytes.

        Raises:
            OpenlineError: the connection is to be closed with its code.
        """
        ctx = self._ctx
        raw, signature = parse_hello_frame(body)
        verify_genesis_signature(ctx.genesis, ctx.peer, signature)
        hello = verify_hello(ctx.genesis, ctx.peer, raw)
        if hello.incarnation in self._retired:
            raise PeerProtocolError("handshake.replayed", "HELLO of an earlier start")
        if self._signatures[ctx.peer] is None:
            self._signatures[ctx.peer] = signature
            self._keeper.meta[META_SIGNATURES[ctx.peer]] = signature
        return hello, raw

    def meet(self, hello: Hello, now: Now) -> bool:
        """Note which start of the peer is there; True if it is a new one."""
        if hello.incarnation == self.peer_incarnation:
            return False
        if self.peer_incarnation != NO_INCARNATION:
            self._retired.append(self.peer_incarnation)
        self.peer_incarnation = hello.incarnation
        self.peer_restoring = False
        self._claim = None
        self._receipted_before = self._keeper.receipted
        self._ask_at = now.mono_ms + ASK_MS
        self._let_go(hello.own_size, now)
        self._ctx.emit(RefreshHello())
        return True

    def _let_go(self, size: int, now: Now) -> None:
        """Heads of entries that we never held, and that the peer's new start does not have.

        It was restored, nobody can give it those entries, and what it writes in their place is not
        held against it: nothing of them was ever receipted. The head is kept as evidence.
        """
        lost = [raw for head, raw in self._ahead if head.own_size > size]
        self._ahead = [item for item in self._ahead if item[0].own_size <= size]
        if lost:
            self._alarms.raise_(alarms.PEER_RESTORED, now, size=size)
            self._ctx.keep_evidence("handshake.head_lost", lost[-1], now)

    def answer(self, hello: Hello, raw: bytes, intake: Intake, now: Now) -> Judgement | None:
        """Act on a HELLO of the present start; returns the judgement, or None if it says nothing.

        It says nothing when it does not name our own start, or is older than what its sender has
        shown since.
        """
        keeper = self._keeper
        before = self._claim
        stale = hello.own_size < intake.pushed or (
            before is not None
            and (hello.own_size < before.own_size or hello.held_size < before.held_size)
        )
        if hello.peer_incarnation != self._ctx.incarnation or stale:
            return None
        judgement = judge(hello, self._held())
        self._claim, self._claim_raw = hello, raw
        if judgement.contradiction is not Contradiction.NONE:
            self._contradicted(judgement.contradiction, raw, now)
            return None
        if judgement.peer_ahead and len(self._ahead) < AHEAD_MAX:
            self._ahead.append((hello, raw))
        keeper.answered = True
        self.peer_restoring = judgement.return_from is not None
        if judgement.forgot and (before is None or not self._alarm_stands(alarms.PEER_FORGOT)):
            keeper_size = keeper.receipted
            self._alarms.raise_(
                alarms.PEER_FORGOT, now, claimed=hello.held_size, receipted=keeper_size
            )
            self._ctx.keep_evidence("handshake.forgot", raw, now)
        elif not judgement.forgot:
            self._alarms.clear(alarms.PEER_FORGOT)
        if self.peer_restoring:
            self._alarms.raise_(alarms.PEER_RESTORED, now, size=hello.own_size)
        if judgement.own_behind:
            self._own_behind(hello, now)
        self.settle(now)
        return judgement

    def peer_whole(self, pushed: int) -> int | None:
        """What a restored peer held of our log, once its entries show that it has its own again.

        Args:
            pushed: size of its log as its frames show it since its present start.
        """
        if not self.peer_restoring or self._claim is None or pushed < self._keeper.peer_size:
            return None
        self.peer_restoring = False
        return self._claim.held_size

    def _alarm_stands(self, code: str) -> bool:
        return any(alarm.code == code for alarm in self._alarms.view())

    def _held(self) -> Held:
        ctx, keeper = self._ctx, self._keeper
        own, peer = keeper.record.logs[ctx.own], keeper.record.logs[ctx.peer]
        return Held(
            incarnation=ctx.incarnation,
            own_size=keeper.own_size,
            peer_size=keeper.peer_size,
            receipted=self._receipted_before,
            own_root=own.tree.root_at,
            peer_root=peer.tree.root_at,
        )

    def _contradicted(self, which: Contradiction, raw: bytes, now: Now) -> None:
        if which is Contradiction.PEER_LOG:
            proof = self._keeper.fork_proof(self._ctx.peer, Head(HEAD_HELLO, raw))
            self._keeper.halt("record.fork", proof, now)
        else:
            self._keeper.halt("record.own_log_disputed", raw, now)

    def _own_behind(self, hello: Hello, now: Now) -> None:
        """The peer says that it holds more of our log than we do."""
        keeper = self._keeper
        if not keeper.authored:
            keeper.move(RecordInput.OWN_LOG_BEHIND)
            if self.restored_from is None:
                self.restored_from = keeper.own_size
        self._alarms.raise_(
            alarms.OWN_LOG_MISSING, now, own=keeper.own_size, claimed=hello.held_size
        )
        self._ctx.keep_evidence("handshake.own_log_missing", self._claim_raw, now)

    def settle(self, now: Now) -> bool:
        """See whether both logs are level with what the peer claimed; True if the state moved."""
        keeper, claim = self._keeper, self._claim
        if claim is None or not keeper.answered or keeper.state is RecordState.HALTED:
            return False
        if not self._heads_hold(now):
            return True
        if claim.held_size > keeper.own_size:
            return False
        self._alarms.clear(alarms.OWN_LOG_MISSING)
        if claim.own_size > keeper.peer_size:
            keeper.move(RecordInput.PEER_LOG_BEHIND)
            return False
        moved = keeper.move(RecordInput.LEVEL)
        if moved and self.restored_from is not None:
            self._ctx.emit(RefreshHello())
        return moved

    def _heads_hold(self, now: Now) -> bool:
        """A head that was ahead of us when it was claimed is checked once we are there."""
        size = self._keeper.peer_size
        reached = [item for item in self._ahead if item[0].own_size <= size]
        if reached:
            self._ahead = [item for item in self._ahead if item[0].own_size > size]
        peer = self._keeper.record.logs[self._ctx.peer]
        for hello, raw in reached:
            if peer.tree.root_at(hello.own_size) != hello.own_root:
                self._contradicted(Contradiction.PEER_LOG, raw, now)
                return False
        return True

    def tick(self, now: Now) -> None:
        """Ask for what is lacking and did not come by itself: an answer, or entries."""
        if not self._keeper.answered:
            self._ask_for_answer(now)
            return
        wanted = self._wanted()
        if wanted is None:
            self._want_ms, self._want_at = WANT_MS_MIN, now.mono_ms + WANT_MS_MIN
        elif now.mono_ms >= self._want_at:
            self.want(wanted, now)
            self._want_ms = min(WANT_MS_MAX, 2 * self._want_ms)
            self._want_at = now.mono_ms + self._want_ms

    def _ask_for_answer(self, now: Now) -> None:
        """The answer may have gone down with its connection: a WANT asks for another HELLO."""
        if self.peer_incarnation == NO_INCARNATION or now.mono_ms < self._ask_at:
            return
        self._ask_at = now.mono_ms + ASK_MS
        self._ctx.emit(RefreshHello())
        self.want(self._ctx.peer, now)

    def wanted(self, now: Now) -> None:
        """The peer asks for entries: perhaps it never got our answer."""
        if now.mono_ms >= self._refresh_at:
            self._refresh_at = now.mono_ms + ASK_MS
            self._ctx.emit(RefreshHello())

    def want(self, log: int, now: Now) -> None:
        """Ask for ``log`` from where ours ends."""
        self._want_at = now.mono_ms + WANT_MS_MIN
        size = self._keeper.record.logs[log].size
        self._ctx.send(FrameClass.WANT, want_frame(log, size))

    def progressed(self, now: Now) -> None:
        """Entries that came were committed: while much is lacking, ask for more at once."""
        self._want_ms = WANT_MS_MIN
        wanted = self._wanted()
        if wanted is not None and not len(self._keeper.inboxes[wanted]):
            self.want(wanted, now)

    def _wanted(self) -> int | None:
        """The log that is lacking: our own first; where both wait for each other, the peer's."""
        keeper, claim = self._keeper, self._claim
        if claim is None or not keeper.answered or keeper.state is RecordState.HALTED:
            return None
        own, peer = self._ctx.own, self._ctx.peer
        own_lacks = claim.held_size > keeper.own_size
        peer_lacks = claim.own_size > keeper.peer_size
        if own_lacks and not (peer_lacks and len(keeper.inboxes[own])):
            return own
        if peer_lacks or keeper.inboxes[peer].gap(keeper.record.logs[peer].size):
            return peer
        return None
