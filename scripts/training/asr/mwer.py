"""Train a trained transducer on, for few wrong words: minimum word error rate training on n-best lists.

    python -m scripts.training.asr.mwer --run DIR --out DIR --stores DIR --minutes 20

What is made small is the expected number of wrong words over the model's own n-best list, less the list's
mean (Prabhavalkar et al. 2018; for transducers Guo et al. 2020), and the losses of the training before it
beside that, which keep the model where it is. A reading's probability is that of all its paths, and not the
search's. It starts from the averaged weights of --run, and writes checkpoints of the same form to --out, from
which it resumes; what is pruned stays pruned. Several processes train together when started with torchrun.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import sentencepiece
import torch
from torch import Tensor
from torch.nn import functional

from scripts.evaluation.asr import edits
from scripts.training.asr.beam import Labels, n_best
from scripts.training.asr.compress import Plan
from scripts.training.asr.data import Batch
from scripts.training.asr.export import load_average
from scripts.training.asr.loss import band, transducer_loss
from scripts.training.asr.model import Transducer
from scripts.training.asr.train import BAND, CTC_WEIGHT, losses, open_trainset
from scripts.training.asr.trainee import Trainee, join_others

RATE = 4e-5
"""Falls to nothing over the training."""
BEAM = 4
BATCH_S = 30.0
TRANSDUCER_WEIGHT = 0.5
"""Weight of the losses per label beside the expected wrong words per reference word."""
AVERAGE = 0.995


def expected_errors(
    model: Transducer,
    encoded: Tensor,
    batch: Batch,
    lists: Sequence[Sequence[Labels]],
    wrong: Sequence[Sequence[int]],
) -> Tensor:
    """Expected wrong words of each utterance less its list's mean, float32 (B,); zero for lists of one.

    Args:
        model: the transducer.
        encoded: float32 (B, T, lstm), the encoder's vectors.
        batch: the utterances.
        lists: label sequences of each utterance.
        wrong: wrong words of every one of them.
    """
    whose = torch.tensor([one for one, readings in enumerate(lists) for _ in readings])
    counts = torch.tensor([len(labels) for readings in lists for labels in readings])
    labels = torch.zeros((len(counts), max(1, int(counts.max()))), dtype=torch.int64)
    for row, reading in enumerate(labels for readings in lists for labels in readings):
        labels[row, : len(reading)] = torch.tensor(reading, dtype=torch.int64)
    encoded, steps = encoded[whose], batch.steps[whose]
    with torch.no_grad():
        low = band(functional.log_softmax(model.ctc(encoded), -1), labels, steps, counts, BAND)
    nats = transducer_loss(model.logits(encoded, labels, low, BAND), labels, steps, counts, low)
    sizes = [len(readings) for readings in lists]
    words = [torch.tensor(of_one, dtype=torch.float32) for of_one in wrong]
    return torch.stack(
        [
            (functional.softmax(-of_one, 0) * (errors - errors.mean())).sum()
            for of_one, errors in zip(nats.split(sizes), words, strict=True)
        ]
    )


@dataclass
class Sums:
    """What was seen since the last line of the log.

    Attributes:
        words: words of the references.
        best: wrong words of the best readings.
        oracle: wrong words of the readings with fewest.
        readings: readings in all lists.
        utterances: lists.
        ahead: expected wrong words less the lists' means, negative where better readings are likelier.
        transducer: transducer losses of the batches, nats per label, added up.
    """

    words: int = 0
    best: float = 0.0
    oracle: float = 0.0
    readings: int = 0
    utterances: int = 0
    ahead: float = 0.0
    transducer: float = 0.0


def objective(
    model: Transducer, text: sentencepiece.SentencePieceProcessor, batch: Batch, sums: Sums
) -> Tensor:
    """What is made small for a batch; counts it in `sums`."""
    encoded = model.encoder(batch.frames)
    lists = n_best(model, encoded.detach(), batch.steps, BEAM)
    spoken = [
        text.decode(row[:count]).split()
        for row, count in zip(batch.labels.tolist(), batch.counts.tolist(), strict=True)
    ]
    wrong = [
        [edits(reference, text.decode(list(reading)).split()).total for reading in readings]
        for reference, readings in zip(spoken, lists, strict=True)
    ]
    expected = expected_errors(model, encoded, batch, lists, wrong).sum()
    transducer, ctc = losses(model, encoded, batch, True)
    words = sum(len(reference) for reference in spoken)
    sums.words += words
    sums.best += sum(of_one[0] for of_one in wrong)
    sums.oracle += sum(min(of_one) for of_one in wrong)
    sums.readings += sum(map(len, lists))
    sums.utterances += len(lists)
    sums.ahead += expected.item()
    sums.transducer += transducer.item()
    return expected / max(1, words) + TRANSDUCER_WEIGHT * (transducer + CTC_WEIGHT * ctc)


def train(run: Path, out: Path, stores: Path, minutes: float, seed: int, threads: int) -> None:
    """Train until the minutes are used up; `out` takes what `run` has: checkpoint.pt, log.jsonl, pieces."""
    rank = join_others(threads, seed)
    out.mkdir(parents=True, exist_ok=True)
    for pieces in run.glob("pieces.*"):
        shutil.copy(pieces, out)
    trainee = Trainee(load_average(run / "checkpoint.pt").train(), out, AVERAGE, 0.0, Plan(), rank)
    text = sentencepiece.SentencePieceProcessor(model_file=str(out / "pieces.model"))
    other = seed + trainee.step + 1000 * rank
    sums = Sums()
    for batch in open_trainset(stores, out / "pieces.model", other, batch_s=BATCH_S).batches():
        left = max(0.0, 1 - trainee.used_s / (60 * minutes))
        trainee.learn(objective(trainee.model, text, batch, sums), RATE * left)
        if trainee.step % 25 == 0:
            trainee.log(**asdict(sums))
            sums = Sums()
        ended = trainee.used_s >= 60 * minutes
        trainee.save(at_once=ended)
        if ended:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of a finished training")
    parser.add_argument("--out", type=Path, required=True, help="takes checkpoints and the log")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    train(args.run, args.out, args.stores, args.minutes, args.seed, args.threads)


if __name__ == "__main__":
    main()
