"""scripts/evaluate branches: the ways to choose, what they cost, and the last line that others read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from alexa_local.models import Model
from alexa_local.recognise import Recogniser
from alexa_local.testing import branching
from scripts.evaluation import engines
from scripts.evaluation.__main__ import main
from scripts.evaluation.branches import Costs


class Ear:
    """Hears a voice in every loud frame."""

    voice = 0.0

    def reset(self) -> None:
        self.voice = 0.0

    def push(self, frames: np.ndarray) -> None:
        self.voice = float(frames[-1].mean() > 0.0)


class TinyEngines(engines.Engines):
    def __init__(self, model: Model) -> None:
        super().__init__()
        self._tiny = model

    def recogniser_model(self) -> Model:
        return self._tiny

    def ear(self) -> Any:
        return Ear()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return branching.write_model(tmp_path_factory.mktemp("models") / "tiny", branching.weights())


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Two clips of a second and a half with noise in their second half, and one without a text."""
    random, rows = np.random.default_rng(0), []
    for number in range(3):
        loud = random.integers(-9000, 9000, 12_000).astype(np.int16)
        clip = np.concatenate([np.zeros(12_000, np.int16), loud])
        soundfile.write(tmp_path / f"{number}.wav", clip, 16_000)
        rows.append({"audio": f"{tmp_path.name}/{number}.wav", **({"text": "a b"} if number else {})})
    path = tmp_path / "manifest.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_every_way_to_choose_is_measured_on_every_clip(
    model: Model, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["branches", str(manifest), "--thresholds", "1", "0", "--json"], TinyEngines(model)) == 0
    *clips, found = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(found) == ["clips", "words", "speech_s", "points"]
    assert (found["clips"], found["words"]) == (2, 4)
    assert found["speech_s"] == pytest.approx(1.5, abs=0.2)
    points = found["points"]
    assert [(one["name"], one["threshold"]) for one in points] == [
        *[("large", None), ("normal", 0.0), ("threshold", 1.0)],
        *[("cheap", branching.THRESHOLDS["cheap"]), ("small", None)],
    ]
    shares = [one["large_pct"] for one in points]
    assert shares[0] == 100.0 and shares[-1] == 0.0 and shares == sorted(shares, reverse=True)
    assert {one["name"] for one in clips} == {one["name"] for one in points}
    assert len(clips) == 2 * len(points)


def test_work_is_that_of_the_branches_that_ran(
    model: Model, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = Costs.of(model)
    assert main(["branches", str(manifest), "--thresholds"], TinyEngines(model)) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    always, normal, _, never = json.loads(last)["points"]
    steps_a_second = 12.5
    assert always["mmacs_per_s_of_speech"] == pytest.approx(steps_a_second * costs.large / 1e6, abs=0.01)
    assert never["mmacs_per_s_of_speech"] == pytest.approx(steps_a_second * costs.small / 1e6, abs=0.01)
    share = normal["large_of_speech_pct"] / 100
    mixed = share * costs.large + (1 - share) * costs.small
    assert normal["mmacs_per_s_of_speech"] == pytest.approx(steps_a_second * mixed / 1e6, abs=0.01)
    assert sum("always" in line or "never" in line for line in lines) == 2


def test_a_recogniser_without_branches_is_one_point(
    manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = branching.write_model(tmp_path / "whole", branching.weights(), has_branches=False)
    assert not Recogniser(whole).has_branches
    assert main(["branches", str(manifest)], TinyEngines(whole)) == 0
    (point,) = json.loads(capsys.readouterr().out.splitlines()[-1])["points"]
    assert (point["name"], point["large_pct"]) == ("large", 100.0)
    assert Costs.of(whole).large == Costs.of(whole).small > 0
