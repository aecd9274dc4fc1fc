"""The branching encoder: its layer, its beginning, its choices, and its exported files; needs PyTorch."""

from pathlib import Path

import numpy as np
import pytest

from alexa_local.tflite.network import installed_runtimes, load

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
branches = pytest.importorskip("scripts.training.asr.branches")

from scripts.training.asr import graphs, parity  # noqa: E402
from scripts.training.asr.branching_lstm import BranchingLstm  # noqa: E402
from scripts.training.asr.data import Batch  # noqa: E402
from scripts.training.asr.model import (  # noqa: E402
    FRAMES_PER_STEP,
    BranchingEncoder,
    Encoder,
    Shape,
    Transducer,
)

SMALL = Shape(conv=64, lstm=96, layers=2, joint=64, pieces=16, embedding=32)
WIDTH = 32


@pytest.fixture(name="model")
def _model() -> Transducer:
    """A model with branches of random weights."""
    torch.manual_seed(0)
    return branches.with_branches(Transducer(SMALL), WIDTH).eval()


def heard(model: Transducer) -> "torch.Tensor":
    """What the front makes of parity's known frames."""
    return model.encoder.front(torch.from_numpy(parity.known_frames())[None])


def test_the_layer_s_gradients_are_those_of_what_it_computes() -> None:
    torch.manual_seed(1)
    shapes = [(2, 5, 16), (2, 5, 3), (2, 5, 1), (16, 4), (3, 4), (16, 3), (16,)]
    given = [torch.rand(shape, dtype=torch.float64).requires_grad_() for shape in shapes]
    assert torch.autograd.gradcheck(BranchingLstm.apply, given)


def test_all_large_is_the_encoder_without_branches(model: Transducer) -> None:
    frames = torch.from_numpy(parity.known_frames())[None]
    with torch.no_grad():
        large = model.encoder.branches(heard(model), torch.ones(1, parity.STEPS, 1))
        torch.testing.assert_close(large, Encoder.forward(model.encoder, frames))


def test_a_small_branch_as_wide_as_its_input_imitates_the_large_one_exactly() -> None:
    torch.manual_seed(0)
    model = branches.with_branches(Transducer(SMALL), 2 * SMALL.lstm).eval()
    frames = torch.randn(4, 80, SMALL.bands) * 3 - 6
    full = torch.full((4,), 10)
    branches.imitate(model.encoder, [Batch(frames, torch.zeros(4, 1, dtype=torch.int64), full, full * 0)])
    with torch.no_grad():
        front = model.encoder.front(frames)
        found = model.encoder.branches(front, torch.zeros(4, 10, 1))
        torch.testing.assert_close(found, Encoder.forward(model.encoder, frames), atol=1e-3, rtol=0)


def test_a_narrow_imitation_is_nearer_than_chance(model: Transducer) -> None:
    frames = torch.randn(4, 80, SMALL.bands) * 3 - 6
    batch = Batch(
        frames, torch.zeros(4, 1, dtype=torch.int64), torch.full((4,), 10), torch.zeros(4, dtype=torch.int64)
    )

    def off() -> float:
        with torch.no_grad():
            small = model.encoder.branches(model.encoder.front(frames), torch.zeros(4, 10, 1))
            return float((small - Encoder.forward(model.encoder, frames)).square().mean())

    before = off()
    branches.imitate(model.encoder, [batch])
    assert off() < 0.5 * before


def test_choices_are_hard_and_teach_the_arbiter(model: Transducer) -> None:
    torch.manual_seed(0)
    worth = torch.zeros(200, 3, 1, requires_grad=True)
    large = branches.choose(worth)
    assert set(large.detach().unique().tolist()) <= {0.0, 1.0}
    whole = large.detach().mean((1, 2))
    assert (whole == 1).any() and (whole == 0).any() and ((whole > 0) & (whole < 1)).any()
    large.sum().backward()
    assert (worth.grad > 0).any()


def test_the_share_counts_an_utterance_s_own_steps() -> None:
    worth = torch.tensor([[[9.0], [9.0], [-9.0]], [[-9.0], [9.0], [9.0]]])
    share = branches.share_large(worth, torch.tensor([2, 1]))
    assert float(share) == pytest.approx(2 / 3, abs=0.01)


def test_compute_gets_dearer_while_the_large_branch_is_taken_too_often(
    model: Transducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branches, "losses", lambda *_: (torch.tensor(1.0), torch.tensor(2.0)))
    frames = torch.from_numpy(parity.known_frames())[None]
    one = torch.ones(1, dtype=torch.int64)
    batch = Batch(frames, one[None], one * parity.STEPS, one)

    def prices(share: float) -> list[float]:
        objective = branches.objective_of(model, share)
        return [objective(batch)[1]["price"] for _ in range(3)]

    rising, falling = prices(0.0), prices(1.0)
    assert rising == sorted(rising) and falling == sorted(falling, reverse=True)
    assert model.state_dict()["encoder.price"] == falling[-1]
    loss, figures = branches.objective_of(model, 0.0)(batch)
    expected = 1 + branches.CTC_WEIGHT * 2 + falling[-1] * figures["share"]
    assert loss.item() == pytest.approx(expected)


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_the_files_answer_as_the_reference_across_switches(
    model: Transducer, tmp_path: Path, runtime: str, kind: str
) -> None:
    graphs.front_graph(model, kind).save(tmp_path / "front.tflite")
    for small in (False, True):
        graphs.branch_graph(model, kind, small).save(tmp_path / f"{int(small)}.tflite")
    front, *pair = (load(tmp_path / f"{name}.tflite", runtime=runtime) for name in ("front", 0, 1))
    own = {name: np.zeros(front.inputs[name], np.float32) for name in ("past", "conv")}
    states = {name: np.zeros(shape, np.float32) for name, shape in pair[0].inputs.items() if name != "heard"}
    worths = []
    for step, frames in enumerate(parity.known_frames().reshape(-1, FRAMES_PER_STEP, SMALL.bands)):
        first = front.run(frames=frames, **own)
        own = {name: first[f"{name}_out"] for name in own}
        answer = pair[step % 2].run(heard=first["heard"], **states)
        states = {name: answer[f"{name}_out"] for name in states}
        worths.append(float(first["worth"][0, 0]))
    found = answer["encoded"][0]
    np.testing.assert_allclose(found[: parity.SHOWN], parity.encoded(model, kind), atol=0.01)
    with torch.no_grad():
        turns = torch.tensor([1.0, 0.0]).repeat(parity.STEPS // 2).reshape(1, -1, 1)
        wanted = model.encoder_out(model.encoder.branches(heard(model), turns))[0, -1]
        np.testing.assert_allclose(found, wanted.numpy(), atol=0.05)
        assert isinstance(model.encoder, BranchingEncoder)
        np.testing.assert_allclose(worths, model.encoder.arbiter(heard(model))[0, :, 0].numpy(), atol=0.05)
