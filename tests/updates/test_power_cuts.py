"""The power fails at every step that the disk sees, and the process is killed at any moment."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alexa_local.generations import files_of
from alexa_local.testing.tiny_publisher import TINY, digest_of_folder

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("open", "write", "fsync", "replace", "rename", "unlink", "mkdir", "rmdir", "truncate", "ftruncate")


class PowerCut(BaseException):
    """Nothing that handles errors may handle this."""


class Disk:
    """Counts what the disk is asked to do, and does nothing more from one of the steps on.

    What was written and not brought to the disk by then is lost; so may be a new name of a file whose folder
    was not.
    """

    def __init__(self, cut_at: int, forgets_names: bool) -> None:
        self.steps = 0
        self._cut_at, self._forgets_names = cut_at, forgets_names
        self._unsynced: set[Path] = set()
        self._renamed: dict[Path, tuple[Path, bytes | None, bytes]] = {}
        self._real: dict[str, Callable[..., Any]] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While this lasts, every step of this process counts."""
        with pytest.MonkeyPatch.context() as patch:
            for name in STEPS:
                self._real[name] = getattr(os, name)
                patch.setattr(os, name, self._watch(name))
            yield

    def lose(self) -> None:
        """The power is back: what was not on the disk is not there."""
        for path in self._unsynced:
            if path.is_file():
                data = path.read_bytes()
                path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
        if self._forgets_names:
            for old, (new, before, after) in self._renamed.items():
                old.write_bytes(after)
                if before is None:
                    new.unlink()
                else:
                    new.write_bytes(before)

    def _watch(self, name: str) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            is_reading = name == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR)
            if not is_reading:
                self.steps += 1
                if self.steps > self._cut_at:
                    raise PowerCut
            self._note(name, arguments)
            return self._real[name](*arguments, **options)

        return step

    def _note(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "open" and arguments[1] & (os.O_WRONLY | os.O_RDWR):
            self._unsynced.add(Path(arguments[0]))
        elif name == "fsync":
            path = Path(f"/proc/self/fd/{arguments[0]}").readlink()
            self._unsynced.discard(path)
            self._renamed = {old: one for old, one in self._renamed.items() if one[0].parent != path}
        elif name in ("replace", "rename"):
            old, new = Path(arguments[0]), Path(arguments[1])
            self._renamed[old] = (new, new.read_bytes() if new.exists() else None, old.read_bytes())
            self._unsynced.discard(new)
            if old in self._unsynced:
                self._unsynced.add(new)


def whole_course(device: Any, generations: dict[int, Any]) -> None:
    """From the offer to the end of the trial, one generation further, and back."""
    for generation in generations.values():
        device.offer(generation)
        device.fetch()
        device.work()
        device.restart()
        device.course.served()
    device.course.go_back()
    device.restart()


@pytest.mark.parametrize("forgets_names", [False, True], ids=["names-kept", "names-lost"])
def test_a_cut_at_any_step_leaves_a_whole_generation_and_a_course_that_goes_on(
    device, publisher, tmp_path, forgets_names
):
    generations = {version: publisher.generation(version, version - 1) for version in (2, 3)}
    wanted = {
        1: digest_of_folder(publisher.folder(1)),
        **{v: digest_of_folder(publisher.folder(v)) for v in (2, 3)},
    }
    counting = Disk(1 << 30, forgets_names)
    begin = shutil.copytree(device.slots.parent, tmp_path / "begin") if device.slots.exists() else None
    with counting.watched():
        whole_course(device, generations)
    assert counting.steps > 80 and device.open().generation == 2
    half = counting.steps // 2
    for cut_at in (*range(half), *range(half, counting.steps, 7)):  # the second time it is much the same
        shutil.rmtree(device.slots.parent, ignore_errors=True)
        if begin:
            shutil.copytree(begin, device.slots.parent)
        device.restart()
        disk = Disk(cut_at, forgets_names)
        with disk.watched(), pytest.raises(PowerCut):
            whole_course(device, generations)
        disk.lose()
        model = device.open()
        assert digest_of_folder(model.folder) == wanted[model.generation], cut_at
        device.restart()
        go_on(device, generations)
        assert device.open().generation in (2, 3), cut_at
        assert files_of(device.open().folder) == files_of(publisher.folder(device.open().generation)), cut_at


def go_on(device: Any, generations: dict[int, Any]) -> None:
    """As a daemon does after any start: finish what was begun, and take what the broker has."""
    for _ in range(6):
        device.fetch()
        device.work()
        device.restart()
        device.course.served()
        newest = generations[3]
        if device.course.record.highest < newest.version and device.course.record.phase == "idle":
            device.offer(newest, by_owner=True)
    assert device.course.record.phase == "idle"


COURSE = """
import sys
from pathlib import Path
from alexa_local.updates.workshop import Plan, Workshop

device, envelope, packages = map(Path, sys.argv[1:])
plan = Plan(device / "state" / "models", device / "keys", ["tiny"], device / "shipped")
print("begins", flush=True)
workshop = Workshop(plan, patience_s=60)
course = workshop.courses["tiny"]
workshop.resume()
course.offer(envelope.read_bytes())
while wanted := course.wanted():
    data = (packages / wanted.package).read_bytes()
    course.put(wanted, data[wanted.index * 1024 :][: wanted.bytes])
while course.has_work:
    course.work()
print(course.record.phase, flush=True)
"""


def test_a_process_that_is_killed_at_any_moment_leaves_a_whole_generation(device, publisher, tmp_path):
    generation = publisher.generation(2, 1)
    envelope, packages = tmp_path / "envelope", tmp_path / "packages"
    envelope.write_bytes(publisher.envelope(generation))
    packages.mkdir()
    for sha256, data in publisher.packages.items():
        (packages / sha256).write_bytes(data)
    command = [sys.executable, "-c", COURSE, str(tmp_path / "device"), str(envelope), str(packages)]
    chance, phase = random.Random(7), ""
    for attempt in range(4):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None and child.stdout.readline() == "begins\n"
            if attempt < 3:
                try:
                    child.wait(chance.uniform(0.0, 2.0))
                except subprocess.TimeoutExpired:
                    child.send_signal(signal.SIGKILL)
            phase = child.stdout.read().strip()
        model = device.open()
        assert digest_of_folder(model.folder) == digest_of_folder(publisher.folder(model.generation))
        if phase:
            break
    assert (phase, device.open().generation) == ("trial", 2)
    assert device.open().name == TINY
