"""What models of one word miss and wrongly accept on validation and dev recordings, side by side.

    python -m scripts.training.wake.judge --data DATA --cache CACHE --models firmware_models/wake-alexa OTHER

The validation recordings choose thresholds; the dev recordings choose nothing.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from alexa_local.models import open_model
from alexa_local.wake import WakeWord
from scripts.training.wake import corpus
from scripts.training.wake.measure import RATES, Heard, Peaks, Recordings, Traces, features_of, traced
from scripts.training.wake.scenes import SPEEDS, Samples, Stage, alone, pitch_hz

_LOG = logging.getLogger(__name__)
_ALONE_MINUTES = 10
_HIGH_VOICE_HZ = 165.0
"""Between most men's voices and most women's and children's."""


@dataclass
class Judged:
    """What one model said.

    Attributes:
        validation: in every scene, on recordings that choose the threshold.
        dev: the same on recordings that choose nothing; without words where there are none.
        names: dev speech with the word among other words or within a name, such as Alexander.
        pitches_hz: of the words as recorded, by "validation" and "dev".
    """

    validation: Heard
    dev: Heard
    names: Traces = field(default_factory=Traces)
    pitches_hz: dict[str, list[float]] = field(default_factory=dict)

    def raised(self, by: float) -> Judged:
        """With another bias in the last layer."""
        return Judged(self.validation.raised(by), self.dev.raised(by), self.names.raised(by), self.pitches_hz)

    def by_pitch(self, threshold: float) -> dict[str, str]:
        """How many words are missed, by the pitch of the voice, validation and dev together."""
        counts: dict[str, list[float]] = {}
        for name, heard in (("validation", self.validation), ("dev", self.dev)):
            for scene in ("as recorded", "noise at 10 dB"):
                logits = heard.words[scene].logits if scene in heard.words else []
                for number, pitch in enumerate(self.pitches_hz[name][: len(logits)]):
                    key = f"{'high' if pitch >= _HIGH_VOICE_HZ else 'low'} voices, {scene}"
                    missed, of = counts.setdefault(key, [0, 0])
                    counts[key] = [missed + Traces([logits[number]]).missed_percent(threshold) / 100, of + 1]
        return {key: f"{missed:.0f} of {of:.0f}" for key, (missed, of) in sorted(counts.items())}


@dataclass(frozen=True)
class Judges:
    """What models are judged by.

    Attributes:
        word: the word or phrase.
        data: the folder of real recordings.
        held_words, held_commands: shards of synthesised speech that was not trained on.
        cache: where the features of the scenes are kept.
    """

    word: str
    data: Path
    held_words: Sequence[Path]
    held_commands: Sequence[Path]
    cache: Path

    def judged(self, wake_words: Sequence[WakeWord], peaks: Peaks | None = None) -> list[Judged]:
        """Let models listen to everything; `peaks` of the first one, see `traced`."""
        clips = corpus.shared_clips(self.data, self.word)
        held = _read(clips, "validation", wake=False)
        stage = Stage(self.data, held)
        synthetic = corpus.synthetic_clips([*self.held_words, *self.held_commands], self.word)
        made_words = [corpus.read_samples(clip.path) for clip in synthetic if clip.wake]
        words = _read(clips, "validation", wake=True)
        scenes = stage.words(words or made_words)
        if words and made_words:
            scenes["a synthesised voice"] = made_words
        commands = (corpus.read_samples(clip.path) for clip in synthetic if not clip.wake)
        others = {**stage.others(held), "commands": commands, **alone(_ALONE_MINUTES)}
        dev_words = _read(clips, "dev", wake=True)
        folders = sorted({clip.folder for clip in clips if clip.split == "dev" and not clip.wake})
        dev_others: dict[str, Iterable[Samples]] = {
            folder: _read([clip for clip in clips if clip.folder == folder], "dev", wake=False)
            for folder in folders
        }
        found = zip(
            self._heard(wake_words, "validation words", scenes),
            self._heard(wake_words, "validation others", others, peaks),
            self._heard(wake_words, "dev words", stage.words(dev_words) if dev_words else {}),
            self._heard(wake_words, "dev others", dev_others, peaks),
            self._heard(wake_words, "names", {"names": _read(clips, "left out", wake=False)}),
            strict=True,
        )
        pitches = {
            name: [pitch_hz(samples) for samples in found for _ in SPEEDS]
            for name, found in (("validation", words or made_words), ("dev", dev_words))
        }
        return [
            Judged(Heard(words, others), Heard(dev, dev_others), names["names"], pitches)
            for words, others, dev, dev_others, names in found
        ]

    def _heard(
        self,
        wake_words: Sequence[WakeWord],
        group: str,
        sets: Mapping[str, Iterable[Samples]],
        peaks: Peaks | None = None,
    ) -> list[dict[str, Traces]]:
        """What each model said about some sets of recordings, by name."""
        heard: list[dict[str, Traces]] = [{} for _ in wake_words]
        for name, recordings in sets.items():
            traces = traced(wake_words, self._features(f"{self.word} {group} {name}", recordings), peaks)
            for one, trace in zip(heard, traces, strict=True):
                one[name] = trace
        return heard

    def _features(self, name: str, recordings: Iterable[Samples]) -> Recordings:
        path = self.cache / f"scene-{name.replace(' ', '-').replace(',', '')}.npz"
        if not path.exists():
            np.savez(path, **vars(features_of(recordings)))
            _LOG.info("rendered %s", path.name)
        with np.load(path) as kept:
            return Recordings(**kept)


def _read(clips: Sequence[corpus.Clip], split: str, wake: bool) -> list[Samples]:
    return [corpus.read_samples(clip.path) for clip in clips if clip.split == split and clip.wake is wake]


def side_by_side(names: Sequence[str], found: Sequence[Judged]) -> str:
    """A table in Markdown: percent missed in every scene at equal rates of false accepts on validation."""
    scenes = list(found[0].validation.words)
    lines = [f"| false accepts an hour | model | {' | '.join(scenes)} |", "|---" * (len(scenes) + 2) + "|"]
    for rate in RATES:
        for name, one in zip(names, found, strict=True):
            threshold = one.validation.quietest(rate)
            missed = [f"{traces.missed_percent(threshold):.1f}" for traces in one.validation.words.values()]
            lines.append(f"| {rate} | {name} | {' | '.join(missed)} |")
    return "\n".join(lines)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m scripts.training.wake.judge", description=__doc__)
    add_arguments(parser)
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="folders of models of the word")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    wake_words = [WakeWord(open_model(folder.name, folder.parent)) for folder in options.models]
    found = judges_of(options).judged(wake_words)
    print(side_by_side([str(folder) for folder in options.models], found))
    return 0


def judges_of(options: argparse.Namespace) -> Judges:
    """As the arguments say."""
    names = ("word", "data", "held_words", "held_commands", "cache")
    return Judges(**{name: getattr(options, name) for name in names})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `release` asks for too."""
    parser.add_argument("--word", default="alexa", help="the word or phrase to be heard")
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--cache", type=Path, required=True, help="where the scenes' features are kept")
    parser.add_argument(
        "--held-words", type=Path, nargs="*", default=[], help="shards of a voice not trained on"
    )
    parser.add_argument("--held-commands", type=Path, nargs="*", default=[], help="shards not trained on")


if __name__ == "__main__":
    sys.exit(main())
