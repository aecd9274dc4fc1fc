"""A small network that reads requests no template fits: which intent it may be, and what each word fills.

A word is a row of a table and the mean of its letter trigrams' rows (Bojanowski et al. 2017), with flags for
the kinds of the home's names that it is part of; one LSTM layer goes over the words each way; the intents are
read off the most and the mean of all places, the slots off each place (Liu and Lane 2016 read both jointly).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.models import Model
from alexa_local.tflite import load
from alexa_local.understand.catalogue import DEVICE_TYPES

FLAGS = ("device", "room", "contact", "music", "list", "timer_name")
"""Kinds of names that the network is told of."""

TAG_OF_TYPE: Mapping[str, str] = {
    **dict.fromkeys(DEVICE_TYPES, "device"),
    "running_timer": "timer_name",
    "more_duration": "duration",
    "plain_degrees": "degrees",
    "any": "text",
    "few": "timer_name",
}
"""What the network calls words that fill a slot of a type of the sentences; other types keep their names."""

PARTS = 12
"""At most so many letter trigrams of a word are looked at."""

OURS = "ours"
"""The task whose intents and slots are the assistant's own; the others are public sets'."""

MOST_NAME_WORDS = 5
MOST_WORDS = 40
"""Words behind these are not read."""

NETWORKS = ("words", "forward", "backward", "intents", "slots")

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Read:
    """What the network makes of one text.

    Attributes:
        words: the words that were read.
        intents: probability of each intent of the assistant; "" is none of them.
        slots: for each word the slot type that it fills, "" for none; "B-" before it where a slot begins.
        others: for each other task the intents' probabilities.
        other_slots: for each other task with slots, the same as `slots`.
    """

    words: tuple[str, ...]
    intents: Mapping[str, float]
    slots: tuple[str, ...]
    others: Mapping[str, Mapping[str, float]]
    other_slots: Mapping[str, tuple[str, ...]]

    @property
    def intent(self) -> str:
        """The likeliest intent."""
        return max(self.intents, key=self.intents.__getitem__, default="")

    def values(self, task: str) -> list[tuple[str, str]]:
        """Slots of another task as (name, words)."""
        tags = self.other_slots.get(task, ())
        return [(name, " ".join(self.words[first:end])) for name, first, end in spans_of(tags)]

    def spans(self) -> list[tuple[str, int, int]]:
        """The assistant's slots; they have words between them, so neighbours of one type are one slot."""
        return spans_of(tag.removeprefix("B-") for tag in self.slots)


class RequestReader:
    """The network of a model folder; not for two threads at once.

    Attributes:
        tasks: the intents of the public sets that it was trained on, by set.
    """

    def __init__(self, model: Model) -> None:
        """Load it.

        Raises:
            ModelError: the folder does not fit this program.
        """
        self._networks = {name: load(model.path(f"{name}.tflite")) for name in NETWORKS}
        try:
            about = model.info["reads"]
            self._intents: Mapping[str, Sequence[str]] = about["intents"]
            self._tags: Mapping[str, Sequence[str]] = about["slots"]
            self._rows, flags = int(about["parts"]), tuple(about["flags"])
            self._warmth = float(about["temperature"])
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"Model {model.name} does not say what it reads ({error!r}). Reinstall it."
            ) from error
        if flags != FLAGS or self._networks["words"].inputs.get("parts") != (PARTS,):
            raise ModelError(f"Model {model.name} is of another version of the program. Reinstall both.")
        self.tasks = {task: tuple(names) for task, names in self._intents.items() if task != OURS}
        words = model.path("words.txt").read_text(encoding="utf-8").split("\n")
        self._numbers = {word: number for number, word in enumerate(words) if word}
        self._vectors: dict[str, Array] = {}

    def read(self, text: str, names: Mapping[str, Collection[str]]) -> Read:
        """Read one text.

        Args:
            text: lower-case words separated by single spaces.
            names: the home's names by kind, as they are said.
        """
        words = tuple(text.split()[:MOST_WORDS])
        if not words:
            return Read((), {"": 1.0}, (), {}, {})
        flags = np.array(flags_of(words, names), np.float32)
        vectors = np.concatenate([np.concatenate([self._vector(word) for word in words]), flags], axis=1)
        onward = self._run("forward", vectors)
        back = self._run("backward", vectors[::-1])[::-1]
        both = np.concatenate([onward, back], axis=1)  # (words, 2 hidden)
        sentence = np.concatenate([both.max(0), both.mean(0)])[None]
        found = self._networks["intents"].run(sentence=sentence)
        likely = {
            task: dict(zip(names_, _softmax(found[task][0] / self._warmth).tolist(), strict=True))
            for task, names_ in self._intents.items()
        }
        tags: dict[str, list[str]] = {task: [] for task in self._tags}
        for place in both:
            logits = self._networks["slots"].run(place=place[None])
            for task, names_ in self._tags.items():
                tags[task].append(names_[int(logits[task][0].argmax())])
        others = {task: value for task, value in likely.items() if task != OURS}
        other_slots = {task: tuple(value) for task, value in tags.items() if task != OURS}
        return Read(words, likely[OURS], tuple(tags[OURS]), others, other_slots)

    def _vector(self, word: str) -> Array:
        """float32 (1, width); words come again, so they are kept."""
        known = self._vectors.get(word)
        if known is None:
            parts = part_numbers(word, self._rows, PARTS)
            count = max(1, sum(part > 0 for part in parts))
            known = self._networks["words"].run(
                word=np.array([self._numbers.get(word, 0)], np.int32),
                parts=np.array(parts, np.int32),
                share=np.array([[PARTS / count]], np.float32),
            )["vector"]
            if len(self._vectors) > 4096:
                self._vectors.clear()
            self._vectors[word] = known
        return known

    def _run(self, name: str, vectors: Array) -> Array:
        """One LSTM over the words: (words, width) -> (words, hidden)."""
        network = self._networks[name]
        h, c = (np.zeros(network.inputs[state], np.float32) for state in ("h", "c"))
        places = []
        for vector in vectors:
            state = network.run(x=vector[None], h=h, c=c)
            h, c = state["h_out"], state["c_out"]
            places.append(h)
        return np.concatenate(places)


def spans_of(tags: Iterable[str]) -> list[tuple[str, int, int]]:
    """Slots as (type, first word, word behind the last), of tags as in `Read.slots`."""
    found: list[tuple[str, int, int]] = []
    for at, tag in enumerate(tags):
        name = tag.removeprefix("B-")
        if name and tag == name and found and found[-1][0] == name and found[-1][2] == at:
            found[-1] = (name, found[-1][1], at + 1)
        elif name:
            found.append((name, at, at + 1))
    return found


def part_numbers(word: str, rows: int, most: int) -> list[int]:
    """Rows of a word's letter trigrams, with its ends, in a table of so many; row 0 is for none."""
    marked = f"<{word}>"
    parts = [marked[at : at + 3] for at in range(max(1, len(marked) - 2))][:most]
    numbers = [1 + zlib.crc32(part.encode()) % (rows - 1) for part in parts]
    return numbers + [0] * (most - len(numbers))


def flags_of(words: Sequence[str], names: Mapping[str, Collection[str]]) -> list[list[float]]:
    """For each word and kind in FLAGS 1 where the word is part of a name of the home."""
    flags = [[0.0] * len(FLAGS) for _ in words]
    for start in range(len(words)):
        for length in range(1, min(MOST_NAME_WORDS, len(words) - start) + 1):
            phrase = " ".join(words[start : start + length])
            for kind, known in enumerate(FLAGS):
                if phrase in names.get(known, ()):
                    for at in range(start, start + length):
                        flags[at][kind] = 1.0
    return flags


def _softmax(logits: Array) -> Array:
    shares = np.exp(logits - logits.max())
    return np.asarray(shares / shares.sum(), np.float32)
