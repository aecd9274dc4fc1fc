"""What `doctor --fix` does: finds a microphone that hears, writes it down, and sets its gain."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

from alexa_local.config import AudioSettings
from alexa_local.doctor import sound
from alexa_local.doctor.examination import Patient
from alexa_local.doctor.findings import Finding, failure
from alexa_local.doctor.gain import Run, better_percent, find_gain, run_program
from alexa_local.doctor.recording import Recording, record
from alexa_local.doctor.settings_file import SettingsFile
from alexa_local.errors import AlexaLocalError, DeviceError
from alexa_local.sound import AudioDevice, choose_device

_ROUNDS = 6


def mend(patient: Patient, file: SettingsFile, run: Run = run_program) -> Iterator[Finding]:
    """Choose a microphone where the configured one is missing or deaf, set its gain, and tell so."""
    if patient.status is not None:
        yield Finding(
            "fix",
            "warn",
            "nothing was mended, because the running daemon holds the microphone",
            "Run `systemctl stop alexa-local` (or `alexa-local stop`), then this again.",
        )
        return
    audio = patient.config.audio
    try:
        device = _hearing(patient, audio)
        if device is None:
            device = yield from _choose(patient, file)
        if device is not None:
            audio = replace(audio, input_device=device.name)
            yield _set_gain(patient, audio, device, run)
    except AlexaLocalError as error:
        yield failure("fix", error)


def _hearing(patient: Patient, audio: AudioSettings) -> AudioDevice | None:
    """The configured microphone when it gives anything at all."""
    try:
        device = choose_device(patient.portaudio.devices(), audio.input_device or None, "input")
        _listen(patient, audio, play=False)
    except DeviceError:
        return None
    return device


def _choose(patient: Patient, file: SettingsFile) -> Generator[Finding, None, AudioDevice | None]:
    """Try every other microphone, and write down the first that gives sound; returns it."""
    for device in sound.other_microphones(patient.portaudio):
        audio = replace(patient.config.audio, input_device=device.name)
        try:
            recording = _listen(patient, audio, play=False)
        except DeviceError:
            continue
        if not recording.samples.any() and not device.is_default_input:
            continue
        file.write({"audio.input_device": device.name})
        yield Finding("fix", "ok", f"audio.input_device is now '{device.name}', in {file.path}")
        return device
    yield Finding("fix", "fail", "no microphone gives sound", "Plug one in, and run this again.")
    return None


def _set_gain(patient: Patient, audio: AudioSettings, device: AudioDevice, run: Run) -> Finding:
    """Record, set, and record again, until it is neither clipped nor too quiet."""
    control = find_gain(device, run)
    if control is None:
        remedy = "Install one of them: `apt install alsa-utils` (amixer) or `pulseaudio-utils` (pactl)."
        return Finding("fix", "warn", "neither wpctl, pactl nor amixer can set the gain", remedy)
    first = now = control.get()
    for _ in range(_ROUNDS):
        wanted = better_percent(now, _listen(patient, audio, play=True)) if now else None
        if wanted is None or not control.set(wanted):
            break
        now = control.get()
    if first is None or now is None or now == first:
        return Finding(
            "fix", "ok", f"the gain is right as it is ({now.percent if now else 0} % in {control.tool})"
        )
    before = "muted" if first.muted else f"{first.percent} %"
    return Finding(
        "fix",
        "ok",
        f"the gain was {before} and is {now.percent} % ({control.tool})",
        "",
        {"percent": now.percent},
    )


def _listen(patient: Patient, audio: AudioSettings, play: bool) -> Recording:
    """Record, with the test sound where there is a loudspeaker for it."""
    if play and audio.output_device != "none":
        try:
            choose_device(patient.portaudio.devices(), audio.output_device or None, "output")
        except DeviceError:
            play = False
    return record(audio, patient.portaudio, play and audio.output_device != "none")
