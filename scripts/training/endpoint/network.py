"""The end-of-speech network in PyTorch, in the shape in which `export` writes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS


class EndNetwork(nn.Module):
    """Every 40 ms: each of 8 frames through one small layer, all of them through another, then a GRU.

    Two logits come out: somebody speaks in this step, and the speaker has finished.
    """

    def __init__(self, narrow: int = 24, width: int = 64, memory: int = 56) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(MEL_BANDS), requires_grad=False)
        self.scale = nn.Parameter(torch.ones(MEL_BANDS), requires_grad=False)
        self.frame = nn.Linear(MEL_BANDS, narrow)
        self.mix = nn.Linear((LEFT_FRAMES + STEP_FRAMES) * narrow, width)
        self.gru = nn.GRU(width, memory, batch_first=True)
        self.head = nn.Linear(memory, 2)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames float32 (B, T, 64), T a multiple of 4, to logits (B, T / 4, 2): voice, end."""
        past = torch.full((len(frames), LEFT_FRAMES, MEL_BANDS), LOG_FLOOR)
        x = (torch.cat([past, frames], 1) - self.mean) * self.scale
        x = torch.relu(self.frame(x))  # (B, T + 4, 64) -> (B, T + 4, N)
        x = x.unfold(1, LEFT_FRAMES + STEP_FRAMES, STEP_FRAMES).transpose(2, 3)  # (B, S, 8, N)
        x = torch.relu(self.mix(x.flatten(2)))  # (B, S, 8 N) -> (B, S, W)
        return self.head(self.gru(x)[0])
