"""Whether a generation that is offered may be taken, and which of its packages is the smallest that fits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from alexa_local.errors import UpdateError
from alexa_local.generations import Generation, Host, Package, TrustedKeys, verify
from alexa_local.models.slots import Place
from alexa_local.updates.record import Record, Target


@dataclass(frozen=True)
class Present:
    """A generation that is here.

    Attributes:
        version: its number.
        digest: `generations.digest_of` its files.
    """

    version: int
    digest: str


@dataclass(frozen=True)
class Verdict:
    """A generation that may be taken.

    Attributes:
        generation: it.
        target: what the course would be about.
        keys: those that count from then on.
    """

    generation: Generation
    target: Target
    keys: TrustedKeys


def judge(
    envelope: bytes,
    model: str,
    keys: TrustedKeys,
    record: Record,
    here: Mapping[Place, Present],
    host: Host,
) -> Verdict:
    """Check everything that can be checked before anything is fetched.

    Args:
        envelope: what was offered, of which nothing is known.
        model: the model that it was offered for.
        keys: the keys that count.
        record: what is remembered of the model.
        here: what a package may build upon, by its place.
        host: what this device is.

    Raises:
        UpdateError: it is forged, of nobody we trust, of another model or device, or not newer.
    """
    if not keys:
        raise UpdateError(
            "This device trusts no key, and so takes no updates. Copy your public key into the folder "
            "`updates.keys` (see docs/updates.md)."
        )
    generation = verify(envelope, keys)
    if generation.model != model:
        raise UpdateError(
            f"It is a generation of {generation.model!r}, not of {model!r}. Publish it under its own name."
        )
    shipped = here.get("shipped")
    lowest = max(record.highest, shipped.version if shipped else 0)
    if generation.version <= lowest:
        raise UpdateError(
            f"It is version {generation.version}, and version {lowest} was here already; older ones, and the "
            "same one again, are never taken. Publish it with a higher version."
        )
    if record.pinned:
        raise UpdateError(
            f"{model} is pinned. Let updates come again with `alexa-local models unpin {model}`."
        )
    unmet = generation.needs.unmet(host)
    if unmet:
        raise UpdateError(f"Version {generation.version} does not fit this device: {unmet}.")
    target = choose(generation, record, here)
    return Verdict(generation, target, keys.after(generation))


def choose(generation: Generation, record: Record, here: Mapping[Place, Present]) -> Target:
    """The smallest package, of those that build upon something that is here or upon nothing.

    Raises:
        UpdateError: there is none.
    """
    slot = record.free_slot()
    fitting: list[tuple[int, str, Place | str]] = []
    for place, there in here.items():
        if place == slot:
            continue  # it is about to be emptied
        fitting += [
            (package.bytes, package.sha256, place if package.base else "")
            for package in generation.packages_for(there.version, there.digest)
        ]
    fitting += [
        (package.bytes, package.sha256, "") for package in generation.packages if package.base is None
    ]
    if not fitting:
        raise UpdateError(
            f"Version {generation.version} has no package that fits what is here. Publish it whole, too."
        )
    _, sha256, base = min(fitting)
    return Target(generation.version, digest_of(generation), sha256, base, slot)  # type: ignore[arg-type]


def digest_of(generation: Generation) -> str:
    """The sha256 of a signed manifest."""
    return hashlib.sha256(generation.to_bytes()).hexdigest()


def package_of(generation: Generation, target: Target) -> Package:
    """The package that was chosen.

    Raises:
        UpdateError: the generation has no such package.
    """
    for package in generation.packages:
        if package.sha256 == target.package and (package.base is None) == (target.base == ""):
            return package
    raise UpdateError(f"Version {generation.version} lacks its package. Publish it again.")
