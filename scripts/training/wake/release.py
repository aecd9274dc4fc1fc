"""Exports a trained network, chooses its threshold on validation recordings, and writes its folder.

`python -m scripts.training.wake.release --help`; the dev recordings are measured and choose nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.models import open_model
from alexa_local.wake import WakeWord
from scripts.training.wake import corpus, measure
from scripts.training.wake.card import card
from scripts.training.wake.export import export
from scripts.training.wake.measure import SENSITIVITIES, Traces, gather, noisy, traced
from scripts.training.wake.network import WakeNetwork, smoothed
from scripts.training.wake.probe import probe_frames
from scripts.training.wake.render import Rooms, resample

_LOG = logging.getLogger(__name__)
_NAME, _FILE = "wake-alexa", "wake.tflite"
_MOST_FALSE_PER_HOUR = 0.5
"""The threshold is the lowest of SENSITIVITIES with at most so many on the validation recordings."""


def main() -> int:
    """Write the model's folder."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if not (options.data / "wake_words" / "manifest.jsonl").exists():
        _LOG.error("No recordings in %s. Give their folder with --data; nothing was written.", options.data)
        return 66
    network = WakeNetwork()
    network.load_state_dict(torch.load(options.trained / "network.pt", weights_only=True))
    network.eval()
    folder = options.models / _NAME
    folder.mkdir(parents=True, exist_ok=True)
    export(network, folder / _FILE)
    manifest = _manifest(folder, json.loads((options.trained / "recipe.json").read_text()))
    manifest["parity"] = {"input": "scripts.training.wake.probe", "smoothed_logits": parity(network)}
    _write(folder, manifest)
    wake_word = WakeWord(open_model(_NAME, options.models))
    figures, threshold = measured(wake_word, options.data, options.held_commands)
    manifest |= {"threshold": threshold, "figures": figures}
    _write(folder, manifest)
    (folder / "CARD.md").write_text(card(manifest), encoding="utf-8")
    _LOG.info("%s", json.dumps(figures, indent=1))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.wake.release", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--trained", type=Path, required=True, help="the --out of the training")
    parser.add_argument("--held-commands", type=Path, nargs="*", default=[], help="shards not trained on")
    parser.add_argument("--models", type=Path, default=Path("firmware_models"))
    return parser.parse_args()


def measured(wake_word: WakeWord, data: Path, held_commands: list[Path]) -> tuple[dict[str, Any], float]:
    """The figures, and the threshold that the validation recordings choose."""
    clips = corpus.shared_clips(data)
    heard = {
        "validation_words": traced(wake_word, validation_words(clips, data)),
        "validation_speech": traced(wake_word, gather(clips, "validation", wake=False)),
        "validation_speech_in_rooms": traced(
            wake_word, _in_rooms(gather(clips, "validation", wake=False), data)
        ),
        "validation_commands": traced(
            wake_word, [corpus.read_samples(clip.path) for clip in corpus.synthetic_clips(held_commands)]
        ),
    }
    false_traces = [traces for name, traces in heard.items() if name != "validation_words"]
    table = [_row(threshold, heard["validation_words"], false_traces) for threshold in SENSITIVITIES]
    allowed = [row["threshold"] for row in table if row["false_per_hour"] <= _MOST_FALSE_PER_HOUR]
    threshold = min(allowed, default=SENSITIVITIES[-1])
    words = gather(clips, "dev", wake=True)
    dev_words = traced(wake_word, words)
    dev_noisy = traced(wake_word, noisy(data, words, measure.NOISY_SNR_DB))
    folders = sorted({clip.folder for clip in clips if clip.split == "dev" and not clip.wake})
    dev = {
        folder: traced(
            wake_word, gather([clip for clip in clips if clip.folder == folder], "dev", wake=False)
        )
        for folder in folders
    }
    dev_rows = [_row(threshold_, dev_words, list(dev.values())) for threshold_ in SENSITIVITIES]
    figures = {
        "dev": _row(threshold, dev_words, list(dev.values())) | {"positives": len(words)},
        "dev_noise_10_db_missed_pct": round(dev_noisy.missed_percent(threshold), 2),
        "dev_false_accepts": {folder: _false(threshold, [traces]) for folder, traces in dev.items()},
        "validation_false_accepts": {
            name: _false(threshold, [traces]) for name, traces in heard.items() if name != "validation_words"
        },
        "microseconds_a_step": round(measure.microseconds_a_step(wake_word), 1),
        "sensitivities_validation": table,
        "sensitivities_dev": dev_rows,
    }
    return figures, threshold


def parity(network: WakeNetwork) -> list[float]:
    """What PyTorch says to the fixed input of `probe`: the exported model must agree."""
    with torch.no_grad():
        logits = smoothed(network(torch.from_numpy(probe_frames())[None])[0])[0]
    return [round(float(logit), 4) for logit in logits]


def validation_words(clips: list[corpus.Clip], data: Path) -> list[NDArray[np.int16]]:
    """The validation words as recorded, faster and slower, and with noise at 10 dB."""
    words = gather(clips, "validation", wake=True)
    paced = [
        np.clip(resample(samples.astype(np.float32), speed), -32768, 32767).astype(np.int16)
        for samples in words
        for speed in (0.88, 1.13)
    ]
    return words + paced + noisy(data, words + paced, measure.NOISY_SNR_DB)


def _in_rooms(recordings: list[NDArray[np.int16]], data: Path) -> list[NDArray[np.int16]]:
    rng = np.random.default_rng(11)
    rooms = Rooms(data, rng, simulated=50)
    out = []
    for samples in recordings:
        sound = rooms.apply(resample(samples.astype(np.float32), float(rng.uniform(0.9, 1.15))), rng)
        out.append(
            (sound * 0.5 * np.abs(samples).max(initial=1) / (np.abs(sound).max() + 1)).astype(np.int16)
        )
    return out


def _row(threshold: float, words: Traces, others: list[Traces]) -> dict[str, Any]:
    row = {"threshold": threshold, "missed_pct": round(words.missed_percent(threshold), 2)}
    return row | _false(threshold, others)


def _false(threshold: float, others: list[Traces]) -> dict[str, Any]:
    count = sum(sum(traces.fired(threshold)) for traces in others)
    hours = sum(traces.hours for traces in others)
    return {
        "false_accepts": count,
        "hours": round(hours, 2),
        "false_per_hour": round(count / max(hours, 1e-9), 2),
    }


def _manifest(folder: Path, training: dict[str, Any]) -> dict[str, Any]:
    content = (folder / _FILE).read_bytes()
    return {
        "name": _NAME,
        "version": 1,
        "files": {_FILE: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}},
        "inputs": {
            "bands": "float32 (16, 32): 16 groups of 4 log-mel bands, each the last 8 frames by 4 bands",
            "first": "float32 (1, 64): state, zeros at first",
            "second": "float32 (1, 48): state, zeros at first",
        },
        "outputs": {
            "heard": "float32 (1, 2): logit that the word has just ended, its length in units of 100 frames",
            "first_out": "float32 (1, 64)",
            "second_out": "float32 (1, 48)",
        },
        "training": training,
        "threshold": 0.5,
        "figures": {},
    }


def _write(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
