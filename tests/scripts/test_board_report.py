"""What the board's bench tells: a table of all ways, and plots that are well-formed."""

from xml.etree import ElementTree

from scripts.benchmarks.board_report import latency_plot, parts_plot, table

FOUND = {
    "scheduler": {
        "commands": 4,
        "wake_to_action_ms_p95": 900.0,
        "part_shares_pct": {"wake": 0.5, "listen": 2.0},
        "latencies_ms": [900.0, 600.0, 20_000.0],
    },
    "plain_threads": {
        "commands": 4,
        "wake_to_action_ms_p95": None,
        "part_shares_pct": {"wake": 0.6},
        "latencies_ms": [],
    },
}


def test_the_table_has_a_column_for_each_way_and_a_row_for_each_figure_and_part() -> None:
    assert table(FOUND).splitlines() == [
        "| | scheduler | plain threads |",
        "|---|---|---|",
        "| commands | 4 | 4 |",
        "| wake_to_action_ms_p95 | 900 |  |",
        "| % of the whole core: listen | 2 |  |",
        "| % of the whole core: wake | 0.5 | 0.6 |",
    ]


def test_a_line_rises_by_one_command_at_each_latency_and_not_for_those_that_were_not_done() -> None:
    drawn = ElementTree.fromstring(latency_plot(FOUND))
    lines = [one.attrib["points"].split() for one in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    heights = [float(point.partition(",")[2]) for point in lines[0]]
    assert heights[0] == 340.0 and min(heights) == heights[-1] == 340.0 - 0.75 * 300.0
    assert {point.partition(",")[2] for point in lines[1]} == {"340.0"}


def test_the_largest_share_has_the_longest_bar() -> None:
    drawn = ElementTree.fromstring(parts_plot(FOUND["scheduler"]["part_shares_pct"]))
    bars = [one for one in drawn.iter("{http://www.w3.org/2000/svg}rect") if one.attrib.get("height") == "16"]
    assert [float(bar.attrib["width"]) for bar in bars] == [400.0, 100.0]
    assert ElementTree.fromstring(parts_plot({})) is not None
