"""What is asked of the vectors: one speaker's close together, others' of the same recordings far apart.

The additive angular margin of Deng et al. 2019 (arXiv 1801.07698) over all speakers, and the angular
prototypes of Chung et al. 2020 (arXiv 2003.11982) over those of a batch. We differ in that most vectors are
compared only within their group of recordings, so that nothing is won by knowing a group from its sound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_WITHIN_SHARE = 0.85
"""So many vectors are compared within their group only."""

_FAR = -1e4


class SpeakerLoss(nn.Module):
    """Both losses, with the weights that are not needed afterwards."""

    def __init__(self, groups: Sequence[str], size: int, scale: float = 30.0) -> None:
        """Take the group of every speaker, and the vectors' size."""
        super().__init__()
        numbers = {group: number for number, group in enumerate(sorted(set(groups)))}
        self.group = nn.Parameter(torch.tensor([numbers[group] for group in groups]), requires_grad=False)
        self.centres = nn.Parameter(torch.randn(len(groups), size) * 0.05)
        self.sharpness = nn.Parameter(torch.tensor(2.0))
        self.scale, self.margin = scale, 0.0

    def forward(self, vectors: Tensor, speakers: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors (2 N, D) of speakers (N,), as a batch has them: the loss, and the share of right ones."""
        unit = functional.normalize(vectors)
        both = torch.cat([speakers, speakers])
        cosines = unit @ functional.normalize(self.centres).T  # (2 N, D) -> (2 N, K)
        foreign = self.group[both][:, None] != self.group[None, :]
        within = torch.rand(len(both), 1) < _WITHIN_SHARE
        cosines = cosines.masked_fill(foreign & within, _FAR / self.scale)
        right = cosines.gather(1, both[:, None])
        angle = torch.acos(right.clamp(-1 + 1e-6, 1 - 1e-6))
        pushed = torch.cos((angle + self.margin).clamp_max(math.pi))
        logits = self.scale * cosines.scatter(1, both[:, None], pushed)
        guessed = (cosines.argmax(1) == both).float().mean()
        return functional.cross_entropy(logits, both) + self._prototypes(unit, speakers), guessed

    def _prototypes(self, unit: Tensor, speakers: Tensor) -> Tensor:
        """How well the one crop of a speaker finds the other among those of the same group."""
        half = len(speakers)
        logits = self.sharpness.exp() * (unit[:half] @ unit[half:].T)  # (N, N)
        group = self.group[speakers]
        logits = logits.masked_fill(group[:, None] != group[None, :], _FAR)
        wanted = torch.arange(half)
        return 0.5 * (functional.cross_entropy(logits, wanted) + functional.cross_entropy(logits.T, wanted))
