"""Trying the microphone out: how loud somebody is, and whether "Alexa" is heard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from alexa_local.capture import open_microphone
from alexa_local.config import Config
from alexa_local.daemon.calling import called_by, offline_hearer
from alexa_local.frontend import LogMel
from alexa_local.messages import SAMPLE_RATE
from alexa_local.sound import PortAudio
from alexa_local.sound.levels import clipped_share, peak_db, rms_db

LEVEL_S, WAKE_S = 4.0, 10.0
_BAR_S, _BAR_FROM_DB, _BAR_SIGNS = 0.5, -70.0, 35
_TOO_QUIET_DB = -40.0

Write = Callable[[str], None]


def try_level(device: str | None, portaudio: PortAudio, write: Write, seconds: float = LEVEL_S) -> bool:
    """Show how loud it is while somebody speaks; whether that is right."""
    write("  Say something as you would from where you sit ...")
    blocks, every = [], round(_BAR_S * SAMPLE_RATE / 640)
    microphone = open_microphone(device, portaudio=portaudio)
    try:
        for block in microphone:
            blocks.append(block)
            if len(blocks) % every == 0:
                write("  " + _bar(rms_db(np.concatenate(blocks[-every:]))))
            if len(blocks) * 640 >= seconds * SAMPLE_RATE:
                break
    finally:
        microphone.close()
    samples = np.concatenate(blocks)
    loudest_db = peak_db(samples)
    if clipped_share(samples) > 1e-4:
        write("  Too loud: it is clipped. `alexa-local doctor --fix` lowers the gain.")
    elif loudest_db < _TOO_QUIET_DB:
        write(f"  Too quiet ({loudest_db:.0f} dBFS). `alexa-local doctor --fix` raises the gain.")
    else:
        write(f"  Good: {loudest_db:.0f} dBFS at the loudest.")
        return True
    return False


def _bar(level_db: float) -> str:
    share = min(1.0, max(0.0, 1 - level_db / _BAR_FROM_DB))
    return f"{level_db:6.0f} dBFS |{'#' * round(share * _BAR_SIGNS):{_BAR_SIGNS}}|"


def try_wake_word(
    device: str | None, portaudio: PortAudio, config: Config, write: Write, seconds: float = WAKE_S
) -> bool:
    """Listen for the wake word; whether it was heard."""
    wake = offline_hearer(config)
    features, heard_samples, best = LogMel(), 0, 0.0
    words = " or ".join(f'"{word}"' for word in called_by(config))
    write(f"  Say {words} within {seconds:.0f} seconds ...")
    microphone = open_microphone(device, portaudio=portaudio)
    try:
        for block in microphone:
            found = [one for one in wake.push(features.push(block)) if one.accepted]
            best = max(best, wake.score)
            if found:
                write(f"  Heard, with a score of {found[0].score:.2f}.")
                return True
            heard_samples += len(block)
            if heard_samples >= seconds * SAMPLE_RATE:
                break
    finally:
        microphone.close()
    write(f"  Not heard; the best score was {best:.2f}.")
    return False
