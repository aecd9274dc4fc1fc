"""The transducer's networks, and the word pieces they speak of; shared by all streams."""

from __future__ import annotations

import itertools
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.models import Model
from alexa_local.recognise.attention import AttentionNetworks
from alexa_local.recognise.encoder import States, open_encoder
from alexa_local.recognise.internal import InternalLanguage
from alexa_local.recognise.ngram import PieceNgrams
from alexa_local.tflite import load

WORD_START = "\u2581"
"""Begins a piece that begins a word (SentencePiece's convention)."""

INTERNAL_WEIGHT = 0.7
"""Of 0.4 to 0.9, this had most of 60 of the dev set's orders right: 48, where 3 nats a piece had 27."""

Vector = NDArray[np.float32]


class Pieces:
    """The vocabulary: piece 0 is blank.

    Attributes:
        openings: bool (pieces,), which pieces may follow a whole word: "smith jones", "smith's".
    """

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces
        self._numbers = {piece: number for number, piece in enumerate(pieces)}
        self.openings = np.array([piece.startswith((WORD_START, "'")) for piece in pieces], np.bool_)

    def __len__(self) -> int:
        return len(self._pieces)

    def starts_word(self, piece: int) -> bool:
        """Whether the piece begins a new word."""
        return self._pieces[piece].startswith(WORD_START)

    def spell(self, word: str) -> tuple[int, ...]:
        """A word's pieces, by byte-pair merges as they were learnt (Sennrich et al. 2016); () if none fit."""
        parts = list(WORD_START + word)
        while True:
            pairs = [self._numbers.get(a + b, len(self)) for a, b in itertools.pairwise(parts)]
            if not pairs or min(pairs) == len(self):
                break
            at = pairs.index(min(pairs))
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return (
            tuple(self._numbers[part] for part in parts)
            if all(part in self._numbers for part in parts)
            else ()
        )

    def text(self, labels: tuple[int, ...]) -> str:
        """The words that a sequence of pieces spells."""
        return "".join(self._pieces[label] for label in labels).replace(WORD_START, " ").strip()


class Networks:
    """Encoder, prediction network and joint of one model.

    Attributes:
        pieces: the vocabulary.
        encoder: the encoder, with the choice between its branches, if it has any.
        frames_per_step: feature frames that one step of the encoder takes.
        context: labels that the prediction network sees.
        rows: hypotheses that the joint takes at once.
        language: the n-gram model that comes with it, if any.
        internal: takes away what the transducer itself expects of sentences.
        attention: the networks that listen for the phrases of a catalogue, if it has any.
    """

    def __init__(self, model: Model, threads: int = 1) -> None:
        """Load them.

        Raises:
            ModelError: a file is missing or does not fit this program.
        """
        fusion = model.info.get("language_model")
        self.language = (
            PieceNgrams(model.path(fusion["file"]), fusion["weight"], fusion["bonus"]) if fusion else None
        )
        self.attention = AttentionNetworks(model) if "attention" in model.info else None
        self.pieces = Pieces(model.path("pieces.txt").read_text(encoding="utf-8").splitlines())
        self.encoder = open_encoder(model, threads)
        self.frames_per_step, self.bands = self.encoder.frames_per_step, self.encoder.bands
        self._prediction = load(model.path("prediction.tflite"))
        self._joint = load(model.path("joint.tflite"))
        try:
            self.context = self._prediction.inputs["labels"][0]
            self.rows, width = self._joint.inputs["predicted"]
            pieces = self._joint.outputs["logits"][1]
        except (KeyError, ValueError, IndexError) as error:
            raise ModelError(
                f"Model {model.name} does not fit this program ({error}). Reinstall the package."
            ) from error
        if pieces != len(self.pieces):
            raise ModelError(
                f"Model {model.name} writes {pieces} pieces but lists {len(self.pieces)}. "
                "Reinstall the package."
            )
        self._batch = np.zeros((self.rows, width), np.float32)
        self.predict = lru_cache(maxsize=2048)(self._predict)
        unheard = np.zeros((1, width), np.float32)
        self.internal = InternalLanguage(
            lambda labels: self.log_probabilities(unheard, [labels])[0], self.context, INTERNAL_WEIGHT
        )

    def start(self) -> States:
        """The encoder's state before the first step."""
        return self.encoder.start()

    def encode(self, frames: Vector, states: States) -> tuple[Vector, States]:
        """One step: frames (frames_per_step, 64) and states to a vector (1, joint) and new states."""
        return self.encoder.encode(frames, states)

    def log_probabilities(self, encoded: Vector, contexts: list[tuple[int, ...]]) -> Vector:
        """Natural-log probabilities of every piece after each label context: float32 (len(contexts), pieces).

        Args:
            encoded: the encoder's vector, (1, joint).
            contexts: label contexts, each of `context` labels, oldest first.
        """
        parts = []
        for first in range(0, len(contexts), self.rows):
            some = contexts[first : first + self.rows]
            for row, labels in enumerate(some):
                self._batch[row] = self.predict(labels)
            parts.append(self._joint.run(encoded=encoded, predicted=self._batch)["logits"][: len(some)])
        return log_softmax(np.concatenate(parts))

    def _predict(self, labels: tuple[int, ...]) -> Vector:
        return self._prediction.run(labels=np.array(labels, np.int32))["predicted"][0]


def log_softmax(logits: Vector) -> Vector:
    """Natural-log probabilities along the last axis."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
