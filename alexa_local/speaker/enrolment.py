"""Learning a voice: sentence by sentence, each refused at once that is of no use or of somebody else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import UsageError, VoiceRefused
from alexa_local.frontend import log_mel
from alexa_local.messages import Voice
from alexa_local.speaker.comparing import Embedder, same_person, together, voice_of
from alexa_local.speaker.profiles import Profile
from alexa_local.speaker.quality import check

LEAST_SENTENCE_S, LEAST_ALL_S = 1.0, 5.0
"""Seconds of speech, of a sentence and of all together."""

PART_S = 3.0
"""Long recordings are cut into parts of about so much speech."""

LEAST_HALF_S = 0.8
"""Seconds of speech from which on parts of a sentence are compared with each other."""

OTHERS = 0.2
"""Least probability that two parts are one person's; so hardly any is lost of people not trained on."""

MOST_NAME_LETTERS = 40

_STEP_FRAMES = 20


class Enrolment:
    """The sentences of one person so far; what was refused left no trace in it.

    Attributes:
        voices: of the sentences, or of the parts of longer recordings.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.voices: list[Voice] = []
        self._embedder = embedder

    @property
    def speech_s(self) -> float:
        """Seconds of speech so far."""
        return sum(voice.speech_s for voice in self.voices)

    def add(self, samples: NDArray[np.int16]) -> float:
        """Take a sentence, or a longer recording.

        Args:
            samples: int16 (N,), 16 kHz mono.

        Returns:
            Seconds of speech in it.

        Raises:
            VoiceRefused: nobody's voice can be learned from it, or it is of two people, or of another person
                than what came before; the message tells what to do.
        """
        check(samples)
        frames = log_mel(samples)
        whole = voice_of(self._embedder, frames)
        if whole is None or whole.speech_s < LEAST_SENTENCE_S:
            said_s = whole.speech_s if whole else 0.0
            raise VoiceRefused(f"There are only {said_s:.1f} s of speech in it. Say a whole sentence.")
        parts = self._parts(frames, whole.speech_s)
        self._check_one_person(parts)
        if self.voices and same_person(self._embedder, whole, together(self.voices)) < OTHERS:
            raise VoiceRefused(
                "It sounds like another person than what came before. Say it again yourself, while nobody "
                "else speaks; if it was you, begin again from the first sentence."
            )
        self.voices += parts if whole.speech_s > 2 * PART_S else [whole]
        return whole.speech_s

    def profile(self, name: str, now_s: float) -> Profile:
        """What was learned.

        Raises:
            VoiceRefused: there is too little speech yet.
        """
        if self.speech_s < LEAST_ALL_S:
            raise VoiceRefused(
                f"There are only {self.speech_s:.1f} s of speech in all, and it takes {LEAST_ALL_S:.0f}. "
                "Give more sentences."
            )
        rows = np.stack([voice.embedding for voice in self.voices])
        return Profile(name, self._embedder.version, now_s, rows)

    def _check_one_person(self, parts: list[Voice]) -> None:
        for at, part in enumerate(parts):
            others = [*parts[:at], *parts[at + 1 :]]
            if others and same_person(self._embedder, part, together(others)) < OTHERS:
                raise VoiceRefused(
                    "Two people seem to speak in it, or a television. Record it again while nobody else is "
                    "heard."
                )

    def _parts(self, frames: NDArray[np.float32], speech_s: float) -> list[Voice]:
        """The voices of halves, or of more parts of a longer recording; none of a short sentence."""
        count = max(2, round(speech_s / PART_S))
        if speech_s < 2 * LEAST_HALF_S:
            return []
        voices = [voice_of(self._embedder, part) for part in self._cut(frames, speech_s / count)]
        return [voice for voice in voices if voice and voice.speech_s >= LEAST_HALF_S]

    def _cut(self, frames: NDArray[np.float32], every_s: float) -> Iterator[NDArray[np.float32]]:
        """Cut frames wherever so much speech has come."""
        bounds, wanted_s = [0], every_s
        self._embedder.reset()
        for first in range(0, len(frames), _STEP_FRAMES):
            self._embedder.push(frames[first : first + _STEP_FRAMES])
            if self._embedder.speech_s >= wanted_s:
                bounds.append(min(first + _STEP_FRAMES, len(frames)))
                wanted_s += every_s
        if len(frames) - bounds[-1] > _STEP_FRAMES:
            bounds.append(len(frames))
        for start, end in itertools.pairwise(bounds):
            yield frames[start:end]


def checked_name(name: str) -> str:
    """A person's name without spaces that nobody says.

    Raises:
        UsageError: it is none.
    """
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME_LETTERS or not any(letter.isalpha() for letter in name):
        raise UsageError(f"{name!r} is no name. Give one of up to {MOST_NAME_LETTERS} letters, such as Anna.")
    if any(not (letter.isalpha() or letter in " '’.-") for letter in name):
        raise UsageError(f"{name!r} has signs that nobody says. Give a name of letters, such as Anna.")
    return name
