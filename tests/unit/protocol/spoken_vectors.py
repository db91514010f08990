"""Makes vectors/spoken.json: ``python -m tests.unit.protocol.spoken_vectors`` from the root."""

import json
from pathlib import Path
from typing import Final

from openline.protocol.spoken import Declared, Phrase, declared_payload, phrase_payload
from openline.record.cbor import Value, encode

ROOT: Final = Path(__file__).parents[3]
VECTORS: Final = ROOT / "vectors" / "spoken.json"
WORDS: Final = ROOT / "src" / "openline" / "protocol" / "phrases.json"
TAG: Final = bytes.fromhex("0a1b2c3d")

Vector = dict[str, object]


def _phrases() -> list[Vector]:
    cases = [
        ("phrase-stand-by", "The third phrase, the first that was spoken.", Phrase(3, 1, TAG)),
        ("phrase-last", "The tenth, in no call: it is shown nowhere and played nowhere.",
         Phrase(10, 70_000, b"")),
    ]  # fmt: skip
    return [
        {
            "name": name,
            "why": why,
            "n": phrase.n,
            "seq": phrase.seq,
            "call": phrase.call.hex(),
            "payload": encode(phrase_payload(phrase)).hex(),
        }
        for name, why, phrase in cases
    ]


def _declared() -> list[Vector]:
    cases = [
        ("declared-never", "Nothing is recorded; no desk is disclosed.", Declared("never"), False),
        ("declared-now", "A call is being recorded.", Declared("per_call", now=True), False),
        ("declared-eta", "An interpreter in 20 minutes.",
         Declared("always", interpreter="eta", eta_s=1200), True),
        ("declared-overdue", "An interpreter whose time is over.",
         Declared("per_call", interpreter="eta", eta_s=0), True),
        ("declared-present", "An interpreter is there.",
         Declared("per_call", interpreter="present"), True),
        ("declared-none", "An officer said that there is none.",
         Declared("per_call", interpreter="none"), True),
    ]  # fmt: skip
    return [
        {
            "name": name,
            "why": why,
            "disclosed": disclosed,
            "recording": declared.recording,
            "now": declared.now,
            "interpreter": declared.interpreter,
            "eta_s": declared.eta_s,
            "payload": encode(declared_payload(declared, disclosed=disclosed)).hex(),
        }
        for name, why, declared, disclosed in cases
    ]


def _refused() -> list[Vector]:
    plain: dict[str, Value] = {"recording": 1, "now": False}
    phrase: dict[str, Value] = {"n": 1, "seq": 1, "call": TAG}
    cases: list[tuple[str, str, str, Value, str]] = [
        ("phrase", "phrase-none", "Phrases begin at 1.", phrase | {"n": 0}, "protocol.phrase"),
        ("phrase", "phrase-eleven", "There are ten.", phrase | {"n": 11}, "protocol.phrase"),
        ("phrase", "phrase-seq", "A sequence begins at 1.", phrase | {"seq": 0},
         "protocol.phrase"),
        ("phrase", "phrase-call", "A tag has four bytes.", phrase | {"call": TAG[:3]},
         "protocol.phrase"),
        ("phrase", "phrase-words", "No words cross the line.", phrase | {"text": "stand by"},
         "record.encoding"),
        ("phrase", "phrase-null", "Not a map.", None, "record.encoding"),
        ("disclosed", "declared-unknown", "Three declarations exist.", plain | {"recording": 3},
         "protocol.declared"),
        ("disclosed", "declared-half", "Both members are needed.", {"recording": 1},
         "protocol.declared"),
        ("disclosed", "declared-no-time", "On the way without a time.", plain | {"interpreter": 1},
         "protocol.declared"),
        ("disclosed", "declared-time", "A time where none belongs.",
         plain | {"interpreter": 2, "eta_s": 60}, "protocol.declared"),
        ("disclosed", "declared-day", "More than a day.",
         plain | {"interpreter": 1, "eta_s": 86_401}, "record.encoding"),
        ("undisclosed", "declared-too-much", "Disclosure 0 says nothing of an interpreter.",
         plain | {"interpreter": 2}, "protocol.declared"),
    ]  # fmt: skip
    return [
        {"name": name, "why": why, "of": of, "payload": encode(payload).hex(), "refused": code}
        for of, name, why, payload, code in cases
    ]


def make() -> dict[str, object]:
    """The whole file."""
    return {
        "about": "docs/spec/call.md: agreed phrases (11), what each side declares (12).",
        "words": json.loads(WORDS.read_text(encoding="utf-8"))["phrases"],
        "phrases": _phrases(),
        "declared": _declared(),
        "refused": _refused(),
    }


if __name__ == "__main__":
    text = json.dumps(make(), indent=1, ensure_ascii=False)
    VECTORS.write_text(text + "\n", encoding="utf-8")
