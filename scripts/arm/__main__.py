"""`scripts/test-arm`: the repository's programs on an emulated 64-bit Arm, compared with this machine."""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from alexa_local.errors import AlexaLocalError
from scripts.arm.compare import Found, faults, largest_difference, limits, texts
from scripts.arm.tree import SUITE, Tree, prepare_kernel
from scripts.arm.wheels import RUNTIMES, install

_ROOT = Path(__file__).parents[2]
_SENTENCES = (
    "alexa turn on the kitchen light",
    "alexa set a timer for ten minutes",
    "alexa what time is it",
    "alexa add milk and bread to the shopping list",
)
_VOICES = ("slt", "rms")
_LIMIT_S = 300.0
_CPU = "cortex-a72"
_CONFIG = "config.yaml"
_INSIDE, _OUT, _PACKAGES = "/mnt/alexa-local", "/mnt/results", "/mnt/packages"

Run = Callable[..., str]
"""Runs `python3 ARGUMENTS...` on one of the machines, and returns what it prints."""


def main(argv: Sequence[str] | None = None) -> int:
    """Say each step in a line; 0 when everything is the same on the Arm."""
    parser = argparse.ArgumentParser(prog="scripts/test-arm", description=__doc__)
    parser.add_argument(
        "--runtime", choices=[*RUNTIMES], action="append", help="only this one (default: both)"
    )
    parser.add_argument(
        "--cpu", default=_CPU, metavar="NAME", help=f"of qemu's: {_CPU} (default) is a Raspberry Pi 4's"
    )
    arguments = parser.parse_args(argv)
    try:
        wrong = _test(arguments.runtime or [*RUNTIMES], arguments.cpu)
    except AlexaLocalError as error:
        print(f"test-arm: {error}", file=sys.stderr)
        return 2
    for line in wrong:
        print(f"differs: {line}")
    print("not the same on Arm" if wrong else "the same on Arm")
    return 1 if wrong else 0


def _test(runtimes: Sequence[str], cpu: str) -> list[str]:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "alexa-local")
    cache.mkdir(parents=True, exist_ok=True)
    tree, wrong = Tree(cache / f"arm64-{SUITE}"), list[str]()
    with _step("emulator"):
        prepare_kernel()
    with _step(f"Debian {SUITE} for arm64"):
        tree.make(cache / "arm64-debootstrap.log")
    for runtime in runtimes:
        with _step(f"wheels with {runtime}"):
            install(runtime, _packages(cache, runtime), _ROOT / "setup.cfg")
    with tempfile.TemporaryDirectory(prefix="al-arm-") as name:
        folder = Path(name)
        sounds = _speak(folder)
        with _step("this machine"):
            here = _found(_here(folder), folder, str(folder), sounds)
        print("  heard: " + "; ".join(texts(here.transcribed)))
        for runtime in runtimes:
            with _step(f"{cpu}, {runtime}"):
                there = _found(_arm(tree, cache, runtime, cpu, folder), folder, _OUT, sounds)
            for kind, limit in limits(here.numbers).items():
                apart = largest_difference(here.numbers, there.numbers, kind)
                print(f"  {kind} at most {apart:.2g} apart ({limit:.2g} allowed)")
            wrong += [f"{runtime}: {fault}" for fault in faults(here, there)]
    return wrong


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    """Say how long it took."""
    began_s = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began_s:.0f} s", flush=True)


def _packages(cache: Path, runtime: str) -> Path:
    return cache / f"arm64-{SUITE}-{runtime}"


def _speak(folder: Path) -> list[str]:
    """Names of sound files in `folder`: every sentence, by voices in turn; beside them the defaults."""
    (folder / _CONFIG).touch()
    names = []
    for number, sentence in enumerate(_SENTENCES):
        names.append(f"{number}.wav")
        voice = _VOICES[number % len(_VOICES)]
        subprocess.run(["flite", "-voice", voice, "-t", sentence, "-o", folder / names[-1]], check=True)
    return names


def _found(run: Run, folder: Path, seen_as: str, sounds: Sequence[str]) -> Found:
    """Run the programs on the sounds of `folder`, which that machine sees at `seen_as`."""
    files = [f"{seen_as}/{name}" for name in sounds]
    numbers, lattice = folder / "numbers.npz", f"{seen_as}/lattice.json"
    transcribed = run("-m", "alexa_local.cli", "transcribe", "--json", *files)
    woken = run("-m", "alexa_local.cli", "wake", "--json", *files)
    run("-m", "alexa_local.cli", "transcribe", "--lattice", lattice, files[0])
    readings = run("-m", "alexa_local.cli", "lattice", "show", lattice)
    run("-m", "scripts.arm.probe", f"{seen_as}/numbers.npz", *files)
    with np.load(numbers) as loaded:
        kept = dict(loaded)
    numbers.unlink()
    return Found(transcribed, woken, readings, kept)


def _here(folder: Path) -> Run:
    env = {**os.environ, **_environment(str(folder))}

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=_ROOT, env=env, check=True, text=True, stdout=subprocess.PIPE
        ).stdout

    return run


def _arm(tree: Tree, cache: Path, runtime: str, cpu: str, folder: Path) -> Run:
    binds = {_ROOT: _INSIDE, folder: _OUT, _packages(cache, runtime): _PACKAGES}
    chosen = {"PYTHONPATH": f"{_PACKAGES}:{_INSIDE}", "ALEXA_LOCAL_TFLITE": runtime, "QEMU_CPU": cpu}
    env = {**chosen, **_environment(_OUT)}
    return lambda *arguments: tree.run(["/usr/bin/python3", *arguments], binds, env, _LIMIT_S)


def _environment(folder: str) -> dict[str, str]:
    """One thread, no compiled files left in the checkout, and nobody's own configuration."""
    return {
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "ALEXA_LOCAL_CONFIG": f"{folder}/{_CONFIG}",
    }


if __name__ == "__main__":
    sys.exit(main())
