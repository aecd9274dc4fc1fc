"""The packages that are tried: built from the checkout, or found in a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts.service_test.tree import Broken, must

ROOT = Path(__file__).resolve().parents[2]
_MARKS = {"bookworm": "deb12", "trixie": "deb13"}


def build(suite: str, arch: str, out: Path) -> str:
    """Build them for that suite and architecture; returns which they are, and their sizes."""
    program = ROOT / "packaging/build"
    done = must([sys.executable, program, "--suite", suite, "--arch", arch, "--out", str(out)])
    return " ".join(done.split()[-6:])


def packages(folder: Path, suite: str, arch: str) -> tuple[Path, Path]:
    """The program's and the models' package for that suite and architecture."""
    patterns = f"alexa-local_*+{_MARKS[suite]}_{arch}.deb", "alexa-local-models_*_all.deb"
    program, models = (_newest(folder, pattern, suite, arch) for pattern in patterns)
    return program, models


def server_package(folder: Path, suite: str, arch: str) -> Path:
    """The package of the owner's server for that suite."""
    return _newest(folder, f"alexa-local-cloud_*+{_MARKS[suite]}_all.deb", suite, arch)


def _newest(folder: Path, pattern: str, suite: str, arch: str) -> Path:
    fitting = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime)
    if not fitting:
        command = f"packaging/build --suite {suite} --arch {arch} --out {folder}"
        raise Broken(f"there is no {pattern} in {folder}; run {command}")
    return fitting[-1]


def dependencies(package: Path, *fields: str) -> str:
    """What a package asks Debian for in these fields, such as "Depends", as one line of that form."""
    lines = ", ".join(must(["dpkg-deb", "-f", package, field]).strip() for field in fields)
    return ", ".join(one for one in lines.split(", ") if not one.startswith("alexa-local"))
