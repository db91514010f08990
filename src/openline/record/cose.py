"""COSE_Sign1 (RFC 9052) in the one shape that Openline uses.

Tag 18, protected header exactly ``{1: -19, 4: kid}`` (Ed25519, RFC 9864), unprotected header empty,
payload present, Ed25519 signature. The external_aad names what is signed
(``openline/entry/1``), so a signature for one purpose is none for another (spec/record, section 3).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from openline.errors import RecordError, SignatureError
from openline.record.cbor import encode
from openline.record.keys import key_id, verify_ed25519
from openline.record.limits import ED25519_SIGNATURE_SIZE, KEY_ID_SIZE, SIGN1_BYTES_MAX

Sign = Callable[[bytes], bytes]

CONTEXT_ENTRY: Final = b"openline/entry/1"
CONTEXT_STATEMENT: Final = b"openline/statement/1"
CONTEXT_HELLO: Final = b"openline/hello/1"
CONTEXT_RECEIPT: Final = b"openline/receipt/1"
CONTEXT_GENESIS: Final = b"openline/genesis/1"
CONTEXT_ACCOUNT: Final = b"openline/account/1"

_PROTECTED: Final = bytes.fromhex("a201320450")  # {1: -19, 4: 16 bytes}
_START: Final = bytes.fromhex("d28455") + _PROTECTED  # tag 18, array of 4, 21-byte string
_PAYLOAD_AT: Final = len(_START) + KEY_ID_SIZE
_SIGNATURE_HEAD: Final = bytes.fromhex("5840")
_TAIL_SIZE: Final = len(_SIGNATURE_HEAD) + ED25519_SIGNATURE_SIZE


@dataclass(frozen=True, slots=True)
class Sign1:
    """A parsed, not yet verified COSE_Sign1.

    Attributes:
        raw: the exact bytes. kid: key id, 16 bytes. payload: the signed payload.
    """

    raw: bytes
    kid: bytes
    payload: bytes
    signature: bytes

    def verify(self, public: bytes, context: bytes) -> None:
        """Check key id and signature under ``public`` for the purpose ``context``.

        Raises:
            SignatureError: ``record.key_id`` or ``record.signature``.
        """
        if self.kid != key_id(public):
            raise SignatureError("record.key_id", "signed under another key id")
        verify_ed25519(public, self.signature, signed_bytes(self.kid, self.payload, context))


def signed_bytes(kid: bytes, payload: bytes, context: bytes) -> bytes:
    """The Sig_structure over which the signature is made."""
    return encode(["Signature1", _PROTECTED + kid, context, payload])


def sign1(payload: bytes, public: bytes, context: bytes, sign: Sign) -> bytes:
    """A finished COSE_Sign1.

    Args:
        payload: the bytes to sign.
        public: raw Ed25519 public key of ``sign``, for the kid.
        context: one of the ``CONTEXT_`` constants.
        sign: raw Ed25519 signature of the bytes that it is given.
    """
    kid = key_id(public)
    signature = sign(signed_bytes(kid, payload, context))
    return _START + kid + b"\xa0" + encode(payload) + _SIGNATURE_HEAD + signature


def parse_sign1(data: bytes, size_max: int = SIGN1_BYTES_MAX) -> Sign1:
    """The parts of a COSE_Sign1; nothing is verified yet.

    Raises:
        RecordError: ``record.too_large`` or ``record.encoding``.
    """
    if len(data) > size_max:
        raise RecordError("record.too_large", f"{len(data)} bytes, at most {size_max}")
    if not data.startswith(_START) or len(data) < _PAYLOAD_AT + 2 + _TAIL_SIZE:
        raise RecordError("record.encoding", "not a COSE_Sign1 of the one accepted shape")
    kid = data[len(_START) : _PAYLOAD_AT]
    middle = data[_PAYLOAD_AT:-_TAIL_SIZE]
    if data[-_TAIL_SIZE:-ED25519_SIGNATURE_SIZE] != _SIGNATURE_HEAD:
        raise RecordError("record.encoding", "no 64-byte signature at the end")
    payload = _payload(middle)
    return Sign1(data, kid, payload, data[-ED25519_SIGNATURE_SIZE:])


def _payload(middle: bytes) -> bytes:
    """The payload between the (empty) unprotected header and the signature."""
    for head in (2, 3, 4):  # a0 and the one, two or three bytes of the string's head
        payload = middle[head:]
        if middle == b"\xa0" + encode(payload):
            return payload
    raise RecordError("record.encoding", "unprotected header or payload of another shape")
