"""Putting a generation of a model on the broker, where it is whole or not there for every device that looks.

The chunks come first and the envelope last: what an envelope names is there. What no envelope names any more
goes afterwards. Whatever is interrupted, the same command again finishes it, and sends only what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from alexa_local.cloud.edition import Edition
from alexa_local.errors import NetworkError, UpdateError, UsageError
from alexa_local.generations import Generation, chunk_topic, generation_topic, package_topic
from alexa_local.generations.signing import read_unverified

_MODEL = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Retained(Protocol):
    """`shelf.Shelf`: what the broker keeps."""

    def look(self, filters: Sequence[str]) -> dict[str, bytes]:
        """What is retained there."""

    def put(self, messages: Iterator[tuple[str, bytes]]) -> int:
        """Have messages retained, in this order; how many they were."""

    def take_away(self, topics: Sequence[str]) -> int:
        """Have nothing retained there; how many topics they were."""


@dataclass(frozen=True)
class Report:
    """What publishing did, in messages.

    Attributes:
        sent: those that the broker was given.
        found: those that it had already.
        removed: those that nothing needs any more.
    """

    sent: int
    found: int
    removed: int


def models_root(prefix: str, model: str) -> str:
    """What all topics of a model begin with.

    Raises:
        UsageError: it is no model's name.
    """
    if not _MODEL.fullmatch(model):
        raise UsageError(f"{model!r} is no name of a model: a-z, 0-9 and '-'. Name it with --name.")
    return generation_topic(prefix, model).rpartition("/")[0]


def published(shelf: Retained, prefix: str, model: str) -> Generation | None:
    """The generation that the broker offers now.

    Raises:
        UpdateError: what it offers is none.
    """
    topic = generation_topic(prefix, model)
    found = shelf.look([topic]).get(topic)
    try:
        return read_unverified(found) if found else None
    except UpdateError as error:
        raise UpdateError(
            f"What the broker offers as {model} is none of ours: {error} Or remove it with "
            f"`alexa-local-cloud unpublish {model}`."
        ) from error


def publish(shelf: Retained, prefix: str, edition: Edition) -> Report:
    """Put a generation on the broker, and remove what it makes needless.

    Raises:
        NetworkError: the broker refuses, or is gone.
    """
    model, version = edition.generation.model, edition.generation.version
    sent = found = 0
    for package, path in edition.packages.items():
        data = path.read_bytes()
        chunks = {
            chunk_topic(prefix, model, version, package, index): data[slice(*package.chunk_range(index))]
            for index in range(package.chunks)
        }
        there = shelf.look([*chunks])
        missing = [(topic, chunk) for topic, chunk in chunks.items() if there.get(topic) != chunk]
        sent += shelf.put(iter(missing))
        found += len(chunks) - len(missing)
    topic = generation_topic(prefix, model)
    if shelf.look([topic]).get(topic) == edition.envelope:
        found += 1
    else:
        sent += shelf.put(iter([(topic, edition.envelope)]))
    needed = {package_topic(prefix, model, version, package.sha256) for package in edition.packages}
    needless = {each for each, its in _packages(shelf, prefix, model).items() if its <= version} - needed
    return Report(sent, found, sum(_clear(shelf, f"{each}/+") for each in sorted(needless)))


def is_begun(shelf: Retained, prefix: str, model: str, version: int) -> bool:
    """Whether chunks of a version are on the broker."""
    return bool(shelf.look([f"{models_root(prefix, model)}/{version}/+/0"]))


def unpublish(shelf: Retained, prefix: str, model: str) -> int:
    """Remove all that the broker keeps of a model, the envelope first; how many messages that was.

    Raises:
        NetworkError: the broker refuses, or is gone.
    """
    envelope = shelf.look([generation_topic(prefix, model)])
    return shelf.take_away([*envelope]) + _clear(shelf, f"{models_root(prefix, model)}/#")


def _packages(shelf: Retained, prefix: str, model: str) -> dict[str, int]:
    """Where the broker has a package, or a part of one, and its version.

    A package's first chunk comes first and goes last; versions above ours are somebody's who publishes now.
    """
    firsts = [topic.split("/") for topic in shelf.look([f"{models_root(prefix, model)}/+/+/0"])]
    return {"/".join(levels[:-1]): int(levels[-3]) for levels in firsts if levels[-3].isdecimal()}


def _clear(shelf: Retained, filter_: str) -> int:
    """Remove all that is retained there, first chunks last; how many messages that was.

    Raises:
        NetworkError: the broker does not let go of them.
    """
    gone: set[str] = set()
    while found := shelf.look([filter_]).keys():  # a broker may not tell all at once
        if gone & found:
            raise NetworkError(f"The broker still keeps {min(gone & found)}, which we removed. Restart it.")
        others = [topic for topic in found if not topic.endswith("/0")]
        gone |= {*others} if others else found
        shelf.take_away(others or [*found])
    return len(gone)
