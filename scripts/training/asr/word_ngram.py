"""Count words into the n-gram file that a lattice is rescored with: it looks farther back than the search.

    python -m scripts.training.asr.word_ngram --text DATA/text --stores STORES --out words.npz

The text is that of the search's own model (`ngram.py`), so it adds length and whole words, not other text.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from alexa_local.recognise.rescore import UNKNOWN
from scripts.training.asr.ngram import count, kneser_ney, read_texts, write

ORDER = 3
RARE = 1
"""Words that occur no more often are all counted as the one unknown word."""


def numbered(texts: Iterable[str]) -> tuple[list[str], list[list[int]]]:
    """The known words, after one for an edge and one for all others, and the texts as their numbers."""
    lines = [text.split() for text in texts]
    times = Counter(word for line in lines for word in line)
    words = ["", "?", *sorted(word for word, n in times.items() if n > RARE)]  # EDGE and UNKNOWN
    numbers = {word: number for number, word in enumerate(words) if number > UNKNOWN}
    return words, [[numbers.get(word, UNKNOWN) for word in line] for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, required=True, help="folder of text corpora")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--sentences", type=int, default=60_000)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    words, lines = numbered(read_texts(args.text, args.stores, args.sentences))
    models = kneser_ney(count(lines, ORDER), len(words))
    write(models, len(words), args.out, words=np.frombuffer("\n".join(words).encode(), np.uint8))


if __name__ == "__main__":
    main()
