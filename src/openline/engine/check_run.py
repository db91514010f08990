"""One line check while it runs, as one side sees it (spec/check, section 2)."""

from dataclasses import dataclass, field
from typing import Final

from openline.protocol.checks import Ready
from openline.record.checks import Result, Role, TextWord, VoiceWord

ARM_MS: Final = 3_000
"""A page that does not say within so long that it listens cannot take part."""

ANSWER_MS: Final = 10_000
"""So long the beginner waits for the other side's first word."""

TEXT_MS: Final = 20_000
CHIRP_MS: Final = 15_000
GRACE_MS: Final = 3_000
"""The other side is done: what is on its way may still come."""

RUN_MS: Final = 45_000
HOLD_MS: Final = 500
"""Between the end of a chirp and its answer: what every page can keep."""


@dataclass(slots=True)
class Run:
    """See the module.

    Attributes:
        wants_words: it renews the challenge words. text, voice: None while they run.
        text_no: number of the text that this side writes. written_ms: when it was given to the
            record. index: where it stands there, once it does. of: index of the peer's.
        desk: of ours, that sounds. unfit: of ours, that were asked to and did not. ready: what we
            say of it. heard: desks of ours that heard.
        peer_ready, peer_open: the other side's word. closing_ms: it is done; we end then.
    """

    check: bytes
    begins: bool
    slot: int
    started_ms: int
    wants_words: bool = False
    text: TextWord | None = None
    text_ms: int | None = None
    text_no: int = 1
    written_ms: int | None = None
    index: int | None = None
    of: int | None = None
    voice: VoiceWord | None = None
    voice_ms: int | None = None
    desk: bytes | None = None
    unfit: set[bytes] = field(default_factory=set)
    ready: Ready = Ready.UNKNOWN
    armed: bool = False
    chirped_ms: int | None = None
    heard: set[bytes] = field(default_factory=set)
    peer_ready: Ready = Ready.UNKNOWN
    peer_open: bool = False
    closing_ms: int | None = None

    @property
    def role(self) -> Role:
        """Ours."""
        return "beginner" if self.begins else "answerer"

    @property
    def done(self) -> bool:
        """Text and voice have ended."""
        return self.text is not None and self.voice is not None

    @property
    def no_desk(self) -> VoiceWord:
        """The word for our having no desk that can take part."""
        return VoiceWord.NO_DESK_BEGINNER if self.begins else VoiceWord.NO_DESK_ANSWERER

    @property
    def peer_no_desk(self) -> VoiceWord:
        """The word for the other side's having none."""
        return VoiceWord.NO_DESK_ANSWERER if self.begins else VoiceWord.NO_DESK_BEGINNER

    def close(self, text: TextWord, voice: VoiceWord) -> None:
        """It ends: parts that still run get these words, as far as nothing better is known."""
        self.text = self.text or text
        if self.voice is not None:
            return
        if voice is VoiceWord.NOT_HEARD and self.heard:
            voice = VoiceWord.ONE_WAY
        elif voice is VoiceWord.NOT_HEARD and self.chirped_ms is None:
            voice = VoiceWord.NOT_ANSWERED
        self.voice = voice

    def result(self, *, disclosed: bool, words: str) -> Result:
        """What this side writes of it."""
        return Result(
            check=self.check,
            slot=self.slot,
            role=self.role,
            text=self.text or TextWord.INTERRUPTED,
            voice=self.voice or VoiceWord.INTERRUPTED,
            text_ms=self.text_ms,
            voice_ms=self.voice_ms,
            desks=len(self.heard) if disclosed else None,
            words=words,
        )
