"""The report on the recogniser's training: what each idea is worth and what it costs, from measured results.

    python -m scripts.training.asr.report --results firmware_models/REPORT.jsonl

writes REPORT.md and its plots beside the results, to which `scripts.training.asr.measure` adds a line for
each arm. Nothing is measured here, and what was not measured is said.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.training.asr.report_plots import along, plots
from scripts.training.asr.results import (
    CURVE,
    DENSE,
    MAIN,
    SHORTER,
    Difference,
    Result,
    difference,
    read_results,
)

SETS = {
    "everyday": "everyday commands by a synthetic voice that was kept out of training",
    "rarer": "commands with rare names, titles and numbers, by that voice",
    "people": "sentences that people read: LibriSpeech dev-clean, spread over its readers",
    "everyday, after the wake word": 'the everyday commands, each after an "alexa" by the same voice',
    "rarer, after the wake word": "the rarer ones likewise",
}
NOT_MEASURED = "not measured"
MILLIONS = "million multiply-adds of the encoder a second"
Results = Mapping[str, Result]


@dataclass(frozen=True)
class Idea:
    """A row of the table.

    Attributes:
        name: what it is called.
        without: the arm without it.
        with_it: the arm with it.
        what: what the two arms are.
        after_wake: whether it is judged on clips after the wake word.
        saves: whether it is there to save work or bytes, and not words.
    """

    name: str
    without: str
    with_it: str
    what: str
    after_wake: bool = False
    saves: bool = False


IDEAS = (
    Idea(
        "The teacher itself",
        "d-pytorch",
        "teacher-itself",
        "Layers that run both ways above the student's encoder; no device could stream it. Without: the "
        "student. In the first 700 steps the output layers learnt too, to no use, and were then put back.",
    ),
    Idea(
        "Teacher-student",
        "control",
        "teacher",
        "The student learns a non-streaming teacher's soft outputs beside the transcripts.",
    ),
    Idea(
        "Teacher-student, also on untranscribed audio",
        "control",
        "untranscribed",
        "The same, and one batch in ten is of LibriSpeech clips that have no text here (221 clips, 0.8 h, "
        "by as many people): the teacher's reading stands for it.",
    ),
    Idea(
        "Audio context",
        "no-context",
        "control",
        "Half of the training utterances come after a wake word, or none.",
        after_wake=True,
    ),
    Idea(
        "Minimum word error rate",
        "c",
        "c-mwer",
        "Expected wrong words of n-best lists of four, for 18 minutes on from an older model; without: that "
        "model, with no such minutes.",
    ),
    Idea(
        "Quantisation-aware training",
        "no-grid",
        "control",
        "Weights are pulled toward their int8 grid while training, or not; both exported as int8.",
    ),
    Idea(
        "int8 weights instead of float32",
        "d-float32",
        DENSE,
        "The same training, exported twice.",
        saves=True,
    ),
    Idea(
        "Sparsity, 50 %",
        DENSE,
        "sparse-50",
        "Blocks of 1x16 pruned from minute 338 on; stopped at 412 of 425, before its rate had wholly fallen.",
        saves=True,
    ),
    Idea("Sparsity, 70 %", DENSE, "sparse-70", "Likewise, further.", saves=True),
    Idea(
        "Branching encoder",
        DENSE,
        "branches",
        "A small branch at steps that an arbiter chooses.",
        saves=True,
    ),
)


def report(results: Results, command: str) -> str:
    """The whole of REPORT.md."""
    made_by = f"Made by `{command}` from what `scripts.training.asr.measure` logged; no figure is typed in."
    parts = [
        "# What the training's ideas are worth",
        made_by,
        _sets(results),
        "## Idea by idea",
        "Words wrong in percent, without → with; then the difference, and in brackets where 95 of 100 draws "
        "of the same clips, with replacement, put it. An interval with 0 in it shows nothing.",
        table(results),
        "\n".join(f"- {idea.name}: {idea.what}" for idea in IDEAS),
        *_context(results),
        "## What helped, and what did not",
        _useless(results),
        "## What this cannot show",
        LIMITS,
        "## Sparsity and compute",
        "![Words wrong against sparsity](REPORT-sparsity.svg)",
        "![Words wrong against compute](REPORT-compute.svg)",
        "## More training, more data",
        _curve(results),
        "![Words wrong against minutes of training](REPORT-minutes.svg)",
        "## Every arm",
        _arms(results),
        _commands(results),
    ]
    return "\n\n".join(parts) + "\n"


LIMITS = """\
- Each arm is one training with one seed, and of few steps. The intervals tell what other clips of the same
  kinds would change; what another seed would change they do not, and it may be as much.
- An idea that needs a long training to pay, as a teacher's may, can look useless here.
- The everyday and rarer commands are one synthetic voice. The everyday ones were looked at while models
  trained: they are a dev set.
- Figures in PyTorch are without the n-gram model and with a narrower beam: compare them among themselves."""


def table(results: Results) -> str:
    """A row for every idea, measured or not."""
    lines = [
        f"| idea | arms | {' | '.join(MAIN)} | bytes of the networks | {MILLIONS} |",
        "|---|---|" + "---|" * (len(MAIN) + 2),
    ]
    for idea in IDEAS:
        without, with_it = results.get(idea.without), results.get(idea.with_it)
        missing = [name for name in (idea.without, idea.with_it) if name not in results]
        arms = f"{idea.without} → {idea.with_it}"
        if missing or not without or not with_it:
            cells = [f"{NOT_MEASURED}: {', '.join(missing)}", *[""] * (len(MAIN) + 1)]
        else:
            cells = [_changed(difference(without, with_it, of)) for of in MAIN]
            cells += [
                _cost(without, with_it, "bytes", "{:,.0f}"),
                _cost(without, with_it, "mmacs_per_s", "{:.1f}"),
            ]
        lines.append(f"| {idea.name} | {arms} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _changed(found: Difference | None) -> str:
    if found is None:
        return NOT_MEASURED
    interval = f"{found.points:+.1f} ({found.low:+.1f} to {found.high:+.1f})"
    return f"{found.without:.1f} → {found.without + found.points:.1f}, {interval}"


def _cost(without: Result, with_it: Result, key: str, form: str) -> str:
    before, after = without.told.get(key), with_it.told.get(key)
    if before is None or after is None:
        return NOT_MEASURED
    first, then = (form.format(value).replace(",", " ") for value in (before, after))
    return (
        f"{then}, the same" if before == after else f"{first} → {then} ({100 * (after / before - 1):+.0f} %)"
    )


def _sets(results: Results) -> str:
    """Which clips there are."""
    lines = ["| set | clips | words | what |", "|---|---|---|---|"]
    for name, what in SETS.items():
        counts = {
            (one.each[name].shape[1], int(one.each[name][0].sum()))
            for one in results.values()
            if name in one.each
        }
        told = [f"{clips} | {words}" for clips, words in sorted(counts)] or [f"{NOT_MEASURED} | "]
        lines += [f"| {name} | {numbers} | {what} |" for numbers in told]
    return "\n".join(lines)


def _context(results: Results) -> list[str]:
    """Ideas that are for requests after the wake word, on those."""
    lines = []
    for idea in IDEAS:
        arms = [results[name] for name in (idea.without, idea.with_it) if name in results]
        if idea.after_wake and len(arms) == 2:
            told = [f"{of}: {_changed(difference(arms[0], arms[1], of))}" for of in SETS if of not in MAIN]
            lines.append(f"{idea.name}, on requests after the wake word: {'; '.join(told)}.")
    return lines


def _useless(results: Results) -> str:
    """What every idea did."""
    lines = []
    for idea in IDEAS:
        without, with_it = results.get(idea.without), results.get(idea.with_it)
        if not without or not with_it:
            continue
        sets = [of for of in SETS if of in MAIN or idea.after_wake]
        found = {of: one for of in sets if (one := difference(without, with_it, of))}
        better, worse = (
            [of for of, one in found.items() if is_so(one)]
            for is_so in (lambda one: one.high < 0, lambda one: one.low > 0)
        )
        if idea.saves:
            relative = ", ".join(f"{of} {one.relative:+.0f} %" for of, one in found.items())
            lines.append(f"- {idea.name} costs, in percent of the words that were wrong: {relative}.")
        elif worse:
            lines.append(f"- {idea.name} made it worse: {', '.join(worse)}.")
        elif not better:
            lines.append(f"- {idea.name}: no difference that could not be chance.")
        else:
            lines.append(f"- {idea.name} helped: {', '.join(better)}. On the others nothing is shown.")
    return "\n".join(lines) or f"{NOT_MEASURED.capitalize()}."


def _curve(results: Results) -> str:
    """Words wrong along one training, and over shares of the data."""
    lines = [
        "Checkpoints of the averaged weights along one training, at a constant rate, and the two models "
        "whose rate had fallen to nothing:",
        "",
        f"| minutes on two cores | {' | '.join(MAIN)} | |",
        "|---|" + "---|" * (len(MAIN) + 1),
    ]
    for one in along(results):
        rates = " | ".join(_percent(one.wer(of)) for of in MAIN)
        fallen = "on the way" if one.told.get("idea") == CURVE else f"the rate had fallen ({one.name})"
        lines.append(f"| {one.told['minutes']:.0f} | {rates} | {fallen} |")
    if SHORTER in results and DENSE in results:
        told = [f"{of} {_changed(difference(results[SHORTER], results[DENSE], of))}" for of in MAIN]
        lines += ["", f"From {SHORTER} to {DENSE}: {'; '.join(told)}."]
    shares = [f"data {share}" for share in (25, 50, 100)]
    lines += ["", "| share of people's clips | " + " | ".join(MAIN) + " |", "|---|" + "---|" * len(MAIN)]
    for name in shares:
        found = results.get(name)
        rates = " | ".join(_percent(found.wer(of) if found else None) for of in MAIN)
        lines.append(f"| {name.split()[1]} % | {rates} |")
    if not any(name in results for name in shares):
        lines += [
            "",
            "A curve over the data needs a whole training for each share (`train --data-share 0.25`), 400 "
            "minutes of two cores each; going on from weights that have heard everything would show nothing.",
        ]
    return "\n".join(lines)


def _arms(results: Results) -> str:
    """Everything that was measured."""
    lines = [
        f"| arm | for | from | steps | minutes | {' | '.join(SETS)} | bytes | {MILLIONS} |",
        "|---|---|---|---|---|" + "---|" * (len(SETS) + 2),
    ]
    for one in results.values():
        told = [str(one.told.get(key, "")) for key in ("idea", "from", "steps", "minutes")]
        rates = [_percent(one.wer(of)) for of in SETS]
        costs = [str(one.told.get(key, "")) for key in ("bytes", "mmacs_per_s")]
        lines.append(f"| {' | '.join([one.name, *told, *rates, *costs])} |")
    return "\n".join(lines)


def _commands(results: Results) -> str:
    """The commands of trainings that left word of theirs, and one that measures."""
    lines = [f"- {one.name}: `{one.told['command']}`" for one in results.values() if "command" in one.told]
    measured = [one.told["measured"] for one in results.values()][-1:]
    return "\n".join([*lines, *(f"- measured as in `{one}`" for one in measured)])


def _percent(value: float | None) -> str:
    return NOT_MEASURED if value is None else f"{value:.1f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, required=True, help="JSON lines from measure")
    args = parser.parse_args(arguments)
    results = read_results(args.results)
    command = "python -m scripts.training.asr.report --results firmware_models/REPORT.jsonl"
    (args.results.parent / "REPORT.md").write_text(report(results, command), encoding="utf-8")
    for name, drawn in plots(results).items():
        (args.results.parent / name).write_text(drawn, encoding="utf-8")


if __name__ == "__main__":
    main()
