"""SDP between a post and its own desk: a strict reader of offers, a template for answers.

No SDP of the peer ever reaches a desk. The reader takes from an offer only what
the answer and the far post need; the answer is written from a template with the
far desk's fingerprint and media sources (docs/spec/voice.md section 3).
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from openline.errors import VoiceError
from openline.voice.legs import FINGERPRINT, GENERATION_MAX, SSRC_COUNT_MAX, FarLeg

OPUS_PAYLOAD_TYPE: Final = 111
RED_PAYLOAD_TYPE: Final = 63
SDP_SIZE_MAX: Final = 16_384
LINE_SIZE_MAX: Final = 1_024
LINE_COUNT_MAX: Final = 300
_LINE: Final = re.compile(r"([a-z])=([\x20-\x7e]*)")
_UFRAG: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PWD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
_MID: Final = re.compile(r"[A-Za-z0-9]{1,16}")
_GENERATION: Final = re.compile(r"[0-9]{1,10}")
_SSRC: Final = re.compile(r"([0-9]{1,10}) [\x20-\x7e]+")
_MEDIA: Final = re.compile(r"audio [0-9]{1,5} UDP/TLS/RTP/SAVPF((?: [0-9]{1,3}){1,32})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOffer:
    """What the post takes from the offer of its own desk.

    Attributes:
        fingerprint: SHA-256 of the certificate, upper case with colons.
        page_ufrag: the desk's ICE name.
        page_pwd: its ICE password (a lite endpoint never needs it).
        ssrcs: its media sources, at least one.
        mid: name of the one media section.
        red: RED with Opus inside is offered under its fixed number.
        generation: under which the standing connection was joined, 0 for a fresh
            one (our own attribute ``openline-generation``).
    """

    fingerprint: str
    page_ufrag: str
    page_pwd: str
    ssrcs: tuple[int, ...]
    mid: str
    red: bool
    generation: int = 0


def parse_offer(sdp: str) -> PageOffer:
    """Read the offer of an own desk: one bundled, multiplexed, two-way audio section.

    Raises:
        VoiceError: ``voice.sdp`` for anything else.
    """
    payload_types, attributes = _attributes(sdp)
    if str(OPUS_PAYLOAD_TYPE) not in payload_types:
        raise VoiceError("voice.sdp", "Opus is not offered under its number")
    if f"{OPUS_PAYLOAD_TYPE} opus/48000/2" not in attributes.get("rtpmap", []):
        raise VoiceError("voice.sdp", "Opus is not offered under its number")
    for flag in ("rtcp-mux", "sendrecv"):
        if flag not in attributes:
            raise VoiceError("voice.sdp", f"without {flag}")
    if _one(attributes, "setup", re.compile("actpass")) != "actpass":
        raise VoiceError("voice.sdp", "setup")
    red = (
        str(RED_PAYLOAD_TYPE) in payload_types
        and f"{RED_PAYLOAD_TYPE} red/48000/2" in attributes.get("rtpmap", [])
        and f"{RED_PAYLOAD_TYPE} {OPUS_PAYLOAD_TYPE}/{OPUS_PAYLOAD_TYPE}"
        in attributes.get("fmtp", [])
    )
    return PageOffer(
        fingerprint=_fingerprint(attributes),
        page_ufrag=_one(attributes, "ice-ufrag", _UFRAG),
        page_pwd=_one(attributes, "ice-pwd", _PWD),
        ssrcs=_ssrcs(attributes),
        mid=_one(attributes, "mid", _MID),
        red=red,
        generation=_generation(attributes),
    )


def _attributes(sdp: str) -> tuple[list[str], dict[str, list[str]]]:
    """The payload types of the one media section and all attributes, session's first."""
    if len(sdp) > SDP_SIZE_MAX:
        raise VoiceError("voice.sdp", f"{len(sdp)} characters")
    lines = sdp.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) > LINE_COUNT_MAX or lines[0] != "v=0":
        raise VoiceError("voice.sdp", f"{len(lines)} lines, or no version")
    attributes: dict[str, list[str]] = {}
    payload_types: list[str] = []
    for line in lines:
        parsed = _LINE.fullmatch(line)
        if len(line) > LINE_SIZE_MAX or not parsed:
            raise VoiceError("voice.sdp", "a line that is none")
        if parsed[1] == "m":
            media = _MEDIA.fullmatch(parsed[2])
            if payload_types or not media:
                raise VoiceError("voice.sdp", "not one audio section")
            payload_types = media[1].split()
        if parsed[1] == "a":
            name, _, value = parsed[2].partition(":")
            attributes.setdefault(name, []).append(value)
    if not payload_types:
        raise VoiceError("voice.sdp", "no audio section")
    return payload_types, attributes


def _one(attributes: dict[str, list[str]], name: str, pattern: re.Pattern[str]) -> str:
    values = set(attributes.get(name, []))
    if len(values) != 1:
        raise VoiceError("voice.sdp", f"{len(values)} values of {name}")
    value = values.pop()
    if not pattern.fullmatch(value):
        raise VoiceError("voice.sdp", name)
    return value


def _generation(attributes: dict[str, list[str]]) -> int:
    if "openline-generation" not in attributes:
        return 0
    generation = int(_one(attributes, "openline-generation", _GENERATION))
    if generation > GENERATION_MAX:
        raise VoiceError("voice.sdp", "generation")
    return generation


def _fingerprint(attributes: dict[str, list[str]]) -> str:
    found = {
        value.partition(" ")[2].upper()
        for value in attributes.get("fingerprint", [])
        if value.lower().startswith("sha-256 ")
    }
    if len(found) != 1:
        raise VoiceError("voice.sdp", f"{len(found)} SHA-256 fingerprints")
    fingerprint = found.pop()
    if not FINGERPRINT.fullmatch(fingerprint):
        raise VoiceError("voice.sdp", "fingerprint")
    return fingerprint


def _ssrcs(attributes: dict[str, list[str]]) -> tuple[int, ...]:
    found: dict[int, None] = {}
    for value in attributes.get("ssrc", []):
        parsed = _SSRC.fullmatch(value)
        if not parsed or int(parsed[1]) >= 2**32:
            raise VoiceError("voice.sdp", "ssrc")
        found[int(parsed[1])] = None
    if not 1 <= len(found) <= SSRC_COUNT_MAX:
        raise VoiceError("voice.sdp", f"{len(found)} sources")
    return tuple(found)


def build_answer(
    own: PageOffer,
    far: FarLeg,
    *,
    address: tuple[str, int],
    leg_ufrag: str,
    leg_pwd: str,
    active: bool,
) -> str:
    """Write the answer for our own desk.

    Args:
        own: the desk's offer.
        far: the far desk's leg.
        address: where this post's voice endpoint is reached by its own desks.
        leg_ufrag: the post's ICE name for this leg.
        leg_pwd: and its password.
        active: our own desk is the DTLS client.
    """
    ip, port = address
    family = f"IP{ipaddress.ip_address(ip).version}"
    red = own.red and far.red
    payload_types = f"{RED_PAYLOAD_TYPE} {OPUS_PAYLOAD_TYPE}" if red else str(OPUS_PAYLOAD_TYPE)
    lines = [
        "v=0",
        f"o=- 1 {far.generation} IN {family} {ip}",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {own.mid}",
        "a=msid-semantic: WMS far",
        f"m=audio {port} UDP/TLS/RTP/SAVPF {payload_types}",
        f"c=IN {family} {ip}",
        f"a=mid:{own.mid}",
        f"a=ice-ufrag:{leg_ufrag}",
        f"a=ice-pwd:{leg_pwd}",
        f"a=candidate:1 1 udp 2130706431 {ip} {port} typ host",
        "a=end-of-candidates",
        f"a=fingerprint:sha-256 {far.fingerprint}",
        f"a=setup:{'passive' if active else 'active'}",
        "a=sendrecv",
        "a=rtcp-mux",
    ]
    if red:
        lines += [
            f"a=rtpmap:{RED_PAYLOAD_TYPE} red/48000/2",
            f"a=fmtp:{RED_PAYLOAD_TYPE} {OPUS_PAYLOAD_TYPE}/{OPUS_PAYLOAD_TYPE}",
        ]
    lines += [
        f"a=rtpmap:{OPUS_PAYLOAD_TYPE} opus/48000/2",
        f"a=fmtp:{OPUS_PAYLOAD_TYPE} minptime=10;useinbandfec=0;cbr=1",
        "a=ptime:20",
        "a=msid:far far-audio",
    ]
    for ssrc in far.ssrcs:
        lines += [f"a=ssrc:{ssrc} cname:far", f"a=ssrc:{ssrc} msid:far far-audio"]
    return "\r\n".join(lines) + "\r\n"
