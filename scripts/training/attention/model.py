"""The biasing networks in PyTorch: phrases to vectors, and attention to them from sound and from labels.

In the manner of the Context-Aware Transformer Transducer (Chang et al. 2021, arXiv 2111.03250): phrases are
encoded once, multi-head attention with a no-bias entry looks for them from the encoder's side and from the
prediction network's, and what it finds is added to either before the joint. Where we differ: the context
encoder is a convolution with pooling; the encoder's side sees the last steps and not one alone, since ours
keeps no future; the prediction network's side attends to the *places* of phrases that continue the last
label (as the associative memory of Munkhdalai et al. 2022 does), since it knows two labels only, and the
value of such a place is its next piece; and the no-bias entry's value is nothing at all, so that to attend to
it changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

NEVER = -1e9
VALUE_RATE, OUT_RATE = 0.1, 0.03
"""The rates of values and of the last layer as shares of the others': their weights are as much smaller."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the biasing networks.

    Attributes:
        pieces: the recogniser's vocabulary.
        joint: width of the recogniser's joint.
        embedding: of a word piece of a phrase.
        hidden: of the context encoder's convolution.
        heads: of either attention.
        key: of one head's query and keys.
        value: of one head's values.
        narrow: what an encoder step is narrowed to before steps are joined.
        steps: encoder steps that a query from sound sees, 80 ms each.
        longest: pieces of a phrase that are looked at.
    """

    pieces: int = 256
    joint: int = 320
    embedding: int = 64
    hidden: int = 128
    heads: int = 4
    key: int = 16
    value: int = 32
    narrow: int = 96
    steps: int = 6
    longest: int = 24

    def as_dict(self) -> dict[str, int]:
        """For a checkpoint or a manifest."""
        return asdict(self)


@dataclass(frozen=True)
class Phrases:
    """A catalogue as tensors.

    Attributes:
        pieces: int64 (N, longest), padded with 0.
        counts: int64 (N,), at least 1.
        before: int64 (E, 2), the two pieces before each place inside a phrase, 0 before its beginning.
        after: int64 (E,), the piece that follows there.
    """

    pieces: Tensor
    counts: Tensor
    before: Tensor
    after: Tensor


class ContextEncoder(nn.Module):
    """Phrases to a key and a value for each head; a value begins as a weighted sum of its pieces' values."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.embedding = nn.Embedding(sizes.pieces, sizes.embedding)
        self.position = nn.Parameter(0.3 * torch.randn(sizes.longest, sizes.embedding))
        self.conv = nn.Linear(3 * sizes.embedding, sizes.hidden)
        self.key = nn.Linear(2 * sizes.hidden, sizes.heads * sizes.key)
        self.value = nn.Linear(2 * sizes.hidden, sizes.heads * sizes.value)
        self.piece_share = nn.Parameter(torch.full((sizes.longest, sizes.heads), 0.3))
        nn.init.zeros_(self.value.weight)
        nn.init.zeros_(self.value.bias)

    def forward(self, pieces: Tensor, counts: Tensor, piece_value: nn.Embedding) -> tuple[Tensor, Tensor]:
        """int64 (N, L) and (N,) -> keys (N, heads * key), values (N, heads * value)."""
        there = (torch.arange(pieces.shape[1]) < counts[:, None]).float()[:, :, None]  # (N, L, 1)
        x = (self.embedding(pieces) + self.position[: pieces.shape[1]]) * there
        x = (
            functional.pad(x, (0, 0, 1, 1)).unfold(1, 3, 1).transpose(2, 3).flatten(2)
        )  # (N, L, 3 * embedding)
        x = functional.relu(self.conv(x)) * there
        pooled = torch.cat([x.sum(1) / counts[:, None], x.amax(1)], 1)  # (N, 2 * hidden)
        shares = self.piece_share[: pieces.shape[1]].repeat_interleave(self.sizes.value, 1) * there
        return self.key(pooled), self.value(pooled) + (piece_value(pieces) * shares).sum(1)


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
    """Both attentions, over one catalogue."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.context = ContextEncoder(sizes)
        self.sound = SoundQuery(sizes)
        self.label_query = nn.Linear(sizes.joint, sizes.heads * sizes.key)
        self.place_embedding = nn.Embedding(sizes.pieces, sizes.embedding)
        self.place_key = nn.Linear(2 * sizes.embedding, sizes.heads * sizes.key)
        self.piece_value = nn.Embedding(sizes.pieces, sizes.heads * sizes.value)
        self.no_sound_key = nn.Parameter(torch.zeros(sizes.heads, sizes.key))
        self.no_label_key = nn.Parameter(torch.zeros(sizes.heads, sizes.key))
        self.no_sound_score = nn.Parameter(torch.full((sizes.heads,), 4.0))
        self.no_label_score = nn.Parameter(torch.full((sizes.heads,), 1.0))
        self.out = nn.Linear(sizes.heads * sizes.value, sizes.joint, bias=False)
        nn.init.zeros_(self.out.weight)

    def lean_on(self, output: Tensor, nats: float = 3.0) -> None:
        """Begin with values that make their pieces likelier, by about so many nats, in a given joint.

        Args:
            output: float32 (pieces, joint), the weights of the joint's last layer.
            nats: what full attention to a piece adds to its logit, where the joint's tanh is half open.
        """
        rows = (output - output.mean(0)).detach()
        rank = min(*output.shape, self.out.in_features)
        left, strengths, right = torch.linalg.svd(rows, full_matrices=False)
        roots = strengths[:rank].sqrt()
        with torch.no_grad():
            self.out.weight[:, :rank] = (right[:rank] * roots[:, None]).T
            self.piece_value.weight[:, :rank] = left[:, :rank] * roots
            self.out.weight *= nats / (0.5 * (rows**2).sum(1).mean())

    def groups(self, rate: float) -> list[dict[str, object]]:
        """Parameters, and the highest rates they learn at: values begin useful and small, and move slowly."""
        slow: list[nn.Parameter] = []
        out: list[nn.Parameter] = []
        rest: list[nn.Parameter] = []
        for name, parameter in self.named_parameters():
            group = out if name.startswith("out.") else slow if "value" in name else rest
            group.append(parameter)
        rates = (rate, rate * VALUE_RATE, rate * OUT_RATE)
        return [{"params": group, "peak": peak} for group, peak in zip((rest, slow, out), rates, strict=True)]

    def hear(self, encoded: Tensor, phrases: Phrases) -> tuple[Tensor, Tensor]:
        """What is added to encoded (B, T, joint), and the attention, (B, T, heads, 1 + N), no-bias first."""
        keys, values = self.context(phrases.pieces, phrases.counts, self.piece_value)
        return self._attend(self.sound(encoded), self.no_sound_key, self.no_sound_score, keys, values)

    def expect(self, predicted: Tensor, last: Tensor, phrases: Phrases) -> tuple[Tensor, Tensor]:
        """What is added to predicted (B, U, joint) after labels last (B, U), and the attention to places."""
        keys = self.place_key(self.place_embedding(phrases.before).flatten(1))  # (E, heads * key)
        barred = last[:, :, None] != phrases.before[:, 1]  # (B, U, E): a place continues the last label
        values = self.piece_value(phrases.after)
        return self._attend(
            self.label_query(predicted), self.no_label_key, self.no_label_score, keys, values, barred
        )

    def _attend(
        self,
        query: Tensor,
        nothing: Tensor,
        nothing_score: Tensor,
        keys: Tensor,
        values: Tensor,
        barred: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        sizes = self.sizes
        query = query.unflatten(-1, (sizes.heads, sizes.key)) * sizes.key**-0.5  # (B, T, heads, key)
        all_keys = torch.cat(
            [nothing[None], keys.unflatten(-1, (sizes.heads, sizes.key))]
        )  # (1 + N, heads, key)
        scores = torch.einsum("bthk,nhk->bthn", query, all_keys)
        scores = scores + functional.pad(nothing_score[:, None], (0, len(keys)))
        if barred is not None:
            scores = scores.masked_fill(functional.pad(barred, (1, 0))[:, :, None], NEVER)
        shares = scores.softmax(-1)
        found = torch.einsum(
            "bthn,nhv->bthv", shares[..., 1:], values.unflatten(-1, (sizes.heads, sizes.value))
        )
        return self.out(found.flatten(2)), shares
