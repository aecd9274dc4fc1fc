"""Sentences to be read for training: corpora of requests, our own home commands, and plain prose.

The stream depends only on its seed. Longer sentences occur once; one or two words, which many voices
should say, may come again. A fiftieth of all sentences (by checksum) is never trained on: `held_out`.

    python -m scripts.training.sentences --text FOLDER --seed 3 --count 60000 > sentences.txt
"""

import argparse
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

from alexa_local.recognise.normalise import spoken_form
from scripts.training.commands import Commands
from scripts.training.made_up_names import MadeUpNames

MAX_WORDS = 16
MAX_PROSE_WORDS = 14
MAX_DICTATED_WORDS = 24
REPEATABLE_WORDS = 2
MAX_REPEATS = 25
SHARES = {"corpus": 0.35, "commands": 0.50, "prose": 0.15}

_CORPORA = (
    "slurp_lm.txt",
    "hwu64_train.jsonl",
    "clinc150_train.jsonl",
    "snips_train.jsonl",
    "home_assistant_en.jsonl",
)
_OFFENSIVE = re.compile(r"\b(nigg|fuck|bitch|cunt|shit|whore|faggot|slut|dick\b|cock\b)")


def sentences(text_folder: Path, seed: int) -> Iterator[str]:
    """Yields normalised sentences for ever, mixed by SHARES, without those that are held out."""
    random = Random(seed)
    pools = {"corpus": corpus_sentences(text_folder), "prose": prose_sentences(text_folder)}
    for pool in pools.values():
        random.shuffle(pool)
    commands = Commands(random, music_names(text_folder))
    seen: Counter[str] = Counter()
    while True:
        kind = random.choices(list(SHARES), list(SHARES.values()))[0]
        pool = pools.get(kind, [])
        sentence = pool.pop() if pool else spoken_form(commands.any())
        words = len(sentence.split())
        allowed = MAX_REPEATS if words <= REPEATABLE_WORDS else 1
        if 1 <= words <= MAX_WORDS and seen[sentence] < allowed and not held_out(sentence):
            seen[sentence] += 1
            yield sentence


def dictations(text_folder: Path, seed: int) -> Iterator[str]:
    """Yields spelled names, numbers and addresses for ever, without those that are held out."""
    commands = Commands(Random(seed), music_names(text_folder))
    while True:
        sentence = spoken_form(commands.dictated())
        if 1 <= len(sentence.split()) <= MAX_DICTATED_WORDS and not held_out(sentence):
            yield sentence


def named_requests(text_folder: Path, seed: int) -> Iterator[str]:
    """Yields home commands with made-up names for ever, each name new, without those that are held out."""
    random = Random(seed)
    text = [*corpus_sentences(text_folder), *prose_sentences(text_folder)]
    names = MadeUpNames(random, {word for sentence in text for word in sentence.split()})
    commands = Commands(random, music_names(text_folder))
    while True:
        sentence = spoken_form(commands.named(names.draw))
        if _readable(sentence, MAX_WORDS) and not held_out(sentence):
            yield sentence


def held_out_commands(text_folder: Path, seed: int) -> Iterator[str]:
    """Yields home commands that `sentences` never yields, each once."""
    commands = Commands(Random(seed), music_names(text_folder))
    seen: set[str] = set()
    while True:
        sentence = spoken_form(commands.home())
        if held_out(sentence) and sentence not in seen and len(sentence.split()) <= MAX_WORDS:
            seen.add(sentence)
            yield sentence


def held_out(sentence: str) -> bool:
    """Whether a sentence is kept for judging; short ones never are, since there are too few of them."""
    return len(sentence.split()) > REPEATABLE_WORDS and zlib.crc32(sentence.encode()) % 50 == 0


def corpus_sentences(text_folder: Path) -> list[str]:
    """Distinct requests from public corpora (training parts only), at most MAX_WORDS long."""
    found: dict[str, None] = {}
    for name in _CORPORA:
        for line in (text_folder / name).read_text(encoding="utf-8").splitlines():
            sentence = spoken_form(json.loads(line)["text"] if name.endswith(".jsonl") else line)
            if _readable(sentence, MAX_WORDS):
                found[sentence] = None
    return list(found)


def prose_sentences(text_folder: Path) -> list[str]:
    """Distinct short sentences of general English."""
    lines = (text_folder / "wikipedia_sentences.txt").read_text(encoding="utf-8").splitlines()
    spoken = (" ".join(spoken_form(line).split()[:MAX_PROSE_WORDS]) for line in lines)
    return list(dict.fromkeys(sentence for sentence in spoken if _readable(sentence, MAX_PROSE_WORDS)))


@cache
def music_names(text_folder: Path) -> dict[str, list[str]]:
    """Names of artists, tracks, albums and playlists, as people say them, by slot."""
    names: dict[str, dict[str, None]] = {slot: {} for slot in ("artist", "track", "album", "playlist")}
    for line in (text_folder / "snips_train.jsonl").read_text(encoding="utf-8").splitlines():
        for slot, value in json.loads(line)["slots"]:
            name = spoken_form(value)
            if slot in names and value.isascii() and len(name) > 2 and _readable(name, 6):
                names[slot][name] = None
    return {slot: list(found) for slot, found in names.items()}


def _readable(sentence: str, max_words: int) -> bool:
    words = sentence.split()
    return 1 <= len(words) <= max_words and max(map(len, words)) <= 18 and not _OFFENSIVE.search(sentence)


def main() -> None:
    """Prints sentences, one a line."""
    parser = argparse.ArgumentParser(description="Print sentences to train on, one a line.")
    parser.add_argument("--text", type=Path, required=True, help="folder of the corpora's text")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--count", type=int, default=60_000)
    options = parser.parse_args()
    for sentence in islice(sentences(options.text, options.seed), options.count):
        print(sentence)


if __name__ == "__main__":
    main()
