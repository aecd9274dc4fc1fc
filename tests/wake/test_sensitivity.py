"""Steps of sensitivity: read from a model's manifest, and moved by what the loudspeaker plays."""

from __future__ import annotations

from pathlib import Path

import pytest

from alexa_local.errors import ModelError
from alexa_local.models import Model
from alexa_local.wake import levels_at, measured
from alexa_local.wake.sensitivity import STEPS, Level

ROWS = [
    {
        "step": step,
        "threshold": 0.9 - 0.2 * at,
        "verification": 0.5,
        "missed_pct": 5.0 - at,
        "missed_noise_pct": 9.0 - at,
        "false_per_hour": 0.1 * at,
    }
    for at, step in enumerate(STEPS)
]


def model(rows: object) -> Model:
    return Model("wake-alexa", Path(), {"sensitivity": rows})


def test_the_steps_come_in_their_order_whatever_the_file_has() -> None:
    steps = measured(model(ROWS[::-1]))
    assert [one.step for one in steps] == list(STEPS)
    assert (steps[0].missed_pct, steps[0].missed_noise_pct, steps[0].false_per_hour) == (5.0, 9.0, 0.0)


@pytest.mark.parametrize("rows", [ROWS[:-1], [], None, [{"step": step} for step in STEPS], [3]])
def test_a_model_that_lacks_a_step_is_refused(rows: object) -> None:
    with pytest.raises(ModelError, match="does not tell its steps of sensitivity"):
        measured(model(rows))


def test_the_device_hears_less_easily_while_it_speaks_and_more_easily_over_music() -> None:
    chosen = levels_at(measured(model(ROWS)), "medium")
    assert chosen.of("") == Level(pytest.approx(0.5), 0.5)
    assert chosen.of("speech").threshold > 0.5 > chosen.of("music").threshold == chosen.of("alarm").threshold


@pytest.mark.parametrize("step", ["lowest", "highest"])
def test_there_is_nothing_beyond_the_last_step(step) -> None:
    chosen = levels_at(measured(model(ROWS)), step)
    assert chosen.silence in (chosen.speech, chosen.music)


def test_an_owners_own_threshold_counts_whatever_is_played() -> None:
    chosen = levels_at(measured(model(ROWS)), "low", threshold=0.42)
    assert {chosen.of(what).threshold for what in ("", "speech", "alarm", "music")} == {0.42}
