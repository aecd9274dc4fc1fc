"""How well written requests are understood: intents, slots, and what is out of scope.

    scripts/evaluate nlu FILE.jsonl [--intents FILE] [--contacts FILE] [--config FILE] [--json]

Rows are {"text": ..., "intent": ..., "slots": {...}}; "" or null stands for a request that is none of the
assistant's. Where the intents are those of a public set that the network was trained on (CLINC150 with its
"oos", HWU64, SLURP's scenarios, Snips, Home Assistant), its answer for that set is measured, which is the
figure that the set's papers publish; otherwise everything is, as the program does it, with the home of the
options. The last line is one JSON object; rates in it are percent.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alexa_local.errors import AlexaLocalError, UsageError
from alexa_local.messages import Hypothesis
from alexa_local.recognise import spoken_form
from scripts.evaluation.engines import Engines
from scripts.evaluation.intent import comparable

OUT_OF_SCOPE = ("", "oos", "none", "None", "out_of_scope", "OutOfScope")
SCENARIOS = "scenario"

Answer = Callable[[str], tuple[str, Mapping[str, Any] | Sequence[tuple[str, str]]]]
"""From words to an intent and slots."""


@dataclass
class Understood:
    """What a run over rows found; slots are counted over the rows that have any wanted or given."""

    rows: int = 0
    right: int = 0
    exact: int = 0
    slots_right: int = 0
    slots_wanted: int = 0
    slots_given: int = 0
    outside: int = 0
    outside_right: int = 0
    taken_for_none: int = 0
    cpu_ms: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """The last line of `scripts/evaluate nlu`; F1 is 100 when no slot was wanted or given."""
        slots = self.slots_wanted + self.slots_given
        return {
            "rows": self.rows,
            "intent_accuracy": _percent(self.right, self.rows),
            "slots_f1": round(200 * self.slots_right / slots, 2) if slots else 100.0,
            "exact": _percent(self.exact, self.rows),
        }

    def lines(self) -> list[str]:
        """The same for people."""
        inside = self.rows - self.outside
        return [
            f"{self.rows} rows, the right intent in {self.right}",
            f"in scope: {_percent(self.right - self.outside_right, inside)} % of {inside} right, "
            f"{self.taken_for_none} taken for out of scope",
            f"out of scope: {_percent(self.outside_right, self.outside)} % of {self.outside} recognised",
            f"{statistics.median(self.cpu_ms or [0.0]):.1f} ms of processor time each (the median)",
            f"slots: {self.slots_right} right of {self.slots_wanted} wanted, {self.slots_given} given",
        ]


def measure(
    rows: Iterable[Mapping[str, Any]], answer: Answer, per_row: Callable[[dict[str, Any]], None]
) -> Understood:
    """Understand every row, and hand what was found of each to `per_row`."""
    found = Understood()
    for row in rows:
        wanted_intent = _intent(row.get("intent"))
        began_s = time.process_time()
        intent, slots = answer(spoken_form(str(row["text"])))
        found.cpu_ms.append(1000 * (time.process_time() - began_s))
        intent = _intent(intent)
        wanted, given = _slots(row.get("slots") or {}), _slots(slots)
        same = intent == wanted_intent
        found.rows += 1
        found.right += same
        found.outside += not wanted_intent
        found.outside_right += same and not wanted_intent
        found.taken_for_none += bool(wanted_intent) and not intent
        if "slots" in row:
            found.exact += same and wanted == given
            found.slots_right += len(wanted & given)
            found.slots_wanted += len(wanted)
            found.slots_given += len(given)
        else:
            found.exact += same
        per_row({"text": row["text"], "wanted": wanted_intent, "intent": intent, "slots": sorted(given)})
    return found


def task_of(intents: Iterable[str], tasks: Mapping[str, Iterable[str]]) -> str | None:
    """The public set whose intents these are; None for the assistant's own, or a mixture."""
    wanted = {intent for intent in intents if _intent(intent)}
    for task, known in tasks.items():
        if wanted and wanted <= set(known):
            return task
    return None


def read_rows(file: Path) -> list[dict[str, Any]]:
    """The rows of a file.

    Raises:
        UsageError: it cannot be read, or a row is not what it should be.
    """
    rows = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read ({error}). Name a file of JSON lines.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            row["text"], row["intent"]
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(
                f"{file}, line {number}: not {{text, intent, slots}} ({error!r}). Correct it."
            ) from error
        rows.append(row)
    return rows


def main(arguments: Sequence[str], make: Engines | None = None) -> int:
    """Measure as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/evaluate nlu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--intents", type=Path, metavar="FILE", help="an owner's intents")
    parser.add_argument("--contacts", type=Path, metavar="FILE", help="an address book")
    parser.add_argument("--config", type=Path, metavar="FILE", help="a configuration with devices")
    parser.add_argument("--json", action="store_true", help="one JSON object for each row instead of lines")
    args = parser.parse_args(arguments)
    make = make or Engines()
    try:
        rows = [row for file in args.files for row in read_rows(file)]
        answer = _answer_of(rows, args, make)
        found = measure(rows, answer, _print_json if args.json else lambda row: None)
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(*found.lines(), sep="\n", file=sys.stderr if args.json else sys.stdout)
    _print_json(found.summary())
    return 0


def _answer_of(rows: Sequence[Mapping[str, Any]], args: argparse.Namespace, make: Engines) -> Answer:
    reader = make.reader()
    intents = {str(row["intent"] or "") for row in rows}
    scenarios = {name.partition("_")[0] for name in reader.tasks.get("hwu", ())}
    task = task_of(intents, {**reader.tasks, SCENARIOS: scenarios})
    if task is not None:
        print(f"measured: the network's answer for the set {task!r}", file=sys.stderr)
        names: Mapping[str, Sequence[str]] = {}

        def of_set(text: str) -> tuple[str, Sequence[tuple[str, str]]]:
            read = reader.read(text, names)
            if task == SCENARIOS:
                shares: dict[str, float] = {}
                for name, share in read.others["hwu"].items():
                    scenario = name.partition("_")[0]
                    shares[scenario] = shares.get(scenario, 0.0) + share
            else:
                shares = dict(read.others.get(task, {}))
            return max(shares, key=shares.__getitem__, default=""), read.values(task)

        return of_set
    interpret, _, _ = make.interpret(args.intents, args.contacts, args.config, intents)

    def of_program(text: str) -> tuple[str, Mapping[str, Any]]:
        found = interpret([Hypothesis(text, 0.0)])
        return found.intent, found.slots

    return of_program


def _intent(name: Any) -> str:
    return "" if name is None or name in OUT_OF_SCOPE else str(name)


def _slots(slots: Mapping[str, Any] | Sequence[Sequence[str]]) -> set[tuple[str, str]]:
    if isinstance(slots, Mapping):
        return comparable(slots)
    return {(name, spoken_form(value)) for name, value in slots}


def _percent(part: int, whole: int) -> float:
    return round(100 * part / max(1, whole), 2)


def _print_json(row: dict[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False, default=str), flush=True)
