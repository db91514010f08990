"""What a HELLO tells, held against what is held here (spec/handshake, section 3).

Only a HELLO that names our own incarnation is an answer; only an answer counts. What it claims is
judged here and acted on by the engine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from openline.record.hello import Hello

RootAt = Callable[[int], bytes]


class Contradiction(StrEnum):
    """Which root in a HELLO cannot stand beside what is held here."""

    NONE = ""
    PEER_LOG = "peer log"
    OWN_LOG = "own log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What this post holds durably.

    Attributes:
        incarnation: our own. own_size, peer_size: entries of both logs. receipted: how many of our
            own the peer had receipted before this incarnation of it was heard of.
        own_root, peer_root: root of that log at a size that is held.
    """

    incarnation: bytes
    own_size: int
    peer_size: int
    receipted: int
    own_root: RootAt
    peer_root: RootAt


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What follows from a HELLO.

    Attributes:
        answered: it names our incarnation.
        own_behind: the peer holds more of our log than we do: we were restored.
        peer_ahead: it has entries that we lack.
        return_from: the peer lost its own entries from here on, or None.
        forgot: it holds less of our log than it receipted.
        contradiction: a root that cannot be true beside ours.
    """

    answered: bool
    own_behind: bool
    peer_ahead: bool
    return_from: int | None
    forgot: bool
    contradiction: Contradiction


def judge(hello: Hello, held: Held) -> Judgement:
    """Hold a verified HELLO against what is held here."""
    return Judgement(
        answered=hello.peer_incarnation == held.incarnation,
        own_behind=hello.held_size > held.own_size,
        peer_ahead=hello.own_size > held.peer_size,
        return_from=hello.own_size if hello.own_size < held.peer_size else None,
        forgot=hello.held_size < held.receipted,
        contradiction=_contradiction(hello, held),
    )


def _contradiction(hello: Hello, held: Held) -> Contradiction:
    if hello.own_size <= held.peer_size and held.peer_root(hello.own_size) != hello.own_root:
        return Contradiction.PEER_LOG
    if hello.held_size <= held.own_size and held.own_root(hello.held_size) != hello.held_root:
        return Contradiction.OWN_LOG
    return Contradiction.NONE
