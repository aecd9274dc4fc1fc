"""Teaches a wake-word network: rendered windows, long streams of other speech, and its own mistakes."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from alexa_local.frontend import STEP_FRAMES
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import MEL_BANDS
from scripts.training.wake.augment import Augmenter
from scripts.training.wake.network import WakeNetwork, smoothed
from scripts.training.wake.pools import Features, WindowPool
from scripts.training.wake.render import WINDOW_FRAMES

_LOG = logging.getLogger(__name__)
_EARLIEST_FRAMES, _LATEST_FRAMES = -4, 24
"""The network may fire from so many frames before the word's end to so many after it."""
_QUIET_BEFORE_FRAMES, _QUIET_AFTER_FRAMES = -20, 60
"""Steps before and after these, counted from the word's end, must stay silent."""
_LANES = 64
_WARM_BATCHES = 100
_RECORDINGS_AT_ONCE = 24


@dataclass(frozen=True)
class Recipe:
    """The sizes of the training.

    Attributes:
        minutes: how long it takes; the learning rate falls along a cosine until then.
        wakes, others, streams: windows of each kind in a batch.
        synthetic_share: part of the wake windows that are synthesised.
        hard_share: part of the stream windows that are earlier mistakes.
        mine_every: optimiser steps from one search for mistakes to the next.
        learning_rate: at its highest.
        averaged: share of the average of past weights that a step keeps; the average is what is released.
    """

    minutes: float = 35.0
    wakes: int = 36
    others: int = 20
    streams: int = 36
    synthetic_share: float = 0.35
    hard_share: float = 0.5
    mine_every: int = 500
    learning_rate: float = 4e-3
    averaged: float = 0.998


@dataclass
class Pools:
    """What batches are drawn from; see `pools`."""

    real_wakes: WindowPool | None
    synthetic_wakes: WindowPool | None
    others: WindowPool
    stream: Features


class Trainer:
    """One training run.

    Attributes:
        network: as of the last step.
        average: the slow average of it.
        batches: optimiser steps taken.
    """

    def __init__(
        self,
        network: WakeNetwork,
        pools: Pools,
        augment: Augmenter,
        recipe: Recipe,
        rng: np.random.Generator,
        kept_in: Path,
    ) -> None:
        """`kept_in` is where a run keeps itself now and then; one that is there goes on."""
        self.network, self._pools, self._augment, self._recipe = network, pools, augment, recipe
        self._rng, self._kept_in = rng, kept_in
        self._hard = np.zeros(0, np.int64)
        trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self._optimiser = torch.optim.AdamW(trained, recipe.learning_rate, weight_decay=0.01)
        self.batches, self._spent_s = 0, 0.0
        if bool((network.scale == 1).all()):
            sample = pools.stream[:: max(1, len(pools.stream) // 100_000)].astype(np.float32)
            network.mean.data = torch.from_numpy(sample.mean(0))
            network.scale.data = torch.from_numpy(1.0 / sample.std(0))
        self.average = copy.deepcopy(network)
        if kept_in.exists():
            self._go_on(torch.load(kept_in, weights_only=True))

    def _go_on(self, kept: dict[str, Any]) -> None:
        self.network.load_state_dict(kept["network"])
        self.average.load_state_dict(kept["average"])
        self._optimiser.load_state_dict(kept["optimiser"])
        self.batches, self._spent_s = kept["batches"], kept["spent_s"]
        _LOG.info("going on from batch %s", self.batches)

    def _keep(self) -> None:
        kept = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "batches": self.batches,
            "spent_s": self._spent_s,
        }
        part = self._kept_in.with_suffix(".part")
        torch.save(kept, part)
        part.rename(self._kept_in)

    def run(self) -> None:
        """Train until the time is up."""
        last_s, losses = time.monotonic(), []
        while self._spent_s < 60 * self._recipe.minutes:
            if self._hard_are_missing() or (self.batches and self.batches % self._recipe.mine_every == 0):
                self._mine()
                self._keep()
            losses.append(self._step())
            now_s = time.monotonic()
            self._spent_s, last_s = self._spent_s + now_s - last_s, now_s
            if self.batches % 100 == 0:
                wake, other, length = np.mean(losses, 0)
                line = "batch %s: wake %.4f other %.4f length %.4f, %.0f s"
                _LOG.info(line, self.batches, wake, other, length, self._spent_s)
                losses = []
        self._keep()

    def _hard_are_missing(self) -> bool:
        """Whether this run went on from another, whose mistakes were not kept."""
        return self.batches > self._recipe.mine_every and not len(self._hard)

    def _learning_rate(self) -> float:
        done = min(1.0, self._spent_s / (60 * self._recipe.minutes))
        share = min(1.0, (self.batches + 1) / _WARM_BATCHES) * (0.01 + 0.495 * (1 + np.cos(np.pi * done)))
        return float(self._recipe.learning_rate * share)

    def _step(self) -> tuple[float, float, float]:
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate()
        features, starts, ends = self._augment.stretched(*self._batch())
        self.network.train()
        logits, lengths, _ = self.network(self._augment(torch.from_numpy(features)))
        wake, other, length = losses_of(logits, lengths, torch.from_numpy(starts), torch.from_numpy(ends))
        self._optimiser.zero_grad()
        (wake + other + 0.5 * length).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self._optimiser.step()
        self.batches += 1
        share = min(self._recipe.averaged, self.batches / (self.batches + 10))
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.network.parameters(), strict=True):
                slow.lerp_(fast, 1.0 - share)
        return wake.item(), other.item(), length.item()

    def _batch(self) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
        rng, recipe, pools = self._rng, self._recipe, self._pools
        drawn = [(pools.others, recipe.others)]
        if pools.real_wakes and pools.synthetic_wakes:
            synthetic = round(recipe.wakes * recipe.synthetic_share)
            drawn += [(pools.real_wakes, recipe.wakes - synthetic), (pools.synthetic_wakes, synthetic)]
        else:
            drawn.append((pools.real_wakes or pools.synthetic_wakes or pools.others, recipe.wakes))
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
            hardest_first = int(rng.random() ** 1.5 * len(self._hard))
            at = int(self._hard[hardest_first]) - int(rng.uniform(0.5, 0.95) * WINDOW_FRAMES)
            at = int(np.clip(at, 0, len(stream) - WINDOW_FRAMES))
        else:
            at = int(rng.integers(len(stream) - WINDOW_FRAMES))
        return stream[at : at + WINDOW_FRAMES]

    def _mine(self, kept: int = 4000) -> None:
        """Find where in the whole stream the network is most wrongly sure."""
        scores = stream_scores(self.average, self._pools.stream)
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
def peaks(network: WakeNetwork, recordings: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The highest smoothed logit of each recording (T, 64), float32 (N,): many at once, so far cheaper."""
    network.eval()
    found = list(recordings)
    best = np.full(len(found), -np.inf, np.float32)
    order = sorted(range(len(found)), key=lambda at: len(found[at]))
    for first in range(0, len(order), _RECORDINGS_AT_ONCE):
        some = order[first : first + _RECORDINGS_AT_ONCE]
        longest = -(-max(len(found[at]) for at in some) // STEP_FRAMES) * STEP_FRAMES
        frames = np.full((len(some), longest, MEL_BANDS), LOG_FLOOR, np.float32)
        for row, at in enumerate(some):
            frames[row, : len(found[at])] = found[at]
        best[some] = smoothed(network(torch.from_numpy(frames))[0]).max(1).values.numpy()
    return best
