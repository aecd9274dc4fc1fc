"""Teaches the wake-word network: rendered windows, long streams of other speech, and its own mistakes."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from scripts.training.wake.augment import Augmenter
from scripts.training.wake.network import STEP_FRAMES, WakeNetwork, smoothed
from scripts.training.wake.pools import Features, WindowPool
from scripts.training.wake.render import WINDOW_FRAMES

_LOG = logging.getLogger(__name__)
_EARLIEST_FRAMES, _LATEST_FRAMES = -4, 24
"""The network may fire from so many frames before the word's end to so many after it."""
_QUIET_BEFORE_FRAMES, _QUIET_AFTER_FRAMES = -20, 60
"""Steps before and after these, counted from the word's end, must stay silent."""
_LANES = 64


@dataclass(frozen=True)
class Recipe:
    """The sizes of the training.

    Attributes:
        batches: optimiser steps.
        wakes, others, streams: windows of each kind in a batch.
        synthetic_share: part of the wake windows that are synthesised.
        hard_share: part of the stream windows that are earlier mistakes.
        mine_every: optimiser steps from one search for mistakes to the next.
        learning_rate: at its highest; it falls to a hundredth of it along a cosine.
    """

    batches: int = 1200
    wakes: int = 28
    others: int = 18
    streams: int = 26
    synthetic_share: float = 0.35
    hard_share: float = 0.5
    mine_every: int = 350
    learning_rate: float = 3e-3


@dataclass
class Pools:
    """What batches are drawn from; see `pools`."""

    real_wakes: WindowPool
    synthetic_wakes: WindowPool | None
    others: WindowPool
    stream: Features


class Trainer:
    """One training run."""

    def __init__(
        self, network: WakeNetwork, pools: Pools, augment: Augmenter, recipe: Recipe, rng: np.random.Generator
    ) -> None:
        self.network, self._pools, self._augment, self._recipe, self._rng = (
            network,
            pools,
            augment,
            recipe,
            rng,
        )
        self._hard = np.zeros(0, np.int64)
        trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self._optimiser = torch.optim.AdamW(trained, recipe.learning_rate, weight_decay=0.01)
        warm = 100
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimiser,
            lambda batch: (
                min(1.0, (batch + 1) / warm)
                * (0.01 + 0.495 * (1 + np.cos(np.pi * min(1.0, batch / recipe.batches))))
            ),
        )
        sample = pools.stream[:: max(1, len(pools.stream) // 100_000)].astype(np.float32)
        sample = np.concatenate([sample, pools.real_wakes.features[::10].reshape(-1, 64).astype(np.float32)])
        network.mean.data = torch.from_numpy(sample.mean(0))
        network.scale.data = torch.from_numpy(1.0 / sample.std(0))

    def run(self) -> None:
        """Train from the first batch to the last."""
        started, losses = time.monotonic(), []
        for batch in range(self._recipe.batches):
            if batch and batch % self._recipe.mine_every == 0:
                self._mine()
            losses.append(self._step())
            if batch % 100 == 99:
                wake, other, length = np.mean(losses, 0)
                elapsed = time.monotonic() - started
                _LOG.info(
                    "batch %s: wake %.4f other %.4f length %.4f, %.0f s",
                    batch + 1,
                    wake,
                    other,
                    length,
                    elapsed,
                )
                losses = []

    def _step(self) -> tuple[float, float, float]:
        features, starts, ends = self._batch()
        self.network.train()
        logits, lengths, _ = self.network(self._augment(torch.from_numpy(features)))
        wake, other, length = losses_of(logits, lengths, torch.from_numpy(starts), torch.from_numpy(ends))
        self._optimiser.zero_grad()
        (wake + other + 0.5 * length).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self._optimiser.step()
        self._schedule.step()
        return wake.item(), other.item(), length.item()

    def _batch(self) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
        rng, recipe, pools = self._rng, self._recipe, self._pools
        synthetic = round(recipe.wakes * recipe.synthetic_share) if pools.synthetic_wakes else 0
        drawn = [(pools.real_wakes, recipe.wakes - synthetic), (pools.others, recipe.others)]
        if pools.synthetic_wakes:
            drawn.append((pools.synthetic_wakes, synthetic))
        features, starts, ends = [], [], []
        for pool, count in drawn:
            picked = rng.integers(len(pool.ends), size=count)
            features.append(pool.features[picked])
            starts.append(pool.starts[picked])
            ends.append(pool.ends[picked])
        features.append(np.stack([self._stream_window() for _ in range(recipe.streams)]))
        none = np.full(recipe.streams, -1, np.int32)
        return (
            np.concatenate(features).astype(np.float32),
            np.concatenate([*starts, none]),
            np.concatenate([*ends, none]),
        )

    def _stream_window(self) -> Features:
        """A window of other speech; a mistake of before lies in its second half."""
        rng, stream = self._rng, self._pools.stream
        if len(self._hard) and rng.random() < self._recipe.hard_share:
            at = int(self._hard[rng.integers(len(self._hard))]) - int(rng.uniform(0.5, 0.95) * WINDOW_FRAMES)
            at = int(np.clip(at, 0, len(stream) - WINDOW_FRAMES))
        else:
            at = int(rng.integers(len(stream) - WINDOW_FRAMES))
        return stream[at : at + WINDOW_FRAMES]

    def _mine(self, kept: int = 3000) -> None:
        """Find where in the whole stream the network is most wrongly sure."""
        scores = stream_scores(self.network, self._pools.stream)
        blocks = scores[: len(scores) // 25 * 25].reshape(-1, 25)  # one second each
        best = np.argsort(-blocks.max(1))[:kept]
        self._hard = (best * 25 + blocks[best].argmax(1)) * STEP_FRAMES
        top = np.sort(blocks.max(1))[::-1]
        _LOG.info("hardest seconds: %.2f %.2f %.2f", top[0], top[100], top[kept - 1])


def losses_of(logits: Tensor, lengths: Tensor, starts: Tensor, ends: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Losses of the wake words, of everything else, and of the words' lengths.

    A wake word needs its best smoothed score within the window around its end to be high; every other
    step must be low, and the highest of each example counts once more.
    """
    steps = (torch.arange(logits.shape[1]) + 1) * STEP_FRAMES
    is_wake = ends >= 0
    since_end = steps[None] - ends[:, None]
    inside = is_wake[:, None] & (since_end >= _EARLIEST_FRAMES) & (since_end <= _LATEST_FRAMES)
    quiet = ~is_wake[:, None] | (since_end < _QUIET_BEFORE_FRAMES) | (since_end > _QUIET_AFTER_FRAMES)
    best = smoothed(logits).masked_fill(~inside, -1e4).max(1).values[is_wake]
    wake = functional.softplus(-best).mean()
    cost = functional.softplus(logits) * quiet
    other = 4.0 * cost.sum() / quiet.sum() + 0.5 * cost.max(1).values.mean()
    wanted = ((steps[None] - starts[:, None]) / 100.0).clamp(0, 2)
    length = ((lengths - wanted).abs() * inside).sum() / inside.sum().clamp_min(1)
    return wake, other, length


@torch.no_grad()
def stream_scores(network: WakeNetwork, stream: Features) -> NDArray[np.float32]:
    """Smoothed logits for every step of a long stream, float32 (T // 4,), the state running on.

    The stream is cut into lanes that run side by side; each lane begins with a fresh state.
    """
    network.eval()
    lane = len(stream) // _LANES // WINDOW_FRAMES * WINDOW_FRAMES
    if lane == 0:
        frames = torch.from_numpy(stream[: len(stream) // STEP_FRAMES * STEP_FRAMES].astype(np.float32))[None]
        return smoothed(network(frames)[0])[0].numpy()
    lanes = stream[: lane * _LANES].reshape(_LANES, lane, -1)
    state, past, parts = None, None, []
    for first in range(0, lane, WINDOW_FRAMES):
        frames = torch.from_numpy(lanes[:, first : first + WINDOW_FRAMES].astype(np.float32))
        logits, _, state = network(frames, state, past)
        past = frames[:, -4:]
        parts.append(logits)
    return smoothed(torch.cat(parts, 1)).flatten().numpy()


@torch.no_grad()
def window_scores(network: WakeNetwork, features: NDArray[np.float16]) -> NDArray[np.float32]:
    """The highest smoothed logit of each window, float32 (N,)."""
    network.eval()
    best = [
        smoothed(network(torch.from_numpy(features[at : at + 64].astype(np.float32)))[0]).max(1).values
        for at in range(0, len(features), 64)
    ]
    return torch.cat(best).numpy()
