"""The search against brute force: every sentence of a small graph, aligned word by word."""

import itertools
import random

import numpy as np
import pytest

from alexa_local.understand import match as search
from alexa_local.understand.grammar import Group, parse_template, phrases
from alexa_local.understand.graph import build_graph
from alexa_local.understand.match import Matcher, _spurious
from alexa_local.understand.sound import Vocabulary, sound_key, weight

TEMPLATES = ["(turn|switch) [on] the (lamp|light) [please]", "red (lamp|van|fan) on", "stop"]


def aligned(heard: list[str], sentence: list[str]) -> float:
    """The least cost of one sentence, without joined words and with any number of missing ones in a row."""
    table = np.full((len(heard) + 1, len(sentence) + 1), np.inf)
    table[0, 0] = 0.0
    words = Vocabulary(sentence or ["x"])
    for i, j in itertools.product(range(len(heard) + 1), range(len(sentence) + 1)):
        if i:
            table[i, j] = min(table[i, j], table[i - 1, j] + _spurious(heard[i - 1]))
        if j:
            filler = sentence[j - 1] in search.FILLERS
            missing = search.FILLER_COST if filler else weight(sentence[j - 1]) + search.MISSING_EXTRA
            table[i, j] = min(table[i, j], table[i, j - 1] + missing)
        if i and j:
            cost = words.distances(heard[i - 1])[sentence.index(sentence[j - 1])]
            table[i, j] = min(table[i, j], table[i - 1, j - 1] + cost)
    return float(table[-1, -1])


@pytest.fixture
def all_missing(monkeypatch):
    monkeypatch.setattr(search, "MISSING_IN_A_ROW", 9)
    monkeypatch.setattr(search, "JOIN_RELATIVE_LIMIT", -1.0)


def test_the_nearest_sentence_is_that_of_brute_force(all_missing):
    groups = [Group(f"g{number}", (parse_template(text),)) for number, text in enumerate(TEMPLATES)]
    matcher = Matcher(build_graph(groups, {}, {}))
    sentences = [phrase.split() for text in TEMPLATES for phrase in phrases(text)]
    generator = random.Random(7)
    vocabulary = [
        "turn",
        "torn",
        "on",
        "the",
        "lamb",
        "light",
        "van",
        "red",
        "stop",
        "shop",
        "a",
        "witch",
        "please",
    ]
    for _ in range(60):
        heard = [generator.choice(vocabulary) for _ in range(generator.randint(1, 5))]
        best = min(aligned(heard, sentence) for sentence in sentences)
        found = matcher.nearest([" ".join(heard)], most=1)[0]
        if best < search.FARTHEST:
            assert found[0].cost == pytest.approx(best, abs=1e-3), heard
            assert found[0].edits == pytest.approx(best, abs=1e-3), heard


def test_readings_together_are_as_each_alone(home):
    texts = ["turn on the kitten light", "turn on the kitchen lied", "turn of kitchen light", "play sum jazz"]
    matcher = home._matcher
    together = matcher.nearest(texts)
    for text, matches in zip(texts, together, strict=True):
        alone = matcher.nearest([text])[0]
        assert [(m.group.intent, m.cost) for m in matches] == [(m.group.intent, m.cost) for m in alone]


def test_word_pieces_blanks_and_any_order_are_unrolled():
    group = Group("g", (parse_template("[the] light[s] (on;now) {x}"),))
    from alexa_local.understand.grammar import SlotValue

    graph = build_graph([group], {}, {"x": (SlotValue(parse_template("living room"), "L"),)})
    matcher = Matcher(graph)
    for text in ("the lights on now living room", "light now on living room"):
        found = matcher.exact(text)
        assert found is not None
        assert [step.tag.value for step in found.steps][-2:] == ["L", "L"]
    assert matcher.exact("light on living room") is None


@pytest.mark.parametrize(
    ("one", "other"), [("two", "too"), ("lite", "light"), ("coffee", "kofi"), ("knight", "night")]
)
def test_what_sounds_alike_has_nearly_one_key(one, other):
    assert Vocabulary([one]).distances(other)[0] < 1.0
    assert sound_key(one)


def test_words_that_differ_are_far():
    assert Vocabulary(["kitchen"]).distances("bedroom")[0] > 3.0
    assert Vocabulary(["kitchen"]).distances("kitchen")[0] == 0.0
