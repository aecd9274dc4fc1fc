"""The load generator: real lattices through a real broker and workers of their own."""

import json

import pytest

from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice_wire import to_bytes
from alexa_local.testing.language_model import write_small_model
from alexa_local.testing.mosquitto import find_mosquitto
from scripts.benchmarks import rerank
from scripts.benchmarks.rerank import Heard


def heard(said: str, text: str, *others: str) -> Heard:
    arcs = [LatticeArc(0, 1, word, 0.0, 0.5, -1.0 - at) for at, word in enumerate((text, *others))]
    return Heard(said, text, to_bytes(Lattice((0.0, 0.5), tuple(arcs))))


@pytest.mark.skipif(find_mosquitto() is None, reason="the Debian package mosquitto is missing")
def test_the_last_line_has_its_keys_and_the_words_wrong_before_and_after(
    monkeypatch, capsys, tmp_path
) -> None:
    monkeypatch.setattr(rerank, "heard", lambda clips: [heard("stop", "top"), heard("pause", "pause")])
    model = str(write_small_model(tmp_path / "small"))
    code = rerank.main(["--workers", "2", "--lattices", "30", "--ahead", "4", "--model", model])
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert code == 0
    assert list(found) == ["lattices_per_second", "wer_before", "wer_after"]
    assert found["lattices_per_second"] > 0
    assert (found["wer_before"], found["wer_after"]) == (50.0, 50.0)
