"""The kit's side of a line: its keys, both logs as it holds them, and entries that it makes.

Both logs are verified by the rules of spec/record with every entry that comes.
"""

import secrets
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from openline.app.clock import read_now
from openline.app.conformance.wire import new_incarnation
from openline.app.keys import PrivateKeys
from openline.app.signing import make_signer
from openline.engine.ports import StoredState
from openline.link.tls import spki_pin
from openline.protocol.control import Control, ControlIn
from openline.protocol.frames import BatchEntry, batch_frame
from openline.record.cbor import Value
from openline.record.entry import EntryClaims, StatementClaims, commit_body, encode_body
from openline.record.genesis import Genesis, genesis_payload
from openline.record.hello import NO_INCARNATION, Hello
from openline.record.log import Record
from openline.record.notes import Checkpoint, sign_checkpoint
from openline.record.receipt import Receipt  # noqa: TC001 - stands in an annotation of a variable
from openline.record.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that the tested post sent and the specification does not allow."""

    clause: str
    detail: str


@dataclass(frozen=True, slots=True)
class Target:
    """Who is tested, as seen by the kit: the line and the path that is dialed."""

    genesis: Genesis
    me: int
    path: str
    address: tuple[str, int]


class Logs:
    """One party of the line, without a connection.

    Attributes:
        record: both logs as the kit holds them. receipted: size of the own log in receipts.
        hellos: verified ones of the present connection. faults: what came and does not hold.
        resends, gives_receipts: switched off by checks that want silence.
    """

    def __init__(self, target: Target, keys: PrivateKeys, founding: StoredState) -> None:
        """A peer at its founding; nothing is connected."""
        self.target, self.keys, self.genesis = target, keys, target.genesis
        self.me, self.far = target.me, 1 - target.me
        self.signer = make_signer(keys)
        self.officer = next(iter(keys.officers))
        self.founded = [
            BatchEntry(item.leaf, item.salt, item.body) for item in founding.entries[self.me][1:]
        ]
        self.far_pin = target.genesis.cards[self.far].pin
        self.own_pin = spki_pin(keys.link.public_key())
        self.genesis_signature = self.signer.genesis(genesis_payload(self.genesis))
        self.faults: list[Fault] = []
        self.receipts: list[tuple[float, Receipt]] = []
        self.seals: list[tuple[float, int, int]] = []
        self.wants: list[tuple[int, int]] = []
        self.resends = self.gives_receipts = True
        self.far_incarnation = NO_INCARNATION
        self.begin_again()

    def begin_again(self) -> None:
        """Another start of the kit, with the log that its disk held at the founding."""
        self.incarnation = new_incarnation()
        self.far_incarnation = NO_INCARNATION
        self.sequences: Counter[int] = Counter()
        self.versions: Counter[str] = Counter()
        self.record = Record(self.genesis)
        self.entries: tuple[list[BatchEntry], list[BatchEntry]] = ([], [])
        self.waiting: tuple[dict[int, BatchEntry], dict[int, BatchEntry]] = ({}, {})
        self.objects: dict[str, Control] = {}
        self.control_in = ControlIn()
        self.receipted = self.given = 0
        self.answer: Hello | None = None
        self.hellos: list[Hello] = []
        for entry in self.founded:
            self.keep(self.me, entry)

    @property
    def size(self) -> int:
        """Of the own log."""
        return self.record.logs[self.me].size

    @property
    def theirs(self) -> int:
        """How much of the other log is held here."""
        return self.record.logs[self.far].size

    def hello(self) -> Hello:
        """What is true to say now."""
        mine, other = self.record.logs[self.me], self.record.logs[self.far]
        return Hello(
            line=self.genesis.line,
            author=self.me,
            incarnation=self.incarnation,
            peer_incarnation=self.far_incarnation,
            own_size=mine.size,
            own_root=mine.root,
            held_size=other.size,
            held_root=other.root,
        )

    def make(
        self,
        kind: str,
        content: dict[str, Value],
        *,
        stated: bool = True,
        **wrong: Any,  # noqa: ANN401 - claims are of several types
    ) -> BatchEntry:
        """An entry behind what is held; ``wrong`` replaces claims of it before it is signed."""
        mine, other = self.record.logs[self.me], self.record.logs[self.far]
        salt, body = secrets.token_bytes(16), encode_body(content)
        statement = StatementClaims(
            line=self.genesis.line,
            author=self.me,
            kind=kind,
            drill=False,
            body_commit=commit_body(salt, body),
            seen_n=other.size,
            seen_head=other.head,
            nonce=secrets.token_bytes(16),
        )
        signed = self.signer.statement(self.officer, statement.payload())
        claims = EntryClaims(
            line=self.genesis.line,
            author=self.me,
            index=mine.size,
            prev=mine.head,
            seen_n=other.size,
            seen_head=other.head,
            lamport=1 + max(mine.lamport, other.lamport),
            claimed_ms=read_now().wall_ms,
            kind=kind,
            drill=False,
            body_commit=statement.body_commit,
            statements=(signed,) if stated else (),
        )
        leaf = self.signer.entry(replace(claims, **wrong).payload())
        return BatchEntry(leaf, salt, body)

    def write(self, kind: str, content: dict[str, Value], *, stated: bool = True) -> int:
        """A good entry into the own log; its index. Nothing is sent."""
        self.keep(self.me, self.make(kind, content, stated=stated))
        return self.size - 1

    def text(self, words: str = "Conformance") -> int:
        """A text into the own log; its index."""
        return self.write("text", {"lang": "en", "text": words})

    def batch(self, first: int, entries: list[BatchEntry]) -> bytes:
        """A BATCH of the own log."""
        return batch_frame(self.me, first, entries, self.note(first + len(entries)))

    def note_over(self, entry: BatchEntry) -> bytes:
        """The own checkpoint as if this entry were the next: it commits us to what is wrong."""
        log = self.record.logs[self.me]
        size = log.tree.size
        log.tree.append(leaf_hash(entry.leaf))
        checkpoint = Checkpoint(log.origin, size + 1, log.tree.root)
        log.tree.truncate(size)
        return self._sign(checkpoint)

    def note(self, size: int) -> bytes:
        """The own checkpoint at a size."""
        return self._sign(self.record.logs[self.me].checkpoint(size))

    def _sign(self, checkpoint: Checkpoint) -> bytes:
        key = self.genesis.cards[self.me].keys.log
        return sign_checkpoint(checkpoint, key, self.signer.checkpoint)

    def keep(self, log: int, entry: BatchEntry) -> None:
        """Verify and take in the next entry of a log. Raises RecordError."""
        self.record.append(log, entry.leaf, entry.salt, entry.body, body_required=False)
        self.entries[log].append(entry)
