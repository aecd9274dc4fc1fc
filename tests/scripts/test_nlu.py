"""Measuring how written requests are understood."""

import json
from pathlib import Path

import pytest

from scripts.evaluation import nlu


def rows(tmp_path: Path, *rows: dict) -> Path:
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def test_intents_and_slots_are_counted() -> None:
    answers = {
        "one": ("A", {"x": 3}),
        "two": ("A", {"x": 3, "y": "no"}),
        "three": ("B", {}),
        "four": ("", {}),
    }
    wanted = [
        {"text": "one", "intent": "A", "slots": {"x": "three"}},
        {"text": "two", "intent": "A", "slots": {"x": "three"}},
        {"text": "three", "intent": "oos"},
        {"text": "four", "intent": None},
    ]
    found = nlu.measure(wanted, answers.__getitem__, lambda row: None)
    assert found.summary() == {"rows": 4, "intent_accuracy": 75.0, "slots_f1": 80.0, "exact": 50.0}


def test_the_set_is_known_by_its_intents() -> None:
    tasks = {"one": ("a", "b"), "two": ("b", "c", "d")}
    assert nlu.task_of(["b", "d", "oos"], tasks) == "two"
    assert nlu.task_of(["a"], tasks) == "one"
    assert nlu.task_of(["a", "c"], tasks) is None
    assert nlu.task_of(["", "oos"], tasks) is None


@pytest.mark.parametrize(("intent", "accuracy"), [("SetTimer", 100.0), ("GetTime", 0.0)])
def test_our_own_intents_are_measured_as_the_program_understands_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], intent: str, accuracy: float
) -> None:
    row = {"text": "Set a timer for 10 minutes", "intent": intent, "slots": {"duration": 600}}
    assert nlu.main([str(rows(tmp_path, row))]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["intent_accuracy"] == accuracy
    assert set(last) == {"rows", "intent_accuracy", "slots_f1", "exact"}


def test_a_public_sets_rows_are_measured_by_its_own_intents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = rows(
        tmp_path,
        {"text": "what is the weather in Paris", "intent": "GetWeather", "slots": [["city", "Paris"]]},
        {"text": "play some jazz", "intent": "PlayMusic", "slots": [["genre", "jazz"]]},
    )
    assert nlu.main([str(file)]) == 0
    out = capsys.readouterr()
    assert "'snips'" in out.err
    assert json.loads(out.out.splitlines()[-1])["intent_accuracy"] == 100.0


@pytest.mark.parametrize("line", ["{", '{"text": "a"}', "[1, 2]"])
def test_a_row_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(line + "\n")
    assert nlu.main([str(file)]) == 64
    assert "line 1" in capsys.readouterr().err
