"""A voice as a vector of unit length, whatever is said: voices alike give vectors alike.

It streams: a long request costs the same for every second, and the vector is there when it ends.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alexa_local.models import Model

LEAST_SPEECH_S = 0.3
"""With less speech there is no embedding."""

Array = NDArray[np.float32]


class SpeakerEmbedder:
    """The network and one stream's state.

    Attributes:
        speech_s: seconds of speech, since the last reset, that the embedding rests on.
        known_probability: from this `probability` on a person counts as known; 1 % of strangers pass.
        sure_probability: a stricter one, for what needs more certainty; 0.1 % of strangers pass.
        version: of the embeddings; those of another version cannot be compared.
    """

    speech_s: float
    known_probability: float
    sure_probability: float
    version: int

    def __init__(self, model: Model) -> None:
        """Load the network.

        Args:
            model: the opened folder "speaker".

        Raises:
            ModelError: the network does not fit this program.
        """
        raise NotImplementedError("The model is being trained.")

    def reset(self) -> None:
        """Forget everything that was heard."""
        raise NotImplementedError

    def push(self, frames: Array) -> None:
        """Take feature frames, float32 (T, 64), any T."""
        raise NotImplementedError

    def embedding(self) -> Array | None:
        """The voice heard since the last reset, float32 (D,) of unit length; None without enough speech."""
        raise NotImplementedError

    def embed(self, samples: NDArray[np.int16]) -> Array | None:
        """The voice in a whole recording, int16 (N,), 16 kHz mono; what was pushed before is forgotten."""
        raise NotImplementedError

    def probability(self, score: float, speech_s: float) -> float:
        """How probable it is, 0 to 1 and without prior preference, that a voice is a person's.

        Args:
            score: cosine of the voice's embedding and the person's, the mean of about five sentences'.
            speech_s: seconds of speech that the voice's embedding rests on.
        """
        raise NotImplementedError


def similarity(one: Array, other: Array) -> float:
    """The cosine of two vectors, (D,) each, which need not have unit length."""
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-9))
