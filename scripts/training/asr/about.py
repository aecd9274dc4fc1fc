"""What a training was for: left beside its checkpoint, for the report."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_FILE = "about.json"


def write_about(run: Path, origin: Path, **about: Any) -> None:
    """Leave in the folder `run` what it went on from, the command that is run, and whatever else is told."""
    told = {"from": origin.name, "command": command(sys.argv), **about}
    (run / _FILE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def read_about(run: Path) -> dict[str, Any]:
    """What a training has left; nothing but its name where it left nothing."""
    told = {"run": run.name}
    with suppress(FileNotFoundError):
        told.update(json.loads((run / _FILE).read_text(encoding="utf-8")))
    return told


def command(arguments: Sequence[str]) -> str:
    """A command as it was given, without where things lie on this machine."""
    module = Path(arguments[0]).with_suffix("")
    names = module.parts[module.parts.index("scripts") :] if "scripts" in module.parts else module.parts[-1:]
    return " ".join(["python -m", ".".join(names), *(Path(one).name or one for one in arguments[1:])])
