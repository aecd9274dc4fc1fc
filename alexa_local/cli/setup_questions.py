"""The questions of `alexa-local setup`, one after the other on a terminal."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from alexa_local.cli.setup_answers import Answers, Person, broker_of, person_of
from alexa_local.cli.setup_tries import try_level, try_wake_word
from alexa_local.config import Config
from alexa_local.doctor.services import check_broker
from alexa_local.errors import AlexaLocalError, DeviceError, UsageError
from alexa_local.sound import AudioDevice, PortAudio, choose_device
from alexa_local.sound.devices import Direction

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Talk:
    """A terminal with somebody at it.

    Attributes:
        read: asks, and returns what was typed.
        read_secret: the same, and shows nothing.
        write: says a line.
    """

    read: Callable[[str], str] = input
    read_secret: Callable[[str], str] = getpass.getpass
    write: Callable[[str], None] = print

    def ask(self, question: str, now: str, understand: Callable[[str], _Answer], unset: str = "") -> _Answer:
        """Ask until the answer is understood; Enter keeps what is, `-` unsets it."""
        while True:
            shown = now or unset
            said = self.read(f"{question} [{shown}]: " if shown else f"{question}: ").strip() or now
            try:
                return understand("" if said == "-" else said)
            except AlexaLocalError as error:
                self.write(f"  {error}")

    def yes(self, question: str, now: bool) -> bool:
        """Ask for yes or no."""

        def understand(said: str) -> bool:
            if said.lower() not in ("y", "yes", "n", "no"):
                raise UsageError("Type y or n.")
            return said.lower().startswith("y")

        return self.ask(f"{question} (y/n)", "y" if now else "n", understand)


def ask_all(
    talk: Talk,
    now: Answers,
    given: frozenset[str],
    config: Config,
    portaudio: PortAudio,
    daemon_runs: bool,
    known: Iterable[str],
) -> Answers:
    """Ask what no flag has answered.

    Args:
        talk: the terminal.
        now: the present answers, which Enter keeps.
        given: names of the flags that were given.
        config: the present settings.
        portaudio: the process's.
        daemon_runs: whether it holds the microphone, so that nothing can be tried.
        known: who is known already.
    """
    talk.write(
        "Press Enter to keep what is shown in brackets, `-` for none of it. Nothing is changed until the end."
    )
    devices = _devices(talk, portaudio)
    if "input" not in given:
        now = replace(now, input_device=_ask_device(talk, devices, now.input_device, "input"))
    if "output" not in given:
        now = replace(now, output_device=_ask_device(talk, devices, now.output_device, "output"))
    if devices and "no_try" not in given:
        _try(talk, now, config, portaudio, daemon_runs)
    if "person" not in given:
        now = replace(now, people=_ask_people(talk, known))
    if "local_only" not in given:
        question = "Local-only: send nothing at all over the network, not even to a broker?"
        now = replace(now, local_only=talk.yes(question, now.local_only))
    if "broker" not in given:
        now = _ask_broker(talk, now)
    return now


def _devices(talk: Talk, portaudio: PortAudio) -> list[AudioDevice]:
    try:
        return portaudio.devices()
    except DeviceError as error:
        talk.write(str(error))
        return []


def _ask_device(talk: Talk, devices: list[AudioDevice], now: str, direction: Direction) -> str:
    kind = "microphone" if direction == "input" else "loudspeaker"
    usable = [device for device in devices if device.channels(direction)]
    if not usable:
        talk.write(f"There is no {kind}. Plug one in, and run this again; what is set stays.")
        return now
    talk.write(f"{kind.capitalize()}s:")
    for number, device in enumerate(usable, 1):
        talk.write(f"  {number}  {device.name}{'  (default)' if device.is_default(direction) else ''}")

    def understand(said: str) -> str:
        if said.isdigit() and 1 <= int(said) <= len(usable):
            return usable[int(said) - 1].name
        if said and said != now and not (said == "none" and direction == "output"):
            choose_device(usable, said, direction)  # refuses what fits nothing; what is set may come back
        return said

    more = ", or `none`" if direction == "output" else ""
    return talk.ask(f"Which {kind} (number or name{more})", now, understand, "the default")


def _try(talk: Talk, now: Answers, config: Config, portaudio: PortAudio, daemon_runs: bool) -> None:
    if daemon_runs:
        talk.write("The running daemon holds the microphone, so it is not tried; `alexa-local stop` ends it.")
        return
    device = now.input_device or None
    for question, attempt in (
        ("Try how loud you are?", lambda: try_level(device, portaudio, talk.write)),
        ('Try the wake word, "Alexa"?', lambda: try_wake_word(device, portaudio, config, talk.write)),
    ):
        while talk.yes(question, True):
            try:
                if attempt():
                    break
            except AlexaLocalError as error:
                talk.write(f"  {error}")
            question = "Try again?"


def _ask_people(talk: Talk, known: Iterable[str]) -> tuple[Person, ...]:
    names = sorted(known)
    if names:
        shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
        talk.write(f"Known people: {shown}.")
    said = talk.ask("Who else lives here (names, with commas between)", "", str)
    people = []
    for name in filter(None, (part.strip() for part in said.split(","))):

        def understand(file: str, name: str = name) -> Person:
            return person_of(f"{name}={file}" if file else name)

        people.append(
            talk.ask(f"{name}'s address book (a vCard or CSV file; Enter for none)", "", understand)
        )
    return tuple(people)


def _ask_broker(talk: Talk, now: Answers) -> Answers:
    """The broker's URL and password; tried at once where something may be sent."""
    present = now.broker
    scheme = "mqtts" if present.tls_ca_file else "mqtt"
    user = f"{present.username}@" if present.username else ""
    shown = f"{scheme}://{user}{present.host}:{present.port}" if present.host else "none"
    while True:
        broker = talk.ask(
            "MQTT broker (mqtt://USER@HOST, or `none`)", shown, lambda said: broker_of(said, present)
        )
        if broker.username and not broker.password:
            broker = replace(broker, password=talk.read_secret("Its password: "))
        if not broker.host:
            return replace(now, broker=broker)
        finding = check_broker(broker, now.local_only)
        talk.write(f"  {finding}")
        if finding.state != "fail" or not talk.yes("Give another one?", True):
            return replace(now, broker=broker)
