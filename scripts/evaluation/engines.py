"""The program's own engines, loaded as the daemon loads them; each only when it is measured."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.config import RecogniserSettings, WakeSettings, load_config
from alexa_local.errors import ConfigError
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE, Hypothesis, SentenceGraph
from alexa_local.models import open_model
from alexa_local.wake import WakeWord, scan
from alexa_local.wake.detector import REFRACTORY_FRAMES, STEP_FRAMES
from scripts.evaluation.intent import Interpret
from scripts.evaluation.wake import Detector, Heard

if TYPE_CHECKING:
    from alexa_local.understand import Contact, Device

COFFEE_ORDERS = Path(__file__).resolve().parents[2] / "packaging" / "examples" / "coffee-orders.yaml"
"""An example of an owner's intents; the default for recordings that are labelled with its intents."""

_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE


class _ScoredWakeWord(WakeWord):
    """The wake word, keeping the score of every step."""

    def reset(self) -> None:
        super().reset()
        self.scores: list[float] = []

    def push(self, frames: NDArray[np.float32]) -> list[Any]:
        found = []
        for first in range(0, len(frames) - STEP_FRAMES + 1, STEP_FRAMES):
            found += super().push(frames[first : first + STEP_FRAMES])
            self.scores.append(self.score)
        return found


class WakeDetector:
    """The shipped wake word over whole clips."""

    def __init__(self, wake_word: _ScoredWakeWord) -> None:
        self._wake_word = wake_word
        self.threshold = wake_word.threshold
        self.apart_steps = REFRACTORY_FRAMES // STEP_FRAMES

    def hear(self, samples: NDArray[np.int16]) -> Heard:
        """Run over one clip, int16 (N,), and a second of quiet after it."""
        detections = scan(samples, self._wake_word)
        return Heard([one.end_frame * _FRAME_S for one in detections], self._wake_word.scores)


class Engines:
    """Makes what a measurement needs; a test gives its own instead."""

    def __init__(self, model: str | None = None, beam: int | None = None) -> None:
        """Take another model's name or another beam than the program's defaults."""
        self._model = model
        self._beam = beam

    def transcribe(
        self, sentences: SentenceGraph | None = None
    ) -> Callable[[NDArray[np.int16]], list[Hypothesis]]:
        """The recogniser, on whole clips; it looks for the sentences too."""
        from alexa_local.recognise import Options, Recogniser

        settings = RecogniserSettings()
        beam = self._beam or settings.beam
        options = Options(beam, min(beam, settings.n_best))
        recogniser = Recogniser(open_model(self._model or settings.model), options, settings.threads)
        recogniser.guide(sentences)
        return recogniser.transcribe

    def calls(self, contacts: Path | None) -> SentenceGraph | None:
        """What calls the people of an address book."""
        from alexa_local.understand import known_sentences

        return known_sentences(None, _contacts(contacts))

    def detector(self) -> Detector:
        """The wake word at its shipped threshold."""
        return WakeDetector(_ScoredWakeWord(open_model(self._model or WakeSettings().model)))

    def interpret(
        self, intents: Path | None, contacts: Path | None, config: Path | None, wanted: Collection[str | None]
    ) -> tuple[Interpret, SentenceGraph | None]:
        """What requests mean: the built-in intents, the owner's, and the names of contacts.

        Args:
            intents: the owner's intents; without, the coffee orders when the recordings want one of those.
            contacts: an address book.
            config: a configuration, whose devices may be spoken to.
            wanted: the intents that the recordings are labelled with.

        Returns:
            the understanding, and the sentences that the recogniser shall look for.
        """
        from alexa_local.understand import Catalogue, Understander, known_sentences, load_owner_intents

        owner = load_owner_intents(intents or COFFEE_ORDERS)
        is_wanted = intents is not None or set(owner.actions) & set(wanted)
        catalogue = Catalogue(_devices(config), contacts=_contacts(contacts))
        chosen = owner if is_wanted else None
        return Understander(catalogue, chosen).interpret, known_sentences(chosen, catalogue.contacts)


def _devices(path: Path | None) -> tuple[Device, ...]:
    """The devices of a configuration."""
    if path is None:
        return ()
    from alexa_local.understand import Device

    home = load_config(path).home
    return tuple(Device(one.name, one.kind, one.room, one.aliases) for one in home.devices)


def _contacts(path: Path | None) -> tuple[Contact, ...]:
    """The people in an address book, vCard or CSV."""
    if path is None:
        return ()
    from alexa_local.act.address_book import read_address_book
    from alexa_local.understand import Contact

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The contacts {path} cannot be read ({error.strerror}). Give a vCard or CSV file."
        ) from error
    entries, _ = read_address_book(data)
    return tuple(Contact(entry.name, tuple(entry.nicknames)) for entry in entries)
