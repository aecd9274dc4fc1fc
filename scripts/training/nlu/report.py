"""What size and int8 cost: the teacher, the student and the shipped files on sentences that were kept out.

    python -m scripts.training.nlu.report --text DATA/text --teacher teacher.pt --student student.pt \\
        --model firmware_models/understand-en

Prints a Markdown table, rates in percent. The sentences are the dev parts of CLINC150 and HWU64, and those of
Snips, SLURP (devel) and Home Assistant that `scripts.training.nlu.text` keeps out.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import torch

from alexa_local.models import open_model
from alexa_local.understand.reading import RequestReader, spans_of
from scripts.training.nlu.network import Reader, Shape
from scripts.training.nlu.text import OURS, Example, public
from scripts.training.nlu.train import MOST_WORDS, Batches

Answers = list[tuple[Mapping[str, str], Mapping[str, Sequence[str]]]]
"""For each sentence the intent of each task, and the words' tags of each task that has some."""

COLUMNS = {
    "clinc in scope": lambda one: one.source == "clinc" and one.intents["clinc"] != ("oos",),
    "clinc out of scope": lambda one: one.source == "clinc" and one.intents["clinc"] == ("oos",),
    "hwu": lambda one: one.source == "hwu",
    "snips": lambda one: one.source == "snips",
    "hass": lambda one: one.source == "hass",
}


def of_network(file: Path, examples: Sequence[Example]) -> tuple[Answers, int]:
    """A trained network's answers, and the bytes of its float32 weights."""
    state = torch.load(file, weights_only=True)
    model = Reader(Shape(**state["shape"])).eval()
    model.load_state_dict(state["network"])
    batches = Batches(model.shape, state["words"], Random(0))
    found: Answers = []
    with torch.no_grad():
        for at in range(0, len(examples), 256):
            some = examples[at : at + 256]
            intents, tags = model(**batches.make(some, judging=True))
            for row, one in enumerate(some):
                names = {t: model.shape.intents[t][int(v[row].argmax())] for t, v in intents.items()}
                of_words = {
                    task: [model.shape.tags[task][int(n)] for n in v[row, : len(one.words)].argmax(-1)]
                    for task, v in tags.items()
                }
                found.append((names, of_words))
    return found, 4 * sum(values.numel() for values in model.parameters())


def of_files(folder: Path, examples: Sequence[Example]) -> tuple[Answers, int]:
    """The answers of a model folder, and the bytes of its networks and words."""
    model = open_model(folder.name, folder.parent)
    reader = RequestReader(model)
    found: Answers = []
    for one in examples:
        read = reader.read(" ".join(one.words), {})
        names = {task: max(shares, key=shares.__getitem__) for task, shares in read.others.items()}
        found.append(({**names, OURS: read.intent}, {**read.other_slots, OURS: read.slots}))
    return found, sum(model.path(file).stat().st_size for file in model.info["files"])


def slots_f1(examples: Sequence[Example], answers: Answers) -> float:
    """F1 of whole slots of Snips' kept sentences, in percent."""
    right = wanted = given = 0
    for one, (_, tags) in zip(examples, answers, strict=True):
        if "snips" in one.tags:
            a, b = set(spans_of(one.tags["snips"][:MOST_WORDS])), set(spans_of(tags["snips"]))
            right, wanted, given = right + len(a & b), wanted + len(a), given + len(b)
    return 200 * right / max(1, wanted + given)


def row(name: str, examples: Sequence[Example], answers: Answers, size: int) -> str:
    """One line of the table."""
    cells = []
    for chosen in COLUMNS.values():
        pairs = [(one, found) for one, (found, _) in zip(examples, answers, strict=True) if chosen(one)]
        cells.append(_share(pairs, lambda one: one.source))
    ours = [(one, found) for one, (found, _) in zip(examples, answers, strict=True)]
    cells += [_share(ours, lambda one: OURS), f"{slots_f1(examples, answers):.1f}"]
    return f"| {name} | {size / 1000:.0f} kB | " + " | ".join(cells) + " |"


def _share(pairs: Sequence[tuple[Example, Mapping[str, str]]], task_of: Callable[[Example], str]) -> str:
    right = [
        found[task_of(one)] in one.intents[task_of(one)]
        for one, found in pairs
        if task_of(one) in one.intents
    ]
    return f"{100 * sum(right) / max(1, len(right)):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--student", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    _, kept = public(args.text)
    print("| network | size |", " | ".join(COLUMNS), "| our intents | Snips' slots F1 |")
    print("|---|---|" + "---|" * (len(COLUMNS) + 2))
    for name, file in (("teacher, float32", args.teacher), ("student, float32", args.student)):
        print(row(name, kept, *of_network(file, kept)), flush=True)
    print(row("student, int8, as shipped", kept, *of_files(args.model.resolve(), kept)))


if __name__ == "__main__":
    main()
