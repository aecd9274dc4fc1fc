"""The program's own engines, loaded as the daemon loads them; each only when it is measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from alexa_local.config import (
    Config,
    EndpointSettings,
    RecogniserSettings,
    UnderstandingSettings,
    WhisperSettings,
)
from alexa_local.frontend import STEP_FRAMES, log_mel
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE, Hypothesis, PhraseClass, SentenceGraph
from alexa_local.models import Model, open_model
from alexa_local.wake import Verifier, WakeWord, scan
from alexa_local.wake.detector import REFRACTORY_FRAMES
from alexa_local.wake.verification import WINDOW_FRAMES
from alexa_local.wake.words import before_quiet
from scripts.evaluation.background import Assistant, Way
from scripts.evaluation.catalogue import read_contacts, read_devices
from scripts.evaluation.endpoint import EndPointers
from scripts.evaluation.intent import Interpret
from scripts.evaluation.speaker import Embedder
from scripts.evaluation.wake import CURVE, Detector, Heard
from scripts.evaluation.whisper import HowWhispered

if TYPE_CHECKING:
    from alexa_local.recognise import EndOfSpeech, Recogniser
    from alexa_local.understand import RequestReader

Biasing = Literal["none", "fusion", "attention", "both"]
"""Fusion adds to the search's scores, attention changes what the networks say."""

COFFEE_ORDERS = Path(__file__).resolve().parents[2] / "packaging" / "examples" / "coffee-orders.yaml"
"""An example of an owner's intents; the default for recordings that are labelled with its intents."""

_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE


class WakeDetector:
    """The wake word over whole clips, with its second opinion, if it has one."""

    def __init__(
        self, wake_word: WakeWord, verifier: Verifier | None = None, verification: float = 0.0
    ) -> None:
        """Take the wake word, and what it asks for a second opinion and wants of it."""
        self._wake_word, self._verifier = wake_word, verifier
        self.threshold, self.verification = wake_word.threshold, verification
        self.apart_steps = REFRACTORY_FRAMES // STEP_FRAMES

    def hear(self, samples: NDArray[np.int16]) -> Heard:
        """Run over one clip, int16 (N,), and a second of quiet after it."""
        ends_s = [one.end_frame * _FRAME_S for one in scan(samples, self._wake_word)]
        frames = log_mel(before_quiet(samples))
        self._wake_word.reset()
        scores = [step.score for step in self._wake_word.trace(frames)]
        return Heard(ends_s, scores, self._opinions(frames, scores))

    def _opinions(self, frames: NDArray[np.float32], scores: Sequence[float]) -> Sequence[float] | None:
        """What the second opinion would be at each step at which any point of the curve could ask for it."""
        if not self._verifier:
            return None
        ends = [(at + 1) * STEP_FRAMES for at in range(len(scores))]
        return [
            self._verifier.verify(frames[max(0, end - WINDOW_FRAMES) : end]) if score >= CURVE[0] else 0.0
            for end, score in zip(ends, scores, strict=True)
        ]


def bias(recogniser: Recogniser, phrases: Sequence[PhraseClass], biasing: Biasing) -> None:
    """Tell the recogniser of the phrases, in one way, both or none."""
    recogniser.listen_for(phrases, biasing)


class Engines:
    """Makes what a measurement needs; a test gives its own instead."""

    def __init__(self, model: str | None = None, beam: int | None = None) -> None:
        """Take another model's name or another beam than the program's defaults."""
        self._model = model
        self._beam = beam

    def recogniser(self) -> Recogniser:
        """The recogniser as the program sets it up."""
        from alexa_local.recognise import Options, Recogniser

        settings = RecogniserSettings()
        beam = self._beam or settings.beam
        options = Options(beam, min(beam, settings.n_best))
        return Recogniser(self.recogniser_model(), options, settings.threads)

    def recogniser_model(self) -> Model:
        """Its model."""
        return open_model(self._model or RecogniserSettings().model)

    def ear(self) -> EndOfSpeech:
        """What hears whether somebody speaks."""
        from alexa_local.recognise import EndOfSpeech

        return EndOfSpeech(open_model(EndpointSettings().model))

    def transcribe(
        self,
        sentences: SentenceGraph | None = None,
        phrases: Sequence[PhraseClass] = (),
        biasing: Biasing = "none",
    ) -> Callable[[NDArray[np.int16]], list[Hypothesis]]:
        """The recogniser, on whole clips; it looks for the sentences too, and is biased to the phrases."""
        recogniser = self.recogniser()
        recogniser.guide(sentences)
        if phrases:
            bias(recogniser, phrases, biasing)
        return recogniser.transcribe

    def end_pointers(self, config: Path | None = None) -> EndPointers:
        """The pipeline with its end-pointers, by the rules of a configuration or its own."""
        from scripts.evaluation.listening import PipelineEnds

        return PipelineEnds(self.recogniser(), self._model, config)

    def assistants(
        self, sentences: SentenceGraph | None, phrases: Sequence[PhraseClass], biasing: Biasing
    ) -> dict[Way, Assistant]:
        """The pipeline as the daemon makes it, and one that listens to everything."""
        from alexa_local.daemon import calling
        from alexa_local.pipeline import Pipeline
        from alexa_local.recognise import EndOfSpeech
        from scripts.evaluation.listening import NoWakeWord

        recogniser = self.recogniser()
        recogniser.guide(sentences)
        if phrases:
            bias(recogniser, phrases, biasing)
        rules = EndpointSettings()
        never: Any = NoWakeWord()
        config = Config()
        opened = {name: open_model(name) for name in config.models}
        wakes: dict[Way, Any] = {
            "waiting": calling.hearer(config, opened, recogniser.networks),
            "always": never,
        }

        def ignore(name: str, data: object) -> None:
            """Tell nobody."""

        return {
            way: Pipeline(wake, recogniser, EndOfSpeech(open_model(rules.model)), rules, ignore)
            for way, wake in wakes.items()
        }

    def detector(self) -> Detector:
        """The wake word as the daemon has it, with its second opinion; another model's own, without."""
        if self._model:
            return WakeDetector(WakeWord(open_model(self._model)))
        from alexa_local.daemon import calling
        from alexa_local.recognise.networks import Networks

        config = Config()
        opened = {name: open_model(name) for name in config.models}
        heard_by = calling.wake_parts(config, opened, Networks(opened[config.recogniser.model]))
        return WakeDetector(*heard_by)

    def embedder(self) -> Embedder:
        """Recordings to their voices."""
        from alexa_local.speaker import SpeakerEmbedder

        return SpeakerEmbedder(open_model(self._model or "speaker"))

    def how_whispered(self) -> tuple[HowWhispered, float]:
        """Recordings to the probability that they are whispered, and from which on they count as that."""
        from alexa_local.whisper import WhisperDetector

        detector = WhisperDetector(open_model(self._model or WhisperSettings().model))

        def how_whispered(samples: NDArray[np.int16]) -> float:
            detector.begin(log_mel(samples))
            return detector.probability

        return how_whispered, WhisperSettings().threshold

    def reader(self) -> RequestReader:
        """The network that reads requests no sentence fits."""
        from alexa_local.understand import RequestReader

        return RequestReader(open_model(UnderstandingSettings().model))

    def interpret(
        self, intents: Path | None, contacts: Path | None, config: Path | None, wanted: Collection[str | None]
    ) -> tuple[Interpret, SentenceGraph | None, tuple[PhraseClass, ...]]:
        """What requests mean: the built-in intents, the owner's, and the names of contacts.

        Args:
            intents: the owner's intents; without, the coffee orders when the recordings want one of those.
            contacts: an address book.
            config: a configuration, whose devices may be spoken to.
            wanted: the intents that the recordings are labelled with.

        Returns:
            the understanding, the sentences that the recogniser shall look for, and the phrases that it shall
            hear more readily.
        """
        from alexa_local.understand import (
            Catalogue,
            KnownPhrases,
            Understander,
            known_sentences,
            load_owner_intents,
        )

        owner = load_owner_intents(intents or COFFEE_ORDERS)
        is_wanted = intents is not None or set(owner.actions) & set(wanted)
        catalogue = Catalogue(read_devices(config), contacts=read_contacts(contacts))
        chosen = owner if is_wanted else None
        phrases = KnownPhrases(chosen).of(catalogue)
        understander = Understander(catalogue, chosen, self.reader())
        return understander.interpret, known_sentences(chosen, catalogue), phrases
