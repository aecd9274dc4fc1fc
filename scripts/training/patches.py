"""What the small recurrent networks share: patches of the spectrogram through one layer, then two cells."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES
from alexa_local.messages import MEL_BANDS

WINDOW_FRAMES = LEFT_FRAMES + STEP_FRAMES
PATCH_BANDS, PATCH_STRIDE = 12, 4
PATCHES = (MEL_BANDS - PATCH_BANDS) // PATCH_STRIDE + 1


class PatchNetwork(nn.Module):
    """Every 40 ms: patches of 8 frames by 12 bands share one layer; what follows is for subclasses.

    Sharing over the bands lets it know a sound at another pitch from few speakers.
    """

    def __init__(
        self, cell: type[nn.LSTM] | type[nn.GRU], channels: int, width: int, first: int, second: int
    ) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(MEL_BANDS), requires_grad=False)
        self.scale = nn.Parameter(torch.ones(MEL_BANDS), requires_grad=False)
        self.patch = nn.Linear(WINDOW_FRAMES * PATCH_BANDS, channels)
        self.mix = nn.Linear(PATCHES * channels, width)
        self.first = cell(width, first, batch_first=True)
        self.second = cell(first, second, batch_first=True)
        self.head = nn.Linear(second, 2)
        self.drop = nn.Dropout(0.1)

    def patched(self, steps: Tensor) -> Tensor:
        """Steps float32 (B, S, 64, 8), as they come, to (B, S, W)."""
        x = (steps - self.mean[:, None]) * self.scale[:, None]
        x = x.unfold(2, PATCH_BANDS, PATCH_STRIDE)  # (B, S, 14, 8, 12)
        x = torch.relu(self.patch(x.flatten(3)))  # (B, S, 14, 96) -> (B, S, 14, C)
        return self.drop(torch.relu(self.mix(x.flatten(2))))  # (B, S, W)
