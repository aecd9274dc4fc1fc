"""Attention to a catalogue's phrases: the recogniser listens for them, in its sound and in its labels.

What the attention finds is added to the encoder's vector and to the prediction network's before the joint
(in the manner of Chang et al. 2021, arXiv 2111.03250; `scripts.training.attention.model` says where we
differ). The weights run in TFLite; the comparison with the phrases, whose number changes, is a product of
matrices and is done here.
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
from alexa_local.recognise.bias import MOST_PHRASES
from alexa_local.recognise.phrase_vectors import Phrase, PhraseVectors
from alexa_local.tflite import load

Vector = NDArray[np.float32]
Labels = tuple[int, ...]

FAINT = 1e-3
"""A phrase with less than this of the share of the best entry, in every head, has no part in what is found:
its exponential would cost more than it tells, and 5 000 of them would drown the one that is said."""

MOST_HEEDED = 64
"""Phrases that have a part at one step; it bounds the cost where none stands out."""


class AttentionNetworks:
    """The weights, shared by all catalogues of one model.

    Attributes:
        heads: of either attention.
        longest: pieces of a phrase that are looked at.
    """

    def __init__(self, model: Model) -> None:
        """Load them from a model whose manifest has a section `attention`.

        Raises:
            ModelError: a file is missing or does not fit this program.
        """
        about = model.info["attention"]
        self._context, self._places, self._sound, self._label, self._out = (
            load(model.path(f"attention-{part}.tflite"))
            for part in ("context", "places", "sound", "label", "out")
        )
        try:
            self.heads, self.longest = int(about["heads"]), int(about["longest"])
            self._pieces, self._strength = int(about["pieces"]), np.float32(about["strength"])
            self._rows, _ = self._context.inputs["counts"]
            (self._place_rows,) = self._places.inputs["after"]
            self.past = self._sound.inputs["past"]
            self.weights = str(model.info["files"]["attention-context.tflite"]["sha256"])
        except (KeyError, ValueError, TypeError) as error:
            raise ModelError(
                f"The attention of model {model.name} does not fit this program ({error}). "
                "Reinstall the package."
            ) from error

    def encode(self, phrases: Sequence[Phrase]) -> tuple[Vector, Vector]:
        """Keys (N, heads * key) and values (N, heads * value) of phrases of 1 to `longest` pieces."""
        rows, longest = self._rows, self.longest
        found = []
        for first in range(0, len(phrases), rows):
            some = phrases[first : first + rows]
            pieces, counts = np.zeros((rows, longest), np.int32), np.ones((rows, 1), np.float32)
            for row, phrase in enumerate(some):
                pieces[row, : len(phrase)], counts[row] = phrase, len(phrase)
            there = (np.arange(longest) < counts).astype(np.float32).reshape(-1, 1)
            out = self._context.run(pieces=pieces.ravel(), there=there, counts=counts)
            found.append((out["keys"][: len(some)], out["values"][: len(some)]))
        keys, values = zip(*found, strict=True)
        return np.concatenate(keys), np.concatenate(values)

    def place_keys(self, before: NDArray[np.int32]) -> Vector:
        """Keys (N, heads * key) of places by the two pieces before each, int32 (N, 2)."""
        padded = np.concatenate([before, np.zeros((-len(before) % self._place_rows, 2), np.int32)])
        parts = [
            self._run_places(padded[first : first + self._place_rows], None)["keys"]
            for first in range(0, len(padded), self._place_rows)
        ]
        return np.concatenate(parts)[: len(before)]

    @cached_property
    def piece_values(self) -> Vector:
        """The value of each piece, (pieces, heads * value)."""
        rows, wanted = self._place_rows, np.arange(self._pieces, dtype=np.int32)
        padded = np.pad(wanted, (0, -len(wanted) % rows))
        parts = [
            self._run_places(None, padded[first : first + rows])["values"]
            for first in range(0, len(padded), rows)
        ]
        return np.concatenate(parts)[: len(wanted)]

    def _run_places(
        self, before: NDArray[np.int32] | None, after: NDArray[np.int32] | None
    ) -> dict[str, NDArray[np.float32]]:
        rows = self._place_rows
        before = np.zeros(2 * rows, np.int32) if before is None else before.ravel()
        after = np.zeros(rows, np.int32) if after is None else after
        return self._places.run(before=before, after=after)

    def query_sound(self, encoded: Vector, past: Vector) -> tuple[Vector, Vector, Vector]:
        """The heads' queries (heads, key), the no-bias entry's scores (heads, 1), and the new past."""
        out = self._sound.run(encoded=encoded, past=past)
        return out["query"].reshape(self.heads, -1), out["nothing"], out["past_out"]

    def query_label(self, predicted: Vector) -> tuple[Vector, Vector]:
        """As `query_sound`, for the prediction network's vector (joint,)."""
        out = self._label.run(predicted=predicted[None])
        return out["query"].reshape(self.heads, -1), out["nothing"]

    def added(self, found: Vector) -> Vector:
        """What is added before the joint, (1, joint), for what the heads found, (heads, value)."""
        return self._out.run(found=found.reshape(1, -1))["added"] * self._strength


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


def spell_catalogue(
    classes: Iterable[PhraseClass], spell: Callable[[str], Phrase], longest: int
) -> Catalogue:
    """The phrases of all classes, MOST_PHRASES of them at most."""
    names = list(dict.fromkeys(phrase for each in classes for phrase in each.phrases))
    spelled: dict[Phrase, str] = {}
    unspelled = []
    for name in names[:MOST_PHRASES]:
        words = [spell(word) for word in name.split()]
        if words and all(words):
            spelled.setdefault(tuple(itertools.chain.from_iterable(words))[:longest], name)
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
        vectors: PhraseVectors,
    ) -> None:
        """Encode the phrases, as far as their vectors are not known.

        Args:
            networks: the weights.
            predict: the prediction network, from a label context to float32 (joint,).
            catalogue: the phrases.
            vectors: of the phrases of earlier catalogues.
        """
        self.catalogue = catalogue
        self._networks, self._plain = networks, predict
        keys, values = vectors.of(catalogue.phrases)
        self._keys = _by_head(keys, networks.heads).transpose(0, 2, 1).copy()  # (heads, key, N)
        self._values = _by_head(values, networks.heads)  # (heads, N, value)
        self._piece_values = _by_head(networks.piece_values, networks.heads)  # (heads, pieces, value)
        self._places = _Places(catalogue.phrases, networks)
        self.predict = lru_cache(maxsize=8192)(self._predict)

    def start(self) -> Vector:
        """What a stream knows of its sound before the first step."""
        return np.zeros(self._networks.past, np.float32)

    def hear(self, encoded: Vector, past: Vector) -> tuple[Vector, Vector]:
        """The encoder's vector (1, joint) with what the sound says of the phrases added, and the new past."""
        which, shares, past = self._listen(encoded, past)
        if not len(which):
            return encoded, past
        found = (shares[:, None] @ self._values[:, which])[:, 0]  # (heads, value)
        return encoded + self._networks.added(found), past

    def shares(self, encoded: Vector, past: Vector) -> tuple[Vector, Vector]:
        """The heads' mean share of each phrase at this step, float32 (N,), and the new past."""
        which, shares, past = self._listen(encoded, past)
        row = np.zeros(len(self.catalogue.phrases), np.float32)
        row[which] = shares.mean(axis=0)
        return row, past

    def _listen(self, encoded: Vector, past: Vector) -> tuple[NDArray[np.intp], Vector, Vector]:
        query, nothing, past = self._networks.query_sound(encoded, past)
        return *attend((query[:, None] @ self._keys)[:, 0], nothing), past

    def _predict(self, labels: Labels) -> Vector:
        """The prediction network's vector with what the labels say of the phrases added, float32 (joint,)."""
        predicted = self._plain(labels)
        keys, after = self._places.following(labels[-1])
        if not len(after):
            return predicted
        query, nothing = self._networks.query_label(predicted)
        which, shares = attend(np.einsum("hk,ehk->he", query, keys), nothing)
        if not len(which):
            return predicted
        found = (shares[:, None] @ self._piece_values[:, after[which]])[:, 0]  # (heads, value)
        return predicted + self._networks.added(found)[0]


class _Places:
    """The places inside phrases, by the piece before them."""

    def __init__(self, phrases: Sequence[Phrase], networks: AttentionNetworks) -> None:
        triples = {
            triple for phrase in phrases for triple in zip((0, *phrase), phrase, phrase[1:], strict=False)
        }
        listed = np.array(sorted((b, a, c) for a, b, c in triples), np.int32).reshape(-1, 3)
        before, self._of = np.unique(listed[:, 1::-1], axis=0, return_inverse=True)
        self._of = self._of.reshape(-1)
        self._after = listed[:, 2]
        self._last = listed[:, 0]
        keys = networks.place_keys(before) if len(before) else np.zeros((0, networks.heads), np.float32)
        self._keys = keys.reshape(len(before), networks.heads, -1)  # (places, heads, key)

    def following(self, last: int) -> tuple[Vector, NDArray[np.int32]]:
        """Keys (E, heads, key) of the places after a piece, and the piece (E,) that follows at each."""
        first, end = np.searchsorted(self._last, (last, last + 1))
        return self._keys[self._of[first:end]], self._after[first:end]


def _by_head(rows: Vector, heads: int) -> Vector:
    """(N, heads * size) -> (heads, N, size)."""
    return np.ascontiguousarray(rows.reshape(len(rows), heads, -1).transpose(1, 0, 2))


def attend(scores: Vector, nothing: Vector) -> tuple[NDArray[np.intp], Vector]:
    """Softmax over entries of which one, with no bias, always has a share.

    Args:
        scores: float32 (heads, N).
        nothing: float32 (heads, 1), of the no-bias entry.

    Returns:
        The entries that are not faint, (K,), at most MOST_HEEDED, and their shares, float32 (heads, K).
    """
    high = np.maximum(scores.max(axis=1, keepdims=True), nothing)
    lead = (scores - high).max(axis=0)
    which = np.flatnonzero(lead > np.log(FAINT))
    if len(which) > MOST_HEEDED:
        which = which[np.argpartition(lead[which], -MOST_HEEDED)[-MOST_HEEDED:]]
    weights = np.exp(scores[:, which] - high)
    return which, weights / (weights.sum(axis=1, keepdims=True) + np.exp(nothing - high))
