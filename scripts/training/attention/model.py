"""The biasing networks in PyTorch: places of phrases to vectors, and attention to them from sound and labels.

In the manner of the Context-Aware Transformer Transducer (Chang et al. 2021, arXiv 2111.03250): what the
catalogue holds is encoded once, and multi-head attention with a no-bias entry looks for it from the encoder's
and the prediction network's states. Where we differ: a phrase has a vector for each *place* in it, so that
it can be spelled, and only places that continue the last two labels are attended to, for these are what our
prediction network knows (as in the associative memory of Munkhdalai et al. 2022 and the pointer generator of
Sun et al. 2021); one query comes from both states, and sees the encoder's last steps and not one alone,
since ours keeps no future; what the joint says of a place's piece has a part in its score, so that little is
left to learn; and the value of a place is how much likelier its piece becomes, so that to attend to no bias
changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from alexa_local.recognise.phrase_vectors import PLACE_PIECES

NEVER = -1e9


@dataclass(frozen=True)
class Sizes:
    """Sizes of the biasing networks.

    Attributes:
        pieces: the recogniser's vocabulary.
        joint: width of the recogniser's joint.
        embedding: of a word piece at a place.
        hidden: of the context encoder and of the query from sound.
        heads: of the attention.
        key: of one head's query and keys.
        narrow: what an encoder step is narrowed to before steps are joined.
        steps: encoder steps that a query from sound sees, 80 ms each.
    """

    pieces: int = 256
    joint: int = 320
    embedding: int = 64
    hidden: int = 128
    heads: int = 4
    key: int = 24
    narrow: int = 96
    steps: int = 6

    def as_dict(self) -> dict[str, int]:
        """For a checkpoint or a manifest."""
        return asdict(self)


@dataclass(frozen=True)
class Places:
    """The places of a catalogue that a batch's labels can be at.

    Attributes:
        windows: int64 (P, PLACE_PIECES), the pieces of each place (`phrase_vectors.Place`).
        openings: so many of them, the first, begin phrases: they can follow any label.
        following: int64 (B, U + 1, C), other places that can follow each prefix of the labels; -1 pads.
    """

    windows: Tensor
    openings: int
    following: Tensor


class ContextEncoder(nn.Module):
    """The pieces of places to a key for each head."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.embedding = nn.Embedding(sizes.pieces, sizes.embedding)
        self.join = nn.Linear(PLACE_PIECES * sizes.embedding, sizes.hidden)
        self.key = nn.Linear(sizes.hidden, sizes.heads * sizes.key)

    def forward(self, windows: Tensor) -> Tensor:
        """int64 (P, PLACE_PIECES) -> (P, heads * key)."""
        return self.key(functional.relu(self.join(self.embedding(windows).flatten(1))))


class SoundQuery(nn.Module):
    """The encoder's last steps to a query for each head."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.narrow = nn.Linear(sizes.joint, sizes.narrow)
        self.join = nn.Linear(sizes.steps * sizes.narrow, sizes.hidden)
        self.query = nn.Linear(sizes.hidden, sizes.heads * sizes.key)

    def forward(self, encoded: Tensor) -> Tensor:
        """float32 (B, T, joint) -> (B, T, heads * key)."""
        x = torch.tanh(self.narrow(encoded))
        x = functional.pad(x, (0, 0, self.sizes.steps - 1, 0)).unfold(1, self.sizes.steps, 1)
        x = x.transpose(2, 3).flatten(2)  # (B, T, steps * narrow), oldest first
        return self.query(functional.relu(self.join(x)))


class Biasing(nn.Module):
    """The attention over one catalogue.

    Attributes:
        trust: (heads,), what the joint's log-probability of a place's piece counts in the place's score.
        values: (pieces, heads), what full attention to a piece adds to its logit, in nats; the row of blank
            (0) is added to blank's logit by attention to any piece.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.context = ContextEncoder(sizes)
        self.sound = SoundQuery(sizes)
        self.label = nn.Linear(sizes.joint, sizes.heads * sizes.key)
        self.no_key = nn.Parameter(torch.zeros(sizes.heads, sizes.key))
        trust = torch.linspace(1.0, 0.25, sizes.heads)
        self.trust = nn.Parameter(trust)
        self.no_score = nn.Parameter(-3.0 * trust)
        self.values = nn.Parameter(torch.full((sizes.pieces, sizes.heads), 1.5))
        with torch.no_grad():
            self.values[0] = 0.0

    def forward(
        self, encoded: Tensor, predicted: Tensor, log_p: Tensor, at: Tensor, places: Places
    ) -> tuple[Tensor, Tensor]:
        """What is added to the logits, and the shares of the attention.

        Args:
            encoded: float32 (B, T, joint).
            predicted: float32 (B, U + 1, joint).
            log_p: float32 (B, T, W, pieces), the joint's log-probabilities.
            at: int64 (B, T, W), the label positions that are looked at in each step.
            places: the catalogue.

        Returns:
            (B, T, W, pieces), and (B, T, W, heads, 1 + openings + C), no-bias first.
        """
        heads = (self.sizes.heads, self.sizes.key)
        rows = torch.arange(len(at))[:, None, None]
        query = self.sound(encoded)[:, :, None] + self.label(predicted)[rows, at]
        query = query.unflatten(-1, heads) * self.sizes.key**-0.5  # (B, T, W, heads, key)
        keys = self.context(places.windows).unflatten(-1, heads)  # (P, heads, key)
        following = places.following[rows, at]  # (B, T, W, C)
        near = keys[following.clamp(min=0)] if len(keys) else keys.new_zeros(*following.shape, *heads)
        near_scores = torch.einsum("btwhk,btwchk->btwhc", query, near)
        pieces = places.windows[:, 2]
        if len(keys):
            near_scores = near_scores + self._trusted(log_p.gather(3, pieces[following.clamp(min=0)]))
        near_scores = near_scores.masked_fill((following < 0)[:, :, :, None], NEVER)
        nothing = (query * self.no_key).sum(-1) + self.no_score
        openings = torch.einsum("btwhk,nhk->btwhn", query, keys[: places.openings])
        openings = openings + self._trusted(log_p[..., pieces[: places.openings]])
        shares = torch.cat([nothing[..., None], openings, near_scores], -1).softmax(-1)
        return self._added(shares, places, following), shares

    def _trusted(self, log_p: Tensor) -> Tensor:
        return self.trust[:, None] * log_p[:, :, :, None]  # (B, T, W, heads, N)

    def _added(self, shares: Tensor, places: Places, following: Tensor) -> Tensor:
        count = 1 + places.openings
        pieces = places.windows[:, 2]
        added = shares.new_zeros(*following.shape[:3], self.sizes.pieces)
        opening = pieces[: places.openings]
        weights = torch.einsum("btwhn,nh->btwn", shares[..., 1:count], self.values[opening])
        added = added.index_add(3, opening, weights)
        if len(pieces):
            piece = pieces[following.clamp(min=0)]  # (B, T, W, C)
            weights = (shares[..., count:].transpose(3, 4) * self.values[piece]).sum(-1)
            added = added.scatter_add(3, piece, weights)
        blank = ((1 - shares[..., 0]) * self.values[0]).sum(-1)
        return added + functional.pad(blank[..., None], (0, self.sizes.pieces - 1))
