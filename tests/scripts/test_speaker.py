"""scripts/evaluate speaker: pairs, the equal error rate, and the last line that other programs read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scripts.evaluation import engines
from scripts.evaluation.__main__ import main
from scripts.evaluation.speaker import cosines, curve, equal_error_pct, pairs

ANNA, BERT, SILENCE = 1000, 4000, 0


class LevelEngines(engines.Engines):
    """A voice is the level of a tone: Bert's third clip is as loud as Anna."""

    def embedder(self) -> LevelEmbedder:
        return LevelEmbedder()


class LevelEmbedder:
    """The engine itself."""

    speech_s = 1.0

    def embed(self, samples: np.ndarray) -> np.ndarray | None:
        level = int(np.abs(samples).max())
        return None if level < 100 else np.array([level < 2500, level >= 2500], np.float32)

    def scores(self, ones: np.ndarray, others: np.ndarray) -> np.ndarray:
        return cosines(ones, others)


def manifest(tmp_path: Path, clips: list[tuple[str | None, int]]) -> Path:
    folder = tmp_path / "voices"
    folder.mkdir()
    rows = []
    for number, (speaker, level) in enumerate(clips):
        path = folder / f"{number}.wav"
        soundfile.write(path, np.full(16_000, level, np.int16), 16_000)
        rows.append({"audio": f"voices/{number}.wav", **({"speaker": speaker} if speaker else {})})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "manifest.jsonl"


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_last_line_tells_speakers_trials_and_the_equal_error_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clips = [("anna", ANNA), ("anna", ANNA), ("anna", ANNA), ("bert", BERT), ("bert", BERT)]
    rows = manifest(tmp_path, [*clips, ("bert", SILENCE), (None, ANNA)])
    assert main(["speaker", str(rows), "--json"], LevelEngines()) == 0
    assert last_line(capsys) == {"speakers": 2, "trials": 10, "eer": 0.0}


def test_a_clip_like_another_speaker_s_costs_on_both_sides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = manifest(tmp_path, [("anna", ANNA), ("anna", ANNA), ("bert", BERT), ("bert", ANNA)])
    assert main(["speaker", str(rows)], LevelEngines()) == 0
    assert last_line(capsys) == {"speakers": 2, "trials": 6, "eer": 50.0}


def test_without_a_pair_of_each_kind_the_rate_is_nought(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = manifest(tmp_path, [("anna", ANNA), ("anna", ANNA)])
    assert main(["speaker", str(rows), "--curve"], LevelEngines()) == 0
    assert last_line(capsys) == {"speakers": 1, "trials": 1, "eer": 0.0, "curve": []}


def test_the_equal_error_rate_is_that_of_counting_at_every_threshold() -> None:
    rng = np.random.default_rng(3)
    same, different = rng.normal(1.0, 1.0, 400), rng.normal(-1.0, 1.0, 900)
    rates = [(np.mean(same < t), np.mean(different >= t)) for t in np.concatenate([same, different])]
    missed, accepted = min(rates, key=lambda rate: abs(rate[0] - rate[1]))
    found = equal_error_pct(same.astype(np.float32), different.astype(np.float32))
    assert found == pytest.approx(50 * (missed + accepted), abs=0.1)
    assert found == pytest.approx(15.9, abs=2.0)  # that of two normal distributions two deviations apart


def test_every_pair_is_a_trial_and_the_curve_falls() -> None:
    rng = np.random.default_rng(4)
    speakers = [who for who in "abc" for _ in range(4)]
    centres = np.repeat(rng.normal(size=(3, 16)), 4, axis=0)
    vectors = centres + 0.7 * rng.normal(size=centres.shape)
    same, different = pairs(speakers, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), cosines)
    assert (len(same), len(different)) == (18, 48)
    missed = [point["missed_pct"] for point in curve(same, different)]
    assert missed == sorted(missed, reverse=True)
