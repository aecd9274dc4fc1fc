"""Tries a broker once and tells apart why it cannot be used: name, route, port, encryption, password."""

from __future__ import annotations

import errno
import queue
import socket
import ssl
from typing import Any, Literal

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alexa_local.config import MqttSettings
from alexa_local.errors import ConfigError
from alexa_local.mqtt.tls import tls_context

Trouble = Literal["", "name", "route", "port", "silence", "encryption", "password", "refusal", "protocol"]
"""What is wrong; "" for nothing."""

_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}
_WRONG_PASSWORD = {0x86, 0x87}  # MQTT 5: bad user name or password; not authorized, which mosquitto says


def probe(settings: MqttSettings, limit_s: float = 4.0) -> tuple[Trouble, str]:
    """Connect, say who we are, and leave; nothing is published.

    Returns:
        What is wrong, and what the system or the broker says about it.
    """
    try:
        with socket.create_connection((settings.host, settings.port), limit_s) as connection:
            if trouble := _encryption_trouble(settings, connection):
                return "encryption", trouble
    except socket.gaierror as error:
        return "name", str(error.strerror)
    except ConnectionRefusedError as error:
        return "port", str(error.strerror)
    except TimeoutError:
        return "silence", f"no answer in {limit_s:g} s"
    except OSError as error:
        return ("route" if error.errno in _NO_ROUTE else "silence"), str(error.strerror or error)
    return _say_hello(settings, limit_s)


def _encryption_trouble(settings: MqttSettings, connection: socket.socket) -> str:
    """What speaks against encryption as it is configured, "" for nothing."""
    if not settings.tls_ca_file:
        return ""
    try:
        context = tls_context(settings.tls_ca_file, settings.tls_cert_file, settings.tls_key_file)
        context.wrap_socket(connection, server_hostname=settings.host).close()
    except ConfigError as error:
        return str(error)
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        return str(getattr(error, "reason", "") or getattr(error, "strerror", "") or error)
    return ""


def _say_hello(settings: MqttSettings, limit_s: float) -> tuple[Trouble, str]:
    answers: queue.Queue[tuple[Trouble, str]] = queue.Queue()

    def on_connect(client: Client, data: Any, flags: Any, reason: Any, properties: Any) -> None:
        trouble: Trouble = ""
        if reason.is_failure:
            trouble = "password" if reason.value in _WRONG_PASSWORD else "refusal"
        answers.put((trouble, str(reason)))

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect_timeout = limit_s
    client.on_connect = on_connect
    client.on_disconnect = lambda *_: answers.put(("protocol", "it hung up without an answer"))
    if settings.username:
        client.username_pw_set(settings.username, settings.password or None)
    try:
        if settings.tls_ca_file:
            files = settings.tls_ca_file, settings.tls_cert_file, settings.tls_key_file
            client.tls_set_context(tls_context(*files))
        client.connect(settings.host, settings.port)
    except OSError as error:
        return "protocol", str(error.strerror or error)
    client.loop_start()
    try:
        return answers.get(timeout=limit_s)
    except queue.Empty:
        return "protocol", f"no answer to MQTT in {limit_s:g} s"
    finally:
        client.on_disconnect = None
        client.disconnect()
        client.loop_stop()
