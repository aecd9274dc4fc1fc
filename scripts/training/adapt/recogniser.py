"""A shipped recogniser as a PyTorch model on its int8 grid, and back into files of the same shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alexa_local.models import Model
from alexa_local.tflite.layers import file_order
from alexa_local.tflite.quantise import LIMIT, dequantise_rows
from scripts.training.adapt.stored import Matrix, StoredNetwork
from scripts.training.asr.model import BranchingEncoder, Shape, Transducer

ENCODER, PREDICTION, JOINT = "encoder.tflite", "prediction.tflite", "joint.tflite"
FRONT, LARGE, SMALL = "encoder-front.tflite", "encoder-large.tflite", "encoder-small.tflite"
"""The files of an encoder with branches."""


@dataclass(frozen=True)
class Layer:
    """One int8 matrix and the parameter that stands for it.

    Attributes:
        name: the parameter's.
        matrix: where it is stored.
        copies: where the same is stored once more, for the other branch.
        parameter: float32 (O, I), in PyTorch's order of rows.
        order: int64 (O,): the parameter's row for each row of the file.
    """

    name: str
    matrix: Matrix
    parameter: torch.Tensor
    order: NDArray[np.int64]
    copies: tuple[Matrix, ...] = ()

    def quantised(self) -> NDArray[np.int8]:
        """int8 (O, I), in PyTorch's order, as the file has it."""
        return self.matrix.whole()[np.argsort(self.order)]

    def scales(self) -> NDArray[np.float32]:
        """float32 (O,), in PyTorch's order."""
        return self.matrix.scales[np.argsort(self.order)]

    def movable(self) -> NDArray[np.bool_]:
        """(O, I): weights that may change. A row's largest may not, so that it goes on telling the scale."""
        stored = np.zeros(self.matrix.shape, bool).reshape(-1, 16)
        stored[self.matrix.places] = True
        whole = self.quantised()
        return stored.reshape(self.matrix.shape)[np.argsort(self.order)] & (np.abs(whole) < LIMIT)

    def write(self, quantised: NDArray[np.int8]) -> None:
        """Put an int8 (O, I), in PyTorch's order, into the file."""
        for matrix in (self.matrix, *self.copies):
            matrix.write(quantised[self.order])


class StoredRecogniser:
    """A recogniser's files with the PyTorch model that computes the same.

    Attributes:
        model: the transducer; its CTC layer, which is not shipped, is random.
        files: its networks by name.
        layers: the model's int8 matrices that adapt; an arbiter's do not.
    """

    def __init__(self, source: Model) -> None:
        """Read a verified model folder."""
        branching = FRONT in source.info["files"]
        names = (FRONT, LARGE, SMALL) if branching else (ENCODER,)
        self.files = {name: StoredNetwork(source.path(name)) for name in (*names, PREDICTION, JOINT)}
        self.model = Transducer(Shape(**source.info["shape"])).eval()
        self.layers: list[Layer] = []
        front = self.files[FRONT if branching else ENCODER]
        large = self.files[LARGE if branching else ENCODER]
        rest = self._front(front)
        rest = self._large(iter(large.matrices) if branching else rest, large)
        if branching:
            self._small(self.files[SMALL], rest)
        else:
            self._linear("encoder_out", self.model.encoder_out, *rest)
        prediction = self.files[PREDICTION]
        _fill(self.model.embedding.weight, prediction.table())
        self._linear("prediction", self.model.prediction, prediction.matrices[0])
        self._linear("output", self.model.output, self.files[JOINT].matrices[0])

    def save(self, folder: Path) -> None:
        """Write the networks' files into a folder."""
        for name, stored in self.files.items():
            (folder / name).write_bytes(stored.to_bytes())

    def _front(self, stored: StoredNetwork) -> Iterator[Matrix]:
        """The convolutions, and an arbiter; returns what comes after."""
        encoder, matrices = self.model.encoder, iter(stored.matrices)
        encoder.mean.copy_(torch.from_numpy(stored.constants_of("SUB")))
        encoder.scale.copy_(torch.from_numpy(stored.constants_of("MUL")))
        self._linear("encoder.conv1", encoder.conv1, next(matrices))
        self._linear("encoder.conv2", encoder.conv2, next(matrices))
        if isinstance(encoder, BranchingEncoder):
            for layer in (encoder.arbiter[0], encoder.arbiter[2]):
                assert isinstance(layer, nn.Linear)
                matrix = next(matrices)
                assert matrix.bias is not None
                _fill(layer.weight, dequantise_rows(matrix.whole(), matrix.scales))
                _fill(layer.bias, matrix.bias)
        return matrices

    def _large(self, matrices: Iterator[Matrix], stored: StoredNetwork) -> Iterator[Matrix]:
        """The LSTM layers and the norms; returns what comes after."""
        encoder = self.model.encoder
        for number, lstm in enumerate(encoder.lstms):
            assert isinstance(lstm, nn.LSTM)
            self._lstm(f"encoder.lstms.{number}", lstm, next(matrices), next(matrices))
        for norm, (weight, bias) in zip([*encoder.norms, encoder.norm], stored.norms, strict=True):
            assert isinstance(norm, nn.LayerNorm)
            _fill(norm.weight, weight)
            _fill(norm.bias, bias)
        return matrices

    def _small(self, stored: StoredNetwork, rest: Iterator[Matrix]) -> None:
        """The small branch, and the output layer, which both branches hold; `rest` has the large one's."""
        encoder, matrices = self.model.encoder, iter(stored.matrices)
        assert isinstance(encoder, BranchingEncoder)
        for number, small in enumerate(encoder.small):
            name, size = f"encoder.small.{number}", encoder.norm.normalized_shape[0]
            for part in ("of_input", "of_state"):
                matrix = next(matrices)
                weight = small.get_parameter(f"{part}.weight")
                self._layer(f"{name}.{part}.weight", weight, matrix, np.arange(matrix.shape[0]))
            matrix, order = next(matrices), file_order(np.arange(4 * size))
            assert matrix.bias is not None
            _fill(small.get_parameter("gates.bias"), matrix.bias[np.argsort(order)])
            self._layer(f"{name}.gates.weight", small.get_parameter("gates.weight"), matrix, order)
        self._linear("encoder_out", self.model.encoder_out, *rest, *matrices)

    def _linear(self, name: str, layer: nn.Linear, matrix: Matrix, *copies: Matrix) -> None:
        assert matrix.bias is not None
        _fill(layer.bias, matrix.bias)
        self._layer(f"{name}.weight", layer.weight, matrix, np.arange(matrix.shape[0]), copies)

    def _lstm(self, name: str, lstm: nn.LSTM, of_input: Matrix, of_state: Matrix) -> None:
        order = file_order(np.arange(4 * lstm.hidden_size))
        assert of_input.bias is not None
        parameters = dict(lstm.named_parameters())
        _fill(parameters["bias_ih_l0"], of_input.bias[np.argsort(order)])
        _fill(parameters["bias_hh_l0"], np.zeros(len(order), np.float32))
        for part, matrix in (("weight_ih_l0", of_input), ("weight_hh_l0", of_state)):
            self._layer(f"{name}.{part}", parameters[part], matrix, order)

    def _layer(
        self,
        name: str,
        parameter: torch.Tensor,
        matrix: Matrix,
        order: NDArray[np.int64],
        copies: tuple[Matrix, ...] = (),
    ) -> None:
        layer = Layer(name, matrix, parameter, order, copies)
        _fill(parameter, dequantise_rows(layer.quantised(), layer.scales()))
        self.layers.append(layer)


def _fill(parameter: torch.Tensor, values: NDArray[np.float32]) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
