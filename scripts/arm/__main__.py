"""`scripts/test-arm`: the packages' programs on an emulated 64-bit Arm, compared with this machine's."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.arm.compare import Found, faults, largest_difference, limits, texts
from scripts.arm.machines import arm_machine, find, this_machine
from scripts.arm.tree import Arm, prepare_kernel
from scripts.service_test.packages import build, packages
from scripts.service_test.tree import Broken, kept_tree, layered

_SENTENCES = (
    "alexa turn on the kitchen light",
    "alexa set a timer for ten minutes",
    "alexa what time is it",
    "alexa add milk and bread to the shopping list",
)
_VOICES = ("slt", "rms")
_RUNTIMES = {"bookworm": "tflite-runtime", "trixie": "litert"}
"""What runs the models in each suite's package, by the names of alexa_local.tflite."""

_CPU = "cortex-a72"


def main(argv: Sequence[str] | None = None) -> int:
    """Say each step in a line; 0 when everything is the same on the Arm."""
    parser = argparse.ArgumentParser(prog="scripts/test-arm", description=__doc__)
    parser.add_argument(
        "--suite", choices=[*_RUNTIMES], action="append", help="only this one (default: both)"
    )
    parser.add_argument(
        "--cpu", default=_CPU, metavar="NAME", help=f"of qemu's: {_CPU} (default) is a Raspberry Pi 4's"
    )
    parser.add_argument("--packages", type=Path, help="folder with the built packages; default: build them")
    arguments = parser.parse_args(argv)
    try:
        prepare_kernel()
        with tempfile.TemporaryDirectory(prefix="alexa-local-arm-") as scratch:
            wrong = _test(arguments.suite or [*_RUNTIMES], arguments.cpu, arguments.packages, Path(scratch))
    except Broken as trouble:
        print(f"test-arm: {trouble}", file=sys.stderr)
        return 2
    for line in wrong:
        print(f"differs: {line}")
    print("not the same on Arm" if wrong else "the same on Arm")
    return 1 if wrong else 0


def _test(suites: Sequence[str], cpu: str, built: Path | None, scratch: Path) -> list[str]:
    """Everything that differs, a line each."""
    spoken = scratch / "spoken"
    spoken.mkdir()
    sounds = _speak(spoken)
    with _step("this machine"):
        here = find(this_machine(spoken), sounds)
    print(f"  heard with {here.runtime}: " + "; ".join(texts(here.transcribed)))
    wrong = list[str]()
    for suite in suites:
        if not built:
            with _step(f"build the packages for {suite}"):
                build(suite, "arm64", scratch)
        there = _on_arm(suite, cpu, packages(built or scratch, suite, "arm64"), spoken, sounds)
        for kind, limit in limits(here.numbers).items():
            apart = largest_difference(here.numbers, there.numbers, kind)
            print(f"  {kind} at most {apart:.2g} apart ({limit:.2g} allowed)")
        wrong += [f"{suite}: {fault}" for fault in faults(here, there)]
        if there.runtime != _RUNTIMES[suite]:
            wrong.append(f"{suite}: the package has {there.runtime!r} instead of {_RUNTIMES[suite]!r}")
    return wrong


def _on_arm(suite: str, cpu: str, debs: Sequence[Path], spoken: Path, sounds: Sequence[str]) -> Found:
    """What the installed package finds, on a fresh layer over the kept tree."""
    with _step(f"Debian {suite} for arm64"):
        tree = kept_tree("test-arm", suite, ["--arch=arm64"])
        Arm(tree, cpu).fetch_dependencies(debs[0])
    with layered(tree) as root:
        arm = Arm(root, cpu)
        with _step("install"):
            arm.install(debs)
        with _step(f"{cpu}, {_RUNTIMES[suite]}"):
            return find(arm_machine(arm, spoken), sounds)


@contextlib.contextmanager
def _step(what: str) -> Iterator[None]:
    """Say how long it took."""
    began_s = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - began_s:.0f} s", flush=True)


def _speak(folder: Path) -> list[str]:
    """Names of sound files in `folder`: every sentence, by voices in turn."""
    names = []
    for number, sentence in enumerate(_SENTENCES):
        names.append(f"{number}.wav")
        voice = _VOICES[number % len(_VOICES)]
        subprocess.run(["flite", "-voice", voice, "-t", sentence, "-o", folder / names[-1]], check=True)
    return names


if __name__ == "__main__":
    sys.exit(main())
