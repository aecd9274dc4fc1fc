"""People's words set together anew: sentences of commands in the voices of people who read something else.

    python -m scripts.training.asr.splice --store STORE --audio ROOT

aligns a store's clips word by word with PocketSphinx and writes `words.jsonl` beside its rows. `Splices` then
says any sentence whose words are there, in the longest stretches that were spoken in one go, and where it
can in one voice (after Lam et al. 2021, "On-the-fly aligned data augmentation for sequence-to-sequence ASR").
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.training.asr.augment import Frames, level
from scripts.training.asr.features import is_among, open_store, read_clip

LONGEST = 4
"""Words that are taken in one go at most."""
SAME_VOICE = 0.85
"""How often the voice is kept, where it said the next words too."""
_LIKE_LAST = 40
"""Stretches that are looked at for one in the same voice."""


def align(store: Path, audio: Path) -> None:
    """Write the first frame, frames and word of every word that PocketSphinx finds in the store's clips."""
    from pocketsphinx import Decoder

    decoder = Decoder(lm=None, loglevel="FATAL")
    _, index = open_store(store)
    lines = []
    for row in index:
        words = row["text"].split()
        if not words or any(decoder.lookup_word(word) is None for word in words):
            continue
        decoder.set_align_text(row["text"])
        decoder.start_utt()
        decoder.process_raw(read_clip(audio / row["audio"]).tobytes(), full_utt=True)
        decoder.end_utt()
        found = [s for s in decoder.seg() or () if not s.word.startswith(("<", "["))] if decoder.hyp() else []
        if len(found) == len(words):
            times = [[s.start_frame, s.end_frame + 1] for s in found]
            lines.append(
                {"first": row["first"], "speaker": row.get("speaker", ""), "words": words, "times": times}
            )
    (store / "words.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    print(f"{store}: {len(lines)} of {len(index)} clips aligned")


@dataclass(frozen=True)
class Stretch:
    """Words spoken in one go: whose rows, which frames, by whom."""

    store: int
    first: int
    frames: int
    speaker: str


class Splices:
    """Sentences that the words of some stores can say."""

    def __init__(self, stores: Sequence[Path], sentences: Sequence[str], share: float = 1.0) -> None:
        """Index every stretch of up to LONGEST words in a share of the clips; keep what they can say."""
        self._rows: list[NDArray[np.float16]] = []
        self._stretches: dict[tuple[str, ...], list[Stretch]] = defaultdict(list)
        for number, store in enumerate(stores):
            self._rows.append(open_store(store)[0])
            with (store / "words.jsonl").open(encoding="utf-8") as lines:
                for line in map(json.loads, lines):
                    if is_among(line["first"], share):
                        self._index(number, line["first"], line["speaker"], line["words"], line["times"])
        self.sentences = [text for text in sentences if all((w,) in self._stretches for w in text.split())]

    def _index(
        self, store: int, base: int, speaker: str, words: list[str], times: list[tuple[int, int]]
    ) -> None:
        for first in range(len(words)):
            for last in range(first, min(first + LONGEST, len(words))):
                begin, end = times[first][0], times[last][1]
                stretch = Stretch(store, base + begin, end - begin, speaker)
                self._stretches[tuple(words[first : last + 1])].append(stretch)

    def frames_of(self, sentence: str) -> int:
        """About how long a sentence will be."""
        return sum(self._stretches[(word,)][0].frames for word in sentence.split())

    def say(self, sentence: str, random: np.random.Generator) -> Frames:
        """A new rendering, float32 (T, 64), its stretches brought to about one level."""
        said = [
            self._rows[s.store][s.first : s.first + s.frames].astype(np.float32)
            for s in self._chosen(sentence.split(), random)
        ]
        loudness = level(said[0])
        return np.concatenate(
            [said[0], *(s + (loudness - level(s) + random.normal(0, 0.3)) for s in said[1:])]
        )

    def _chosen(self, words: list[str], random: np.random.Generator) -> Iterator[Stretch]:
        speaker = ""
        while words:
            lengths = [
                n for n in range(1, LONGEST + 1) if tuple(words[:n]) in self._stretches and n <= len(words)
            ]
            length = lengths[-1] if random.random() < 0.7 else lengths[random.integers(len(lengths))]
            spoken = self._stretches[tuple(words[:length])]
            some = [spoken[i] for i in random.integers(len(spoken), size=_LIKE_LAST)]
            alike = [s for s in some if s.speaker == speaker]
            chosen = alike[0] if alike and random.random() < SAME_VOICE else some[0]
            speaker, words = chosen.speaker, words[length:]
            yield chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--audio", type=Path, required=True, help="where the store's audio paths start")
    args = parser.parse_args()
    align(args.store, args.audio)


if __name__ == "__main__":
    main()
