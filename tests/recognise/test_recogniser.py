"""The recogniser on the shipped model: any chunking, any input, bounded memory."""

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.frontend import log_mel
from alexa_local.models import models_folder, open_model
from alexa_local.recognise import Options, Recogniser
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.networks import Networks
from alexa_local.tflite.network import installed_runtimes
from tests.recognise.test_lattice import cut_sums

pytestmark = pytest.mark.skipif(
    not (models_folder() / "asr-en").is_dir(), reason="no recogniser model is here"
)


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(open_model("asr-en"))


def noise(seconds: float, level: int) -> np.ndarray:
    return np.random.default_rng(1).integers(-level, level + 1, int(16_000 * seconds)).astype(np.int16)


@pytest.mark.parametrize("sizes", [(1,), (7, 13), (250,)])
def test_two_chunkings_give_the_same_reading(recogniser: Recogniser, sizes: tuple[int, ...]) -> None:
    frames = log_mel(noise(2.0, 8000))
    whole, pieces = recogniser.stream(), recogniser.stream()
    whole.push(frames)
    at, turn = 0, 0
    while at < len(frames):
        size = sizes[turn % len(sizes)]
        pieces.push(frames[at : at + size])
        at, turn = at + size, turn + 1
    assert whole.finish() == pieces.finish()


@pytest.mark.parametrize(
    "samples", [np.zeros(0, np.int16), np.zeros(300, np.int16), np.zeros(48_000, np.int16)]
)
def test_silence_has_no_words(recogniser: Recogniser, samples: np.ndarray) -> None:
    assert recogniser.transcribe(samples)[0].text == ""


def test_clipped_noise_does_not_break_it(recogniser: Recogniser) -> None:
    shouted = np.where(noise(3.0, 100) > 0, 32767, -32768).astype(np.int16)
    hypotheses = recogniser.transcribe(shouted)
    assert hypotheses and all(np.isfinite(one.score) for one in hypotheses)


def test_a_lattice_has_the_words_that_are_recognised(recogniser: Recogniser) -> None:
    stream = recogniser.stream()
    stream.push(log_mel(noise(4.0, 12_000)))
    partial, ended = stream.lattice(), stream.finish()
    lattice = stream.lattice()
    assert n_best(lattice, 1)[0].text == ended[0].text
    assert n_best(lattice, 1)[0].score == pytest.approx(ended[0].score, abs=0.5)
    assert partial.times_s[-1] == pytest.approx(4.0, abs=0.1)
    for one in (partial, lattice):
        assert cut_sums(one) == pytest.approx([1.0] * (len(one.times_s) - 1), abs=1e-9)


@pytest.mark.parametrize("samples", [np.zeros(0, np.int16), np.zeros(16_000, np.int16)])
def test_a_lattice_of_silence_is_one_empty_path(recogniser: Recogniser, samples: np.ndarray) -> None:
    _, lattice = recogniser.transcribe_with_lattice(samples)
    assert n_best(lattice, 1)[0].text == ""


def test_a_recording_in_several_streams_has_one_lattice(recogniser: Recogniser) -> None:
    readings, lattice = recogniser.transcribe_with_lattice(noise(50.0, 300))
    assert n_best(lattice, 1)[0].text == readings[0].text
    assert cut_sums(lattice) == pytest.approx([1.0] * (len(lattice.times_s) - 1), abs=1e-9)


def test_a_long_recording_is_cut_into_streams(recogniser: Recogniser) -> None:
    assert len(recogniser.transcribe(noise(80.0, 300))) == 1


def test_hypotheses_differ_and_are_sorted(recogniser: Recogniser) -> None:
    hypotheses = recogniser.transcribe(noise(4.0, 12_000))
    texts = [one.text for one in hypotheses]
    assert len(set(texts)) == len(texts)
    assert [one.score for one in hypotheses] == sorted((one.score for one in hypotheses), reverse=True)


def test_peeking_changes_nothing_of_the_stream(recogniser: Recogniser) -> None:
    frames = log_mel(noise(3.0, 12_000))
    peeked, left_alone = recogniser.stream(), recogniser.stream()
    for first in range(0, len(frames), 20):
        peeked.push(frames[first : first + 20])
        left_alone.push(frames[first : first + 20])
        if first == 120:
            assert peeked.peek() == peeked.peek()
    assert peeked.peek() == left_alone.finish()


def test_the_words_tell_whether_a_sentence_is_whole(recogniser: Recogniser) -> None:
    language = recogniser._networks.language
    assert language is not None
    ends = {}
    for text in ("set a timer for ten minutes", "set a timer for", "turn on the", "turn on the lights"):
        pieces = [piece for word in text.split() for piece in recogniser._networks.pieces.spell(word)]
        ends[text] = language.end_probability(tuple(pieces))
    assert 0 <= max(ends["set a timer for"], ends["turn on the"]) < 0.02
    assert 0.02 < min(ends["set a timer for ten minutes"], ends["turn on the lights"]) <= 1


def test_word_times_match_the_words(recogniser: Recogniser) -> None:
    for one in recogniser.transcribe(noise(4.0, 12_000)):
        assert len(one.word_times_s) == len(one.text.split())
        assert all(start < end for start, end in one.word_times_s)


def test_a_beam_may_be_wider_than_what_the_joint_takes_at_once() -> None:
    wide = Recogniser(open_model("asr-en"), Options(beam=20, n_best=20))
    assert len(wide.transcribe(noise(2.0, 12_000))) > 8


def test_a_model_without_its_networks_is_refused(tmp_path) -> None:
    folder = tmp_path / "asr-en"
    folder.mkdir()
    (folder / "manifest.json").write_text('{"files": {}}')
    with pytest.raises(ModelError, match=r"pieces\.txt"):
        Recogniser(open_model("asr-en", tmp_path))


@pytest.mark.parametrize("runtime", installed_runtimes())
def test_the_encoder_answers_as_its_int8_arithmetic_in_numpy_does(runtime: str, monkeypatch) -> None:
    """The manifest holds what `scripts.training.asr.parity` computed from the trained weights, in turns."""
    monkeypatch.setenv("ALEXA_LOCAL_TFLITE", runtime)
    model = open_model("asr-en")
    networks = Networks(model)
    states = networks.start()
    encoded = np.zeros((1, 1), np.float32)
    time, band = np.arange(96)[:, None], np.arange(64)[None]
    frames = -6.0 + 3.0 * np.sin(0.37 * time + 0.11 * band) + 2.0 * np.cos(0.05 * time * band)
    for first in range(0, 96, networks.frames_per_step):
        step = frames[first : first + networks.frames_per_step].astype(np.float32)
        networks.encoder.prefer("small" if first // networks.frames_per_step % 2 else "large")
        encoded, states = networks.encode(step, states)
    wanted = np.array(model.info["parity"]["encoded"])
    # A rounding that falls the other way is worth 1/127 of a row's peak, and the states carry it along:
    # single values are off by up to 0.04 then, while the values spread by 1.5.
    off = encoded[0, : len(wanted)] - wanted
    assert np.sqrt(np.mean(off**2)) < 0.03
    assert np.abs(off).max() < 0.1
