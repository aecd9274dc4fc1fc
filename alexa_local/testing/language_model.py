"""A small language model with random weights, in the very form of the server's own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from alexa_local.cloud.pieces import BEGINS_WORD, EDGE_PIECE, LETTERS

PIECES = (EDGE_PIECE, BEGINS_WORD, *LETTERS, f"{BEGINS_WORD}call", f"{BEGINS_WORD}an", "na", "an")
WIDTH, HIDDEN = 6, 8


def write_small_model(folder: Path) -> Path:
    """Make the folder, with a model of two layers and 33 pieces in it; returns it."""
    folder.mkdir()
    random = np.random.default_rng(3)
    tables: dict[str, np.ndarray] = {"layers": np.array(2)}
    for name, rows, columns in (
        ("table", len(PIECES), WIDTH),
        ("narrow", WIDTH, HIDDEN),
        ("lstm0", 4 * HIDDEN, WIDTH + HIDDEN),
        ("lstm1", 4 * HIDDEN, HIDDEN + HIDDEN),
    ):
        tables[name] = random.integers(-127, 128, (rows, columns), dtype=np.int8)
        tables[f"{name}_scale"] = random.uniform(0.005, 0.02, rows).astype(np.float32)
    for name, size in (("bias", len(PIECES)), ("narrow_bias", WIDTH), ("lstm0_bias", 32), ("lstm1_bias", 32)):
        tables[name] = random.normal(size=size).astype(np.float32)
    np.savez_compressed(folder / "weights.npz", allow_pickle=False, **tables)
    (folder / "pieces.txt").write_text("".join(f"{one}\n" for one in PIECES), encoding="utf-8")
    write_manifest(folder)
    return folder


def write_manifest(folder: Path) -> None:
    """The manifest of the files as they are."""
    files = {
        name: {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
        for name in ("weights.npz", "pieces.txt")
    }
    about = {"files": files, "mix": {"search": 1.0, "model": 0.3, "word": 0.0}}
    (folder / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
