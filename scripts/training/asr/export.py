"""Write a trained transducer as a model folder: int8 .tflite files, word pieces, manifest.

python -m scripts.training.asr.export --run DIR --out firmware_models/asr-en [--ngrams FILE] [--figures FILE]

The figures are a JSON object, as measured by scripts/evaluate; they go into the manifest as they are.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from alexa_local.tflite.layers import Kind
from alexa_local.tflite.writer import Graph
from scripts.training.asr import parity
from scripts.training.asr.graphs import (
    branch_graph,
    encoder_graph,
    front_graph,
    joint_graph,
    prediction_graph,
)
from scripts.training.asr.model import FRAMES_PER_STEP, Transducer
from scripts.training.asr.trainee import averaged
from scripts.training.manifest import write_manifest

DATA = [
    "LibriSpeech (train parts)",
    "speechocean762",
    "LJ Speech",
    "kathleen",
    "Common Voice (en)",
    "Google Speech Commands (words and noise)",
    "Picovoice wake-word-benchmark (all words; alexa 000-159)",
    "Precise-Community-Data",
    "custom-speech-commands-dataset",
    "commands, requests and sentences synthesised with flite, SVOX pico, festival and espeak-ng",
]
"""What the recipe trains on; the card has the licences."""

LANGUAGE = {"file": "ngrams.npz", "weight": 0.3, "bonus": 1.5}
"""The language model's part in a reading's score."""

THRESHOLDS = {"normal": 0.0, "cheap": 2.0}
"""The arbiter's log-odds above which the large branch runs: in usual times, and when the machine is late."""


def load_average(checkpoint: Path) -> Transducer:
    """The averaged weights of a checkpoint."""
    shape, weights = averaged(checkpoint)
    model = Transducer(shape)
    model.load_state_dict(weights)
    return model.eval()


def networks(model: Transducer, kind: Kind) -> dict[str, Graph]:
    """The graphs of all networks by their files' names."""
    if model.shape.branch:
        encoder = {
            "encoder-front.tflite": front_graph(model, kind),
            "encoder-large.tflite": branch_graph(model, kind, small=False),
            "encoder-small.tflite": branch_graph(model, kind, small=True),
        }
    else:
        encoder = {"encoder.tflite": encoder_graph(model, kind)}
    return {
        **encoder,
        "prediction.tflite": prediction_graph(model, kind),
        "joint.tflite": joint_graph(model, kind),
    }


def export(
    model: Transducer, pieces: Path, ngrams: Path | None, out: Path, kind: Kind, about: dict[str, Any]
) -> None:
    """Write the folder `out`; with n-grams, the search adds them with LANGUAGE's weight and bonus."""
    out.mkdir(parents=True, exist_ok=True)
    made = networks(model, kind)
    for name, graph in made.items():
        graph.save(out / name)
    (out / "pieces.txt").write_bytes(pieces.read_bytes())
    about = {
        **about,
        "parity": {"input": "scripts.training.asr.parity", "encoded": parity.encoded(model, kind)},
    }
    files = [*made, "pieces.txt"]
    if model.shape.branch:
        about = {**about, "branches": THRESHOLDS}
    if ngrams:
        (out / "ngrams.npz").write_bytes(ngrams.read_bytes())
        files.append("ngrams.npz")
        about = {**about, "language_model": LANGUAGE}
    write_manifest(out, files, about)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--run", type=Path, required=True, help="folder of the training: checkpoint.pt and pieces.txt"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--float", action="store_true", help="keep float32 weights, to see what int8 costs")
    parser.add_argument("--ngrams", type=Path, help="language model to ship with it, from ngram.py")
    parser.add_argument("--figures", type=Path, help="JSON file with what was measured")
    args = parser.parse_args()
    model = load_average(args.run / "checkpoint.pt")
    about = {
        "name": args.out.name,
        "task": "streaming speech recognition, English",
        "shape": model.shape.as_dict(),
        "frames_per_step": FRAMES_PER_STEP,
        "training": {"command": "scripts/training/asr/recipe.sh DATA WORK", "data": DATA},
        "figures": json.loads(args.figures.read_text(encoding="utf-8")) if args.figures else {},
    }
    export(model, args.run / "pieces.txt", args.ngrams, args.out, "float32" if args.float else "int8", about)


if __name__ == "__main__":
    main()
