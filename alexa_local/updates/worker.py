"""The process of `labour.Helper`: takes a job on standard input, and says on standard output what failed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alexa_local.errors import AlexaLocalError, UpdateError
from alexa_local.generations import Generation, apply_package

_LOWEST_PRIORITY = 19


def main() -> int:
    """Do the job; 0 when it is done."""
    os.nice(_LOWEST_PRIORITY)
    job = json.load(sys.stdin)
    try:
        _JOBS[job["work"]](job)
    except AlexaLocalError as error:
        json.dump({"kind": type(error).__name__, "error": str(error)}, sys.stdout)
        return 1
    return 0


def _apply(job: Mapping[str, Any]) -> None:
    generation = Generation.from_bytes(job["manifest"].encode())
    old = Path(job["old"]) if job["old"] else None
    for package in generation.packages:
        if package.sha256 == job["sha256"]:
            apply_package(Path(job["package"]), package, generation, old, Path(job["new"]))
            return
    raise UpdateError("The generation has no such package. Publish it again.")


def _try(job: Mapping[str, Any]) -> None:
    from alexa_local.updates.selftest import try_model  # loads the runtime, which `apply` does without

    try_model(Path(job["folder"]))


_JOBS = {"apply": _apply, "try": _try}

if __name__ == "__main__":
    sys.exit(main())
