"""Attention to a catalogue's phrases: the recogniser listens for them, in its sound and in its labels.

A phrase has a vector for each place in it. At each step and for each reading, the attention compares the
encoder's and the prediction network's states with the places that can come next in the phrases that the
reading is saying or that its words announce, and with an entry for no bias, and makes the pieces of the
places that it finds likelier. What is announced and said, a phrase graph tells (as the trees of Sun et al.
2021, "Tree-constrained pointer generator", do)
(`scripts.training.attention.model` tells where this comes from). The weights run in TFLite; the comparison
with the places, whose number changes, is a product of matrices and is done here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.messages import PhraseClass
from alexa_local.models import Model
from alexa_local.recognise.bias import MOST_PHRASES, PhraseGraph, State
from alexa_local.recognise.phrase_vectors import PLACE_PIECES, PhraseVectors, Place
from alexa_local.tflite import load

Vector = NDArray[np.float32]
Labels = tuple[int, ...]
Phrase = tuple[int, ...]

MOST_PIECES = 24
"""Pieces of a phrase that are looked at."""


def by_context(phrases: Iterable[Phrase]) -> dict[tuple[int, int], list[Place]]:
    """The places inside phrases, each once, by the two pieces before them; (0, 0) where phrases begin.

    Those of (0, b) are second in their phrases: they follow b, whatever is before it.
    """
    found: dict[tuple[int, int], dict[Place, None]] = {}
    for phrase in phrases:
        padded = (0, 0, *phrase, 0)
        for place in zip(padded, padded[1:], phrase, padded[3:], strict=False):
            found.setdefault(place[:2], {})[place] = None
    return {context: list(some) for context, some in found.items()}


class AttentionNetworks:
    """The weights, shared by all catalogues of one model.

    Attributes:
        trust: float32 (heads, 1), what the joint's log-probability of a piece counts in a place's score.
        past: shape of what a query from sound knows of the steps before.
        weights: names the context encoder's weights.
    """

    def __init__(self, model: Model) -> None:
        """Load them from a model whose manifest has a section `attention`.

        Raises:
            ModelError: a file is missing or does not fit this program.
        """
        about = model.info["attention"]
        self._context, self._sound, self._label, self._values = (
            load(model.path(f"attention-{part}.tflite")) for part in ("context", "sound", "label", "values")
        )
        try:
            self.trust = np.array(about["trust"], np.float32)[:, None]
            (wide,) = self._context.inputs["pieces"]
            self._rows = wide // PLACE_PIECES
            (self._pieces,) = self._values.inputs["pieces"]
            self.past = self._sound.inputs["past"]
            self.weights = str(model.info["files"]["attention-context.tflite"]["sha256"])
        except (KeyError, ValueError, TypeError) as error:
            raise ModelError(
                f"The attention of model {model.name} does not fit this program ({error}). "
                "Reinstall the package."
            ) from error

    def encode(self, places: Sequence[Place]) -> Vector:
        """Keys (N, heads * key) of places."""
        windows = np.array(places, np.int32).reshape(-1, PLACE_PIECES)
        padded = np.concatenate([windows, np.zeros((-len(windows) % self._rows, PLACE_PIECES), np.int32)])
        blocks = np.split(padded, len(padded) // self._rows)
        parts = [self._context.run(pieces=block.ravel())["keys"] for block in blocks]
        return np.concatenate(parts)[: len(windows)]

    @cached_property
    def values(self) -> Vector:
        """What full attention adds to each piece's logit, and in row 0 to blank's, (pieces, heads), nats."""
        return self._values.run(pieces=np.arange(self._pieces, dtype=np.int32))["values"]

    def query_sound(self, encoded: Vector, past: Vector) -> tuple[Query, Vector]:
        """The part of the query that the sound up to the encoder's vector (1, joint) makes; the new past."""
        out = self._sound.run(encoded=encoded, past=past)
        return Query(out["query"].reshape(len(self.trust), -1), out["nothing"]), out["past_out"]

    def query_label(self, predicted: Vector) -> Query:
        """The other part, for the prediction network's vector (joint,)."""
        out = self._label.run(predicted=predicted[None])
        return Query(out["query"].reshape(len(self.trust), -1), out["nothing"])


@dataclass(frozen=True)
class Query:
    """What is looked for: `heads`, float32 (heads, key), and the no-bias entry's scores, (heads, 1)."""

    heads: Vector
    nothing: Vector

    def __add__(self, other: Query) -> Query:
        return Query(self.heads + other.heads, self.nothing + other.nothing)


@dataclass(frozen=True)
class Catalogue:
    """Phrases as pieces.

    Attributes:
        phrases: each once, cut to what the networks look at, in order.
        names: how each is written.
        unspelled: those that no pieces spell.
        left_out: how many were too many.
    """

    phrases: tuple[Phrase, ...]
    names: tuple[str, ...]
    unspelled: tuple[str, ...]
    left_out: int


def spell_catalogue(classes: Iterable[PhraseClass], spell: Callable[[str], Phrase]) -> Catalogue:
    """The phrases of all classes, MOST_PHRASES of them at most."""
    names = list(dict.fromkeys(phrase for each in classes for phrase in each.phrases))
    spelled: dict[Phrase, str] = {}
    unspelled = []
    for name in names[:MOST_PHRASES]:
        words = [spell(word) for word in name.split()]
        if words and all(words):
            spelled.setdefault(tuple(itertools.chain.from_iterable(words))[:MOST_PIECES], name)
        else:
            unspelled.append(name)
    left_out = max(0, len(names) - MOST_PHRASES)
    return Catalogue(tuple(spelled), tuple(spelled.values()), tuple(unspelled), left_out)


class Attention:
    """The attention to one catalogue, for any number of streams in one thread.

    Attributes:
        catalogue: what it listens for; at least one phrase.
    """

    def __init__(
        self,
        networks: AttentionNetworks,
        predict: Callable[[Labels], Vector],
        catalogue: Catalogue,
        graph: PhraseGraph,
        vectors: PhraseVectors,
    ) -> None:
        """Encode the places of the phrases, as far as their vectors are not known.

        Args:
            networks: the weights.
            predict: the prediction network, from a label context to float32 (joint,).
            catalogue: the phrases.
            graph: of the same phrases; its states say which of them may go on or begin.
            vectors: of the places of earlier catalogues.
        """
        self.catalogue = catalogue
        self._networks, self._predict = networks, predict
        known = itertools.chain.from_iterable(by_context(catalogue.phrases).values())
        self._numbers = {place: number for number, place in enumerate(known)}
        self._keys = _by_head(vectors.of(list(self._numbers)), len(networks.trust))
        self._pieces = np.array([place[2] for place in self._numbers], np.intp)
        self.graph = graph
        self._query_label = lru_cache(maxsize=2048)(self._ask_label)
        self._following = lru_cache(maxsize=32)(self._follow)
        self._next_places = lru_cache(maxsize=64)(self._find_places)

    def start(self) -> Vector:
        """What a stream knows of its sound before the first step."""
        return np.zeros(self._networks.past, np.float32)

    def hear(self, encoded: Vector, past: Vector) -> tuple[Query, Vector]:
        """What the sound up to a step, its vector (1, joint) the last, looks for; the new past."""
        return self._networks.query_sound(encoded, past)

    def added(self, sound: Query, labels: Labels, state: State, log_p: Vector) -> Vector:
        """What is added to the log-probabilities (pieces,) of a reading, float32 (pieces,).

        Args:
            sound: what `hear` returned.
            labels: the reading's last labels.
            state: where it is in the graph.
            log_p: what the joint says, float32 (pieces,).
        """
        numbers, shares = self._attend(sound, labels, state, log_p)
        pieces, values = self._pieces[numbers], self._networks.values
        nats = np.bincount(pieces, np.einsum("hn,nh->n", shares, values[pieces]), len(values))
        nats[0] = values[0] @ shares.sum(axis=1)
        return nats.astype(np.float32)

    def shares(self, sound: Query, labels: Labels, state: State, log_p: Vector) -> Vector:
        """The heads' mean share of each phrase, that of its best place, float32 (N,)."""
        numbers, shares = self._attend(sound, labels, state, log_p)
        of_places = np.zeros(len(self._numbers), np.float32)
        of_places[numbers] = shares.mean(axis=0)
        places, begins = self._places
        return np.maximum.reduceat(of_places[places], begins)

    @cached_property
    def _places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The places of all phrases, one phrase after the other, and where each begins."""
        each = [
            [self._numbers[place] for some in by_context([phrase]).values() for place in some]
            for phrase in self.catalogue.phrases
        ]
        begins = np.cumsum([0, *map(len, each[:-1])])
        return np.array(list(itertools.chain.from_iterable(each)), np.intp), begins

    def _ask_label(self, labels: Labels) -> Query:
        return self._networks.query_label(self._predict(labels))

    def _attend(
        self, sound: Query, labels: Labels, state: State, log_p: Vector
    ) -> tuple[NDArray[np.intp], Vector]:
        """The places that can come next, (N,), and the heads' shares of them, (heads, N)."""
        numbers, keys = self._following(state)
        if not len(numbers):
            return numbers, np.zeros((len(self._networks.trust), 0), np.float32)
        query = sound + self._query_label(labels)
        scores = _scores(query, keys)
        scores += self._networks.trust * log_p[self._pieces[numbers]]
        return numbers, attend(scores, query.nothing)

    def _follow(self, state: State) -> tuple[NDArray[np.intp], Vector]:
        """The places that can come next in a state of the graph, each once, and their keys.

        Not those that begin phrases which nothing announces: one of thousands always fits a little.
        """
        open_ = self.graph.open(state)
        found = [self._next_places(*each) for each in open_ if each[3] or self.graph.announced(each[0])]
        numbers = np.unique(np.concatenate([np.zeros(0, np.intp), *found]))
        return numbers, self._keys[:, numbers]

    def _find_places(self, number: int, first: int, end: int, said: int) -> NDArray[np.intp]:
        """The places that come next in an interval of a class's phrases."""
        places = set()
        for phrase in self.graph.spelled(number)[first:end]:
            pieces = (0, 0, *map(ord, phrase[:MOST_PIECES]), 0)
            if said < len(pieces) - 3:
                places.add(pieces[said : said + PLACE_PIECES])
        return np.array([self._numbers[place] for place in places if place in self._numbers], np.intp)


def _by_head(rows: Vector, heads: int) -> Vector:
    """(N, heads * size) -> (heads, N, size)."""
    return np.ascontiguousarray(rows.reshape(len(rows), heads, -1).transpose(1, 0, 2))


def _scores(query: Query, keys: Vector) -> Vector:
    """The heads' scores (heads, N) of entries with keys (heads, N, key)."""
    return (keys @ query.heads[:, :, None])[:, :, 0]


def attend(scores: Vector, nothing: Vector) -> Vector:
    """Softmax over entries and one with no bias: the entries' shares, float32 (heads, N).

    Args:
        scores: float32 (heads, N).
        nothing: float32 (heads, 1), of the no-bias entry.
    """
    high = np.maximum(scores.max(axis=1, keepdims=True), nothing)
    weights = np.exp(scores - high)
    return weights / (weights.sum(axis=1, keepdims=True) + np.exp(nothing - high))
