"""The table of biasing: words and names right with none, fusion, attention and both, by catalogue size.

    scripts/evaluate biasing SETS --cells CELLS.jsonl [--out TABLE.md]

SETS is the folder that `scripts.evaluation.make_names` made. Every cell that is measured is added to CELLS
at once, and one that is there is not measured again. Another model, beam or limit makes other cells; when the
program changed, take another file. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import AlexaLocalError
from alexa_local.messages import Hypothesis
from alexa_local.models import open_model
from alexa_local.models.manifest import MANIFEST
from scripts.evaluation.asr import measure
from scripts.evaluation.engines import Biasing, Engines, bias
from scripts.evaluation.manifest import Choice, Clips, Row, read_manifest
from scripts.evaluation.name_sets import Set, sets
from scripts.evaluation.names import Names

SIZES = (50, 500, 5000)
NONE: Biasing = "none"


@dataclass(frozen=True)
class Cell:
    """One measurement: its key, and what it found.

    Attributes:
        of: the set.
        biasing: how names helped.
        size: names known; 0 for none.
        model: what tells models, beams and limits apart.
        clips: recognised clips.
        words: words of their texts.
        errors: words wrong, missed or made up.
        names: names spoken.
        names_right: those that were recognised.
        cpu_s: CPU seconds of recognition.
    """

    of: str
    biasing: str
    size: int
    model: str
    clips: int = 0
    words: int = 0
    errors: int = 0
    names: int = 0
    names_right: int = 0
    cpu_s: float = 0.0

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What is measured but once."""
        return self.of, self.biasing, self.size, self.model

    @property
    def wer(self) -> float | None:
        """Word errors in percent; None where no words are known."""
        return 100 * self.errors / self.words if self.words else None

    @property
    def right(self) -> float | None:
        """Names that are right, in percent; None where none is spoken."""
        return 100 * self.names_right / self.names if self.names else None


class Told:
    """A recogniser that is told of each clip's catalogue before it hears the clip."""

    def __init__(self, engines: Engines, of: Set, biasing: Biasing, size: int) -> None:
        self._recogniser = engines.recogniser()
        self._set, self._biasing, self._size = of, biasing, size
        self._is_told = False

    def clips(
        self, clips: Iterator[tuple[Row, NDArray[np.int16]]]
    ) -> Iterator[tuple[Row, NDArray[np.int16]]]:
        """The clips; the recogniser knows of each by the time it comes."""
        for row, samples in clips:
            if not (self._is_told and self._set.whole):
                bias(self._recogniser, self._set.catalogue(row, self._size), self._biasing)
                self._is_told = True
            yield row, samples

    def transcribe(self, samples: NDArray[np.int16]) -> list[Hypothesis]:
        """The readings of a clip."""
        return self._recogniser.transcribe(samples)


def measure_cell(engines: Engines, of: Set, rows: Sequence[Row], blank: Cell) -> Cell:
    """Fill in one cell."""
    biasing: Biasing = next(one for one in get_args(Biasing) if one == blank.biasing)
    told = Told(engines, of, biasing, blank.size)
    if not of.has_names:
        rows = [replace(row, labels={**row.labels, "names": []}) for row in rows]
    clips = Clips(rows, None, lambda line: print(line, file=sys.stderr))
    found = measure(told.clips(iter(clips)), told.transcribe, lambda row: None, Names(()))
    return Cell(
        *blank.key,
        clips=found.clips,
        words=found.words,
        errors=found.edits.total,
        names=found.names,
        names_right=found.names_right,
        cpu_s=round(found.cpu_s, 2),
    )


def table(cells: Mapping[tuple[str, str, int], Cell], about: Mapping[str, str]) -> list[str]:
    """Markdown, one table a set; changes are relative to no biasing, of words wrong and of names wrong."""
    lines: list[str] = []
    for of, told in about.items():
        found = {key: cell for key, cell in cells.items() if key[0] == of}
        base = found.get((of, NONE, 0))
        if base is None:
            continue
        lines += ["", f"**{of}**: {told}; {base.clips} clips, {base.names} names", ""]
        lines += ["| biasing | names known | words wrong | change | names right | wrong names, change |"]
        lines += ["|---|---:|---:|---:|---:|---:|"]
        for (_, biasing, size), cell in found.items():
            wrong = None if cell.right is None else 100 - cell.right
            was_wrong = None if base.right is None else 100 - base.right
            changes = [change(cell.wer, base.wer), change(wrong, was_wrong)] if size else [None, None]
            columns = (cell.wer, changes[0], cell.right, changes[1])
            shown = " | ".join("" if value is None else f"{value:.1f} %" for value in columns)
            lines.append(f"| {biasing} | {size} | {shown} |")
    return lines[1:]


def change(now: float | None, before: float | None) -> float | None:
    """In percent of what was before; negative is better."""
    return None if now is None or not before else 100 * (now - before) / before


def main(argv: Sequence[str] | None = None, engines: Engines | None = None) -> int:
    """Measure what is not measured yet, and print the table; return the exit code."""
    top = argparse.ArgumentParser(
        prog="scripts/evaluate biasing", description=(__doc__ or "").splitlines()[0]
    )
    top.add_argument("sets", type=Path, metavar="SETS", help="folder that make_names made")
    top.add_argument(
        "--cells", type=Path, required=True, metavar="FILE", help="what is measured, as JSON lines"
    )
    top.add_argument("--out", type=Path, metavar="FILE", help="the table as Markdown, besides printing it")
    top.add_argument("--biasing", nargs="*", choices=get_args(Biasing), default=list(get_args(Biasing)))
    top.add_argument("--sizes", nargs="*", type=int, default=list(SIZES), metavar="N", help="names known")
    top.add_argument("--only", nargs="*", metavar="SET", help="the sets of these names alone")
    top.add_argument("--limit", type=int, default=0, metavar="N", help="N clips a set, spread evenly")
    top.add_argument("--model", metavar="NAME", help="another model's folder name than the program's own")
    top.add_argument("--beam", type=int, metavar="N", help="another beam than the program's own")
    args = top.parse_args(argv)
    try:
        found, about = _fill(args, engines or Engines(args.model, args.beam), _fingerprint(args))
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    lines = table(found, about)
    print(*lines, sep="\n")
    if args.out:
        args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps(summary(found)), flush=True)
    return 0


def _fill(
    args: argparse.Namespace, engines: Engines, model: str
) -> tuple[dict[tuple[str, str, int], Cell], dict[str, str]]:
    known = {cell.key: cell for cell in read_cells(args.cells)}
    found: dict[tuple[str, str, int], Cell] = {}
    chosen = [one for one in sets(args.sets) if not args.only or one.name in args.only]
    for of in chosen:
        rows = Choice(limit=args.limit).of(read_manifest(args.sets / of.folder / "manifest.jsonl"))
        wanted = [(NONE, 0)] + [(how, size) for how in args.biasing if how != NONE for size in args.sizes]
        for biasing, size in wanted:
            blank = Cell(of.name, biasing, size, model)
            cell = known.get(blank.key)
            if cell is None:
                print(f"measuring {of.name}, {biasing}, {size} names, {len(rows)} clips", file=sys.stderr)
                cell = measure_cell(engines, of, rows, blank)
                with args.cells.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(cell)) + "\n")
            found[of.name, biasing, size] = cell
    return found, {of.name: of.about for of in chosen}


def read_cells(path: Path) -> list[Cell]:
    """What was measured before; a line that was cut short is left out, so it is measured again."""
    cells = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            cells.append(Cell(**json.loads(line)))
        except (ValueError, TypeError):
            print(f"{path}: a line that is no cell is left out", file=sys.stderr)
    return cells


def _fingerprint(args: argparse.Namespace) -> str:
    """Tells what was measured from what would be: the model's files, the beam and the limit."""
    from alexa_local.config import RecogniserSettings

    folder = open_model(args.model or RecogniserSettings().model).folder
    sha = hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()[:12]
    return f"{sha} beam {args.beam or RecogniserSettings().beam} limit {args.limit}"


def summary(cells: Mapping[tuple[str, str, int], Cell]) -> dict[str, Any]:
    """The last line: for each set, biasing and size the words wrong and the names right, in percent."""
    found: dict[str, Any] = {}
    for (of, biasing, size), cell in cells.items():
        rates = {"wer": cell.wer, "names_right": cell.right}
        known = {name: round(rate, 2) for name, rate in rates.items() if rate is not None}
        found.setdefault(of, {})[biasing if biasing == NONE else f"{biasing} {size}"] = known
    return found


if __name__ == "__main__":
    sys.exit(main())
