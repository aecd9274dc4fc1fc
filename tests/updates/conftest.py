"""A device with a tiny model, and somebody who publishes newer ones of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from alexa_local.generations import Generation, Host
from alexa_local.models import Model, open_model
from alexa_local.testing.labour import FakeLabour
from alexa_local.testing.tiny_publisher import TINY, TinyPublisher
from alexa_local.updates.course import Course
from alexa_local.updates.keys import Keyring
from alexa_local.updates.shelf import Shelf


class Device:
    """The model's course, which can be ended at any moment and begun anew."""

    def __init__(self, folder: Path, publisher: TinyPublisher) -> None:
        self.shipped, self.slots, self.keys = folder / "shipped", folder / "state" / "models", folder / "keys"
        self.publisher = publisher
        self.labour = FakeLabour()
        shutil.copytree(publisher.folder(1), self.shipped / TINY)
        publisher.install_key(self.keys)
        self.restart()

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.slots / TINY)

    def restart(self) -> None:
        """As a daemon that begins, whatever was before."""
        keyring = Keyring(self.keys, self.slots)
        self.course = Course(TINY, self.shelf, self.shipped / TINY, keyring, Host("0.1.0"), self.labour)
        self.course.starting()
        self.course.loaded(self.open().folder)
        self.course.resume()

    def open(self) -> Model:
        """What a start uses now, verified."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("alexa_local.models.manifest._CHECKOUT", self.shipped)
            return open_model(TINY, None, self.slots)

    def offer(self, generation: Generation, by_owner: bool = False) -> None:
        self.course.offer(self.publisher.envelope(generation), by_owner)

    def fetch(self, most: int = 1000) -> None:
        """Put that many pieces."""
        for _ in range(most):
            wanted = self.course.wanted()
            if wanted is None:
                return
            self.course.put(wanted, self.publisher.piece(wanted.package, wanted.index, wanted.bytes))

    def work(self) -> None:
        while self.course.has_work:
            self.course.work()

    def update(self, generation: Generation) -> None:
        """All of it, up to the trial."""
        self.offer(generation)
        self.fetch()
        self.work()


@pytest.fixture
def publisher(tmp_path: Path) -> TinyPublisher:
    return TinyPublisher(tmp_path / "publisher")


@pytest.fixture
def device(tmp_path: Path, publisher: TinyPublisher, monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.delenv("ALEXA_LOCAL_MODELS", raising=False)
    return Device(tmp_path / "device", publisher)
