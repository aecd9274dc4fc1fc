"""The settings of the machine: music and voice, lights, buttons, the processor, the log, files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alexa_local.config.fields import number
from alexa_local.config.night import night_problems


@dataclass(frozen=True)
class MusicSettings:
    """Music from folders, or of a music server on this machine."""

    folders: tuple[Path, ...] = ()
    """Folders searched for FLAC, MP3, Ogg and WAV files; the playlists (M3U, PLS, XSPF) and folders in them
    are played by their names."""

    volume: int = number(50, 0, 100)
    """Percent, at the first start; afterwards the last volume is kept."""

    backend: Literal["folders", "mpd"] = "folders"
    """Who plays it: the program itself from folders, or MPD, the Music Player Daemon."""

    mpd_host: str = "/run/mpd/socket"
    """The socket of MPD, or `localhost`: nothing but the broker is reached over a network."""

    mpd_port: int = number(6600, 1, 65535)
    """The port that goes with a name."""

    mpd_password_file: Path | None = None
    """A file with the password that MPD asks for, readable by the daemon alone."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if not self.mpd_host.startswith("/") and self.mpd_host not in ("localhost", "127.0.0.1", "::1"):
            yield "mpd_host", f"expected a socket or localhost, not {self.mpd_host!r}: MPD must run here"


@dataclass(frozen=True)
class VoiceSettings:
    """Spoken replies."""

    engine: Literal["auto", "pico", "flite", "espeak", "festival", "none"] = "auto"
    """Which voice speaks; `auto` takes the first of pico, flite, festival and espeak that is installed."""

    replies: bool = True
    """Whether answers are spoken; earcons and events remain without."""

    whisper_replies: Literal["whisper", "quiet", "off"] = "whisper"
    """How whispered requests are answered: quietly and in a whisper, by a voice that can (espeak); quietly;
    or as ever, `off`. Timers and alarms are never softened."""

    night_from: str = ""
    """From when on replies and earcons are quiet, such as `22:00`, by the local clock; empty for no night."""

    night_until: str = ""
    """Until when, such as `07:00`."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        yield from night_problems(self.night_from, self.night_until)


_LAST_PIN = 255
"""GPIOs have their number at the processor, BCM on a Raspberry Pi."""


@dataclass(frozen=True)
class IndicatorSettings:
    """LEDs that show what it is doing."""

    leds: Literal["none", "gpio", "apa102"] = "none"
    """How they are connected: one LED on GPIO pins, or a chain of APA102 on SPI, as on ReSpeaker HATs."""

    gpio_pins: tuple[int, ...] = ()
    """For `gpio`: one GPIO number for brightness alone, or those of red, green and blue."""

    count: int = number(3, 1, 256)
    """For `apa102`: LEDs in the chain."""

    spi_bus: int = number(0, 0, 9)
    """For `apa102`: the first number of /dev/spidevB.D."""

    spi_device: int = number(1, 0, 9)
    """For `apa102`: the second number of /dev/spidevB.D."""

    power_pin: int | None = number(None, 0, _LAST_PIN)
    """For `apa102`: the GPIO number that switches the chain's power on, where the board has one."""

    brightness: int = number(40, 0, 100)
    """Percent, as it seems to an eye."""

    night_brightness: int = number(0, 0, 100)
    """Percent at night; 0 for dark."""

    night_from: str = ""
    """When the night begins, such as `22:30`, by the local clock; empty for no night."""

    night_until: str = ""
    """When it ends, such as `06:30`."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if self.leds == "gpio" and len(self.gpio_pins) not in (1, 3):
            yield "gpio_pins", "expected one GPIO number, or three for red, green and blue"
        if any(not 0 <= pin <= _LAST_PIN for pin in self.gpio_pins):
            yield "gpio_pins", f"expected GPIO numbers from 0 to {_LAST_PIN}"
        if len(set(self.gpio_pins)) != len(self.gpio_pins):
            yield "gpio_pins", "expected each GPIO number once"
        yield from night_problems(self.night_from, self.night_until)


@dataclass(frozen=True)
class ButtonSettings:
    """Buttons, each between a GPIO pin and ground."""

    mute: int | None = number(None, 0, _LAST_PIN)
    """The GPIO number of a button that switches listening off and on."""

    action: int | None = number(None, 0, _LAST_PIN)
    """The GPIO number of a button that ends what rings, else wakes it as "Alexa" does, or stops listening."""

    local_only: int | None = number(None, 0, _LAST_PIN)
    """The GPIO number of a button that switches local-only mode on and off."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        seen: dict[int, str] = {}
        for name in ("mute", "action", "local_only"):
            pin = getattr(self, name)
            if pin in seen:
                yield name, f"GPIO {pin} is already the button `{seen[pin]}`"
            elif pin is not None:
                seen[pin] = name


@dataclass(frozen=True)
class SchedulerSettings:
    """Who works next on a small processor, and what is given up while work is late."""

    enabled: bool = True
    """Whether there is an order at all; without, threads work as they come."""

    cores: int = number(0, 0, 64)
    """How many threads may work at once; 0 for as many as the processor has."""


@dataclass(frozen=True)
class LogSettings:
    """What is written to the log."""

    transcripts: bool = False
    """Whether the log may hold what was said, what was answered and people's names."""


@dataclass(frozen=True)
class DaemonSettings:
    """Where the daemon keeps its files."""

    socket: Path | None = None
    """The control socket; empty for `control.sock` in the runtime folder, such as /run/alexa-local."""

    state_dir: Path | None = None
    """Where timers, lists and contacts are kept; empty for /var/lib/alexa-local or the user's own folder."""

    models_dir: Path | None = None
    """Where the models lie; empty for the ones that came with the program."""
