"""The microphone's gain, through whichever of PipeWire, PulseAudio and ALSA is there to set it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alexa_local.doctor.recording import Recording
from alexa_local.sound import AudioDevice, levels

_LIMIT_S = 10.0
_PERCENT = re.compile(r"(\d+)%")
_CARD = re.compile(r"\(hw:(\d+),\d+\)")
_DEFAULT_SOURCE = "@DEFAULT_SOURCE@"
UNMUTED_PERCENT = 70
"""Where a microphone that was off begins."""

Run = Callable[[Sequence[str]], str | None]
"""Runs a program; its output, None when it is missing or fails."""


@dataclass(frozen=True)
class Gain:
    """How loud the microphone is set.

    Attributes:
        percent: 0 to 100, of the tool's own scale.
        muted: whether it is switched off.
    """

    percent: int
    muted: bool


@dataclass(frozen=True)
class GainControl:
    """One way to set it.

    Attributes:
        tool: "wpctl", "pactl" or "amixer".
        read: the commands whose output tells the gain.
        write: the commands that set it; `{percent}` is replaced, and they unmute.
        run: runs them.
    """

    tool: str
    read: tuple[tuple[str, ...], ...]
    write: tuple[tuple[str, ...], ...]
    run: Run

    def get(self) -> Gain | None:
        """The gain; None when the tool does not tell."""
        said = [self.run(command) for command in self.read]
        if None in said:
            return None
        return _gain(self.tool, "\n".join(filter(None, said)))

    def set(self, percent: int) -> bool:
        """Unmute and set it; whether the tool did."""
        commands = [tuple(word.format(percent=percent) for word in command) for command in self.write]
        return all(self.run(command) is not None for command in commands)


def run_program(command: Sequence[str]) -> str | None:
    """Run one of the tools; None when it is missing, fails or hangs."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def find_gain(device: AudioDevice, run: Run = run_program) -> GainControl | None:
    """The control of a microphone: of its own card where it is one, else of the sound server's default."""
    return next((control for control in _controls(device, run) if control.get() is not None), None)


def _controls(device: AudioDevice, run: Run) -> list[GainControl]:
    card = _CARD.search(device.name)
    cards = [("-c", card[1])] if card else [()]
    alsa = [
        GainControl(
            "amixer",
            (("amixer", *which, "sget", name),),
            (("amixer", *which, "sset", name, "{percent}%", "cap"),),
            run,
        )
        for which in cards
        for name in ("Capture", "Mic")
    ]
    source = "@DEFAULT_AUDIO_SOURCE@"
    pipewire = GainControl(
        "wpctl",
        (("wpctl", "get-volume", source),),
        (("wpctl", "set-mute", source, "0"), ("wpctl", "set-volume", source, "{percent}%")),
        run,
    )
    pulse = GainControl(
        "pactl",
        (("pactl", "get-source-volume", _DEFAULT_SOURCE), ("pactl", "get-source-mute", _DEFAULT_SOURCE)),
        (
            ("pactl", "set-source-mute", _DEFAULT_SOURCE, "0"),
            ("pactl", "set-source-volume", _DEFAULT_SOURCE, "{percent}%"),
        ),
        run,
    )
    return [*alsa, pipewire, pulse] if card else [pipewire, pulse, *alsa]


def _gain(tool: str, said: str) -> Gain | None:
    if tool == "wpctl":
        found = re.search(r"Volume:\s*([\d.]+)", said)
        return Gain(round(100 * float(found[1])), "MUTED" in said) if found else None
    percent = _PERCENT.search(said)
    muted = bool(re.search(r"Mute: yes|\[off\]", said))
    return Gain(int(percent[1]), muted) if percent else None


def better_percent(gain: Gain, recording: Recording) -> int | None:
    """What the gain should be after a recording; None when it is right or can be no better."""
    samples = recording.samples
    wanted = gain.percent
    if gain.muted or not samples.any():
        wanted = max(gain.percent, UNMUTED_PERCENT)
    elif levels.clipped_share(samples) > 1e-4:
        wanted = max(5, min(100, gain.percent) * 2 // 3)
    elif levels.peak_db(samples) < -50:
        wanted = min(100, max(10, gain.percent * 3 // 2))
    return wanted if wanted != gain.percent or gain.muted else None
