"""Who is to blame for an entry that does not hold: its author, or whoever sent it."""

from openline.errors import OpenlineError
from openline.record.entry import parse_entry
from openline.record.genesis import Genesis


def signed_for(genesis: Genesis, log: int, index: int, leaf: bytes) -> bool:
    """Whether the log's author signed this entry for this very place.

    Anybody can send an old entry of ours as if it stood elsewhere: that accuses its sender.
    """
    try:
        entry = parse_entry(leaf)
        entry.verify(genesis.cards[log].keys.log)
    except OpenlineError:
        return False
    claims = entry.claims
    return (claims.line, claims.author, claims.index) == (genesis.line, log, index)
