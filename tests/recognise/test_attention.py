"""Attention to a catalogue: without one nothing changes, phrases are encoded once, bad input is harmless."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from alexa_local.errors import ModelError
from alexa_local.messages import PhraseClass
from alexa_local.models import models_folder, open_model
from alexa_local.recognise import Recogniser
from alexa_local.recognise.attention import attend, by_context, spell_catalogue
from alexa_local.recognise.bias import MOST_PHRASES
from alexa_local.recognise.phrase_vectors import PhraseVectors, Place

SHIPPED = models_folder() / "asr-en"

ONE, TWO, THREE, FOUR = (0, 0, 1, 2), (0, 1, 2, 0), (0, 0, 3, 0), (4, 5, 6, 70)


def people(*names: str) -> list[PhraseClass]:
    return [PhraseClass("contact", names, frozenset([""]))]


def spell(word: str) -> tuple[int, ...]:
    return tuple(ord(letter) for letter in word) if word.isascii() else ()


class FakeEncoder:
    """A context encoder whose vectors are the places' own numbers, and which counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Place] = []

    def __call__(self, places: Sequence[Place]) -> np.ndarray:
        self.asked += places
        return np.array([[*place, -sum(place)] for place in places], np.float32)


def test_only_new_places_are_encoded(tmp_path: Path) -> None:
    encoder, file = FakeEncoder(), tmp_path / "vectors.npz"
    first = PhraseVectors(encoder, "m", file).of([ONE, TWO])
    again = PhraseVectors(encoder, "m", file)
    keys = again.of([TWO, THREE, ONE])
    assert encoder.asked == [ONE, TWO, THREE]
    assert again.encoded == 1
    np.testing.assert_array_equal(keys[[2, 0]], first)


def test_vectors_from_the_disk_are_those_that_were_encoded(tmp_path: Path) -> None:
    file, places = tmp_path / "vectors.npz", [ONE, TWO, FOUR]
    written = PhraseVectors(FakeEncoder(), "m", file).of(places)
    read = PhraseVectors(FakeEncoder(), "m", file).of(places)
    unkept = PhraseVectors(FakeEncoder(), "m").of(places)
    np.testing.assert_array_equal(written, read)
    np.testing.assert_array_equal(written, unkept)


def test_places_that_left_the_catalogue_leave_the_disk(tmp_path: Path) -> None:
    encoder, file = FakeEncoder(), tmp_path / "vectors.npz"
    PhraseVectors(encoder, "m", file).of([ONE, TWO])
    PhraseVectors(encoder, "m", file).of([TWO])
    PhraseVectors(encoder, "m", file).of([ONE, TWO])
    assert encoder.asked == [ONE, TWO, ONE]


def test_vectors_of_other_weights_are_not_used(tmp_path: Path) -> None:
    encoder, file = FakeEncoder(), tmp_path / "vectors.npz"
    PhraseVectors(encoder, "m", file).of([ONE])
    PhraseVectors(encoder, "newer", file).of([ONE])
    assert encoder.asked == [ONE, ONE]


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.7, 0.99])
def test_a_damaged_file_is_written_anew(tmp_path: Path, kept: float, caplog) -> None:
    encoder, file = FakeEncoder(), tmp_path / "vectors.npz"
    wanted = PhraseVectors(encoder, "m", file).of([ONE, TWO])
    whole = file.read_bytes()
    file.write_bytes(whole[: int(kept * len(whole))])
    with caplog.at_level(logging.WARNING):
        found = PhraseVectors(encoder, "m", file).of([ONE, TWO])
    np.testing.assert_array_equal(found, wanted)
    assert "damaged" in caplog.text
    assert file.read_bytes()[-4:] == whole[-4:]


def test_a_disk_that_takes_nothing_is_told_and_survived(tmp_path: Path, caplog) -> None:
    (tmp_path / "file").write_text("")
    with caplog.at_level(logging.WARNING):
        keys = PhraseVectors(FakeEncoder(), "m", tmp_path / "file" / "vectors.npz").of([ONE])
    assert len(keys) == 1
    assert "not kept" in caplog.text


def test_places_are_found_by_what_is_before_them() -> None:
    assert by_context([(1, 2, 3), (1, 2, 4), (5,)]) == {
        (0, 0): [(0, 0, 1, 2), (0, 0, 5, 0)],
        (0, 1): [(0, 1, 2, 3), (0, 1, 2, 4)],
        (1, 2): [(1, 2, 3, 0), (1, 2, 4, 0)],
    }


def test_shares_of_places_and_of_no_bias_add_to_one() -> None:
    scores = np.array([[2.0, 1.0, 0.5], [0.0, 0.1, 0.2]], np.float32)
    nothing = np.array([[1.5], [300.0]], np.float32)
    everything = np.exp(np.array([[1.5, *scores[0]]]))
    shares = attend(scores, nothing)
    np.testing.assert_allclose(shares[0], (everything / everything.sum())[0, 1:], rtol=1e-5)
    assert not shares[1].any()


def test_a_catalogue_has_each_phrase_once_and_tells_what_it_cannot_spell() -> None:
    classes = [*people("ann lee", "zoë", "ann lee"), PhraseClass("room", ("attic", "", "ann lee"))]
    catalogue = spell_catalogue(classes, spell)
    assert catalogue.names == ("ann lee", "attic")
    assert catalogue.unspelled == ("zoë", "")
    assert catalogue.phrases[0] == tuple(map(ord, "annlee"))


def test_a_long_phrase_is_cut_and_too_many_are_left_out() -> None:
    names = [f"name{number}" for number in range(100_000)]
    catalogue = spell_catalogue(people("x" * 500, *names), spell)
    assert len(catalogue.phrases) == MOST_PHRASES
    assert max(map(len, catalogue.phrases)) == 24
    assert catalogue.left_out == 100_001 - MOST_PHRASES


def test_a_model_without_attention_says_so_when_it_is_asked_to_attend(tmp_path: Path) -> None:
    recogniser = Recogniser(open_model("asr-en", folder_without_attention(tmp_path)))
    assert recogniser.attend([]).phrases == 0
    assert recogniser.listen_for(people("ann lee"), "fusion").phrases == 1
    with pytest.raises(ModelError, match="no attention networks"):
        recogniser.attend(people("ann lee"))


def folder_without_attention(tmp_path: Path) -> Path:
    if not SHIPPED.is_dir():
        pytest.skip("no recogniser model is here")
    shutil.copytree(SHIPPED, tmp_path / "asr-en")
    manifest = tmp_path / "asr-en" / "manifest.json"
    about = json.loads(manifest.read_text())
    about.pop("attention", None)
    about["files"] = {name: file for name, file in about["files"].items() if "attention" not in name}
    manifest.write_text(json.dumps(about))
    return tmp_path


@pytest.fixture(scope="module")
def attentive(tmp_path_factory: pytest.TempPathFactory) -> Recogniser:
    """The shipped recogniser with biasing networks that nobody trained, which attend to anything."""
    torch = pytest.importorskip("torch", reason="PyTorch is a training-only dependency")
    from scripts.training.attention.export import export
    from scripts.training.attention.model import Biasing, Sizes

    folder = folder_without_attention(tmp_path_factory.mktemp("models"))
    torch.manual_seed(1)
    biasing = Biasing(Sizes())
    export(biasing.eval(), folder / "asr-en")
    return Recogniser(open_model("asr-en", folder))


def noise(seconds: float) -> np.ndarray:
    return np.random.default_rng(1).integers(-9000, 9001, int(16_000 * seconds)).astype(np.int16)


def test_an_empty_catalogue_changes_nothing_at_all(attentive: Recogniser) -> None:
    plain = Recogniser(open_model("asr-en"))
    wanted = plain.transcribe(noise(2.0))
    attentive.attend(people("ann lee", "bob"))
    biased = attentive.transcribe(noise(2.0))
    attentive.attend(people("", "日本"))
    unspelled = attentive.transcribe(noise(2.0))
    attentive.attend([])
    assert attentive.transcribe(noise(2.0)) == unspelled == wanted
    assert biased != wanted


def test_attention_is_switched_on_and_off_with_fusion(attentive: Recogniser) -> None:
    wanted = {}
    for biasing in ("none", "fusion", "attention", "both", "none"):
        report = attentive.listen_for(people("ann lee", "bob", "日本"), biasing)
        assert report.phrases == (0 if biasing == "none" else 2)
        assert report.unspelled == (() if biasing == "none" else ("日本",))
        found = attentive.transcribe(noise(2.0))[0].score
        assert wanted.setdefault(biasing, found) == found
    assert wanted["attention"] != wanted["none"]


def test_a_stream_keeps_the_catalogue_it_began_with(attentive: Recogniser) -> None:
    from alexa_local.frontend import log_mel

    attentive.attend(people("ann lee", "bob"))
    frames = log_mel(noise(2.0))
    before, during = attentive.stream(), attentive.stream()
    before.push(frames)
    during.push(frames[:90])
    attentive.attend([])
    during.push(frames[90:])
    assert before.finish() == during.finish()


def test_looking_at_a_stream_does_not_change_what_it_hears(attentive: Recogniser) -> None:
    from alexa_local.frontend import log_mel

    attentive.attend(people("ann lee", "bob"))
    frames = log_mel(noise(2.0))
    looked_at, left_alone = attentive.stream(), attentive.stream()
    for stream in (looked_at, left_alone):
        stream.push(frames[:90])
        if stream is looked_at:
            stream.peek()
        stream.push(frames[90:])
    assert looked_at.finish() == left_alone.finish()


def test_the_map_has_a_share_for_every_phrase_and_step(attentive: Recogniser) -> None:
    attentive.attend(people("ann lee", "bob", "日本"))
    names, shares = attentive.attention_map(noise(2.0))
    assert names == ("ann lee", "bob")
    assert shares.shape == (24, 2)
    assert (shares >= 0).all() and (shares.sum(axis=1) <= 1).all()
    attentive.attend([])
    assert attentive.attention_map(noise(0.5))[0] == ()


@pytest.mark.skipif(
    not (SHIPPED / "attention-context.tflite").exists(), reason="the model has no attention networks"
)
def test_the_shipped_networks_answer_as_their_int8_arithmetic_in_numpy_does() -> None:
    """The manifest holds what `scripts.training.attention.parity` computed from the trained weights."""
    from alexa_local.recognise.networks import Networks

    model = open_model("asr-en")
    networks = Networks(model).attention
    assert networks
    wanted = model.info["attention"]["parity"]
    steps = 1.5 * np.sin(0.7 * np.arange(8)[:, None] + 0.13 * np.arange(320)[None]).astype(np.float32)
    past = np.zeros(networks.past, np.float32)
    for step in steps:
        query, past = networks.query_sound(step[None], past)
    answers = {
        "key": networks.encode([(1, 2, 3, 4)])[0],
        "sound": query.heads.ravel(),
        "label": networks.query_label(steps[0]).heads.ravel(),
        "values": networks.values.ravel(),
    }
    for name, found in answers.items():
        np.testing.assert_allclose(found[: len(wanted[name])], wanted[name], atol=0.05, err_msg=name)
