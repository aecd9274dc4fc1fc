"""The exported encoder, whole and pruned, against its numpy reference and PyTorch; needs PyTorch."""

from pathlib import Path

import numpy as np
import pytest

from alexa_local.tflite.network import installed_runtimes, load
from alexa_local.tflite.sparse import prune_blocks

torch = pytest.importorskip("torch", reason="PyTorch is for training only")
graphs = pytest.importorskip("scripts.training.asr.graphs")

from scripts.training.asr import parity  # noqa: E402
from scripts.training.asr.model import Shape, Transducer  # noqa: E402

SMALL = Shape(conv=64, lstm=96, layers=2, joint=64, pieces=16, embedding=32)


def pruned(share: float) -> Transducer:
    """A network of random weights whose encoder has lost a share of its blocks."""
    torch.manual_seed(0)
    model = Transducer(SMALL).eval()
    for name, parameter in model.named_parameters():
        if parameter.ndim == 2 and name.startswith("encoder"):
            parameter.data = torch.from_numpy(prune_blocks(parameter.detach().numpy(), share))
    return model


def encoded(path: Path, runtime: str) -> np.ndarray:
    """The last of the file's answers to parity's known frames, (joint,)."""
    network = load(path, runtime=runtime)
    states = {name: np.zeros(shape, np.float32) for name, shape in network.inputs.items() if name != "frames"}
    frames = parity.known_frames(SMALL.bands).reshape(-1, graphs.FRAMES_PER_STEP, SMALL.bands)
    for step in frames:
        answer = network.run(frames=step, **states)
        states = {name: answer[f"{name}_out"] for name in states}
    return answer["encoded"][0]


@pytest.mark.parametrize("runtime", installed_runtimes())
@pytest.mark.parametrize("share", [0.0, 0.5, 0.7])
def test_the_encoder_answers_as_the_reference_and_nearly_as_pytorch(
    tmp_path: Path, runtime: str, share: float
) -> None:
    model = pruned(share)
    graphs.encoder_graph(model, "int8").save(tmp_path / "encoder.tflite")
    found = encoded(tmp_path / "encoder.tflite", runtime)
    np.testing.assert_allclose(
        found[: parity.SHOWN], parity.encoded(model, "int8"), atol=0.01
    )  # a step of rounding
    with torch.no_grad():
        wanted = model.encoder_out(model.encoder(torch.from_numpy(parity.known_frames())[None]))[0, -1]
    np.testing.assert_allclose(found, wanted.numpy(), atol=0.05)


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_leaving_out_empty_blocks_changes_the_size_and_no_number(
    tmp_path: Path, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = pruned(0.5)
    graphs.encoder_graph(model, "int8").save(tmp_path / "sparse.tflite")
    monkeypatch.setattr(graphs, "SPARSE_ABOVE", 2.0)
    graphs.encoder_graph(model, "int8").save(tmp_path / "dense.tflite")
    sparse, dense = (tmp_path / f"{name}.tflite" for name in ("sparse", "dense"))
    assert np.array_equal(encoded(sparse, runtime), encoded(dense, runtime))
    assert sparse.stat().st_size < 0.7 * dense.stat().st_size


def test_a_matrix_that_is_hardly_pruned_is_stored_whole() -> None:
    kept = [record for record in graphs.encoder_graph(pruned(0.3), "int8").tensors if record.sparse]
    assert not kept
