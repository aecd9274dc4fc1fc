"""What the network that reads requests is trained on."""

from itertools import islice
from random import Random

import pytest

from alexa_local.understand.grammar import built_in_grammar
from alexa_local.understand.reading import TAG_OF_TYPE
from scripts.training.nlu import labels
from scripts.training.nlu.generated import Drawn
from scripts.training.nlu.heard import differences
from scripts.training.nlu.text import tagged_words


@pytest.mark.parametrize("name", ["CLINC", "HWU", "HOME_ASSISTANT", "SNIPS"])
def test_what_others_intents_mean_are_intents_of_ours(name: str) -> None:
    ours = {group.intent for group in built_in_grammar().groups} | {labels.NONE}
    assert {intent for allowed in getattr(labels, name).values() for intent in allowed} <= ours


def test_sentences_are_drawn_of_every_intent_with_a_tag_for_each_word() -> None:
    templates = Drawn(Random(1), ["abba", "let it be"])
    drawn = list(islice(iter(templates.draw, None), 3000))
    assert {intent for intent, _ in drawn} == {group.intent for group in built_in_grammar().groups}
    for _, tagged in drawn:
        assert len(tagged.words) == len(tagged.tags) > 0
        for before, tag in zip(("", *tagged.tags), tagged.tags, strict=False):
            begins_or_goes_on = not tag or tag.startswith("B-") or before.removeprefix("B-") == tag
            assert begins_or_goes_on, tagged
    types = {tag.removeprefix("B-") for _, tagged in drawn for tag in tagged.tags}
    assert types - {""} >= {"device", "room", "contact", "music", "list", "timer_name", "duration", "time"}
    assert not types & TAG_OF_TYPE.keys() - set(TAG_OF_TYPE.values())


def test_written_text_becomes_spoken_words_with_the_slots_they_fill() -> None:
    words, tags = tagged_words([("Wake me at ", ""), ("7:30 am", "time"), (" please", "")])
    assert words == ("wake", "me", "at", "seven", "thirty", "a", "m", "please")
    assert tags == ("", "", "", "B-time", "time", "time", "time", "")


def test_what_is_heard_in_a_words_place_is_one_word_two_or_none() -> None:
    said, heard = ["turn", "the", "lamp", "off"], ["turn", "lamb", "of"]
    assert list(differences(said, heard)) == []  # three words for two: nobody knows which
    assert list(differences(["turn", "off", "the", "lamp"], ["turn", "of", "the", "lamp"])) == [("off", "of")]
    assert list(differences(["call", "anna", "now"], ["call", "an", "a", "now"])) == [("anna", "an a")]
    assert list(differences(["call", "anna", "now"], ["call", "now"])) == [("anna", "")]
