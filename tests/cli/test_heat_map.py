"""Attention maps as text and as pictures: the strongest phrases first, any length, any name."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from alexa_local.cli.bias_show import strongest
from alexa_local.cli.heat_map import HeatMap, as_svg, as_text

SHARES = np.array([[0.0, 0.1, 0.0], [0.9, 0.0, 0.25], [0.0, 0.0, 1.0]], np.float32)


def test_the_strongest_phrases_come_first() -> None:
    drawn = strongest(("ann", "bob", "cleo"), SHARES, 0.08, 2)
    assert drawn.names == ("cleo", "ann")
    np.testing.assert_array_equal(drawn.rows, SHARES.T[[2, 0]])


def test_text_has_a_line_for_each_phrase_and_darker_cells_for_more() -> None:
    lines = as_text(strongest(("ann", "bob", "cleo"), SHARES, 0.08, 3), 60).split("\n")
    assert lines[0] == "cleo | ░█| 100%"
    assert lines[1] == "ann  | █ |  90%"
    assert lines[2].startswith("bob  |░  |")
    assert "0.2 s" in lines[3]


def test_a_long_recording_is_folded_to_the_width() -> None:
    rows = np.zeros((1, 1000), np.float32)
    rows[0, 777] = 1.0
    line = as_text(HeatMap(("ann",), rows, 0.08), 60).split("\n")[0]
    assert line.count("█") == 1 and len(line) < 80


@pytest.mark.parametrize("steps", [0, 1, 50])
def test_a_picture_is_whole_whatever_the_names(steps: int) -> None:
    drawn = HeatMap(("<a & b>", "日本 🙂"), np.full((2, steps), 0.5, np.float32), 0.08)
    root = ElementTree.fromstring(as_svg(drawn, 'heard "<this>"'))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts[:3] == ['heard "<this>"', "<a & b>", "日本 🙂"]
    assert as_text(drawn, 60)
