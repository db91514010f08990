"""CONTROL frames: objects with versions, where only the newest counts (spec/frames, section 4).

``[incarnation8, object, version, payload]``: the first eight bytes of the sender's incarnation, the
object's name, a version that grows with every change, and what stands now. A receiver keeps the
newest version of each object and drops older ones, so order, loss and repetition do not matter.
"""

from dataclasses import dataclass
from typing import Final

from openline.errors import PeerProtocolError, RecordError
from openline.record.cbor import Value, as_bytes, as_text, as_uint, encode, sequence
from openline.record.limits import UINT_MAX

CONTROL_BYTES_MAX: Final = 4096
CONTROL_STEP: Final = 320
"""The size of a media cell: whoever sees packets cannot tell one from the other."""
FIELD_COUNT: Final = 4
TAG_BYTES: Final = 8

PRESENCE: Final = "presence"
LEGS: Final = "legs"
CALL: Final = "call"
CALL_ANSWER: Final = "call-answer"
DECLARED: Final = "declared"
PHRASE: Final = "phrase"
CHECK: Final = "check"
OBJECTS: Final = (PRESENCE, LEGS, CALL, CALL_ANSWER, DECLARED, PHRASE, CHECK)

_NAME_CHARACTERS_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Control:
    """One CONTROL frame."""

    incarnation: bytes
    name: str
    version: int
    payload: Value


def parse_control(body: bytes) -> Control:
    """The CONTROL frame in ``body``.

    Raises:
        RecordError: ``record.encoding``, ``record.truncated`` or ``record.too_large``.
    """
    if len(body) > CONTROL_BYTES_MAX:
        raise RecordError("record.too_large", f"{len(body)} bytes")
    items = sequence(body, CONTROL_BYTES_MAX)
    value, _at = next(items, (None, 0))
    # Zeros behind the item make all CONTROL frames equally long; as CBOR each is an item itself.
    _zero, end = next(items, (None, len(body)))
    if not isinstance(value, list) or len(value) != FIELD_COUNT or any(body[end:]):
        raise RecordError("record.encoding", "not one control object with zeros behind it")
    incarnation, name, version, payload = value
    return Control(
        as_bytes(incarnation, TAG_BYTES),
        as_text(name, _NAME_CHARACTERS_MAX),
        as_uint(version, UINT_MAX),
        payload,
    )


def pad_control(body: bytes) -> bytes:
    """A CONTROL frame's body as it goes out: zeros up to a multiple of ``CONTROL_STEP``."""
    return body.ljust(-(-len(body) // CONTROL_STEP) * CONTROL_STEP, b"\0")


class ControlOut:
    """The own objects, newest version each."""

    __slots__ = ("_frames", "_incarnation", "_payloads", "_versions")

    def __init__(self, incarnation: bytes) -> None:
        """No object yet."""
        self._incarnation = incarnation[:TAG_BYTES]
        self._versions: dict[str, int] = {}
        self._payloads: dict[str, Value] = {}
        self._frames: dict[str, bytes] = {}

    def set(self, name: str, payload: Value) -> bytes | None:
        """The frame body to send now, or None when nothing changed."""
        if name in self._frames and self._payloads[name] == payload:
            return None
        version = self._versions.get(name, 0) + 1
        frame = encode([self._incarnation, name, version, payload])
        self._versions[name] = version
        self._payloads[name] = payload
        self._frames[name] = frame
        return frame

    def live(self) -> list[bytes]:
        """The newest frame of each object, for a connection that became usable."""
        return [self._frames[name] for name in OBJECTS if name in self._frames]


class ControlIn:
    """The peer's objects, newest version each, for one incarnation of the peer."""

    __slots__ = ("_incarnation", "_versions")

    def __init__(self) -> None:
        """No peer known: everything is dropped."""
        self._incarnation = b""
        self._versions: dict[str, int] = {}

    def restart(self, incarnation: bytes) -> None:
        """The peer is a new incarnation: its versions start again."""
        self._incarnation = incarnation[:TAG_BYTES]
        self._versions.clear()

    def take(self, body: bytes) -> Control | None:
        """The control object if it is news; None if it is old, repeated or of an old incarnation.

        What is taken counts once it is accepted: a payload that does not hold changes nothing.

        Raises:
            RecordError: as :func:`parse_control`.
            PeerProtocolError: ``protocol.unknown_object``.
        """
        control = parse_control(body)
        if control.name not in OBJECTS:
            raise PeerProtocolError("protocol.unknown_object", control.name)
        if control.incarnation != self._incarnation:
            return None
        if control.version <= self._versions.get(control.name, 0):
            return None
        return control

    def accept(self, control: Control) -> None:
        """The payload held: older versions of this object are dropped from now on."""
        self._versions[control.name] = control.version
