"""Training the biasing networks: pools hold names and other speech, some names stay apart, runs resume."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import ConfigError
from alexa_local.messages import MEL_BANDS

torch = pytest.importorskip("torch", reason="PyTorch is a training-only dependency")

from scripts.training.asr.data import Batch  # noqa: E402
from scripts.training.asr.export import load_average  # noqa: E402
from scripts.training.asr.model import Shape, Transducer  # noqa: E402
from scripts.training.asr.pieces import learn  # noqa: E402
from scripts.training.asr.trainee import save  # noqa: E402
from scripts.training.attention.model import Sizes  # noqa: E402
from scripts.training.attention.pool import Pool, open_names  # noqa: E402
from scripts.training.attention.train import RATE, RATE_OF_NATS, Training, load_biasing, train  # noqa: E402

SENTENCES = ("call mintabe", "play the dorvane", "is it warm in castel", "turn on the light please")
SHAPE = Shape(conv=16, lstm=16, layers=1, joint=16, pieces=32, embedding=8)
SIZES = Sizes(pieces=32, joint=16, embedding=8, hidden=8, heads=2, key=4, narrow=8, steps=2)


def write_store(folder: Path, texts: list[str]) -> None:
    """A store of noise whose clips are said to hold the texts, a second each."""
    folder.mkdir(parents=True)
    rows = np.random.default_rng(len(texts)).normal(-6, 1, (100 * len(texts), MEL_BANDS))
    rows.astype(np.float16).tofile(folder / "rows.f16")
    index = ({"first": 100 * n, "frames": 100, "text": text} for n, text in enumerate(texts))
    (folder / "index.jsonl").write_text("".join(json.dumps(row) + "\n" for row in index))


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    """Other speech, and forty clips with names of which each has its own number of syllables."""
    write_store(tmp_path / "stores" / "noise", ["", ""])
    write_store(tmp_path / "stores" / "cv", [*SENTENCES[2:]] * 20)
    write_store(tmp_path / "stores" / "names-00", [f"call {'mi' * n}" for n in range(1, 41)])
    return tmp_path / "stores"


@pytest.fixture
def recogniser(tmp_path: Path) -> Path:
    """A run folder of an untrained, tiny recogniser."""
    learn([*SENTENCES] * 20, SHAPE.pieces, tmp_path / "recogniser")
    torch.manual_seed(1)
    state = Transducer(SHAPE).state_dict()
    save(tmp_path / "recogniser" / "checkpoint.pt", model=state, average=state, shape=SHAPE.as_dict())
    return tmp_path / "recogniser"


def test_names_that_are_judged_with_are_never_trained_on(stores: Path) -> None:
    (kept,), (apart,) = open_names(stores)
    assert len(apart.clips) == 2
    assert {text for _, _, text in kept.clips}.isdisjoint(text for _, _, text in apart.clips)


def test_without_a_store_of_made_up_names_it_says_how_to_make_one(stores: Path) -> None:
    (stores / "names-00" / "rows.f16").unlink()
    with pytest.raises(ConfigError, match="--kind names"):
        open_names(stores)


@pytest.fixture
def pool(stores: Path, recogniser: Path) -> Pool:
    """One batch of each kind; the frames of that of names are ones, of the other twos."""
    made: list[Batch] = []

    def mark(batch: Batch) -> Batch:
        made.append(batch)
        return replace(batch, frames=torch.full_like(batch.frames, len(made)))

    return Pool(stores, recogniser / "pieces.model", 1, mark, seed=2)


def test_a_pool_draws_some_of_a_batch_each_time_with_a_new_catalogue(pool: Pool) -> None:
    drawn = [pool.draw() for _ in range(30)]
    assert {float(batch.frames[0, 0, 0]) for batch, _ in drawn} == {1.0, 2.0}
    assert len({tuple(batch.labels.flatten().tolist()) for batch, _ in drawn}) > 10
    assert len({catalogue.phrases for _, catalogue in drawn}) > 20


def test_of_other_speech_less_is_in_the_catalogues_than_of_names(pool: Pool) -> None:
    said: dict[float, list[bool]] = {1.0: [], 2.0: []}
    for batch, catalogue in (pool.draw() for _ in range(80)):
        said[float(batch.frames[0, 0, 0])].append(bool(catalogue.inside.any()))
    assert np.mean(said[2.0]) < 0.5 < np.mean(said[1.0])


def test_what_is_held_out_is_the_same_in_every_run(stores: Path, recogniser: Path) -> None:
    one, other = (
        Pool(stores, recogniser / "pieces.model", 1, lambda batch: batch, seed).hold_out() for seed in (4, 5)
    )
    for kind in ("names", "other"):
        for held, again in zip(one[kind], other[kind], strict=True):
            torch.testing.assert_close(held.batch.frames, again.batch.frames)
            torch.testing.assert_close(held.saying.windows, again.saying.windows)
        assert any(held.inside for held in one[kind])


def test_what_counts_nats_learns_at_a_rate_of_its_own(recogniser: Path, tmp_path: Path) -> None:
    one = Training(recogniser, tmp_path, SIZES, 0.0)
    weights, nats = one.optimiser.param_groups
    assert (weights["peak"], nats["peak"]) == (RATE, RATE_OF_NATS)
    assert {id(p) for p in nats["params"]} == {
        id(p) for p in (one.biasing.values, one.biasing.trust, one.biasing.no_score)
    }
    assert len(weights["params"]) + len(nats["params"]) == len(list(one.biasing.parameters()))


@pytest.mark.parametrize("rate", [0.0, 1e-4])
def test_a_run_resumes_and_keeps_the_recogniser(
    stores: Path, recogniser: Path, tmp_path: Path, rate: float
) -> None:
    run = tmp_path / "run"
    shutil.copytree(recogniser, run, ignore=shutil.ignore_patterns("checkpoint.pt"))

    def learn_on(minutes: float) -> Training:
        one = Training(recogniser, run, SIZES, rate)
        train(one, stores, run, minutes, batches=1, seed=6)
        return one

    first = learn_on(1e-6)
    assert first.step == 1
    assert learn_on(1e-6).step == 1
    second = learn_on(first.used_s / 60 + 1e-6)
    assert second.step == 2
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert all(
        {"none", "with", "anti", "inside"} == set(line[kind]) for line in lines for kind in ("names", "other")
    )
    assert load_biasing(run / "checkpoint.pt").sizes == SIZES
    before, after = load_average(recogniser / "checkpoint.pt"), load_average(run / "checkpoint.pt")
    same = [torch.equal(a, b) for a, b in zip(before.parameters(), after.parameters(), strict=True)]
    assert all(same) != bool(rate)
