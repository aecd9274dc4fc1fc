"""The vectors of the places in a catalogue's phrases, kept on disk as int8: only new ones are encoded."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import StorageError
from alexa_local.store.durable import durable_write
from alexa_local.tflite.quantise import dequantise_rows, quantise_rows

_log = logging.getLogger(__name__)

FEW = 0.01
"""Share of new places that is not worth writing: a timer's name comes and goes."""

Place = tuple[int, int, int, int]
"""The two pieces before a place inside its phrase, its own, and the one after that; 0 where there is none."""
PLACE_PIECES = 4

Encode = Callable[[Sequence[Place]], NDArray[np.float32]]
"""From places to vectors, float32 (N, K)."""


class PhraseVectors:
    """Vectors of places; what a file holds is as good as what is encoded, for both are rounded.

    Attributes:
        file: where they are kept, or None.
        encoded: how many places the last `of` had to encode.
    """

    def __init__(self, encode: Encode, model: str, file: Path | None = None) -> None:
        """Take up what the file knows.

        Args:
            encode: the context encoder.
            model: names the weights; vectors of others are not used.
            file: where the vectors are kept; None keeps nothing. One that is damaged is written anew.
        """
        self._encode, self._model, self.file = encode, model, file
        self._known: dict[Place, tuple[NDArray[np.int8], np.float32]] = {}
        self.encoded = 0
        if file:
            self._read(file)

    def of(self, places: Sequence[Place]) -> NDArray[np.float32]:
        """The vectors (N, K) of a catalogue's places, each once; they replace the last one's on disk."""
        new = [place for place in places if place not in self._known]
        self.encoded = len(new)
        if new:
            self._known.update(zip(new, zip(*quantise_rows(self._encode(new)), strict=True), strict=True))
        removed = len(self._known) > len(places)
        self._known = {place: self._known[place] for place in places}
        rows, scales = zip(*self._known.values(), strict=True)
        vectors, all_scales = np.stack(rows), np.array(scales, np.float32)
        if self.file and (removed or len(new) > FEW * len(places)):
            self._write(self.file, vectors, all_scales)
        return dequantise_rows(vectors, all_scales)

    def _read(self, file: Path) -> None:
        try:
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as held:
                if str(held["model"]) == self._model:
                    places = map(tuple, held["places"].tolist())
                    vectors = zip(held["vectors"], held["scales"], strict=True)
                    self._known = dict(zip(places, vectors, strict=True))
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            _log.warning(
                "The phrases' vectors in %s are encoded anew: the file is damaged (%s).", file, error
            )
            self._known = {}

    def _write(self, file: Path, vectors: NDArray[np.int8], scales: NDArray[np.float32]) -> None:
        buffer = io.BytesIO()
        places = np.array(list(self._known), np.int16)
        np.savez(buffer, model=np.array(self._model), places=places, vectors=vectors, scales=scales)
        try:
            durable_write(file, buffer.getvalue())
        except StorageError as error:
            _log.warning("The phrases' vectors are not kept: %s", error)
