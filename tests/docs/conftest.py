"""A folder for each document in which its commands run, with a daemon of its own that hears silence."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scripts.documents.fences import fences

ROOT = Path(__file__).parents[2]
_PROGRAM = f"#!{sys.executable}\nimport sys\nfrom alexa_local.cli import main\nsys.exit(main())\n"
_START_LIMIT_S = 60.0


class Sandbox:
    """One document's folder, with the settings that the document itself gives."""

    def __init__(self, document: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="al-"))
        settings = {"audio": {"output_device": "none"}, "voice": {"engine": "none"}}
        for one in fences(document):
            if one.language == "yaml" and one.note == "sandbox":
                settings |= yaml.safe_load(one.text)
        state, control = str(self.folder / "state"), str(self.folder / "control.sock")
        settings["daemon"] = {"socket": control, "state_dir": state}
        config = self.folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings))
        program = self.folder / "bin" / "alexa-local"
        program.parent.mkdir()
        program.write_text(_PROGRAM)
        program.chmod(0o755)
        self._env = {
            "PATH": f"{program.parent}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "ALEXA_LOCAL_CONFIG": str(config),
        }
        self._daemon = self._start_daemon(program)

    def _start_daemon(self, program: Path) -> subprocess.Popen[bytes]:
        """Start it with a second of silence that nothing follows, and return when it is ready."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(str(self.folder / "notify"))
            told.settimeout(_START_LIMIT_S)
            env = {**self._env, "NOTIFY_SOCKET": str(self.folder / "notify")}
            daemon = subprocess.Popen([program, "run", "--stdin"], env=env, stdin=subprocess.PIPE)
            assert daemon.stdin
            daemon.stdin.write(bytes(32_000))
            daemon.stdin.flush()
            try:
                while b"READY=1" not in told.recv(4096):
                    assert daemon.poll() is None
            except (AssertionError, TimeoutError):
                daemon.communicate()
                raise
        return daemon

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def close(self) -> int:
        """End the daemon; returns its exit code."""
        self._daemon.communicate(timeout=60)
        shutil.rmtree(self.folder)
        return self._daemon.returncode


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[dict[Path, Sandbox]]:
    """The documents' sandboxes as far as there are any; closed at the end."""
    made: dict[Path, Sandbox] = {}
    yield made
    codes = [one.close() for one in made.values()]  # all, whatever the first one's is
    assert not any(codes), "a daemon did not end well"


@pytest.fixture
def sandbox_of(sandboxes: dict[Path, Sandbox]):
    """The sandbox of a document, made when its first command runs."""

    def sandbox_of(document: Path) -> Sandbox:
        if document not in sandboxes:
            sandboxes[document] = Sandbox(document)
        return sandboxes[document]

    return sandbox_of
