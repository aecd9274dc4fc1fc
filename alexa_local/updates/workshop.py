"""All models' courses of one state folder; one process at a time holds it."""

from __future__ import annotations

import fcntl
import logging
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alexa_local import __version__
from alexa_local.errors import AlexaLocalError, AlreadyRunning, StorageError
from alexa_local.generations import Host
from alexa_local.models import models_folder
from alexa_local.store.faults import explain_os_error
from alexa_local.tflite.network import installed_runtimes
from alexa_local.updates.course import Course
from alexa_local.updates.keys import Keyring
from alexa_local.updates.labour import Helper, Labour
from alexa_local.updates.shelf import Shelf

_LOG = logging.getLogger(__name__)
_LOCK = ".lock"
_LOOK_S = 0.1
_BOARD = Path("/proc/device-tree/model")


@dataclass(frozen=True)
class Plan:
    """Where things are.

    Attributes:
        slots: the folder of all models' slots, STATE_DIR/models.
        keys: the folder of the owner's public keys.
        models: the names of the models that may be updated.
        shipped: the folder of the models that came with the program.
    """

    slots: Path
    keys: Path
    models: Sequence[str]
    shipped: Path | None = None


class Workshop:
    """The courses, while the lock is held.

    Attributes:
        courses: by the model's name; one whose record is damaged is left away, and told.
        helper: the process that does the hard work.
    """

    def __init__(self, plan: Plan, patience_s: float = 0.0) -> None:
        """Take the lock.

        Raises:
            AlreadyRunning: another process holds it, for longer than `patience_s`.
            StorageError: the folder cannot be made.
        """
        self._lock = _lock(plan.slots, patience_s)
        self.helper = Helper(self._lock)
        self._keyring = Keyring(plan.keys, plan.slots)
        self.courses = open_courses(plan, self.helper)

    def trusts_anybody(self) -> bool:
        """Whether there is a key, without which nothing can be taken."""
        try:
            return bool(self._keyring.trusted())
        except AlexaLocalError as error:
            _LOG.error("No models are fetched: %s", error)
            return False

    def resume(self) -> None:
        """Have each course go on where it was interrupted."""
        self._each(lambda course: course.resume())

    def starting(self) -> None:
        """The daemon begins, and loads the models next: what it died of is not active any more."""
        self._each(lambda course: course.starting())

    def broke(self, why: str) -> bool:
        """What is on trial is no good; whether anything was."""
        on_trial = [course for course in self.courses.values() if course.record.phase == "trial"]
        self._each(lambda course: course.broke(why))
        return any(course.record.phase != "trial" for course in on_trial)

    def loaded(self, folders: Mapping[str, Path]) -> None:
        """The daemon has loaded the models from these folders, by their names."""
        self._each(lambda course: course.loaded(folders[course.model]))

    def ended(self) -> None:
        """The daemon comes to its proper end."""
        self._each(lambda course: course.ended())

    def _each(self, work: Callable[[Course], None]) -> None:
        """Do it to each; what a full disk keeps from being remembered is told."""
        for course in self.courses.values():
            try:
                work(course)
            except AlexaLocalError as error:
                _LOG.error("The update of %s cannot go on: %s", course.model, error)

    def close(self) -> None:
        """End the work, and let another process have the lock."""
        self.helper.end()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def open_courses(plan: Plan, labour: Labour) -> Mapping[str, Course]:
    """Every model's course; without the lock only for looking at."""
    keyring, host, shipped = Keyring(plan.keys, plan.slots), this_host(), models_folder(plan.shipped)
    courses = {}
    for model in plan.models:
        try:
            courses[model] = Course(model, Shelf(plan.slots / model), shipped / model, keyring, host, labour)
        except AlexaLocalError as error:
            _LOG.error("%s is not updated: %s", model, error)
    return courses


def this_host() -> Host:
    """What this device is."""
    boards = [platform.machine()]
    try:
        boards.append(_BOARD.read_text(encoding="utf-8", errors="replace").rstrip("\0\n"))
    except OSError:
        pass  # no board with a device tree
    return Host(__version__, tuple(installed_runtimes()), tuple(boards))


def _lock(folder: Path, patience_s: float) -> int:
    """The descriptor of the held lock."""
    file, until_s = folder / _LOCK, time.monotonic() + patience_s
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(explain_os_error(file, error)) from error
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < until_s:
                time.sleep(_LOOK_S)
                continue
            os.close(lock)
            raise AlreadyRunning(
                f"Another process updates the models under {folder}. Wait until it has ended."
            ) from None
        return lock
