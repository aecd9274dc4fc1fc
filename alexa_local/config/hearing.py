"""The settings of what is heard and understood: sound, the wake word, words, their end, their meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from alexa_local.config.fields import number


@dataclass(frozen=True)
class AudioSettings:
    """Where sound comes from and goes to."""

    input_device: str = ""
    """The microphone's name or a part of it: see `alexa-local devices`; empty for the system's default."""

    output_device: str = ""
    """The loudspeaker's name or a part of it; empty for the system's default, `none` for no sound at all."""

    earcons: bool = True
    """Whether short sounds tell whether a request was done."""

    wake_earcon: bool = False
    """Whether a short sound tells that the wake word was heard; the microphone may hear it too."""

    echo_cancellation: Literal["auto", "on", "off"] = "auto"
    """Whether what the device plays is taken out of what its microphone hears: `auto` where libspeexdsp is
    installed, `on` does not start without it."""


@dataclass(frozen=True)
class WakeSettings:
    """The wake word."""

    model: str = "wake-alexa"
    """The folder's name among the models; empty for the words of `words` alone."""

    sensitivity: Literal["lowest", "low", "medium", "high", "highest"] = "medium"
    """How easily it is heard, and falsely heard; `alexa-local wake-word list` tells what each step was
    measured to miss, and how often other speech woke it."""

    threshold: float | None = number(None, 0.01, 0.99)
    """A score of your own, 0.01 to 0.99, above which the word counts as heard; empty for that of
    `sensitivity`. Lower hears more, and more falsely."""

    verification: str = ""
    """The folder's name among the models: a second opinion, asked when the word was heard; empty for none."""

    words: tuple[str, ...] = ()
    """Phrases of your own that call the device too, such as `hey computer`: see `alexa-local wake-word`."""

    stop_word: Literal["off", "replies", "music"] = "replies"
    """What the word `stop` ends without the wake word: nothing, replies and all that rings, or music too."""

    stop_model: str = ""
    """The folder's name among the models: the network that hears that word; empty for none."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if not self.model and not self.words:
            yield "model", "expected a model or `words`, for nothing else calls the device"


@dataclass(frozen=True)
class RecogniserSettings:
    """The model that turns speech into words, and how widely it searches."""

    model: str = "asr-en"
    """The folder's name among the models."""

    beam: int = number(16, 1, 32)
    """Readings kept during the search; 1 is the fastest."""

    n_best: int = number(6, 1, 32)
    """Readings handed on to understanding, at most `beam`."""

    threads: int = number(1, 1, 16)
    """CPU threads."""

    biasing: Literal["none", "fusion", "attention", "both"] = "fusion"
    """How the names of the household are made likelier: in the search's scores, in the networks, or both."""

    rescoring: Path | None = None
    """A model of words, as `scripts/training/asr/word_ngram.py` makes it, to read a request again with that
    could not be done; `none` or empty for no second look."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if self.n_best > self.beam:
            yield "n_best", f"expected at most `beam` ({self.beam}), not {self.n_best}"


@dataclass(frozen=True)
class EndpointRule:
    """When all of its conditions hold, the request is over."""

    needs_words: bool = False
    """Whether the rule waits for a first word."""

    trailing_silence_s: float = number(0.0, 0.0, 60.0)
    """Seconds without a new word."""

    quiet_s: float = number(0.0, 0.0, 60.0)
    """Seconds without a voice, by the end-of-speech model."""

    ended: float = number(0.0, 0.0, 1.0)
    """Least probability, by the end-of-speech model, that the speaker has finished."""

    sentence_end: float = number(0.0, 0.0, 1.0)
    """Least probability, by the recogniser's language model, that a sentence ends after these words."""

    open_ended: bool = True
    """Whether the rule also holds while the words ask for more, as "for", digits and spelled letters do."""

    length_s: float = number(0.0, 0.0, 300.0)
    """Seconds since the request began."""


def _speculative_rules() -> Mapping[str, EndpointRule]:
    return MappingProxyType(
        {
            "whole_sentence": EndpointRule(True, quiet_s=0.28, ended=0.6, sentence_end=0.1, open_ended=False),
            "end_of_speech": EndpointRule(
                True, quiet_s=0.48, ended=0.85, sentence_end=0.01, open_ended=False
            ),
            "long_pause": EndpointRule(True, quiet_s=1.2, ended=0.8),
        }
    )


def _final_rules() -> Mapping[str, EndpointRule]:
    return MappingProxyType(
        {
            "whole_sentence": EndpointRule(
                True, quiet_s=0.52, ended=0.85, sentence_end=0.2, open_ended=False
            ),
            "end_of_speech": EndpointRule(True, quiet_s=0.8, ended=0.95, sentence_end=0.01, open_ended=False),
            "long_pause": EndpointRule(True, quiet_s=1.5, ended=0.8),
            "no_new_words": EndpointRule(True, trailing_silence_s=3.0, quiet_s=0.4),
            "nothing_said": EndpointRule(trailing_silence_s=5.0),
            "too_long": EndpointRule(length_s=20.0),
        }
    )


_PATIENCE = {"quick": 0.75, "normal": 1.0, "patient": 1.75}
"""Factor on every silence, by the setting's name."""


@dataclass(frozen=True)
class EndpointSettings:
    """When a request counts as finished: first provisionally, to prepare the answer, then in earnest."""

    model: str = "end-of-speech"
    """The folder's name among the models."""

    patience: Literal["quick", "normal", "patient"] = "normal"
    """How long to wait for a speaker who pauses: a factor of 0.75, 1 or 1.75 on all silences."""

    speculative: Mapping[str, EndpointRule] = field(default_factory=_speculative_rules)
    """Rules by name; the first whose conditions hold begins to prepare what was asked. Nothing is done
    yet that could not be taken back. Empty for no preparing."""

    final: Mapping[str, EndpointRule] = field(default_factory=_final_rules)
    """Rules by name; the first whose conditions hold ends the request, and its name appears in the events."""

    def patient(self) -> EndpointSettings:
        """The same rules with `patience` in them."""
        factor = _PATIENCE[self.patience]
        return EndpointSettings(
            self.model, "normal", _stretched(self.speculative, factor), _stretched(self.final, factor)
        )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if not self.final:
            yield "final", "expected at least one rule, or no request would ever end"
        for kind, rules in (("speculative", self.speculative), ("final", self.final)):
            for name, rule in rules.items():
                if not (rule.trailing_silence_s or rule.quiet_s or rule.length_s):
                    yield (
                        f"{kind}.{name}",
                        "expected a silence or `length_s` above 0, or it would fire at once",
                    )


def _stretched(rules: Mapping[str, EndpointRule], factor: float) -> Mapping[str, EndpointRule]:
    return {
        name: replace(
            rule, trailing_silence_s=rule.trailing_silence_s * factor, quiet_s=rule.quiet_s * factor
        )
        for name, rule in rules.items()
    }


@dataclass(frozen=True)
class WhisperSettings:
    """Telling whispers from voices; see `voice.whisper_replies` for what follows."""

    model: str = "whisper"
    """The folder's name among the models; empty for not telling."""

    threshold: float = number(0.5, 0.01, 0.99)
    """Probability, 0.01 to 0.99, from which on a request counts as whispered."""


@dataclass(frozen=True)
class UnderstandingSettings:
    """How requests are understood, and what can be asked beyond the built-in intents."""

    model: str = "understand-en"
    """The folder's name among the models: a network that reads what none of the known sentences fits; empty
    for those sentences alone."""

    follow_up: bool = True
    """Whether a question of the assistant, such as `For how long?`, is answered without the wake word."""

    intents_file: Path | None = None
    """A YAML file with intents of your own; see packaging/examples."""
