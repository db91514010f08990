"""STUN for an ICE-lite endpoint: parse a check, prove it, answer it (RFC 8489, RFC 8445).

Only aioice's codec is used. What it raises for hostile octets is wrapped, and
MESSAGE-INTEGRITY is checked apart: a request that is not proven is not
answered at all, so that the port reflects nothing.
"""

import hmac
import struct
from dataclasses import dataclass
from typing import Final

from aioice import stun

from openline.errors import VoiceError

STUN_SIZE_MAX: Final = 600
_HEADER_SIZE: Final = 20
_MESSAGE_INTEGRITY: Final = 0x0008
_FINGERPRINT: Final = 0x8028
_CODEC_ERRORS: Final = (ValueError, KeyError, IndexError, TypeError, OverflowError, struct.error)


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A well-formed binding request whose sender is not proven yet.

    Attributes:
        transaction_id: twelve octets.
        leg_ufrag: our own leg's name, the first half of USERNAME.
        page_ufrag: the page's name, the second half.
        parsed: the codec's object, for the integrity check.
    """

    transaction_id: bytes
    leg_ufrag: str
    page_ufrag: str
    parsed: stun.Message


def parse_binding(data: bytes) -> BindingRequest:
    """Parse a binding request with USERNAME, MESSAGE-INTEGRITY and FINGERPRINT.

    Raises:
        VoiceError: ``voice.stun`` for everything else.
    """
    if len(data) > STUN_SIZE_MAX:
        raise VoiceError("voice.stun", f"{len(data)} octets")
    if _attribute_types(data)[-2:] != [_MESSAGE_INTEGRITY, _FINGERPRINT]:
        raise VoiceError("voice.stun", "does not end in MESSAGE-INTEGRITY and FINGERPRINT")
    try:
        parsed = stun.parse_message(data)
    except _CODEC_ERRORS as error:
        raise VoiceError("voice.stun", "octets that the codec refuses") from error
    if (
        parsed.message_method is not stun.Method.BINDING
        or parsed.message_class is not stun.Class.REQUEST
    ):
        raise VoiceError("voice.stun", "not a binding request")
    leg_ufrag, colon, page_ufrag = str(parsed.attributes.get("USERNAME", "")).partition(":")
    transaction_id = parsed.transaction_id
    if not (leg_ufrag and colon and page_ufrag) or transaction_id is None:
        raise VoiceError("voice.stun", "USERNAME without both names")
    return BindingRequest(transaction_id, leg_ufrag, page_ufrag, parsed)


def _attribute_types(data: bytes) -> list[int]:
    """The types of the attributes, which must fill the octets exactly.

    The codec forgives a length beyond the end; behind MESSAGE-INTEGRITY, where
    nothing is proven, that would let changed octets through.
    """
    types = []
    at = _HEADER_SIZE
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("!HH", data, at)
        types.append(kind)
        at += 4 + size + -size % 4
    if at != len(data):
        raise VoiceError("voice.stun", "attributes do not fill the octets")
    return types


def is_proven(request: BindingRequest, password: str) -> bool:
    """Whether the sender of the request holds the leg's password."""
    try:
        return bool(request.parsed.check_message_integrity(password.encode()))
    except _CODEC_ERRORS:
        return False


def same_name(left: str, right: str) -> bool:
    """Compare two names without telling by the time taken where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())


def build_response(request: BindingRequest, address: tuple[str, int], password: str) -> bytes:
    """The success response: where we saw the request come from, proven by the password.

    Raises:
        VoiceError: ``voice.stun`` if the address cannot be written.
    """
    response = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.RESPONSE,
        transaction_id=request.transaction_id,
        attributes={"XOR-MAPPED-ADDRESS": address},
    )
    try:
        response.add_message_integrity(password.encode())
        return bytes(response)
    except _CODEC_ERRORS as error:
        raise VoiceError("voice.stun", "address that cannot be written") from error
