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
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alexa_local.frontend import STEP_FRAMES, probability
from alexa_local.models import Model, open_model
from alexa_local.recognise.networks import Networks
from alexa_local.wake import Verifier, WakeWord
from alexa_local.wake.detector import REFRACTORY_FRAMES
from alexa_local.wake.sensitivity import STEPS
from alexa_local.wake.verification import NETWORK_FILE, WINDOW_FRAMES, encoder_sha256
from scripts.evaluation.wake import Heard as Recording
from scripts.evaluation.wake import firings
from scripts.training.verify.card import card
from scripts.training.verify.network import VerifyNetwork, export
from scripts.training.verify.probe import probe
from scripts.training.wake.measure import Recordings

_LOG = logging.getLogger(__name__)
NAME = "wake-verify"
LOWEST_SCORE = 0.01
"""Of the wake word's network: an opinion is asked at every step that reaches it."""

_APART_STEPS = REFRACTORY_FRAMES // STEP_FRAMES
_FAINT_FRAMES = 100
"""After each recording of the scenes."""

FALSE_PER_HOUR = {"lowest": 0.0, "low": 0.1, "medium": 0.3, "high": 0.8, "highest": 2.0}
"""Steps of sensitivity: at most so many false accepts an hour on the validation recordings."""

THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
VERIFICATIONS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65)
"""No more: the encoder has heard the validation words in its own training, and knows others less well."""
QUIET = ("as-recorded", "near-in-a-room", "far-in-a-room")
NOISY = ("noise-at-10-dB", "music-at-10-dB")


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


def heard(wake_word: WakeWord, verifier: Verifier, recordings: Recordings) -> Heard:
    """Let both listen to recordings."""
    found = Heard()
    for frames in recordings:
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
        found.hours += max(0, len(frames) - _FAINT_FRAMES) / 360_000
    return found


Sets = dict[str, Heard]


def listened(wake_word: WakeWord, verifier: Verifier, scenes: Path) -> dict[str, Sets]:
    """Both on the validation and the dev recordings: words by scene, and everything else by kind."""
    found: dict[str, Sets] = {}
    for group in ("validation words", "validation others", "dev words", "dev others"):
        prefix = f"scene-{wake_word.word}-{group}-".replace(" ", "-")
        files = sorted(scenes.glob(f"{prefix}*.npz"))
        if group == "dev words":
            files = [file for file in files if file.stem.removeprefix(prefix) in (*QUIET, *NOISY)]
        found[group] = {}
        for file in files:
            with np.load(file) as kept:
                found[group][file.stem.removeprefix(prefix)] = heard(wake_word, verifier, Recordings(**kept))
            _LOG.info("%s", file.stem)
    return found


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
        "missed_pct": missed(QUIET),
        "missed_noise_pct": missed(NOISY),
        "false_accepts": false,
        "hours": round(hours, 2),
        "false_per_hour": round(false / max(hours, 1e-9), 2),
    }


def steps_of(words: Sets, others: Sets) -> list[dict[str, Any]]:
    """For each step the pair of thresholds that misses least in all scenes, of those quiet enough."""
    pairs = [(first, second) for first in THRESHOLDS for second in VERIFICATIONS]
    missed = {pair: float(np.mean([one.missed_pct(*pair) for one in words.values()])) for pair in pairs}
    rows = {pair: row(words, others, *pair) for pair in pairs}
    best = sorted(pairs, key=lambda pair: (round(missed[pair], 2), rows[pair]["false_per_hour"], pair[1]))
    return [
        {"step": step, **next(rows[p] for p in best if rows[p]["false_per_hour"] <= FALSE_PER_HOUR[step])}
        for step in STEPS
    ]


def alone(words: Sets, others: Sets) -> list[dict[str, Any]]:
    """The wake word without a second opinion, at many thresholds."""
    return [row(words, others, round(probability(logit), 4), 0.0) for logit in np.arange(-4.0, 4.1, 0.5)]


def measured(found: dict[str, Sets]) -> dict[str, Any]:
    """The manifest's steps and figures."""
    words, others = found["validation words"], found["validation others"]
    steps = steps_of(words, others)
    pairs = {one["step"]: (one["threshold"], one["verification"]) for one in steps}
    figures = {
        "dev": {step: row(found["dev words"], found["dev others"], *pair) for step, pair in pairs.items()},
        "by_scene": {
            name: {step: round(one.missed_pct(*pair), 2) for step, pair in pairs.items()}
            for name, one in words.items()
        },
        "without_an_opinion": alone(words, others),
        "dev_without_an_opinion": alone(found["dev words"], found["dev others"]),
    }
    return {"sensitivity": steps, "figures": figures}


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
        "encoder_sha256": encoder_sha256(recogniser),
        "training": json.loads((options.trained / "recipe.json").read_text(encoding="utf-8")),
        "parity": {"input": "scripts.training.verify.probe", "logit": parity(network)},
    }
    model = _written(network, folder, manifest)
    wake_model = open_model(options.wake, options.models)
    verifier = Verifier(model, encoder)
    found = listened(WakeWord(wake_model), verifier, options.scenes)
    manifest |= measured(found)
    manifest["figures"] |= {
        "measured_with": {options.wake: wake_model.info["files"]["wake.tflite"]["sha256"]},
        "milliseconds_an_opinion": milliseconds(verifier),
    }
    _written(network, folder, manifest)
    (folder / "CARD.md").write_text(card(manifest), encoding="utf-8")
    _LOG.info("%s", json.dumps(manifest["sensitivity"], indent=1))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.verify.release", description=__doc__)
    parser.add_argument(
        "--scenes",
        type=Path,
        required=True,
        help="the --cache of the wake word's judge or release",
    )
    parser.add_argument("--trained", type=Path, required=True, help="the --out of the training")
    parser.add_argument("--models", type=Path, default=Path("firmware_models"))
    parser.add_argument("--wake", default="wake-alexa", help="the wake word's model")
    parser.add_argument("--recogniser", default="asr-en", help="the recogniser's model")
    return parser.parse_args()


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
