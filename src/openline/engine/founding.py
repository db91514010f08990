"""The first state of a line at one post: the genesis, the first officer, the first checkpoint.

Made once, when the people of this side have confirmed the comparison string (spec/delivery,
section 1).
"""

from openline.engine.ports import Randomness, Signer, StoredEntry, StoredNote, StoredState
from openline.protocol.clock import Now
from openline.record.bodies import KIND_ENROL, enrol_body
from openline.record.card import Card
from openline.record.entry import EntryClaims, StatementClaims, commit_body
from openline.record.genesis import genesis_payload, make_genesis
from openline.record.limits import NONCE_SIZE, SALT_SIZE
from openline.record.log import Record
from openline.record.notes import sign_checkpoint


def found(
    card_own: Card,
    card_peer: Card,
    signer: Signer,
    officer: tuple[str, bytes],
    random: Randomness,
    now: Now,
) -> StoredState:
    """The state to write into an empty store before the post's first start.

    Args:
        card_own: our card.
        card_peer: the peer's card, confirmed by people.
        signer: our keys; signs the genesis, so call this only after the confirmation.
        officer: watch code and raw public key of the first officer, who signs the enrolment.
        random: for salt and nonce.
        now: for the labels.

    Raises:
        OpenlineError: a code of the record room, if the two cards make no line.
    """
    genesis = make_genesis(card_own, card_peer)
    own = genesis.party_of(card_own)
    code, key = officer
    salt, body = random(SALT_SIZE), enrol_body(key, code)
    commit = commit_body(salt, body)
    statement = StatementClaims(
        line=genesis.line,
        author=own,
        kind=KIND_ENROL,
        drill=False,
        body_commit=commit,
        seen_n=1,
        seen_head=genesis.leaf_hash,
        nonce=random(NONCE_SIZE),
    )
    entry = EntryClaims(
        line=genesis.line,
        author=own,
        index=1,
        prev=genesis.leaf_hash,
        seen_n=1,
        seen_head=genesis.leaf_hash,
        lamport=1,
        claimed_ms=max(0, now.wall_ms),
        kind=KIND_ENROL,
        drill=False,
        body_commit=commit,
        statements=(signer.statement(code, statement.payload()),),
    )
    leaf = signer.entry(entry.payload())
    record = Record(genesis)
    record.append(own, leaf, salt, body)
    checkpoint = record.logs[own].checkpoint()
    note = sign_checkpoint(checkpoint, card_own.keys.log, signer.checkpoint)
    firsts = tuple(StoredEntry(log, 0, genesis.raw, b"", None, now.wall_ms) for log in (0, 1))
    enrolled = StoredEntry(own, 1, leaf, salt, body, now.wall_ms)
    halves = tuple(
        (first, enrolled) if log == own else (first,) for log, first in enumerate(firsts)
    )
    signature = signer.genesis(genesis_payload(genesis))
    return StoredState(
        genesis=genesis.raw,
        genesis_signatures=(signature, None) if own == 0 else (None, signature),
        entries=(halves[0], halves[1]),
        notes=(StoredNote(own, checkpoint.size, note),),
        outbox=(),
        meta={},
    )
