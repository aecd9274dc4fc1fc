"""The vectors of a catalogue's phrases, kept on disk as int8, so that only new phrases are ever encoded."""

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
"""Share of new phrases that is not worth writing: a timer's name comes and goes."""

Phrase = tuple[int, ...]
Encode = Callable[[Sequence[Phrase]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""From phrases to keys (N, K) and values (N, V), float32."""


class PhraseVectors:
    """Keys and values of phrases; what a file holds is as good as what is encoded, for both are rounded.

    Attributes:
        file: where they are kept, or None.
        encoded: how many phrases the last `of` had to encode.
    """

    def __init__(self, encode: Encode, model: str, file: Path | None = None) -> None:
        """Take up what the file knows.

        Args:
            encode: the context encoder.
            model: names the weights; vectors of others are not used.
            file: where the vectors are kept; None keeps nothing. One that is damaged is written anew.
        """
        self._encode, self._model, self.file = encode, model, file
        self._known: dict[Phrase, tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.float32]]] = {}
        self.encoded = 0
        if file:
            self._read(file)

    def of(self, phrases: Sequence[Phrase]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Keys (N, K) and values (N, V) of a catalogue's phrases; it replaces the last catalogue on disk."""
        new = [phrase for phrase in dict.fromkeys(phrases) if phrase not in self._known]
        self.encoded = len(new)
        if new:
            (keys, key_scales), (values, value_scales) = map(quantise_rows, self._encode(new))
            scales = np.stack([key_scales, value_scales], axis=1)  # (N, 2)
            self._known.update(zip(new, zip(keys, values, scales, strict=True), strict=True))
        removed = len(self._known) > len(set(phrases))
        self._known = {phrase: self._known[phrase] for phrase in phrases}
        all_keys, all_values, all_scales = self._stacked()
        if self.file and (removed or len(new) > FEW * len(phrases)):
            self._write(self.file, all_keys, all_values, all_scales)
        order = {phrase: row for row, phrase in enumerate(self._known)}
        rows = [order[phrase] for phrase in phrases]
        keys32 = dequantise_rows(all_keys, all_scales[:, 0])
        return keys32[rows], dequantise_rows(all_values, all_scales[:, 1])[rows]

    def _stacked(self) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.float32]]:
        keys, values, scales = zip(*self._known.values(), strict=True)
        return np.stack(keys), np.stack(values), np.stack(scales)

    def _read(self, file: Path) -> None:
        try:
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as held:
                if str(held["model"]) != self._model:
                    return
                ends = np.cumsum(held["counts"])
                pieces, keys, values, scales = (held[name] for name in ("pieces", "keys", "values", "scales"))
                phrases = [tuple(part.tolist()) for part in np.split(pieces, ends[:-1])]
                self._known = dict(zip(phrases, zip(keys, values, scales, strict=True), strict=True))
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            _log.warning(
                "The phrases' vectors in %s are encoded anew: the file is damaged (%s).", file, error
            )
            self._known = {}

    def _write(
        self, file: Path, keys: NDArray[np.int8], values: NDArray[np.int8], scales: NDArray[np.float32]
    ) -> None:
        buffer = io.BytesIO()
        np.savez(
            buffer,
            model=np.array(self._model),
            counts=np.array([len(phrase) for phrase in self._known], np.int32),
            pieces=np.array([piece for phrase in self._known for piece in phrase], np.int16),
            keys=keys,
            values=values,
            scales=scales,
        )
        try:
            durable_write(file, buffer.getvalue())
        except StorageError as error:
            _log.warning("The phrases' vectors are not kept: %s", error)
