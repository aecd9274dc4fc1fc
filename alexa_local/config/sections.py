"""All sections of the settings, each a frozen dataclass with defaults and units.

The checker in `alexa_local.config.check` reads these classes, so a new setting is one line in the module of
its section and one in `packaging/config.yaml`. A `problems` method adds what a single field cannot say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from alexa_local.config.hearing import (
    AudioSettings,
    EndpointSettings,
    RecogniserSettings,
    UnderstandingSettings,
    WakeSettings,
    WhisperSettings,
)
from alexa_local.config.household import ContactsSettings, HomeSettings, PeopleSettings
from alexa_local.config.machine import (
    ButtonSettings,
    DaemonSettings,
    IndicatorSettings,
    LogSettings,
    MusicSettings,
    SchedulerSettings,
    VoiceSettings,
)
from alexa_local.config.network import MqttSettings, PrivacySettings, UpdatesSettings


@dataclass(frozen=True)
class Config:
    """All sections; each part of the program receives its own and no other."""

    audio: AudioSettings = field(default=AudioSettings())
    """Sound devices."""

    wake: WakeSettings = field(default=WakeSettings())
    """The wake word."""

    recogniser: RecogniserSettings = field(default=RecogniserSettings())
    """Speech to words."""

    endpoint: EndpointSettings = field(default=EndpointSettings())
    """When a request is over."""

    whisper: WhisperSettings = field(default=WhisperSettings())
    """Whispered requests."""

    understanding: UnderstandingSettings = field(default=UnderstandingSettings())
    """Words to intents."""

    home: HomeSettings = field(default=HomeSettings())
    """Devices in the home."""

    people: PeopleSettings = field(default=PeopleSettings())
    """Who speaks."""

    contacts: ContactsSettings = field(default=ContactsSettings())
    """Calls and messages."""

    music: MusicSettings = field(default=MusicSettings())
    """Music."""

    voice: VoiceSettings = field(default=VoiceSettings())
    """Spoken replies."""

    mqtt: MqttSettings = field(default=MqttSettings())
    """The broker."""

    privacy: PrivacySettings = field(default=PrivacySettings())
    """What may leave the machine."""

    updates: UpdatesSettings = field(default=UpdatesSettings())
    """Newer models."""

    indicators: IndicatorSettings = field(default=IndicatorSettings())
    """LEDs."""

    buttons: ButtonSettings = field(default=ButtonSettings())
    """Buttons."""

    scheduler: SchedulerSettings = field(default=SchedulerSettings())
    """Who works next."""

    log: LogSettings = field(default=LogSettings())
    """The log."""

    daemon: DaemonSettings = field(default=DaemonSettings())
    """The daemon's own files."""

    @property
    def models(self) -> tuple[str, ...]:
        """The names of all models that are used, each once."""
        second = self.wake.verification if self.wake.model else ""
        stop = self.wake.stop_model if self.wake.stop_word != "off" else ""
        used = (
            *(self.wake.model, second, stop, self.recogniser.model, self.endpoint.model),
            *(self.whisper.model, self.understanding.model, self.people.model),
        )
        return tuple(dict.fromkeys(filter(None, used)))

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one section alone cannot tell."""
        yield from self._pin_problems()
        if self.mqtt.host:
            return
        for index, device in enumerate(self.home.devices):
            if device.topic:
                yield f"home.devices[{index}].topic", "expected `mqtt.host` to be set, to know the broker"
        for name in ("call", "message"):
            if getattr(self.contacts, name).topic:
                yield f"contacts.{name}.topic", "expected `mqtt.host` to be set, to know the broker"

    def _pin_problems(self) -> Iterator[tuple[str, str]]:
        leds = self.indicators
        lit = set(leds.gpio_pins if leds.leds == "gpio" else ()) | {leds.power_pin}
        for name in ("mute", "action", "local_only"):
            pin = getattr(self.buttons, name)
            if pin is not None and leds.leds != "none" and pin in lit:
                yield f"buttons.{name}", f"GPIO {pin} already belongs to `indicators`"
