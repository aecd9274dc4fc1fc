"""The second opinion on a wake word: what the recogniser's encoder makes of the last two seconds.

The recogniser is trained to write nothing for "Alexa" at the beginning of a request, so its words do not tell
whether that was said; but its encoder must know it, and a small network on the encoder's outputs reads it
off. Nothing is computed before the wake word's own network fires, so that silence and speech cost nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.frontend import probability
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from alexa_local.models import Model
from alexa_local.tflite import load

NETWORK_FILE = "verify.tflite"
WINDOW_FRAMES = 192
"""The encoder begins so many frames before the moment that is judged, knowing nothing: 1.92 s."""

Vector = NDArray[np.float32]


class Encoder(Protocol):
    """The recogniser's encoder (`recognise.encoder.Encoder`)."""

    frames_per_step: int

    def start(self) -> dict[str, Vector]:
        """Its state before the first step."""

    def encode(self, frames: Vector, states: dict[str, Vector]) -> tuple[Vector, dict[str, Vector]]:
        """One step: frames (frames_per_step, 64) and states to a vector (1, width) and new states."""


class Verifier:
    """The network and the encoder that it was made for; holds no state."""

    def __init__(self, model: Model, encoder: Encoder) -> None:
        """Load the network.

        Args:
            model: the opened folder "wake-verify".
            encoder: of the recogniser.

        Raises:
            ModelError: the network does not fit this program.
        """
        self._network, self._encoder = load(model.path(NETWORK_FILE)), encoder
        shape = self._network.inputs.get("encoded", (0, 0))
        if shape[0] * encoder.frames_per_step not in range(1, WINDOW_FRAMES + 1):
            raise ModelError(f"Model {model.name} does not fit this program. Reinstall the package.")
        self._steps = shape[0]

    def verify(self, frames: Vector) -> float:
        """How sure it is, 0 to 1, that the wake word has just ended.

        Args:
            frames: float32 (T, 64), the last ones; those before WINDOW_FRAMES do not count, and missing
                ones are silence.
        """
        rows = encoded(self._encoder, frames)[-self._steps :]
        return probability(float(self._network.run(encoded=rows)["logit"][0, 0]))


def encoded(encoder: Encoder, frames: Vector) -> Vector:
    """What the encoder, knowing nothing before, makes of the last frames (T, 64): float32 (steps, width)."""
    silence = np.full((max(0, WINDOW_FRAMES - len(frames)), MEL_BANDS), LOG_FLOOR, np.float32)
    heard = np.concatenate([silence, frames[-WINDOW_FRAMES:]])
    states, rows = encoder.start(), []
    for first in range(0, WINDOW_FRAMES, encoder.frames_per_step):
        row, states = encoder.encode(heard[first : first + encoder.frames_per_step], states)
        rows.append(row)
    return np.concatenate(rows)


def fits(model: Model, recogniser: Model) -> bool:
    """Whether a second opinion was made for this recogniser's encoder; with another it would guess."""
    made_for = model.info.get("encoder_sha256")
    return made_for == encoder_sha256(recogniser)


def encoder_sha256(recogniser: Model) -> str:
    """What tells a recogniser's encoder from every other: its file's, or its files' and thresholds'."""
    files: Mapping[str, Any] = recogniser.info["files"]
    found = [str(files[name]["sha256"]) for name in sorted(files) if name.startswith("encoder")]
    if "branches" not in recogniser.info:
        return found[0] if found else ""
    known = json.dumps([found, recogniser.info["branches"]], sort_keys=True)
    return hashlib.sha256(known.encode()).hexdigest()
