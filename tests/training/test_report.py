"""The report on the training's ideas: what was measured, with and without each, and what was not."""

import json
from xml.etree import ElementTree

import pytest

from scripts.training.asr.report import IDEAS, NOT_MEASURED, main, report, table
from scripts.training.asr.report_plots import plots
from scripts.training.asr.results import MAIN, difference, read_results


def line(name, edits, sets=MAIN, **told):
    words = [10] * len(edits)
    found = {of: {"clips": len(edits), "words": sum(words), "wer": 0, "each": [words, edits]} for of in sets}
    return json.dumps({"name": name, "minutes": 400.0, "measured": "python -m x", **told, "sets": found})


@pytest.fixture
def written(tmp_path):
    def write(*lines):
        path = tmp_path / "REPORT.jsonl"
        path.write_text("".join(f"{one}\n" for one in lines))
        return path

    return write


def row_of(results, name):
    return next(row for row in table(results).splitlines() if row.startswith(f"| {name} |"))


def test_a_later_line_of_an_arm_takes_the_place_of_an_earlier_one_and_keeps_its_other_sets(written):
    path = written(line("d", [1, 1]), line("d", [3, 3], sets=["people"], bytes=7))
    found = read_results(path)["d"]
    assert (found.wer("everyday"), found.wer("people"), found.told["bytes"]) == (10.0, 30.0, 7)
    assert found.wer("elsewhere") is None


def test_a_difference_comes_with_where_other_clips_may_put_it(written):
    results = read_results(written(line("a", [2, 2, 2, 2]), line("b", [1, 1, 1, 1]), line("c", [9, 0, 0, 1])))
    sure = difference(results["a"], results["b"], "people")
    assert sure and (sure.without, sure.points, sure.low, sure.high) == (20.0, -10.0, -10.0, -10.0)
    assert sure.relative == -50
    unsure = difference(results["a"], results["c"], "people")
    assert unsure and unsure.points == 5.0 and unsure.low < 0 < unsure.high


def test_arms_on_different_clips_are_not_compared(written):
    results = read_results(written(line("a", [2, 2]), line("b", [1, 1, 1])))
    assert difference(results["a"], results["b"], "people") is None


def test_every_idea_has_a_row_and_says_what_is_missing(written):
    results = read_results(written(line("control", [1, 1])))
    assert len(table(results).splitlines()) == 2 + len(IDEAS)
    assert f"{NOT_MEASURED}: teacher" in row_of(results, "Teacher-student")
    assert f"{NOT_MEASURED}: no-grid" in row_of(results, "Quantisation-aware training")


def test_a_row_tells_words_bytes_and_work_with_and_without(written):
    dense = line("d", [1, 1], bytes=4_000_000, mmacs_per_s=50.0, zero=0.0)
    wide = line("d-float32", [1, 1], bytes=4_000_000, mmacs_per_s=50.0)
    sparse = line("sparse-50", [2, 2], bytes=3_000_000, mmacs_per_s=25.0, zero=0.5)
    results = read_results(written(dense, wide, sparse))
    row = row_of(results, "Sparsity, 50 %")
    assert "10.0 → 20.0, +10.0 (+10.0 to +10.0)" in row
    assert "4 000 000 → 3 000 000 (-25 %)" in row and "50.0 → 25.0 (-50 %)" in row
    assert "4 000 000, the same | 50.0, the same" in row_of(results, "int8 weights instead of float32")


def test_what_helped_what_did_not_and_what_it_costs_is_said(written):
    results = read_results(
        written(
            *(line("control", [2, 2]), line("teacher", [1, 1]), line("untranscribed", [3, 3])),
            *(line("no-grid", [4, 0]), line("d", [2, 2]), line("sparse-50", [3, 3])),
        )
    )
    said = report(results, "x")
    assert "- Teacher-student helped: everyday, rarer, people." in said
    assert "- Teacher-student, also on untranscribed audio made it worse: everyday, rarer, people." in said
    assert "- Quantisation-aware training: no difference that could not be chance." in said
    assert "- Sparsity, 50 % costs, in percent of the words that were wrong: everyday +50 %" in said


def test_what_is_for_requests_after_the_wake_word_is_judged_on_them(written):
    after = ["everyday, after the wake word"]
    results = read_results(
        written(
            *(line("no-context", [2, 2]), line("control", [2, 2])),
            *(line("no-context", [6, 6], after), line("control", [1, 1], after)),
        )
    )
    said = report(results, "x")
    assert "everyday, after the wake word: 60.0 → 10.0" in said
    assert "- Audio context helped: everyday, after the wake word." in said


def test_the_command_writes_the_report_and_its_plots_beside_the_results(written):
    path = written(
        line("d", [1, 1], zero=0.0, mmacs_per_s=50.0),
        line("sparse-50", [2, 2], zero=0.5, mmacs_per_s=25.0),
        line("b51", [4, 4], idea="learning curve"),
    )
    main(["--results", str(path)])
    said = (path.parent / "REPORT.md").read_text()
    for name in ("REPORT-sparsity.svg", "REPORT-compute.svg", "REPORT-minutes.svg"):
        assert f"({name})" in said
        assert ElementTree.parse(path.parent / name).getroot().tag.endswith("svg")


def test_what_twice_the_training_gave_is_said(written):
    said = report(read_results(written(line("c", [2, 2]), line("d", [1, 1]))), "x")
    assert "From c to d: everyday 20.0 → 10.0, -10.0 (-10.0 to -10.0); rarer" in said


def test_a_plot_has_a_line_for_each_set_that_has_two_points(written):
    results = read_results(written(line("d", [1, 1], zero=0.0), line("sparse-50", [2, 2], zero=0.5)))
    drawn = ElementTree.fromstring(plots(results)["REPORT-sparsity.svg"])
    space = "{http://www.w3.org/2000/svg}"
    assert len(list(drawn.iter(f"{space}polyline"))) == 1 + len(MAIN)
    names = [one.text for one in drawn.iter(f"{space}title")]
    assert names == ["d", "sparse-50"] * len(MAIN)


def test_nothing_measured_is_a_report_too(written):
    results = read_results(written())
    assert NOT_MEASURED in report(results, "x") and len(plots(results)) == 3
