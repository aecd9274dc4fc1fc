"""Enrolment: what nobody's voice can be learned from is refused, with what to do, and leaves no trace."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from alexa_local.errors import UsageError, VoiceRefused
from alexa_local.messages import SAMPLE_RATE
from alexa_local.speaker.enrolment import Enrolment, checked_name
from alexa_local.testing.voices import PitchEmbedder, hum

ANNA_HZ, BEN_HZ = 400.0, 1500.0


def telephone(samples: np.ndarray) -> np.ndarray:
    there = soxr.resample(samples, SAMPLE_RATE, 8000)
    return soxr.resample(there, 8000, SAMPLE_RATE)


def bad_recordings() -> dict[str, tuple[np.ndarray, str]]:
    """Recordings with what is said about them."""
    voice = hum(ANNA_HZ)
    noise = np.random.default_rng(1).standard_normal(len(voice)) * 3000
    return {
        "silence": (np.zeros(32_000, np.int16), "only silence"),
        "quiet": ((voice * 0.02).astype(np.int16), "too quiet"),
        "clipped": (np.clip(voice.astype(int) * 20, -32768, 32767).astype(np.int16), "cut off"),
        "clipped before it was made quieter": (
            np.clip(voice.astype(int), -2000, 2000).astype(np.int16),
            "cut off",
        ),
        "telephone": (telephone(voice), "4 kHz"),
        "noise": (np.clip(voice + noise, -32768, 32767).astype(np.int16), "noise"),
        "short": (voice[:16_000], "s of speech"),
        "very short": (voice[:4_000], "half a second"),
        "two people": (np.concatenate([hum(ANNA_HZ), hum(BEN_HZ)]), "Two people"),
        "empty": (voice[:0], "half a second"),
    }


@pytest.mark.parametrize("what", bad_recordings())
def test_what_is_of_no_use_is_refused_with_what_to_do(what: str) -> None:
    samples, reason = bad_recordings()[what]
    enrolment = Enrolment(PitchEmbedder())
    with pytest.raises(VoiceRefused, match=reason) as refused:
        enrolment.add(samples)
    assert str(refused.value).count(".") >= 1 and enrolment.voices == []


def test_five_sentences_make_a_profile() -> None:
    enrolment = Enrolment(PitchEmbedder(version=3))
    for seed in range(5):
        assert enrolment.add(hum(ANNA_HZ + seed, seed=seed)) > 1.0
    profile = enrolment.profile("Anna", 5.0)
    assert (profile.name, profile.version, len(profile.embeddings)) == ("Anna", 3, 5)
    assert np.linalg.norm(profile.mean) == pytest.approx(1.0, abs=1e-5)


def test_the_third_sentence_by_somebody_else_is_refused_and_the_others_are_kept() -> None:
    enrolment = Enrolment(PitchEmbedder())
    for seed in range(2):
        enrolment.add(hum(ANNA_HZ, 3.0, seed=seed))
    with pytest.raises(VoiceRefused, match="another person"):
        enrolment.add(hum(BEN_HZ))
    assert len(enrolment.voices) == 2
    enrolment.add(hum(ANNA_HZ))
    assert len(enrolment.profile("Anna", 0.0).embeddings) == 3


def test_too_little_speech_in_all_is_refused() -> None:
    enrolment = Enrolment(PitchEmbedder())
    enrolment.add(hum(ANNA_HZ))
    with pytest.raises(VoiceRefused, match="more sentences"):
        enrolment.profile("Anna", 0.0)


def test_one_long_recording_counts_as_several_sentences() -> None:
    enrolment = Enrolment(PitchEmbedder())
    enrolment.add(hum(ANNA_HZ, 20.0))
    assert 4 <= len(enrolment.profile("Anna", 0.0).embeddings) <= 6


@pytest.mark.parametrize("name", ["", "  ", "7", "a" * 41, "Anna\n../x", "<b>"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        checked_name(name)


@pytest.mark.parametrize(
    ("name", "kept"), [(" Anna  Maria ", "Anna Maria"), ("Zoë", "Zoë"), ("O'Neil", "O'Neil")]
)
def test_a_name_is_kept_as_it_is_said(name: str, kept: str) -> None:
    assert checked_name(name) == kept
