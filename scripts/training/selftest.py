"""Put into a model's folder what a device needs to tell that the model does there what it does here.

    python -m scripts.training.selftest firmware_models/asr-en

`selftest.npz` holds one step of every network, inputs and outputs, and a recogniser's also a short sentence
as features with its words; `alexa_local.updates.selftest` reads it. The file is not compressed, and the
inputs are always the same, so that an update to another generation carries little more than the new outputs.
A sentence that the folder has already stays while it is understood; a new one is read by flite, whose licence
allows to ship it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.frontend import log_mel
from alexa_local.models import open_model
from alexa_local.models.manifest import MANIFEST
from alexa_local.recognise import Recogniser
from alexa_local.tflite import load
from alexa_local.updates.selftest import try_model
from scripts.demo.scene import speak
from scripts.training.asr.parity import known_frames
from scripts.training.manifest import write_manifest

FILE = "selftest.npz"
PIECES = ("pieces", "labels")
"""Inputs that are numbers of word pieces."""
KEPT = 32
"""Numbers kept of each output."""
TOLERANCE = 0.05
"""Of an output's largest: processors round activations to int8 in slightly different ways."""
PIECES_FILE = "pieces.txt"
"""What only a recogniser has."""
SENTENCES = (
    "turn on the kitchen light",
    "what time is it",
    "stop the music",
    "set a timer for ten minutes",
    "turn off the lights",
)
"""The first that is understood is kept."""

Arrays = dict[str, NDArray[Any]]


def known_input(name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """The same numbers for every generation: pieces, frames as loud as speech, or smooth states."""
    if name in PIECES:
        return (np.arange(np.prod(shape)) % 16 + 1).astype(np.int32).reshape(shape)
    if name == "frames":
        return known_frames(shape[1])[: shape[0]].astype(np.float16)
    return np.sin(0.13 * np.arange(np.prod(shape))).astype(np.float16).reshape(shape)


def steps(folder: Path, files: list[str]) -> Arrays:
    """One step of every network in a folder, as `STEM/in/NAME` and `STEM/out/NAME`."""
    found: Arrays = {}
    for file in files:
        network, stem = load(folder / file), Path(file).stem
        inputs = {name: known_input(name, shape) for name, shape in network.inputs.items()}
        outputs = network.run(**inputs)
        found |= {f"{stem}/in/{name}": one for name, one in inputs.items()}
        found |= {
            f"{stem}/out/{name}": one.ravel()[:KEPT].astype(np.float16) for name, one in outputs.items()
        }
    return found


def sentence(folder: Path) -> Arrays:
    """A sentence that the folder's recogniser understands: `features` float16 (T, 64) and `words`.

    Raises:
        ModelError: it understands none.
    """
    recogniser = Recogniser(open_model(folder.name, folder.parent))

    def is_understood(features: NDArray[np.float16], words: str) -> bool:
        stream = recogniser.stream()
        stream.push(features.astype(np.float32))
        return stream.finish()[0].text == words

    if (folder / FILE).exists():
        with np.load(folder / FILE, allow_pickle=False) as kept:
            if is_understood(kept["features"], str(kept["words"])):
                return {"features": kept["features"], "words": kept["words"]}
    for words in SENTENCES:
        features = log_mel(speak(words)).astype(np.float16)
        if is_understood(features, words):
            return {"features": features, "words": np.array(words)}
    raise ModelError(f"{folder} understands none of the known sentences. Do not ship it.")


def write_selftest(folder: Path) -> None:
    """Write the file and name it in the manifest; the device's own check must pass on it.

    Raises:
        ModelError: the folder is no whole model's, or its recogniser understands no known sentence.
    """
    about = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    files = [name for name in about.pop("files") if name != FILE]
    arrays = {
        "tolerance": np.float32(TOLERANCE),
        **(sentence(folder) if PIECES_FILE in files else {}),
        **steps(folder, [name for name in files if name.endswith(".tflite")]),
    }
    np.savez(folder / FILE, **arrays)  # type: ignore[arg-type]
    write_manifest(folder, [*files, FILE], {**about, "selftest": {"file": FILE}})
    try_model(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the model's folder")
    args = parser.parse_args()
    write_selftest(args.folder)
    print(f"{args.folder / FILE}: {(args.folder / FILE).stat().st_size} bytes")


if __name__ == "__main__":
    main()
