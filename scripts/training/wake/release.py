"""Exports a trained network, chooses its threshold on validation recordings, and writes its folder.

`python -m scripts.training.wake.release --help`; the dev recordings are measured and choose nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.models import open_model
from alexa_local.wake import WakeWord
from alexa_local.wake.detector import NETWORK_FILE
from scripts.training.wake import corpus, measure
from scripts.training.wake.card import card
from scripts.training.wake.export import export
from scripts.training.wake.measure import NOISY_SNR_DB, SENSITIVITIES, Traces, gather, noisy, traced
from scripts.training.wake.network import WakeNetwork, smoothed
from scripts.training.wake.probe import probe_frames
from scripts.training.wake.render import Rooms, resample

_LOG = logging.getLogger(__name__)
NAME = "wake-alexa"
THRESHOLD = 0.5
MOST_FALSE_PER_HOUR = 0.5
"""The network's bias is moved until THRESHOLD is the lowest that is so quiet on the validation recordings."""


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
    folder = options.models / NAME
    folder.mkdir(parents=True, exist_ok=True)
    training = json.loads((options.trained / "recipe.json").read_text())
    wake_word = _written(network, folder, _manifest(training))
    heard = listened(wake_word, options.data, options.held_commands)
    shift = -lowest_logit(heard)
    with torch.no_grad():
        network.head.bias[0] += shift  # the score at which it should fire becomes 0.5
    heard = {name: traces.raised(shift) for name, traces in heard.items()}
    manifest = _manifest(training) | {"figures": figures_of(heard)}
    manifest["parity"] = {"input": "scripts.training.wake.probe", "smoothed_logits": parity(network)}
    wake_word = _written(network, folder, manifest)
    manifest["figures"]["microseconds_a_step"] = round(measure.microseconds_a_step(wake_word), 1)
    _written(network, folder, manifest)
    (folder / "CARD.md").write_text(card(manifest), encoding="utf-8")
    _LOG.info("%s", json.dumps(manifest["figures"], indent=1))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.wake.release", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--trained", type=Path, required=True, help="the --out of the training")
    parser.add_argument("--held-commands", type=Path, nargs="*", default=[], help="shards not trained on")
    parser.add_argument("--models", type=Path, default=Path("firmware_models"))
    return parser.parse_args()


def listened(wake_word: WakeWord, data: Path, held_commands: list[Path]) -> dict[str, Traces]:
    """What the network says to the validation and the dev recordings, by set; words first in each group."""
    clips = corpus.shared_clips(data)
    others = gather(clips, "validation", wake=False)
    words = gather(clips, "dev", wake=True)
    commands = [corpus.read_samples(clip.path) for clip in corpus.synthetic_clips(held_commands)]
    heard = {
        "validation_words": traced(wake_word, validation_words(clips)),
        "validation_speech": traced(wake_word, others),
        "validation_speech_in_rooms": traced(wake_word, _in_rooms(others, data)),
        "validation_commands": traced(wake_word, commands),
        "dev_words": traced(wake_word, words),
        "dev_words_noise_10_db": traced(wake_word, noisy(data, words, NOISY_SNR_DB)),
    }
    heard["validation_words"].steps += traced(
        wake_word, noisy(data, validation_words(clips), NOISY_SNR_DB)
    ).steps
    for folder in sorted({clip.folder for clip in clips if clip.split == "dev" and not clip.wake}):
        found = [clip for clip in clips if clip.folder == folder]
        heard[f"dev_{folder}"] = traced(wake_word, gather(found, "dev", wake=False))
    return heard


def _others(heard: dict[str, Traces], group: str) -> dict[str, Traces]:
    """The sets of a group without the wake word in them."""
    words = f"{group}_words"
    return {name: heard[name] for name in heard if name.startswith(group) and not name.startswith(words)}


def lowest_logit(heard: dict[str, Traces]) -> float:
    """The lowest threshold, as a logit, that is quiet enough on the validation recordings."""
    others = list(_others(heard, "validation").values())
    for logit in np.arange(0.0, 12.0, 0.2):
        if _false(1.0 / (1.0 + math.exp(-logit)), others)["false_per_hour"] <= MOST_FALSE_PER_HOUR:
            return float(logit)
    return 12.0


def figures_of(heard: dict[str, Traces]) -> dict[str, Any]:
    """The figures at the shipped threshold, and the tables of others."""
    validation, dev = _others(heard, "validation"), _others(heard, "dev")
    words, dev_words = heard["validation_words"], heard["dev_words"]
    return {
        "dev": _row(THRESHOLD, dev_words, list(dev.values())) | {"positives": len(dev_words.steps)},
        "dev_noise_10_db_missed_pct": round(heard["dev_words_noise_10_db"].missed_percent(THRESHOLD), 2),
        "validation": _row(THRESHOLD, words, list(validation.values())) | {"positives": len(words.steps)},
        "false_accepts": {name: _false(THRESHOLD, [traces]) for name, traces in (dev | validation).items()},
        "sensitivities_validation": [_row(at, words, list(validation.values())) for at in SENSITIVITIES],
        "sensitivities_dev": [_row(at, dev_words, list(dev.values())) for at in SENSITIVITIES],
    }


def parity(network: WakeNetwork) -> list[float]:
    """What PyTorch says to the fixed input of `probe`: the exported model must agree."""
    with torch.no_grad():
        logits = smoothed(network(torch.from_numpy(probe_frames())[None])[0])[0]
    return [round(float(logit), 4) for logit in logits]


def validation_words(clips: list[corpus.Clip]) -> list[NDArray[np.int16]]:
    """The validation words as recorded, slower and faster."""
    words = gather(clips, "validation", wake=True)
    paced = [
        np.clip(resample(samples.astype(np.float32), speed), -32768, 32767).astype(np.int16)
        for samples in words
        for speed in (0.88, 1.13)
    ]
    return words + paced


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


def _manifest(training: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": NAME,
        "version": 1,
        "files": {},
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
        "threshold": THRESHOLD,
        "figures": {},
    }


def _written(network: WakeNetwork, folder: Path, manifest: dict[str, Any]) -> WakeWord:
    """Write the network and its manifest (which gets the file's sha256), and open what was written."""
    export(network, folder / NETWORK_FILE)
    content = (folder / NETWORK_FILE).read_bytes()
    manifest["files"] = {NETWORK_FILE: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return WakeWord(open_model(NAME, folder.parent))


if __name__ == "__main__":
    sys.exit(main())
