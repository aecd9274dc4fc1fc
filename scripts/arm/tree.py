"""A Debian for 64-bit Arm in a folder, whose programs the kernel hands to an emulator."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.service_test.packages import dependencies
from scripts.service_test.tree import Broken

_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_TOOLS = {
    "debootstrap": "debootstrap",
    "dh": "debhelper",
    "dpkg-buildpackage": "dpkg-dev",
    "flite": "flite",
    "unshare": "util-linux",
}
_EMULATOR = "apt install qemu-user-static binfmt-support"
_SCRIPT = """\
mount -t proc proc "$0/proc" && mount --bind "$0/cpuinfo" "$0/proc/cpuinfo" && chroot "$0" "$@"
exit $?
"""
"""The shell stays first process: that one ignores the signal by which qemu ends a program that crashed."""
_APT = ("apt-get", "-q", "-y", "--no-install-recommends")
_APT_LIMIT_S = 1200.0
_CPU = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3
"""
"""What a Cortex-A72 says of itself: ai-edge-litert reads it, and dies of an x86's."""


def prepare_kernel() -> None:
    """See that Arm programs run; registers the emulator with the kernel where that was not done yet.

    Raises:
        Broken: not root, something is not installed, or the kernel refuses.
    """
    if os.getuid() != 0:
        raise Broken("Only root can make an emulated Debian and enter it. Run: sudo scripts/test-arm")
    if missing := sorted(package for tool, package in _TOOLS.items() if shutil.which(tool) is None):
        raise Broken(f"Something is missing. Run: apt install {' '.join(missing)}")
    if platform.machine() == "aarch64" or (_BINFMT / "qemu-aarch64").exists():
        return
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT], check=False)
    if shutil.which("update-binfmts"):
        subprocess.run(["update-binfmts", "--enable", "qemu-aarch64"], check=False)
    if not (_BINFMT / "qemu-aarch64").exists():
        raise Broken(
            f"The kernel hands no Arm programs to qemu. Run: {_EMULATOR} (a container needs its host to)."
        )


class Arm:
    """A machine with such a tree as its disk; whatever a command mounts or starts is gone when that ends."""

    def __init__(self, root: Path, cpu: str) -> None:
        """Programs see `cpu`, one of qemu's names."""
        self.root = root
        self._env = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "DEBIAN_FRONTEND": "noninteractive",
            "HOME": "/root",
            "LC_ALL": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "QEMU_CPU": cpu,
        }
        (root / "cpuinfo").write_text(_CPU)

    def fetch_dependencies(self, package: Path) -> None:
        """Install what that package asks for and Debian has, unless that was done to this tree before."""
        wanted = dependencies(package, "Depends")
        stamp = self.root / "root/dependencies"
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
            self.run(*_APT, "update", limit_s=_APT_LIMIT_S)
            self.run(*_APT, "satisfy", wanted, limit_s=_APT_LIMIT_S)
            stamp.write_text(wanted)

    def install(self, packages: Sequence[Path]) -> None:
        """Install packages of this machine's, as their users do."""
        for package in packages:
            shutil.copy(package, self.root / "root")
        names = [f"/root/{package.name}" for package in packages]
        self.run(*_APT, "install", *names, limit_s=_APT_LIMIT_S)

    def run(self, *words: str, limit_s: float = 300) -> str:
        """Run a command inside, of which emulation makes one that is ten to thirty times slower.

        Returns:
            What it printed, without errors and warnings.

        Raises:
            Broken: it failed, or took longer than the limit.
        """
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _SCRIPT, str(self.root)]
        try:
            done = subprocess.run(
                [*enter, *words],
                env=self._env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Broken(f"{' '.join(words)} took more than {limit_s:.0f} s. Is the machine busy?") from error
        if done.returncode:
            last = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise Broken(f"{' '.join(words)} ended with {done.returncode} under emulation:\n{last}")
        return done.stdout
