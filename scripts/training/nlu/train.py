"""Train the network that reads requests: a wide teacher on the labels, a small student on its answers too.

    python -m scripts.training.nlu.train --text DATA/text --out teacher.pt --size teacher --steps 6000
    python -m scripts.training.nlu.train --text DATA/text --out student.pt --teacher teacher.pt --steps 12000

Where a public set's intent is wider than ours, any of ours that it may be counts as right (the likelihood of
a set of labels; Cour et al. 2011). The student follows the teacher's answers in all tasks for every sentence
(Hinton et al. 2015), also for sentences that have no labels. What the recogniser mishears, `--heard` (lines
of "said TAB heard"), is put into a part of the sentences.

A training that was stopped goes on from OUT.part, which is written at every judgement.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from alexa_local.understand.reading import FLAGS, PARTS, part_numbers
from scripts.training.nlu.features import (
    HEARD_WRONG,
    UNKNOWN,
    known_words,
    made_up_flags,
    vocabulary_names,
)
from scripts.training.nlu.network import Reader, Shape
from scripts.training.nlu.text import OURS, Example, drawn, public, talk, unlabelled

BATCH = 128
MOST_WORDS = 40
SHARES = {"public": 0.5, "templates": 0.35, "talk": 0.15}
UNLABELLED_SHARE = 0.25
"""Beside the others, of what the student learns from the teacher alone."""
TASK_WEIGHTS = {OURS: 1.0}
OTHER_TASKS = 0.6
TAG_WEIGHT = 1.0
TEACHER_WEIGHT = 2.0
TEMPERATURE = 2.0
RATE = 2e-3
LAST_PART = 0.4
"""Share of the steps in which the rate falls to nothing."""

JUDGED_EVERY = 500
"""Steps."""

SIZES: dict[str, dict[str, Any]] = {
    "teacher": {
        "words": 9000,
        "parts": 6000,
        "width": 96,
        "hidden": 128,
        "layers": 1,
        "narrow": 192,
        "dropout": 0.35,
    },
    "student": {
        "words": 3400,
        "parts": 2400,
        "width": 48,
        "hidden": 72,
        "layers": 1,
        "narrow": 96,
        "dropout": 0.2,
    },
}


class Batches:
    """Makes tensors of sentences."""

    def __init__(self, shape: Shape, words: Sequence[str], random: Random) -> None:
        self._shape, self._random = shape, random
        self._number = {word: number for number, word in enumerate(words)}
        self._names = vocabulary_names()
        self._parts: dict[str, list[int]] = {}

    def make(self, examples: Sequence[Example], judging: bool = False) -> dict[str, Tensor]:
        """words, parts, flags and lengths, as `Reader.forward` wants them."""
        longest = max(min(len(one.words), MOST_WORDS) for one in examples)
        words = torch.zeros(len(examples), longest, dtype=torch.long)
        parts = torch.zeros(len(examples), longest, PARTS, dtype=torch.long)
        flags = torch.zeros(len(examples), longest, len(FLAGS))
        lengths = torch.tensor([min(len(one.words), MOST_WORDS) for one in examples])
        for row, one in enumerate(examples):
            said = one.words[:MOST_WORDS]
            numbers = [self._number.get(word, 0) for word in said]
            if not judging:
                numbers = [0 if self._random.random() < UNKNOWN else number for number in numbers]
                rows = made_up_flags(said, one.tags.get(OURS), self._names, self._random)
                flags[row, : len(said)] = torch.tensor(rows)
            words[row, : len(said)] = torch.tensor(numbers)
            parts[row, : len(said)] = torch.tensor([self._parts_of(word) for word in said])
        return {"words": words, "parts": parts, "flags": flags, "lengths": lengths}

    def _parts_of(self, word: str) -> list[int]:
        if word not in self._parts:
            self._parts[word] = part_numbers(word, self._shape.parts, PARTS)
        return self._parts[word]


def loss_of(
    examples: Sequence[Example], intents: dict[str, Tensor], tags: dict[str, Tensor], shape: Shape
) -> Tensor:
    """What the labels say: the likelihood of the right intents of each task, and of the tags."""
    total = torch.zeros(())
    for task, logits in intents.items():
        rows = [row for row, one in enumerate(examples) if task in one.intents]
        if rows:
            allowed = torch.full((len(rows), logits.shape[1]), float("-inf"))
            for at, row in enumerate(rows):
                for intent in examples[row].intents[task]:
                    allowed[at, shape.intents[task].index(intent)] = 0.0
            log = logits[rows].log_softmax(-1)
            weight = TASK_WEIGHTS.get(task, OTHER_TASKS)
            total = total - weight * (log + allowed).logsumexp(-1).sum() / len(examples)
    for task, logits in tags.items():
        wanted = torch.full(logits.shape[:2], -100)
        for row, one in enumerate(examples):
            if task in one.tags:
                numbers = [shape.tags[task].index(tag) for tag in one.tags[task][:MOST_WORDS]]
                wanted[row, : len(numbers)] = torch.tensor(numbers)
        if (wanted >= 0).any():
            total = total + TAG_WEIGHT * torch.nn.functional.cross_entropy(
                logits.flatten(0, 1), wanted.flatten(), ignore_index=-100
            )
    return total


def followed(
    ours: tuple[dict[str, Tensor], dict[str, Tensor]],
    theirs: tuple[dict[str, Tensor], dict[str, Tensor]],
    there: Tensor,
) -> Tensor:
    """How far the student's answers are from the teacher's, all tasks together."""
    total = torch.zeros(())
    for task, logits in ours[0].items():
        soft = (theirs[0][task] / TEMPERATURE).softmax(-1)
        log = (logits / TEMPERATURE).log_softmax(-1)
        total = total - TASK_WEIGHTS.get(task, OTHER_TASKS) * (soft * log).sum(-1).mean()
    for task, logits in ours[1].items():
        soft = (theirs[1][task] / TEMPERATURE).softmax(-1)
        log = (logits / TEMPERATURE).log_softmax(-1)
        total = total - TAG_WEIGHT * ((soft * log).sum(-1) * there).sum() / there.sum()
    return total


class Mishearing:
    """Puts what the recogniser makes of words into sentences, as often as it does."""

    def __init__(self, file: Path | None, random: Random) -> None:
        self._random = random
        self._heard: dict[str, list[str]] = {}
        for line in file.read_text(encoding="utf-8").splitlines() if file else ():
            said, _, heard = line.partition("\t")
            self._heard.setdefault(said, []).append(heard)

    def hear(self, one: Example) -> Example:
        """The sentence with some words as they may be heard; a word may become none or two."""
        words: list[str] = []
        tags: dict[str, list[str]] = {task: [] for task in one.tags}
        for at, word in enumerate(one.words):
            choices = self._heard.get(word)
            heard = [word]
            if choices and self._random.random() < HEARD_WRONG:
                heard = self._random.choice(choices).split()
            words += heard
            for task, of_words in one.tags.items():
                tag = of_words[at]
                tags[task] += [tag, *([tag.removeprefix("B-")] * (len(heard) - 1))][: len(heard)]
        return replace(one, words=tuple(words), tags={t: tuple(v) for t, v in tags.items()}) if words else one


def stream(
    pools: dict[str, Iterator[Example]], random: Random, mishearing: Mishearing
) -> Iterator[list[Example]]:
    """Batches for ever."""
    shares = {**SHARES, "unlabelled": UNLABELLED_SHARE}
    kinds = list(pools)
    weights = [shares[kind] for kind in kinds]
    while True:
        chosen = random.choices(kinds, weights, k=BATCH)
        yield [mishearing.hear(next(pools[kind])) for kind in chosen]


def again(examples: Sequence[Example], random: Random) -> Iterator[Example]:
    """All of them in a new order each time, for ever."""
    order = list(examples)
    while True:
        random.shuffle(order)
        yield from order


def judge(model: Reader, batches: Batches, examples: Sequence[Example]) -> dict[str, float]:
    """Shares of right intents by task in percent, and of sentences whose tags are all right."""
    model.eval()
    right: dict[str, list[bool]] = {}
    with torch.no_grad():
        for at in range(0, len(examples), 256):
            some = examples[at : at + 256]
            intents, tags = model(**batches.make(some, judging=True))
            for row, one in enumerate(some):
                for task, allowed in one.intents.items():
                    found = model.shape.intents[task][int(intents[task][row].argmax())]
                    right.setdefault(f"{one.source}/{task}", []).append(found in allowed)
                for task, wanted in one.tags.items():
                    numbers = tags[task][row, : len(wanted)].argmax(-1).tolist()
                    got = tuple(model.shape.tags[task][number] for number in numbers)
                    right.setdefault(f"{one.source}/{task} tags", []).append(got == wanted[:MOST_WORDS])
    model.train()
    return {name: round(100 * sum(ok) / len(ok), 2) for name, ok in sorted(right.items())}


def warmth(model: Reader, batches: Batches, examples: Sequence[Example]) -> float:
    """By what our intents' logits are to be divided for the likeliest probabilities (Guo et al. 2017)."""
    logits, allowed = [], []
    model.eval()
    with torch.no_grad():
        for at in range(0, len(examples), 256):
            some = [one for one in examples[at : at + 256] if OURS in one.intents]
            if some:
                logits.append(model(**batches.make(some, judging=True))[0][OURS])
                names = model.shape.intents[OURS]
                allowed += [
                    [0.0 if name in one.intents[OURS] else -torch.inf for name in names] for one in some
                ]
    model.train()
    every, right = torch.cat(logits), torch.tensor(allowed)
    tried = [0.2 + 0.05 * step for step in range(37)]
    return min(tried, key=lambda t: -float(((every / t).log_softmax(-1) + right).logsumexp(-1).mean()))


def _shape(size: str, every: Sequence[Example]) -> Shape:
    """A network for all that is known of the sentences."""
    intents = {
        task: sorted({intent for one in every for intent in one.intents.get(task, ())})
        for task in sorted({task for one in every for task in one.intents})
    }
    tags = {
        task: sorted({tag for one in every for tag in _both(one.tags.get(task, ()))} | {""})
        for task in sorted({task for one in every for task in one.tags})
    }
    return Shape(flags=len(FLAGS), intents=intents, tags=tags, **SIZES[size])


def _both(tags: Sequence[str]) -> Iterator[str]:
    """Tags of a slot, and of its beginning."""
    for slot in {tag.removeprefix("B-") for tag in tags} - {""}:
        yield from (slot, f"B-{slot}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", choices=SIZES, default="student")
    parser.add_argument("--teacher", type=Path)
    parser.add_argument("--heard", type=Path, help='lines of "said TAB heard"')
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    random = Random(args.seed)
    train, kept = public(args.text)
    others = talk(args.text)
    samples = list(islice(drawn(args.text, seed=999), 20_000))
    every = [*train, *others, *samples]
    shape = _shape(args.size, every)
    words = known_words((one.words for one in every), shape.words)
    shape = replace(shape, words=len(words))
    model, batches = Reader(shape), Batches(shape, words, random)
    teacher = teachers = None
    if args.teacher:
        state = torch.load(args.teacher, weights_only=True)
        teacher = Reader(Shape(**state["shape"]))
        teacher.load_state_dict(state["network"])
        teacher.eval()
        teachers = Batches(teacher.shape, state["words"], random)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=1e-2)
    mishearing = Mishearing(args.heard, random)
    part = args.out.with_suffix(".part")
    step, running = 0, 0.0
    if part.exists():
        stopped = torch.load(part, weights_only=True)
        model.load_state_dict(stopped["network"])
        optimiser.load_state_dict(stopped["optimiser"])
        step = stopped["step"]
        random.seed(args.seed + step)
    kept = [*kept, *islice(drawn(args.text, seed=998), 1500), *others[:500]]
    pools = {
        "public": again(train, random),
        "templates": drawn(args.text, args.seed + step),
        "talk": again(others[500:], random),
    }
    if teacher is not None:
        pools["unlabelled"] = again(unlabelled(args.text, kept), random)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(count, "weights;", {task: len(names) for task, names in shape.intents.items()}, flush=True)
    for examples in islice(stream(pools, random, mishearing), args.steps - step):
        left = 1 - step / args.steps
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 200) * min(1.0, left / LAST_PART)
        made = batches.make(examples)
        answers = model(**made)
        loss = loss_of(examples, answers[0], answers[1], shape)
        if teacher is not None and teachers is not None:
            with torch.no_grad():
                theirs = teacher(**{**teachers.make(examples), "flags": made["flags"]})
            there = (torch.arange(made["words"].shape[1])[None, :] < made["lengths"][:, None]).float()
            loss = loss + TEACHER_WEIGHT * followed(answers, theirs, there)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        step, running = step + 1, running + (loss.item() - running) / min(step + 1, 100)
        if step % JUDGED_EVERY == 0:
            print(step, round(running, 3), json.dumps(judge(model, batches, kept)), flush=True)
            state = {"network": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}
            torch.save(state, part)
    print(step, json.dumps(judge(model, batches, kept)), flush=True)
    torch.save(
        {
            "shape": asdict(shape),
            "words": words,
            "network": model.state_dict(),
            "figures": judge(model, batches, kept),
            "temperature": warmth(model, batches, kept),
        },
        args.out,
    )
    part.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
