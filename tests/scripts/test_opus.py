"""The size of a clip as Opus: its packets alone, as they are really encoded."""

import numpy as np
import pytest
import soundfile

from scripts.evaluation import opus

RNG = np.random.default_rng(3)


def vowels(seconds: float) -> np.ndarray:
    """Something like a voice: a buzz with a moving pitch, louder and softer; int16 (N,)."""
    time_s = np.arange(int(16_000 * seconds)) / 16_000
    phase = np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * time_s)) / 16_000
    loudness = 4000 * (1.1 + np.sin(2 * np.pi * 3 * time_s))
    return (loudness * (2 * (phase % 1) - 1) + RNG.normal(0, 50, len(time_s))).astype(np.int16)


def encoded(samples: np.ndarray) -> float:
    found = opus.encoded_bytes(samples)
    if found is None:
        pytest.skip("soundfile before 0.13, or libsndfile without Opus")
    return found


def test_a_voice_takes_about_its_nominal_rate() -> None:
    samples = vowels(8.0)
    assert opus.nominal_bytes(samples) == 24_000
    assert encoded(samples) == pytest.approx(24_000, rel=0.25)


def test_silence_takes_less_and_longer_sound_takes_more() -> None:
    assert encoded(np.zeros(32_000, np.int16)) < encoded(vowels(2.0)) < encoded(vowels(4.0))


def test_nothing_and_very_little_sound_do_not_break_it() -> None:
    assert 0 <= encoded(np.zeros(0, np.int16)) <= encoded(np.zeros(10, np.int16)) < 200


def test_an_old_soundfile_cannot_do_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: object, format: str, subtype: str) -> None:
        """As of soundfile 0.12: it knows no compression level."""

    monkeypatch.setattr(soundfile, "write", write)
    assert opus.encoded_bytes(np.zeros(100, np.int16)) is None
