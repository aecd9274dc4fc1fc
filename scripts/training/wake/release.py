"""Exports a trained network, chooses its thresholds on validation recordings, and writes its folder.

`python -m scripts.training.wake.release --help`; the dev recordings are measured and choose nothing.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from alexa_local.frontend import probability
from alexa_local.models import open_model
from alexa_local.wake import WakeWord
from alexa_local.wake.detector import NETWORK_FILE
from scripts.training.wake import measure
from scripts.training.wake.card import card
from scripts.training.wake.export import export
from scripts.training.wake.judge import Judged, add_arguments, judges_of
from scripts.training.wake.network import WakeNetwork, smoothed
from scripts.training.wake.probe import probe_frames
from scripts.training.wake.train import peaks
from scripts.training.wake.words import Word, find_word

_LOG = logging.getLogger(__name__)
THRESHOLD = 0.5
"""Of the step "medium": the last layer's bias is moved until it is."""

FALSE_PER_HOUR = {"lowest": 0.0, "low": 0.1, "medium": 0.3, "high": 0.8, "highest": 2.0}
"""Steps of sensitivity: at most so many false accepts an hour on the validation recordings."""

_LEAST_APART = 0.5
"""Logits between two steps, also where counts too small to tell them apart would put them together."""

_QUIET = ("as recorded", "near, in a room", "far, in a room")
_NOISY = ("noise at 10 dB", "music at 10 dB")


def main() -> int:
    """Write the model's folder."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if not (options.data / "wake_words" / "manifest.jsonl").exists():
        _LOG.error("No recordings in %s. Give their folder with --data; nothing was written.", options.data)
        return 66
    network = averaged(options.trained)
    word = find_word(options.word)
    folder = options.models / word.model
    folder.mkdir(parents=True, exist_ok=True)
    manifest = _manifest(network, word, [_recipe(run) for run in options.trained])
    wake_words = [_written(network, folder, manifest)]
    if options.before:
        wake_words.append(WakeWord(open_model(options.before.name, options.before.parent)))
    found = judges_of(options).judged(wake_words, functools.partial(peaks, network))
    shift = -measure.logit_of(found[0].validation.quietest(FALSE_PER_HOUR["medium"]))
    with torch.no_grad():
        network.head.bias[0] += shift  # the score at which it should fire becomes 0.5
    new = found[0].raised(shift)
    manifest["figures"] = figures_of(new) | {"before": [measure.curve(one.validation) for one in found[1:]]}
    manifest["sensitivity"] = sensitivity(new.validation)
    manifest["parity"] = {"input": "scripts.training.wake.probe", "smoothed_logits": parity(network)}
    wake_word = _written(network, folder, manifest)
    manifest["figures"]["microseconds_a_step"] = round(measure.microseconds_a_step(wake_word), 1)
    _written(network, folder, manifest)
    (folder / "CARD.md").write_text(card(manifest, word), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.wake.release", description=__doc__)
    add_arguments(parser)
    parser.add_argument(
        "--trained", type=Path, nargs="+", required=True, help="the --out of the trainings to be averaged"
    )
    parser.add_argument("--before", type=Path, help="the folder of an older model, to tell what has changed")
    parser.add_argument("--models", type=Path, default=Path("firmware_models"))
    return parser.parse_args()


def averaged(trained: Sequence[Path]) -> WakeNetwork:
    """The mean of trainings that went on from the same network: it errs less than each of them."""
    states = [torch.load(run / "network.pt", weights_only=True) for run in trained]
    network = WakeNetwork()
    network.load_state_dict({name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]})
    return network.eval()


def _recipe(run: Path) -> dict[str, Any]:
    return json.loads((run / "recipe.json").read_text(encoding="utf-8"))


def figures_of(found: Judged) -> dict[str, Any]:
    """The figures at the shipped threshold, and the curves."""
    validation, dev = found.validation, found.dev
    return {
        "words": {"validation": _size(validation), "dev": _size(dev)},
        "validation": measure.row(validation, THRESHOLD),
        "dev": measure.row(dev, THRESHOLD),
        "false_accepts": {
            f"{group}: {name}": f"{traces.fired(THRESHOLD)} in {traces.hours:.2f} h"
            for group, heard in (("validation", validation), ("dev", dev))
            for name, traces in heard.others.items()
        },
        "names_with_the_word": f"{found.names.fired(THRESHOLD)} in {len(found.names.logits)} recordings",
        "missed_by_pitch": found.by_pitch(THRESHOLD),
        "det": measure.curve(validation),
    }


def _size(heard: measure.Heard) -> int:
    """How many words there are in a scene."""
    return len(heard.words["as recorded"].logits) if heard.words else 0


def sensitivity(heard: measure.Heard) -> list[dict[str, Any]]:
    """The steps that a person may choose, from the quietest to the most eager, with what each costs."""
    logits = {step: measure.logit_of(heard.quietest(rate)) for step, rate in FALSE_PER_HOUR.items()}
    order = list(FALSE_PER_HOUR)
    middle = order.index("medium")
    logits["medium"] = measure.logit_of(THRESHOLD)
    for at in range(middle - 1, -1, -1):
        logits[order[at]] = max(logits[order[at]], logits[order[at + 1]] + _LEAST_APART)
    for at in range(middle + 1, len(order)):
        logits[order[at]] = min(logits[order[at]], logits[order[at - 1]] - _LEAST_APART)
    return [_step(heard, step, round(probability(logits[step]), 4)) for step in order]


def _step(heard: measure.Heard, step: str, threshold: float) -> dict[str, Any]:
    row = measure.row(heard, threshold)
    return {
        "step": step,
        "threshold": threshold,
        "missed_pct": round(heard.missed_percent(threshold, _QUIET), 2),
        "missed_noise_pct": round(heard.missed_percent(threshold, _NOISY), 2),
        **{key: row[key] for key in ("false_accepts", "hours", "false_per_hour")},
    }


def parity(network: WakeNetwork) -> list[float]:
    """What PyTorch says to the fixed input of `probe`: the exported model must agree."""
    with torch.no_grad():
        logits = smoothed(network(torch.from_numpy(probe_frames())[None])[0])[0]
    return [round(float(logit), 4) for logit in logits]


def _manifest(network: WakeNetwork, word: Word, trainings: list[dict[str, Any]]) -> dict[str, Any]:
    states = {name: getattr(network, name).hidden_size for name in ("first", "second")}
    return {
        "name": word.model,
        "version": word.version,
        "word": word.text,
        "files": {},
        "inputs": {
            "bands": "float32 (16, 32): 16 groups of 4 log-mel bands, each the last 8 frames by 4 bands",
            **{name: f"float32 (1, {size}): state, zeros at first" for name, size in states.items()},
        },
        "outputs": {
            "heard": "float32 (1, 2): logit that the word has just ended, its length in units of 100 frames",
            **{f"{name}_out": f"float32 (1, {size})" for name, size in states.items()},
        },
        "network": {"channels": network.patch.out_features, "width": network.mix.out_features, **states},
        "training": trainings,
        "threshold": THRESHOLD,
        "figures": {},
    }


def _written(network: WakeNetwork, folder: Path, manifest: dict[str, Any]) -> WakeWord:
    """Write the network and its manifest (which gets the file's sha256), and open what was written."""
    export(network, folder / NETWORK_FILE)
    content = (folder / NETWORK_FILE).read_bytes()
    manifest["files"] = {NETWORK_FILE: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return WakeWord(open_model(folder.name, folder.parent))


if __name__ == "__main__":
    sys.exit(main())
