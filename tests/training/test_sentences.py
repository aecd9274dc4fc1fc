"""Training sentences: reproducible, as spoken, apart from those kept for judging."""

import json
import re
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from alexa_local.recognise.normalise import spoken_form
from scripts.training import commands, sentences, vocabulary
from scripts.training.command_templates import HOME_TEMPLATES, SPELLED_TEMPLATES
from scripts.training.made_up_names import TESTED_WITH, MadeUpNames
from scripts.training.wake_sentences import NEAR, near_words, sound_alike

MUSIC = {"artist": ["an artist"], "track": ["a track"], "album": ["an album"], "playlist": ["a list"]}


@pytest.fixture
def text_folder(tmp_path: Path) -> Path:
    """A small copy of the corpora's layout."""
    (tmp_path / "slurp_lm.txt").write_text(
        "Wake me at 7 AM!\nwake me at seven a.m.\n" + "very " * 20 + "long\n"
    )
    (tmp_path / "wikipedia_sentences.txt").write_text(
        "the mill was built in 1820 " + "and again " * 20 + "\n"
    )
    track = {"text": "Play Yesterday", "slots": [["track", "Yesterday"]]}
    (tmp_path / "snips_train.jsonl").write_text(json.dumps(track) + "\n")
    for name in ("hwu64_train", "clinc150_train", "home_assistant_en"):
        (tmp_path / f"{name}.jsonl").write_text(
            json.dumps({"text": f"{name.split('_')[0]} says hello"}) + "\n"
        )
    return tmp_path


def test_the_same_seed_gives_the_same_sentences(text_folder: Path) -> None:
    first, again, other = (list(islice(sentences.sentences(text_folder, seed), 200)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_sentences_are_spoken_forms_of_bounded_length(text_folder: Path) -> None:
    for sentence in islice(sentences.sentences(text_folder, 3), 1000):
        assert re.fullmatch(r"[a-z']+( [a-z']+)*", sentence)
        assert spoken_form(sentence) == sentence
        assert len(sentence.split()) <= sentences.MAX_WORDS


def test_only_the_shortest_sentences_come_again(text_folder: Path) -> None:
    stream = list(islice(sentences.sentences(text_folder, 4), 3000))
    long = [one for one in stream if len(one.split()) > sentences.REPEATABLE_WORDS]
    assert len(long) == len(set(long))
    assert len(stream) > len(set(stream))


def test_held_out_commands_are_never_trained_on(text_folder: Path) -> None:
    trained = set(islice(sentences.sentences(text_folder, 5), 3000))
    held_out = list(islice(sentences.held_out_commands(text_folder, 5), 50))
    assert trained.isdisjoint(held_out)
    assert len(set(held_out)) == 50


def test_corpora_are_normalised_deduplicated_and_cut_to_length(text_folder: Path) -> None:
    found = sentences.corpus_sentences(text_folder)
    assert found.count("wake me at seven a m") == 1
    assert not any(sentence.startswith("very very") for sentence in found)
    assert sentences.prose_sentences(text_folder)[0].startswith(
        "the mill was built in eighteen twenty and again"
    )


def test_every_template_can_be_filled() -> None:
    drawn = commands.Commands(Random(6), MUSIC)
    templates = [one for _, group in HOME_TEMPLATES.values() for one in group]
    for template in [*templates, *SPELLED_TEMPLATES]:
        for _ in range(5):
            filled = drawn._fill(template)
            assert filled.strip()
            assert not re.search(r"[\[\](){}|]", filled), template


@pytest.mark.parametrize("word", [*NEAR, "remember"])
def test_sound_alikes_never_hold_the_wake_word(word: str, text_folder: Path) -> None:
    random, near = Random(7), near_words(word, text_folder)
    assert all(word not in sound_alike(random, near) for _ in range(2000))


def test_requests_with_made_up_names_hold_no_word_of_the_names_to_test_with(text_folder: Path) -> None:
    (text_folder / "slurp_lm.txt").write_text(
        "call aurelio about the garden\nremember every wonderful holiday\n"
    )
    drawn = list(islice(sentences.named_requests(text_folder, 8), 500))
    words = {word for sentence in drawn for word in sentence.split()}
    assert words.isdisjoint(TESTED_WITH)
    assert len(words) > 500
    assert all(spoken_form(sentence) == sentence for sentence in drawn)
    assert drawn == list(islice(sentences.named_requests(text_folder, 8), 500))


def test_a_name_has_a_word_that_is_in_no_training_text() -> None:
    known = {"garden", "wonderful", "holiday", "remember", "aurelio"}
    names = MadeUpNames(Random(9), known)
    for name in (names.draw() for _ in range(500)):
        assert set(name.split()) - known - set(vocabulary.FIRST_NAMES)
