"""Train the server's language model on the text that `text.py` wrote.

    python -m scripts.training.lm.train --run RUN --minutes 25
    python -m scripts.training.lm.train --run RUN --minutes 2000 --width 512 --hidden 2048 --layers 2

The second makes a bigger one. The minutes are of processor time, so that a busy machine makes no worse
model; the learning rate falls to nothing over them. Goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from alexa_local.cloud.pieces import END, Pieces
from scripts.training.lm.network import Network

WARM_UP = 0.02
"""Share of the minutes in which the learning rate rises."""

SAVE_EVERY_S = 60.0


def read_lines(path: Path, pieces: Pieces) -> list[np.ndarray]:
    """The pieces of each line, int16 (T,), the last of them the sentence's end."""
    return [np.array(pieces.of(line), np.int16) for line in path.read_text(encoding="utf-8").splitlines()]


def batches(lines: Sequence[np.ndarray], most_pieces: int, random: Random) -> Iterator[Tensor]:
    """All lines once, in batches of lines of one length: int64 (B, T + 1), each begins with the edge."""
    order = sorted(range(len(lines)), key=lambda at: (len(lines[at]), random.random()))
    together: list[list[int]] = []
    for at in order:
        length = len(lines[at])
        if (
            together
            and len(lines[together[-1][0]]) == length
            and (len(together[-1]) + 1) * length <= most_pieces
        ):
            together[-1].append(at)
        else:
            together.append([at])
    random.shuffle(together)
    for chosen in together:
        rows = np.stack([lines[at] for at in chosen]).astype(np.int64)
        yield torch.from_numpy(np.pad(rows, ((0, 0), (1, 0)), constant_values=END))


def loss_of(network: Network, batch: Tensor) -> Tensor:
    """Mean nats a piece."""
    logits = network(batch[:, :-1])
    return nn.functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())


@torch.no_grad()
def perplexity(network: Network, lines: Sequence[np.ndarray]) -> float:
    """By piece, over whole sentences."""
    network.eval()
    nats, count = 0.0, 0
    for batch in batches(lines, 2000, Random(0)):
        nats += float(loss_of(network, batch)) * batch[:, 1:].numel()
        count += batch[:, 1:].numel()
    network.train()
    return math.exp(nats / count)


class Training:
    """One run: the network, its optimiser and how far it is, kept in RUN/state.pt."""

    def __init__(self, run: Path, pieces: Pieces, args: argparse.Namespace) -> None:
        self._file = run / "state.pt"
        shape = {name: getattr(args, name) for name in ("width", "hidden", "layers", "dropout")}
        self.network = Network(len(pieces), **shape)
        self.spent_s, self.read, self._saved_s = 0.0, 0, 0.0
        self._most_s, self._rate = 60.0 * args.minutes, args.rate
        self._shape, self._pieces = shape, len(pieces)
        self._optimiser = torch.optim.Adam(self.network.parameters(), lr=args.rate, betas=(0.9, 0.99))
        self._is_new = not self._file.exists()
        if not self._is_new:
            self._resume(torch.load(self._file, weights_only=True))

    def run(self, lines: Sequence[np.ndarray], judged: Sequence[np.ndarray], most_pieces: int) -> None:
        """Train until the minutes are spent."""
        random = Random(self.read)
        if self._is_new:
            self.network.expect(
                torch.bincount(torch.from_numpy(np.concatenate(lines)).long(), minlength=self._pieces)
            )
        while self.spent_s < self._most_s:
            for batch in batches(lines, most_pieces, random):
                began_s = time.process_time()
                nats = self._step(batch)
                self.spent_s += time.process_time() - began_s
                if self.spent_s - self._saved_s > SAVE_EVERY_S:
                    self._save()
                    found = perplexity(self.network, judged)
                    print(
                        f"{self.spent_s / 60:.1f} min, {self.read / 1e6:.2f} M pieces, {nats:.3f} nats, "
                        f"kept out: {found:.2f} a piece",
                        flush=True,
                    )
                if self.spent_s >= self._most_s:
                    break
        self._save()

    def _step(self, batch: Tensor) -> float:
        done = self.spent_s / self._most_s
        rate = self._rate * min(1.0, done / WARM_UP + 0.01) * max(0.0, 1.0 - done)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        nats = loss_of(self.network, batch)
        self._optimiser.zero_grad()
        nats.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self.read += batch[:, 1:].numel()
        return float(nats.detach())

    def _save(self) -> None:
        self._saved_s = self.spent_s
        state: dict[str, Any] = {
            "shape": self._shape,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "spent_s": self.spent_s,
            "read": self.read,
        }
        part = self._file.with_suffix(".part")
        torch.save(state, part)
        part.replace(self._file)

    def _resume(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.spent_s = self._saved_s = state["spent_s"]
        self.read = state["read"]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder that text.py wrote")
    parser.add_argument("--minutes", type=float, default=25.0, help="of processor time (25)")
    parser.add_argument("--width", type=int, default=256, help="of a piece's vector (256)")
    parser.add_argument("--hidden", type=int, default=768, help="units of a layer (768)")
    parser.add_argument("--layers", type=int, default=1, help="LSTM layers (1)")
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--rate", type=float, default=3e-3, help="the highest learning rate (0.003)")
    parser.add_argument("--batch", type=int, default=500, metavar="N", help="pieces of a batch (500)")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    pieces = Pieces((args.run / "pieces.txt").read_text(encoding="utf-8").splitlines())
    lines, judged = (read_lines(args.run / name, pieces) for name in ("texts.txt", "held-out.txt"))
    print(f"{len(lines)} sentences, {sum(map(len, lines)) / 1e6:.2f} M pieces", flush=True)
    training = Training(args.run, pieces, args)
    training.run(lines, judged, args.batch)
    print(f"kept out: perplexity {perplexity(training.network, judged):.2f} a piece")


if __name__ == "__main__":
    main()
