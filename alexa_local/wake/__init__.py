"""The wake word "Alexa", heard in the shared features.

WakeWord(model, threshold=None).push(frames (T, 64)) -> list[Detection]; .reset()
Detection(start_frame, end_frame, score)         frames since the last reset
scan(samples int16 (N,), wake_word) -> list[Detection]     a whole recording
"""

from alexa_local.wake.detector import Detection, WakeWord, scan

__all__ = ["Detection", "WakeWord", "scan"]
