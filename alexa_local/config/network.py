"""The settings of all that may leave the machine or come to it: the broker, privacy, updates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alexa_local.config.fields import number, secret

_TOPIC = re.compile(r"[^+#$/\0]+(/[^+#$/\0]+)*")
_DEVICE = re.compile(r"[a-z0-9-]{0,64}")


@dataclass(frozen=True)
class MqttSettings:
    """The broker; without a host nothing is ever sent over the network."""

    host: str = ""
    """Name or address of the broker; empty for none."""

    port: int = number(1883, 1, 65535)
    """TCP port; 8883 is usual with TLS."""

    username: str = ""
    """Who we are to the broker; empty for nobody."""

    password: str = secret("")
    """The password that goes with it."""

    tls_ca_file: Path | None = None
    """A file with the authority that signed the broker's certificate; empty for no TLS."""

    tls_cert_file: Path | None = None
    """A file with our own certificate, for a broker that knows its devices by theirs (PEM)."""

    tls_key_file: Path | None = None
    """A file with the key that belongs to it, readable by the daemon alone, without a password (PEM)."""

    topic_prefix: str = "alexa-local"
    """The first part of the topics of our own."""

    device_id: str = ""
    """The second part: which device this is, of a-z, 0-9 and `-`; empty for the host's name."""

    rerank: Literal["off", "unclear", "all"] = "off"
    """Which requests are also sent, as all their possible readings and not as sound, to a server of yours
    that reads them again: none, those that could not be done or were hardly understood, or every one."""

    events: Literal["off", "states", "requests"] = "off"
    """What is told of it: only that it is there, its mode, and whether it is muted; what it is doing as well,
    its volume and how many timers there are; or every event, with what was said and answered."""

    commands: tuple[Literal["volume", "mute", "stop", "say", "local-only"], ...] = ()
    """What may be asked of it over MQTT; nothing, unless you list it."""

    catalogue: bool = False
    """Whether names of devices and rooms are taken from the topic `catalogue`. Who may write there says what
    is published when such a name is spoken."""

    home_assistant: bool = False
    """Whether the device appears in Home Assistant by itself, which then needs to use the same broker."""

    home_assistant_prefix: str = "homeassistant"
    """The first part of the topics of Home Assistant's discovery."""

    home_assistant_devices: bool = True
    """Whether lights and other things that appear in Home Assistant in the same way can be switched by voice;
    only with `home_assistant`."""

    metered: Literal["auto", "yes", "no"] = "auto"
    """Whether the connection costs by the byte; `auto` asks NetworkManager, and takes what that does not know
    for no."""

    on_metered: bool = False
    """Whether requests to be read again, and new models, go over such a connection too instead of waiting."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if self.password and not self.username:
            yield "username", "expected a name to go with the password"
        if not _TOPIC.fullmatch(self.topic_prefix):
            yield "topic_prefix", "expected a topic without `+`, `#` and `$`, and no `/` at its ends"
        if not _TOPIC.fullmatch(self.home_assistant_prefix):
            yield "home_assistant_prefix", "expected a topic without `+`, `#` and `$`, and no `/` at its ends"
        if not _DEVICE.fullmatch(self.device_id) or self.device_id == "models":
            yield "device_id", "expected up to 64 of a-z, 0-9 and `-`, and another name than `models`"
        if bool(self.tls_cert_file) != bool(self.tls_key_file):
            missing = "tls_key_file" if self.tls_cert_file else "tls_cert_file"
            yield missing, "expected a file too: a certificate and its key belong together"
        elif self.tls_cert_file and not self.tls_ca_file:
            yield "tls_ca_file", "expected the broker's authority beside our own certificate"
        if self.rerank != "off" and not self.host:
            yield "rerank", "expected `host` to be set, to know the broker"


@dataclass(frozen=True)
class PrivacySettings:
    """What may leave the machine."""

    local_only: bool = False
    """Whether nothing at all is sent over the network, not even to the broker, at the first start;
    afterwards the last choice is kept."""

    in_local_only: tuple[Literal["updates"], ...] = ()
    """What may still come in while it is on. updates: models, for which the broker sees that the device is
    there, and that local-only is on."""


@dataclass(frozen=True)
class UpdatesSettings:
    """Newer generations of the models; without a public key of somebody's nothing is ever taken."""

    enabled: bool = True
    """Whether they are fetched from the broker; from files they are taken all the same."""

    keys: Path = Path("/etc/alexa-local/update-keys")
    """A folder with the public keys, NAME.pub, of those whose generations are taken."""

    bytes_per_second: int = number(64 * 1024, 1024, 1 << 30)
    """How fast they are fetched at most, in bytes a second."""

    models: tuple[str, ...] = ()
    """The names of the models that are updated; empty for all that are used."""

    trial_minutes: float = number(10.0, 0.1, 24 * 60)
    """After so long without a crash, or after the first spoken request that was done, a generation stays."""
