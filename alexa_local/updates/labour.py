"""The hard work, in a process of its own: what fails there, or takes memory, does not hurt the daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from alexa_local.errors import AlexaLocalError, ModelError, StorageError, UpdateError
from alexa_local.generations import Generation

_OURS = Path(__file__).resolve().parents[2]
_APPLY_LIMIT_S, _TRY_LIMIT_S = 3600.0, 900.0
_REASONS: Mapping[str, type[AlexaLocalError]] = {
    each.__name__: each for each in (ModelError, StorageError, UpdateError)
}


class Interrupted(Exception):
    """The daemon ends; the work is begun again at its next start."""


class Labour(Protocol):
    """`Helper`, or the fake in alexa_local.testing."""

    def apply(self, package: Path, sha256: str, generation: Generation, old: Path | None, new: Path) -> None:
        """`generations.apply_package`, of the generation's package with that sha256."""

    def try_model(self, folder: Path) -> None:
        """`updates.selftest.try_model`."""


class Helper:
    """Runs `python -m alexa_local.updates.worker` at the lowest priority, one at a time."""

    def __init__(self, lock: int = -1) -> None:
        """Prepare; the descriptor `lock` is left open in the process, so that the lock outlives us there."""
        self._lock_held = lock
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = self._held = False

    def apply(self, package: Path, sha256: str, generation: Generation, old: Path | None, new: Path) -> None:
        """Make a generation's files.

        Raises:
            UpdateError: they do not come out as the manifest promised.
            StorageError: the disk is full or broken.
            ModelError: the process died of it.
            Interrupted: `end` was called.
        """
        job = {
            "work": "apply",
            "package": str(package),
            "sha256": sha256,
            "manifest": generation.to_bytes().decode(),
            "old": str(old) if old else None,
            "new": str(new),
        }
        self._run(job, _APPLY_LIMIT_S)

    def try_model(self, folder: Path) -> None:
        """Try a model.

        Raises:
            ModelError: it failed, or the process died of it.
            Interrupted: `end` was called.
        """
        self._run({"work": "try", "folder": str(folder)}, _TRY_LIMIT_S)

    def end(self) -> None:
        """End the work, from any thread."""
        with self._guard:
            self._ended = True
            if self._process:
                self._process.kill()

    def hold(self, on: bool) -> None:
        """Let the work rest while the processor is wanted for something else, or go on; from any thread."""
        with self._guard:
            self._held = on
            if self._process:
                self._process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

    def _run(self, job: Mapping[str, Any], limit_s: float) -> None:
        with self._guard:
            if self._ended:
                raise Interrupted
            process = self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "alexa_local.updates.worker"],
                env={**os.environ, "PYTHONPATH": str(_OURS)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[self._lock_held] if self._lock_held >= 0 else [],
            )
        self.hold(self._held)
        with process:
            try:
                said, _ = process.communicate(json.dumps(job).encode(), limit_s)
            except subprocess.TimeoutExpired:
                process.kill()
                said = b""
        self._judge(job["work"], process.returncode, said)

    def _judge(self, work: str, code: int, said: bytes) -> None:
        """Raise what the process could not do."""
        if code == 0:
            return
        with self._guard:
            if self._ended:
                raise Interrupted
        try:
            told = json.loads(said)
            error = _REASONS[told["kind"]](told["error"])
        except (ValueError, KeyError, TypeError):
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            error = ModelError(f"The process that was to {work} the model died of it ({how}). See the log.")
        raise error
