"""Line checks: whose turn it is, and what both sides say of one while it runs (spec/check).

Slots are counted in the own wall clock. Clocks lie: the turn only decides who begins; a check that
either side began counts for both, and one that is due and did not come is begun by the other side.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from openline.errors import PeerProtocolError
from openline.protocol.words import KEY_SIZE, NONCE_SIZE, PROOF_SIZE, WordsSaid
from openline.record.cbor import Value, as_bool, as_bytes, as_map, as_text, as_uint
from openline.record.checks import CHECK_ID_SIZE
from openline.record.limits import UINT_MAX

MINUTE_MS: Final = 60_000
TURN_AT: Final = 4
"""The side whose turn it is begins after a quarter of the slot, the other after three quarters."""

DELAY_MS_MAX: Final = 60_000
PERMILLE_MAX: Final = 1_000
_FIELDS_MAX: Final = 12
_KNOWN: Final = frozenset(
    {"id", "begins", "open", "text", "voice", "ready", "slot", "end", "words", "hears"}
)


class Ready(IntEnum):
    """What a side says of its desk for the voice part."""

    UNKNOWN = 0
    READY = 1
    NO_DESK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One slot of the schedule, in the wall clock of who reckons it.

    Attributes:
        number: slots since 1970. start_ms, end_ms: its bounds.
    """

    number: int
    start_ms: int
    end_ms: int

    @property
    def turn_ms(self) -> int:
        """When the side whose turn it is begins."""
        return self.start_ms + (self.end_ms - self.start_ms) // TURN_AT

    @property
    def late_ms(self) -> int:
        """When the other side begins, if nothing came."""
        return self.end_ms - (self.end_ms - self.start_ms) // TURN_AT


def slot_at(wall_ms: int, every_minutes: int) -> Slot:
    """The slot in which a moment lies."""
    size = every_minutes * MINUTE_MS
    number = max(0, wall_ms) // size
    return Slot(number=number, start_ms=number * size, end_ms=(number + 1) * size)


def turn(line: bytes, number: int) -> int:
    """Party whose turn a slot is: they alternate, and the line says who is first."""
    return (line[-1] + number) & 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hears:
    """What the sender's desk measures of what it hears: mouth to ear, and loss in permille."""

    delay_ms: int
    loss: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSaid:
    """The CONTROL object ``check``.

    Attributes:
        check: id, empty before the first. begins: the sender began it. open: it runs. text, voice:
            parts asked for. end: why it ended early: "", call, limit.
    """

    check: bytes = b""
    begins: bool = False
    open: bool = False
    text: bool = False
    voice: bool = False
    ready: Ready = Ready.UNKNOWN
    slot: int = 0
    end: str = ""
    words: WordsSaid | None = None
    hears: Hears | None = None

    def payload(self) -> Value:
        """As it stands in a CONTROL frame."""
        said: dict[str, Value] = {
            "id": self.check,
            "begins": self.begins,
            "open": self.open,
            "text": self.text,
            "voice": self.voice,
            "ready": int(self.ready),
            "slot": self.slot,
            "end": self.end,
        }
        if self.words is not None:
            words: dict[str, Value] = {
                "key": self.words.key,
                "nonce": self.words.nonce,
                "at_ms": self.words.at_ms,
            }
            if self.words.proof:
                words["proof"] = self.words.proof
            said["words"] = words
        if self.hears is not None:
            said["hears"] = [self.hears.delay_ms, self.hears.loss]
        return said


def parse_check_said(payload: Value) -> CheckSaid:
    """A ``check`` payload.

    Raises:
        OpenlineError: ``protocol.check`` or ``record.encoding``.
    """
    said = as_map(payload, _FIELDS_MAX)
    if said.keys() - _KNOWN:
        raise PeerProtocolError("protocol.check", "unknown member")
    check = as_bytes(said.get("id"))
    if len(check) not in (0, CHECK_ID_SIZE):
        raise PeerProtocolError("protocol.check", f"id of {len(check)} bytes")
    return CheckSaid(
        check=check,
        begins=as_bool(said.get("begins")),
        open=as_bool(said.get("open")) and bool(check),
        text=as_bool(said.get("text")),
        voice=as_bool(said.get("voice")),
        ready=Ready(as_uint(said.get("ready"), max(Ready))),
        slot=as_uint(said.get("slot"), UINT_MAX),
        end=as_text(said.get("end"), 16),
        words=_words(said["words"]) if "words" in said else None,
        hears=_hears(said["hears"]) if "hears" in said else None,
    )


def _words(value: Value) -> WordsSaid:
    said = as_map(value, 4)
    if said.keys() - {"key", "nonce", "at_ms", "proof"}:
        raise PeerProtocolError("protocol.check", "unknown member of words")
    return WordsSaid(
        key=as_bytes(said.get("key"), KEY_SIZE),
        nonce=as_bytes(said.get("nonce"), NONCE_SIZE),
        at_ms=as_uint(said.get("at_ms"), UINT_MAX),
        proof=as_bytes(said["proof"], PROOF_SIZE) if "proof" in said else b"",
    )


def _hears(value: Value) -> Hears:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 delay and loss
        raise PeerProtocolError("protocol.check", "hears")
    return Hears(
        delay_ms=as_uint(value[0], DELAY_MS_MAX),
        loss=as_uint(value[1], PERMILLE_MAX),
    )
