"""From any rate, width and channel count to 16 kHz mono int16, as a stream.

Sound that has this form already passes through bit by bit; all else is averaged over its channels,
resampled by soxr and rounded once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from alexa_local.errors import UsageError
from alexa_local.messages import SAMPLE_RATE

WIDTHS_BYTES = (1, 2, 3, 4)
_LOWEST_HZ, _HIGHEST_HZ, _MOST_CHANNELS = 1_000, 768_000, 64

_UNIT = {np.dtype(np.int16): 1.0, np.dtype(np.int32): 2.0**-16, np.dtype(np.float32): 2.0**15}
"""What one step of each type is worth in steps of int16."""

_CHUNK_FRAMES = 1 << 16


class RawPcm:
    """Bytes of little-endian PCM to frames, however the bytes are cut."""

    def __init__(self, width_bytes: int, channels: int) -> None:
        """Read samples of 1 (unsigned), 2, 3 or 4 bytes (signed), `channels` of them in a frame."""
        if width_bytes not in WIDTHS_BYTES:
            raise UsageError(f"Samples of {width_bytes} bytes are unknown. Give 1, 2, 3 or 4.")
        self._width_bytes = width_bytes
        self._channels = channels
        self._kept = b""

    def push(self, data: bytes) -> NDArray[Any]:
        """Take any number of bytes; return the frames they complete, (N, channels), int16 or int32."""
        data = self._kept + data
        frame_bytes = self._width_bytes * self._channels
        whole = len(data) // frame_bytes * frame_bytes
        self._kept = data[whole:]
        return self._samples(data[:whole]).reshape(-1, self._channels)

    def _samples(self, data: bytes) -> NDArray[Any]:
        if self._width_bytes == 1:
            return (np.frombuffer(data, np.uint8).astype(np.int16) - 128) << 8
        if self._width_bytes == 2:
            return np.frombuffer(data, "<i2").astype(np.int16, copy=False)
        if self._width_bytes == 4:
            return np.frombuffer(data, "<i4").astype(np.int32, copy=False)
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)  # the lowest byte stays 0
        return wide.reshape(-1).view("<i4").astype(np.int32, copy=False)


class ToMono16k:
    """A streaming conversion: however the sound is cut, the samples are the same."""

    def __init__(self, rate_hz: int, width_bytes: int = 2, channels: int = 1) -> None:
        """Convert from this rate and these channels; the width matters only for `push_bytes`."""
        if not _LOWEST_HZ <= rate_hz <= _HIGHEST_HZ:
            raise UsageError(f"A rate of {rate_hz} Hz is not usable. Give {_LOWEST_HZ} to {_HIGHEST_HZ} Hz.")
        if not 1 <= channels <= _MOST_CHANNELS:
            raise UsageError(f"{channels} channels are not usable. Give 1 to {_MOST_CHANNELS}.")
        self._raw = RawPcm(width_bytes, channels)
        self._channels = channels
        self._resampler = None
        if rate_hz != SAMPLE_RATE:
            self._resampler = soxr.ResampleStream(rate_hz, SAMPLE_RATE, 1, dtype="float32")

    def push_bytes(self, data: bytes) -> NDArray[np.int16]:
        """Take little-endian PCM bytes, cut anywhere; return what they complete, int16 (N,)."""
        return self.push(self._raw.push(data))

    def push(self, frames: NDArray[Any]) -> NDArray[np.int16]:
        """Convert a piece.

        Args:
            frames: shape (N,) or (N, channels); int16, int32 (full scale), or float32 within -1 to 1.

        Returns:
            int16, shape (M,), 16 kHz mono; the resampler keeps some milliseconds back until `finish`.
        """
        frames = frames.reshape(-1, self._channels)
        if self._resampler is None and self._channels == 1 and frames.dtype == np.int16:
            return frames[:, 0]
        pieces = [
            self._resample(frames[start : start + _CHUNK_FRAMES], last=False)
            for start in range(0, len(frames), _CHUNK_FRAMES)
        ]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    def finish(self) -> NDArray[np.int16]:
        """What the resampler still holds, int16 (N,); nothing may be pushed after."""
        return self._resample(np.zeros((0, self._channels), np.float32), last=True)

    def _resample(self, frames: NDArray[Any], last: bool) -> NDArray[np.int16]:
        mono = frames.mean(axis=1, dtype=np.float32) * np.float32(_UNIT[frames.dtype])  # (N, C) -> (N,)
        mono = np.nan_to_num(mono, nan=0.0, posinf=32767.0, neginf=-32768.0)
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(mono, last=last)
        return np.clip(np.rint(mono), -32768, 32767).astype(np.int16)
