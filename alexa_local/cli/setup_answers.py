"""What `alexa-local setup` wants to know: as it is, as flags change it, and as the configuration says it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from alexa_local.config import Config, MqttSettings
from alexa_local.config.edit import Value
from alexa_local.errors import UsageError

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_SYSTEM_CA = Path("/etc/ssl/certs/ca-certificates.crt")
_URL_REMEDY = "Give it as mqtt://HOST, mqtts://USER@HOST:PORT or the like, or `none`."


@dataclass(frozen=True)
class Person:
    """Somebody who lives here.

    Attributes:
        name: what they are called.
        book: their address book, None for none.
    """

    name: str
    book: Path | None = None


@dataclass(frozen=True)
class Answers:
    """Everything that setup asks.

    Attributes:
        input_device: the microphone, "" for the system's default.
        output_device: the loudspeaker, "" for the system's default, "none" for none.
        people: who is to be known from now on, beside those who are.
        broker: the settings of the broker; without a host for none.
        local_only: whether nothing may be sent over the network.
    """

    input_device: str
    output_device: str
    people: tuple[Person, ...]
    broker: MqttSettings
    local_only: bool

    def changes(self, config: Config) -> dict[str, Value]:
        """The settings that differ from a configuration, by key."""
        audio, mqtt = config.audio, config.mqtt
        pairs: list[tuple[str, Value, Value]] = [
            ("audio.input_device", audio.input_device, self.input_device),
            ("audio.output_device", audio.output_device, self.output_device),
            ("mqtt.host", mqtt.host, self.broker.host),
            ("mqtt.port", mqtt.port, self.broker.port),
            ("mqtt.username", mqtt.username, self.broker.username),
            ("mqtt.password", mqtt.password, self.broker.password),
            ("mqtt.tls_ca_file", _text(mqtt.tls_ca_file), _text(self.broker.tls_ca_file)),
            ("privacy.local_only", config.privacy.local_only, self.local_only),
        ]
        return {key: wanted for key, present, wanted in pairs if wanted != present}


def _text(path: Path | None) -> str:
    return str(path) if path else "none"


def present(config: Config, local_only: bool | None) -> Answers:
    """How everything is now."""
    audio = config.audio
    switched = config.privacy.local_only if local_only is None else local_only
    return Answers(audio.input_device, audio.output_device, (), config.mqtt, switched)


def with_flags(now: Answers, flags: argparse.Namespace) -> Answers:
    """The same, with what the command line says.

    Raises:
        UsageError: a flag makes no sense.
    """
    if flags.input is not None:
        now = replace(now, input_device=_device(flags.input))
    if flags.output is not None:
        now = replace(now, output_device="none" if flags.output == "none" else _device(flags.output))
    if flags.person:
        now = replace(now, people=tuple(person_of(text) for text in flags.person))
    if flags.broker is not None:
        now = replace(now, broker=broker_of(flags.broker, now.broker, flags.broker_ca))
    if flags.broker_password_file:
        now = replace(now, broker=replace(now.broker, password=_password(flags.broker_password_file)))
    if flags.local_only is not None:
        now = replace(now, local_only=flags.local_only)
    if now.broker.password and not now.broker.username:
        raise UsageError(f"A broker's password needs a name beside it. {_URL_REMEDY}")
    return now


def _device(text: str) -> str:
    """`default` is the system's default; "none" would be a microphone of that name."""
    return "" if text in ("", "default") else text


def person_of(text: str) -> Person:
    """`Ann` or `Ann=ann.vcf`."""
    name, _, book = text.partition("=")
    name = " ".join(name.split())
    if not name:
        raise UsageError(f"{text!r} names nobody. Give NAME, or NAME=FILE with an address book.")
    path = Path(book).expanduser() if book else None
    if path and not path.is_file():
        raise UsageError(f"There is no file '{path}' for {name}. Check its name.")
    return Person(name, path)


def broker_of(url: str, now: MqttSettings, ca_file: Path | None = None) -> MqttSettings:
    """The broker that a URL names; who we are to it is kept while it is the same one.

    Args:
        url: mqtt://[USER[:PASSWORD]@]HOST[:PORT], mqtts:// with encryption, HOST alone, or "none".
        now: the present settings.
        ca_file: who signed its certificate; the system's authorities when None.

    Raises:
        UsageError: it is no such URL.
    """
    if url in ("", "none"):
        return replace(now, host="", username="", password="", tls_ca_file=None, port=_PORTS["mqtt"])
    parts = urlsplit(url if "://" in url else f"mqtt://{url}")
    try:
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise UsageError(
            f"The broker '{_without_password(url)}' cannot be understood. {_URL_REMEDY}"
        ) from error
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise UsageError(f"The broker '{_without_password(url)}' cannot be understood. {_URL_REMEDY}")
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not username and host == now.host:
        username, password = now.username, now.password
    elif username == now.username and host == now.host and not password:
        password = now.password
    ca_file = ca_file.absolute() if ca_file else (now.tls_ca_file if host == now.host else None) or _SYSTEM_CA
    if parts.scheme == "mqtt":
        return replace(now, host=host, port=port, username=username, password=password, tls_ca_file=None)
    if not ca_file.is_file():
        raise UsageError(f"There is no file '{ca_file}'. Give the broker's authority with --broker-ca FILE.")
    return replace(now, host=host, port=port, username=username, password=password, tls_ca_file=ca_file)


def _without_password(url: str) -> str:
    before, at, after = url.rpartition("@")
    return f"{before.rpartition('/')[0]}/…@{after}" if at else url


def _password(file: Path) -> str:
    """The first line of a file, or of standard input for `-`; an argument could be read by everybody."""
    try:
        text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The password file {file} cannot be read ({error}). Check its name.") from error
    return (text.splitlines() or [""])[0]


def told(changes: Mapping[str, Value]) -> Iterable[str]:
    """Changes as lines for people, without the password."""
    for key, value in changes.items():
        yield f"{key}: {'(not shown)' if key == 'mqtt.password' else value if value != '' else '(empty)'}"
