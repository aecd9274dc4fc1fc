"""The second opinion on a wake word in PyTorch, in the shape in which `export` writes it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from alexa_local.tflite import layers, writer

STEPS = 16
"""Of the encoder, the last ones of the window: 1.28 s."""

_EACH, _ALL = 24, 32
_DROPPED = 0.3


class VerifyNetwork(nn.Module):
    """One layer for each step, one over all of them, one number."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.each = nn.Linear(width, _EACH)
        self.all = nn.Linear(_EACH * STEPS, _ALL)
        self.head = nn.Linear(_ALL, 1)
        self._drop = nn.Dropout(_DROPPED)

    def forward(self, encoded: Tensor) -> Tensor:
        """Logits (B,) that the word has just ended, of the encoder's outputs, float32 (B, STEPS, width)."""
        x = torch.relu(self.each(self._drop(encoded))).flatten(1)  # (B, STEPS, width) -> (B, STEPS * 24)
        logits: Tensor = self.head(self._drop(torch.relu(self.all(self._drop(x)))))
        return logits[:, 0]


def export(network: VerifyNetwork, path: Path, kind: layers.Kind = "int8") -> None:
    """Write the network: encoded (STEPS, width) to logit (1, 1)."""
    weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    graph = writer.Graph()
    x = graph.input("encoded", (STEPS, network.each.in_features))
    x = graph.relu(layers.linear(graph, x, weights["each.weight"], weights["each.bias"], kind))
    x = graph.reshape(x, (1, STEPS * _EACH))
    x = graph.relu(layers.linear(graph, x, weights["all.weight"], weights["all.bias"], kind))
    graph.output("logit", layers.linear(graph, x, weights["head.weight"], weights["head.bias"], kind))
    graph.save(path)
