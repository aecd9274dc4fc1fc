"""scripts/evaluate biasing: what is measured once and kept, what is known while it is measured, the table."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from alexa_local.messages import Hypothesis, PhraseClass
from scripts.evaluation import biasing
from scripts.evaluation.__main__ import main
from scripts.evaluation.biasing import Cell, change, table
from scripts.evaluation.engines import Engines
from scripts.evaluation.name_sets import sets
from scripts.evaluation.rare_names import spoken_people

PERSON = spoken_people()[-1]


class NameRecogniser:
    """Hears the name that is known, and without a catalogue always another."""

    def __init__(self, log: list[int]) -> None:
        self._known: set[str] = set()
        self._log = log

    def listen_for(self, classes: Sequence[PhraseClass], biasing: str) -> None:
        self._known = {phrase for each in classes for phrase in each.phrases if biasing != "none"}
        self._log.append(len(self._known))

    def transcribe(self, samples: np.ndarray) -> list[Hypothesis]:
        said = {1600: "turpitude", 2400: "nobody"}.get(len(samples), PERSON)
        return [Hypothesis(f"call {said if said in self._known else 'nobody'}", 0.0)]


class NameEngines(Engines):
    """Engines that hear what they were told of."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[int] = []

    def recogniser(self) -> Any:
        return NameRecogniser(self.log)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Recordings in the form of make_names."""
    rows = {
        "commands": [{"text": f"call {PERSON}", "names": [PERSON]}],
        "everyday": [{"text": "call nobody", "names": []}],
        "said": [{"reference": PERSON, "names": [PERSON]}],
        "readers": [{"text": "call turpitude", "names": ["turpitude"]}],
    }
    for name, listed in rows.items():
        (tmp_path / name).mkdir()
        audio = f"{name}/0.wav"
        samples = np.full({"readers": 1600, "everyday": 2400}.get(name, 4000), 9, np.int16)
        soundfile.write(tmp_path / audio, samples, 16_000)
        lines = [json.dumps({"audio": audio, **row}) for row in listed]
        (tmp_path / name / "manifest.jsonl").write_text("\n".join(lines))
    (tmp_path / "rare_words.txt").write_text("\n".join(f"rare{c}" for c in "abcdefghijklmnopqrstuvwxyz"))
    return tmp_path


def measured(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    command = ["biasing", str(folder), "--cells", str(folder / "cells.jsonl"), *more]
    assert main(command, NameEngines()) == 0
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))


def test_names_are_right_when_they_are_known_and_other_speech_does_not_change(folder: Path, capsys) -> None:
    found = measured(folder, capsys, "--biasing", "none", "fusion", "--sizes", "50")
    right = {of: {key: cell.get("names_right") for key, cell in cells.items()} for of, cells in found.items()}
    assert right == {
        "commands": {"none": 0.0, "fusion 50": 100.0},
        "strangers": {"none": 0.0, "fusion 50": 0.0},
        "everyday": {"none": None, "fusion 50": None},
        "said": {"none": 0.0, "fusion 50": 100.0},
        "rare words": {"none": 0.0, "fusion 50": 100.0},
        "reading": {"none": None, "fusion 50": None},
    }
    assert found["everyday"]["fusion 50"] == {"wer": 0.0}
    assert "wer" not in found["said"]["none"]


def test_a_cell_that_is_there_is_not_measured_again_and_a_cut_line_is(
    folder: Path, capsys, monkeypatch
) -> None:
    only = ("--biasing", "fusion", "--sizes", "50", "--only", "commands")
    first = measured(folder, capsys, *only)
    kept = (folder / "cells.jsonl").read_text()
    assert len(kept.splitlines()) == 2
    (folder / "cells.jsonl").write_text(kept[:-20] + "\n")
    assert measured(folder, capsys, *only) == first
    monkeypatch.setattr(biasing, "measure_cell", None)
    assert measured(folder, capsys, *only, "--out", str(folder / "table.md")) == first
    assert "| fusion | 50 |" in (folder / "table.md").read_text()


@pytest.mark.parametrize("size", [50, 500])
def test_a_catalogue_has_as_many_people_and_other_names_as_it_says(folder: Path, size: int) -> None:
    from scripts.evaluation.manifest import read_manifest

    for of in sets(folder):
        (row,) = read_manifest(folder / of.folder / "manifest.jsonl")
        kinds = {each.kind: set(each.phrases) for each in of.catalogue(row, size)}
        full = [name for name in kinds.get("contact", ()) if " " in name]
        loose = kinds.get("phrase", set())
        if of.name == "rare words":
            assert "turpitude" in loose and len(loose) == 27  # there are no more
        elif of.name == "said":
            assert PERSON in loose and len(loose) == size
        elif of.name == "strangers":
            assert len(full) == size and PERSON not in full
        else:
            known = len(full) + 10 + len(kinds["music"]) + len(loose)  # ten go by their given name
            assert PERSON in full and size <= known < size + 5  # some names have two wordings


def test_changes_are_relative_to_no_biasing() -> None:
    cells = {
        ("a", "none", 0): Cell("a", "none", 0, "m", 10, 100, 20, 10, 5),
        ("a", "fusion", 50): Cell("a", "fusion", 50, "m", 10, 100, 15, 10, 9),
    }
    *_, none, fusion = table(cells, {"a": "about"})
    assert none == "| none | 0 | 20.0 % |  | 50.0 % |  |"
    assert fusion == "| fusion | 50 | 15.0 % | -25.0 % | 90.0 % | -80.0 % |"
    assert change(None, 1.0) is None and change(1.0, 0.0) is None
