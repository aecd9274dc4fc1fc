"""Words that ask for more."""

import pytest

from alexa_local.recognise import is_open_ended


@pytest.mark.parametrize(
    "words",
    [
        "set a timer for",
        "turn on the",
        "call",
        "put milk and",
        "my name is",
        "my name is waldemar",
        "that's spelled a n",
        "j a v",
        "nine",
        "call nine nine seven",
        "dial double five",
    ],
)
def test_sentences_that_lack_something_and_dictation_ask_for_more(words: str) -> None:
    assert is_open_ended(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "turn the light on",
        "set the volume to five",
        "add an alarm for twelve thirty five p m",
        "wake me at seven",
        "hang up the call",
        "play some jazz",
        "take vitamin c",
    ],
)
def test_whole_requests_ask_for_nothing_more(words: str) -> None:
    assert not is_open_ended(words)
