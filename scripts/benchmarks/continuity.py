"""Whether music was played without a gap: each block of a recording is looked for in what was to be played.

A player that skips, repeats or pauses for a single sample moves what follows against the reference, so the
offset between both tells. The gain may change, and other sounds may lie over the music for a while: then
there is no telling, and the offset is compared with the last one that was sure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_SAMPLES = 2048
SURE = 0.97
"""Likeness (cosine) from which a block surely is where it was looked for."""

_SEARCH_SAMPLES = 1 << 16
"""How far to either side a block is looked for that is not where it should be."""

_SILENT = 2.0
"""Root mean square, in steps of int16, below which there is no music."""

Array = NDArray[np.float32]


@dataclass
class Continuity:
    """What was found.

    Attributes:
        blocks: that were looked at.
        sure: that were found in the reference.
        discontinuities: places where the offset changed.
        silent_s: seconds within the music in which nothing was played.
    """

    blocks: int = 0
    sure: int = 0
    discontinuities: int = 0
    silent_s: float = 0.0


def likeness(one: Array, other: Array) -> float:
    """The cosine of two blocks, float32 (N,); 0 for silence."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size > 1e-3 else 0.0


def find(block: Array, reference: Array) -> tuple[int, float]:
    """Where a block lies in a longer reference, and how like it is there (Lewis 1995)."""
    length = 1 << int(np.ceil(np.log2(len(reference) + len(block))))
    spectrum = np.fft.rfft(reference, length) * np.conj(np.fft.rfft(block, length))
    products = np.fft.irfft(spectrum, length)[: len(reference) - len(block) + 1]
    energies = np.concatenate([[0.0], np.cumsum(reference.astype(np.float64) ** 2)])
    sizes = np.sqrt(np.maximum(energies[len(block) :] - energies[: -len(block)], 1.0))
    scores = products / (sizes * max(float(np.linalg.norm(block)), 1e-3))
    at = int(np.argmax(scores))
    return at, float(scores[at])


def examine(recording: Array, reference: Array, rate_hz: int) -> Continuity:
    """Compare what was heard with what should have been played; both float32 (N,), in steps of int16."""
    found = Continuity()
    offset: int | None = None
    started = False
    for first in range(0, len(recording) - BLOCK_SAMPLES + 1, BLOCK_SAMPLES):
        block = recording[first : first + BLOCK_SAMPLES]
        if np.sqrt(np.mean(block**2)) < _SILENT:
            found.silent_s += started * BLOCK_SAMPLES / rate_hz
            continue
        found.blocks += 1
        if offset is not None and likeness(block, _part(reference, first + offset)) >= SURE:
            found.sure += 1
            continue
        around = (first + offset if offset is not None else 0) - _SEARCH_SAMPLES
        low = max(0, around) if offset is not None else 0
        high = around + 2 * _SEARCH_SAMPLES + BLOCK_SAMPLES if offset is not None else len(reference)
        if len(reference[low:high]) < BLOCK_SAMPLES:
            break  # the music has ended
        at, score = find(block, reference[low:high])
        if score < SURE:
            continue
        found.sure += 1
        found.discontinuities += offset is not None
        offset, started = low + at - first, True
    return found


def _part(reference: Array, at: int) -> Array:
    part = reference[max(0, at) : max(0, at) + BLOCK_SAMPLES]
    return part if len(part) == BLOCK_SAMPLES else np.zeros(BLOCK_SAMPLES, np.float32)
