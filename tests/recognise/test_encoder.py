"""The encoder in its two forms: branches on the same states, a choice that can change at any step."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.models import Model
from alexa_local.recognise import Recogniser
from alexa_local.recognise.encoder import BranchingEncoder, open_encoder
from alexa_local.testing import branching
from alexa_local.tflite.network import installed_runtimes
from alexa_local.tflite.writer import Graph

WEIGHTS = branching.weights()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return branching.write_model(tmp_path_factory.mktemp("models") / "tiny", WEIGHTS)


@pytest.fixture
def encoder(model: Model) -> BranchingEncoder:
    made = open_encoder(model)
    assert isinstance(made, BranchingEncoder)
    return made


def frames(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, 64)).astype(np.float32)


def run(encoder: BranchingEncoder, steps: int, seed: int = 1) -> list[bool]:
    """Which steps the large branch took."""
    states, chosen = encoder.start(), []
    for first in range(0, 8 * steps, 8):
        before = encoder.large_steps
        _, states = encoder.encode(frames(8 * steps, seed)[first : first + 8], states)
        chosen.append(encoder.large_steps > before)
    return chosen


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("policy", ["normal", "cheap", "large", "small", "by turns"])
def test_states_are_carried_across_switches_as_in_numpy(
    model: Model, runtime: str, policy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXA_LOCAL_TFLITE", runtime)
    encoder = open_encoder(model)
    assert isinstance(encoder, BranchingEncoder)
    states, wanted_states = encoder.start(), encoder.start()
    for number, step in enumerate(frames(8 * 40).reshape(40, 8, 64)):
        encoder.prefer(("small", "large")[number % 2] if policy == "by turns" else policy)
        before = encoder.large_steps
        encoded, states = encoder.encode(step, states)
        wanted, wanted_states, is_large = branching.step(WEIGHTS, step, wanted_states, encoder.threshold)
        assert (encoder.large_steps > before) is is_large
        np.testing.assert_allclose(encoded, wanted, atol=0.02)  # int8: a rounding may fall the other way
        assert states.keys() == wanted_states.keys()
        for name, value in states.items():
            np.testing.assert_allclose(value, wanted_states[name], atol=0.02, err_msg=name)


def test_the_more_a_step_must_be_worth_the_fewer_are_large(encoder: BranchingEncoder) -> None:
    counts = []
    for policy in ("large", "normal", "cheap", "small"):
        encoder.prefer(policy)  # type: ignore[arg-type]
        counts.append(sum(run(encoder, 60)))
    assert counts[0] == 60 and counts[3] == 0
    assert 60 > counts[1] > counts[2] > 0
    assert encoder.steps == 240 and encoder.large_steps == sum(counts)


def test_what_was_judged_apart_is_judged_as_usual_and_not_counted(encoder: BranchingEncoder) -> None:
    usual = run(encoder, 30)
    encoder.prefer("small")
    other = encoder.apart()
    assert isinstance(other, BranchingEncoder)
    assert run(other, 30) == usual
    assert (encoder.steps, other.steps) == (30, 30)
    assert not any(run(encoder, 30))


def test_a_preference_takes_effect_in_the_middle_of_a_request(model: Model) -> None:
    recogniser = Recogniser(model)
    assert recogniser.has_branches and recogniser.large_share is None
    stream, encoder = recogniser.stream(), recogniser.networks.encoder
    assert stream.large_share is None
    encoder.prefer("large")
    stream.push(frames(80))
    assert stream.large_share == 1.0
    encoder.prefer("small")
    stream.push(frames(80))
    assert stream.large_share == 0.5
    recogniser.prefer_small(False)
    stream.push(frames(800))
    usual = encoder.large_steps - 10
    recogniser.prefer_small(True)
    stream.push(frames(800))
    assert 0 < encoder.large_steps - 10 - usual < usual
    assert stream.finish()
    assert recogniser.large_share == encoder.large_steps / encoder.steps


def rewritten(tmp_path: Path, name: str | None = None, graph: Graph | None = None, **about: Any) -> Model:
    model = branching.write_model(tmp_path / "tiny", WEIGHTS)
    if name and graph:
        graph.save(model.folder / name)
    elif name:
        (model.folder / name).unlink()
    return branching.relist(model.folder, {"branches": branching.THRESHOLDS, **about})


@pytest.mark.parametrize("part", ["front", "large", "small"])
def test_a_branch_that_is_missing_is_named(tmp_path: Path, part: str) -> None:
    with pytest.raises(ModelError, match=f"no file 'encoder-{part}.tflite'"):
        Recogniser(rewritten(tmp_path, f"encoder-{part}.tflite"))


def _unfit() -> dict[str, tuple[str, Graph]]:
    other = branching.front_graph(WEIGHTS)
    next(one for one in other.tensors if one.name == "worth").name = "value"
    return {
        "a small branch with larger states": (
            "encoder-small.tflite",
            branching.branch_graph(WEIGHTS.small, is_sparse=False, hidden=48),
        ),
        "a branch for a front": ("encoder-front.tflite", branching.branch_graph(WEIGHTS.small, False)),
        "a front for a branch": ("encoder-large.tflite", branching.front_graph(WEIGHTS)),
        "a front without an arbiter": ("encoder-front.tflite", other),
    }


@pytest.mark.parametrize("what", _unfit())
def test_networks_that_do_not_fit_each_other_are_refused(tmp_path: Path, what: str) -> None:
    with pytest.raises(ModelError, match="does not fit this program"):
        Recogniser(rewritten(tmp_path, *_unfit()[what]))


@pytest.mark.parametrize(
    "thresholds",
    [{"normal": 0.0}, {"normal": 1.0, "cheap": 0.0}, {"normal": math.nan, "cheap": 1.0}, 1, ["x"]],
)
def test_thresholds_that_are_none_are_refused(tmp_path: Path, thresholds: Any) -> None:
    with pytest.raises(ModelError, match="does not fit this program"):
        Recogniser(rewritten(tmp_path, branches=thresholds))


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_an_encoder_without_branches_is_the_large_one(
    model: Model, runtime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALEXA_LOCAL_TFLITE", runtime)
    whole = Recogniser(branching.write_model(tmp_path / "whole", WEIGHTS, has_branches=False))
    branches = Recogniser(model)
    branches.networks.encoder.prefer("large")
    whole.prefer_small(True)
    for stream in (one := whole.stream(), other := branches.stream()):
        stream.push(frames(400))
    assert one.large_share is whole.large_share is None and other.large_share == 1.0
    assert one.finish() == other.finish()
