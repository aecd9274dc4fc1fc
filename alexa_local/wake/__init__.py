"""The words that call the device: "Alexa" and an owner's own, heard in the shared features.

WakeWord(model, threshold=None).push(frames (T, 64)) -> list[Detection]; .reset(); .while_playing(what)
PhraseSpotter(phrases, networks, ear, best_reading)        the same for phrases that somebody wrote down
WakeWords(hearers)                                         several as one
Verifier(model, encoder)                                   a second opinion on a WakeWord's detections
Detection(start_frame, end_frame, score)                   frames since the last reset; `accepted` tells
scan(samples int16 (N,), hearer) -> list[Detection]        a whole recording
"""

from alexa_local.wake.detector import Detection, WakeWord
from alexa_local.wake.sensitivity import Levels, Playing, Step, levels_at, measured
from alexa_local.wake.spotter import Phrase, PhraseSpotter
from alexa_local.wake.verification import Verifier, fits
from alexa_local.wake.words import Hearer, WakeWords, scan

__all__ = [
    "Detection",
    "Hearer",
    "Levels",
    "Phrase",
    "PhraseSpotter",
    "Playing",
    "Step",
    "Verifier",
    "WakeWord",
    "WakeWords",
    "fits",
    "levels_at",
    "measured",
    "scan",
]
