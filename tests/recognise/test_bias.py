"""Names that earn a boost piece by piece, and give it back when they fail."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from numpy.typing import NDArray

from alexa_local.messages import PhraseClass
from alexa_local.recognise.bias import MOST_PHRASES, Boost, PhraseGraph

PIECES = ["<blank>", "_a", "_b", "_c", "a", "b", "c", "'", "s"]
OPENINGS = np.array([piece.startswith(("_", "'")) for piece in PIECES])
FLAT = Boost(choice=0.0, anywhere=0.5)
CALL = "b"


def spell(word: str) -> tuple[int, ...]:
    """One piece a letter; () when a letter has none."""
    pieces = ["_" + word[:1], *word[1:]]
    return tuple(map(PIECES.index, pieces)) if all(piece in PIECES for piece in pieces) else ()


def labels(text: str) -> list[int]:
    return [label for word in text.split() for label in spell(word)]


def alike(said: tuple[int, ...]) -> NDArray[np.float32]:
    """Every piece is a surprise of one nat."""
    return np.ones(len(PIECES), np.float32)


def graph(*phrases: str, after: frozenset[str] = frozenset({CALL}), boost: Boost = FLAT) -> PhraseGraph:
    return PhraseGraph([PhraseClass("contact", phrases, after)], spell, OPENINGS, alike, boost)


def walk(graph: PhraseGraph, text: str) -> list[float]:
    """What each piece and then the end adds."""
    state, earned = graph.start, []
    for label in labels(text):
        earned.append(float(graph.scores(state)[label]))
        state = graph.next(state, label)
    return [*earned, float(graph.scores(state)[0])]


def test_a_name_that_was_announced_earns_a_boost_for_each_piece() -> None:
    assert walk(graph("abc"), "b abc") == [0, 1, 1, 1, 0]


def test_a_piece_that_tells_which_name_it_is_earns_less() -> None:
    chosen = graph("abc", "acc", "ca", "cb", boost=Boost(choice=1.0))
    first, second, third = 1 + math.log(2 / 4), 1 + math.log(1 / 2), 1.0
    assert walk(chosen, "b abc") == pytest.approx([0, first, second, third, 0], abs=1e-3)


def test_the_more_names_there_are_the_less_each_earns() -> None:
    few = graph("abc", "cab", boost=Boost())
    many = graph("abc", *(f"c{n:b}".replace("0", "b").replace("1", "c") for n in range(500)), boost=Boost())
    assert sum(walk(few, "b abc")) > sum(walk(many, "b abc")) > 0


def test_a_piece_that_is_expected_anyway_earns_nothing() -> None:
    def expects_b(said: tuple[int, ...]) -> NDArray[np.float32]:
        return np.where(np.array(PIECES) == "b", 0.0, 1.0).astype(np.float32)

    contacts = PhraseClass("contact", ("abc",), frozenset({CALL}))
    assert walk(PhraseGraph([contacts], spell, OPENINGS, expects_b, FLAT), "b abc") == [0, 1, 0, 1, 0]


def test_no_piece_earns_more_than_the_most() -> None:
    assert walk(graph("abc", boost=Boost(most=0.25)), "b abc") == [0, 0.25, 0.25, 0.25, 0]


def test_a_name_that_fails_gives_back_what_it_earned() -> None:
    assert walk(graph("abc"), "b abb") == [0, 1, 1, -2, 0]
    assert walk(graph("abc"), "b ab a") == [0, 1, 1, -2, 0]
    assert walk(graph("abc"), "b ab") == [0, 1, 1, -2]


def test_a_name_counts_as_whole_words_only() -> None:
    assert walk(graph("ab"), "b abc") == [0, 1, 1, -2, 0]
    assert walk(graph("ab"), "b ab c") == [0, 1, 1, 0, 0]
    assert walk(graph("ab"), "bab") == [0, 0, 0, 0]


def test_a_name_may_own_something() -> None:
    assert sum(walk(graph("ab"), "b ab's c")) == 2


def test_a_shorter_name_is_kept_when_the_longer_one_fails() -> None:
    assert walk(graph("ab", "ab cc"), "b ab cb") == [0, 1, 1, 1, -1, 0]


def test_a_name_earns_nothing_without_the_words_that_announce_its_kind() -> None:
    assert walk(graph("abc"), "c abc") == [0] * 5


def test_what_nothing_announces_is_looked_for_anywhere_and_earns_a_share() -> None:
    assert walk(graph("abc", after=frozenset()), "c abc") == [0, 0.5, 0.5, 0.5, 0]


def test_a_sentence_may_begin_with_a_name_where_the_beginning_announces_it() -> None:
    assert sum(walk(graph("abc", after=frozenset({""})), "abc")) == 3


def test_names_are_announced_by_words_in_their_order() -> None:
    announced = graph("abc", after=frozenset({"b c"}))
    assert sum(walk(announced, "a b c abc")) == 3
    assert sum(walk(announced, "c b abc")) == 0


def test_no_piece_adds_more_than_it_says() -> None:
    found = graph("abc")
    state = found.start
    for label, most in zip(labels("b abc"), [0, 1, 1, 1], strict=True):
        assert found.most_after(state) == most
        state = found.next(state, label)


def test_without_phrases_nothing_is_added() -> None:
    empty = PhraseGraph([], spell, OPENINGS, alike)
    assert walk(empty, "b abc") == [0] * 5
    assert empty.phrases == 0


def test_a_phrase_that_no_pieces_spell_is_told_and_left_out() -> None:
    found = graph("abc", "xyz", "ab xyz", "")
    assert found.unspelled == ("xyz", "ab xyz", "")
    assert found.phrases == 1


def test_a_phrase_twice_counts_once() -> None:
    assert graph("abc", "abc").phrases == 1


def test_a_very_long_phrase_is_told_and_left_out() -> None:
    assert graph("a" * 2000, "ab").phrases == 1


def test_of_too_many_phrases_the_first_are_kept_and_the_others_counted() -> None:
    numbers = tuple(f"a{n:b}".replace("0", "b").replace("1", "c") for n in range(100_000))
    found = graph(*numbers)
    assert found.phrases == MOST_PHRASES
    assert found.left_out == 100_000 - MOST_PHRASES
    assert sum(walk(found, f"b {numbers[5]}")) > 0


def test_an_unchanged_class_is_not_spelled_again() -> None:
    spelled = []

    def counting(word: str) -> tuple[int, ...]:
        spelled.append(word)
        return spell(word)

    contacts = PhraseClass("contact", ("abc",), frozenset({CALL}))
    first = PhraseGraph([contacts], counting, OPENINGS, alike)
    spelled.clear()
    timer = PhraseClass("timer", ("ca",))
    again = PhraseGraph([timer, contacts], counting, OPENINGS, alike, like=first)
    assert spelled == ["ca"]
    assert again.phrases == 2


def worth(phrase: list[int], spelled: list[list[int]], boost: Boost) -> float:
    """What a whole phrase earns, piece by piece, among the others."""
    earned = 0.0
    for said in range(len(phrase)):
        before = [one for one in spelled if one[:said] == phrase[:said]]
        after = [one for one in before if one[: said + 1] == phrase[: said + 1]]
        earned += boost.of(1.0, len(after) / len(before), announced=True)
    return earned


def best_total(said: list[int], spelled: list[list[int]], boost: Boost) -> float:
    """The most that phrases, as whole words and without overlap, can earn."""
    best = [0.0]
    for end in range(1, len(said) + 1):
        best.append(best[-1])
        if end < len(said) and not OPENINGS[said[end]]:
            continue
        for phrase in spelled:
            first = end - len(phrase)
            if first > 0 and said[first:end] == phrase and said[first - 1] == spell(CALL)[0]:
                best[end] = max(best[end], best[first] + worth(phrase, spelled, boost))
    return best[-1]


@pytest.mark.parametrize("boost", [FLAT, Boost(choice=0.5)])
@pytest.mark.parametrize("seed", range(20))
def test_what_is_earned_is_what_brute_force_finds(seed: int, boost: Boost) -> None:
    rng = random.Random(seed)

    def word(most: int) -> str:
        return "".join(rng.choice("abc") for _ in range(rng.randint(1, most)))

    phrases = list({" ".join(word(3) for _ in range(rng.randint(1, 2))) for _ in range(6)})
    found = graph(*phrases, boost=boost)
    for _ in range(30):
        text = " ".join(word(4) for _ in range(rng.randint(1, 6)))
        wanted = best_total(labels(text), [labels(phrase) for phrase in phrases], boost)
        assert sum(walk(found, text)) == pytest.approx(wanted, abs=5e-3), (phrases, text)
