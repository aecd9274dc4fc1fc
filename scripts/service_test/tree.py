"""A Debian tree: made once and kept, under a fresh layer for each run."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

# What stands for the machine around the program: systemd, apt's tools, a sound server and a broker.
_INCLUDE = (
    *("systemd", "systemd-sysv", "dbus", "python3", "pulseaudio", "pulseaudio-utils", "libasound2-plugins"),
    *("mosquitto", "iproute2"),
)


class Broken(Exception):
    """The suite cannot go on; the message says why."""


def must(command: Sequence[str | Path], **options: object) -> str:
    """Run a command, and return what it printed; Broken with its last words when it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode != 0:
        raise Broken(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stdout[-800:]}")
    return str(done.stdout)


def kept_tree(
    test: str, suite: str, options: Sequence[str], finish: Callable[[Path], None] = lambda tree: None
) -> Path:
    """A test's kept tree, made by debootstrap and `finish` when it is not there yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    tree = cache / "alexa-local" / test / suite
    if not tree.exists():
        unfinished = tree.with_name(f"{suite}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        must(["debootstrap", "--variant=minbase", *options, suite, unfinished])
        finish(unfinished)
        unfinished.rename(tree)
    return tree


def base_tree(suite: str) -> Path:
    """What the container runs on."""
    return kept_tree("test-service", suite, [f"--include={','.join(_INCLUDE)}"], _disable_units)


def _disable_units(tree: Path) -> None:
    """What the steps start when they need it, and what would disturb them."""
    for unit in ("mosquitto.service", "apt-daily.timer", "apt-daily-upgrade.timer"):
        must(["systemctl", f"--root={tree}", "disable", unit])


def fetch_dependencies(tree: Path, wanted: str) -> None:
    """Have apt download into the kept tree what `wanted`, a list as in `Depends:`, asks for."""
    stamp = tree / "root/fetched"
    if not stamp.exists() or stamp.read_text() != wanted:
        inside: list[str | Path] = ["chroot", tree, "apt-get", "-q", "-y"]
        shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
        must([*inside, "update"])
        must([*inside, "--download-only", "satisfy", wanted])
        stamp.write_text(wanted)


@contextmanager
def layered(tree: Path) -> Iterator[Path]:
    """A copy of the tree for one run, which vanishes afterwards; the kept one stays as it is."""
    scratch = Path(tempfile.mkdtemp(prefix="alexa-local-test-", dir="/var/tmp"))
    root = scratch / "root"
    for name in ("root", "upper", "work"):
        (scratch / name).mkdir()
    layers = f"lowerdir={tree},upperdir={scratch / 'upper'},workdir={scratch / 'work'}"
    must(["mount", "-t", "overlay", "overlay", "-o", layers, root])
    try:
        yield root
    finally:
        must(["umount", root])
        shutil.rmtree(scratch, ignore_errors=True)
