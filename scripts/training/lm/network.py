"""The server's language model in PyTorch: an LSTM over pieces that shares its table with the output."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """Pieces, one LSTM layer or more, and back to pieces through the same table (Press and Wolf 2017)."""

    def __init__(self, pieces: int, width: int, hidden: int, layers: int, dropout: float) -> None:
        """Make it with random weights.

        Args:
            pieces: size of the vocabulary.
            width: of a piece's vector.
            hidden: units of each layer.
            layers: how many.
            dropout: share of the values that training leaves out.
        """
        super().__init__()
        self.table = nn.Embedding(pieces, width)
        self.lstm = nn.LSTM(width, hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.narrow = nn.Linear(hidden, width)
        self.bias = nn.Parameter(torch.zeros(pieces))
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.table.weight, std=width**-0.5)
        for layer in range(layers):
            getattr(self.lstm, f"bias_ih_l{layer}").data[hidden : 2 * hidden] = 1.0  # remember, at first

    def expect(self, counts: Tensor) -> None:
        """Begin with how often each piece occurs, (pieces,): it is slow to learn."""
        shares = (counts + 1.0) / (counts + 1.0).sum()
        self.bias.data = shares.log().to(self.bias.dtype)

    def forward(self, pieces: Tensor) -> Tensor:
        """Logits of the pieces that follow: (B, T) -> (B, T, pieces)."""
        read, _ = self.lstm(self.dropout(self.table(pieces)))  # (B, T, hidden)
        narrow = self.dropout(self.narrow(read))  # (B, T, width)
        return nn.functional.linear(narrow, self.table.weight, self.bias)
