"""The seam: what it refuses, and how it says so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.tflite import layers, load, network
from alexa_local.tflite.network import Network
from alexa_local.tflite.seal import seal
from alexa_local.tflite.writer import Graph

Load = Callable[[Graph], Network]


def small_graph() -> Graph:
    graph = Graph()
    x, index = graph.input("x", (1, 4)), graph.input("index", (1,), "int32")
    rows = graph.gather(graph.constant(np.eye(3, 4)), index)
    graph.output("total", graph.add(x, rows))
    graph.output("size", graph.abs(x))
    return graph


def arguments() -> dict[str, np.ndarray]:
    return {"x": np.array([[1, 2, 3, -4]], np.float32), "index": np.array([2], np.int32)}


def test_tensors_are_known_by_the_names_that_the_writer_gave(loaded: Load) -> None:
    small = loaded(small_graph())
    assert small.inputs == {"x": (1, 4), "index": (1,)}
    assert small.outputs == {"total": (1, 4), "size": (1, 4)}
    found = small.run(**arguments())
    assert list(found) == ["total", "size"]
    assert found["total"].tolist() == [[1, 2, 4, -4]]


def test_results_are_copies_that_the_next_step_leaves_alone(loaded: Load) -> None:
    small = loaded(small_graph())
    first = small.run(**arguments())["size"]
    kept = first.copy()
    small.run(x=np.zeros((1, 4), np.float32), index=np.array([0], np.int32))
    np.testing.assert_array_equal(first, kept)
    first[:] = 0  # theirs to change


def test_outputs_can_be_the_next_step_s_inputs(loaded: Load) -> None:
    graph = Graph()
    graph.output("state_out", graph.add(graph.input("state", (1, 2)), graph.constant([[1.0, 2.0]])))
    counter, state = loaded(graph), np.zeros((1, 2), np.float32)
    for _ in range(5):
        state = counter.run(state=state)["state_out"]
    assert state.tolist() == [[5, 10]]


def test_an_array_with_gaps_and_a_wider_type_are_taken(loaded: Load) -> None:
    small = loaded(small_graph())
    wanted = small.run(**arguments())["total"]
    spread = np.repeat(arguments()["x"], 2, axis=1)[:, ::2]
    assert not spread.flags.c_contiguous
    np.testing.assert_array_equal(small.run(**{**arguments(), "x": spread})["total"], wanted)
    wide = {"x": arguments()["x"].astype(np.float64), "index": np.array([2], np.int64)}
    np.testing.assert_array_equal(small.run(**wide)["total"], wanted)


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"y": np.zeros(1)}, r"takes \['index', 'x'\]"),
        ({"x": None}, r"was given \['index'\]"),
        ({"x": np.zeros((4,), np.float32)}, r"has shape \(1, 4\), and was given \(4,\)"),
        ({"x": np.zeros((2, 4), np.float32)}, r"has shape \(1, 4\)"),
        ({"index": np.zeros(1, np.float32)}, "is int32, and was given float32"),
        ({"x": np.zeros((1, 4), complex)}, "is float32, and was given complex128"),
        ({"index": np.array([3], np.int32)}, "failed"),
        ({"index": np.array([-1], np.int32)}, "failed"),
    ],
)
def test_wrong_inputs_are_refused(loaded: Load, changes: dict[str, np.ndarray | None], fact: str) -> None:
    inputs = {name: value for name, value in {**arguments(), **changes}.items() if value is not None}
    small = loaded(small_graph())
    with pytest.raises(ModelError, match=fact):
        small.run(**inputs)
    assert small.run(**arguments())["size"].tolist() == [[1, 2, 3, 4]]


def test_a_missing_file_is_told(tmp_path: Path, runtime: str) -> None:
    with pytest.raises(ModelError, match=r"nothing\.tflite cannot be read"):
        load(tmp_path / "nothing.tflite", runtime=runtime)


def damaged(data: bytes) -> dict[str, bytes]:
    middle = len(data) // 2
    return {
        "empty": b"",
        "cut to 20 bytes": data[:20],
        "cut in half": data[:middle],
        "last byte cut": data[:-1],
        "one bit turned": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "zeros at the end": data + bytes(64),
        "another kind of file": b"\x89PNG\r\n" + bytes(500),
        "another writer's": data[:-8],
    }


@pytest.mark.parametrize("damage", list(damaged(bytes(100))))
def test_a_damaged_file_is_refused(tmp_path: Path, runtime: str, damage: str) -> None:
    """tflite-runtime 2.14 checks nothing, and most of these end its process with a segmentation fault."""
    path = tmp_path / "damaged.tflite"
    path.write_bytes(damaged(small_graph().to_bytes())[damage])
    with pytest.raises(ModelError, match="damaged"):
        load(path, runtime=runtime)


def test_a_sealed_file_that_the_runtime_cannot_read_is_refused(tmp_path: Path, runtime: str) -> None:
    graph = small_graph()
    graph.operations[-1] = graph.operations[-1].__class__("ABS", (0,), (len(graph.tensors) - 1,), version=99)
    path = tmp_path / "newer.tflite"
    path.write_bytes(graph.to_bytes())
    with pytest.raises(ModelError, match="too new"):
        load(path, runtime=runtime)


def test_loading_and_running_say_nothing_on_standard_error(tmp_path: Path, runtime: str) -> None:
    path = tmp_path / "small.tflite"
    small_graph().save(path)
    program = (
        "import sys, numpy; from alexa_local.tflite import load; n = load(sys.argv[1], runtime=sys.argv[2]);"
        "n.run(x=numpy.zeros((1, 4), 'f'), index=numpy.zeros(1, 'i'))"
    )
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", program, str(path), runtime]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_unknown_runtime_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="no TFLite runtime 'tensorrt'"):
        load(tmp_path / "any", runtime="tensorrt")
    monkeypatch.setenv(network.VARIABLE, "onnx")
    with pytest.raises(ModelError, match="no TFLite runtime 'onnx'"):
        load(tmp_path / "any")


def test_the_environment_chooses_the_runtime(
    tmp_path: Path, runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_graph().save(tmp_path / "small.tflite")
    monkeypatch.setenv(network.VARIABLE, runtime)
    chosen = load(tmp_path / "small.tflite")._interpreter
    assert type(chosen).__module__ == network.RUNTIMES[runtime]


def test_without_any_runtime_the_remedy_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "RUNTIMES", {"litert": "no_such_module_here"})
    with pytest.raises(ModelError, match="pip install ai-edge-litert"):
        load(tmp_path / "any")
    assert network.installed_runtimes() == []


def test_writing_without_the_schema_tells_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flatbuffers", None)
    with pytest.raises(ModelError, match=r"pip install 'alexa-local\[training\]'"):
        small_graph().to_bytes()


def test_two_networks_of_one_file_do_not_share_values(tmp_path: Path, runtime: str) -> None:
    small_graph().save(tmp_path / "small.tflite")
    one, two = (load(tmp_path / "small.tflite", runtime=runtime) for _ in range(2))
    kept = one.run(**arguments())["size"]
    two.run(x=np.zeros((1, 4), np.float32), index=np.array([0], np.int32))
    np.testing.assert_array_equal(one.run(**arguments())["size"], kept)


def test_both_runtimes_give_the_same_numbers(tmp_path: Path) -> None:
    if len(network.installed_runtimes()) < 2:
        pytest.skip("only one TFLite runtime is installed; Python 3.11 can have both")
    rng = np.random.default_rng(9)
    graph = Graph()
    x = graph.input("x", (1, 64))
    weight = rng.standard_normal((32, 64)).astype(np.float32)
    graph.output("y", layers.linear(graph, x, weight, np.ones(32), "int8", sparse=True))
    graph.save(tmp_path / "layer.tflite")
    value = rng.standard_normal((1, 64)).astype(np.float32)
    one, two = (load(tmp_path / "layer.tflite", runtime=name).run(x=value)["y"] for name in network.RUNTIMES)
    np.testing.assert_allclose(one, two, rtol=1e-6)


def test_the_seal_follows_every_byte() -> None:
    assert seal(b"a") != seal(b"b")
    assert seal(b"a")[:1] == b"a"
