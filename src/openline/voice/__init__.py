"""Voice: the ICE-lite endpoint of a post's own desks and the relay of their media.

The post relays DTLS, SRTP and SRTCP and never decodes sound. See docs/spec/voice.md.
"""

from openline.voice.cadence import SLOT_MS, CellCadence
from openline.voice.cells import CELL_SIZE, ControlBlock
from openline.voice.compare import speech_digits
from openline.voice.endpoint import VoiceEndpoint
from openline.voice.legs import FarLeg, LegOffer
from openline.voice.pairing import AnswerDesk, Pairing, PairingAction, RenewDesk, SendLeg
from openline.voice.pairs import (
    LEGS_BYTES_MAX,
    OWN_SLOT,
    SEAT_COUNT,
    is_pair_slot,
    legs_from_map,
    legs_to_map,
    pair_of,
    seats_of,
)
from openline.voice.stats import VoiceStats

__all__ = [
    "CELL_SIZE",
    "LEGS_BYTES_MAX",
    "OWN_SLOT",
    "SEAT_COUNT",
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
    "is_pair_slot",
    "legs_from_map",
    "legs_to_map",
    "pair_of",
    "seats_of",
    "speech_digits",
]
