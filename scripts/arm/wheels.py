"""The runtime's wheels for Arm, unpacked by this machine's pip, which is slow when emulated."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.arm.tree import PYTHON, ArmError

RUNTIMES = {
    "tflite-runtime": ("tflite-runtime==2.14.0", "numpy>=1.26,<2"),
    "litert": ("ai-edge-litert>=2.1", "numpy>=2.0"),
}
"""What runs the models, by the names of alexa_local.tflite, with the numpy that each takes."""

_FROM_DEBIAN = ("pyaudio", "systemd-python")
"""They have no wheels: the tree has Debian's."""

_OF_THE_RUNTIME = ("numpy", "tflite-runtime", "ai-edge-litert")
_WITHOUT_WHEEL = ("docopt",)
_GLIBC = ("2014", "_2_17", "_2_24", "_2_26", "_2_27", "_2_28", "_2_31", "_2_34")
"""Of the platforms that wheels are named after, those that Debian 12 (glibc 2.36) serves."""


def requirements(setup_cfg: Path) -> list[str]:
    """What the program needs beside numpy and a runtime, of what comes as wheels."""
    parser = configparser.ConfigParser()
    parser.read(setup_cfg)
    lines = parser["options"]["install_requires"].split("\n")
    named = [(re.split(r"[<>=;! ]", line, maxsplit=1)[0], line) for line in lines if line.strip()]
    return [line for name, line in named if name not in (*_FROM_DEBIAN, *_OF_THE_RUNTIME)]


def install(runtime: str, folder: Path, setup_cfg: Path) -> None:
    """Put one runtime and everything else into `folder`, unless exactly that is there."""
    wanted = [*requirements(setup_cfg), *RUNTIMES[runtime]]
    stamp = folder / "requirements.txt"
    if stamp.exists() and stamp.read_text() == "\n".join(wanted):
        return
    shutil.rmtree(folder, ignore_errors=True)
    built = folder / "built"
    _pip("wheel", "--no-deps", "--wheel-dir", str(built), *_WITHOUT_WHEEL)
    platforms = [word for one in _GLIBC for word in ("--platform", f"manylinux{one}_aarch64")]
    _pip(
        *("install", "--target", str(folder), "--python-version", PYTHON, "--only-binary=:all:"),
        *("--no-compile", "--find-links", str(built), *platforms, *wanted),
    )
    stamp.write_text("\n".join(wanted))


def _pip(command: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", command, "-qq", "--disable-pip-version-check", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ArmError(f"pip {command} failed. Check the network.\n{done.stderr.strip()}")
