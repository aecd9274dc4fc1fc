"""Where somebody speaks in a clip, by its energy alone: the plainest judge, for labels and for figures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LOWEST_BAND = 4
"""Below it lie hum and rumble."""

_SMOOTHED_FRAMES = 5
_SHORTEST_VOICE_FRAMES, _SHORTEST_GAP_FRAMES = 6, 10
_DEEPEST_NATS = 8.0
"""Speech is at most this far below its loud parts (35 dB)."""

_SHARE = 0.3
"""Speech is at least this share of the way from the noise to the loud parts."""


def voiced(frames: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which frames of a clip, log-mel (T, 64), hold speech: bool (T,); clicks and short gaps are left out."""
    if not len(frames):
        return np.zeros(0, np.bool_)
    energy = np.log(np.exp(np.asarray(frames, np.float32)[:, _LOWEST_BAND:]).sum(axis=1))  # (T, 64) -> (T,)
    padded = np.pad(energy, _SMOOTHED_FRAMES // 2, mode="edge")
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(padded, _SMOOTHED_FRAMES), axis=1)
    noise, loud = np.percentile(smooth, (8, 95))
    heard = smooth > max(loud - _DEEPEST_NATS, noise + _SHARE * (loud - noise))
    return _without_short_runs(
        _without_short_runs(heard, True, _SHORTEST_VOICE_FRAMES), False, _SHORTEST_GAP_FRAMES
    )


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, end) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _without_short_runs(flags: NDArray[np.bool_], value: bool, shortest: int) -> NDArray[np.bool_]:
    """The flags with runs of `value` that are shorter than this turned over, but for gaps at the edges."""
    out = flags.copy()
    for first, end in runs(flags == value):
        if end - first < shortest and (value or (first > 0 and end < len(flags))):
            out[first:end] = not value
    return out
