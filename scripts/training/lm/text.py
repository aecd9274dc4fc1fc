"""The text that the server's language model reads, and its pieces: that of the device's n-grams, and names.

    python -m scripts.training.lm.text --text DATA/text --stores STORES --out RUN

Writes RUN/texts.txt (shuffled), RUN/held-out.txt (to judge by; from the generator alone) and RUN/pieces.txt.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from random import Random

from alexa_local.cloud.pieces import BEGINS_WORD, EDGE_PIECE, LETTERS
from scripts.training.asr.ngram import read_texts
from scripts.training.sentences import dictations, held_out, held_out_commands, named_requests

HELD_OUT = 1000


def training_texts(text: Path, stores: Path, most: int) -> list[str]:
    """The n-grams' text, and per ten of its generated sentences one with a made-up name or a dictation."""
    texts = {*read_texts(text, stores, most)}
    texts |= {
        *islice(named_requests(text, seed=12), most // 15),
        *islice(dictations(text, seed=12), most // 30),
    }
    found = [one for one in sorted(texts) if not held_out(one)]
    Random(1).shuffle(found)
    return found


def learn_pieces(texts: Iterable[str], size: int) -> list[str]:
    """So many pieces by byte-pair encoding (Sennrich 2016), the edge first, and every letter among them."""
    import io

    import sentencepiece  # needed here alone

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_writer=model,
        vocab_size=size,
        model_type="bpe",
        character_coverage=1.0,
        bos_id=-1,
        eos_id=-1,
        minloglevel=1,
    )
    learnt = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    pieces = dict.fromkeys([EDGE_PIECE, BEGINS_WORD, *LETTERS])
    pieces.update(dict.fromkeys(learnt.id_to_piece(number) for number in range(1, learnt.get_piece_size())))
    return list(pieces)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, required=True, help="folder of text corpora")
    parser.add_argument("--stores", type=Path, required=True, help="folder of feature stores")
    parser.add_argument("--sentences", type=int, default=190_000, help="sentences of the generator (190000)")
    parser.add_argument("--pieces", type=int, default=6000, help="size of the vocabulary (6000)")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    texts = training_texts(args.text, args.stores, args.sentences)
    kept = islice(held_out_commands(args.text, seed=21), HELD_OUT)
    (args.out / "texts.txt").write_text("".join(f"{one}\n" for one in texts), encoding="utf-8")
    (args.out / "held-out.txt").write_text("".join(f"{one}\n" for one in kept), encoding="utf-8")
    pieces = learn_pieces(texts, args.pieces)
    (args.out / "pieces.txt").write_text("".join(f"{one}\n" for one in pieces), encoding="utf-8")
    print(f"{len(texts)} sentences, {sum(len(one.split()) for one in texts)} words, {len(pieces)} pieces")


if __name__ == "__main__":
    main()
