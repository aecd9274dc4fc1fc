"""A fixed input on which PyTorch and the exported network must agree, without PyTorch or recordings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def probe(width: int, steps: int = 16) -> NDArray[np.float32]:
    """What an encoder might say, float32 (steps, width)."""
    return np.sin(0.13 * np.arange(steps * width, dtype=np.float32)).reshape(steps, width)
