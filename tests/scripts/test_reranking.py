"""What the server's model gains: words and requests, before and after, and the mix that a set asks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alexa_local.cloud.rerank import Reranker
from alexa_local.messages import Hypothesis, Interpretation, Lattice, LatticeArc
from alexa_local.recognise.lattice_wire import to_bytes
from alexa_local.recognise.rescore import Mix
from scripts.evaluation.reranking import SEARCH, Clip, Heard, best_mix, kept, read_clips, summary, words_wrong


class Prefers:
    """Finds texts with this word likelier."""

    def __init__(self, word: str) -> None:
        self._word = word

    def log_probabilities(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([0.0 if self._word in text.split() else -8.0 for text in texts], np.float32)


def clip(said: str, likelier: str, other: str) -> Heard:
    arcs = [LatticeArc(0, 1, likelier, 0.0, 0.5, -1.0), LatticeArc(0, 1, other, 0.0, 0.5, -3.0)]
    return Heard(said, likelier, to_bytes(Lattice((0.0, 0.5), tuple(arcs))))


def clips(*heard: Heard) -> list[Clip]:
    return read_clips(heard, lambda mix: Reranker(Prefers("stop"), mix), SEARCH)


def interpret(readings: list[Hypothesis]) -> Interpretation:
    return Interpretation("Stop" if readings[0].text == "stop" else "")


def test_words_and_requests_are_counted_before_and_after() -> None:
    found = summary(clips(clip("Stop!", "top", "stop"), clip("go", "go", "no")), Mix(model=1.0), interpret)
    assert (found["wer_before"], found["wer_after"], found["oracle_wer"]) == (50.0, 0.0, 0.0)
    assert (found["clips"], found["with_intent"], found["understood_before"], found["understood_after"]) == (
        2,
        1,
        0,
        1,
    )
    assert (found["repaired"], found["broken"]) == (1, 0)


def test_what_the_model_breaks_is_counted_too() -> None:
    class Never(Prefers):
        def log_probabilities(self, texts: Sequence[str]) -> np.ndarray:
            return -super().log_probabilities(texts)

    read = read_clips([clip("stop", "stop", "top")], lambda mix: Reranker(Never("stop"), mix), SEARCH)
    found = summary(read, Mix(model=1.0), interpret)
    assert (found["understood_before"], found["repaired"], found["broken"], found["wer_after"]) == (
        1,
        0,
        1,
        100.0,
    )


def test_the_best_mix_trusts_the_new_model_as_little_as_it_may() -> None:
    read = clips(clip("stop", "top", "stop"))
    mix = best_mix(read)
    assert words_wrong(read, mix) == 0
    assert mix == Mix(search=1.0, model=0.3, word=0.0)  # 0.2 * 8 nats are less than the two that divide them
    assert best_mix(clips(clip("go", "go", "no"))).model == 0.0


def test_lattices_are_kept_and_read_again(tmp_path, monkeypatch) -> None:
    said = [clip("stop", "top", "stop")]
    monkeypatch.setattr("scripts.evaluation.reranking.hear", lambda rows: iter(said))
    assert kept(tmp_path / "lattices", []) == said
    monkeypatch.setattr("scripts.evaluation.reranking.hear", None)
    assert kept(tmp_path / "lattices", []) == said
