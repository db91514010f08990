"""What the catalogue's sentence for an entry may name, by kind."""

from typing import Final

from openline.errors import OpenlineError
from openline.record import bodies
from openline.record.entry import decode_body

_FACTS_MAX: Final = 24
_TEXT_MAX: Final = 200

Facts = dict[str, str | int | bool]


def facts_of(kind: str, body: bytes | None) -> Facts:
    """Small values out of a body; empty when it was erased or does not fit its kind."""
    if body is None:
        return {}
    try:
        content = decode_body(body)
        if kind == bodies.KIND_ENROL:
            return {"code": bodies.parse_enrol(body).code}
        if kind == bodies.KIND_RULE:
            return {"two": " ".join(sorted(bodies.parse_rule(body)))}
    except OpenlineError:
        return {}
    facts: Facts = {}
    for name, value in list(content.items())[:_FACTS_MAX]:
        if isinstance(value, bytes):
            facts[name] = value[:_TEXT_MAX].hex()
        elif isinstance(value, str):
            facts[name] = value[:_TEXT_MAX]
        elif isinstance(value, int):
            facts[name] = value
    return facts
