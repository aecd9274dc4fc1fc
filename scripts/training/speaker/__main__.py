"""Train the speaker network: `python -m scripts.training.speaker --help`."""

from __future__ import annotations

import argparse
import json
import logging
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from alexa_local.frontend import STEP_FRAMES
from scripts.training.speaker.augment import noise_rows
from scripts.training.speaker.batches import Batches
from scripts.training.speaker.loss import SpeakerLoss
from scripts.training.speaker.network import VoiceNetwork, levelled
from scripts.training.speaker.store import open_store
from scripts.training.speaker.voices import CROP_FRAMES, validation_error

_LOG = logging.getLogger(__name__)
_WARM_UP, _MARGIN_FROM, _MARGIN_UNTIL = 0.02, 0.1, 0.5
_VALIDATION_CLIPS = 400


class Trainer:
    """A network on its way, which can be stopped and gone on with."""

    def __init__(self, options: argparse.Namespace) -> None:
        rng = np.random.default_rng(options.seed)
        self.options = options
        self.store = open_store(options.store)
        self.batches = Batches(self.store, noise_rows(options.data), rng)
        self.rng = rng
        self.network = VoiceNetwork()
        size = self.network.embed.out_features
        self.loss = SpeakerLoss(self.batches.groups, size)
        trained = [*self.network.parameters(), *self.loss.parameters()]
        self.trained = [parameter for parameter in trained if parameter.requires_grad]
        self.optimiser = torch.optim.AdamW(self.trained, options.learning_rate, weight_decay=0.02)
        self.done, self.done_s = 0, 0.0
        if options.start:
            kept = torch.load(options.start, weights_only=True)
            self.network.load_state_dict(kept["network"])
            self.loss.load_state_dict(kept["loss"])
        else:
            self._measure_features()
        checkpoint = options.out / "checkpoint.pt"
        if checkpoint.exists():
            kept = torch.load(checkpoint, weights_only=True)
            self.network.load_state_dict(kept["network"])
            self.loss.load_state_dict(kept["loss"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.done, self.done_s = kept["done"], kept["done_s"]

    def run(self) -> None:
        """Train for the given minutes; the learning rate falls as they pass, however busy the machine is."""
        total_s = 60 * self.options.minutes
        started_s = time.monotonic() - self.done_s
        losses: list[tuple[float, float, float]] = []
        while (progress := (time.monotonic() - started_s) / total_s) < 1.0:
            self._schedule(progress)
            losses.append(self._step())
            self.done += 1
            self.done_s = time.monotonic() - started_s
            if self.done % 50 == 0:
                loss, guessed, voice = np.mean(losses, 0)
                _LOG.info(
                    "batch %s, %.1f min: loss %.3f, guessed %.1f %%, voice %.3f",
                    self.done,
                    self.done_s / 60,
                    loss,
                    100 * guessed,
                    voice,
                )
                losses = []
            if self.done % self.options.save_every == 0:
                self.save()
                _LOG.info("validation, equal error %%: %s", self.validate())
        self.save()
        _LOG.info("validation at the end, equal error %%: %s", self.validate(10_000))

    def _schedule(self, progress: float) -> None:
        options = self.options
        warm = min(1.0, progress / _WARM_UP)
        for group in self.optimiser.param_groups:
            group["lr"] = (
                options.learning_rate * warm * (0.005 + 0.995 * (1 + math.cos(math.pi * progress)) / 2)
            )
        risen = 1.0 if options.start else (progress - _MARGIN_FROM) / (_MARGIN_UNTIL - _MARGIN_FROM)
        self.loss.margin = options.margin * float(np.clip(risen, 0, 1))

    def _step(self) -> tuple[float, float, float]:
        shortest, longest = self.options.shortest_frames, self.options.longest_frames
        frames = int(np.exp(self.rng.uniform(np.log(shortest), np.log(longest)))) // STEP_FRAMES * STEP_FRAMES
        speakers = min(self.options.speakers, self.options.rows // (2 * frames))
        batch = self.batches.draw(speakers, frames)
        self.network.train()
        vectors, voice = self.network(batch.frames)
        loss, guessed = self.loss(vectors, batch.speakers)
        heard = functional.binary_cross_entropy_with_logits(voice, batch.voice)
        self.optimiser.zero_grad()
        (loss + heard).backward()
        torch.nn.utils.clip_grad_norm_(self.trained, 5.0)
        self.optimiser.step()
        return loss.item(), guessed.item(), heard.item()

    def validate(self, most: int = _VALIDATION_CLIPS) -> dict[str, float]:
        """The equal error rate in percent on crops by speakers who were kept out, group by group."""
        return {group: validation_error(self.network, self.store, group, most) for group in CROP_FRAMES}

    def save(self) -> None:
        """Write the checkpoint, whole or not at all, and what is known of the training."""
        out: Path = self.options.out
        out.mkdir(parents=True, exist_ok=True)
        state = {
            "network": self.network.state_dict(),
            "loss": self.loss.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "done": self.done,
            "done_s": self.done_s,
        }
        torch.save(state, out / "checkpoint.part")
        (out / "checkpoint.part").rename(out / "checkpoint.pt")
        (out / "recipe.json").write_text(json.dumps(self._record()), encoding="utf-8")

    def _record(self) -> dict[str, object]:
        """What the manifest says of this training."""
        options = self.options
        command = (
            f"python -m scripts.training.speaker --data DATA --store STORE --minutes {options.minutes:g}"
        )
        command += f" --learning-rate {options.learning_rate:g} --margin {options.margin:g}"
        command += f" --shortest-frames {options.shortest_frames} --longest-frames {options.longest_frames}"
        command += f" --speakers {options.speakers} --rows {options.rows} --seed {options.seed} --out RUN"
        before = options.start and options.start.parent / "recipe.json"
        return {
            "command": command + (" --start FIRST/checkpoint.pt" if options.start else ""),
            "started_from": json.loads(before.read_text(encoding="utf-8")) if before else None,
            "batches": self.done,
            "cpu_minutes": round(time.process_time() / 60, 1),
            "speakers": len({name.split("x")[0] for name in self.batches.names}),
            "pseudo_speakers": len(self.batches.names),
        }

    def _measure_features(self) -> None:
        frames = torch.cat([levelled(self.batches.draw(32, 200).frames) for _ in range(5)])
        self.network.mean.data = frames.mean((0, 1))
        self.network.scale.data = 1.0 / frames.std((0, 1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.training.speaker", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of real recordings")
    parser.add_argument("--store", type=Path, required=True, help="what `prepare` has written")
    parser.add_argument("--out", type=Path, required=True, help="where the checkpoint goes")
    parser.add_argument("--start", type=Path, help="a checkpoint to go on from, as another training")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--margin", type=float, default=0.2, help="radians")
    parser.add_argument("--shortest-frames", type=int, default=64)
    parser.add_argument("--longest-frames", type=int, default=260)
    parser.add_argument("--speakers", type=int, default=48, help="at most so many in a batch")
    parser.add_argument("--rows", type=int, default=9600, help="feature rows in a batch")
    parser.add_argument("--save-every", type=int, default=300, help="batches from one checkpoint to the next")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    """Train; the network is in the checkpoint."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    Trainer(options).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
