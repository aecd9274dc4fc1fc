"""Train the second opinion on a wake word: `python -m scripts.training.verify --help`; then `release` it.

It comes after the wake word's own training, whose cache it reads, and lasts some ten minutes.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from alexa_local.models import open_model
from alexa_local.recognise.networks import Networks
from alexa_local.wake import WakeWord
from scripts.training.verify.examples import Examples, Maker, joined, kept_noises, kept_pool
from scripts.training.verify.network import VerifyNetwork
from scripts.training.wake.augment import Augmenter

_LOG = logging.getLogger(__name__)
_EPOCHS, _BATCH, _LEARNING_RATE = 14, 64, 2e-3


def main() -> int:
    """Make the examples, or read them, and train."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    stored = options.out / "examples.npz"
    if not stored.exists():
        np.savez(stored, **vars(_make(options, rng)))
    examples = Examples(**np.load(stored))
    network = train(examples)
    torch.save(network.state_dict(), options.out / "network.pt")
    record = {
        "command": f"python -m scripts.training.verify --key {options.key} --seed {options.seed} "
        "--cache CACHE --out RUN",
        "examples": {"the word": int(examples.wakes.sum()), "other": int((~examples.wakes).sum())},
        "cpu_minutes": round(time.process_time() / 60, 1),
    }
    (options.out / "recipe.json").write_text(json.dumps(record))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.verify", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="the --cache of the wake word's training")
    parser.add_argument(
        "--key", default="alexa-40-1", help="its word, copies and seed, as its files name them"
    )
    parser.add_argument("--models", type=Path, default=Path("firmware_models"))
    parser.add_argument("--wake", default="wake-alexa", help="the wake word's model")
    parser.add_argument("--recogniser", default="asr-en", help="the recogniser's model")
    parser.add_argument("--one-second-in", type=int, default=1, help="of the other speech, for a quick try")
    parser.add_argument("--out", type=Path, required=True, help="where the trained network goes")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _make(options: argparse.Namespace, rng: np.random.Generator) -> Examples:
    """Every word a few times, parts of it, other words and the worst of the other speech."""
    cache, key = options.cache, options.key
    stream = np.load(cache / f"stream-{key}.npy", mmap_mode="r")
    noises = kept_noises(cache, key)
    wake_word = WakeWord(open_model(options.wake, options.models))
    encoder = Networks(open_model(options.recogniser, options.models))
    maker = Maker(wake_word, encoder, Augmenter(noises, rng), rng)
    before = np.asarray(stream[:400_000])
    wakes = maker.words(kept_pool(cache, "wakes", key, every=4), before, copies=3)
    wakes += maker.words(kept_pool(cache, "made-wakes", key, every=4), before, copies=2)
    _LOG.info("%s moments after the word", len(wakes))
    others = maker.parts(kept_pool(cache, "parts", key), before)
    others += maker.parts(kept_pool(cache, "words", key, every=4), before)
    others += maker.others(stream[: len(stream) // options.one_second_in])
    _LOG.info("%s other moments", len(others))
    return joined(wakes, others)


def train(examples: Examples) -> VerifyNetwork:
    """A network that tells the two kinds apart; what it hears is normalised in its first layer."""
    rows = torch.from_numpy(examples.rows.astype(np.float32))
    kinds = torch.from_numpy(examples.wakes.astype(np.float32))
    network = VerifyNetwork(rows.shape[2])
    mean, scale = rows.mean((0, 1)), 1.0 / rows.std((0, 1)).clamp_min(1e-3)
    optimiser = torch.optim.AdamW(network.parameters(), _LEARNING_RATE, weight_decay=0.05)
    batches = _EPOCHS * (len(rows) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LEARNING_RATE, max(10, batches))
    for epoch in range(_EPOCHS):
        losses = []
        for some in torch.randperm(len(rows))[: len(rows) // _BATCH * _BATCH].split(_BATCH):
            loss = functional.binary_cross_entropy_with_logits(
                network((rows[some] - mean) * scale), kinds[some]
            )
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
        _LOG.info("epoch %s: %.4f", epoch + 1, np.mean(losses))
    with torch.no_grad():
        network.each.bias.sub_(network.each.weight @ (mean * scale))
        network.each.weight.mul_(scale)
    return network.eval()


if __name__ == "__main__":
    sys.exit(main())
