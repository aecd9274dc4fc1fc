"""Who speaks a request: an open set, in which strangers stay unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import Talker, Voice
from alexa_local.speaker.comparing import Embedder, heard, likeness, same_person, voice_of
from alexa_local.speaker.profiles import Profile

ANOTHER = 0.05
"""Least probability that an answer is by whoever was asked; below, it surely is somebody else's."""


class SpeakerIdentifier:
    """Listens along with the pipeline; as long as nobody is known it only keeps the frames of the request.

    Those are looked at when a question was asked and somebody answers: see `may_answer`.

    Attributes:
        people: those who are known; set it from any thread.
    """

    people: tuple[Profile, ...]

    def __init__(self, embedder: Embedder) -> None:
        self.people = ()
        self._embedder = embedder
        self._known: tuple[Profile, ...] = ()
        self._frames: list[NDArray[np.float32]] = []

    def know(self, people: Iterable[Profile]) -> list[str]:
        """Know these people from the next request on; returns the names of those who have to enrol again."""
        people = tuple(people)
        self.people = tuple(one for one in people if one.version == self._embedder.version)
        return [one.name for one in people if one.version != self._embedder.version]

    def begin(self, wake: NDArray[np.float32]) -> None:
        """A request begins, with the wake word's frames, float32 (T, 64)."""
        self._known = self.people
        self._frames = []
        if self._known:
            self._embedder.reset()
        self.push(wake)

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take the request's next frames, float32 (T, 64)."""
        if self._known:
            self._embedder.push(frames)
        else:
            self._frames.append(frames)

    def tell(self, talker: Talker) -> Talker:
        """Add who it is, as far as that is sure."""
        if not self._known:
            return replace(talker, voice=self._later(tuple(self._frames)))
        voice = heard(self._embedder)
        talker = replace(talker, voice=lambda: voice)
        found = likeness(self._embedder, voice, self._known) if voice else None
        if found is None:
            return talker
        if found.probability >= self._embedder.known_probability:
            is_sure = found.probability >= self._embedder.sure_probability
            return replace(talker, person=found.person, person_confidence=found.probability, is_sure=is_sure)
        if found.stranger >= self._embedder.known_probability:
            return replace(talker, person="", person_confidence=found.stranger)
        return talker

    def may_answer(self, asked: Talker, answering: Talker) -> bool:
        """Whether an answer may be by whoever was asked; also where there is too little speech to tell."""
        known = asked.person, answering.person
        if None not in known and known != ("", ""):
            return asked.person == answering.person
        one, other = (talker.voice() if talker.voice else None for talker in (asked, answering))
        if one is None or other is None:
            return True
        return same_person(self._embedder, one, other) >= ANOTHER

    def _later(self, frames: tuple[NDArray[np.float32], ...]) -> Callable[[], Voice | None]:
        """The voice in frames, made when somebody asks: between requests, in the thread of the pipeline."""
        return lambda: voice_of(self._embedder, np.concatenate(frames)) if frames else None
