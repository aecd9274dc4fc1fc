"""The reference against PyTorch itself, where PyTorch is installed: same gates, same order, same biases."""

from __future__ import annotations

import numpy as np
import pytest

from alexa_local.tflite import reference

torch = pytest.importorskip("torch", reason="PyTorch is a training-only dependency")


def arrays(module: object, *names: str) -> list[np.ndarray]:
    return [getattr(module, name).detach().numpy() for name in names]


def test_the_reference_lstm_is_pytorch_s() -> None:
    torch.manual_seed(1)
    cell = torch.nn.LSTMCell(12, 16)
    x, h, c = torch.randn(3, 12), torch.randn(3, 16), torch.randn(3, 16)
    with torch.no_grad():
        wanted_h, wanted_c = cell(x, (h, c))
    w_ih, w_hh, b_ih, b_hh = arrays(cell, "weight_ih", "weight_hh", "bias_ih", "bias_hh")
    found_h, found_c = reference.lstm_cell(x.numpy(), h.numpy(), c.numpy(), w_ih, w_hh, b_ih + b_hh)
    np.testing.assert_allclose(found_h, wanted_h.numpy(), atol=1e-6)
    np.testing.assert_allclose(found_c, wanted_c.numpy(), atol=1e-6)


def test_the_reference_gru_is_pytorch_s() -> None:
    torch.manual_seed(2)
    cell = torch.nn.GRUCell(12, 16)
    x, h = torch.randn(3, 12), torch.randn(3, 16)
    with torch.no_grad():
        wanted = cell(x, h)
    weights = arrays(cell, "weight_ih", "weight_hh", "bias_ih", "bias_hh")
    np.testing.assert_allclose(reference.gru_cell(x.numpy(), h.numpy(), *weights), wanted.numpy(), atol=1e-6)
