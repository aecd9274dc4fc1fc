"""Which device this is, in topics and to the broker."""

from __future__ import annotations

import hashlib
import re
import socket
from pathlib import Path
from uuid import uuid4

from alexa_local.config import MqttSettings

_MACHINE_ID = Path("/etc/machine-id")


def device_id(settings: MqttSettings, host_name: str | None = None) -> str:
    """The setting `mqtt.device_id`, or else what a-z, 0-9 and - leave of the host's name."""
    if settings.device_id:
        return settings.device_id
    name = socket.gethostname() if host_name is None else host_name
    return re.sub(r"[^a-z0-9]+", "-", name.split(".")[0].lower()).strip("-")[:64] or "alexa-local"


def client_id(settings: MqttSettings, machine: Path = _MACHINE_ID) -> str:
    """The name of our sessions: always the same, so that a new one ends one that was lost.

    That one's will would otherwise come after our "online". Two devices that bear one name by mistake differ
    in what is made of the machine's own id, and so do not end each other's sessions in turn.
    """
    try:
        own = machine.read_bytes().strip() or uuid4().bytes
    except OSError:
        own = uuid4().bytes
    mark = hashlib.sha256(b"alexa-local mqtt " + own).hexdigest()[:8]
    return f"{settings.topic_prefix}-{device_id(settings)}-{mark}"
