"""Where a broker keeps what is published: one place for each generation's envelope, one for each chunk."""

from __future__ import annotations

from alexa_local.generations.manifest import Package


def generation_topic(prefix: str, model: str) -> str:
    """The signed envelope of a model's newest generation, retained."""
    return f"{prefix}/models/{model}/generation"


def package_topic(prefix: str, model: str, version: int, sha256: str) -> str:
    """What the topics of a package's chunks begin with."""
    return f"{prefix}/models/{model}/{version}/{sha256[:12]}"


def chunk_topic(prefix: str, model: str, version: int, package: Package, index: int) -> str:
    """One chunk of a package, retained; chunks are numbered from 0."""
    return f"{package_topic(prefix, model, version, package.sha256)}/{index}"
