"""Phrases from text: heard by networks that are easy to foresee, only while somebody speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from alexa_local.recognise.networks import log_softmax
from alexa_local.wake import Phrase, PhraseSpotter, WakeWords, scan
from alexa_local.wake.detector import Detection

PIECES = 6
PHRASE = Phrase("hey house", (1, 2))


class Networks:
    """Writes the piece that its frames' loudest band names, 0 for blank; what comes before changes nothing.

    Attributes:
        steps: how many steps were run.
    """

    frames_per_step, context = 8, 2

    def __init__(self) -> None:
        self.steps = 0

    def start(self) -> dict[str, np.ndarray]:
        return {}

    def encode(self, frames, states):
        self.steps += 1
        logits = np.full(PIECES, -10.0, np.float32)
        logits[min(int(frames.max(axis=0).argmax()), PIECES - 1)] = 0.0
        return logits[None], states

    def log_probabilities(self, encoded, contexts):
        rows = np.repeat(encoded, len(contexts), axis=0)
        for row, context in zip(rows, contexts, strict=True):
            said = int(row.argmax())
            if said and context[-1] == said:  # a piece is written once
                row[said], row[0] = -10.0, 0.0
        return log_softmax(rows)


class Ear:
    """Hears a voice in frames above -5."""

    def __init__(self) -> None:
        self.reset()

    def push(self, frames) -> None:
        loud = bool(frames.max() > -5)
        self.voice = float(loud)
        self.quiet_s = 0.0 if loud else self.quiet_s + len(frames) / 100

    def reset(self) -> None:
        self.voice = self.quiet_s = 0.0


def best_reading(encoded: Sequence[np.ndarray]) -> float:
    """As if every step were as likely as can be."""
    return 0.0


def spotter(networks: Networks, phrases=(PHRASE,), best=best_reading) -> PhraseSpotter:
    return PhraseSpotter(phrases, networks, Ear(), best)


def frames(*pieces: int, steps_each: int = 1) -> np.ndarray:
    """A voice that says the pieces, each for some steps of the encoder: float32 (T, 64)."""
    sound = np.full((8 * steps_each * len(pieces), 64), -4.0, np.float32)
    for at, piece in enumerate(pieces):
        sound[8 * steps_each * at : 8 * steps_each * (at + 1), piece] = 5.0
    return sound


SILENCE = np.full((120, 64), -14.0, np.float32)
SAID = np.concatenate([SILENCE, frames(0, 1, 0, 2, 0, 0), SILENCE])


def test_a_phrase_that_is_said_is_heard_once_with_its_name_and_the_request_begins_behind_it() -> None:
    (heard,) = spotter(Networks()).push(SAID)
    assert (heard.word, heard.accepted) == ("hey house", True)
    assert heard.score > 0.9
    assert 120 <= heard.start_frame < heard.request_frame < heard.end_frame <= 120 + 6 * 8


@pytest.mark.parametrize("said", [(0, 1, 0, 3), (2, 0, 1), (2,), (3, 4, 5, 3)])
def test_other_words_are_not(said) -> None:
    assert not spotter(Networks()).push(np.concatenate([SILENCE, frames(*said), SILENCE]))


@pytest.mark.parametrize("block", [1, 3, 8, 50])
def test_two_chunkings_hear_the_same(block: int) -> None:
    one = spotter(Networks())
    found = [heard for first in range(0, len(SAID), block) for heard in one.push(SAID[first : first + block])]
    if block % 4 == 0:
        assert found == spotter(Networks()).push(SAID)
    assert [heard.word for heard in found] == ["hey house"]


def test_in_silence_no_network_of_the_recogniser_runs() -> None:
    networks = Networks()
    spotter(networks).push(np.concatenate([SILENCE] * 10))
    assert networks.steps == 0


def test_a_phrase_that_a_wider_search_reads_otherwise_is_not_heard() -> None:
    assert not spotter(Networks(), best=lambda encoded: 5.0).push(SAID)


def test_of_several_phrases_the_one_that_is_said_is_heard() -> None:
    phrases = (Phrase("two three", (2, 3)), PHRASE, Phrase("five", (5, 4, 5)))
    assert [one.word for one in spotter(Networks(), phrases).push(SAID)] == ["hey house"]


def test_reset_forgets_half_a_phrase() -> None:
    one = spotter(Networks())
    one.push(np.concatenate([SILENCE, frames(0, 1)]))
    one.reset()
    assert one.push(np.concatenate([frames(0, 2, 0), SILENCE])) == []


class Fires:
    """A hearer that hears one word at a known frame."""

    score = 0.5

    def __init__(self, word: str, end_frame: int) -> None:
        self.word, self.end_frame, self.playing, self.resets = word, end_frame, "", 0

    def push(self, frames):
        return [Detection(0, self.end_frame, 0.9, word=self.word)]

    def while_playing(self, what):
        self.playing = what

    def reset(self):
        self.resets += 1


def test_several_hearers_are_one_that_tells_in_the_order_of_time() -> None:
    hearers = Fires("late", 90), Fires("early", 30)
    one = WakeWords(hearers)
    one.while_playing("music")
    one.reset()
    assert [heard.word for heard in one.push(SILENCE)] == ["early", "late"]
    assert {hearer.playing for hearer in hearers} == {"music"} and {hearer.resets for hearer in hearers} == {
        1
    }
    assert one.score == 0.5


def test_a_scan_leaves_out_what_was_refused() -> None:
    class Refused(Fires):
        def push(self, frames):
            return [Detection(0, 9, 0.9, 0.1, accepted=False)]

    assert scan(np.zeros(1600, np.int16), Refused("x", 9)) == []
