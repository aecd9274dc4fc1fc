"""Who may do what at the owner's mosquitto: its access list, and the lines that make it know who is who.

mosquitto.conf(5): a pattern's `%u` is the user's name, which with `use_identity_as_username` is the common
name of their certificate. A device has the name of its topics, so that it gets to its own alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alexa_local.errors import UsageError
from alexa_local.mqtt import home_assistant, topics, wire

_USER = re.compile(r"[^\s+#/%]{1,64}")
_DEVICE = re.compile(r"[a-z0-9-]{1,64}")

MODELS = "models"
"""The level of the topics of model updates, and therefore no device's name."""


@dataclass(frozen=True)
class Parties:
    """Who comes to the broker.

    Attributes:
        prefix: of all topics.
        devices: their names; none for every user, each under their own name.
        workers: users that read lattices again.
        publishers: users that publish models.
        home_assistant: users that are Home Assistant.
        home_assistant_prefix: of its discovery; "" where the devices do not use it.
        commanded: topics that the devices command the home with; `+` and `#` may be in them.
    """

    prefix: str = "alexa-local"
    devices: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    home_assistant: tuple[str, ...] = ()
    home_assistant_prefix: str = ""
    commanded: tuple[str, ...] = ()


def access_list(parties: Parties) -> str:
    """The text of an `acl_file`; whoever is not in it may do nothing.

    Raises:
        UsageError: a name cannot be a user's, or one user would be two.
    """
    _check(parties)
    lines = ["# Made by `alexa-local-cloud acl`; whatever is not allowed here is forbidden.", ""]
    if parties.devices:
        for device in parties.devices:
            lines += _block(f"device {device}", device, _device(parties, device))
    else:
        lines += ["# each device", *(f"pattern {rule}" for rule in _device(parties, "%u")), ""]
    for name in parties.workers:
        lines += _block("worker", name, _worker(parties))
    for name in parties.publishers:
        lines += _block("publisher of models", name, [f"readwrite {parties.prefix}/{MODELS}/#"])
    for name in parties.home_assistant:
        lines += _block("Home Assistant", name, _home_assistant(parties))
    return "\n".join(lines)


def configuration(acl_file: str) -> str:
    """The lines of mosquitto.conf that go with it."""
    return (
        "per_listener_settings false\n"
        "allow_anonymous false\n"
        f"acl_file {acl_file}\n"
        "listener 8883\n"
        "cafile /etc/mosquitto/certs/ca.crt\n"
        "certfile /etc/mosquitto/certs/broker.crt\n"
        "keyfile /etc/mosquitto/certs/broker.key\n"
        "require_certificate true\n"
        "use_identity_as_username true\n"
    )


def _device(parties: Parties, device: str) -> Iterator[str]:
    prefix = parties.prefix
    for topic in (
        wire.availability_topic(prefix, device),
        topics.state_topic(prefix, device),
        topics.events_topic(prefix, device),
        topics.command_result_topic(prefix, device),
        wire.lattice_topic(prefix, device),
        f"{prefix}/{device}/{MODELS}",
        *parties.commanded,
    ):
        yield f"write {topic}"
    for topic in (
        wire.result_topic(prefix, device),
        topics.command_topic(prefix, device),
        topics.catalogue_topic(prefix, device),
        f"{prefix}/{MODELS}/#",
    ):
        yield f"read {topic}"
    if parties.home_assistant_prefix:
        yield f"write {home_assistant.config_topic(parties.home_assistant_prefix, prefix, device)}"
        yield f"read {home_assistant.status_topic(parties.home_assistant_prefix)}"
        for each in home_assistant.config_filters(parties.home_assistant_prefix):
            yield f"read {each}"


def _worker(parties: Parties) -> Iterator[str]:
    yield f"read {wire.lattice_topic(parties.prefix, '+')}"
    yield f"write {wire.result_topic(parties.prefix, '+')}"


def _home_assistant(parties: Parties) -> Iterator[str]:
    prefix = parties.prefix
    for topic in (
        wire.availability_topic(prefix, "+"),
        topics.state_topic(prefix, "+"),
        topics.events_topic(prefix, "+"),
        topics.command_result_topic(prefix, "+"),
    ):
        yield f"read {topic}"
    yield f"write {topics.command_topic(prefix, '+')}"
    if parties.home_assistant_prefix:
        yield f"readwrite {parties.home_assistant_prefix}/#"


def _block(title: str, user: str, rules: Iterable[str]) -> list[str]:
    return [f"# {title}", f"user {user}", *(f"topic {rule}" for rule in rules), ""]


def _check(parties: Parties) -> None:
    users = (*parties.devices, *parties.workers, *parties.publishers, *parties.home_assistant)
    for name in parties.devices:
        if not _DEVICE.fullmatch(name) or name == MODELS:
            raise UsageError(f"{name!r} is no device's name. It has a-z, 0-9 and -, and is not `{MODELS}`.")
    for name in users:
        if not _USER.fullmatch(name):
            raise UsageError(f"{name!r} is no user's name. Leave out spaces, +, #, / and %.")
        if users.count(name) > 1:
            raise UsageError(f"{name!r} is given twice. Give each its own name.")
    for topic in parties.commanded:
        if re.search(r"[\s\0]", topic) or topic.startswith("$"):
            raise UsageError(f"{topic!r} is no topic for an access list. Leave out spaces and a leading $.")
