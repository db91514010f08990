"""``openline run`` with one rule of the specification broken on purpose, for tests only.

    python -m tests.e2e.wrong_post RULE FOLDER

Each rule replaces one thing of the shipped post before it starts.
"""

import struct
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from typing_extensions import override

from openline.app import pace
from openline.cli import main as program
from openline.engine import greeting, seals
from openline.link import frames, heartbeat, packets, tls
from openline.link.window import SequenceWindow, Verdict
from openline.record import entry, log, rules
from openline.record.hello import NO_INCARNATION, Hello
from openline.record.logstate import LogState


def put(owner: object, name: str, value: object) -> None:
    """Replace one thing of a module or class."""
    if not hasattr(owner, name):
        raise AttributeError(name)
    setattr(owner, name, value)


class _Any(bytes):
    """Equal to everything."""

    @override
    def __eq__(self, _other: object) -> bool:
        return True

    @override
    def __ne__(self, _other: object) -> bool:
        return False

    __hash__ = bytes.__hash__


class _Forgetful(SequenceWindow):
    @override
    def judge(self, sequence: int) -> Verdict:
        del sequence
        return Verdict.NEW


def any_key() -> None:
    """Lets every link key in."""
    put(tls, "certificate_pin", lambda _certificate: _Any(32))


def long_records() -> None:
    """Reads records of any length."""
    put(frames, "RECORD_LENGTH_MAX", 2**31)


def replays() -> None:
    """Takes a counter as often as it comes."""
    put(packets, "SequenceWindow", _Forgetful)


def genesis_unsigned() -> None:
    """Does not look at the signature of the genesis."""
    put(greeting, "verify_genesis_signature", lambda *_items: None)


def unsigned_entries() -> None:
    """Takes entries whoever signed them."""
    put(entry.Entry, "verify", lambda _self, _key: None)


def lamport_unchecked() -> None:
    """Takes any Lamport number."""
    cited = rules.check_cited

    def check(found: entry.Entry, own: LogState, other: LogState) -> None:
        good = 1 + max(own.lamport, other.lamport_at(found.claims.seen_n - 1))
        cited(replace(found, claims=replace(found.claims, lamport=good)), own, other)

    put(log, "check_cited", check)


def never_seals() -> None:
    """Never signs a seal."""
    put(seals.Seals, "tick", lambda _self, _now: None)


def never_wants() -> None:
    """Never asks for what it lacks."""
    put(greeting.Greeting, "want", lambda _self, _log, _now: None)


def never_answers() -> None:
    """Its HELLO names no start of the peer."""
    payload = Hello.payload

    def unanswering(hello: Hello) -> bytes:
        return payload(replace(hello, peer_incarnation=NO_INCARNATION))

    put(Hello, "payload", unanswering)


def narrow_control() -> None:
    """Does not fill control frames."""
    put(pace, "pad_control", lambda body: body)


def deaf_heartbeat() -> None:
    """Echoes nothing of what it heard."""
    put(heartbeat, "_BODY", _NoEcho(">QQI"))


class _NoEcho:
    def __init__(self, layout: str) -> None:
        self._struct = struct.Struct(layout)
        self.size = self._struct.size

    def pack(self, own: int, _echo: int, _held: int) -> bytes:
        return self._struct.pack(own, 0, 0)

    def unpack(self, body: bytes) -> tuple[Any, ...]:
        return self._struct.unpack(body)


RULES: dict[str, Callable[[], None]] = {
    rule.__name__: rule
    for rule in (
        any_key,
        long_records,
        replays,
        genesis_unsigned,
        unsigned_entries,
        lamport_unchecked,
        never_seals,
        never_wants,
        never_answers,
        narrow_control,
        deaf_heartbeat,
    )
}

if __name__ == "__main__":
    RULES[sys.argv[1]]()
    sys.argv = ["openline", "run", sys.argv[2]]
    program.main()
