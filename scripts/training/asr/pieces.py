"""Word pieces: a small byte-pair vocabulary learnt from the training text, written as one piece a line.

    python -m scripts.training.asr.pieces --out DIR --size 256 STORE...

Piece 0 is blank. A piece that begins a word starts with U+2581, as SentencePiece writes it; the runtime
needs the list alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import sentencepiece

from scripts.training.asr.features import open_store

BLANK = "<blank>"


def learn(texts: list[str], size: int, out: Path) -> None:
    """Write `pieces.model` (for training) and `pieces.txt` (for the runtime) into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_prefix=str(out / "pieces"),
        vocab_size=size,
        model_type="bpe",
        character_coverage=1.0,
        unk_id=0,
        unk_piece=BLANK,
        bos_id=-1,
        eos_id=-1,
        minloglevel=1,
    )
    model = sentencepiece.SentencePieceProcessor(model_file=str(out / "pieces.model"))
    (out / "pieces.txt").write_text(
        "".join(f"{model.id_to_piece(i)}\n" for i in range(size)), encoding="utf-8"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("stores", type=Path, nargs="+")
    args = parser.parse_args()
    texts = [row["text"] for store in args.stores for row in open_store(store)[1] if row["text"]]
    learn(texts, args.size, args.out)


if __name__ == "__main__":
    main()
