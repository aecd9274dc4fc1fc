"""Builds or takes the packages, boots the machine, and prints one line for each step."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from scripts.service_test.machine import Machine
from scripts.service_test.packages import build, dependencies, packages, server_package
from scripts.service_test.steps import Suite
from scripts.service_test.tree import Broken, base_tree, fetch_dependencies, layered, must

_TOOLS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
    "dpkg-deb": "dpkg",
}
_INSIDE = "srv/packages"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/test-service", description=__doc__)
    parser.add_argument("--suite", choices=["bookworm", "trixie"], default="bookworm", help="of Debian")
    parser.add_argument("--kills", type=int, default=3, help="how often it is killed (default: 3)")
    parser.add_argument("--packages", type=Path, help="folder with the built packages; default: build them")
    arguments = parser.parse_args(argv)
    if os.getuid() != 0:
        print("Containers need root: sudo scripts/test-service", file=sys.stderr)
        return 77
    if missing := sorted(package for tool, package in _TOOLS.items() if shutil.which(tool) is None):
        print(f"Something is missing: apt install {' '.join(missing)}", file=sys.stderr)
        return 69
    try:
        with tempfile.TemporaryDirectory(prefix="alexa-local-packages-") as scratch:
            return _run(arguments, Path(scratch))
    except Broken as trouble:
        print(f"FAILED   {trouble}")
        return 1


def _run(arguments: argparse.Namespace, scratch: Path) -> int:
    began_s = time.monotonic()
    folder = arguments.packages or scratch
    arch = must(["dpkg", "--print-architecture"]).strip()
    if not arguments.packages:
        _done(began_s, "build the packages", build(arguments.suite, arch, scratch))
    program, models = packages(folder, arguments.suite, arch)
    server = server_package(folder, arguments.suite, arch)
    newer = _under_another_version(program, scratch)
    began_s = time.monotonic()
    tree = base_tree(arguments.suite)
    wanted = [dependencies(program, "Depends", "Recommends"), dependencies(server, "Depends")]
    fetch_dependencies(tree, ", ".join(wanted))
    _done(began_s, "have a Debian tree and the dependencies", str(tree))
    began_s = time.monotonic()
    with layered(tree) as root:
        (root / _INSIDE).mkdir(parents=True)
        inside = []
        for package in (program, models, newer, server):
            shutil.copy(package, root / _INSIDE)
            inside.append(f"/{_INSIDE}/{package.name}")
        with Machine(root) as machine:
            _done(began_s, "boot systemd in a container", arguments.suite)
            return _take_steps(Suite(machine, inside[:2], inside[2], inside[3], arguments.kills))


def _take_steps(suite: Suite) -> int:
    """One line for each; after a failure the others are still tried."""
    failed = 0
    for name, step in suite.steps():
        began_s = time.monotonic()
        try:
            _done(began_s, name, step())
        except (Broken, subprocess.TimeoutExpired) as trouble:
            failed += 1
            print(f"FAILED  {time.monotonic() - began_s:6.1f} s  {name}: {trouble}", flush=True)
    print(f"{failed} steps failed." if failed else "All of it holds.")
    return 1 if failed else 0


def _done(began_s: float, name: str, detail: str) -> None:
    print(f"ok      {time.monotonic() - began_s:6.1f} s  {name}: {detail}", flush=True)


def _under_another_version(package: Path, scratch: Path) -> Path:
    """The same package under a higher version, for the upgrade."""
    content = scratch / "newer"
    must(["dpkg-deb", "-R", package, content])
    control = content / "DEBIAN/control"
    lines = control.read_text().splitlines()
    version = next(line.split()[1] for line in lines if line.startswith("Version:"))
    newer = version.replace("+", ".1+", 1)
    control.write_text(
        "\n".join(f"Version: {newer}" if x.startswith("Version:") else x for x in lines) + "\n"
    )
    must(["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", content, scratch])
    return scratch / package.name.replace(version, newer)
