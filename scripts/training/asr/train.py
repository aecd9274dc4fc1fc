"""Train the transducer: CTC first, then the transducer loss beside it; resumes from its last checkpoint.

    python -m scripts.training.asr.train --run DIR --stores DIR --minutes 200

The learning rate falls in the last share of the minutes (training time alone counts, also over a
resume), so that a training ends well whatever the machine's speed. Progress goes to DIR/log.jsonl. Several
processes train together when started with torchrun:

    torchrun --nproc-per-node 2 -m scripts.training.asr.train --threads 1 ...
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator
from pathlib import Path

from scripts.training.asr.augment import Strength
from scripts.training.asr.compress import Plan
from scripts.training.asr.data import (
    BATCH_S,
    WAKE_SHARE,
    Batch,
    Part,
    Trainset,
    open_part,
    open_sounds,
    open_spliced,
    open_untranscribed,
    open_wake_words,
)
from scripts.training.asr.losses import CTC_WEIGHT, losses
from scripts.training.asr.model import Shape, Transducer
from scripts.training.asr.trainee import Trainee, join_others

RATE, WEIGHT_DECAY = 8e-4, 1e-2
DECAY = 0.15
"""Share of the training in which the rate falls to nothing; before it, it is constant after the warm-up."""
WARM_UP_STEPS = 400
CTC_ONLY = 0.1
"""Share of the training that CTC alone opens: it finds the alignment at a fraction of the joint's cost."""
OPENING = 0.13
"""Share of the training on short, clean, synthesised clips, where an alignment is found soonest."""
OPENING_S, LONGEST_S = 3.5, 16.5
OPENING_STRENGTH = Strength(warp=0.05, tempo=0.05, room=0.0, band_limit=0.0, frequency_masks=0, time_masks=0)
STRENGTH = Strength(
    warp=0.08, tempo=0.1, noise=0.25, snr_db=(5.0, 28.0), room=0.12, frequency_masks=1, time_masks=0
)
"""Mild: in the hours that a small machine has, the model underfits."""
AVERAGE = 0.999
"""Decay of the moving average of the weights; the average is what is exported."""
PARTS = {  # store: (share of an epoch, clips joined)
    "librispeech": (1.0, 1),
    "speechocean": (1.0, 1),
    "readers": (0.7, 1),
    "cv": (3.0, 1),
    "speech_commands": (1.0, 5),
    "words": (0.7, 1),
    "synth": (0.7, 1),
}
SPARSE_FROM, SPARSE_UNTIL = 0.35, 0.8
"""Shares of the training between which the sparsity grows: after the alignment is found, before the decay."""
SPLICED = 0.3
"""Share of the sentences that people's spliced words can say, said in an epoch."""


def learning_rate(step: int, progress: float) -> float:
    """Warm-up, constant, decay (Hu et al. 2024): a training can be taken up again from before its decay."""
    return RATE * min(1.0, (step + 1) / WARM_UP_STEPS) * min(1.0, max(0.0, (1 - progress) / DECAY))


def open_trainset(
    stores: Path,
    pieces: Path,
    seed: int,
    opening: bool = False,
    batch_s: float = BATCH_S,
    wake_share: float = WAKE_SHARE,
    data_share: float = 1.0,
) -> Trainset:
    """Every store that is there, each a part; the opening takes short, clean clips only.

    `data_share` is that of people's clips which are used; what is synthesised is used in any case.
    """
    parts: list[Part] = []
    more = stores / "sentences.txt"
    sentences = set(more.read_text(encoding="utf-8").splitlines() if more.exists() else ())
    for folder in sorted(stores.iterdir()):
        name = folder.name.split("-")[0]
        if name in (["synth"] if opening else PARTS) and (folder / "rows.f16").exists():
            share, join = PARTS[name]
            longest_s = OPENING_S if opening else LONGEST_S
            parts.append(open_part(folder, share, join, longest_s, 1.0 if name == "synth" else data_share))
            sentences.update(text for _, _, text in parts[-1].clips if name == "synth")
    if opening:
        return Trainset(parts, pieces, [], [], seed, batch_s, OPENING_STRENGTH, wake_share=0.0)
    aligned = [folder for folder in sorted(stores.iterdir()) if (folder / "words.jsonl").exists()]
    parts.append(open_spliced(aligned, sorted(sentences), SPLICED, data_share))
    return _in_all_conditions(parts, stores, pieces, seed, batch_s, wake_share)


def open_untranscribed_set(stores: Path, pieces: Path, seed: int, batch_s: float = BATCH_S) -> Trainset:
    """People's clips without text, to which batches give no labels."""
    names = [name for name in PARTS if (stores / name / "rows.f16").exists()]
    parts = [open_untranscribed(stores / name, LONGEST_S) for name in names]
    return _in_all_conditions([p for p in parts if p.clips], stores, pieces, seed, batch_s, WAKE_SHARE)


def _in_all_conditions(
    parts: list[Part], stores: Path, pieces: Path, seed: int, batch_s: float, wake_share: float
) -> Trainset:
    """The parts with the stores' noises and wake words."""
    noises = open_sounds(stores / "noise")
    wakes = [s for f in sorted(stores.glob("wake*")) if (f / "rows.f16").exists() for s in open_wake_words(f)]
    print(
        f"{sum(len(p.clips) for p in parts)} clips in {len(parts)} parts, {len(wakes)} wake words", flush=True
    )
    return Trainset(parts, pieces, noises, wakes, seed, batch_s, STRENGTH, wake_share)


def train(
    run: Path, stores: Path, minutes: float, seed: int, threads: int, plan: Plan, data_share: float = 1.0
) -> None:
    """Train until the minutes are used up; `run` holds pieces.model and takes checkpoint.pt and log.jsonl."""
    rank = join_others(threads, seed)
    trainee = Trainee(Transducer(Shape()), run, AVERAGE, WEIGHT_DECAY, plan, rank)
    model = trainee.model

    def is_before(share: float) -> bool:
        return trainee.used_s < 60 * minutes * share

    def batches() -> Iterator[Batch]:
        for opening, until in ((True, OPENING), (False, 1.0)):
            if is_before(until):
                other = seed + trainee.step + 1000 * rank
                pieces = run / "pieces.model"
                trainset = open_trainset(stores, pieces, other, opening, data_share=data_share)
                yield from itertools.takewhile(lambda _: is_before(until), trainset.batches())  # noqa: B023

    audio_s, sums = 0.0, [0.0, 0.0, 0]
    for batch in batches():
        progress = trainee.used_s / (60 * minutes)
        transducer, ctc = losses(model, model.encoder(batch.frames), batch, progress >= CTC_ONLY)
        loss = transducer + (CTC_WEIGHT if progress >= CTC_ONLY else 1.0) * ctc
        trainee.learn(loss, learning_rate(trainee.step, progress))
        audio_s += float(batch.steps.sum()) * 0.08
        sums = [sums[0] + transducer.item(), sums[1] + ctc.item(), sums[2] + 1]
        if trainee.step % 50 == 0:
            trainee.log(
                transducer=sums[0] / sums[2],
                ctc=sums[1] / sums[2],
                audio_h=audio_s / 3600,
                zero=trainee.compression.share_zero(),
            )
            sums = [0.0, 0.0, 0]
        trainee.save(at_once=not is_before(1.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--run", type=Path, required=True, help="folder with pieces.model; takes checkpoints and the log"
    )
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--minutes", type=float, default=200.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--sparsity", type=float, default=0.0, help="share of the encoder's weights to train away"
    )
    parser.add_argument("--sparse-from", type=float, help="minute of the first (a share of --minutes)")
    parser.add_argument("--sparse-until", type=float, help="minute of the last")
    parser.add_argument("--grid", type=float, default=0.05, help="last pull to the int8 grid, in its steps")
    parser.add_argument("--grid-from", type=float, help="minute when it begins (the rate's decay)")
    parser.add_argument(
        "--data-share", type=float, default=1.0, help="share of people's clips, for a learning curve"
    )
    args = parser.parse_args()
    plan = Plan(
        args.sparsity,
        args.minutes * SPARSE_FROM if args.sparse_from is None else args.sparse_from,
        args.minutes * SPARSE_UNTIL if args.sparse_until is None else args.sparse_until,
        args.grid,
        args.minutes * (1 - DECAY) if args.grid_from is None else args.grid_from,
        args.minutes,
    )
    train(args.run, args.stores, args.minutes, args.seed, args.threads, plan, args.data_share)


if __name__ == "__main__":
    main()
