"""Voice: the ICE-lite endpoint of a post's own desks and the relay of their media.

The post relays DTLS, SRTP and SRTCP and never decodes sound. See docs/spec/voice.md.
"""

from openline.voice.cadence import SLOT_MS, CellCadence
from openline.voice.cells import CELL_SIZE, ControlBlock
from openline.voice.endpoint import VoiceEndpoint, VoiceStats
from openline.voice.legs import FarLeg, LegOffer
from openline.voice.pairing import AnswerDesk, Pairing, PairingAction, RenewDesk, SendLeg

__all__ = [
    "CELL_SIZE",
    "SLOT_MS",
    "AnswerDesk",
    "CellCadence",
    "ControlBlock",
    "FarLeg",
    "LegOffer",
    "Pairing",
    "PairingAction",
    "RenewDesk",
    "SendLeg",
    "VoiceEndpoint",
    "VoiceStats",
]
