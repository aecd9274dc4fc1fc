"""All that calls the device, as the settings say: its wake word, a second opinion, the owner's own words."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial

from alexa_local.config import Config, WakeSettings
from alexa_local.daemon.paths import open_used
from alexa_local.errors import UsageError
from alexa_local.models import Model
from alexa_local.recognise import EndOfSpeech
from alexa_local.recognise.networks import Networks
from alexa_local.recognise.normalise import spoken_form
from alexa_local.recognise.reading import best_reading
from alexa_local.wake import (
    Hearer,
    Levels,
    Phrase,
    PhraseSpotter,
    Verifier,
    WakeWord,
    WakeWords,
    fits,
    levels_at,
    measured,
)
from alexa_local.wake.sensitivity import Level, Measured

_LOG = logging.getLogger(__name__)
Opened = Mapping[str, Model]


def hearer(config: Config, opened: Opened, networks: Networks) -> Hearer:
    """Everything that opens a request when it is said.

    Args:
        config: the settings.
        opened: the models that they name.
        networks: the recogniser's.

    Raises:
        AlexaLocalError: a model does not fit this program, or a word cannot be spelled.
    """
    hearers: list[Hearer] = [wake_word(config, opened, networks)] if config.wake.model else []
    if config.wake.words:
        hearers.append(spotter(config, opened, networks))
    return hearers[0] if len(hearers) == 1 else WakeWords(hearers)


def wake_word(config: Config, opened: Opened, networks: Networks) -> WakeWord:
    """The wake word that comes with the program, as easily heard as the owner wishes."""
    return wake_parts(config, opened, networks)[0]


def wake_parts(config: Config, opened: Opened, networks: Networks) -> tuple[WakeWord, Verifier | None, float]:
    """The same, its second opinion, and what that must give while nothing is played."""
    settings = config.wake
    model, second = opened[settings.model], opened.get(settings.verification)
    if second and not fits(second, opened[config.recogniser.model]):
        _LOG.warning(
            "The wake word has no second opinion: %s was made for another recogniser. Update both models.",
            second.name,
        )
        second = None
    # apart: it knows what the encoder says in usual times, and judges no worse on a machine that is late
    verifier = Verifier(second, networks.encoder.apart()) if second else None
    levels = _levels(settings, second or model)
    return WakeWord(model, levels=levels, verifier=verifier), verifier, levels.silence.verification


def _levels(settings: WakeSettings, model: Model) -> Levels:
    if "sensitivity" not in model.info:  # an owner's own model
        return Levels.all_alike(Level(settings.threshold or float(model.info["threshold"])))
    return levels_at(measured(model), settings.sensitivity, settings.threshold)


def spotter(config: Config, opened: Opened, networks: Networks) -> PhraseSpotter:
    """The owner's own wake words.

    Raises:
        UsageError: one of them cannot be spelled.
    """
    phrases = [Phrase(text, spelled(text, networks)) for text in config.wake.words]
    ear = EndOfSpeech(opened[config.endpoint.model])
    return PhraseSpotter(phrases, networks, ear, partial(best_reading, networks), config.wake.sensitivity)


def spelled(text: str, networks: Networks) -> tuple[int, ...]:
    """A phrase in word pieces.

    Raises:
        UsageError: they cannot spell it.
    """
    words = [networks.pieces.spell(word) for word in spoken_form(text).split()]
    if not words or not all(words):
        raise UsageError(
            f"The wake word {text!r} cannot be spelled with the letters of English. Write it as it sounds, "
            "or remove it: `alexa-local wake-word remove`."
        )
    return tuple(piece for word in words for piece in word)


def steps_of(config: Config) -> tuple[Measured, ...]:
    """The steps of sensitivity of the wake word as it is used; none of an owner's own model."""
    second = config.wake.verification
    model = open_used(config.wake.model, config.daemon)
    if second and fits(
        opened := open_used(second, config.daemon), open_used(config.recogniser.model, config.daemon)
    ):
        model = opened
    return measured(model) if "sensitivity" in model.info else ()


def called_by(config: Config) -> tuple[str, ...]:
    """The words that call the device, as people write them."""
    return *(("Alexa",) if config.wake.model else ()), *config.wake.words


def offline_hearer(config: Config) -> Hearer:
    """The same for a program that has no recogniser yet."""
    opened = {name: open_used(name, config.daemon) for name in config.models}
    return hearer(config, opened, Networks(opened[config.recogniser.model]))


class Calls:
    """How often the device was called, and how often it only seemed so."""

    def __init__(self) -> None:
        self._called = self._refused = 0

    def count(self, event: str) -> None:
        """Take the name of anything that happens."""
        self._called += event == "wake_word_detected"
        self._refused += event == "wake_word_refused"

    def status(self) -> Mapping[str, int]:
        """Lines for the daemon's status."""
        return {"called": self._called, "calls_refused": self._refused}
