"""The catalogue of every word that a person sees, by language and key.

One JSON file per language in ``console/locales``; the page reads the same files.
A key is never missing in one language only (tests/unit/test_tidy.py).
"""

import json
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en", "zh-Hans")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of one language; English for a language that we do not have."""
    name = language if language in LANGUAGES else "en"
    found = files("openline.web") / "console" / "locales" / f"{name}.json"
    words: dict[str, str] = json.loads(found.read_text("utf-8"))
    return words


def words(key: str, language: str = "en", **facts: str | int) -> str:
    """The sentence of ``key`` with its facts filled in.

    A fact that the sentence names and nobody gave stays as ``{name}``; a key
    without a sentence comes back as it is, so that nothing goes unsaid.
    """
    sentence = catalogue(language).get(key, key)
    for name, value in facts.items():
        sentence = sentence.replace(f"{{{name}}}", str(value))
    return sentence


def error_words(code: str, language: str = "en", **facts: str | int) -> str:
    """The sentence of an error's code, or the general one that names the code."""
    key = f"error.{code}"
    if key in catalogue(language):
        return words(key, language, **facts)
    return words("error.unknown", language, code=code)


def choose_language(accept: str, default: str) -> str:
    """The language for an ``Accept-Language`` header; ``default`` if it names none of ours."""
    for part in accept[:200].split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("zh"):
            return "zh-Hans"
        if tag.startswith("en"):
            return "en"
    return default
