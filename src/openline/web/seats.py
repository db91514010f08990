"""Seats: which page sits where at a post, and what a page may ask for when it comes.

Three seats a side. A page names itself by a random key that it keeps over a reload, so that
it finds its own seat again; another page takes the lowest free one. Where none is free an
officer may take over a named one, by an act of their own.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

from openline.engine.desk import Role
from openline.errors import AccessError

SEAT_COUNT: Final = 3
ROLES_KEPT: Final = 32
_KEY: Final = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a page asks for when it opens its WebSocket: ``/desk?seat=KEY&slot=N&role=WORD&take=N``.

    Attributes:
        key: names the page over reloads; "" for one that does not.
        slot: where it sat before, or None.
        role: which it had, or None: a post that was started anew does not know.
        take: the seat that its officer takes over, or None.
    """

    key: str = ""
    slot: int | None = None
    role: Role | None = None
    take: int | None = None


def parse_wish(query: Mapping[str, str]) -> Wish:
    """Read the query of the WebSocket's address.

    Raises:
        AccessError: ``web.frame`` for a key that is none, a seat or a role that does not exist.
    """
    key = query.get("seat", "")
    if key and not _KEY.fullmatch(key):
        raise AccessError("web.frame", "seat")
    return Wish(
        key=key,
        slot=_slot(query.get("slot")),
        role=_role(query.get("role")),
        take=_slot(query.get("take")),
    )


def _role(value: str | None) -> Role | None:
    found = {str(role): role for role in get_args(Role)}.get(value or "")
    if value is not None and found is None:
        raise AccessError("web.frame", "role")
    return found


def _slot(value: str | None) -> int | None:
    if value is None:
        return None
    if value not in {str(slot) for slot in range(SEAT_COUNT)}:
        raise AccessError("web.frame", "slot")
    return int(value)


def choose(wish: Wish, taken: Mapping[int, str]) -> int | None:
    """The seat for a page, or None if there is none; ``taken`` are the keys at each seat.

    A seat that is returned although it is taken changes hands: it is the page's own, or its
    officer said so.
    """
    if wish.take is not None:
        return wish.take
    for slot, key in taken.items():
        if key and key == wish.key:
            return slot
    free = [slot for slot in range(SEAT_COUNT) if slot not in taken]
    if wish.slot in free:
        return wish.slot
    return free[0] if free else None


class Roles:
    """The roles that pages had, by their keys, so that a reload does not change one."""

    def __init__(self) -> None:
        """Nobody was here."""
        self._kept: OrderedDict[str, Role] = OrderedDict()

    def keep(self, key: str, role: Role) -> None:
        """A page has this role; the oldest are forgotten."""
        if not key:
            return
        self._kept[key] = role
        self._kept.move_to_end(key)
        while len(self._kept) > ROLES_KEPT:
            self._kept.popitem(last=False)

    def of(self, key: str, others: list[Role], wished: Role | None = None) -> Role:
        """The role of a page that comes: its own of before; else principal if nobody is."""
        return (
            self._kept.get(key) or wished or ("listener" if "principal" in others else "principal")
        )
