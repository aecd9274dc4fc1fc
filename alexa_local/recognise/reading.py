"""The likeliest reading of a stretch of sound that the encoder has heard already, whatever comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from alexa_local.recognise.networks import Networks, Vector
from alexa_local.recognise.search import BeamSearch, Reading

_BEAM = 8


def best_reading(networks: Networks, encoded: Sequence[Vector]) -> float:
    """The log-probability of the best reading, by the networks alone.

    Args:
        networks: the recogniser's.
        encoded: the encoder's vectors, each (1, joint).
    """

    def scores(one: Vector, readings: list[Reading]) -> Vector:
        return networks.log_probabilities(one, [labels for labels, _ in readings])

    search = BeamSearch(_BEAM, networks.context)
    for one in encoded:
        search.advance(partial(scores, one))
    return search.best.score
