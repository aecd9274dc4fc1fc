"""Tells whispers from voices."""

from alexa_local.whisper.detector import WhisperDetector

__all__ = ["WhisperDetector"]
