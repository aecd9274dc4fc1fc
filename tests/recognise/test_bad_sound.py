"""Sound that no model is made for, on the shipped one: broken off, without an end, without a pause, noise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from alexa_local.frontend import log_mel
from alexa_local.models import models_folder, open_model
from alexa_local.recognise import Options, Recogniser, spoken_form
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_wire import from_bytes, to_bytes
from alexa_local.recognise.search import BeamSearch
from alexa_local.understand import Catalogue, known_sentences, load_owner_intents
from scripts.evaluation.asr import edits
from scripts.evaluation.manifest import read_samples
from tests.real_sound import FOLDER, needs_recordings, rows, samples_of, speech
from tests.recognise.test_lattice import cut_sums

pytestmark = pytest.mark.skipif(
    not (models_folder() / "asr-en").is_dir(), reason="no recogniser model is here"
)

RATE = 16_000
AS_GOOD_NATS = 0.2
"""Readings of a minute that differ by less are alike: their scores are added up in another order."""
INTENTS = Path(__file__).resolve().parents[2] / "packaging" / "examples" / "coffee-orders.yaml"


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(open_model("asr-en"), Options(beam=8))


def tokens(search: BeamSearch) -> int:
    """How many pieces a search holds on to, by all its readings."""
    found: set[int] = set()
    waiting = [way.token for one in search._active for way in one.waiting]
    while waiting:
        token = waiting.pop()
        if token.number not in found:
            found.add(token.number)
            waiting += [way.token for source in token.sources for way in source.waiting]
            waiting += [token.back] if token.back else []
    return len(found)


def errors(reference: str, heard: str) -> int:
    return edits(reference.split(), heard.split()).total


def heard_in(recogniser: Recogniser, samples: np.ndarray) -> str:
    """The words; the lattice of the same sound must be whole, and none of its readings likelier."""
    readings, lattice = recogniser.transcribe_with_lattice(samples)
    sent = from_bytes(to_bytes(lattice))
    for one in (lattice, sent):
        assert cut_sums(one) == pytest.approx([1.0] * (len(one.times_s) - 1), abs=1e-6)
    found = {one.text: one.score for one in n_best(lattice, 200)}
    assert found.get(readings[0].text, -np.inf) > max(found.values()) - AS_GOOD_NATS
    return readings[0].text


def whole_words(samples: np.ndarray) -> np.ndarray:
    """The middle of a voice, where its sound is above a tenth of its peak."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > np.abs(samples.astype(np.int32)).max() // 10)
    return samples[loud[0] : loud[-1]]


@needs_recordings
def test_sound_that_breaks_off_in_mid_word_keeps_the_words_before(recogniser: Recogniser) -> None:
    kept = changed = 0
    for row in rows("librispeech", "dev-clean", 8):
        samples = whole_words(samples_of(row))[: 6 * RATE]
        whole = heard_in(recogniser, samples).split()
        for cut in (0.55, 0.8):
            part = heard_in(recogniser, samples[: int(len(samples) * cut)]).split()
            assert len(part) <= len(whole) + 1
            before = part[:-2]  # the last words may be parts of others
            changed += errors(" ".join(whole[: len(before)]), " ".join(before))
            kept += len(before)
    assert kept > 40 and changed / kept < 0.4


@needs_recordings
def test_two_utterances_without_a_pause_are_heard_about_as_well_as_apart(recogniser: Recogniser) -> None:
    chosen = [row for row in rows("common_voice") if row.labels["lang"] == "en"][:20]
    words = apart = together = 0
    for pair in zip(chosen[::2], chosen[1::2], strict=True):
        parts = [whole_words(samples_of(row)) for row in pair]
        said = spoken_form(" ".join(str(row.labels["text"]) for row in pair))
        words += len(said.split())
        apart += errors(said, " ".join(heard_in(recogniser, part) for part in parts))
        together += errors(said, heard_in(recogniser, np.concatenate(parts)))
    assert together <= apart + 0.2 * words


@needs_recordings
def test_a_stream_of_minutes_keeps_its_memory_bounded_and_its_pace(recogniser: Recogniser) -> None:
    """The guided search had not settled: it went on with what it began minutes ago."""
    recogniser = Recogniser(open_model("asr-en"), Options(beam=4, guided_beam=8))
    recogniser.guide(known_sentences(load_owner_intents(INTENTS), Catalogue()))
    stream = recogniser.stream()
    assert stream._guided is not None
    held = []
    frames = log_mel(speech(185.0))
    for first in range(0, len(frames), 1480):
        stream.push(frames[first : first + 1480])
        searches = (stream._search, stream._guided)
        held.append([tokens(search) - len(search.best.labels) for search in searches])
    free, guided = zip(*held, strict=True)
    assert max(free[4:]) < 2 * max(free[:4])
    assert max(guided[4:]) < 2 * max(guided[:4])
    readings = stream.finish()
    assert len(readings[0].text.split()) > 180
    assert cut_sums(stream.lattice()) == pytest.approx([1.0] * (len(stream.lattice().times_s) - 1), abs=1e-6)


@needs_recordings
def test_a_recording_of_minutes_is_written_down_in_parts(recogniser: Recogniser) -> None:
    words = heard_in(recogniser, speech(60.0)).split()
    assert 60 < len(words) < 300


def sounds() -> Iterator[np.ndarray]:
    rng = np.random.default_rng(7)
    time_s = np.arange(4 * RATE) / RATE
    yield rng.normal(0, 3000, 4 * RATE)
    yield rng.normal(0, 30, 4 * RATE)
    yield 8000 * np.sin(2 * np.pi * 50 * time_s)
    yield 8000 * np.sign(np.sin(2 * np.pi * 440 * time_s))
    yield np.where(np.arange(4 * RATE) % RATE == 0, 32767, 0)
    yield np.full(4 * RATE, -32768)


@pytest.mark.parametrize("sound", list(sounds()), ids=["loud", "faint", "hum", "buzz", "clicks", "direct"])
def test_what_is_no_speech_gives_few_words_and_a_whole_lattice(
    recogniser: Recogniser, sound: np.ndarray
) -> None:
    assert len(heard_in(recogniser, sound.astype(np.int16)).split()) <= 6


@needs_recordings
def test_household_noise_gives_few_words(recogniser: Recogniser) -> None:
    for path in sorted((FOLDER / "noise").glob("*.opus")):
        samples = read_samples(path)[: 5 * RATE]
        assert len(heard_in(recogniser, samples).split()) <= 8, path.name
