"""The demo: its household is a valid configuration, and its summary tells the truth."""

from pathlib import Path

import pytest
import yaml

from alexa_local.config import load_config
from alexa_local.messages import Hypothesis
from scripts.demo.__main__ import household, summary, understood
from scripts.demo.scene import SCENE, Spoken
from scripts.evaluation import engines

TWO = (Spoken("what time is it", "GetTime"), Spoken("stop", "Stop"))
TIMER = Spoken("set a timer for ten minutes", "SetTimer", {"duration": 600})


def intents(*names: str) -> list[dict[str, str]]:
    return [{"event": "intent", "intent": name} for name in names]


def test_the_household_is_a_valid_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(household(tmp_path)))
    config = load_config(file)
    assert "kitchen light" in [device.name for device in config.home.devices]
    assert config.daemon.state_dir == tmp_path / "state"


@pytest.mark.parametrize(
    ("events", "found"),
    [
        (intents("GetTime", "Stop"), [True, True]),
        (intents("Stop"), [False, True]),
        (intents("GetTime", ""), [True, False]),
        (intents("", "GetTime", "SetTimer", "Stop"), [True, True]),
        ([{"event": "stt_text", "text": "stop"}], [False, False]),
        ([], [False, False]),
    ],
)
def test_a_command_counts_when_its_intent_came_up_in_its_turn(
    events: list[dict[str, str]], found: list[bool]
) -> None:
    assert understood(TWO, events) == found


@pytest.mark.parametrize(
    ("slots", "found"), [({"duration": 600}, [True]), ({"duration": 60}, [False]), ({}, [False])]
)
def test_a_command_with_another_value_was_not_understood(slots: dict[str, int], found: list[bool]) -> None:
    assert understood([TIMER], [{"event": "intent", "intent": "SetTimer", "slots": slots}]) == found


def test_the_summary_counts_commands_and_wake_words() -> None:
    lines = summary(TWO, [{"event": "wake_word_detected"}, *intents("Stop")])
    assert '1 of 2 spoken commands understood ("Alexa" heard 1 times):' in lines
    assert "  ✗ Alexa, what time is it" in lines
    assert "  ✓ Alexa, stop" in lines


def test_the_scene_uses_intents_that_exist() -> None:
    table = Path(__file__).parents[2] / "alexa_local" / "understand" / "intents.yaml"
    known = yaml.safe_load(table.read_text())["intents"]
    assert {command.intent for command in SCENE} <= set(known)


def test_the_scene_means_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(household(tmp_path)))
    interpret = engines.Engines().interpret(None, None, file, set())[0]
    for command in SCENE:
        meaning = interpret([Hypothesis(command.words, -1.0)])
        assert (meaning.intent, dict(meaning.slots)) == (command.intent, dict(command.slots))
