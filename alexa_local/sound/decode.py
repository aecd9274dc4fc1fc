"""Opening a sound file of any kind, with errors that name the file and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import soundfile
from numpy.typing import NDArray

from alexa_local.errors import AudioFileError

READ_FRAMES = 8192
"""Frames read at once: 0.2 s of music."""

_REMEDY = "Give a WAV, FLAC, Ogg, Opus or MP3 file; `ffmpeg -i FILE out.wav` converts most others."


class SoundStream(soundfile.SoundFile):
    """A file that is read once from front to end.

    soundfile seeks to where it is after every read of a seekable file, and in an MP3 that tears the
    sound apart; so these say that they cannot seek.
    """

    def seekable(self) -> bool:
        """Never."""
        return False

    def pieces(self, read_frames: int = READ_FRAMES) -> Iterator[NDArray[Any]]:
        """The sound in pieces of shape (N, channels): int16 from 16-bit files, else float32.

        Raises:
            AudioFileError: where a damaged place is met.
        """
        dtype = "int16" if self.subtype == "PCM_16" else "float32"
        done_frames = 0
        while not self.closed:
            try:
                frames = self.read(read_frames, dtype=dtype, always_2d=True)
            except (soundfile.SoundFileError, ValueError) as error:
                if self.closed:
                    return
                at_s = done_frames / self.samplerate
                raise AudioFileError(
                    f"{os.fsdecode(self.name)!r} is damaged after {at_s:.1f} s: {error} {_REMEDY}"
                ) from error
            if not len(frames):
                return
            done_frames += len(frames)
            yield frames


def open_sound(path: Path) -> SoundStream:
    """Open a sound file; AudioFileError when it is missing, unreadable, empty or no sound."""
    if not path.is_file():
        raise AudioFileError(f"There is no file {str(path)!r}. Check the name.")
    try:
        if path.stat().st_size == 0:
            raise AudioFileError(f"{str(path)!r} is empty. Record it again.")
        sound = SoundStream(os.fsencode(path))  # not every name is UTF-8
    except PermissionError as error:
        raise AudioFileError(f"{str(path)!r} may not be read. Run `chmod +r` on it.") from error
    except (soundfile.SoundFileError, TypeError, OSError) as error:
        reason = getattr(error, "error_string", None) or error
        raise AudioFileError(f"{str(path)!r} cannot be decoded: {reason} {_REMEDY}") from error
    if sound.frames == 0:
        sound.close()
        raise AudioFileError(f"{str(path)!r} holds no sound. Record it again.")
    return sound
