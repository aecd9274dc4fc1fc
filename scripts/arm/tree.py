"""A Debian for 64-bit Arm in a folder, whose programs the kernel hands to an emulator."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from alexa_local.errors import AlexaLocalError

SUITE, PYTHON = "bookworm", "3.11"
"""The one Debian whose Python has wheels of both TFLite runtimes."""

_PACKAGES = ("python3", "python3-pyaudio", "python3-systemd")
_BINFMT = Path("/proc/sys/fs/binfmt_misc")
_INSTALL = "apt install debootstrap qemu-user-static binfmt-support flite"
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


class ArmError(AlexaLocalError):
    """This machine cannot emulate an Arm, or the emulated program failed."""


def prepare_kernel() -> None:
    """See that Arm programs run; registers the emulator with the kernel where that was not done yet.

    Raises:
        ArmError: not root, something is not installed, or the kernel refuses.
    """
    if os.getuid() != 0:
        raise ArmError("Only root can make an emulated Debian and enter it. Run: sudo scripts/test-arm")
    for program in ("debootstrap", "flite", "unshare"):
        if not shutil.which(program):
            raise ArmError(f"The program {program} is missing. Run: {_INSTALL}")
    if platform.machine() == "aarch64" or (_BINFMT / "qemu-aarch64").exists():
        return
    if not (_BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", _BINFMT], check=False)
    if shutil.which("update-binfmts"):
        subprocess.run(["update-binfmts", "--enable", "qemu-aarch64"], check=False)
    if not (_BINFMT / "qemu-aarch64").exists():
        raise ArmError(
            f"The kernel does not hand Arm programs to qemu. Run: {_INSTALL} (a container needs its host to)."
        )


class Tree:
    """One such folder; whatever a command mounts or starts is gone when that ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make(self, log: Path) -> None:
        """Make it unless it is there, whole."""
        if self.folder.exists():
            return
        partial = self.folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        command = ["debootstrap", "--arch=arm64", "--variant=minbase", f"--include={','.join(_PACKAGES)}"]
        with log.open("w") as out:
            done = subprocess.run([*command, SUITE, partial], stdout=out, stderr=out, check=False)
        if done.returncode:
            raise ArmError(f"debootstrap failed; {log} says why. Check the network, and run this again.")
        (partial / "proc-cpuinfo").write_text(_CPU)
        partial.rename(self.folder)

    def run(
        self,
        arguments: Sequence[str],
        binds: Mapping[Path, str],
        env: Mapping[str, str],
        limit_s: float,
    ) -> str:
        """Run a program inside.

        Args:
            arguments: the program, as a path inside, and its arguments.
            binds: folders of this machine, and where they are inside.
            env: its whole environment.
            limit_s: seconds that it may take; emulation is ten to thirty times slower.

        Returns:
            What it printed.
        """
        mounts = ['mount -t proc proc "$0/proc"', 'mount --bind "$0/proc-cpuinfo" "$0/proc/cpuinfo"']
        for outside, inside in binds.items():
            (self.folder / inside.lstrip("/")).mkdir(parents=True, exist_ok=True)
            mounts.append(f'mount --bind "{outside}" "$0{inside}"')
        script = " && ".join([*mounts, 'exec chroot "$0" "$@"'])
        try:
            done = subprocess.run(
                [
                    "unshare",
                    "--mount",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    "sh",
                    "-c",
                    script,
                    self.folder,
                    *arguments,
                ],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **env},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=limit_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ArmError(
                f"{' '.join(arguments)} took more than {limit_s:.0f} s. Is the machine busy?"
            ) from error
        if done.returncode:
            last = "\n".join(done.stderr.splitlines()[-20:])
            raise ArmError(f"{' '.join(arguments)} ended with {done.returncode} under emulation:\n{last}")
        return done.stdout
