"""scripts/bench audio-path: what is summed up, and that one round of it works."""

import os

from scripts.benchmarks.audio_path import HELPS, USED, run, sum_up, table


def a_round(done_ms, pauses_ms=(), underruns=0):
    return {
        "late_ms": [0.1] * len(done_ms),
        "done_ms": done_ms,
        "pauses_ms": list(pauses_ms),
        "minor_faults": 2,
        "major_faults": 1,
        "underruns": underruns,
        "steps": 100.0,
    }


def test_all_rounds_of_a_way_count_together():
    found = sum_up([a_round([1.0, 2.0, 39.0], [4.0, 6.0]), a_round([3.0, 41.0], underruns=1)])
    assert (found.blocks, found.misses, found.underruns) == (5, 1, 1)
    assert (found.done_ms_p50, found.done_ms_most) == (3.0, 41.0)
    assert (found.pause_ms_most, found.pauses_over_5_ms) == (6.0, 1)
    assert (found.minor_faults, found.major_faults, found.steps_a_second) == (4, 2, 100.0)


def test_the_table_has_a_line_for_each_way_under_its_heading():
    heading, *lines = table({name: sum_up([a_round([1.0])]) for name in HELPS})
    assert [line[:24].strip() for line in lines] == list(HELPS)
    assert {len(line) for line in lines} == {len(heading)}


def test_a_round_tells_of_each_block():
    core = max(os.sched_getaffinity(0))
    found = sum_up([run(USED, seconds=0.2, core=core, others=0, core_share=1.0)])
    assert found.blocks >= 5 and found.steps_a_second > 0
