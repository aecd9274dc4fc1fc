"""scripts/bench: how costs are summed up and compared."""

import json

import numpy as np
import pytest

from scripts.benchmarks import bias
from scripts.benchmarks.cost import Cost, cost_of, ratios, table


def cost(core_pct: float) -> Cost:
    return Cost(core_pct, core_pct, core_pct, 40.0, 6)


COSTS = {
    "alexa-local wake": cost(0.5),
    "pymicro-wakeword": cost(0.25),
    "pyopen-wakeword": cost(5.0),
    "alexa-local recognise": cost(10.0),
    "PocketSphinx recognise": cost(30.0),
}


def test_the_median_round_counts_so_that_one_disturbed_round_does_not() -> None:
    rounds = [{"cpu_s": cpu_s, "audio_s": 50.0, "peak_rss_mb": 40.0, "heard": 6} for cpu_s in (1.0, 9.0, 1.1)]
    assert cost_of(rounds) == Cost(2.2, 2.0, 18.0, 40.0, 6)


def test_others_are_compared_with_ours_for_the_same_job() -> None:
    assert ratios(COSTS) == {
        "pymicro-wakeword": 0.5,
        "pyopen-wakeword": 10.0,
        "PocketSphinx recognise": 3.0,
    }


def test_without_ours_there_is_no_ratio() -> None:
    assert ratios({"pymicro-wakeword": cost(0.25)}) == {}


def test_the_table_has_a_line_for_each_engine_under_its_heading() -> None:
    heading, *lines = table(COSTS)
    assert heading.split()[0] == "engine"
    assert [line[:24].strip() for line in lines] == list(COSTS)
    assert "x 10.00" in lines[2] and "x" not in lines[0].replace("alexa", "")


def test_a_catalogue_costs_the_median_of_its_rounds_over_none() -> None:
    rounds = [{0: 1.0, 500: 1.05, 5000: 1.2}, {0: 2.0, 500: 2.0, 5000: 2.2}, {0: 1.0, 500: 1.1, 5000: 1.1}]
    assert bias.ratios(rounds) == {0: 1.0, 500: 1.05, 5000: 1.1}


def test_every_catalogue_hears_every_request_and_takes_turns_to_be_first() -> None:
    heard: list[int] = []
    clock_s = iter(range(1000)).__next__
    recognise = {size: lambda sound, size=size: heard.append(size) for size in (0, 500, 5000)}
    found = bias.measure(recognise, [np.zeros(1, np.int16)] * 2, 3, lambda: float(clock_s()))
    assert found == [{0: 2.0, 500: 2.0, 5000: 2.0}] * 3
    assert heard[:6] == [0, 500, 5000, 500, 5000, 0]


@pytest.mark.parametrize("size", [0, 500, 5000])
def test_a_catalogue_has_as_many_phrases_as_it_says(size: int) -> None:
    assert sum(len(set(each.phrases)) for each in bias.catalogue(size)) == size


def test_the_last_line_of_bias_has_its_keys(monkeypatch, capsys) -> None:
    monkeypatch.setattr(bias, "_recogniser", lambda size, biasing, beam: lambda sound: sum(range(2000)))
    monkeypatch.setattr(bias, "requests", lambda: [np.zeros(16_000, np.int16)])
    assert bias.main(["--rounds", "1"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(found) == {"phrases", "time_ratio"}
    assert found["phrases"] == [0, 500, 5000] and found["time_ratio"][0] == 1.0
