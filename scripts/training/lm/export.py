"""Write a trained language model as a folder that `alexa-local-cloud` loads: int8 weights, pieces, manifest.

    python -m scripts.training.lm.export --run RUN --out firmware_models/rerank-en [--mix SEARCH MODEL WORD]

The mix is to be chosen by `scripts/evaluation/reranking.py --choose`, on recordings that are not reported.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

FILES = ("weights.npz", "pieces.txt")


def write_weights(network: dict[str, Any], layers: int, out: Path) -> None:
    """The network's state, matrices as int8 with a factor for each row, into one .npz file."""
    values = {name: tensor.numpy().astype(np.float32) for name, tensor in network.items()}
    tables: dict[str, NDArray[Any]] = {"layers": np.array(layers)}
    matrices = {"table": values["table.weight"], "narrow": values["narrow.weight"]}
    for at in range(layers):
        matrices[f"lstm{at}"] = np.concatenate(
            [values[f"lstm.weight_ih_l{at}"], values[f"lstm.weight_hh_l{at}"]], axis=1
        )
        tables[f"lstm{at}_bias"] = values[f"lstm.bias_ih_l{at}"] + values[f"lstm.bias_hh_l{at}"]
    for name, matrix in matrices.items():
        scale = np.maximum(np.abs(matrix).max(axis=1), 1e-8) / 127
        tables[name] = np.round(matrix / scale[:, None]).astype(np.int8)
        tables[f"{name}_scale"] = scale
    tables["bias"], tables["narrow_bias"] = values["bias"], values["narrow.bias"]
    np.savez_compressed(out, allow_pickle=False, **tables)


def write_manifest(folder: Path, more: dict[str, Any]) -> None:
    """The files' sha256 beside what is known of the model."""
    files = {
        name: {
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            "bytes": (folder / name).stat().st_size,
        }
        for name in FILES
    }
    text = json.dumps({"files": files, **more}, indent=2, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of train.py")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument(
        "--mix", type=float, nargs=3, metavar=("SEARCH", "MODEL", "WORD"), default=(1.0, 0.3, 0.0)
    )
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    state = torch.load(args.run / "state.pt", weights_only=True)
    write_weights(state["network"], state["shape"]["layers"], args.out / "weights.npz")
    (args.out / "pieces.txt").write_bytes((args.run / "pieces.txt").read_bytes())
    shape = {name: value for name, value in state["shape"].items() if name != "dropout"}
    about = {
        "mix": dict(zip(("search", "model", "word"), args.mix, strict=True)),
        "shape": shape,
        "training": {"minutes_cpu": round(state["spent_s"] / 60, 1), "pieces_read": state["read"]},
    }
    write_manifest(args.out, about)
    print(f"{args.out}: {sum((args.out / name).stat().st_size for name in FILES) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
