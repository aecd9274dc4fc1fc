"""`alexa-local understand`."""

import json
from pathlib import Path

import pytest

from alexa_local.cli import main

INTENTS = """
intents:
  makeTea:
    sentences: ["make tea", "turn on the music"]
    reply: "Tea."
  brewTea:
    sentences: ["(make|brew) tea"]
    reply: "Tea."
  harmless:
    sentences: ["feed the goldfish"]
    reply: "Fed."
"""


@pytest.fixture
def config(tmp_path: Path) -> list[str]:
    intents = tmp_path / "intents.yaml"
    intents.write_text(INTENTS)
    file = tmp_path / "config.yaml"
    file.write_text(
        f"understanding: {{intents_file: {intents}}}\ndaemon: {{state_dir: {tmp_path}}}\n"
        "home: {devices: [{name: reading lamp, kind: light, run: [echo]}]}\n"
    )
    return ["--config", str(file)]


def test_it_tells_intent_and_slots(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["understand", "turn", "on", "the", "reading", "lamp", *config]) == 0
    assert capsys.readouterr().out.splitlines() == ["TurnOn (100 % sure)", "  device: reading lamp"]


def test_both_requests_are_told_as_json(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["understand", "--json", "Set a timer for 5 minutes and feed the goldfish", *config]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["intent"], found["slots"]) == ("SetTimer", {"duration": 300})
    assert [one["intent"] for one in found["also"]] == ["harmless"]


def test_what_means_nothing_is_no_success(config: list[str]) -> None:
    assert main(["understand", "colourless green ideas sleep furiously", *config]) == 1


def test_nothing_to_understand_is_a_wrong_command_line(config: list[str]) -> None:
    assert main(["understand", "...", *config]) == 64


def test_clashes_are_told_with_a_sentence(config: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["understand", "--clashes", "--json", *config]) == 1
    found = json.loads(capsys.readouterr().out)["clashes"]
    pairs = {(one["intent"], one["other"]): one["sentence"] for one in found}
    assert pairs[("makeTea", "brewTea")] == "make tea"
    assert ("brewTea", "makeTea") in pairs
    assert [other for intent, other in pairs if intent == "harmless"] == []


def test_without_own_intents_there_is_nothing_to_clash(tmp_path: Path) -> None:
    assert main(["understand", "--clashes", "--config", str(tmp_path / "none.yaml")]) in (78, 66)
