"""Legs: what a post knows of its own desk's connection and of the far desk's.

The only thing about a desk that crosses the link is the map of ``leg_to_map``:
generation, desk instance, certificate fingerprint, media sources, whether RED
is spoken, and with which of our desks it is joined. No address, no SDP, no ICE
name or password (docs/spec/voice.md section 2).
"""

import re
from dataclasses import dataclass
from typing import Final

from openline.errors import VoiceError

DESK_SIZE: Final = 8
GENERATION_MAX: Final = 2**32 - 1
SSRC_COUNT_MAX: Final = 4
FINGERPRINT: Final = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){31}")
_KEYS: Final = {"gen", "desk", "fp", "ssrc", "red", "with"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOffer:
    """What our own desk offers.

    Attributes:
        desk: instance of the desk, eight octets.
        fingerprint: SHA-256 of its DTLS certificate, ``AA:BB:...``.
        ssrcs: its media sources.
        red: it speaks RED (RFC 2198) beside Opus.
        page_ufrag: its ICE name; stays in this post.
        leg_ufrag: the name that this post gave the leg; stays in this post.
        generation: under which its standing connection was joined, 0 if fresh.
    """

    desk: bytes
    fingerprint: str
    ssrcs: tuple[int, ...]
    red: bool
    page_ufrag: str
    leg_ufrag: str
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FarLeg:
    """What the far post said about its desk.

    Attributes:
        generation: of the desk pair, from 1.
        desk: instance of the far desk, eight octets.
        fingerprint: SHA-256 of its DTLS certificate, ``AA:BB:...``.
        ssrcs: its media sources.
        red: it speaks RED beside Opus.
        joined: the instance of our desk that it is joined with, or empty.
    """

    generation: int
    desk: bytes
    fingerprint: str
    ssrcs: tuple[int, ...]
    red: bool
    joined: bytes = b""

    def to_map(self) -> dict[str, object]:
        """The map of one leg in the CONTROL object ``legs``."""
        return {
            "gen": self.generation,
            "desk": self.desk,
            "fp": self.fingerprint,
            "ssrc": list(self.ssrcs),
            "red": self.red,
            "with": self.joined,
        }

    @classmethod
    def from_map(cls, value: object) -> "FarLeg":
        """Read the map that the peer sent.

        Raises:
            VoiceError: ``voice.leg`` unless every field is there and sane.
        """
        if not isinstance(value, dict) or set(value) != _KEYS:
            raise VoiceError("voice.leg", "not the map of a leg")
        desk, joined, fingerprint = value["desk"], value["with"], value["fp"]
        if not isinstance(desk, bytes) or len(desk) != DESK_SIZE:
            raise VoiceError("voice.leg", "desk")
        if not isinstance(joined, bytes) or len(joined) not in {0, DESK_SIZE}:
            raise VoiceError("voice.leg", "with")
        if not isinstance(fingerprint, str) or not FINGERPRINT.fullmatch(fingerprint):
            raise VoiceError("voice.leg", "fp")
        if not isinstance(value["red"], bool):
            raise VoiceError("voice.leg", "red")
        return cls(
            generation=_number(value["gen"], 1, GENERATION_MAX),
            desk=desk,
            fingerprint=fingerprint,
            ssrcs=_ssrcs(value["ssrc"]),
            red=value["red"],
            joined=joined,
        )


def _number(value: object, lowest: int, highest: int) -> int:
    if type(value) is not int or not lowest <= value <= highest:
        raise VoiceError("voice.leg", "number out of range")
    return value


def _ssrcs(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= SSRC_COUNT_MAX:
        raise VoiceError("voice.leg", "ssrc")
    return tuple(_number(ssrc, 0, 2**32 - 1) for ssrc in value)
