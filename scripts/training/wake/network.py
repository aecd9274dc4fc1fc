"""The wake-word network in PyTorch, in the shape in which `export` writes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS

STEP_FRAMES, LEFT_FRAMES = 4, 4
PATCH_BANDS, PATCH_STRIDE = 12, 4
PATCHES = (MEL_BANDS - PATCH_BANDS) // PATCH_STRIDE + 1
SMOOTHED_STEPS = 3
"""The score is the mean of so many logits, in training and on the device."""

State = tuple[Tensor, Tensor]


class WakeNetwork(nn.Module):
    """Every 40 ms: patches of 8 frames by 12 bands share one layer, then two GRU layers, then two numbers.

    Sharing over the bands lets it know a sound at another pitch from few speakers.
    The numbers are the logit that the wake word has just ended, and its length in units of 100 frames.
    """

    def __init__(self, channels: int = 24, width: int = 80, first: int = 96, second: int = 64) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(MEL_BANDS), requires_grad=False)
        self.scale = nn.Parameter(torch.ones(MEL_BANDS), requires_grad=False)
        self.patch = nn.Linear((LEFT_FRAMES + STEP_FRAMES) * PATCH_BANDS, channels)
        self.mix = nn.Linear(PATCHES * channels, width)
        self.first = nn.GRU(width, first, batch_first=True)
        self.second = nn.GRU(first, second, batch_first=True)
        self.head = nn.Linear(second, 2)
        self.drop = nn.Dropout(0.1)

    def forward(
        self, frames: Tensor, state: State | None = None, past: Tensor | None = None
    ) -> tuple[Tensor, Tensor, State]:
        """Frames float32 (B, T, 64), T a multiple of 4, to logits and lengths (B, T / 4) and the state.

        `past` is the 4 frames before, (B, 4, 64); silence when not given.
        """
        if past is None:
            past = torch.full((len(frames), LEFT_FRAMES, MEL_BANDS), LOG_FLOOR)
        x = (torch.cat([past, frames], 1) - self.mean) * self.scale
        x = x.unfold(1, LEFT_FRAMES + STEP_FRAMES, STEP_FRAMES)  # (B, S, 64, 8)
        x = x.unfold(2, PATCH_BANDS, PATCH_STRIDE)  # (B, S, 14, 8, 12)
        x = torch.relu(self.patch(x.flatten(3)))  # (B, S, 14, 96) -> (B, S, 14, C)
        x = self.drop(torch.relu(self.mix(x.flatten(2))))  # (B, S, W)
        x, first = self.first(x, state[0] if state else None)
        x, second = self.second(self.drop(x), state[1] if state else None)
        out = self.head(self.drop(x))
        return out[..., 0], out[..., 1], (first, second)


@torch.no_grad()
def take_over(network: WakeNetwork, known: dict[str, Tensor]) -> None:
    """Let a network say what a smaller trained one says, to go on from there: its further units are new.

    Nothing that was known listens to the new units yet: their outgoing weights are 0.
    """
    size = network.state_dict()
    channels = {id(state): len(state["patch.weight"]) for state in (known, size)}
    for name, target in size.items():
        source = known[name]
        if name == "mix.weight":  # (W, 14 x C)
            source = source.view(len(source), PATCHES, channels[id(known)])
            target = target.view(len(target), PATCHES, channels[id(size)])
        elif "ih_l0" in name or "hh_l0" in name:  # three gates one after another
            source, target = source.unflatten(0, (3, -1)), target.unflatten(0, (3, -1))
        place = tuple(slice(count) for count in source.shape)
        rows = 1 if "ih_l0" in name or "hh_l0" in name else 0
        if target.dim() > rows + 1:  # what is known hears only what is known
            target[tuple(slice(None) if axis < rows else place[axis] for axis in range(rows + 1))] = 0.0
        target[place] = source


def smoothed(logits: Tensor) -> Tensor:
    """The mean of each logit (B, S) and the two before it; the first ones stand for what came before."""
    padded = torch.cat([logits[:, :1]] * (SMOOTHED_STEPS - 1) + [logits], 1)
    return padded.unfold(1, SMOOTHED_STEPS, 1).mean(2)
