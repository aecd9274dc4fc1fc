"""Keep the package from a shipped model to an adapted one, for `scripts/bench update`.

python -m scripts.training.adapt.keep --new WORK/small/asr-en --name neural-diff
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from alexa_local.generations import Generation, files_of, make_package, version_of


def keep(old: Path, new: Path, folder: Path, name: str) -> int:
    """Write NAME.json, the generation with its packages, and NAME.package, the delta; returns its bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    delta = make_package("delta", old, new, folder / f"{name}.package")
    with tempfile.TemporaryDirectory() as work:
        full = make_package("full", None, new, Path(work, "package"))
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    generation = Generation(old.name, version_of(new), created, files_of(new), (full, delta))
    (folder / f"{name}.json").write_bytes(generation.to_bytes())
    return delta.bytes


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("firmware_models/asr-en"))
    parser.add_argument("--new", type=Path, required=True, help="the adapted folder")
    parser.add_argument("--out", type=Path, default=Path("firmware_models/updates/asr-en"))
    parser.add_argument("--name", required=True, help="plain or neural-diff")
    args = parser.parse_args()
    print(f"{args.name}: {keep(args.model, args.new, args.out, args.name)} bytes")


if __name__ == "__main__":
    main()
