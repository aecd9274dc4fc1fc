"""The transducer in PyTorch: convolutions of time stride 8, LSTM layers, a stateless prediction network.

Every weight is a matrix applied to one step's vector, so that the runtime needs FULLY_CONNECTED alone.
Differences from He et al. 2018 (streaming RNN-T on phones): a convolutional front of stride 8 (80 ms a step,
where they stack and skip), LSTM layers with a residual path and a norm before each (they train several times
sooner), and a prediction network that sees the last two labels only (Ghodsi et al. 2020; Prabhavalkar et
al. 2021).

An encoder with branches runs, step by step, either the full LSTM layers or small stand-ins for them on the
same states, so that it may change at any step; a tiny arbiter chooses (Macoskey et al. 2021, amortised
networks).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from scripts.training.asr.branching_lstm import BranchingLstm

FRAMES_PER_STEP = 8
"""Feature frames in one encoder step: 80 ms."""


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        context: the number of labels that the prediction network sees.
        branch: the inner width of the LSTM layers' small stand-ins; 0 for an encoder without branches.
        arbiter: the inner width of what chooses between them.
    """

    bands: int = 64
    conv: int = 320
    lstm: int = 384
    layers: int = 3
    joint: int = 320
    pieces: int = 256
    embedding: int = 192
    context: int = 2
    dropout: float = 0.0
    branch: int = 0
    arbiter: int = 32

    def as_dict(self) -> dict[str, float]:
        """For a checkpoint or a manifest."""
        return asdict(self)


class Encoder(nn.Module):
    """Frames to one vector every 80 ms; none of the future is seen."""

    mean: Tensor
    scale: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((shape.bands,), -6.0))
        self.register_buffer("scale", torch.full((shape.bands,), 0.25))
        self.conv1 = nn.Linear(8 * shape.bands, shape.conv)  # 8 frames, stride 4
        self.conv2 = nn.Linear(3 * shape.conv, shape.lstm)  # 3 steps of 40 ms, stride 2
        self.norms = nn.ModuleList(nn.LayerNorm(shape.lstm) for _ in range(shape.layers))
        self.lstms = nn.ModuleList(
            nn.LSTM(shape.lstm, shape.lstm, batch_first=True) for _ in range(shape.layers)
        )
        self.norm = nn.LayerNorm(shape.lstm)
        self.dropout = nn.Dropout(shape.dropout)

    def front(self, frames: Tensor) -> Tensor:
        """The convolutions: float32 (B, T, 64), T a multiple of 8 -> (B, T // 8, lstm)."""
        x = (frames - self.mean) * self.scale
        x = (
            functional.pad(x, (0, 0, 4, 0)).unfold(1, 8, 4).transpose(2, 3).flatten(2)
        )  # (B, T // 4, 8 * 64), oldest first
        x = functional.relu(self.conv1(x))
        x = (
            functional.pad(x, (0, 0, 1, 0)).unfold(1, 3, 2).transpose(2, 3).flatten(2)
        )  # (B, T // 8, 3 * conv)
        return functional.relu(self.conv2(x))

    def forward(self, frames: Tensor) -> Tensor:
        """float32 (B, T, 64), T a multiple of 8 -> (B, T // 8, lstm)."""
        x = self.front(frames)
        for norm, lstm in zip(self.norms, self.lstms, strict=True):
            x = x + self.dropout(lstm(norm(x))[0])
        return self.norm(x)


def lstm_weights(layer: nn.Module) -> tuple[Tensor, Tensor, Tensor]:
    """Those of an LSTM layer's input and state, and its bias, in PyTorch's order of gates: i, f, g, o."""
    named = dict(layer.named_parameters())
    return named["weight_ih_l0"], named["weight_hh_l0"], named["bias_ih_l0"] + named["bias_hh_l0"]


class SmallLayer(nn.Module):
    """An LSTM layer's gates through a narrow matrix of 2 * lstm inputs: its small stand-in."""

    def __init__(self, lstm: int, width: int) -> None:
        super().__init__()
        self.of_input = nn.Linear(lstm, width, bias=False)
        self.of_state = nn.Linear(lstm, width, bias=False)
        self.gates = nn.Linear(width, 4 * lstm)


def small_weights(layer: nn.Module) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Input and state to the narrow vector, (R, H) each; that to the gates, (4 H, R); their bias (4 H,)."""
    named = dict(layer.named_parameters())
    return named["of_input.weight"], named["of_state.weight"], named["gates.weight"], named["gates.bias"]


class BranchingEncoder(Encoder):
    """An encoder whose LSTM layers are run in full, or by their small stand-ins, as chosen for each step.

    Attributes:
        price: what running in full costs in training, in nats a label; here it outlives an interruption.
    """

    price: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.small = nn.ModuleList(SmallLayer(shape.lstm, shape.branch) for _ in range(shape.layers))
        self.arbiter = nn.Sequential(
            nn.Linear(shape.lstm, shape.arbiter), nn.Tanh(), nn.Linear(shape.arbiter, 1)
        )
        self.register_buffer("price", torch.tensor(0.1))

    def forward(self, frames: Tensor) -> Tensor:
        """float32 (B, T, 64), T a multiple of 8 -> (B, T // 8, lstm), the branches as the arbiter chooses."""
        heard = self.front(frames)
        return self.branches(heard, (self.arbiter(heard) > 0).to(heard.dtype))

    def branches(self, heard: Tensor, large: Tensor) -> Tensor:
        """The layers after the front, mixed before the gates' nonlinearities.

        Args:
            heard: float32 (B, T, lstm), what `front` made.
            large: float32 (B, T, 1), 1 where the large branch runs and 0 where the small one does.

        Returns:
            float32 (B, T, lstm).
        """
        x = heard
        for norm, lstm, small in zip(self.norms, self.lstms, self.small, strict=True):
            normed = norm(x)
            of_input, of_state, bias = lstm_weights(lstm)
            full = functional.linear(normed, of_input, bias)
            to_narrow, *narrow = small_weights(small)
            x = x + BranchingLstm.apply(full, functional.linear(normed, to_narrow), large, of_state, *narrow)
        return self.norm(x)


class Transducer(nn.Module):
    """Encoder, prediction network and joint; piece 0 is blank and pads the prediction network's context."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = BranchingEncoder(shape) if shape.branch else Encoder(shape)
        self.encoder_out = nn.Linear(shape.lstm, shape.joint)
        self.embedding = nn.Embedding(shape.pieces, shape.embedding)
        self.prediction = nn.Linear(shape.context * shape.embedding, shape.joint)
        self.output = nn.Linear(shape.joint, shape.pieces)
        self.ctc = nn.Linear(shape.lstm, shape.pieces)

    def predict(self, labels: Tensor) -> Tensor:
        """int64 (B, U) -> (B, U + 1, joint): what is expected after each prefix."""
        padded = functional.pad(labels, (self.shape.context, 0))
        x = (
            self.embedding(padded).unfold(1, self.shape.context, 1).transpose(2, 3).flatten(2)
        )  # oldest label first
        return self.prediction(x)

    def logits(self, encoded: Tensor, labels: Tensor, low: Tensor, wide: int) -> Tensor:
        """(B, T, lstm), (B, U), the band's beginnings (B, T) -> (B, T, wide, pieces)."""
        predicted = self.predict(labels)  # (B, U + 1, joint)
        at = (low[:, :, None] + torch.arange(wide)).clamp(max=labels.shape[1])  # (B, T, wide)
        rows = torch.arange(len(labels))[:, None, None]
        return self.output(torch.tanh(self.encoder_out(encoded)[:, :, None] + predicted[rows, at]))
