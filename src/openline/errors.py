"""Every error that crosses a room, with one stable code each.

A code names the room that found the fault and the fault (``record.fork``). The
same code stands in the protocol's closing frame, in the desk's API, as the key
``error.CODE`` of the catalogue of user-visible words, and picks the exit status
of the command line. The text for people is written once per language, from the
code; ``detail`` is for diagnostics and carries no secret and no body of a text.
"""

from typing import Final


class OpenlineError(Exception):
    """Base of all errors with a stable code.

    Args:
        code: the stable code, ``room.fault``.
        detail: what exactly was wrong, in English, for diagnostics.
        **facts: values that the catalogue's sentence may name.
    """

    def __init__(self, code: str, detail: str = "", **facts: str | int) -> None:
        """See the class."""
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code: Final = code
        self.detail: Final = detail
        self.facts: Final = facts


class LocalProtocolError(OpenlineError):
    """Our own side asked for something that the protocol does not allow."""


class PeerProtocolError(OpenlineError):
    """The peer broke the protocol; its channel ends, the rest goes on."""


class RecordError(OpenlineError):
    """Bytes that do not belong into the common record."""


class SignatureError(RecordError):
    """A signature or key that does not hold."""


class ProofError(RecordError):
    """A root, hash chain or proof that does not hold."""


class ForkError(RecordError):
    """Two signed heads of one log that cannot both be true."""


class FormError(OpenlineError):
    """A notice that its form does not allow."""


class LinkError(OpenlineError):
    """A connection, packet or path that cannot be used."""


class VoiceError(OpenlineError):
    """A leg, description or packet of media that cannot be used."""


class StoreError(OpenlineError):
    """The disk refused or contradicts itself."""


class ConfigError(OpenlineError):
    """A setting, file or card that cannot be used as it stands."""


class AccessError(OpenlineError):
    """A desk or program that may not do what it asked for."""
