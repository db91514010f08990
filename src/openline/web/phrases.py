"""The sounds of the ten agreed phrases: a side's own recordings, else a synthetic voice.

The words are those of ``protocol/phrases.json``. A side's own recordings lie in the folder of its
post and are read anew each time, so that one that was just recorded is heard with the next press.
"""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from openline.errors import ConfigError
from openline.protocol.spoken import PHRASES
from openline.web.catalogue import LANGUAGES

SOUND_BYTES_MAX: Final = 1_000_000
SUFFIXES: Final = {"audio/wav": "wav", "audio/ogg": "ogg"}
_RIFF: Final = 12


@cache
def phrase_table() -> dict[str, Any]:
    """The agreed words, as in the specification."""
    found = files("openline.protocol") / "phrases.json"
    table: dict[str, Any] = json.loads(found.read_text("utf-8"))
    return table


def phrase_words(n: int, language: str) -> str:
    """The words of phrase ``n``."""
    return str(phrase_table()["phrases"][n - 1][language])


def sound_type(data: bytes) -> str:
    """The media type of a sound by its first bytes: WAV or Ogg, else ""."""
    if data[:4] == b"RIFF" and data[8:_RIFF] == b"WAVE":
        return "audio/wav"
    if data[:4] == b"OggS":
        return "audio/ogg"
    return ""


class PhraseBook:
    """The sounds of one post.

    Args:
        own: folder of the side's own recordings; None or missing: there are none.
    """

    def __init__(self, own: Path | None) -> None:
        """See the class."""
        self._own = own

    def own_file(self, language: str, n: int) -> Path | None:
        """The side's own recording of a phrase, or None."""
        if self._own is None:
            return None
        for suffix in SUFFIXES.values():
            path = self._own / f"{language}-{n}.{suffix}"
            if path.is_file():
                return path
        return None

    def sound(self, language: str, n: int) -> tuple[bytes, str] | None:
        """Bytes and media type of a phrase's sound; None for a phrase that is none.

        An own recording that cannot be read or is no sound gives way to the synthetic voice.
        """
        if language not in LANGUAGES or not 1 <= n <= PHRASES:
            return None
        path = self.own_file(language, n)
        if path is not None:
            try:
                data = read_sound(path)
            except ConfigError:
                pass
            else:
                return data, sound_type(data)
        shipped = files("openline.web.audio") / "phrases" / language / f"{n}.ogg"
        return shipped.read_bytes(), "audio/ogg"

    def listing(self) -> dict[str, Any]:
        """The words, and which sounds are this side's own: what the console shows."""
        own = {
            language: [n for n in range(1, PHRASES + 1) if self.own_file(language, n)]
            for language in LANGUAGES
        }
        return {"phrases": phrase_table()["phrases"], "own": own}


def read_sound(path: Path) -> bytes:
    """A sound file that somebody gave us.

    Raises:
        ConfigError: ``file.missing``, ``phrase.too_large``, ``phrase.not_sound``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(SOUND_BYTES_MAX + 1)
    except OSError as fault:
        raise ConfigError("file.missing", str(fault), file=str(path)) from fault
    if len(data) > SOUND_BYTES_MAX:
        raise ConfigError("phrase.too_large", str(path), file=str(path))
    if not sound_type(data):
        raise ConfigError("phrase.not_sound", str(path), file=str(path))
    return data
