"""What the networks give for sound files, as numbers: run once here and once on the Arm, by the same file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from alexa_local.capture import open_file
from alexa_local.frontend import log_mel
from alexa_local.models import open_model
from alexa_local.recognise.networks import Networks
from alexa_local.tflite.network import installed_runtimes


def main(out: Path, sounds: list[Path]) -> None:
    """Write features and the encoder's outputs of every sound into a .npz file; print the runtime's name."""
    networks = Networks(open_model("asr-en"))
    found: dict[str, Any] = {}
    for sound in sounds:
        source = open_file(sound)
        frames = log_mel(np.concatenate(list(source)))  # (T, 64)
        source.close()
        found[f"{sound.stem} features"] = frames
        found[f"{sound.stem} encoder"] = encoded(networks, frames)
    np.savez(out, **found)
    print(installed_runtimes()[0])


def encoded(networks: Networks, frames: np.ndarray) -> np.ndarray:
    """The encoder's vectors for whole steps of frames: float32 (T // frames_per_step, joint)."""
    size, states, vectors = networks.frames_per_step, networks.start(), []
    for first in range(0, len(frames) - size + 1, size):
        vector, states = networks.encode(frames[first : first + size], states)
        vectors.append(vector[0])
    return np.stack(vectors)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
