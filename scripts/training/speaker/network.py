"""The speaker network in PyTorch, in the shape in which `export` writes it.

Convolutions over time in the manner of x-vectors (Snyder et al. 2018) with residual blocks, pooled by mean
and standard deviation, each channel with an attention of its own (ECAPA-TDNN, Desplanques et al. 2020). We
differ in that ours streams: it looks back only, and the attention is a sigmoid, so that sums add up.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from alexa_local.messages import MEL_BANDS
from alexa_local.speaker.embedding import LEAST_LEVEL, LEAST_VARIANCE, LEVEL_FALL

LABEL_LAG_STEPS = 1
"""The voice is told from what has been heard until one step later."""


class Past(nn.Module):
    """A convolution over time that sees only the past, with batch normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int, width: int, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.left = (width - 1) * dilation + 1 - stride
        self.conv = nn.Conv1d(inputs, outputs, width, stride, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, T) to (B, C', T / stride)."""
        return functional.relu(self.norm(self.conv(functional.pad(x, (self.left, 0)))))


class VoiceNetwork(nn.Module):
    """Every 40 ms one vector; from their weighted mean and deviation, the embedding."""

    def __init__(
        self,
        narrow: int = 128,
        width: int = 192,
        dilations: tuple[int, ...] = (1, 1, 2, 3),
        wide: int = 384,
        attention: int = 64,
        size: int = 160,
    ) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(MEL_BANDS), requires_grad=False)
        self.scale = nn.Parameter(torch.ones(MEL_BANDS), requires_grad=False)
        self.first = Past(MEL_BANDS, narrow, 6, stride=2)
        self.second = Past(narrow, width, 4, stride=2)
        self.blocks = nn.ModuleList(Past(width, width, 3, dilation=dilation) for dilation in dilations)
        self.wide = Past(width, wide, 1)
        self.look = nn.Linear(wide, attention)
        self.attend = nn.Linear(attention, wide)
        self.voice = nn.Linear(width, 1)
        self.norm = nn.BatchNorm1d(2 * wide)
        self.embed = nn.Linear(2 * wide, size)
        self.embed_norm = nn.BatchNorm1d(size)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Frames float32 (B, T, 64), T a multiple of 4, to vectors (B, D) and voice logits (B, T / 4)."""
        x = ((levelled(frames) - self.mean) * self.scale).transpose(1, 2)  # (B, T, 64) -> (B, 64, T)
        x = self.second(self.first(x))  # (B, 64, T) -> (B, C, T / 4)
        for block in self.blocks:
            x = x + block(x)
        voice = self.voice(x.transpose(1, 2))[..., 0]
        h = self.wide(x).transpose(1, 2)  # (B, C, S) -> (B, S, W)
        weight = torch.sigmoid(self.attend(torch.tanh(self.look(h)))) * torch.sigmoid(voice)[..., None]
        total = weight.sum(1) + 1e-6
        mean = (weight * h).sum(1) / total
        variance = (weight * h * h).sum(1) / total - mean**2
        pooled = torch.cat([mean, variance.clamp_min(LEAST_VARIANCE).sqrt()], 1)  # (B, S, W) -> (B, 2 W)
        return self.embed_norm(self.embed(self.norm(pooled))), voice


def levelled(frames: Tensor) -> Tensor:
    """Frames (B, T, 64) less their running level: what `embedding.levelled` does to a stream."""
    fall = LEVEL_FALL * torch.arange(1, frames.shape[1] + 1)
    energy = torch.logsumexp(frames, 2)
    level = (energy + fall).clamp_min(LEAST_LEVEL).cummax(1).values - fall
    return frames - level[..., None]
