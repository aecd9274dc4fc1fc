"""Judges a trained whisper network on clips kept out, and writes the model's folder with its card.

    python -m scripts.training.whisper.release --run RUN --held-out HELD_OUT --noise NOISE [--narrow RUN]

`--narrow` is a run whose whispers were made in one way alone (`--envelopes prediction --espeak 0`): what
that makes of the other ways says more about real whispers than what the shipped one makes of ways it knows.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alexa_local.frontend import log_mel
from alexa_local.models import Model, open_model
from alexa_local.whisper import WhisperDetector
from alexa_local.whisper.detector import NETWORK_FILE, THRESHOLD
from scripts.evaluation.manifest import read_manifest, read_samples
from scripts.evaluation.noise import Noise
from scripts.evaluation.whisper import Whispers
from scripts.training.manifest import write_manifest
from scripts.training.wake.probe import probe_frames
from scripts.training.whisper import parity
from scripts.training.whisper.export import export
from scripts.training.whisper.network import WhisperNetwork

_LOG = logging.getLogger(__name__)
NAME = "whisper"
CONDITIONS_DB = {"as recorded": None, "noise at 20 dB": 20.0, "noise at 10 dB": 10.0, "noise at 5 dB": 5.0}
_TEMPLATE = Path(__file__).with_name("CARD.template.md")

Heard = Sequence[tuple[str, bool, float]]
"""Of each clip its source, whether it is whispered, and the probability of that."""


def main() -> int:
    """Write the folder."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    network = WhisperNetwork()
    network.load_state_dict(torch.load(options.run / "network.pt", weights_only=True))
    network.eval()
    options.folder.mkdir(parents=True, exist_ok=True)
    export(network, options.folder / NETWORK_FILE)
    about = _about(json.loads((options.run / "recipe.json").read_text(encoding="utf-8")))
    about["parity"] = {"frames": "scripts.training.wake.probe", "heard": parity.heard(network).tolist()}
    write_manifest(options.folder, [NETWORK_FILE], about)
    detector = WhisperDetector(open_model(options.folder.name, options.folder.parent))
    figures = _figures(detector, options.held_out, read_samples(options.noise))
    if options.narrow:
        narrow = Model(NAME, options.narrow, {"files": {NETWORK_FILE: {}}})
        heard = hear(WhisperDetector(narrow), options.held_out, None)
        figures["narrow"] = _by(heard, _RECIPES)
    figures["microseconds_a_step"] = _cost(detector)
    write_manifest(options.folder, [NETWORK_FILE], {**about, "figures": figures})
    card = _TEMPLATE.read_text(encoding="utf-8").format(
        kilobytes=(options.folder / NETWORK_FILE).stat().st_size / 1000, **_tables(figures)
    )
    (options.folder / "CARD.md").write_text(card, encoding="utf-8")
    _LOG.info("%s", json.dumps(figures, indent=1))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.training.whisper.release", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--run", type=Path, required=True, help="the folder that was trained in")
    parser.add_argument(
        "--held-out", type=Path, required=True, help="manifest.jsonl of scripts.training.whisper.heldout"
    )
    parser.add_argument("--noise", type=Path, required=True, help="a recording that was not trained on")
    parser.add_argument("--narrow", type=Path, help="a run with one way of making whispers")
    parser.add_argument("--folder", type=Path, default=Path("firmware_models") / NAME)
    return parser.parse_args()


def hear(detector: WhisperDetector, manifest: Path, noise: Noise | None) -> Heard:
    """What a detector makes of every clip, perhaps over noise."""
    found = []
    for row in read_manifest(manifest):
        samples = read_samples(row.path)
        detector.begin(log_mel(noise.over(samples, row.audio) if noise else samples))
        found.append((str(row.labels["source"]), bool(row.labels["whisper"]), detector.probability))
    return found


Chosen = Mapping[str, Callable[[str], bool]]

_LENGTHS: Chosen = {
    "0.2 to 0.6 s": lambda source: "syllable" in source,
    "0.8 to 1.2 s": lambda source: "second" in source,
    "2.0 to 2.4 s": lambda source: "sentence" in source,
}
_PLACES: Chosen = {"near": lambda source: "near" in source, "far": lambda source: "far" in source}
_RECIPES: Chosen = {
    "linear prediction": lambda source: "prediction" in source or source.startswith("voice"),
    "cepstrum": lambda source: "cepstrum" in source or source.startswith("voice"),
    "smoothed power": lambda source: "smoothed" in source or source.startswith("voice"),
    "espeak-ng": lambda source: "espeak" in source or source.startswith("voice"),
    "all, against voices as they are alone": lambda source: "whisper" in source or source.startswith("voice"),
}


def _by(heard: Heard, chosen: Chosen) -> dict[str, Any]:
    """Figures of some of the clips, by what their sources say."""
    return {name: _judged([one for one in heard if takes(one[0])]) for name, takes in chosen.items()}


def _judged(heard: Heard, curve: bool = False) -> dict[str, Any]:
    found = Whispers(THRESHOLD, curve)
    for _, whispered, probability in heard:
        (found.whispers if whispered else found.voices).append(probability)
    missed = sum(one < THRESHOLD for one in found.whispers) / max(1, len(found.whispers))
    taken = sum(one >= THRESHOLD for one in found.voices) / max(1, len(found.voices))
    return {**found.summary(), "missed_pct": round(100 * missed, 2), "taken_pct": round(100 * taken, 2)}


def _figures(detector: WhisperDetector, manifest: Path, noise: Any) -> dict[str, Any]:
    heard = {
        name: hear(detector, manifest, None if snr_db is None else Noise(noise, snr_db))
        for name, snr_db in CONDITIONS_DB.items()
    }
    plain = heard["as recorded"]
    return {
        "conditions": {name: _judged(one) for name, one in heard.items()},
        "lengths": _by(plain, _LENGTHS),
        "places": _by(plain, _PLACES),
        "recipes": _by(plain, _RECIPES),
        "curve": _judged(plain, curve=True)["curve"],
    }


def _cost(detector: WhisperDetector) -> int:
    """Microseconds of a step of 40 ms on this machine."""
    frames = np.tile(probe_frames(), (10, 1))
    began_s = time.process_time()
    detector.begin(frames)
    return round(1e6 * (time.process_time() - began_s) / (len(frames) / 4))


def _about(recipe: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": NAME,
        "version": 1,
        "inputs": {
            "frames": "float32 (8, 64): log-mel rows, of which the last 4 are new",
            "loudest": "float32 (1, 1): state, -16.12 at first",
            "first_h, first_c, second_h, second_c": "float32: state, zeros at first",
        },
        "outputs": {
            "heard": "float32 (1, 2): the logit that this step is whispered, and its weight before softplus",
            "NAME_out": "the state after the step",
        },
        "training": {
            **recipe,
            "never_trained_on": [
                "LibriSpeech dev-clean",
                "coffee_orders",
                "names_numbers_addresses",
                "wake_words/alexa-140 to 199",
                "one speaker in eight of everything else",
            ],
        },
    }


def _tables(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The card's tables in Markdown."""
    tables = {
        name: "\n".join(_row(key, one) for key, one in figures[name].items())
        for name in ("conditions", "lengths", "places", "recipes")
    }
    narrow = figures.get("narrow", {})
    tables["narrow"] = "\n".join(_row(key, one) for key, one in narrow.items())
    tables["curve"] = "\n".join(
        f"| {point['false_accepts_pct']} | {point['missed_pct']} | {point['threshold']} |"
        for point in figures["curve"]
    )
    return {**tables, "step_us": figures["microseconds_a_step"]}


def _row(name: str, one: Mapping[str, Any]) -> str:
    rates = f"{one['eer']} | {one['missed_pct']} | {one['taken_pct']}"
    return f"| {name} | {one['clips']} | {one['auc']:.4f} | {rates} |"


if __name__ == "__main__":
    sys.exit(main())
