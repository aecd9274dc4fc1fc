"""Makes the recordings that biasing is judged by: names outside the training text, and none at all.

    python -m scripts.evaluation.make_names --out DIR --data DATA [--training MANIFEST...]

It writes DIR/commands (calls, messages, lists and music with names of `rare_names`), DIR/everyday (requests
without any), DIR/said (people saying names) and DIR/readers (people reading; each row has its rare words as
`names`, in the manner of Le et al. 2021, arXiv 2104.02194), each with a manifest.jsonl; the last two lead to
the recordings in DATA. DIR/rare_words.txt has rare words to mislead with. The same arguments make the same
files.

Before it speaks a name it looks for each of its words in all text that we train on: DATA/text, the manifests
in DATA that may be trained on, and those given by --training.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import soundfile

from alexa_local.errors import AlexaLocalError, ConfigError
from alexa_local.recognise import spoken_form
from scripts.evaluation.manifest import Row, read_manifest
from scripts.evaluation.rare_names import ARTISTS, FAMILY, GIVEN, ITEMS, JOINING_WORDS, spoken_people
from scripts.training import vocabulary
from scripts.training.commands import Commands
from scripts.training.sentences import corpus_sentences, held_out, prose_sentences
from scripts.training.synthesise import plausible, trimmed
from scripts.training.voices import (
    HELD_OUT_VOICE,
    LICENCE_BY_ENGINE,
    SAMPLE_RATE_HZ,
    Utterance,
    read_aloud,
)

_LOG = logging.getLogger("make_names")

CLIPS = 250
COMMON_WORDS = 5000
"""Words that are not rare: the most frequent ones of the training text (Le et al. 2021)."""
_ESPEAK_NEVER_TRAINED = ("klatt4", "klatt5", "iven3", "gustave", "michel", "klatt6", "steph3", "AnxiousAndy")
_DEV_ONLY = ("coffee_orders", "names_numbers_addresses")
_TEMPLATES = {
    "person": (
        "call {}",
        "call {} please",
        "phone {}",
        "ring {}",
        "can you call {}",
        "send a message to {}",
        "send {} a message",
        "text {} i'm on my way",
        "tell {} i'm late",
        "message {} dinner is ready",
        "call {} on the mobile",
    ),
    "item": (
        "add {} to the shopping list",
        "put {} on my shopping list",
        "add {} and milk to my list",
        "remove {} from the shopping list",
    ),
    "artist": (
        "play {}",
        "play some music by {}",
        "play something by {}",
        "put on {} in the kitchen",
        "i want to hear {}",
    ),
}


@dataclass(frozen=True)
class Request:
    """Something to be said, and the names in it."""

    text: str
    names: tuple[str, ...] = ()
    kind: str = ""


def main(argv: Sequence[str] | None = None) -> int:
    """Make them all; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings and texts at hand")
    parser.add_argument("--training", type=Path, nargs="*", default=[], metavar="MANIFEST", help="trained on")
    parser.add_argument("--clips", type=int, default=CLIPS, help="of each synthesised kind")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        _make(args.out, args.data.resolve(), args.training, args.clips, args.seed)
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _make(out: Path, data: Path, training: Sequence[Path], clips: int, seed: int) -> None:
    counts = Counter(word for text in trained_texts(data, training) for word in text.split())
    heard = words_heard([*spoken_people(), *ARTISTS, *ITEMS], counts)
    if heard:
        raise ConfigError(
            f"These words of test names are in text that is trained on: {', '.join(heard)}. "
            "Take them out of scripts/evaluation/rare_names.py."
        )
    out.mkdir(parents=True, exist_ok=True)
    speak(islice(named_requests(seed), clips), out / "commands", seed)
    speak(islice(everyday_requests(seed), clips), out / "everyday", seed)
    write_rows(out / "said", names_said(read_manifest(data / "names_numbers_addresses" / "manifest.jsonl")))
    rare = RareWords(counts)
    dev = (r for r in read_manifest(data / "librispeech" / "manifest.jsonl") if _is_dev(r.labels))
    write_rows(out / "readers", ({**_at(row), "names": rare.of(str(row.labels["text"]))} for row in dev))
    (out / "rare_words.txt").write_text("\n".join(rare.all) + "\n", encoding="utf-8")


def trained_texts(data: Path, training: Sequence[Path]) -> Iterator[str]:
    """All sentences that may be in training, in spoken form: texts, recordings and our own vocabulary."""
    yield from corpus_sentences(data / "text")
    yield from prose_sentences(data / "text")
    for value in vars(vocabulary).values():
        if isinstance(value, tuple):
            yield from map(spoken_form, value)
    recorded = (path for path in sorted(data.glob("*/manifest.jsonl")) if path.parent.name not in _DEV_ONLY)
    for path in (*recorded, *training):
        for row in read_manifest(path):
            if not _is_dev(row.labels):
                yield spoken_form(str(row.labels.get("text") or ""))


def _is_dev(labels: Mapping[str, Any]) -> bool:
    return "dev-clean" in str(labels.get("source"))


def words_heard(names: Iterable[str], trained: Mapping[str, int]) -> list[str]:
    """Words of the names, other than joining ones, that training has."""
    words = {word for name in names for word in name.split()}
    return sorted(word for word in words - JOINING_WORDS if trained.get(word))


def named_requests(seed: int) -> Iterator[Request]:
    """Requests with a name each, for ever: every name comes as often as every other."""
    random = Random(f"{seed}/names")
    kinds = dict.fromkeys(spoken_people(), "person")
    kinds |= dict.fromkeys(ARTISTS, "artist") | dict.fromkeys(ITEMS, "item")
    unsaid: dict[str, list[str]] = {}
    while True:
        for name, kind in random.sample(list(kinds.items()), len(kinds)):
            templates = unsaid.setdefault(name, [])
            if not templates:
                templates += random.sample(_TEMPLATES[kind], len(_TEMPLATES[kind]))
            yield Request(templates.pop().format(name), (name,), kind)


def everyday_requests(seed: int) -> Iterator[Request]:
    """Requests that are kept out of training and name no person, for ever."""
    people = " ".join([*vocabulary.FIRST_NAMES, *vocabulary.LAST_NAMES])
    names = {*GIVEN, *FAMILY, *spoken_form(people).split()}
    titles: dict[str, list[str]] = {slot: [] for slot in ("artist", "track", "album", "playlist")}
    commands = Commands(Random(f"{seed}/everyday"), titles)
    seen: set[str] = set()
    while True:
        text = spoken_form(commands.home())
        if held_out(text) and text not in seen and not names & set(text.split()):
            seen.add(text)
            yield Request(text)


def names_said(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """The clips in which people say a name: as a word, letter by letter, or both."""
    for row in rows:
        if row.labels.get("kind") == "names":
            yield {**_at(row), "names": [spoken_form(str(row.labels["reference"]))]}


class RareWords:
    """What a reader says that the training text seldom has."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        self._common = set(ranked[:COMMON_WORDS])
        self.all = [word for word in ranked[COMMON_WORDS:] if len(word) > 2]

    def of(self, text: str) -> list[str]:
        """The rare words of a sentence, as often as they occur."""
        return [word for word in spoken_form(text).split() if word not in self._common]


def _at(row: Row) -> dict[str, Any]:
    """The row with a path that holds wherever its manifest lies."""
    return {**row.labels, "audio": str(row.path)}


def disguised(text: str, random: Random) -> Utterance:
    """Mostly the voice kept out of training in some disguise, else such as no training voice wears."""
    tempo, chance = random.uniform(0.88, 1.15), random.random()
    if chance < 0.6:
        warp = random.uniform(0.92, 1.1)
        return Utterance(text, "flite", HELD_OUT_VOICE, tempo / warp, random.uniform(0.85, 1.15), warp)
    if chance < 0.85:
        accent = random.choice(["en-us", "en-gb", "en-gb-scotland"])
        voice = f"{accent}+{random.choice(_ESPEAK_NEVER_TRAINED)}"
        return Utterance(text, "espeak", voice, tempo, random.uniform(0.85, 1.15))
    warp = random.uniform(1.16, 1.22)
    return Utterance(text, "pico", "en-US", tempo / warp, random.uniform(0.85, 1.1), warp)


def speak(requests: Iterable[Request], folder: Path, seed: int) -> None:
    """Read requests aloud into a folder with a manifest; one that the synthesiser fails at is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    random = Random(f"{seed}/{folder.name}")
    asked = list(requests)
    utterances = [disguised(request.text, random) for request in asked]
    rows = []
    for number, (request, one) in enumerate(zip(asked, utterances, strict=True)):
        wave, _ = trimmed(read_aloud([one])[0])
        if not plausible(wave, one):
            _LOG.warning("left out, for %s could not say it: %s", one.speaker, one.text)
            continue
        audio = f"{folder.name}/{number:04d}.flac"
        soundfile.write(folder.parent / audio, wave, SAMPLE_RATE_HZ, subtype="PCM_16")
        rows.append(
            {
                "audio": audio,
                "seconds": round(len(wave) / SAMPLE_RATE_HZ, 3),
                "text": spoken_form(request.text),
                "names": list(request.names),
                "kind": request.kind,
                "speaker": one.speaker,
                "lang": "en",
                "source": f"synthesised {one.engine}",
                "licence": LICENCE_BY_ENGINE[one.engine],
            }
        )
    write_rows(folder, rows)


def write_rows(folder: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """A folder's manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / "manifest.jsonl").write_text("".join(lines), encoding="utf-8")
    _LOG.info("%s: %d rows", folder.name, len(lines))


if __name__ == "__main__":
    sys.exit(main())
