"""Five sentences at the microphone, each asked for until it is good enough to learn a voice from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import open_microphone
from alexa_local.config import Config
from alexa_local.daemon.paths import open_used
from alexa_local.doctor.unit import ended_in_order
from alexa_local.errors import DaemonUnreachable, VoiceRefused
from alexa_local.frontend import LogMel
from alexa_local.messages import SAMPLE_RATE
from alexa_local.recognise import EndOfSpeech
from alexa_local.sound import PortAudio
from alexa_local.speaker.enrolment import Enrolment

SENTENCES = (
    "Alexa, what is the weather going to be like tomorrow morning?",
    "Alexa, please set a timer for twenty-five minutes.",
    "Alexa, add bread, milk and a dozen eggs to my shopping list.",
    "Alexa, turn on the lights in the kitchen and play some music.",
    "Alexa, call my brother and tell him that I will be home at six.",
)
"""Each begins with the wake word, so that it is known best."""

TRIES = 3
"""Of each sentence."""

_SETTLE_S, _PATIENCE_S, _LONGEST_S, _QUIET_S = 0.3, 8.0, 15.0, 1.2
_VOICE = 0.5

Write = Callable[[str], None]


class Ask(Protocol):
    """Asks the daemon a command with fields."""

    def __call__(self, command: str, **fields: Any) -> dict[str, Any]:
        """Its answer; DaemonUnreachable where there is none."""


@contextmanager
def lent_microphone(ask: Ask) -> Iterator[None]:
    """Have a running daemon let go of the microphone, and take it back whatever happens."""
    try:
        was_muted = bool(ask("status")["muted"])
    except DaemonUnreachable:
        yield
        return
    with ended_in_order():
        if not was_muted:
            ask("mute", on=True)
        try:
            yield
        finally:
            if not was_muted:
                ask("mute", on=False)


def learn(config: Config, enrolment: Enrolment, name: str, write: Write) -> None:
    """Ask for the sentences one after the other.

    Raises:
        VoiceRefused: one of them was no good three times.
        DeviceError: there is no microphone.
    """
    ear, portaudio = EndOfSpeech(open_used(config.endpoint.model, config.daemon)), PortAudio()
    device = config.audio.input_device or None
    write(f"{name}, please say five sentences as you would from where you sit, each when it is shown.")
    try:
        for number, sentence in enumerate(SENTENCES, 1):
            _learn_one(enrolment, f"{number} of {len(SENTENCES)}: {sentence}", ear, device, portaudio, write)
    finally:
        portaudio.close()


def _learn_one(
    enrolment: Enrolment,
    shown: str,
    ear: EndOfSpeech,
    device: str | None,
    portaudio: PortAudio,
    write: Write,
) -> None:
    for left in reversed(range(TRIES)):
        write(shown)
        try:
            speech_s = enrolment.add(one_sentence(device, portaudio, ear))
        except VoiceRefused as error:
            if not left:
                raise
            write(f"  {error} Again, please:")
        else:
            write(f"  Good: {speech_s:.1f} s of speech.")
            return


def one_sentence(device: str | None, portaudio: PortAudio, ear: EndOfSpeech) -> NDArray[np.int16]:
    """What is said next, int16 (N,), 16 kHz mono: until it is quiet again, or nobody begins.

    Raises:
        DeviceError: there is no microphone.
    """
    ear.reset()
    features, blocks, count, has_begun = LogMel(), [], 0, False
    microphone = open_microphone(device, portaudio=portaudio)
    try:
        for block in microphone:
            count += len(block)
            if count <= _SETTLE_S * SAMPLE_RATE:  # devices click when they are opened
                continue
            blocks.append(block)
            ear.push(features.push(block))
            has_begun = has_begun or ear.voice >= _VOICE
            heard_s = count / SAMPLE_RATE - _SETTLE_S
            is_over = ear.quiet_s >= _QUIET_S if has_begun else heard_s >= _PATIENCE_S
            if is_over or heard_s >= _LONGEST_S:
                break
    finally:
        microphone.close()
    return np.concatenate([np.zeros(0, np.int16), *blocks])
