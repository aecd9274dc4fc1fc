"""scripts/bench: how costs are summed up and compared."""

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
