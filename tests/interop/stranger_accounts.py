"""Two accounts of a call side by side, written from docs/spec/call.md, section 10, alone.

Imports nothing of openline on purpose.
"""

from __future__ import annotations

from typing import Any, Final

FIELDS: Final = (
    "manner precedence downgraded taken silenced pressed answer due_s held two_way sounded attended"
)
CLAIMS_NO_ACT: Final = ("ended", "link_down", "restart")
NOBODY_TOOK_IT: Final = ("untaken", "silenced", "unattended")


def both_true(one: str, other: str) -> bool:
    """Two outcomes that can be true of one call."""
    if "no_contact" in {one, other}:
        return False
    if one == other or one in CLAIMS_NO_ACT or other in CLAIMS_NO_ACT:
        return True
    return one in NOBODY_TOOK_IT and other in NOBODY_TOOK_IT


def differing(one: dict[str, Any], other: dict[str, Any]) -> str:
    """Names of the fields that differ, by spaces; empty if the two match."""
    found = []
    if sorted((one["role"], other["role"])) != ["called", "caller"]:
        found.append("role")
    if not both_true(one["outcome"], other["outcome"]):
        found.append("outcome")
    found += [
        name
        for name in FIELDS.split()
        if name in one and name in other and one[name] != other[name]
    ]  # fmt: skip
    return " ".join(found)
