"""How many officers must state what this side writes, by its own rule (spec/record, section 5)."""

from collections.abc import Iterable

from openline.engine.authoring import Wish
from openline.engine.draft import Pending
from openline.errors import LocalProtocolError, RecordError
from openline.record.bodies import KIND_RULE, parse_rule


def two_in_force(recorded: frozenset[str], pending: Iterable[Pending]) -> frozenset[str]:
    """Kinds of which two officers write the next entry; a rule that waits binds people at once."""
    for waiting in pending:
        if waiting.item.kind == KIND_RULE:
            recorded = parse_rule(waiting.item.body)
    return recorded


def check_officers(
    wish: Wish, default: str, recorded: frozenset[str], pending: Iterable[Pending]
) -> None:
    """That the rule lets it be written; what waits in the outbox must not find out later.

    Args:
        wish: what is to be written.
        default: watch code of the post's own setting.
        recorded: the rule in the own log.
        pending: what waits to enter it.

    Raises:
        RecordError: ``record.second_officer``. LocalProtocolError: ``officer.same``.
    """
    if not wish.by_officer:
        return
    first = wish.officer or default
    if wish.vouched_by == first:
        raise LocalProtocolError("officer.same", first, officer=first)
    alone = not wish.vouched_by
    if alone and (wish.kind == KIND_RULE or wish.kind in two_in_force(recorded, pending)):
        raise RecordError("record.second_officer", f"{wish.kind} needs two officers")
