"""Writes the model's folder: networks, calibration, figures and card.

    python -m scripts.training.speaker.release --data DATA --store STORE --trained RUN

The speakers who were kept out of training give the calibration; those of dev-clean are measured, and choose
nothing.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alexa_local.models import Model
from alexa_local.speaker import SpeakerEmbedder
from alexa_local.speaker.embedding import FRAMES_FILE, STRANGERS_FILE, VOICE_FILE
from scripts.evaluation.noise import Noise
from scripts.evaluation.speaker import curve
from scripts.training.manifest import write_manifest
from scripts.training.speaker import calibrate
from scripts.training.speaker.card import card
from scripts.training.speaker.corpus import GROUPS, labelled_clips, labels
from scripts.training.speaker.export import export
from scripts.training.speaker.judge import Change, Heard, Samples, Trials, enrolled, hear, spoken
from scripts.training.speaker.network import VoiceNetwork
from scripts.training.speaker.sessions import Sessions
from scripts.training.speaker.store import open_store
from scripts.training.speaker.voices import strangers
from scripts.training.wake.corpus import NOISE_FOR_TESTS, read_samples
from scripts.training.wake.probe import probe_frames
from scripts.training.wake.render import Rooms

_LOG = logging.getLogger(__name__)
NAME = "speaker"
SECONDS = ("1 s", "2 s", "4 s")
_ROOMS = 60
_ONE_READING_IN = 3
"""The readers' long clips are heard as recorded, and one in so many also in every other scene."""

_NO_CALIBRATION = {
    "slope": [1.0, 0.0],
    "offset": [0.0, 0.0],
    "known_probability": 0.5,
    "sure_probability": 0.9,
}


def main() -> int:
    """Write the folder."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    if not (options.data / "librispeech" / "manifest.jsonl").exists():
        _LOG.error("No recordings in %s. Give their folder with --data; nothing was written.", options.data)
        return 66
    torch.set_num_threads(1)
    network = VoiceNetwork()
    network.load_state_dict(torch.load(options.trained / "checkpoint.pt", weights_only=True)["network"])
    network.eval()
    options.folder.mkdir(parents=True, exist_ok=True)
    export(network, options.folder)
    store = open_store(options.store)
    mean, covariance = strangers(network, store, np.random.default_rng(3))
    np.savez(options.folder / STRANGERS_FILE, mean=mean, covariance=covariance)
    about = _about(network, json.loads((options.trained / "recipe.json").read_text(encoding="utf-8")))
    judge = Judge(_embedder(options.folder), options.data)
    about["calibration"] = calibrate.calibration(judge.kept_trials())
    judge.embedder = _embedder(options.folder, about["calibration"])
    about["figures"] = judge.figures()
    about["parity"] = {"input": "scripts.training.wake.probe", "embedding": _probe(judge.embedder)}
    write_manifest(options.folder, [FRAMES_FILE, VOICE_FILE, STRANGERS_FILE], about)
    (options.folder / "CARD.md").write_text(card(about, options.folder), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.speaker.release", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--store", type=Path, required=True, help="what `prepare` has written")
    parser.add_argument("--trained", type=Path, required=True, help="the --out of the training")
    parser.add_argument("--folder", type=Path, default=Path("firmware_models") / NAME)
    return parser.parse_args()


def _about(network: VoiceNetwork, recipe: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": NAME,
        "version": 1,
        "inputs": {
            "frames": "float32 (20, 64): log-mel rows less their running level (`embedding.levelled`)",
            "counts": "float32 (5, 1): 1 for each step of four rows that counts",
            "past0 ...": "what each convolution keeps, zeros at first",
            "pooled": "float32 (1, 768), of voice.tflite: weighted mean and standard deviation over time",
        },
        "outputs": {
            "weight, weighted, squared": "float32 (1, 384): sums over the steps",
            "voice": "float32 (5, 1): probability that somebody speaks, 0 where a step does not count",
            "vector": "float32 (1, 160), of voice.tflite: the voice, not yet of unit length",
        },
        "training": {
            **recipe,
            "data": [*GROUPS, "noise", "room_responses"],
            "never_trained_on": [
                "LibriSpeech dev-clean (10 speakers)",
                "3 other speakers of librispeech, 20 of speechocean, 40 of speech_commands: "
                "see scripts/training/speaker/corpus.py",
            ],
            "parameters": sum(values.numel() for values in network.parameters()),
        },
    }


def _embedder(folder: Path, calibration: dict[str, Any] | None = None) -> SpeakerEmbedder:
    files: dict[str, Any] = {FRAMES_FILE: {}, VOICE_FILE: {}, STRANGERS_FILE: {}}
    return SpeakerEmbedder(
        Model(NAME, folder, {"files": files, "calibration": calibration or _NO_CALIBRATION})
    )


def _probe(embedder: SpeakerEmbedder) -> list[float]:
    embedder.reset()
    embedder.push(probe_frames())
    vector = embedder.embedding()
    assert vector is not None, "the known input must count as speech"
    return [round(float(value), 4) for value in vector]


class Judge:
    """Measures an embedder on the recordings of people whom it was not trained on."""

    def __init__(self, embedder: SpeakerEmbedder, data: Path) -> None:
        self.embedder, self._data = embedder, data
        clips = labelled_clips(data)
        kept = [clip for clip in clips if clip.split == "validation"]
        self._clips = {
            "readers": [clip for clip in clips if clip.split == "dev"],
            "words": [clip for clip in kept if clip.group == "speech_commands"],
            "sentences": [clip for clip in kept if clip.group == "speechocean"][::2],
            "kept readers": [clip for clip in kept if clip.group == "librispeech"][::4],
        }
        self._noises = [read_samples(data / "noise" / f"{name}.opus") for name in NOISE_FOR_TESTS]
        self._rooms = Rooms(data, np.random.default_rng(7)).responses[:_ROOMS]
        self._known_before: dict[tuple[str, str], Heard] = {}

    def heard(self, kind: str, scene: str = "as recorded") -> Heard:
        """Clips of one kind in one scene, each heard once."""
        if (kind, scene) not in self._known_before:
            changes: dict[str, Change] = {
                "noise at 10 dB": self._noisy(10.0),
                "in rooms": self._in_room(),
                "other sessions": Sessions(self._rooms),
            }
            change = spoken(float(scene.split()[0])) if scene.endswith(" s") else changes.get(scene)
            clips = self._clips[kind][:: 1 if change is None or kind != "readers" else _ONE_READING_IN]
            self._known_before[kind, scene] = hear(self.embedder, clips, change)
            _LOG.info("%s, %s: %s %%", kind, scene, self._known_before[kind, scene].error_pct)
        return self._known_before[kind, scene]

    def kept_trials(self) -> list[Trials]:
        """People kept out of training, enrolled and heard again: as recorded, shorter, in noise, in rooms."""
        return [
            enrolled(self.heard(kind), self.heard(kind, scene))
            for kind in ("words", "sentences", "kept readers")
            for scene in ("as recorded", "2 s", "noise at 10 dB", "in rooms", "other sessions")
            if (kind, scene) != ("words", "2 s")
        ]

    def figures(self) -> dict[str, Any]:
        """Everything that the card tells: equal error rates in percent, and what the thresholds do."""
        scenes = ("as recorded", "noise at 10 dB", "in rooms", "other sessions")
        rates = {
            kind: {scene: self.heard(kind, scene).error_pct for scene in (*scenes, *short)}
            for kind, short in (("readers", SECONDS), ("words", ()), ("sentences", ("2 s",)))
        }
        heard_again = ("as recorded", "2 s", "noise at 10 dB", "in rooms", "other sessions")
        enrolments = [("readers", scene) for scene in heard_again]
        enrolments += [("sentences", "as recorded"), ("words", "as recorded")]
        return {
            "equal_error_pct": rates,
            "equal_error_pct_within": self._groups(self.heard("sentences")),
            "equal_error_pct_chapters": self.heard("readers").by_chapter(),
            "counts": {kind: self._counts(self.heard(kind)) for kind in rates},
            "det": {kind: curve(*self.heard(kind).pairs()) for kind in rates},
            "enrolled": {
                f"{kind}, {scene}": self._known(enrolled(self.heard(kind), self.heard(kind, scene)))
                for kind, scene in enrolments
            },
            "microseconds_a_second": self._cost(),
        }

    @staticmethod
    def _counts(heard: Heard) -> dict[str, float]:
        return {
            "clips": len(heard.speakers),
            "speakers": len(set(heard.speakers)),
            "too little speech": heard.silent,
            "seconds of speech, median": round(float(np.median(heard.speech_s)), 1),
        }

    def _groups(self, sentences: Heard) -> dict[str, float]:
        """Equal error rates in percent within groups of people."""
        about = labels(self._data, "speechocean")
        groups = {
            "women and girls": {who for who, row in about.items() if row["gender"] == "f"},
            "men and boys": {who for who, row in about.items() if row["gender"] == "m"},
            "children to 12": {who for who, row in about.items() if int(row["age"]) <= 12},
            "grown-ups": {who for who, row in about.items() if int(row["age"]) >= 18},
        }
        return {name: sentences.of(speakers).error_pct for name, speakers in groups.items()}

    def _known(self, trials: Trials) -> dict[str, float]:
        """What the thresholds make of voices: an own voice known, a stranger's taken for a person."""
        fitted = np.array([*self.embedder.slope, *self.embedder.offset])
        own = calibrate.probabilities(trials.own[:, None], trials.speech_s, fitted)[:, 0]
        others = calibrate.probabilities(trials.others, trials.speech_s, fitted)
        strict = float(np.quantile(others, 0.99))
        return {
            "known_pct": _percent(own >= self.embedder.known_probability),
            "strangers_known_pct": _percent(others >= self.embedder.known_probability),
            "sure_pct": _percent(own >= self.embedder.sure_probability),
            "strangers_sure_pct": _percent(others >= self.embedder.sure_probability),
            "known_at_1_pct_of_strangers": _percent(own >= strict),
        }

    def _noisy(self, snr_db: float) -> Change:
        """A change that mixes noise which was not trained with under a clip, one kind after the other."""
        noises = [Noise(noise, snr_db) for noise in self._noises]
        count = iter(range(10**9))

        def mix(samples: Samples) -> Samples:
            number = next(count)
            return noises[number % len(noises)].over(samples, str(number))

        return mix

    def _in_room(self) -> Change:
        """A change that plays a clip in one room after another."""
        count = iter(range(10**9))

        def play(samples: Samples) -> Samples:
            response = self._rooms[next(count) % len(self._rooms)]
            size = 1 << (len(samples) + len(response) - 1).bit_length()
            sound = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)
            sound = sound[: len(samples)]
            return np.rint(sound * (0.5 * 32767 / max(1.0, np.abs(sound).max()))).astype(np.int16)

        return play

    def _cost(self) -> int:
        """Microseconds of this processor for a second of speech."""
        frames = np.resize(probe_frames(), (1000, 64)).astype(np.float32)
        self.embedder.reset()
        took_s = []
        for _ in range(5):
            started_s = time.process_time()
            self.embedder.push(frames)
            took_s.append(time.process_time() - started_s)
        return round(1e6 * min(took_s) / 10)


def _percent(values: np.ndarray) -> float:
    return round(100 * float(np.mean(values)), 2)


if __name__ == "__main__":
    sys.exit(main())
