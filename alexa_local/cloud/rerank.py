"""Reads a lattice again: its likeliest readings, ranked by the search's scores and a language model's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp
from typing import Protocol

from alexa_local.cloud.language_model import Float
from alexa_local.errors import LatticeError, ModelError
from alexa_local.messages import Hypothesis, Lattice
from alexa_local.models import Model
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_readings import log_sum
from alexa_local.recognise.rescore import Mix

MOST_ARCS = 4000
"""A request's lattice has some hundred arcs; one of more than these is no request's."""

READINGS = 50
"""Of a lattice, the likeliest that are ranked anew."""


class SentenceModel(Protocol):
    """What ranks: `LanguageModel`, or a test's own."""

    def log_probabilities(self, texts: list[str]) -> Float:
        """Natural log of each sentence's probability."""


@dataclass(frozen=True)
class Reading:
    """A reading with what is for it.

    Attributes:
        text: its words.
        search: natural log, what the device's search says: sound, names, and its language model as mixed.
        model: natural log of its probability as a sentence.
    """

    text: str
    search: float
    model: float

    def score(self, mix: Mix) -> float:
        """All together, natural log."""
        return self.search + mix.model * self.model + mix.word * len(self.text.split())


class Reranker:
    """A language model and how it is mixed with the search's scores."""

    def __init__(self, model: SentenceModel, mix: Mix, readings: int = READINGS) -> None:
        self._model = model
        self._mix = mix
        self._readings = readings

    def readings(self, lattice: Lattice) -> list[Reading]:
        """The likeliest readings by the search, each with both scores.

        Raises:
            LatticeError: the lattice is larger than any request's.
        """
        if len(lattice.arcs) > MOST_ARCS:
            raise LatticeError(f"The lattice has {len(lattice.arcs)} arcs. Send at most {MOST_ARCS}.")
        arcs = tuple(replace(arc, language=self._mix.search * arc.language) for arc in lattice.arcs)
        found = n_best(Lattice(lattice.times_s, arcs), self._readings)
        scores = self._model.log_probabilities([one.text for one in found])
        return [Reading(one.text, one.score, float(score)) for one, score in zip(found, scores, strict=True)]

    def rerank(self, lattice: Lattice) -> tuple[list[Hypothesis], float]:
        """The readings, best first, with natural logs of their probabilities; and that of the best, 0 to 1.

        Raises:
            LatticeError: the lattice is larger than any request's.
        """
        scored = sorted(((one.score(self._mix), one.text) for one in self.readings(lattice)), reverse=True)
        total = log_sum([score for score, _ in scored])
        found = [Hypothesis(text, min(0.0, score - total)) for score, text in scored]
        return found, exp(found[0].score)


def mix_of(model: Model) -> Mix:
    """How the model was found to be mixed with the search's scores; its manifest says it.

    Raises:
        ModelError: it does not.
    """
    try:
        mix = model.info["mix"]
        return Mix(float(mix["search"]), float(mix["model"]), float(mix["word"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"The manifest of {model.folder} does not say how to mix ({error}). Export the model anew."
        ) from error
