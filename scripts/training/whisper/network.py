"""The network that tells whispers from voices in PyTorch, in the shape in which `export` writes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from scripts.training.patches import WINDOW_FRAMES, PatchNetwork

FALL_A_STEP = 0.04
"""How fast the loudness that is compared with sinks: 1 neper of energy in a second."""

DEPTH = 10.0
"""What is so far (natural log of energy) below the loudest is silence."""


class WhisperNetwork(PatchNetwork):
    """Every 40 ms: 8 frames relative to the loudest so far, patches of them through one layer, two LSTMs.

    Two numbers come out of a step: the logit that it is whispered, and (before softplus) how much it counts.
    A patch sees harmonics standing still or noise flickering, at any pitch.
    """

    def __init__(self, channels: int = 24, width: int = 64, first: int = 64, second: int = 48) -> None:
        super().__init__(nn.LSTM, channels, width, first, second)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames float32 (B, T, 64), T a multiple of 4, to (B, T / 4, 2)."""
        x = self.first(self.patched(audible(frames)))[0]
        x = self.second(self.drop(x))[0]
        return self.head(self.drop(x))


def audible(frames: Tensor) -> Tensor:
    """How far each step's 8 frames lie above silence: (B, T / 4, 64, 8) from (B, T, 64)."""
    past = torch.full((len(frames), LEFT_FRAMES, MEL_BANDS), LOG_FLOOR)
    steps = torch.cat([past, frames], 1).unfold(1, WINDOW_FRAMES, STEP_FRAMES)
    return torch.relu(steps - loudest(frames)[:, :, None, None] + DEPTH)


def loudest(frames: Tensor) -> Tensor:
    """The loudness of the loudest step so far, which slowly sinks: (B, T / 4) from (B, T, 64)."""
    level = frames.unfold(1, STEP_FRAMES, STEP_FRAMES).mean((2, 3))  # (B, S, 64, 4) -> (B, S)
    sunk = FALL_A_STEP * torch.arange(level.shape[1])
    return (level + sunk).cummax(1).values - sunk


def pooled(heard: Tensor) -> Tensor:
    """The logit of the whole so far, at every step: (B, S) from the network's (B, S, 2)."""
    weight = functional.softplus(heard[..., 1])
    return (weight * heard[..., 0]).cumsum(1) / (weight.cumsum(1) + 1e-3)
