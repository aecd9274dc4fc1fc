"""The order of an examination: each check by itself, so that one that fails hides none of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from alexa_local.act import LocalOnly
from alexa_local.config import Config
from alexa_local.daemon.client import ask
from alexa_local.daemon.paths import DATABASE, client_socket_path, state_dir
from alexa_local.doctor import machine, services, sound
from alexa_local.doctor.findings import Finding, failure
from alexa_local.doctor.recording import record
from alexa_local.doctor.unit import Unit
from alexa_local.errors import DaemonUnreachable, DeviceError, StorageError
from alexa_local.sound import PortAudio
from alexa_local.store import existing_store


@dataclass(frozen=True)
class Patient:
    """What is examined.

    Attributes:
        config: its settings.
        status: what the running daemon says, None when none runs, empty when it may not be asked.
        portaudio: the process's.
        unit: the daemon's unit, when it may be set aside for its microphone.
    """

    config: Config
    status: Mapping[str, Any] | None
    portaudio: PortAudio
    unit: Unit | None = None

    @contextmanager
    def alone(self) -> Iterator[Patient]:
        """The same without its daemon, where that can be set aside; it runs again afterwards."""
        if self.unit is None:
            yield self
            return
        with self.unit.set_aside():
            yield replace(self, status=None, unit=None)

    @property
    def local_only(self) -> bool | None:
        """Whether nothing may be sent over the network; None when that cannot be known."""
        if self.status is not None:
            return self.status.get("local_only")
        return stored_local_only(self.config)


def status_of(config: Config) -> dict[str, Any] | None:
    """What the daemon says of itself; None when none answers."""
    try:
        return ask(client_socket_path(config.daemon), "status")
    except DaemonUnreachable as error:
        if isinstance(error.__cause__, PermissionError):
            raise
        return None


def stored_local_only(config: Config) -> bool | None:
    """The last choice, as the daemon would find it at its start; None when that cannot be read."""
    try:
        with existing_store(state_dir(config.daemon) / DATABASE) as store:
            return LocalOnly(store, config.privacy.local_only).on if store else config.privacy.local_only
    except StorageError:
        return None


def examine_daemon(patient: Patient) -> Iterator[Finding]:
    """What the running daemon says of itself, and what it may do."""
    status = patient.status
    if status != {}:
        yield from services.check_daemon(status, patient.unit is not None)
    yield machine.check_realtime(status)


def examine_sound(patient: Patient, play: bool = True) -> Iterator[Finding]:
    """The devices, and what a recording of eight seconds tells of them; nothing while a daemon has them."""
    if patient.status is not None:
        return
    audio, portaudio = patient.config.audio, patient.portaudio
    microphone = sound.check_device(audio, portaudio, "input")
    loudspeaker = sound.check_device(audio, portaudio, "output")
    yield microphone
    yield loudspeaker
    if microphone.state == "fail":
        return
    play = play and loudspeaker.state == "ok" and audio.output_device != "none"
    try:
        recording = record(audio, portaudio, play)
    except DeviceError as error:
        yield failure("sound", error)
        return
    yield from sound.examine(recording, play)


def examine_machine(patient: Patient) -> Iterator[Finding]:
    """The models, time and room for them, and the broker."""
    config = patient.config
    yield from machine.check_models(config)
    yield from machine.check_speed(config)
    yield services.check_broker(config.mqtt, patient.local_only)
    yield machine.check_disk(state_dir(config.daemon))
    yield machine.check_memory()
