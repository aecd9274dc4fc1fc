"""Export a second opinion, choose its steps of sensitivity on validation recordings, write its folder.

`python -m scripts.training.verify.release --help`. The wake word and the opinion are measured together, by
the rule of `alexa_local.wake.detector`; the dev recordings are measured too, and choose nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.messages import SAMPLE_RATE
from alexa_local.models import Model, open_model
from alexa_local.recognise.networks import Networks
from alexa_local.wake import Verifier, WakeWord
from alexa_local.wake.detector import REFRACTORY_FRAMES, STEP_FRAMES
from alexa_local.wake.sensitivity import STEPS
from alexa_local.wake.verification import NETWORK_FILE, WINDOW_FRAMES
from scripts.evaluation.wake import Heard as Recording
from scripts.evaluation.wake import firings
from scripts.training.verify.card import card
from scripts.training.verify.network import VerifyNetwork, export
from scripts.training.wake import corpus
from scripts.training.wake.measure import sigmoid
from scripts.training.wake.scenes import Stage

_LOG = logging.getLogger(__name__)
NAME = "wake-verify"
LOWEST_SCORE = 0.01
"""Of the wake word's network: an opinion is asked at every step that reaches it."""

_APART_STEPS = REFRACTORY_FRAMES // STEP_FRAMES

FALSE_PER_HOUR = {"lowest": 0.0, "low": 0.1, "medium": 0.3, "high": 0.8, "highest": 2.0}
"""Steps of sensitivity: at most so many false accepts an hour on the validation recordings."""

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
VERIFICATIONS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95)
_QUIET = ("as recorded", "near, in a room", "far, in a room")
_NOISY = ("noise at 10 dB", "music at 10 dB")


@dataclass
class Heard:
    """What both networks said about some recordings, one row a step.

    Attributes:
        scores: of the wake word at each step, for each recording.
        opinions: the same of the second opinion; 0 where it was not asked.
        hours: how long the recordings are in all.
    """

    scores: list[list[float]] = field(default_factory=list)
    opinions: list[list[float]] = field(default_factory=list)
    hours: float = 0.0

    def fired(self, threshold: float, verification: float) -> list[int]:
        """How often each recording opens a request."""
        pairs = zip(self.scores, self.opinions, strict=True)
        return [
            firings(Recording((), scores, opinions), threshold, _APART_STEPS, verification)
            if max(scores, default=0.0) >= threshold
            else 0
            for scores, opinions in pairs
        ]

    def missed_pct(self, threshold: float, verification: float) -> float:
        """Percentage of the recordings that open none."""
        counts = self.fired(threshold, verification)
        return 100.0 * sum(not count for count in counts) / max(1, len(counts))


def heard(wake_word: WakeWord, verifier: Verifier, recordings: Iterable[NDArray[np.int16]]) -> Heard:
    """Let both listen to recordings, each between silences."""
    found = Heard()
    rng = np.random.default_rng(0)
    before, after = (rng.integers(-2, 3, SAMPLE_RATE // 2 * n).astype(np.int16) for n in (1, 2))
    for samples in recordings:
        frames = log_mel(np.concatenate([before, samples, after]))
        wake_word.reset()
        scores = [step.score for step in wake_word.trace(frames)]
        ends = [(at + 1) * STEP_FRAMES for at in range(len(scores))]
        found.scores.append(scores)
        found.opinions.append(
            [
                verifier.verify(frames[max(0, end - WINDOW_FRAMES) : end]) if score >= LOWEST_SCORE else 0.0
                for end, score in zip(ends, scores, strict=True)
            ]
        )
        found.hours += len(samples) / SAMPLE_RATE / 3600
    return found


Sets = dict[str, Heard]


def listened(wake_word: WakeWord, verifier: Verifier, options: argparse.Namespace) -> dict[str, Sets]:
    """Both on the validation and the dev recordings: words by scene, and everything else by kind."""
    clips = corpus.shared_clips(options.data, wake_word.word)
    held = _read(clips, "validation", wake=False)
    stage = Stage(options.data, held)
    synthetic = corpus.synthetic_clips(options.held_commands, wake_word.word)
    commands = [corpus.read_samples(clip.path) for clip in synthetic if not clip.wake]
    dev = [clip for clip in clips if clip.split == "dev" and not clip.wake]
    by_folder = {folder: [one for one in dev if one.folder == folder] for folder in {c.folder for c in dev}}
    recordings: dict[str, dict[str, Iterable[NDArray[np.int16]]]] = {
        "words": dict(stage.words(_read(clips, "validation", wake=True))),
        "others": {**stage.others(held[:: options.one_in]), "commands": commands[:: options.one_in]},
        "dev words": dict(stage.words(_read(clips, "dev", wake=True)[:: options.one_in])),
        "dev others": {name: _read(some, "dev", wake=False) for name, some in by_folder.items()},
    }
    found: dict[str, Sets] = {}
    for group, sets in recordings.items():
        found[group] = {}
        for name, some in sets.items():
            found[group][name] = heard(wake_word, verifier, some)
            _LOG.info("%s: %s", group, name)
    return found


def _read(clips: Sequence[corpus.Clip], split: str, wake: bool) -> list[NDArray[np.int16]]:
    return [corpus.read_samples(clip.path) for clip in clips if clip.split == split and clip.wake is wake]


def row(words: Sets, others: Sets, threshold: float, verification: float) -> dict[str, Any]:
    """What is missed and what is heard falsely at two thresholds."""
    false = sum(sum(one.fired(threshold, verification)) for one in others.values())
    hours = sum(one.hours for one in others.values())

    def missed(scenes: Sequence[str]) -> float:
        return round(
            float(np.mean([words[scene].missed_pct(threshold, verification) for scene in scenes])), 2
        )

    return {
        "threshold": threshold,
        "verification": verification,
        "missed_pct": missed(_QUIET),
        "missed_noise_pct": missed(_NOISY),
        "false_accepts": false,
        "hours": round(hours, 2),
        "false_per_hour": round(false / max(hours, 1e-9), 2),
    }


def steps_of(words: Sets, others: Sets) -> list[dict[str, Any]]:
    """For each step the pair of thresholds that misses least, of those that are quiet enough."""
    rows = [row(words, others, first, second) for first in THRESHOLDS for second in VERIFICATIONS]
    rows.sort(key=lambda one: (one["missed_pct"] + one["missed_noise_pct"], one["false_per_hour"]))
    chosen = []
    for step in STEPS:
        quiet = [one for one in rows if one["false_per_hour"] <= FALSE_PER_HOUR[step]]
        chosen.append({"step": step, **(quiet or sorted(rows, key=lambda one: one["false_per_hour"]))[0]})
    return chosen


def alone(words: Sets, others: Sets) -> list[dict[str, Any]]:
    """The wake word without a second opinion, at many thresholds."""
    return [row(words, others, round(sigmoid(logit), 4), 0.0) for logit in np.arange(-4.0, 4.1, 0.5)]


def main() -> int:
    """Write the model's folder."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    recogniser = open_model(options.recogniser, options.models)
    encoder = Networks(recogniser)
    state = torch.load(options.trained / "network.pt", weights_only=True)
    network = VerifyNetwork(state["each.weight"].shape[1])
    network.load_state_dict(state)
    network.eval()
    folder = options.models / NAME
    folder.mkdir(parents=True, exist_ok=True)
    manifest: dict[str, Any] = {
        "name": NAME,
        "version": 1,
        "files": {},
        "inputs": {"encoded": f"float32 (16, {network.each.in_features}): the encoder's last outputs"},
        "outputs": {"logit": "float32 (1, 1): the wake word has just ended"},
        "encoder_sha256": recogniser.info["files"]["encoder.tflite"]["sha256"],
        "training": json.loads((options.trained / "recipe.json").read_text(encoding="utf-8")),
        "parity": {"input": "scripts.training.verify.release.probe", "logit": parity(network)},
    }
    model = _written(network, folder, manifest)
    wake_model = open_model(options.wake, options.models)
    verifier = Verifier(model, encoder)
    found = listened(WakeWord(wake_model), verifier, options)
    words, others = found["words"], found["others"]
    manifest["sensitivity"] = steps_of(words, others)
    pairs = {one["step"]: (one["threshold"], one["verification"]) for one in manifest["sensitivity"]}
    manifest["figures"] = {
        "measured_with": {options.wake: wake_model.info["files"]["wake.tflite"]["sha256"]},
        "dev": {step: row(found["dev words"], found["dev others"], *pair) for step, pair in pairs.items()},
        "by_scene": {
            name: {step: round(one.missed_pct(*pair), 2) for step, pair in pairs.items()}
            for name, one in words.items()
        },
        "without_an_opinion": alone(words, others),
        "dev_without_an_opinion": alone(found["dev words"], found["dev others"]),
        "milliseconds_an_opinion": milliseconds(verifier),
    }
    _written(network, folder, manifest)
    (folder / "CARD.md").write_text(card(manifest), encoding="utf-8")
    _LOG.info("%s", json.dumps(manifest["sensitivity"], indent=1))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.verify.release", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--trained", type=Path, required=True, help="the --out of the training")
    parser.add_argument("--held-commands", type=Path, nargs="*", default=[], help="shards not trained on")
    parser.add_argument("--models", type=Path, default=Path("firmware_models"))
    parser.add_argument("--wake", default="wake-alexa", help="the wake word's model")
    parser.add_argument("--recogniser", default="asr-en", help="the recogniser's model")
    parser.add_argument("--one-in", type=int, default=1, help="of the recordings, for a quicker look")
    return parser.parse_args()


def probe(width: int) -> NDArray[np.float32]:
    """A fixed input on which PyTorch and the exported network must agree, float32 (16, width)."""
    return np.sin(0.13 * np.arange(16 * width, dtype=np.float32)).reshape(16, width)


def parity(network: VerifyNetwork) -> float:
    """What PyTorch says to it."""
    with torch.no_grad():
        return round(float(network(torch.from_numpy(probe(network.each.in_features))[None])[0]), 4)


def milliseconds(verifier: Verifier, times: int = 50) -> float:
    """CPU time of one opinion, the encoder's steps included."""
    frames = np.random.default_rng(1).normal(0.0, 3.0, (WINDOW_FRAMES, 64)).astype(np.float32)
    started = time.process_time()
    for _ in range(times):
        verifier.verify(frames)
    return round((time.process_time() - started) / times * 1e3, 1)


def _written(network: VerifyNetwork, folder: Path, manifest: dict[str, Any]) -> Model:
    """Write the network and its manifest (which gets the file's sha256), and open what was written."""
    export(network, folder / NETWORK_FILE)
    content = (folder / NETWORK_FILE).read_bytes()
    manifest["files"] = {NETWORK_FILE: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return open_model(NAME, folder.parent)


if __name__ == "__main__":
    sys.exit(main())
