"""Sentences of the public sets, of our templates and of everyday talk, with all that is known of each."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from alexa_local.recognise.normalise import spoken_form
from scripts.training.nlu.generated import Drawn
from scripts.training.nlu.labels import CLINC, HOME_ASSISTANT, HWU, NONE, SLURP_SLOTS, SNIPS, SNIPS_SLOTS
from scripts.training.sentences import music_names

OURS = "ours"
KEPT_OUT = {"snips": 15, "hass": 8}
"""One in so many sentences of the sets without a dev part of their own is kept to judge by."""

_ANNOTATED = re.compile(r"\[(\w+) : ([^\]]*)\]")


@dataclass(frozen=True)
class Example:
    """A sentence and what is known of it.

    Attributes:
        words: in the form of the recogniser's.
        intents: for each task (a set, or "ours") the intents of which one is right.
        tags: for each task ("ours", "snips") what each word fills, "B-" where a slot begins.
        source: where it comes from.
    """

    words: tuple[str, ...]
    intents: Mapping[str, tuple[str, ...]]
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""


def public(folder: Path) -> tuple[list[Example], list[Example]]:
    """All of the public sets: what to train on, and what to judge by.

    SLURP's development part is only judged by, as far as HWU64, which is of the same people, has it not.
    """
    train = [
        *(_clinc(row) for name in ("clinc150_train", "clinc150_oos_train") for row in _rows(folder, name)),
        *(_hwu(row) for row in _rows(folder, "hwu64_train")),
    ]
    judge = [
        *(_clinc(row) for name in ("clinc150_val", "clinc150_oos_val") for row in _rows(folder, name)),
        *(_hwu(row) for row in _rows(folder, "hwu64_valid")),
    ]
    for source, name, read in (
        ("snips", "snips_train", _snips),
        ("hass", "home_assistant_en", _hass),
    ):
        for row in _rows(folder, name):
            if row["intent"] is not None and (example := read(row)).words:
                kept = zlib.crc32(" ".join(example.words).encode()) % KEPT_OUT[source] == 0
                (judge if kept else train).append(example)
    known = {one.words for one in train}
    slurp = [_slurp(row) for row in _rows(folder, "slurp_devel") if row["intent"] is not None]
    judge += [one for one in slurp if one.words not in known]
    return [one for one in train if one.words], [one for one in judge if one.words]


def unlabelled(folder: Path, judged: Sequence[Example]) -> list[Example]:
    """Sentences to an assistant of which nothing is known, none of those that are judged by."""
    known = {one.words for one in judged}
    lines = (folder / "slurp_lm.txt").read_text(encoding="utf-8").splitlines()
    said = dict.fromkeys(tuple(spoken_form(line).split()) for line in lines)
    return [Example(words, {}, source="unlabelled") for words in said if words and words not in known]


def talk(folder: Path) -> list[Example]:
    """Sentences that ask for nothing."""
    lines = (folder / "wikipedia_sentences.txt").read_text(encoding="utf-8").splitlines()
    random, found = Random(5), []
    for line in lines:
        words = spoken_form(line).split()
        length = random.randint(1, 20)
        first = random.choice((0, 0, random.randrange(max(1, len(words)))))
        if words:
            found.append(Example(tuple(words[first : first + length]), {OURS: (NONE,)}, source="talk"))
    return found


def drawn(folder: Path, seed: int) -> Iterator[Example]:
    """Sentences of our templates, for ever."""
    names = [name for kind in music_names(folder).values() for name in kind]
    templates = Drawn(Random(seed), names)
    while True:
        intent, tagged = templates.draw()
        yield Example(tagged.words, {OURS: (intent,)}, {OURS: tagged.tags}, "templates")


def _rows(folder: Path, name: str) -> Iterator[Mapping[str, Any]]:
    for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _clinc(row: Mapping[str, Any]) -> Example:
    intent = row["intent"]
    return Example(
        tuple(spoken_form(row["text"]).split()),
        {"clinc": (intent,), OURS: CLINC.get(intent, (NONE,))},
        source="clinc",
    )


def _hwu(row: Mapping[str, Any]) -> Example:
    intent = row["intent"]
    intents = {"hwu": (intent,), OURS: HWU.get(intent, (NONE,))}
    return Example(tuple(spoken_form(row["text"]).split()), intents, source="hwu")


def _slurp(row: Mapping[str, Any]) -> Example:
    intent = row["intent"]
    ours = HWU.get(intent, (NONE,))
    pieces, at = [], 0
    text = row["annotation"]
    for match in _ANNOTATED.finditer(text):
        pieces += [(text[at : match.start()], ""), (match[2], match[1])]
        at = match.end()
    words, tags = tagged_words([*pieces, (text[at:], "")])
    intents = {OURS: ours} | ({"hwu": (intent,)} if "_" in intent else {})
    return Example(words, intents, {} if ours == (NONE,) else {OURS: _mapped(tags, SLURP_SLOTS)}, "slurp")


def _hass(row: Mapping[str, Any]) -> Example:
    intent = row["intent"]
    intents = {"hass": (intent,), OURS: HOME_ASSISTANT.get(intent, (NONE,))}
    return Example(tuple(spoken_form(row["text"]).split()), intents, source="hass")


def _snips(row: Mapping[str, Any]) -> Example:
    intent, text = row["intent"], row["text"]
    words, tags = tagged_words(_pieces(text, row["slots"]))
    ours = SNIPS.get(intent, (NONE,))
    of_words = {"snips": tags}
    if ours != (NONE,):
        of_words[OURS] = _mapped(tags, SNIPS_SLOTS)
    return Example(words, {"snips": (intent,), OURS: ours}, of_words, "snips")


def _pieces(text: str, slots: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The text cut at its slots' values, which come in no order: the longest find their places first."""
    spans: list[tuple[int, int, str]] = []
    for slot, value in sorted(slots, key=lambda pair: -len(pair[1])):
        for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text):
            if all(match.end() <= start or end <= match.start() for start, end, _ in spans):
                spans.append((match.start(), match.end(), slot))
                break
    pieces, at = [], 0
    for start, end, slot in sorted(spans):
        pieces += [(text[at:start], ""), (text[start:end], slot)]
        at = end
    return [*pieces, (text[at:], "")]


def tagged_words(pieces: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Pieces of written text with their slots, to spoken words with tags."""
    words: list[str] = []
    tags: list[str] = []
    for text, slot in pieces:
        said = spoken_form(text).split()
        words += said
        tags += ([f"B-{slot}"] + [slot] * (len(said) - 1) if slot else [""] * len(said))[: len(said)]
    return tuple(words), tuple(tags)


def _mapped(tags: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    def one(tag: str) -> str:
        begins, slot = tag.startswith("B-"), tag.removeprefix("B-")
        name = names.get(slot, "")
        return f"B-{name}" if begins and name else name

    return tuple(map(one, tags))
