"""The exported record, verified as it stands and with one byte changed.

``openline verify`` is run as a program of its own, on a copy, with the two
fingerprints as pins: what is shown is what it printed and how it ended.
"""

import asyncio
import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from openline.errors import ConfigError

DIGEST_BYTES = 32
END_BYTES_MAX = 64


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``openline verify`` said of one file.

    Attributes:
        status: exit status; 0: it holds.
        output: what it printed, standard output and error together.
        seconds: how long it took.
    """

    status: int
    output: str
    seconds: float

    @property
    def held(self) -> bool:
        """Whether the file was accepted."""
        return self.status == 0


@dataclass(frozen=True, slots=True)
class Alteration:
    """The one byte that was changed.

    Attributes:
        offset: position in the file, from 0. before, after: its value.
    """

    offset: int
    before: int
    after: int


async def run_openline(*words: str) -> tuple[int, str]:
    """Run this program's own command line.

    Returns:
        Exit status, and what it printed.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "openline",
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode("utf-8", "replace").strip("\n")


async def verify(bundle: Path, pins: tuple[str, str], language: str = "en") -> Verdict:
    """Run ``openline verify`` on a bundle."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    status, output = await run_openline(
        "--lang", language, "verify", str(bundle), "--pin", pins[0], "--pin", pins[1]
    )
    return Verdict(status, output, loop.time() - began)


def alter(bundle: Path, text: str, copy: Path) -> Alteration:
    """Copy a bundle with one byte of a text changed.

    Args:
        bundle: the file as it was exported.
        text: words that stand in it; the last letter of their first occurrence is changed.
        copy: where the altered file goes.

    Raises:
        ConfigError: ``demo.text_not_found``: the words are not in the file.
    """
    octets = bytearray(bundle.read_bytes())
    words = text.encode()
    found = octets.find(words)
    if found < 0:
        raise ConfigError("demo.text_not_found", "the text is not in the bundle")
    offset = found + len(words) - 1
    before = octets[offset]
    octets[offset] = before ^ 0x01
    copy.write_bytes(octets)
    return Alteration(offset, before, octets[offset])


def mend(bundle: Path, altered: Path, copy: Path) -> None:
    """Copy an altered bundle with the digest at its end made right again, as a forger would.

    Args:
        bundle: the file as it was exported; it tells where the last item begins.
        altered: the altered copy.
        copy: where the mended file goes.

    Raises:
        ConfigError: ``demo.no_digest``: the file does not end in a digest.
    """
    whole = bundle.read_bytes()
    digest = whole[-DIGEST_BYTES:]
    starts = range(len(whole) - DIGEST_BYTES - END_BYTES_MAX, len(whole) - DIGEST_BYTES)
    start = next((at for at in starts if hashlib.sha256(whole[:at]).digest() == digest), None)
    if start is None:
        raise ConfigError("demo.no_digest", "the bundle does not end in a digest")
    octets = altered.read_bytes()[:-DIGEST_BYTES]
    copy.write_bytes(octets + hashlib.sha256(octets[:start]).digest())
