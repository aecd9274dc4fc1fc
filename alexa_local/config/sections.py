"""Every setting there is: one frozen dataclass a section, its default and its unit beside it.

The checker in `alexa_local.config.check` reads these classes, so a new setting is one line here and one in
`packaging/config.yaml`. A `problems` method adds what a single field cannot say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from alexa_local.config.night import night_problems


def _number(default: Any, low: float, high: float) -> Any:
    return field(default=default, metadata={"low": low, "high": high})


def _secret(default: Any) -> Any:
    return field(default=default, repr=False, metadata={"secret": True})


@dataclass(frozen=True)
class AudioSettings:
    """Where sound comes from and goes to."""

    input_device: str = ""
    """The microphone's name or a part of it: see `alexa-local devices`; empty for the system's default."""

    output_device: str = ""
    """The loudspeaker's name or a part of it; empty for the system's default, `none` for no sound at all."""

    earcons: bool = True
    """Whether short sounds tell whether a request was done."""

    wake_earcon: bool = False
    """Whether a short sound tells that the wake word was heard; the microphone may hear it too."""

    echo_cancellation: Literal["auto", "on", "off"] = "auto"
    """Whether what the device plays is taken out of what its microphone hears: `auto` where libspeexdsp is
    installed, `on` does not start without it."""


@dataclass(frozen=True)
class WakeSettings:
    """The wake word."""

    model: str = "wake-alexa"
    """The folder's name among the models; empty for the words of `words` alone."""

    sensitivity: Literal["lowest", "low", "medium", "high", "highest"] = "medium"
    """How easily it is heard, and falsely heard; `alexa-local wake-word list` tells what each step was
    measured to miss, and how often other speech woke it."""

    threshold: float | None = _number(None, 0.01, 0.99)
    """A score of your own, 0.01 to 0.99, above which the word counts as heard; empty for that of
    `sensitivity`. Lower hears more, and more falsely."""

    verification: str = ""
    """The folder's name among the models: a second opinion, asked when the word was heard; empty for none."""

    words: tuple[str, ...] = ()
    """Phrases of your own that call the device too, such as `hey computer`: see `alexa-local wake-word`."""

    stop_word: Literal["off", "replies", "music"] = "replies"
    """What the word `stop` ends without the wake word: nothing, replies and all that rings, or music too."""

    stop_model: str = ""
    """The folder's name among the models: the network that hears that word; empty for none."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if not self.model and not self.words:
            yield "model", "expected a model or `words`, for nothing else calls the device"


@dataclass(frozen=True)
class RecogniserSettings:
    """The model that turns speech into words, and how widely it searches."""

    model: str = "asr-en"
    """The folder's name among the models."""

    beam: int = _number(16, 1, 32)
    """Readings kept during the search; 1 is the fastest."""

    n_best: int = _number(6, 1, 32)
    """Readings handed on to understanding, at most `beam`."""

    threads: int = _number(1, 1, 16)
    """CPU threads."""

    biasing: Literal["none", "fusion", "attention", "both"] = "fusion"
    """How the names of the household are made likelier: in the search's scores, in the networks, or both."""

    rescoring: Path | None = None
    """A model of words, as `scripts/training/asr/word_ngram.py` makes it, to read a request again with that
    could not be done; `none` or empty for no second look."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if self.n_best > self.beam:
            yield "n_best", f"expected at most `beam` ({self.beam}), not {self.n_best}"


@dataclass(frozen=True)
class EndpointRule:
    """When all of its conditions hold, the request is over."""

    needs_words: bool = False
    """Whether the rule waits for a first word."""

    trailing_silence_s: float = _number(0.0, 0.0, 60.0)
    """Seconds without a new word."""

    quiet_s: float = _number(0.0, 0.0, 60.0)
    """Seconds without a voice, by the end-of-speech model."""

    ended: float = _number(0.0, 0.0, 1.0)
    """Least probability, by the end-of-speech model, that the speaker has finished."""

    sentence_end: float = _number(0.0, 0.0, 1.0)
    """Least probability, by the recogniser's language model, that a sentence ends after these words."""

    open_ended: bool = True
    """Whether the rule also holds while the words ask for more, as "for", digits and spelled letters do."""

    length_s: float = _number(0.0, 0.0, 300.0)
    """Seconds since the request began."""


def _speculative_rules() -> Mapping[str, EndpointRule]:
    return MappingProxyType(
        {
            "whole_sentence": EndpointRule(True, quiet_s=0.28, ended=0.6, sentence_end=0.1, open_ended=False),
            "end_of_speech": EndpointRule(
                True, quiet_s=0.48, ended=0.85, sentence_end=0.01, open_ended=False
            ),
            "long_pause": EndpointRule(True, quiet_s=1.2, ended=0.8),
        }
    )


def _final_rules() -> Mapping[str, EndpointRule]:
    return MappingProxyType(
        {
            "whole_sentence": EndpointRule(
                True, quiet_s=0.52, ended=0.85, sentence_end=0.2, open_ended=False
            ),
            "end_of_speech": EndpointRule(True, quiet_s=0.8, ended=0.95, sentence_end=0.01, open_ended=False),
            "long_pause": EndpointRule(True, quiet_s=1.5, ended=0.8),
            "no_new_words": EndpointRule(True, trailing_silence_s=3.0, quiet_s=0.4),
            "nothing_said": EndpointRule(trailing_silence_s=5.0),
            "too_long": EndpointRule(length_s=20.0),
        }
    )


_PATIENCE = {"quick": 0.75, "normal": 1.0, "patient": 1.75}
"""Factor on every silence, by the setting's name."""


@dataclass(frozen=True)
class EndpointSettings:
    """When a request counts as finished: first provisionally, to prepare the answer, then in earnest."""

    model: str = "end-of-speech"
    """The folder's name among the models."""

    patience: Literal["quick", "normal", "patient"] = "normal"
    """How long to wait for a speaker who pauses: a factor of 0.75, 1 or 1.75 on all silences."""

    speculative: Mapping[str, EndpointRule] = field(default_factory=_speculative_rules)
    """Rules by name; the first whose conditions hold begins to prepare what was asked. Nothing is done
    yet that could not be taken back. Empty for no preparing."""

    final: Mapping[str, EndpointRule] = field(default_factory=_final_rules)
    """Rules by name; the first whose conditions hold ends the request, and its name appears in the events."""

    def patient(self) -> EndpointSettings:
        """The same rules with `patience` in them."""
        factor = _PATIENCE[self.patience]
        return EndpointSettings(
            self.model, "normal", _stretched(self.speculative, factor), _stretched(self.final, factor)
        )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if not self.final:
            yield "final", "expected at least one rule, or no request would ever end"
        for kind, rules in (("speculative", self.speculative), ("final", self.final)):
            for name, rule in rules.items():
                if not (rule.trailing_silence_s or rule.quiet_s or rule.length_s):
                    yield (
                        f"{kind}.{name}",
                        "expected a silence or `length_s` above 0, or it would fire at once",
                    )


def _stretched(rules: Mapping[str, EndpointRule], factor: float) -> Mapping[str, EndpointRule]:
    return {
        name: replace(
            rule, trailing_silence_s=rule.trailing_silence_s * factor, quiet_s=rule.quiet_s * factor
        )
        for name, rule in rules.items()
    }


@dataclass(frozen=True)
class WhisperSettings:
    """Telling whispers from voices; see `voice.whisper_replies` for what follows."""

    model: str = "whisper"
    """The folder's name among the models; empty for not telling."""

    threshold: float = _number(0.5, 0.01, 0.99)
    """Probability, 0.01 to 0.99, from which on a request counts as whispered."""


@dataclass(frozen=True)
class UnderstandingSettings:
    """How requests are understood, and what can be asked beyond the built-in intents."""

    model: str = "understand-en"
    """The folder's name among the models: a network that reads what none of the known sentences fits; empty
    for those sentences alone."""

    follow_up: bool = True
    """Whether a question of the assistant, such as `For how long?`, is answered without the wake word."""

    intents_file: Path | None = None
    """A YAML file with intents of your own; see packaging/examples."""


@dataclass(frozen=True)
class CommandSettings:
    """What to do: run a program, publish an MQTT message, or both; `{slot}` becomes the slot's value."""

    run: tuple[str, ...] = ()
    """A program and its arguments, one list item each; no shell takes part, so nothing needs quoting."""

    topic: str = ""
    """The MQTT topic to publish to."""

    payload: str = ""
    """The MQTT message."""

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.run or self.topic)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if self.payload and not self.topic:
            yield "payload", "expected a `topic` beside it, to publish it to"


_Switchable = Literal["light", "switch", "fan", "media", "heater", "humidifier", "vacuum"]
DeviceKind = Literal[_Switchable, "cover", "thermostat", "lock", "scene"]
_STATES = ("ON", "OFF", "OPEN", "CLOSE", "STOP", "LOCK", "UNLOCK")


@dataclass(frozen=True)
class DeviceSettings:
    """One thing in the home that can be spoken to."""

    name: str
    """What people call it, such as `reading lamp`."""

    kind: DeviceKind
    """What it is; this decides what can be asked of it."""

    room: str = ""
    """The room it is in, such as `living room`."""

    aliases: tuple[str, ...] = ()
    """Other names for it."""

    topic: str = ""
    """The MQTT topic that its commands go to."""

    payload: str = ""
    """The MQTT message; `{state}` is `ON`, `OFF`, `OPEN`, `CLOSE`, `STOP`, `LOCK` or `UNLOCK`, `{value}` a
    number (percent or degrees Celsius). Empty for `{state}`, or `{value}` where there is one."""

    states: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The message for each state instead of `payload`: of `ON`, `OFF`, `OPEN`, `CLOSE`, `STOP`, `LOCK` and
    `UNLOCK` those that it knows. All else it is not asked for."""

    run: tuple[str, ...] = ()
    """A program and its arguments to run instead, with the same replacements."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if not self.name.strip():
            yield "name", "expected a name that people say"
        if unknown := sorted(self.states.keys() - set(_STATES)):
            yield f"states.{unknown[0]}", f"expected one of {', '.join(f'`{state}`' for state in _STATES)}"
        if self.states and (self.payload or not self.topic):
            yield "states", "expected a `topic` beside it, to publish them to, and no `payload`"
        if bool(self.topic) == bool(self.run):
            yield "", "expected either `topic` or `run`, to know what switches it"


@dataclass(frozen=True)
class HomeSettings:
    """The things in the home."""

    devices: tuple[DeviceSettings, ...] = ()
    """Lights, switches, covers, thermostats and so on."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        seen: dict[tuple[str, str], int] = {}
        for index, device in enumerate(self.devices):
            place = (device.name.casefold(), device.room.casefold())
            if place in seen:
                yield (
                    f"devices[{index}].name",
                    f"{device.name!r} is already the name of devices[{seen[place]}] there",
                )
            seen.setdefault(place, index)


@dataclass(frozen=True)
class PersonSettings:
    """What one person may ask for by voice."""

    name: str
    """As they are enrolled: see `alexa-local people`."""

    allowed: tuple[str, ...] = ()
    """Intents that they may ask for and no others; empty for all."""

    denied: tuple[str, ...] = ()
    """Intents that they may not ask for."""


@dataclass(frozen=True)
class GuestSettings:
    """What anybody may ask for by voice whose voice is not known."""

    allowed: tuple[str, ...] = ()
    """Intents that they may ask for and no others; empty for all."""

    denied: tuple[str, ...] = ("Unlock",)
    """Intents that they may not ask for."""


@dataclass(frozen=True)
class PeopleSettings:
    """Who speaks, and what follows from it; typed requests are not concerned."""

    model: str = "speaker"
    """The folder's name among the models: the network that tells voices apart; empty for none."""

    adapt: bool = False
    """Whether a profile follows its person's voice, by requests that surely are theirs."""

    members: tuple[PersonSettings, ...] = ()
    """What some people may ask for; who is enrolled and not here may ask for everything."""

    guests: GuestSettings = GuestSettings()
    """What all others may ask for, also who is not recognised for sure."""

    sensitive: tuple[str, ...] = ()
    """Intents that are never done by voice alone, whoever speaks: a voice can be replayed or imitated. They
    have to be typed."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        seen: dict[str, int] = {}
        for index, one in enumerate(self.members):
            if one.name.casefold() in seen:
                yield (
                    f"members[{index}].name",
                    f"{one.name!r} is already the name of members[{seen[one.name.casefold()]}]",
                )
            seen.setdefault(one.name.casefold(), index)


@dataclass(frozen=True)
class ContactsSettings:
    """How to call and write to people; `{name}`, `{number}` and `{message}` are replaced."""

    call: CommandSettings = CommandSettings()
    """How to call."""

    message: CommandSettings = CommandSettings()
    """How to send a message."""


@dataclass(frozen=True)
class MusicSettings:
    """Music from folders."""

    folders: tuple[Path, ...] = ()
    """Folders searched for FLAC, MP3, Ogg and WAV files; a subfolder's name is a playlist's name."""

    volume: int = _number(50, 0, 100)
    """Percent, at the first start; afterwards the last volume is kept."""


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


_TOPIC = re.compile(r"[^+#$/\0]+(/[^+#$/\0]+)*")
_DEVICE = re.compile(r"[a-z0-9-]{0,64}")


@dataclass(frozen=True)
class MqttSettings:
    """The broker; without a host nothing is ever sent over the network."""

    host: str = ""
    """Name or address of the broker; empty for none."""

    port: int = _number(1883, 1, 65535)
    """TCP port; 8883 is usual with TLS."""

    username: str = ""
    """Who we are to the broker; empty for nobody."""

    password: str = _secret("")
    """The password that goes with it."""

    tls_ca_file: Path | None = None
    """A file with the authority that signed the broker's certificate; empty for no TLS."""

    tls_cert_file: Path | None = None
    """A file with our own certificate, for a broker that knows its devices by theirs (PEM)."""

    tls_key_file: Path | None = None
    """A file with the key that belongs to it, readable by the daemon alone, without a password (PEM)."""

    topic_prefix: str = "alexa-local"
    """The first part of the topics of our own."""

    device_id: str = ""
    """The second part: which device this is, of a-z, 0-9 and `-`; empty for the host's name."""

    rerank: Literal["off", "unclear", "all"] = "off"
    """Which requests are also sent, as all their possible readings and not as sound, to a server of yours
    that reads them again: none, those that could not be done or were hardly understood, or every one."""

    events: Literal["off", "states", "requests"] = "off"
    """What is told of it: only that it is there, its mode, and whether it is muted; what it is doing as well,
    its volume and how many timers there are; or every event, with what was said and answered."""

    commands: tuple[Literal["volume", "mute", "stop", "say", "local-only"], ...] = ()
    """What may be asked of it over MQTT; nothing, unless you list it."""

    catalogue: bool = False
    """Whether names of devices and rooms are taken from the topic `catalogue`. Who may write there says what
    is published when such a name is spoken."""

    home_assistant: bool = False
    """Whether the device appears in Home Assistant by itself, which then needs to use the same broker."""

    home_assistant_prefix: str = "homeassistant"
    """The first part of the topics of Home Assistant's discovery."""

    home_assistant_devices: bool = True
    """Whether lights and other things that appear in Home Assistant in the same way can be switched by voice;
    only with `home_assistant`."""

    metered: Literal["auto", "yes", "no"] = "auto"
    """Whether the connection costs by the byte; `auto` asks NetworkManager, and takes what that does not know
    for no."""

    on_metered: bool = False
    """Whether requests to be read again, and new models, go over such a connection too instead of waiting."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, what is wrong) for what one field alone cannot tell."""
        if self.password and not self.username:
            yield "username", "expected a name to go with the password"
        if not _TOPIC.fullmatch(self.topic_prefix):
            yield "topic_prefix", "expected a topic without `+`, `#` and `$`, and no `/` at its ends"
        if not _TOPIC.fullmatch(self.home_assistant_prefix):
            yield "home_assistant_prefix", "expected a topic without `+`, `#` and `$`, and no `/` at its ends"
        if not _DEVICE.fullmatch(self.device_id) or self.device_id == "models":
            yield "device_id", "expected up to 64 of a-z, 0-9 and `-`, and another name than `models`"
        if bool(self.tls_cert_file) != bool(self.tls_key_file):
            missing = "tls_key_file" if self.tls_cert_file else "tls_cert_file"
            yield missing, "expected a file too: a certificate and its key belong together"
        elif self.tls_cert_file and not self.tls_ca_file:
            yield "tls_ca_file", "expected the broker's authority beside our own certificate"
        if self.rerank != "off" and not self.host:
            yield "rerank", "expected `host` to be set, to know the broker"


@dataclass(frozen=True)
class PrivacySettings:
    """What may leave the machine."""

    local_only: bool = False
    """Whether nothing at all is sent over the network, not even to the broker, at the first start;
    afterwards the last choice is kept."""

    in_local_only: tuple[Literal["updates"], ...] = ()
    """What may still come in while it is on. updates: models, for which the broker sees that the device is
    there, and that local-only is on."""


@dataclass(frozen=True)
class UpdatesSettings:
    """Newer generations of the models; without a public key of somebody's nothing is ever taken."""

    enabled: bool = True
    """Whether they are fetched from the broker; from files they are taken all the same."""

    keys: Path = Path("/etc/alexa-local/update-keys")
    """A folder with the public keys, NAME.pub, of those whose generations are taken."""

    bytes_per_second: int = _number(64 * 1024, 1024, 1 << 30)
    """How fast they are fetched at most, in bytes a second."""

    models: tuple[str, ...] = ()
    """The names of the models that are updated; empty for all that are used."""

    trial_minutes: float = _number(10.0, 0.1, 24 * 60)
    """After so long without a crash, or after the first spoken request that was done, a generation stays."""


_LAST_PIN = 255
"""GPIOs have their number at the processor, BCM on a Raspberry Pi."""


@dataclass(frozen=True)
class IndicatorSettings:
    """LEDs that show what it is doing."""

    leds: Literal["none", "gpio", "apa102"] = "none"
    """How they are connected: one LED on GPIO pins, or a chain of APA102 on SPI, as on ReSpeaker HATs."""

    gpio_pins: tuple[int, ...] = ()
    """For `gpio`: one GPIO number for brightness alone, or those of red, green and blue."""

    count: int = _number(3, 1, 256)
    """For `apa102`: LEDs in the chain."""

    spi_bus: int = _number(0, 0, 9)
    """For `apa102`: the first number of /dev/spidevB.D."""

    spi_device: int = _number(1, 0, 9)
    """For `apa102`: the second number of /dev/spidevB.D."""

    power_pin: int | None = _number(None, 0, _LAST_PIN)
    """For `apa102`: the GPIO number that switches the chain's power on, where the board has one."""

    brightness: int = _number(40, 0, 100)
    """Percent, as it seems to an eye."""

    night_brightness: int = _number(0, 0, 100)
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

    mute: int | None = _number(None, 0, _LAST_PIN)
    """The GPIO number of a button that switches listening off and on."""

    action: int | None = _number(None, 0, _LAST_PIN)
    """The GPIO number of a button that ends what rings, else wakes it as "Alexa" does, or stops listening."""

    local_only: int | None = _number(None, 0, _LAST_PIN)
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

    cores: int = _number(0, 0, 64)
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


@dataclass(frozen=True)
class Config:
    """All sections; each part of the program receives its own and no other."""

    audio: AudioSettings = AudioSettings()
    """Sound devices."""

    wake: WakeSettings = WakeSettings()
    """The wake word."""

    recogniser: RecogniserSettings = RecogniserSettings()
    """Speech to words."""

    endpoint: EndpointSettings = EndpointSettings()
    """When a request is over."""

    whisper: WhisperSettings = WhisperSettings()
    """Whispered requests."""

    understanding: UnderstandingSettings = UnderstandingSettings()
    """Words to intents."""

    home: HomeSettings = HomeSettings()
    """Devices in the home."""

    people: PeopleSettings = PeopleSettings()
    """Who speaks."""

    contacts: ContactsSettings = ContactsSettings()
    """Calls and messages."""

    music: MusicSettings = MusicSettings()
    """Music."""

    voice: VoiceSettings = VoiceSettings()
    """Spoken replies."""

    mqtt: MqttSettings = MqttSettings()
    """The broker."""

    privacy: PrivacySettings = PrivacySettings()
    """What may leave the machine."""

    updates: UpdatesSettings = UpdatesSettings()
    """Newer models."""

    indicators: IndicatorSettings = IndicatorSettings()
    """LEDs."""

    buttons: ButtonSettings = ButtonSettings()
    """Buttons."""

    scheduler: SchedulerSettings = SchedulerSettings()
    """Who works next."""

    log: LogSettings = LogSettings()
    """The log."""

    daemon: DaemonSettings = DaemonSettings()
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
