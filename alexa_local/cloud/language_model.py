"""A neural language model on numpy: an LSTM over word pieces that reads many sentences at once.

Sentences that begin alike are read once: their pieces form a tree, and each of its levels is one step of the
network for all of its places together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexa_local.cloud.pieces import END, Pieces
from alexa_local.errors import ModelError
from alexa_local.models import Model
from alexa_local.recognise.ngram import UNREADABLE

Float = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """One LSTM layer.

    Attributes:
        read: float32 (width + hidden, 4 * hidden): from what comes in and the layer's own output to the gates
            in, forget, cell, out.
        bias: float32 (4 * hidden,).
    """

    read: Float
    bias: Float

    def step(self, x: Float, output: Float, cell: Float) -> tuple[Float, Float]:
        """The outputs and cells that follow, (n, hidden) each, from inputs (n, width)."""
        gates = np.concatenate([x, output], axis=1) @ self.read + self.bias  # (n, 4 * hidden)
        into, forget, new, out = np.split(gates, 4, axis=1)
        cell = _sigmoid(forget) * cell + _sigmoid(into) * np.tanh(new)
        return _sigmoid(out) * np.tanh(cell), cell


class LanguageModel:
    """What `scripts/training/lm/export.py` wrote."""

    def __init__(self, model: Model) -> None:
        """Load the weights: int8 with a factor a row, which become float32.

        Raises:
            ModelError: the files do not fit this program.
        """
        try:
            self.pieces = Pieces(model.path("pieces.txt").read_text(encoding="utf-8").splitlines())
            with model.path("weights.npz").open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                self._table = _dense(file, "table")  # (pieces, width)
                self._bias = file["bias"].astype(np.float32)  # (pieces,)
                self._narrow = _dense(file, "narrow").T.copy()  # (hidden, width)
                self._narrow_bias = file["narrow_bias"].astype(np.float32)
                self._layers = [
                    Layer(_dense(file, f"lstm{at}").T.copy(), file[f"lstm{at}_bias"].astype(np.float32))
                    for at in range(int(file["layers"]))
                ]
            if len(self.pieces) != len(self._table):
                raise ValueError(f"{len(self.pieces)} pieces for {len(self._table)} rows")
        except UNREADABLE as error:
            raise ModelError(
                f"The language model in {model.folder} does not fit this program ({error}). "
                "Install it anew, or train and export it anew."
            ) from error
        self.weights = sum(
            each.size for each in (self._table, self._narrow, *(one.read for one in self._layers))
        )

    def log_probabilities(self, texts: Sequence[str]) -> Float:
        """Natural log of how probable each text is as a whole sentence, float32 (texts,)."""
        cut = [self.pieces.of(text) for text in texts]
        found = np.zeros(len(texts), np.float32)
        places = np.zeros(len(texts), np.intp)  # of each text, its place on the level
        reading = np.arange(len(texts))  # texts that go on
        last = np.array([END])  # of each place, the piece that led there
        state = [(np.zeros((1, len(one.bias) // 4), np.float32),) * 2 for one in self._layers]
        for depth in range(max(map(len, cut), default=0)):
            logits, state = self._step(last, state)
            following = np.array([cut[text][depth] for text in reading])
            at = places[reading]
            found[reading] += logits[at, following] - _log_sum(logits)[at]
            reading = reading[[depth + 1 < len(cut[text]) for text in reading]]
            if not len(reading):
                break
            pairs = np.array([(places[text], cut[text][depth]) for text in reading])
            distinct, number = np.unique(pairs, axis=0, return_inverse=True)
            places[reading] = number.reshape(-1)
            parents, last = distinct[:, 0], distinct[:, 1]
            state = [(output[parents], cell[parents]) for output, cell in state]
        return found

    def _step(
        self, last: NDArray[np.intp], state: Sequence[tuple[Float, Float]]
    ) -> tuple[Float, list[tuple[Float, Float]]]:
        """Logits (n, pieces) after these pieces (n,), and the layers' states there."""
        x = self._table[last]
        following = []
        for layer, (output, cell) in zip(self._layers, state, strict=True):
            after = layer.step(x, output, cell)
            following.append(after)
            x = after[0]
        return (x @ self._narrow + self._narrow_bias) @ self._table.T + self._bias, following


def _dense(file: np.lib.npyio.NpzFile, name: str) -> Float:
    """A matrix, float32 (rows, columns), of int8 values and a factor for each row."""
    values: Float = file[name].astype(np.float32) * file[f"{name}_scale"].astype(np.float32)[:, None]
    return values


def _sigmoid(x: Float) -> Float:
    half: Float = 0.5 * (1.0 + np.tanh(0.5 * x))  # never overflows
    return half


def _log_sum(logits: Float) -> Float:
    """Natural log of each row's sum of exponentials, (n,)."""
    most = logits.max(axis=1)
    found: Float = most + np.log(np.exp(logits - most[:, None]).sum(axis=1))
    return found
