"""The wake-word network in PyTorch, in the shape in which `export` writes it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from alexa_local.frontend import LEFT_FRAMES, STEP_FRAMES
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from alexa_local.wake.detector import SMOOTHED_STEPS
from scripts.training.patches import PATCHES, WINDOW_FRAMES, PatchNetwork

State = tuple[Tensor, Tensor]


class WakeNetwork(PatchNetwork):
    """Every 40 ms: patches of 8 frames by 12 bands share one layer, then two GRU layers, then two numbers.

    The numbers are the logit that the wake word has just ended, and its length in units of 100 frames.
    """

    def __init__(self, channels: int = 24, width: int = 80, first: int = 96, second: int = 64) -> None:
        super().__init__(nn.GRU, channels, width, first, second)

    def forward(
        self, frames: Tensor, state: State | None = None, past: Tensor | None = None
    ) -> tuple[Tensor, Tensor, State]:
        """Frames float32 (B, T, 64), T a multiple of 4, to logits and lengths (B, T / 4) and the state.

        `past` is the 4 frames before, (B, 4, 64); silence when not given.
        """
        if past is None:
            past = torch.full((len(frames), LEFT_FRAMES, MEL_BANDS), LOG_FLOOR)
        x = self.patched(torch.cat([past, frames], 1).unfold(1, WINDOW_FRAMES, STEP_FRAMES))  # (B, S, W)
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
