"""Bodies of the kinds that this version knows (spec/record, section 5).

The log itself looks only into ``enrol``, ``revoke`` and ``rule``. A body of another kind that does
not fit its kind is kept and answered, never dropped: the functions here are for those who make
and show.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from openline.errors import RecordError
from openline.record.cbor import Value, as_bytes, as_text, as_uint
from openline.record.entry import KIND, decode_body, encode_body
from openline.record.keys import check_ed25519
from openline.record.limits import ED25519_KEY_SIZE, UINT_MAX, WATCH_CODE_CHARACTERS_MAX

KIND_ENROL: Final = "enrol"
KIND_REVOKE: Final = "revoke"
KIND_RULE: Final = "rule"
KIND_TEXT: Final = "text"
KIND_SHOWN: Final = "shown"
KIND_OPENED: Final = "opened"
KIND_CALL: Final = "call"
KIND_RESTORED: Final = "restored"
KIND_CHECK: Final = "check"
KIND_DECLARE: Final = "declare"
KIND_RECORDING: Final = "recording"
KIND_IN_ERROR: Final = "sent-in-error"
KIND_PROTEST: Final = "protest"
KIND_PASSED: Final = "passed"
KIND_DECLINED: Final = "declined"
KIND_SEAL_OPEN: Final = "seal-open"
KIND_SEAL_COMMIT: Final = "seal-commit"
KIND_SEAL_REVEAL: Final = "seal-reveal"

OFFICER_KINDS: Final = frozenset({
    KIND_ENROL,
    KIND_REVOKE,
    KIND_RULE,
    KIND_TEXT,
    KIND_OPENED,
    KIND_IN_ERROR,
    KIND_PROTEST,
    KIND_PASSED,
    KIND_DECLINED,
    KIND_SEAL_OPEN,
    KIND_SEAL_COMMIT,
    KIND_SEAL_REVEAL,
})  # fmt: skip
"""Kinds that need at least one officer's statement."""

MACHINE_KINDS: Final = frozenset({KIND_SHOWN, KIND_CALL, KIND_RECORDING, KIND_CHECK})
"""Kinds that a post writes by itself: they carry no statement."""

STRUCTURAL_KINDS: Final = frozenset({KIND_ENROL, KIND_REVOKE, KIND_RULE})
"""Kinds that say who may sign what follows: their bodies are never erased or withheld."""

RULE_KINDS_MAX: Final = 16
_WATCH_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]*\Z", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}\Z", re.ASCII)
_TEXT_CHARACTERS_MAX: Final = 16_000
RECORDING_DECLARATIONS: Final = ("never", "per_call", "always")
_TYPE_CHARACTERS_MAX: Final = 64
_CALL_ID_SIZES: Final = frozenset({4, 8})
_HASH_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An officer's key and watch code."""

    officer: bytes
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What an entry changes of who may sign what follows; None: nothing.

    Attributes:
        enrolled: the new officer. revoked: an officer's key. two: all kinds that need two officers.
    """

    enrolled: Enrolment | None = None
    revoked: bytes | None = None
    two: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the writer's own language.

    Attributes:
        answers: index of the peer's text that it answers; 0: none.
    """

    language: str
    text: str
    answers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A finished sound file of a call, kept by its author's own post.

    Attributes:
        call: id or tag of the call. part: from 1: a page that was lost begins another. sha256, size
            (bytes), type (of media): of the whole file. duration_ms: of the sound in it.
    """

    call: bytes
    part: int
    sha256: bytes
    size: int
    type: str
    duration_ms: int


def enrol_body(officer: bytes, code: str) -> bytes:
    """Body of an ``enrol`` entry. Raises RecordError as :func:`parse_enrol`."""
    body = encode_body({"officer": officer, "code": code})
    parse_enrol(body)
    return body


def parse_enrol(body: bytes) -> Enrolment:
    """The officer in an ``enrol`` body.

    Raises:
        RecordError: ``record.enrolment``.
        SignatureError: ``record.weak_key``.
    """
    content = exactly(body, "record.enrolment", "code", "officer")
    officer = as_bytes(content["officer"], ED25519_KEY_SIZE)
    code = as_text(content["code"], WATCH_CODE_CHARACTERS_MAX)
    if not _WATCH_CODE.match(code):
        raise RecordError("record.enrolment", "not a watch code")
    check_ed25519(officer)
    return Enrolment(officer, code)


def revoke_body(officer: bytes) -> bytes:
    """Body of a ``revoke`` entry."""
    return encode_body({"officer": officer})


def parse_revoke(body: bytes) -> bytes:
    """The key that a ``revoke`` body names.

    Raises:
        RecordError: ``record.enrolment``.
    """
    return as_bytes(exactly(body, "record.enrolment", "officer")["officer"], ED25519_KEY_SIZE)


def rule_body(two: Iterable[str]) -> bytes:
    """Body of a ``rule`` entry. Raises RecordError as :func:`parse_rule`."""
    kinds: list[Value] = [*sorted(set(two))]
    body = encode_body({"two": kinds})
    parse_rule(body)
    return body


def parse_rule(body: bytes) -> frozenset[str]:
    """The kinds that need two officers from the next entry on (spec/record, section 5).

    Raises:
        RecordError: ``record.rule``.
    """
    two = exactly(body, "record.rule", "two")["two"]
    kinds = [kind for kind in two if isinstance(kind, str)] if isinstance(two, list) else []
    if kinds != two or kinds != sorted(set(kinds)) or len(kinds) > RULE_KINDS_MAX:
        raise RecordError("record.rule", "not a list of kinds in ascending order")
    if not all(KIND.match(kind) for kind in kinds):
        raise RecordError("record.rule", "not a kind")
    return frozenset(kinds)


def text_body(language: str, text: str, answers: int = 0) -> bytes:
    """Body of a ``text`` entry. Raises RecordError as :func:`parse_text`."""
    content: dict[str, Value] = {"lang": language, "text": text}
    body = encode_body(content | {"answers": answers} if answers else content)
    parse_text(body)
    return body


def parse_text(body: bytes) -> Text:
    """The text in a ``text`` body.

    Raises:
        RecordError: ``record.content`` or ``record.too_large``.
    """
    content = decode_body(body)
    answers = as_uint(content.pop("answers"), UINT_MAX) if "answers" in content else None
    if content.keys() != {"lang", "text"} or answers == 0:
        raise RecordError("record.content", "not the fields of a text")
    said = check_text(content["lang"], content["text"], _TEXT_CHARACTERS_MAX)
    return replace(said, answers=answers or 0)


def check_text(language: Value, text: Value, characters_max: int) -> Text:
    """Words of a person, with the tag of their language.

    Raises:
        RecordError: ``record.content`` or ``record.too_large``.
    """
    said = Text(as_text(language, 35), as_text(text, characters_max))
    if not _LANGUAGE.match(said.language) or not said.text.strip():
        raise RecordError("record.content", "no language tag or an empty text")
    return said


def shown_body(upto: int) -> bytes:
    """Body of a ``shown`` entry: the peer's texts up to that index were shown."""
    return encode_body({"upto": upto})


def parse_shown(body: bytes) -> int:
    """The index in a ``shown`` body; raises ``record.content``."""
    return as_uint(exactly(body, "record.content", "upto")["upto"], UINT_MAX)


def opened_body(index: int) -> bytes:
    """Body of an ``opened`` entry: an officer opened the peer's entry at that index."""
    return encode_body({"index": index})


def parse_opened(body: bytes) -> int:
    """The index in an ``opened`` body; raises ``record.content``."""
    return as_uint(exactly(body, "record.content", "index")["index"], UINT_MAX)


def restored_body(start: int, stop: int) -> bytes:
    """Body of a ``restored`` entry: own entries [start, stop) came back from the peer."""
    return encode_body({"from": start, "to": stop})


def declare_body(recording: str) -> bytes:
    """Body of a ``declare`` entry. Raises RecordError as :func:`parse_declare`."""
    body = encode_body({"recording": recording})
    parse_declare(body)
    return body


def parse_declare(body: bytes) -> str:
    """What a ``declare`` body says of recording; raises ``record.content``."""
    recording = as_text(exactly(body, "record.content", "recording")["recording"], 16)
    if recording not in RECORDING_DECLARATIONS:
        raise RecordError("record.content", "no such declaration")
    return recording


def recording_body(recording: Recording) -> bytes:
    """Body of a ``recording`` entry. Raises RecordError as :func:`parse_recording`."""
    body = encode_body(
        {
            "call": recording.call,
            "part": recording.part,
            "sha256": recording.sha256,
            "size": recording.size,
            "type": recording.type,
            "duration_ms": recording.duration_ms,
        }
    )
    parse_recording(body)
    return body


def parse_recording(body: bytes) -> Recording:
    """The file that a ``recording`` body names; raises ``record.content`` or ``.encoding``."""
    names = ("call", "part", "sha256", "size", "type", "duration_ms")
    content = exactly(body, "record.content", *names)
    call = as_bytes(content["call"])
    if len(call) not in _CALL_ID_SIZES:
        raise RecordError("record.content", "not a call")
    return Recording(
        call=call,
        part=as_uint(content["part"], UINT_MAX),
        sha256=as_bytes(content["sha256"], _HASH_SIZE),
        size=as_uint(content["size"], UINT_MAX),
        type=as_text(content["type"], _TYPE_CHARACTERS_MAX),
        duration_ms=as_uint(content["duration_ms"], UINT_MAX),
    )


def exactly(body: bytes, code: str, *names: str) -> dict[str, Value]:
    """The fields of a body that has these and no others; raises ``code`` or ``record.encoding``."""
    content = decode_body(body)
    if content.keys() != set(names):
        raise RecordError(code, f"not exactly the fields {', '.join(names)}")
    return content
