"""Raw PCM on standard input as a source, for `arecord | alexa-local` and other programs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture.convert import ToMono16k
from alexa_local.capture.source import Blocks
from alexa_local.errors import AudioFileError

_READ_BYTES = 16_384


class RawPcmSource:
    """The blocks of a stream of bytes; a cut last frame is left out."""

    def __init__(self, stream: BinaryIO, rate_hz: int, width_bytes: int, channels: int) -> None:
        self._stream = stream
        self._convert = ToMono16k(rate_hz, width_bytes, channels)
        self._closed = False

    def __iter__(self) -> Iterator[NDArray[np.int16]]:
        blocks = Blocks()
        read = getattr(self._stream, "read1", self._stream.read)  # what is there, without waiting for more
        any_sound = False
        while not self._closed and (data := read(_READ_BYTES)):
            any_sound = True
            yield from blocks.push(self._convert.push_bytes(data))
        if self._closed:
            return
        if not any_sound:
            raise AudioFileError(
                "Standard input gave no sound. Pipe raw PCM into it, as `arecord -t raw` writes it."
            )
        yield from blocks.push(self._convert.finish())
        rest = blocks.rest()
        if len(rest):
            yield rest

    def close(self) -> None:
        """End the iteration before its next block; the stream stays open, it belongs to the process."""
        self._closed = True


def open_stdin(
    rate_hz: int = 16_000, width_bytes: int = 2, channels: int = 1, stream: BinaryIO | None = None
) -> RawPcmSource:
    """Read little-endian PCM (8-bit unsigned; 16, 24, 32-bit signed) from standard input, or `stream`.

    Raises:
        UsageError: a rate, width or channel count that makes no sense.
    """
    return RawPcmSource(stream or sys.stdin.buffer, rate_hz, width_bytes, channels)
