"""Reading a lattice again: scores add up, probabilities sum to one, and the mix decides."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from alexa_local.cloud.rerank import MOST_ARCS, Reranker, mix_of
from alexa_local.errors import LatticeError, ModelError
from alexa_local.messages import Lattice, LatticeArc
from alexa_local.models import Model
from alexa_local.recognise.rescore import Mix


class Knows:
    """Finds sentences with this word likelier."""

    def __init__(self, word: str) -> None:
        self._word = word

    def log_probabilities(self, texts: list[str]) -> np.ndarray:
        return np.array([-1.0 if self._word in text.split() else -5.0 for text in texts], np.float32)


def calls(*names: tuple[str, float, float]) -> Lattice:
    arcs = [LatticeArc(0, 1, "call", 0.0, 0.4, 0.0)]
    arcs += [LatticeArc(1, 2, name, 0.4, 0.9, acoustic, language) for name, acoustic, language in names]
    return Lattice((0.0, 0.4, 0.9), tuple(arcs))


LATTICE = calls(("anna", -1.0, -0.5), ("hannah", -0.5, -0.25))


def test_what_the_model_finds_likelier_comes_first() -> None:
    found, confidence = Reranker(Knows("anna"), Mix(model=0.5)).rerank(LATTICE)
    assert [one.text for one in found] == ["call anna", "call hannah"]
    anna, hannah = -1.5 - 0.5, -0.75 - 2.5
    assert confidence == pytest.approx(exp(anna) / (exp(anna) + exp(hannah)), rel=1e-5)
    assert sum(exp(one.score) for one in found) == pytest.approx(1.0)
    assert found[0].score == pytest.approx(log(confidence))


def test_without_weight_the_model_changes_nothing() -> None:
    found, _ = Reranker(Knows("anna"), Mix(model=0.0)).rerank(LATTICE)
    assert [one.text for one in found] == ["call hannah", "call anna"]


def test_the_mix_takes_as_much_of_the_searchs_own_model_as_it_says() -> None:
    reading = Reranker(Knows("anna"), Mix(search=0.5)).readings(LATTICE)[1]
    assert (reading.text, reading.search) == ("call anna", pytest.approx(-1.25))
    assert reading.score(Mix(0.5, 1.0, 2.0)) == pytest.approx(-1.25 - 1.0 + 4.0)


def test_a_lattice_without_words_has_the_empty_reading() -> None:
    silence = Lattice((0.0, 1.0), (LatticeArc(0, 1, "", 0.0, 1.0, -1.0),))
    found, confidence = Reranker(Knows("anna"), Mix()).rerank(silence)
    assert ([one.text for one in found], confidence) == ([""], pytest.approx(1.0))


def test_a_lattice_that_is_no_requests_is_refused() -> None:
    arcs = tuple(LatticeArc(0, 1, f"word{number}", 0.0, 0.1, -1.0) for number in range(MOST_ARCS + 1))
    with pytest.raises(LatticeError, match="arcs"):
        Reranker(Knows("anna"), Mix()).rerank(Lattice((0.0, 0.1), arcs))


def test_a_model_says_how_it_is_mixed(tmp_path) -> None:
    about = {"mix": {"search": 0.5, "model": 0.25, "word": 1}}
    assert mix_of(Model("m", tmp_path, about)) == Mix(0.5, 0.25, 1.0)
    with pytest.raises(ModelError, match="how to mix"):
        mix_of(Model("m", tmp_path, {}))
