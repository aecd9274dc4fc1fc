"""Sparsity and the pull to the int8 grid, on a tiny network; needs PyTorch."""

import numpy as np
import pytest

from alexa_local.tflite.quantise import dequantise_rows, quantise_rows

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
compress = pytest.importorskip("scripts.training.asr.compress")
model = pytest.importorskip("scripts.training.asr.model")

TINY = model.Shape(bands=8, conv=16, lstm=32, layers=1, joint=16, pieces=8, embedding=8)
PLAN = compress.Plan(sparsity=0.5, sparse_from=10, sparse_until=20)


def averaged(transducer):
    return torch.optim.swa_utils.AveragedModel(transducer)


def tiny(seed: int = 0):
    torch.manual_seed(seed)
    return model.Transducer(TINY)


def test_sparsity_grows_from_nothing_to_the_whole_and_never_shrinks() -> None:
    wanted = [PLAN.sparsity_at(minute) for minute in range(30)]
    assert wanted[:11] == [0.0] * 11
    assert wanted[20:] == [0.5] * 10
    assert wanted == sorted(wanted)
    assert wanted[15] == pytest.approx(0.5 * 7 / 8)


def test_the_pull_to_the_grid_grows_until_the_end() -> None:
    plan = compress.Plan(grid=0.02, grid_from=100, grid_until=200)
    assert [plan.grid_at(minute) for minute in (0, 100, 150, 200, 300)] == [0, 0, 0.01, 0.02, 0.02]


def test_the_weakest_blocks_go_first_and_none_comes_back() -> None:
    weight = torch.arange(1.0, 129).view(2, 64)
    kept = compress.strongest_blocks(weight, 0.25)
    assert kept.flatten().tolist() == [0, 0, 1, 1, 1, 1, 1, 1]
    compress.blocks(weight).mul_(kept)
    assert compress.strongest_blocks(weight, 0.0).flatten().tolist() == kept.flatten().tolist()


def test_training_prunes_the_encoder_and_its_average_to_the_planned_share() -> None:
    transducer = tiny()
    average = averaged(transducer)
    compression = compress.Compression(transducer, average, PLAN)
    compression.after_step(100, 5.0)
    assert compression.share_zero() == 0
    compression.after_step(100, 20.0)
    assert compression.share_zero() == pytest.approx(0.5, abs=0.01)
    for weight, of_average in zip(
        compress.encoder_matrices(transducer), compress.encoder_matrices(average), strict=True
    ):
        assert torch.equal(compress.kept_blocks(weight), compress.kept_blocks(of_average))


def test_what_is_pruned_stays_zero_after_a_resume_whatever_the_optimiser_does() -> None:
    transducer = tiny()
    compress.Compression(transducer, averaged(transducer), PLAN).after_step(100, 20.0)
    resumed = tiny(seed=1)
    resumed.load_state_dict(transducer.state_dict())
    compression = compress.Compression(resumed, averaged(resumed), PLAN)
    with torch.no_grad():
        for parameter in resumed.parameters():
            parameter.add_(0.1)
    compression.after_step(101, 20.1)
    kept = [compress.kept_blocks(weight) for weight in compress.encoder_matrices(resumed)]
    wanted = [compress.kept_blocks(weight) for weight in compress.encoder_matrices(transducer)]
    assert all(torch.equal(a, b) for a, b in zip(kept, wanted, strict=True))


def test_weights_end_on_the_grid_of_the_export() -> None:
    transducer = tiny()
    compression = compress.Compression(
        transducer, averaged(transducer), compress.Plan(grid=0.5, grid_until=1)
    )
    for step in range(60):
        compression.after_step(step, 1.0)
    for weight in compress.exported_matrices(transducer):
        array = weight.numpy()
        np.testing.assert_allclose(dequantise_rows(*quantise_rows(array)), array, rtol=0, atol=1e-6)


def test_the_pull_leaves_a_row_of_zeros_alone() -> None:
    weight = torch.zeros(2, 16)
    compress.pull_to_grid(weight, 0.5)
    assert not weight.any()
