"""The neural diff: shipped weights in PyTorch and back, and what may change of them for how many bytes."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
pytest.importorskip("ai_edge_litert", reason="the schema of .tflite files is for training only")
pytest.importorskip("num2words", reason="num2words is for training only")

from alexa_local.errors import ModelError  # noqa: E402
from alexa_local.models import Model  # noqa: E402
from alexa_local.tflite.sparse import prune_blocks  # noqa: E402
from scripts.training.adapt import learner as learning  # noqa: E402
from scripts.training.adapt.blocks import affordable, best_weights, coded_bytes, kept  # noqa: E402
from scripts.training.adapt.learner import Learner  # noqa: E402
from scripts.training.adapt.outdoors import sentences  # noqa: E402
from scripts.training.adapt.recogniser import StoredRecogniser  # noqa: E402
from scripts.training.asr import parity  # noqa: E402
from scripts.training.asr.data import Batch  # noqa: E402
from scripts.training.asr.export import networks  # noqa: E402
from scripts.training.asr.model import Shape, Transducer  # noqa: E402

SMALL = Shape(conv=32, lstm=32, layers=2, joint=32, pieces=16, embedding=16)


def shipped(folder: Path, pruned: float, branch: int = 0) -> tuple[Model, Transducer]:
    """A small recogniser's files, of random weights whose encoder has lost a share of its blocks."""
    torch.manual_seed(1)
    model = Transducer(replace(SMALL, branch=branch)).eval()
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2 and name.startswith("encoder") and ".small." not in name:
            parameter.data = torch.from_numpy(prune_blocks(parameter.detach().numpy(), pruned))
        if parameter.ndim == 1:
            parameter.data += 0.1 * torch.randn_like(parameter)  # no two biases and norms are alike
    graphs = networks(model, "int8")
    for name, graph in graphs.items():
        graph.save(folder / name)
    files = {name: {"sha256": ""} for name in graphs}
    return Model("small", folder, {"files": files, "shape": model.shape.as_dict()}), model


@pytest.fixture(params=[(0.0, 0), (0.6, 0), (0.6, 16)], ids=["dense", "sparse", "branches"])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Model, Transducer]:
    return shipped(tmp_path, *request.param)


@pytest.fixture
def no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something to make small that needs no compiler."""

    def loss(model: Transducer, batch: Batch) -> torch.Tensor:
        encoded = model.encoder_out(model.encoder(batch.frames))
        return model.output(torch.tanh(encoded + model.predict(batch.labels)[:, :1])).square().mean()

    monkeypatch.setattr(learning, "whole_loss", loss)


def batches(count: int) -> list[Batch]:
    frames = torch.from_numpy(parity.known_frames(SMALL.bands))[None]
    ones = torch.ones(1, dtype=torch.int64)
    return [Batch(frames, torch.ones(1, 3, dtype=torch.int64), ones * 12, ones * 3)] * count


def test_what_is_not_trained_is_written_bit_for_bit(small, tmp_path: Path) -> None:
    model, _ = small
    stored = StoredRecogniser(model)
    for layer in stored.layers:
        layer.write(layer.quantised())
    (tmp_path / "again").mkdir()
    stored.save(tmp_path / "again")
    for name in stored.files:
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / name).read_bytes()


def test_what_is_read_computes_what_was_written(small) -> None:
    model, original = small
    read = StoredRecogniser(model).model
    np.testing.assert_allclose(parity.encoded(read, "int8"), parity.encoded(original, "int8"), atol=1e-4)
    labels = torch.tensor([[3, 7, 1]])
    torch.testing.assert_close(read.predict(labels), original.predict(labels), atol=0.05, rtol=0.05)
    x = torch.linspace(-1, 1, SMALL.joint)[None]
    torch.testing.assert_close(read.output(x), original.output(x), atol=0.05, rtol=0.05)


def test_training_moves_weights_by_whole_steps_and_leaves_scales_and_empty_blocks(small, no_loss) -> None:
    model, _ = small
    stored = StoredRecogniser(model)
    learner = Learner(stored)
    learner.learn(iter(batches(20)), 20, 0.3, 0.0, lambda line: None)
    moved = 0
    for layer, after in zip(stored.layers, learner.quantised(), strict=True):
        before = layer.quantised()
        assert np.array_equal(before[~layer.movable()], after[~layer.movable()])
        assert np.array_equal(np.abs(before).max(axis=1), np.abs(after).max(axis=1))
        layer.write(after)
        assert np.array_equal(layer.quantised(), after)
        moved += int((before != after).sum())
    assert moved > 0


def test_a_pull_keeps_more_weights_as_they_were(tmp_path: Path, no_loss) -> None:
    model, _ = shipped(tmp_path, 0.0)
    moved = []
    for pull in (0.0, 0.5):
        stored = StoredRecogniser(model)
        learner = Learner(stored)
        learner.learn(iter(batches(20)), 20, 0.3, pull, lambda line: None)
        pairs = zip(stored.layers, learner.quantised(), strict=True)
        moved.append(sum(int((layer.quantised() != after).sum()) for layer, after in pairs))
    assert moved[1] < moved[0]


def test_after_a_restriction_only_chosen_weights_differ(tmp_path: Path, no_loss) -> None:
    model, _ = shipped(tmp_path, 0.0)
    stored = StoredRecogniser(model)
    learner = Learner(stored)
    learner.learn(iter(batches(15)), 15, 0.3, 0.0, lambda line: None)
    chosen = best_weights(learner.paid(), 20)
    learner.restrict(chosen)
    learner.learn(iter(batches(5)), 5, 0.3, 0.0, lambda line: None)
    for layer, after, which in zip(stored.layers, learner.quantised(), chosen, strict=True):
        assert np.array_equal(layer.quantised()[~which], after[~which])


def test_what_was_learnt_can_be_taken_up_again(tmp_path: Path, no_loss) -> None:
    model, _ = shipped(tmp_path, 0.0)
    first, second = Learner(StoredRecogniser(model)), Learner(StoredRecogniser(model))
    first.learn(iter(batches(10)), 10, 0.3, 0.0, lambda line: None)
    second.load(first.state())
    for mine, other in zip(second.quantised(), first.quantised(), strict=True):
        assert np.array_equal(mine, other)


def test_a_weight_in_a_block_that_the_file_leaves_out_is_refused(tmp_path: Path) -> None:
    model, _ = shipped(tmp_path, 0.6)
    layer = StoredRecogniser(model).layers[0]
    with pytest.raises(ModelError, match="not zero"):
        layer.write(np.ones(layer.matrix.shape, np.int8))


def paid_and_changed() -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    random = np.random.default_rng(0)
    before = [random.integers(-100, 100, shape).astype(np.int8) for shape in ((64, 64), (32, 128))]
    after = [one + random.integers(-1, 2, one.shape).astype(np.int8) for one in before]
    return [random.normal(0, 1, one.shape).astype(np.float32) for one in before], before, after


def test_the_blocks_that_paid_most_are_chosen_and_none_that_paid_nothing() -> None:
    paid = [np.zeros((2, 32), np.float32), np.zeros((1, 16), np.float32)]
    paid[0][1, 20], paid[0][0, 3], paid[1][0, 0] = 1.0, 3.0, 2.0
    best, second = best_weights(paid, 2)
    assert best[0, :16].all() and not best[0, 16:].any() and not best[1].any() and second.all()
    assert sum(int(one.sum()) for one in best_weights(paid, 99)) == 3 * 16


@pytest.mark.parametrize("budget_bytes", [0, 400, 1500, 100_000])
def test_what_is_affordable_fits_and_more_bytes_buy_more(budget_bytes: int) -> None:
    paid, before, after = paid_and_changed()
    chosen = affordable(before, after, paid, budget_bytes)
    taken = coded_bytes(before, kept(before, after, chosen))
    assert taken <= budget_bytes
    if budget_bytes == 100_000:
        assert all(np.array_equal(a, b) for a, b in zip(chosen, best_weights(paid, 10_000), strict=True))
    elif budget_bytes:
        assert taken > 0.7 * budget_bytes


def test_no_sentence_is_both_trained_on_and_judged_by() -> None:
    trained = list(islice(sentences(1, held_out=False), 900))
    judged = list(islice(sentences(1, held_out=True), 150))
    assert len(set(trained)) == 900 and len(set(judged)) == 150
    assert not set(trained) & set(judged)
