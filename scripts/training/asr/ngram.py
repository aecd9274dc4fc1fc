"""Count the word pieces of much text into the n-gram file that the recogniser's search reads.

    python -m scripts.training.asr.ngram --pieces RUN --text DATA/text --stores STORES --out ngrams.npz

Interpolated Kneser-Ney with one discount (Kneser and Ney 1995; Chen and Goodman 1999, section 2.8), rewritten
in back-off form. Text: --sentences sentences of the generator, and what the stores' speech says.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from alexa_local.recognise.ngram import EDGE, context_key
from scripts.training.asr.features import open_store
from scripts.training.sentences import held_out, sentences

ORDER = 5
DISCOUNT = 0.75
RARE = 1
"""Grams of three pieces and more that occur no more often than this are left out."""

Gram = tuple[int, ...]


def count(lines: Iterable[list[int]], order: int) -> list[Counter[Gram]]:
    """How often each gram of length 1 to `order` occurs, sentences padded with EDGE on both sides."""
    grams: list[Counter[Gram]] = [Counter() for _ in range(order)]
    for line in lines:
        padded = (*[EDGE] * (order - 1), *line, EDGE)
        for end in range(order, len(padded) + 1):
            for length in range(1, order + 1):
                grams[length - 1][padded[end - length : end]] += 1
    return grams


def kneser_ney(grams: list[Counter[Gram]], vocabulary: int) -> list[dict[Gram, dict[int, float]]]:
    """For each length of context from 0, each context's probabilities by piece (interpolated).

    Lower orders count in how many contexts a gram occurs, not how often, but for those that begin a sentence.
    """
    models: list[dict[Gram, dict[int, float]]] = []
    for length, exact in enumerate(grams, 1):
        counts: Counter[Gram] = exact
        if length < len(grams):
            counts = Counter()
            for longer in grams[length]:
                counts[longer[1:]] += 1
            counts.update({gram: n for gram, n in exact.items() if gram[0] == EDGE and length > 1})
        by_context: dict[Gram, dict[int, float]] = defaultdict(dict)
        for gram, n in counts.items():
            if length < 3 or n > RARE:
                by_context[gram[:-1]][gram[-1]] = float(n)
        for context, following in by_context.items():
            total = sum(following.values())
            spare = DISCOUNT * len(following) / total
            for piece, times in following.items():
                lower = models[-1].get(context[1:], {}).get(piece) if models else 1.0 / vocabulary
                following[piece] = (times - DISCOUNT) / total + spare * (
                    lower if lower else _lower(models, context[1:], piece)
                )
        models.append(dict(by_context))
    return models


def _lower(models: list[dict[Gram, dict[int, float]]], context: Gram, piece: int) -> float:
    """The probability of a piece in any context, through back-off weights where it was not seen there."""
    weight = 1.0
    while context:
        seen = models[len(context)].get(context)
        if seen is not None:
            if piece in seen:
                return weight * seen[piece]
            weight *= backoff(models, context)
        context = context[1:]
    return weight * models[0][()].get(piece, 1e-6)


def backoff(models: list[dict[Gram, dict[int, float]]], context: Gram) -> float:
    """What a context leaves to shorter ones, for each unit of their probability of unseen pieces."""
    seen = models[len(context)][context]
    left = 1.0 - sum(seen.values())
    shorter = 1.0 - sum(_lower(models, context[1:], piece) for piece in seen)
    return max(left, 1e-6) / max(shorter, 1e-6)


def write(models: list[dict[Gram, dict[int, float]]], vocabulary: int, out: Path, **more: np.ndarray) -> None:
    """Sorted tables for `PieceNgrams`, and what else its file shall hold."""
    unigrams = np.array([models[0][()].get(piece, 1e-6) for piece in range(vocabulary)])
    tables: dict[str, np.ndarray] = {
        "order": np.array(len(models)),
        "unigrams": np.log(unigrams).astype(np.float32),
        **more,
    }
    label = np.uint8 if vocabulary <= 256 else np.uint16
    for length, model in enumerate(models[1:], 1):
        ordered = sorted(model, key=context_key)
        tables[f"contexts{length}"] = np.array([context_key(c) for c in ordered], np.uint64)
        tables[f"backoffs{length}"] = np.log([backoff(models, c) for c in ordered]).astype(np.float16)
        tables[f"firsts{length}"] = np.cumsum([0, *(len(model[c]) for c in ordered)]).astype(np.uint32)
        entries = [item for c in ordered for item in sorted(model[c].items())]
        tables[f"pieces{length}"] = np.array([piece for piece, _ in entries], label)
        tables[f"scores{length}"] = np.log([p for _, p in entries]).astype(np.float16)
    np.savez_compressed(out, allow_pickle=False, **tables)
    print(
        f"{out}: {sum(len(c) for m in models for c in m.values())} grams, {out.stat().st_size / 1e6:.2f} MB"
    )


def read_texts(text: Path, stores: Path, most: int) -> list[str]:
    """What a model may read: the first sentences of the generator, and what the stores' speech says."""
    spoken = (row["text"] for f in sorted(stores.glob("*/index.jsonl")) for row in open_store(f.parent)[1])
    texts = {*itertools.islice(sentences(text, seed=11), most), *spoken}
    return [one for one in sorted(texts) if one and not held_out(one)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pieces", type=Path, required=True, help="folder with pieces.model")
    parser.add_argument("--text", type=Path, required=True, help="folder of text corpora")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--sentences", type=int, default=60_000)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    import sentencepiece  # not needed to count

    pieces = sentencepiece.SentencePieceProcessor(model_file=str(args.pieces / "pieces.model"))
    texts = read_texts(args.text, args.stores, args.sentences)
    lines = (pieces.encode(text) for text in texts)
    write(kneser_ney(count(lines, ORDER), pieces.get_piece_size()), pieces.get_piece_size(), args.out)


if __name__ == "__main__":
    main()
