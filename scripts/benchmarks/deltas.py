"""What an update costs by how many weights moved: structural delta beside zstd patch and full package.

    python -m scripts.benchmarks.deltas [MODEL]

Of the int8 weights of a model (asr-en), a share is moved by one step, either scattered or in whole 1x16
blocks; each such generation is packed in every way upon the shipped one. "Least" is the entropy of which
weights (or blocks) moved and which way, for whoever knows the share and nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import AlexaLocalError
from alexa_local.generations import files_of, make_package
from alexa_local.generations.delta import BLOCK
from alexa_local.generations.weights import INT8, find_weights
from alexa_local.models import open_model

SHARES = (0.01, 0.03, 0.1, 0.3)
_LARGEST = 127


def move(weights: NDArray[np.int8], share: float, run: int, chance: np.random.Generator) -> NDArray[np.int8]:
    """Weights (N,) of which a share, in runs of so many, went one step up or down."""
    moved = (chance.random(-(-weights.size // run)) < share).repeat(run)[: weights.size]
    steps = chance.choice(np.array([-1, 1], np.int16), weights.size) * moved
    return np.clip(weights + steps, -_LARGEST, _LARGEST).astype(np.int8)


def next_generation(old: Path, new: Path, share: float, run: int) -> int:
    """A copy of a model's folder whose int8 weights moved; returns how many weights there are."""
    chance, count = np.random.default_rng(1), 0
    new.mkdir()
    for name in files_of(old):
        shutil.copyfile(old / name, new / name)
    info = json.loads((new / "manifest.json").read_text(encoding="utf-8"))
    for name in (name for name in info["files"] if name.endswith(".tflite")):
        data = bytearray((new / name).read_bytes())
        for one in find_weights(bytes(data)):
            if one.kind == INT8:
                weights = np.frombuffer(data, np.int8, one.length, one.start)
                data[one.start : one.end] = move(weights.copy(), share, run, chance).tobytes()
                count += one.length
        (new / name).write_bytes(data)
        info["files"][name]["sha256"] = hashlib.sha256(data).hexdigest()
    (new / "manifest.json").write_text(json.dumps(info, indent=2), encoding="utf-8")
    return count


def least_bytes(count: int, share: float, run: int) -> float:
    """The entropy of what moved, in bytes."""
    which_bits = -(share * np.log2(share) + (1 - share) * np.log2(1 - share))
    return float(count * (which_bits / run + share) / 8)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", default="asr-en", metavar="MODEL")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES, metavar="SHARE")
    args = parser.parse_args(argv)
    try:
        old = open_model(args.model).folder
        whole = sum(file.bytes for file in files_of(old).values())
        print(f"{old.name}: {whole} bytes of files", flush=True)
        print(
            "| weights moved | delta | of the files | least | zstd patch | full |\n|---|---|---|---|---|---|"
        )
        for run, how in ((1, "scattered"), (BLOCK, "in 1x16 blocks")):
            for share in args.shares:
                with tempfile.TemporaryDirectory() as work:
                    new, out = Path(work, old.name), Path(work, "package")
                    count = next_generation(old, new, share, run)
                    delta, patch = (make_package(kind, old, new, out).bytes for kind in ("delta", "zstd"))
                    full = make_package("full", None, new, out).bytes
                least = least_bytes(count, share, run)
                row = f"{share:.0%}, {how} | {delta} | {delta / whole:.2%} | {least:.0f} | {patch} | {full}"
                print(f"| {row} |", flush=True)
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
