"""Write a model folder's manifest: files with their sha256, and the inputs and outputs of each network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alexa_local.models.manifest import MANIFEST
from alexa_local.tflite import load


def write_manifest(folder: Path, files: Sequence[str], about: Mapping[str, Any]) -> None:
    """Write `manifest.json` into `folder`, which holds `files` already; `about` is what else it says."""
    listed: dict[str, dict[str, Any]] = {}
    for file in files:
        content = (folder / file).read_bytes()
        listed[file] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        if file.endswith(".tflite"):
            network = load(folder / file)
            listed[file]["inputs"] = {name: list(shape) for name, shape in network.inputs.items()}
            listed[file]["outputs"] = {name: list(shape) for name, shape in network.outputs.items()}
    text = json.dumps({**about, "files": listed}, indent=2, sort_keys=True) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
