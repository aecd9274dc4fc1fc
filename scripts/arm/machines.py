"""The machines whose results are compared: this one with the checkout, an emulated Arm with the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.arm.compare import Found
from scripts.arm.tree import Arm

_PROBE = Path(__file__).with_name("probe.py")
_ARM_FOLDER = "mnt/sounds"


@dataclass(frozen=True)
class Machine:
    """Where the programs run.

    Attributes:
        folder: sounds and results, as a path here.
        seen_as: the same folder, as a path there.
        python: the interpreter that has `alexa_local`.
        program: `alexa-local`, as words of a command.
        run: runs a command there; returns what it prints.
    """

    folder: Path
    seen_as: str
    python: str
    program: tuple[str, ...]
    run: Callable[..., str]


def this_machine(folder: Path) -> Machine:
    """The checkout's programs, on the sounds of `folder`, without anybody's own configuration."""
    config = folder / "config.yaml"
    config.touch()
    env = {**os.environ, "ALEXA_LOCAL_CONFIG": str(config)}

    def run(*words: str) -> str:
        return subprocess.run(words, env=env, check=True, text=True, stdout=subprocess.PIPE).stdout

    return Machine(folder, str(folder), sys.executable, (sys.executable, "-m", "alexa_local.cli"), run)


def arm_machine(arm: Arm, sounds: Path) -> Machine:
    """The installed programs, on a copy of those sounds."""
    folder = arm.root / _ARM_FOLDER
    shutil.copytree(sounds, folder)
    python = "/usr/lib/alexa-local/bin/python3"
    return Machine(folder, f"/{_ARM_FOLDER}", python, ("/usr/bin/alexa-local",), arm.run)


def find(machine: Machine, sounds: Sequence[str]) -> Found:
    """What the programs make of the sounds of that machine's folder."""
    shutil.copy(_PROBE, machine.folder)
    files = [f"{machine.seen_as}/{name}" for name in sounds]
    lattice, numbers = f"{machine.seen_as}/lattice.json", "numbers.npz"
    transcribed = machine.run(*machine.program, "transcribe", "--json", *files)
    woken = machine.run(*machine.program, "wake", "--json", *files)
    machine.run(*machine.program, "transcribe", "--lattice", lattice, files[0])
    readings = machine.run(*machine.program, "lattice", "show", lattice)
    probe, out = f"{machine.seen_as}/{_PROBE.name}", f"{machine.seen_as}/{numbers}"
    runtime = machine.run(machine.python, probe, out, *files).strip()
    with np.load(machine.folder / numbers) as loaded:
        return Found(transcribed, woken, readings, dict(loaded), runtime)
