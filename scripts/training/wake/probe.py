"""A fixed input on which PyTorch and the exported model must agree; needs neither PyTorch nor recordings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import MEL_BANDS


def probe_frames(frames: int = 240) -> NDArray[np.float32]:
    """Ridges that wander over the bands, float32 (T, 64), at the levels of speech."""
    time, band = np.arange(frames)[:, None], np.arange(MEL_BANDS)[None]
    ridge = 30 + 25 * np.sin(time / 17.0)
    voice = 12.0 * np.exp(-(((band - ridge) / 6.0) ** 2)) * (np.sin(time / 31.0) > -0.3)
    ripple = 1.5 * np.sin(band * 0.9 + time * 0.4)
    return (voice + ripple - 12.0).astype(np.float32)
