"""How the server's programs reach the broker: one set of settings, and a client that keeps to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alexa_local.mqtt.tls import tls_context

_SOCKET_LIMIT_S = 5.0
_OPTIONS = ("--tls-ca", "--tls-cert", "--tls-key")


@dataclass(frozen=True)
class BrokerSettings:
    """How the broker is reached.

    Attributes:
        host: its name or address.
        port: its TCP port.
        tls_ca_file: the authority that signed its certificate; None for no encryption.
        username: "" for none.
        password: "" for none.
        receive_maximum: messages that the broker sends ahead.
        tls_cert_file: our own certificate; None for none.
        tls_key_file: its key.
    """

    host: str
    port: int
    tls_ca_file: Path | None = None
    username: str = ""
    password: str = ""
    receive_maximum: int = 8
    tls_cert_file: Path | None = None
    tls_key_file: Path | None = None


def make_client(name: str, settings: BrokerSettings) -> Client:
    """An MQTT 5 client that says itself what it has received.

    Raises:
        ConfigError: a certificate or its key cannot be used.
    """
    client = Client(
        CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
    )
    client.connect_timeout = _SOCKET_LIMIT_S
    if settings.username:
        client.username_pw_set(settings.username, settings.password or None)
    if settings.tls_ca_file is not None:
        client.tls_set_context(
            tls_context(settings.tls_ca_file, settings.tls_cert_file, settings.tls_key_file, _OPTIONS)
        )
    return client
