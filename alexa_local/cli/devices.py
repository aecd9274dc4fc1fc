"""`alexa-local devices`: the names to write into the configuration."""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add devices."""
    text = "List microphones and loudspeakers."
    parser = commands.add_parser("devices", help=text, description=text, parents=[common])
    parser.add_argument("--json", action="store_true", help="one JSON object for each device")
    parser.set_defaults(run=_devices)


def _devices(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from alexa_local.capture import list_devices

    found = list_devices()
    if arguments.json:
        for device in found:
            print(json.dumps(asdict(device)))
        return 0
    for title, direction in (("Microphones", "input"), ("Loudspeakers", "output")):
        usable = [device for device in found if device.channels(direction)]  # type: ignore[arg-type]
        print(f"{title} (audio.{direction}_device):")
        for device in usable:
            default = "  (default)" if device.is_default(direction) else ""  # type: ignore[arg-type]
            print(f"  {device.name}{default}")
        if not usable:
            print("  none found; plug one in, and check that your user is in the group `audio`")
    return 0
