"""Runs the demo: the daemon as `alexa-local run` starts it, on a synthesised scene, with a home of its own.

Timers and lists go to a temporary folder, so those of the person who runs this stay as they are.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import wave
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import yaml

from alexa_local.daemon.client import listen
from alexa_local.errors import AlexaLocalError, DaemonUnreachable
from alexa_local.messages import SAMPLE_RATE
from scripts.demo.scene import SCENE, Spoken, build_scene

_DEVICES = (("kitchen light", "kitchen"), ("reading lamp", "living room"))
_RETRY_S = 0.1


def household(folder: Path) -> dict[str, Any]:
    """The demo's configuration: two lights whose switch does nothing, and files in `folder`."""
    devices = [{"name": name, "kind": "light", "room": room, "run": ["true"]} for name, room in _DEVICES]
    return {
        "home": {"devices": devices},
        "daemon": {"socket": str(folder / "control.sock"), "state_dir": str(folder / "state")},
    }


class Witness:
    """Listens to the daemon's events while it runs, through its control socket like any other program."""

    def __init__(self, socket: Path) -> None:
        self.events: list[Mapping[str, Any]] = []
        self._socket = socket
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Wait for the last events; the daemon has ended."""
        self._ended.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                for event in listen(self._socket):
                    self.events.append(event)
                return
            except DaemonUnreachable:
                time.sleep(_RETRY_S)


def understood(scene: Sequence[Spoken], events: Iterable[Mapping[str, Any]]) -> list[bool]:
    """For each command, in the order spoken, whether it was understood: its intent and every slot."""
    wanted = [_meaning(command.intent, command.slots) for command in scene]
    got = [
        _meaning(event.get("intent", ""), event.get("slots", {}))
        for event in events
        if event.get("event") == "intent"
    ]
    found = [False] * len(wanted)
    for block in SequenceMatcher(None, wanted, got, autojunk=False).get_matching_blocks():
        found[block.a : block.a + block.size] = [True] * block.size
    return found


def _meaning(intent: str, slots: Mapping[str, Any]) -> str:
    return json.dumps([intent, slots], sort_keys=True)


def summary(scene: Sequence[Spoken], events: Sequence[Mapping[str, Any]]) -> list[str]:
    """What became of the commands, for a person."""
    found = understood(scene, events)
    heard = sum(event.get("event") == "wake_word_detected" for event in events)
    return [
        "",
        f'{sum(found)} of {len(scene)} spoken commands understood ("Alexa" heard {heard} times):',
        *(
            f"  {'✓' if right else '✗'} Alexa, {command.words}"
            for command, right in zip(scene, found, strict=True)
        ),
        "",
        "Talk to it yourself: plug in a microphone and run scripts/run.",
        'Or type to it: while it runs, .venv/bin/alexa-local say "set a timer for five minutes".',
    ]


def run_demo(arguments: Sequence[str]) -> int:
    """Make the scene, run the daemon on it to its end, and sum up."""
    print("This is the demo: a synthesised voice says six commands, and the assistant answers.", flush=True)
    samples = build_scene()
    with tempfile.TemporaryDirectory(prefix="alexa-local-demo-") as name:
        folder = Path(name)
        with wave.open(str(folder / "scene.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(samples.tobytes())
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(household(folder)), encoding="utf-8")
        print(f"It takes {len(samples) / SAMPLE_RATE:.0f} seconds. Ctrl-C ends it.\n", flush=True)
        sound = ["--file", str(folder / "scene.wav"), "--realtime"]
        command = [
            sys.executable,
            "-m",
            "alexa_local.cli",
            "run",
            "--config",
            str(config),
            *sound,
            *arguments,
        ]
        witness = Witness(folder / "control.sock")
        daemon = subprocess.Popen(command)
        try:
            code = daemon.wait()
        except KeyboardInterrupt:  # the daemon got it too
            code = daemon.wait(30)
        finally:
            witness.close()
    if code == 0:
        print(*summary(SCENE, witness.events), sep="\n")
        return 0 if any(understood(SCENE, witness.events)) else 1
    return code


def has_microphone() -> bool:
    """Whether anything here can record."""
    from alexa_local.capture import list_devices

    return any(device.inputs > 0 for device in list_devices())


def main() -> int:
    """Run the demo, or only tell whether there is a microphone."""
    parser = argparse.ArgumentParser(prog="scripts/run --demo", description=__doc__)
    parser.add_argument("--has-microphone", action="store_true", help=argparse.SUPPRESS)
    args, arguments = parser.parse_known_args()
    try:
        return int(not has_microphone()) if args.has_microphone else run_demo(arguments)
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
