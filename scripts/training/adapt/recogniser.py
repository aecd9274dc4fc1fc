"""A shipped recogniser as a PyTorch model on its int8 grid, and back into files of the same shape."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alexa_local.models import Model
from alexa_local.tflite.quantise import LIMIT, dequantise_rows
from scripts.training.adapt.stored import Matrix, StoredNetwork
from scripts.training.asr.model import Shape, Transducer

NETWORKS = ("encoder.tflite", "prediction.tflite", "joint.tflite")
"""The files whose weights are adapted."""


@dataclass(frozen=True)
class Layer:
    """One int8 matrix and the parameter that stands for it.

    Attributes:
        name: the parameter's.
        matrix: where it is stored.
        parameter: float32 (O, I), in PyTorch's order of rows.
        order: int64 (O,): the parameter's row for each row of the file.
    """

    name: str
    matrix: Matrix
    parameter: torch.Tensor
    order: NDArray[np.int64]

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
        self.matrix.write(quantised[self.order])


class StoredRecogniser:
    """A recogniser's files with the PyTorch model that computes the same.

    Attributes:
        model: the transducer; its CTC layer, which is not shipped, is random.
        layers: the model's int8 matrices.
    """

    def __init__(self, source: Model) -> None:
        """Read a verified model folder."""
        self.files = {name: StoredNetwork(source.path(name)) for name in NETWORKS}
        self.model = Transducer(Shape(**source.info["shape"])).eval()
        self.layers: list[Layer] = []
        encoder, stored = self.model.encoder, self.files["encoder.tflite"]
        matrices = iter(stored.matrices)
        encoder.mean.copy_(torch.from_numpy(stored.constants_of("SUB")))
        encoder.scale.copy_(torch.from_numpy(stored.constants_of("MUL")))
        self._linear("encoder.conv1", encoder.conv1, next(matrices))
        self._linear("encoder.conv2", encoder.conv2, next(matrices))
        for number, lstm in enumerate(encoder.lstms):
            assert isinstance(lstm, nn.LSTM)
            self._lstm(f"encoder.lstms.{number}", lstm, next(matrices), next(matrices))
        self._linear("encoder_out", self.model.encoder_out, next(matrices))
        for norm, (weight, bias) in zip([*encoder.norms, encoder.norm], stored.norms, strict=True):
            assert isinstance(norm, nn.LayerNorm)
            _fill(norm.weight, weight)
            _fill(norm.bias, bias)
        prediction = self.files["prediction.tflite"]
        _fill(self.model.embedding.weight, prediction.table())
        self._linear("prediction", self.model.prediction, prediction.matrices[0])
        self._linear("output", self.model.output, self.files["joint.tflite"].matrices[0])

    def save(self, folder: Path) -> None:
        """Write the networks' files into a folder."""
        for name, stored in self.files.items():
            (folder / name).write_bytes(stored.to_bytes())

    def _linear(self, name: str, layer: nn.Linear, matrix: Matrix) -> None:
        assert matrix.bias is not None
        _fill(layer.bias, matrix.bias)
        self._layer(f"{name}.weight", layer.weight, matrix, np.arange(matrix.shape[0]))

    def _lstm(self, name: str, lstm: nn.LSTM, of_input: Matrix, of_state: Matrix) -> None:
        size = lstm.hidden_size
        gates = np.arange(4 * size).reshape(4, size)
        order = gates[[0, 1, 3, 2]].ravel()  # the file has i f o g, PyTorch i f g o
        assert of_input.bias is not None
        parameters = dict(lstm.named_parameters())
        _fill(parameters["bias_ih_l0"], of_input.bias[np.argsort(order)])
        _fill(parameters["bias_hh_l0"], np.zeros(4 * size, np.float32))
        for part, matrix in (("weight_ih_l0", of_input), ("weight_hh_l0", of_state)):
            self._layer(f"{name}.{part}", parameters[part], matrix, order)

    def _layer(self, name: str, parameter: torch.Tensor, matrix: Matrix, order: NDArray[np.int64]) -> None:
        layer = Layer(name, matrix, parameter, order)
        _fill(parameter, dequantise_rows(layer.quantised(), layer.scales()))
        self.layers.append(layer)


def _fill(parameter: torch.Tensor, values: NDArray[np.float32]) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(values)))
