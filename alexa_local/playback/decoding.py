"""Files one after the other as one stream at one rate, so that what belongs together stays together.

A recording that was cut into tracks is heard as it was before: no frame is lost or added between two of
them, and two of the same rate go through the same resampler, which never learns that there was a seam.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from alexa_local.errors import AudioFileError
from alexa_local.playback.mixer import to_stereo
from alexa_local.sound.decode import SoundStream, open_sound

_LEAST_HZ, _MOST_HZ = 4_000, 768_000


class SeamlessDecoder:
    """Decodes files into stereo at one rate."""

    def __init__(self, rate_hz: int) -> None:
        """Give so many frames per second."""
        self._rate_hz = rate_hz
        self._resampler: soxr.ResampleStream | None = None
        self._source_hz = rate_hz
        self._taken_frames = self._given_frames = 0

    @property
    def pending_frames(self) -> int:
        """Frames of ours that were read and not yet given: the resampler still has them."""
        return round(self._taken_frames * self._rate_hz / self._source_hz) - self._given_frames

    def read(self, path: Path, from_s: float = 0.0) -> Iterator[NDArray[np.float32]]:
        """What is left of the file before, and then a file from that second on; float32 (N, 2) each.

        Raises:
            AudioFileError: at once, if it cannot be opened; later where a damaged place is met.
        """
        sound = open_sound(path)
        if not _LEAST_HZ <= sound.samplerate <= _MOST_HZ:
            sound.close()
            raise AudioFileError(f"{str(path)!r} claims to have {sound.samplerate} Hz. Record it again.")
        return self._pieces(sound, from_s)

    def rest(self) -> NDArray[np.float32]:
        """What the resampler still has, float32 (N, 2); what is read next does not belong to it."""
        resampler, self._resampler, self._source_hz = self._resampler, None, self._rate_hz
        self._taken_frames = self._given_frames = 0
        nothing = np.zeros((0, 2), np.float32)
        return nothing if resampler is None else resampler.resample_chunk(nothing, last=True)

    def _pieces(self, sound: SoundStream, from_s: float) -> Iterator[NDArray[np.float32]]:
        with sound:
            _skip_to(sound, from_s)
            pieces = sound.pieces()
            first = next(pieces, None)  # before anything is given: then whoever gets some knows that it works
            if sound.samplerate != self._source_hz:
                yield self.rest()
                self._begin(sound.samplerate)
            for frames in chain([] if first is None else [first], pieces):
                yield self._converted(to_stereo(frames))

    def _begin(self, source_hz: int) -> None:
        self._source_hz = source_hz
        if source_hz != self._rate_hz:
            self._resampler = soxr.ResampleStream(source_hz, self._rate_hz, 2, dtype="float32")

    def _converted(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        np.nan_to_num(frames, copy=False, posinf=1.0, neginf=-1.0)
        if self._resampler is None:
            return frames
        self._taken_frames += len(frames)
        given = self._resampler.resample_chunk(frames)
        self._given_frames += len(given)
        return given


def _skip_to(sound: SoundStream, from_s: float) -> None:
    """Go to a place before the first read; a file that cannot begins at its beginning."""
    if from_s > 0:
        try:
            sound.seek(min(round(from_s * sound.samplerate), sound.frames))
        except (soundfile.SoundFileError, ValueError):
            sound.seek(0)
