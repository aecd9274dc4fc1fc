"""Judging a wake word that an owner wrote down: what speaks against it, and how well voices are heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import ToMono16k
from alexa_local.config import Config
from alexa_local.errors import UsageError
from alexa_local.messages import SAMPLE_RATE, Hypothesis
from alexa_local.playback.voice import Voice
from alexa_local.recognise import spoken_form
from alexa_local.understand import Catalogue, Device, Understander
from alexa_local.wake import Hearer, scan

MOST_WORDS, MOST_PHRASES = 5, 10
_FEWEST_LETTERS, _GOOD_LETTERS = 5, 8
_ALIKE = 0.75
_SPEEDS = (0.9, 1.0, 1.1)
_SNR_DB = 10.0

SENTENCES = (
    "what is the weather going to be like tomorrow afternoon",
    "set a timer for twenty five minutes please",
    "could you tell me how long it takes to boil an egg",
    "we went to the market and bought apples, bread and some flowers",
    "the children are playing in the garden behind the house",
    "he said that he would call me back later this evening",
    "turn the lights in the living room down to thirty percent",
    "I have never seen such a beautiful picture in my life",
    "add milk, butter and a dozen eggs to the shopping list",
    "the meeting was moved to half past ten on Wednesday morning",
    "play some quiet music while we are having dinner",
    "she opened the window because it was far too warm inside",
    "the train to the city leaves from the other platform today",
    "do you remember where we put the keys to the old car",
    "most people would rather stay at home when it rains like this",
    "please remind me to water the plants before I go to bed",
    "my brother works for a company that builds very large ships",
    "it is about time that somebody repaired that broken fence",
    "wake me up at a quarter to seven and turn on the heating",
    "there was nothing on television, so we talked until midnight",
    "the doctor told him to drink more water and to sleep longer",
    "how many kilometres is it from here to the nearest station",
    "they have been looking for a new apartment since last summer",
    "everything will be fine as long as nobody forgets the tickets",
)
"""What is said at home and means no wake word."""


@dataclass(frozen=True)
class Trial:
    """What came of trying a phrase out on voices that this machine has.

    Attributes:
        voices: their names.
        said: how often they said it, at three speeds, each with and without noise.
        heard: how often it was heard.
        sentences: how many other sentences they said.
        woken_by: those of them that were taken for it.
        hours: how long the sentences are.
    """

    voices: tuple[str, ...]
    said: int
    heard: int
    sentences: int
    woken_by: tuple[str, ...]
    hours: float


def refuse(text: str, config: Config) -> str:
    """A phrase as it is kept: lower-case words; how it is spelled, others look at.

    Raises:
        UsageError: it cannot be a wake word at all.
    """
    phrase = spoken_form(text)
    if not phrase:
        raise UsageError(
            f"There is nothing to say in {text!r}. Write the wake word with English letters, as it sounds."
        )
    if len(phrase.split()) > MOST_WORDS:
        raise UsageError(f"Nobody says {len(phrase.split())} words to call a device. Choose two or three.")
    if len(phrase.replace(" ", "")) < _FEWEST_LETTERS:
        raise UsageError(
            f"{phrase!r} is too short: it would be heard all day. Say more, such as 'hey {phrase}'."
        )
    known = [word.lower() for word in config.wake.words]
    if phrase in known:
        raise UsageError(f"{phrase!r} is a wake word already.")
    if len(known) >= MOST_PHRASES:
        raise UsageError(f"There are {len(known)} wake words already. Remove one first.")
    builtin = ["alexa"] if config.wake.model else []
    for other in [*known, *builtin]:
        if SequenceMatcher(None, phrase, other).ratio() >= _ALIKE:
            raise UsageError(
                f"{phrase!r} sounds too much like {other!r}, which calls the device. Choose another."
            )
    return phrase


def doubts(phrase: str, config: Config) -> Iterator[str]:
    """What speaks against a phrase, each with what to do."""
    words = phrase.split()
    if len(phrase.replace(" ", "")) < _GOOD_LETTERS or len(words) == 1:
        yield (
            "It is short: other speech will be taken for it now and then. Two or three words, such as "
            f"'hey {words[-1]}', are told apart far better."
        )
    devices = tuple(Device(one.name, one.kind, one.room, one.aliases) for one in config.home.devices)
    names = {
        name.lower() for one in config.home.devices for name in (one.name, one.room, *one.aliases) if name
    }
    if shared := sorted(name for name in names if name in phrase or phrase in name):
        yield f"It is like a name of your home, {shared[0]!r}, and speaking of that calls the device."
    meaning = Understander(Catalogue(devices)).interpret([Hypothesis(phrase, 0.0)])
    if meaning.intent and meaning.confidence > 0.8:
        yield "It is something that people ask the assistant for, and calls the device then. Choose another."


def try_out(phrase: str, hearer: Hearer, voices: Sequence[Voice], tell: Callable[[str], object]) -> Trial:
    """Have every voice say the phrase and other sentences, in memory, and count what is heard."""
    said = heard = sentences = 0
    samples = 0
    woken_by: dict[str, None] = {}
    noise = np.random.default_rng(3)
    for voice in voices:
        tell(f"{voice.name} ...")
        spoken = _sound(voice, phrase)
        for speed in _SPEEDS:
            paced = _paced(spoken, speed)
            for sound in (paced, _noisy(paced, noise)):
                said += 1
                heard += bool(scan(_between_silence(sound), hearer))
        for sentence in (*SENTENCES, *_near(phrase)):
            sound = _between_silence(_sound(voice, sentence))
            sentences += 1
            samples += len(sound)
            if scan(sound, hearer):
                woken_by[sentence] = None
    names = tuple(voice.name for voice in voices)
    return Trial(names, said, heard, sentences, tuple(woken_by), samples / SAMPLE_RATE / 3600)


def _near(phrase: str) -> tuple[str, ...]:
    """Sentences with single words of the phrase, which must not be taken for all of it."""
    words = phrase.split()
    if len(words) == 1:
        return ()
    return tuple(f"I do not think that {word} is what he said yesterday" for word in words)


def _sound(voice: Voice, text: str) -> NDArray[np.int16]:
    """A sentence, int16 (N,), 16 kHz."""
    speech = voice.speak(text)
    convert = ToMono16k(speech.rate_hz)
    return np.concatenate([convert.push(speech.samples[:, None]), convert.finish()])


def _paced(samples: NDArray[np.int16], speed: float) -> NDArray[np.int16]:
    """Faster or slower, and so higher or deeper."""
    places = np.arange(0, len(samples) - 1, speed)
    return np.interp(places, np.arange(len(samples)), samples).astype(np.int16)


def _noisy(samples: NDArray[np.int16], rng: np.random.Generator) -> NDArray[np.int16]:
    """With noise 10 dB below the voice."""
    level = np.sqrt((samples.astype(np.float64) ** 2).mean()) * 10 ** (-_SNR_DB / 20)
    return np.clip(samples + rng.normal(0.0, level, len(samples)), -32768, 32767).astype(np.int16)


def _between_silence(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """With half a second of near silence before it; `scan` puts a second after it."""
    faint = np.random.default_rng(0).integers(-5, 6, SAMPLE_RATE // 2).astype(np.int16)
    return np.concatenate([faint, samples])
