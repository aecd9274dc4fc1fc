"""The network in PyTorch: words to vectors, one LSTM layer each way, intents of all tasks, tags of words."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Sizes; those of the student are the shipped network's.

    Attributes:
        words: known words, with one for all others (row 0).
        parts: rows for letter trigrams by their checksum, with one for none (row 0).
        flags: kinds of names that a word may be part of.
        width: of a word's vector.
        hidden: units of an LSTM layer in each direction.
        layers: how many.
        narrow: between the sentence's vector and the intents.
        intents: labels by task.
        tags: labels by task.
        dropout: share of the values that training leaves out.
    """

    words: int
    parts: int
    flags: int
    width: int
    hidden: int
    layers: int
    narrow: int
    intents: dict[str, list[str]]
    tags: dict[str, list[str]]
    dropout: float = 0.3


class Reader(nn.Module):
    """Reads sentences of any length."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.words, shape.width)
        self.parts = nn.Embedding(shape.parts, shape.width, padding_idx=0)
        nn.init.normal_(self.words.weight, std=0.3)
        nn.init.normal_(self.parts.weight, std=0.3)
        self.parts.weight.data[0] = 0.0
        self.lstm = nn.LSTM(
            shape.width + shape.flags,
            shape.hidden,
            shape.layers,
            batch_first=True,
            bidirectional=True,
            dropout=shape.dropout if shape.layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(shape.dropout)
        self.narrow = nn.Linear(4 * shape.hidden, shape.narrow)
        self.intents = nn.ModuleDict({t: nn.Linear(shape.narrow, len(n)) for t, n in shape.intents.items()})
        self.tags = nn.ModuleDict({t: nn.Linear(2 * shape.hidden, len(n)) for t, n in shape.tags.items()})

    def forward(
        self, words: Tensor, parts: Tensor, flags: Tensor, lengths: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Logits of intents (B, labels) and of tags (B, T, labels), by task.

        Args:
            words: int64 (B, T), 0 for unknown words and behind the end.
            parts: int64 (B, T, PARTS), 0 for none.
            flags: float32 (B, T, flags).
            lengths: int64 (B,), words of each sentence.
        """
        count = (parts > 0).sum(-1, keepdim=True).clamp(min=1)
        vectors = self.words(words) + self.parts(parts).sum(2) / count  # (B, T, width)
        vectors = torch.cat([self.dropout(vectors), flags], -1)
        packed = nn.utils.rnn.pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        read, _ = nn.utils.rnn.pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=words.shape[1]
        )  # (B, T, 2 hidden)
        there = (torch.arange(words.shape[1])[None, :] < lengths[:, None])[..., None]
        most = read.masked_fill(~there, -1e4).amax(1)
        mean = (read * there).sum(1) / lengths[:, None]
        sentence = self.dropout(torch.relu(self.narrow(self.dropout(torch.cat([most, mean], -1)))))
        read = self.dropout(read)
        return (
            {task: head(sentence) for task, head in self.intents.items()},
            {task: head(read) for task, head in self.tags.items()},
        )
