"""What calls the device follows the settings; voices call it by phrases that nothing was trained on."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from alexa_local.capture import ToMono16k
from alexa_local.config import Config, WakeSettings
from alexa_local.daemon import calling
from alexa_local.errors import UsageError
from alexa_local.models import Model, models_folder, open_model
from alexa_local.pipeline import Pipeline, Request
from alexa_local.playback.voice import Voice, installed_voices
from alexa_local.recognise import EndOfSpeech, Recogniser
from alexa_local.wake import PhraseSpotter, WakeWord, WakeWords

pytestmark = pytest.mark.skipif(
    not all((models_folder() / name).is_dir() for name in Config().models), reason="a model is not here"
)


@pytest.fixture(scope="module")
def opened() -> dict[str, Model]:
    return {name: open_model(name) for name in Config().models}


@pytest.fixture(scope="module")
def recogniser(opened) -> Recogniser:
    return Recogniser(opened[Config().recogniser.model])


def config(**wake: object) -> Config:
    return Config(wake=replace(WakeSettings(), **wake))


@pytest.mark.parametrize(
    ("wake", "kind"),
    [
        ({}, WakeWord),
        ({"model": "", "words": ("hey kitchen",)}, PhraseSpotter),
        ({"words": ("hey kitchen", "okay garden")}, WakeWords),
    ],
)
def test_the_settings_say_what_calls(wake, kind, opened, recogniser) -> None:
    assert isinstance(calling.hearer(config(**wake), opened, recogniser.networks), kind)


def test_a_word_that_cannot_be_spelled_is_told_at_the_start(opened, recogniser) -> None:
    with pytest.raises(UsageError, match="cannot be spelled"):
        calling.hearer(config(words=("привет",)), opened, recogniser.networks)


def test_an_opinion_for_another_recogniser_is_left_out_and_that_is_said(opened, recogniser, caplog) -> None:
    name = "wake-verify"
    stranger = Model(name, models_folder(), {"encoder_sha256": "of another"})
    with caplog.at_level(logging.WARNING):
        _, verifier, _ = calling.wake_parts(
            config(verification=name), {**opened, name: stranger}, recogniser.networks
        )
    assert verifier is None
    assert "no second opinion" in caplog.text


def test_a_step_of_sensitivity_moves_the_threshold_and_a_number_replaces_it(opened, recogniser) -> None:
    steps = calling.steps_of(config())
    if not steps:
        pytest.skip("the shipped wake word does not tell its steps")
    low, high = (
        calling.wake_word(config(sensitivity=step), opened, recogniser.networks).threshold
        for step in ("lowest", "highest")
    )
    assert low >= high and {low, high} <= {one.level.threshold for one in steps}
    assert calling.wake_word(config(threshold=0.42), opened, recogniser.networks).threshold == 0.42


def test_calls_are_counted() -> None:
    calls = calling.Calls()
    for event in ("wake_word_detected", "wake_word_refused", "wake_word_refused", "stt_text"):
        calls.count(event)
    assert calls.status() == {"called": 1, "calls_refused": 2}


@pytest.mark.parametrize("name", ["flite", "pico"])
def test_a_phrase_that_was_never_trained_opens_a_request_and_is_no_part_of_it(
    name, opened, recogniser
) -> None:
    if name not in installed_voices():
        pytest.skip(f"{name} is not installed")
    speech = Voice(name).speak("hey kitchen. turn on the light")
    convert = ToMono16k(speech.rate_hz)
    sound = np.concatenate([convert.push(speech.samples[:, None]), convert.finish()])
    faint = np.random.default_rng(0).integers(-5, 6, 32_000).astype(np.int16)
    settings = config(model="", words=("hey kitchen",))
    events: list[str] = []
    pipeline = Pipeline(
        calling.hearer(settings, opened, recogniser.networks),
        *(recogniser, EndOfSpeech(opened[settings.endpoint.model]), settings.endpoint),
        lambda event, data: events.append(event),
    )
    heard = np.concatenate([faint[:8000], sound, faint])
    decided = [
        one for first in range(0, len(heard), 640) for one in pipeline.push(heard[first : first + 640])
    ]
    texts = [one.hypotheses[0].text for one in decided if isinstance(one, Request) and one.stage == "final"]
    assert texts == ["turn on the light"]
    assert events.count("wake_word_detected") == 1
