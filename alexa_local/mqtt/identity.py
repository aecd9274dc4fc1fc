"""Which device this is, in topics and to the broker."""

from __future__ import annotations

import re
import socket

from alexa_local.config import MqttSettings


def device_id(settings: MqttSettings, host_name: str | None = None) -> str:
    """The setting `mqtt.device_id`, or else what a-z, 0-9 and - leave of the host's name."""
    if settings.device_id:
        return settings.device_id
    name = socket.gethostname() if host_name is None else host_name
    return re.sub(r"[^a-z0-9]+", "-", name.split(".")[0].lower()).strip("-")[:64] or "alexa-local"
