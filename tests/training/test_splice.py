"""Sentences from the words of other sentences."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy")
pytest.importorskip("soxr")

from alexa_local.messages import MEL_BANDS
from scripts.training.asr.splice import Splices


def store(folder: Path, clips: list[tuple[str, str, list[int]]]) -> Path:
    """A store whose every frame holds its own number; each clip is (speaker, text, frames of each word)."""
    folder.mkdir()
    lines, first = [], 0
    for speaker, text, lengths in clips:
        ends = np.cumsum(lengths).tolist()
        times = [[end - length, end] for end, length in zip(ends, lengths, strict=True)]
        lines.append({"first": first, "speaker": speaker, "words": text.split(), "times": times})
        first += ends[-1]
    rows = np.repeat(np.arange(first, dtype=np.float16)[:, None] / 100, MEL_BANDS, 1)
    rows.tofile(folder / "rows.f16")
    (folder / "index.jsonl").write_text("")
    (folder / "words.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture
def people(tmp_path: Path) -> list[Path]:
    """Two people in two stores."""
    one = store(tmp_path / "one", [("ann", "turn the page", [10, 5, 20]), ("ann", "lights out", [12, 8])])
    two = store(tmp_path / "two", [("bob", "turn off", [30, 40])])
    return [one, two]


def test_only_sentences_whose_words_were_all_spoken_are_kept(people: list[Path]) -> None:
    splices = Splices(people, ["turn off the lights", "turn off the radio", "lights out"])

    assert splices.sentences == ["turn off the lights", "lights out"]


def test_every_word_is_said_in_full_by_somebody_who_said_it(people: list[Path]) -> None:
    splices = Splices(people, ["turn off the lights"])

    lengths = {len(splices.say("turn off the lights", np.random.default_rng(seed))) for seed in range(20)}

    assert lengths == {30 + 40 + 5 + 12, 10 + 40 + 5 + 12}


def test_renderings_differ_and_the_seed_alone_decides(people: list[Path]) -> None:
    splices = Splices(people, ["turn off the lights"])
    first, again, other = (
        splices.say("turn off the lights", np.random.default_rng(seed)) for seed in (1, 1, 2)
    )

    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)
