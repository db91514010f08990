"""What each side declares: whether it records, and whether an interpreter is there (spec/call, 12).

Our own word changes by an officer's act or by a new setting of the post, never otherwise; each
change of it for recording stands in the record. Without contact the peer's word is unknown.
"""

from typing import Final

from openline.engine.authoring import Wish
from openline.engine.context import Context
from openline.engine.desk import ViewChanged
from openline.engine.desk_spoken import DeclaredView
from openline.engine.keeper import Keeper
from openline.errors import OpenlineError, RecordError
from openline.protocol import control
from openline.protocol.clock import Now
from openline.protocol.control import ControlOut
from openline.protocol.delivery import DISCLOSURE_ATTENDED
from openline.protocol.frames import FrameClass
from openline.protocol.spoken import (
    ETA_SECONDS_MAX,
    INTERPRETER_WORDS,
    RECORDING_WORDS,
    Declared,
    InterpreterWord,
    RecordingWord,
    declared_payload,
    parse_declared,
)
from openline.record.bodies import KIND_DECLARE, declare_body
from openline.record.cbor import Value, as_text, decode_list, encode

META_DECLARED: Final = "declared"
_META_BYTES_MAX: Final = 64
DEFAULT: Final[RecordingWord] = "per_call"
"""What stands while the record holds no declaration."""


class Declarations:
    """Both sides' word."""

    def __init__(
        self, ctx: Context, out: ControlOut, keeper: Keeper, meta: dict[str, bytes], now: Now
    ) -> None:
        """What an officer declared stands on, until the post's setting is another one."""
        self._ctx = ctx
        self._out = out
        self._keeper = keeper
        self._peer: Declared | None = None
        self._peer_due_ms = 0
        self._interpreter: InterpreterWord = ""
        self._due_ms = 0
        self.now = False
        self._said_now: bool | None = None
        setting, stood = _stored(meta.get(META_DECLARED, b""))
        self.recording: RecordingWord = stood
        if setting != ctx.settings.recording:
            self._change(ctx.settings.recording, now, by_officer=False)

    @property
    def _disclosed(self) -> bool:
        return self._ctx.genesis.disclosure >= DISCLOSURE_ATTENDED

    # --- our own -------------------------------------------------------------------------------

    def say_now(self, now: Now) -> None:
        """Say whether we record, if that was not what was said last."""
        if self.now is not self._said_now:
            self.say(now)

    def say(self, now: Now) -> None:
        """Say what stands, if anything of it changed."""
        self._said_now = self.now
        frame = self._out.set(control.DECLARED, self._payload(now))
        if frame is not None:
            self._ctx.send(FrameClass.CONTROL, frame)
            self._ctx.desks(ViewChanged())

    def _payload(self, now: Now) -> Value:
        left_s = max(0, self._due_ms - now.mono_ms) // 1000
        declared = Declared(self.recording, self.now, self._interpreter, left_s)
        return declared_payload(declared, disclosed=self._disclosed)

    def declare_recording(self, word: str, now: Now) -> bool:
        """An officer's act; True if it changed something.

        Raises:
            RecordError: ``recording.word``, or why the record cannot take it; nothing changed.
        """
        for known in RECORDING_WORDS:
            if known == word:
                if known == self.recording:
                    return False
                self._change(known, now, by_officer=True)
                return True
        raise RecordError("recording.word", word)

    def _change(self, word: RecordingWord, now: Now, *, by_officer: bool) -> None:
        wish = Wish(kind=KIND_DECLARE, body=declare_body(word), by_officer=by_officer)
        if word != self.recording:
            try:
                self._keeper.write(wish, None, "", now)
            except OpenlineError:
                if by_officer:
                    raise  # an act that the record does not take is no act
        self.recording = word
        self._keeper.meta[META_DECLARED] = encode([self._ctx.settings.recording, word])

    def declare_interpreter(self, word: str, eta_s: int, now: Now) -> None:
        """An officer's own statement.

        Raises:
            RecordError: ``recording.interpreter``.
        """
        known = next((item for item in INTERPRETER_WORDS if item == word), None)
        if known is None or not 0 <= eta_s <= ETA_SECONDS_MAX or (known == "eta" and eta_s == 0):
            raise RecordError("recording.interpreter", word)
        self._interpreter = known
        self._due_ms = now.mono_ms + 1000 * eta_s if known == "eta" else 0

    def again(self, now: Now) -> None:
        """A time that was said long ago is said anew, with what is left of it."""
        if self._interpreter == "eta":
            self.say(now)

    def own_view(self, now: Now) -> DeclaredView:
        """Our own word."""
        return DeclaredView(
            recording=self.recording,
            now=self.now,
            interpreter=self._interpreter,
            eta_ms=self._due_ms - now.mono_ms if self._interpreter == "eta" else None,
        )

    # --- the peer's ----------------------------------------------------------------------------

    def peer_says(self, payload: Value, now: Now) -> None:
        """The CONTROL object ``declared``.

        Raises:
            OpenlineError: ``protocol.declared`` or ``record.encoding``; nothing changed.
        """
        self._peer = parse_declared(payload, disclosed=self._disclosed)
        self._peer_due_ms = now.mono_ms + 1000 * self._peer.eta_s

    def peer_restarted(self) -> None:
        """Its word was that of an earlier start."""
        self._peer = None

    def peer_view(self, now: Now, *, contact: bool) -> DeclaredView:
        """The peer's word; not known without contact."""
        peer = self._peer
        if peer is None or not contact:
            return DeclaredView(recording="")
        return DeclaredView(
            recording=peer.recording,
            now=peer.now,
            interpreter=peer.interpreter,
            eta_ms=self._peer_due_ms - now.mono_ms if peer.interpreter == "eta" else None,
        )


def _stored(raw: bytes) -> tuple[RecordingWord, RecordingWord]:
    """The setting at the last change, and what stood then."""
    if not raw:
        return DEFAULT, DEFAULT
    try:
        words = [as_text(item, 16) for item in decode_list(raw, _META_BYTES_MAX, 2)]
    except OpenlineError:
        return DEFAULT, DEFAULT
    found = [known for word in words for known in RECORDING_WORDS if known == word]
    return (found[0], found[1]) if len(found) == len(words) else (DEFAULT, DEFAULT)
