"""Generations of models: signed manifests, and packages that lead from one to the next; no broker here."""

from alexa_local.generations.folders import files_of, version_of
from alexa_local.generations.making import make_package
from alexa_local.generations.manifest import (
    FEATURES,
    FileDigest,
    Generation,
    Host,
    Needs,
    Package,
    digest_of,
)
from alexa_local.generations.packages import apply_package, verify_package
from alexa_local.generations.signing import KeyChanges, TrustedKeys, verify
from alexa_local.generations.topics import chunk_topic, generation_topic, package_topic

__all__ = [
    "FEATURES",
    "FileDigest",
    "Generation",
    "Host",
    "KeyChanges",
    "Needs",
    "Package",
    "TrustedKeys",
    "apply_package",
    "chunk_topic",
    "digest_of",
    "files_of",
    "generation_topic",
    "make_package",
    "package_topic",
    "verify",
    "verify_package",
    "version_of",
]
