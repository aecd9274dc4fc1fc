"""What a clip takes as Opus at 24 kbit/s, to compare its lattice with: as it is really encoded."""

from __future__ import annotations

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from alexa_local.messages import SAMPLE_RATE

BITS_PER_S = 24_000
_LEAST_BITS_PER_S, _MOST_BITS_PER_S = 6_000, 256_000
"""What libsndfile's compression levels 1 and 0 mean for one channel of Opus."""

_LEVEL = (_MOST_BITS_PER_S - BITS_PER_S) / (_MOST_BITS_PER_S - _LEAST_BITS_PER_S)
_PAGE_HEADER_BYTES, _SEGMENTS_AT = 27, 26
_HEADER_PAGES = 2


def nominal_bytes(samples: NDArray[np.int16]) -> float:
    """Bytes of a clip, int16 (N,), 16 kHz mono, at exactly that rate."""
    return len(samples) / SAMPLE_RATE * BITS_PER_S / 8


def encoded_bytes(samples: NDArray[np.int16]) -> float | None:
    """Bytes of a clip's Opus packets, without any container around them; None where nothing here encodes it.

    Args:
        samples: int16, shape (N,), 16 kHz mono.
    """
    file = io.BytesIO()
    try:
        soundfile.write(file, samples, SAMPLE_RATE, format="OGG", subtype="OPUS", compression_level=_LEVEL)
    except (TypeError, ValueError, soundfile.LibsndfileError):  # before soundfile 0.13, or without Opus
        return None
    return float(sum(_pages(file.getvalue())[_HEADER_PAGES:]))


def _pages(data: bytes) -> list[int]:
    """Bytes of the packets on each page of an Ogg file (RFC 3533, section 6)."""
    found, at = [], 0
    while at < len(data):
        first = at + _PAGE_HEADER_BYTES
        segments = data[first : first + data[at + _SEGMENTS_AT]]
        found.append(sum(segments))
        at = first + len(segments) + found[-1]
    return found
