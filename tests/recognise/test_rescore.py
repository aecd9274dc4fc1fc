"""Rescoring: every path gets the new model's score exactly, and posteriors follow."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import exp, log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alexa_local.errors import ModelError
from alexa_local.messages import Lattice, LatticeArc
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_readings import log_sum
from alexa_local.recognise.rescore import Mix, WordNgrams, rescore


class LastTwo:
    """A model whose scores depend on the two words before, made up from their letters."""

    start = ("<", "<")

    def score(self, history: tuple[str, str], word: str) -> float:
        return -((sum(map(ord, "".join(history))) * 7 + sum(map(ord, word)) * 3) % 11) / 2

    def next(self, history: tuple[str, str], word: str) -> tuple[str, str]:
        return history[1], word


def sentence(words: tuple[str, ...]) -> float:
    history, total = LastTwo.start, 0.0
    for word in (*words, ""):
        total += LastTwo().score(history, word)
        history = history[1], word
    return total


@st.composite
def lattices(draw: st.DrawFn) -> Lattice:
    """Acyclic, with a path along all nodes."""
    last = draw(st.integers(1, 5))
    scores = st.floats(-5, 0)
    pairs = [(node, node + 1) for node in range(last)]
    pairs += draw(
        st.lists(
            st.tuples(st.integers(0, last), st.integers(0, last)).filter(lambda pair: pair[0] < pair[1]),
            max_size=6,
        )
    )
    words = st.sampled_from(["a", "b", "cd", ""])
    arcs = [
        LatticeArc(start, end, draw(words), 0.0, 0.0, draw(scores), draw(scores), draw(scores))
        for start, end in pairs
    ]
    return Lattice(tuple(float(node) for node in range(last + 1)), tuple(arcs))


def paths(lattice: Lattice, node: int = 0) -> Iterator[tuple[LatticeArc, ...]]:
    if node == len(lattice.times_s) - 1:
        yield ()
    for arc in lattice.arcs:
        if arc.start == node:
            yield from ((arc, *rest) for rest in paths(lattice, arc.end))


def readings(lattice: Lattice, language: float, model: float, word: float) -> dict[tuple[str, ...], float]:
    """By brute force: each reading's score over all its paths, with the scores mixed anew."""
    found: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for path in paths(lattice):
        words = tuple(arc.word for arc in path if arc.word)
        old = sum(arc.acoustic + arc.bias + language * arc.language for arc in path)
        found[words].append(old + model * sentence(words) + word * len(words))
    return {words: log_sum(scores) for words, scores in found.items()}


@given(lattices(), st.sampled_from([Mix(), Mix(0.0, 1.0, 0.5), Mix(0.5, 0.7, -0.2)]))
def test_every_reading_has_the_score_that_brute_force_finds(lattice: Lattice, mix: Mix) -> None:
    got = {tuple(one.text.split()): one.score for one in n_best(rescore(lattice, LastTwo(), mix), 10_000)}
    wanted = readings(lattice, mix.search, mix.model, mix.word)
    assert got == pytest.approx(wanted)


@given(lattices())
def test_posteriors_are_the_shares_of_the_paths(lattice: Lattice) -> None:
    found = rescore(lattice, LastTwo())
    together = log_sum([sum(arc.weight for arc in path) for path in paths(found)])
    shares: dict[LatticeArc, float] = defaultdict(float)
    for path in paths(found):
        for arc in set(path):
            shares[arc] += exp(sum(one.weight for one in path) - together)
    for cut in range(len(found.times_s) - 1):
        across = [arc for arc in found.arcs if arc.start <= cut < arc.end]
        assert sum(arc.posterior for arc in across) == pytest.approx(1.0)
    if len(set(found.arcs)) == len(found.arcs):
        assert {arc: arc.posterior for arc in found.arcs} == pytest.approx(shares)


def test_with_one_history_a_node_some_reading_is_left_and_it_is_scored_right() -> None:
    arcs = [
        LatticeArc(node, node + 1, word, 0.0, 0.0, -1.0) for node in range(4) for word in ("a", "b", "cd")
    ]
    lattice = Lattice((0.0, 1.0, 2.0, 3.0, 4.0), tuple(arcs))
    wanted = readings(lattice, 1.0, 0.3, 0.0)
    found = n_best(rescore(lattice, LastTwo(), most_histories=1), 100)
    assert found
    assert all(one.score == pytest.approx(wanted[tuple(one.text.split())]) for one in found)


def test_a_better_model_turns_the_first_reading_around() -> None:
    words = {"call": 0.0, "anna": -1.0, "hannah": -0.5}
    arcs = [LatticeArc(0, 1, "call", 0.0, 0.4, words["call"])]
    arcs += [LatticeArc(1, 2, word, 0.4, 0.9, words[word]) for word in ("anna", "hannah")]
    lattice = Lattice((0.0, 0.4, 0.9), tuple(arcs))

    class KnowsAnna(LastTwo):
        def score(self, history: tuple[str, str], word: str) -> float:
            return {"anna": -1.0, "hannah": -9.0}.get(word, -2.0)

    assert n_best(lattice, 1)[0].text == "call hannah"
    assert n_best(rescore(lattice, KnowsAnna(), Mix(model=0.5)), 1)[0].text == "call anna"


def test_the_word_model_is_a_distribution_and_backs_off(tmp_path: Path) -> None:
    ngram = pytest.importorskip("scripts.training.asr.word_ngram")
    words, lines = ngram.numbered(
        ["call anna"] * 3 + ["call bob", "call bob please", "play jazz"] * 2 + ["zeb"]
    )
    models = ngram.kneser_ney(ngram.count(lines, ngram.ORDER), len(words))
    file = tmp_path / "words.npz"
    ngram.write(models, len(words), file, words=np.frombuffer("\n".join(words).encode(), np.uint8))
    model = WordNgrams(file)
    assert words == ["", "?", "anna", "bob", "call", "jazz", "play", "please"]
    for said in ((), ("call",), ("call", "bob"), ("play", "anna"), ("zeb", "call")):
        history = model.start
        for word in said:
            history = model.next(history, word)
        assert sum(exp(model.score(history, word)) for word in words) == pytest.approx(1.0, abs=0.02)
    after_call = model.next(model.start, "call")
    assert model.score(after_call, "bob") > model.score(after_call, "anna") > model.score(after_call, "jazz")
    assert model.score(after_call, "zeb") == model.score(after_call, "never heard")
    assert model.score(model.next(after_call, "anna"), "") > log(0.5)


def test_a_file_that_is_no_word_model_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", order=np.array(1), unigrams=np.zeros(3))
    with pytest.raises(ModelError, match="word model"):
        WordNgrams(tmp_path / "x.npz")


def word_model(folder: Path, sentences: Sequence[str] = ("turn on the lamp", "call bob") * 2) -> Path:
    """A word model of a few sentences, made as a real one is."""
    ngram = pytest.importorskip("scripts.training.asr.word_ngram")
    words, lines = ngram.numbered(sentences)
    file = folder / "words.npz"
    models = ngram.kneser_ney(ngram.count(lines, ngram.ORDER), len(words))
    ngram.write(models, len(words), file, words=np.frombuffer("\n".join(words).encode(), np.uint8))
    return file


def test_a_missing_word_model_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"There is no word model .* recogniser\.rescoring"):
        WordNgrams(tmp_path / "none.npz")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: b"hello",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-30],
        lambda data: data[:300] + bytes(64) + data[364:],
        lambda data: data[:200] + bytes(len(data) - 200),
    ],
)
def test_a_damaged_word_model_is_told(tmp_path: Path, damage) -> None:
    file = word_model(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ModelError):
        WordNgrams(file)


def test_a_word_model_with_other_words_than_scores_is_told(tmp_path: Path) -> None:
    file = word_model(tmp_path)
    tables = dict(np.load(file))
    np.savez(file, **(tables | {"words": np.frombuffer(b"\nonly", np.uint8)}))
    with pytest.raises(ModelError, match="2 words for"):
        WordNgrams(file)


def test_a_file_of_something_else_is_told_without_advice_to_load_it_unsafely(tmp_path: Path) -> None:
    file = tmp_path / "x.npz"
    file.write_text("no model")
    with pytest.raises(ModelError, match="anew") as caught:
        WordNgrams(file)
    assert "pickle" not in str(caught.value)
