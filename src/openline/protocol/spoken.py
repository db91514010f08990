"""What is agreed beforehand so that a call is understood: phrases, and what a side declares.

Payloads of the control objects ``phrase`` and ``declared`` (spec/call, sections 11, 12). The words
of the phrases stand in ``phrases.json`` beside this module; here they are numbers.
"""

from dataclasses import dataclass
from typing import Final, Literal

from openline.errors import PeerProtocolError
from openline.protocol.call import TAG_SIZE
from openline.record.cbor import Value, as_bool, as_bytes, as_map, as_uint

PHRASES: Final = 10
"""Phrases are numbered from 1 to this."""

PHRASES_PER_MINUTE_MAX: Final = 20
PHRASES_TAKEN_PER_MINUTE_MAX: Final = 30
"""What a receiver takes: a short outage brings a few of the minute before with it."""

SEQUENCE_MAX: Final = 2**31
ETA_SECONDS_MAX: Final = 86_400

RecordingWord = Literal["never", "per_call", "always"]
InterpreterWord = Literal["", "none", "eta", "present"]
"""Empty: nothing was said."""

RECORDING_WORDS: Final[tuple[RecordingWord, ...]] = ("never", "per_call", "always")
INTERPRETER_WORDS: Final[tuple[InterpreterWord, ...]] = ("none", "eta", "present")
_ETA: Final = 1
_PHRASE: Final = frozenset({"n", "seq", "call"})
_DECLARED: Final = frozenset({"recording", "now"})
_DISCLOSED: Final = frozenset({"interpreter", "eta_s"})


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase, spoken by an officer's key.

    Attributes:
        n: which, from 1. seq: counts the phrases of a start of the sender. call: tag of its call,
            or empty.
    """

    n: int
    seq: int
    call: bytes


@dataclass(frozen=True, slots=True)
class Declared:
    """What a side declares of itself.

    Attributes:
        now: it is recording at this moment. eta_s: with ``eta`` only: seconds from when it was
            said; 0 when that time is over.
    """

    recording: RecordingWord
    now: bool = False
    interpreter: InterpreterWord = ""
    eta_s: int = 0


def phrase_payload(phrase: Phrase) -> Value:
    """The payload of ``phrase``."""
    return {"n": phrase.n, "seq": phrase.seq, "call": phrase.call}


def parse_phrase(payload: Value) -> Phrase:
    """A ``phrase`` payload.

    Raises:
        OpenlineError: ``protocol.phrase`` or ``record.encoding``.
    """
    said = as_map(payload, len(_PHRASE))
    if said.keys() != _PHRASE:
        raise PeerProtocolError("protocol.phrase", "not exactly its members")
    phrase = Phrase(
        as_uint(said["n"], 255), as_uint(said["seq"], SEQUENCE_MAX), as_bytes(said["call"])
    )
    if not 1 <= phrase.n <= PHRASES or phrase.seq < 1:
        raise PeerProtocolError("protocol.phrase", "no such phrase")
    if len(phrase.call) not in {0, TAG_SIZE}:
        raise PeerProtocolError("protocol.phrase", "not the tag of a call")
    return phrase


def declared_payload(declared: Declared, *, disclosed: bool) -> Value:
    """The payload of ``declared``; the interpreter only where desks are disclosed at all."""
    said: dict[str, Value] = {
        "recording": RECORDING_WORDS.index(declared.recording),
        "now": declared.now,
    }
    if disclosed and declared.interpreter:
        said["interpreter"] = INTERPRETER_WORDS.index(declared.interpreter)
        if declared.interpreter == "eta":
            said["eta_s"] = declared.eta_s
    return said


def parse_declared(payload: Value, *, disclosed: bool) -> Declared:
    """A ``declared`` payload.

    Args:
        payload: untrusted.
        disclosed: the agreed disclosure is 1 or more.

    Raises:
        OpenlineError: ``protocol.declared`` or ``record.encoding``.
    """
    said = as_map(payload, len(_DECLARED | _DISCLOSED))
    allowed = _DECLARED | _DISCLOSED if disclosed else _DECLARED
    if said.keys() - allowed or not said.keys() >= _DECLARED:
        raise PeerProtocolError("protocol.declared", "says more or less than was agreed")
    recording = as_uint(said["recording"], 255)
    interpreter = as_uint(said["interpreter"], 255) if "interpreter" in said else None
    if recording >= len(RECORDING_WORDS):
        raise PeerProtocolError("protocol.declared", "unknown recording")
    if interpreter is not None and interpreter >= len(INTERPRETER_WORDS):
        raise PeerProtocolError("protocol.declared", "unknown interpreter")
    if ("eta_s" in said) != (interpreter == _ETA):
        raise PeerProtocolError("protocol.declared", "a time where none belongs, or none")
    return Declared(
        recording=RECORDING_WORDS[recording],
        now=as_bool(said["now"]),
        interpreter="" if interpreter is None else INTERPRETER_WORDS[interpreter],
        eta_s=as_uint(said.get("eta_s", 0), ETA_SECONDS_MAX),
    )
