"""Train the whisper model and write its folder: `python -m scripts.training.whisper --help`."""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from alexa_local.whisper.detector import NETWORK_FILE
from scripts.training.wake.augment import Noises
from scripts.training.wake.corpus import DEV_FOLDERS, SPEECH_FOLDERS
from scripts.training.wake.pools import noises
from scripts.training.whisper.batches import Batches
from scripts.training.whisper.export import export
from scripts.training.whisper.network import WhisperNetwork, audible, pooled
from scripts.training.whisper.pool import RECORDED, Pool, make_pool
from scripts.training.whisper.vocoder import ENVELOPES

_LOG = logging.getLogger(__name__)


def main() -> int:
    """Make the pool unless it is there, train, and write the network."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    pool = _pool(options).made_with(options.envelopes, options.espeak > 0)
    rng = np.random.default_rng(options.seed)
    batches = Batches(pool, _noises(options, pool, rng), rng)
    network = new_network(batches)
    train(
        network, batches, options.batches, options.batch, options.learning_rate, options.out / "checkpoint.pt"
    )
    torch.save(network.state_dict(), options.out / "network.pt")
    (options.out / "recipe.json").write_text(json.dumps(_recipe(options)), encoding="utf-8")
    export(network.eval(), options.out / NETWORK_FILE)
    _LOG.info("%s", options.out / NETWORK_FILE)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.whisper", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of corpora")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints and the pool go")
    parser.add_argument("--batches", type=int, default=2800)
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--learning-rate", type=float, default=2.5e-3)
    parser.add_argument("--share", type=float, default=0.3, help="part of the clips that is used")
    parser.add_argument(
        "--envelopes", nargs="+", choices=ENVELOPES, default=ENVELOPES, help="ways to make whispers (all)"
    )
    parser.add_argument("--espeak", type=int, default=300, help="sentences read by espeak-ng's whispers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def _recipe(options: argparse.Namespace) -> dict[str, Any]:
    """How it was made, for the manifest."""
    kept = {name: value for name, value in vars(options).items() if name not in ("data", "out", "threads")}
    words = [f"--{name.replace('_', '-')} {_words(value)}" for name, value in kept.items()]
    return {
        "command": " ".join(["python -m scripts.training.whisper --data DATA --out RUN", *words]),
        "data": [name for name in SPEECH_FOLDERS if name not in DEV_FOLDERS] + ["noise", "room_responses"],
    }


def _words(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _pool(options: argparse.Namespace) -> Pool:
    file = options.out / "pool.npz"
    if not file.exists():
        make_pool(options.data, options.out, options.share, options.espeak, options.seed).save(file)
    return Pool.load(file)


def _noises(options: argparse.Namespace, pool: Pool, rng: np.random.Generator) -> Noises:
    file = options.out / "noises.npz"
    if not file.exists():
        made = noises(options.data, pool.of(RECORDED), rng)
        np.savez(file, **{f"{share}/{name}": features for name, (share, features) in made.items()})
    with np.load(file) as kept:
        return {name.split("/")[1]: (float(name.split("/")[0]), kept[name]) for name in kept.files}


def new_network(batches: Batches) -> WhisperNetwork:
    """A network that knows how loud the bands are, and nothing else."""
    network = WhisperNetwork()
    sample = audible(batches.draw(200)[0])[..., -1].flatten(0, 1)  # (B, S, 64, 8) -> (B S, 64)
    network.mean.data, network.scale.data = sample.mean(0), 1.0 / sample.std(0)
    return network


def train(
    network: WhisperNetwork, batches: Batches, count: int, size: int, learning_rate: float, checkpoint: Path
) -> None:
    """So many batches in all; goes on from the checkpoint where there is one."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda batch: min(1.0, (batch + 1) / 100) * (0.01 + 0.495 * (1 + math.cos(math.pi * batch / count))),
    )
    done = 0
    if checkpoint.exists():
        stored = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        schedule.load_state_dict(stored["schedule"])
        done = stored["done"]
    started_s, losses, rights = time.monotonic(), [], []
    network.train()
    for batch in range(done, count):
        frames, whispered, heard = batches.draw(size)
        loss, right = judged(network(frames), whispered, heard)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 2.0)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        rights.append(right)
        if batch % 100 == 99:
            seconds = time.monotonic() - started_s
            _LOG.info(
                "batch %s: %.4f, right %.2f %%, %.0f s",
                batch + 1,
                np.mean(losses),
                100 * np.mean(rights),
                seconds,
            )
            losses, rights = [], []
            state = {"network": network.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save({**state, "schedule": schedule.state_dict(), "done": batch + 1}, checkpoint)


def judged(steps: Tensor, whispered: Tensor, heard: Tensor) -> tuple[Tensor, float]:
    """The loss of what comes out of the network, (B, S, 2), and the share of right answers at the end.

    An answer is wanted at the end, and as soon as there was enough to hear.
    """
    logits = pooled(steps)
    wanted = whispered[:, None].expand_as(logits)
    loss = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    soon = (loss * heard).sum() / heard.sum().clamp_min(1)
    right = ((logits[:, -1] > 0) == (whispered > 0.5)).float().mean()
    return 0.5 * loss[:, -1].mean() + 0.5 * soon, right.item()


if __name__ == "__main__":
    sys.exit(main())
