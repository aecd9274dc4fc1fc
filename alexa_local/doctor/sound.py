"""What is found out about microphone and loudspeaker by looking, playing and recording."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import soxr

from alexa_local.capture.echo_filter import FRAME_SAMPLES, TAIL_SAMPLES, SpeexFilter, load_speexdsp
from alexa_local.config import AudioSettings
from alexa_local.doctor import signals
from alexa_local.doctor.findings import Finding, failure
from alexa_local.doctor.recording import QUIET_S, Recording
from alexa_local.errors import DeviceError
from alexa_local.messages import SAMPLE_RATE
from alexa_local.playback.mixer import RATE_HZ
from alexa_local.sound import AudioDevice, PortAudio, choose_device, levels

_HEARD = 0.15
"""The likeness above which the test sound counts as heard; chance stays below 0.1."""

_EARLIER_SAMPLES = 320
"""The canceller gets the played sound 20 ms before the echo, to be sure that it is not after it."""

_FIX_GAIN = "Run `alexa-local doctor --fix`, which sets the microphone's gain."


def check_device(audio: AudioSettings, portaudio: PortAudio, direction: str) -> Finding:
    """Whether the configured microphone or loudspeaker is there."""
    is_input = direction == "input"
    kind, wanted = ("microphone", audio.input_device) if is_input else ("loudspeaker", audio.output_device)
    if not is_input and wanted == "none":
        return Finding(kind, "ok", "the configuration wants none")
    try:
        chosen = choose_device(portaudio.devices(), wanted or None, "input" if is_input else "output")
    except DeviceError as error:
        return failure(kind, error)
    default = "" if wanted else ", the system's default"
    return Finding(kind, "ok", f"'{chosen.name}' ({chosen.host_api}){default}")


def other_microphones(portaudio: PortAudio) -> list[AudioDevice]:
    """Every microphone there is, the likeliest first: USB and array boards before what is built in."""
    found = [device for device in portaudio.devices() if device.inputs]
    words = ("usb", "respeaker", "seeed", "array", "mic")

    def rank(device: AudioDevice) -> tuple[bool, int]:
        name = device.name.lower()
        return not device.is_default_input, next((i for i, word in enumerate(words) if word in name), 9)

    return sorted(found, key=rank)


def examine(recording: Recording, played: bool) -> Iterator[Finding]:
    """Everything that one recording tells."""
    quiet = recording.samples[: round(QUIET_S * SAMPLE_RATE)]
    yield _silence(recording) or _noise(levels.noise_floor_db(quiet))
    yield _level(recording)
    if played:
        yield from _echo(recording)
    yield _clock(recording)


def _silence(recording: Recording) -> Finding | None:
    if recording.samples.any():
        return None
    return Finding(
        "noise floor",
        "fail",
        "the microphone gives zeros alone, so it is muted or switched off",
        "Switch it on, and run `alexa-local doctor --fix`, which unmutes it.",
    )


def _noise(floor_db: float) -> Finding:
    figures = {"noise_floor_dbfs": round(floor_db, 1)}
    fact = f"{floor_db:.0f} dBFS when nobody makes a sound"
    if floor_db > -35:
        remedy = "Move the microphone away from fans and speakers; if it is quiet there, lower its gain."
        return Finding("noise floor", "warn", fact, remedy, figures)
    return Finding("noise floor", "ok", fact, "", figures)


def _level(recording: Recording) -> Finding:
    peak_db, clipped = levels.peak_db(recording.samples), levels.clipped_share(recording.samples)
    figures = {"peak_dbfs": round(peak_db, 1), "clipped_percent": round(100 * clipped, 3)}
    if clipped > 1e-4:
        fact = f"too loud: {100 * clipped:.2f} % of the samples are clipped"
        return Finding("level", "fail" if clipped > 0.01 else "warn", fact, _FIX_GAIN, figures)
    fact = f"loudest sample {peak_db:.0f} dBFS, nothing is clipped"
    if peak_db < -50:
        return Finding("level", "warn", f"too quiet: {fact}", _FIX_GAIN, figures)
    return Finding("level", "ok", fact, "", figures)


def _echo(recording: Recording) -> Iterator[Finding]:
    place = signals.find(signals.chirp(SAMPLE_RATE), recording.samples)
    figures = {"likeness": round(place.likeness, 3)}
    if place.likeness < _HEARD or recording.tone_s is None:
        yield Finding(
            "echo",
            "warn",
            "the microphone did not hear the loudspeaker's test sound",
            "Turn the loudspeaker up, if it is the right one; with headphones this is as it should be.",
            figures,
        )
        return
    at_hand_s = signals.clock_of(recording.arrivals, SAMPLE_RATE).at_hand_s
    delay_s = at_hand_s + place.start_samples / SAMPLE_RATE - recording.tone_s
    chirp_samples = round(signals.CHIRP_S * SAMPLE_RATE)
    echo_db = levels.rms_db(recording.samples[place.start_samples : place.start_samples + chirp_samples])
    figures |= {"delay_ms": round(1000 * delay_s, 1), "echo_dbfs": round(echo_db, 1)}
    fact = f"heard {1000 * delay_s:.0f} ms after it was played, at {echo_db:.0f} dBFS"
    if delay_s > 0.5:
        remedy = "Use a cable instead of Bluetooth, or a sound server with smaller buffers."
        yield Finding("echo", "warn", fact, remedy, figures)
    else:
        yield Finding("echo", "ok", fact, "", figures)
    yield _cancellation(recording, place.start_samples)


def _cancellation(recording: Recording, start_samples: int) -> Finding:
    """How much of the noise that follows the chirp an echo canceller takes out, in its last second."""
    library = load_speexdsp()
    if library is None:
        remedy = "Run `apt install libspeexdsp1`; without it people are hardly heard while the device plays."
        return Finding("echo cancellation", "warn", "libspeexdsp is not installed", remedy)
    played = soxr.resample(signals.tone_and_noise(RATE_HZ), RATE_HZ, SAMPLE_RATE)
    heard = recording.samples[max(0, start_samples - _EARLIER_SAMPLES) :]
    heard = np.concatenate([np.zeros(max(0, _EARLIER_SAMPLES - start_samples), np.int16), heard])
    count = min(len(heard), len(played)) // FRAME_SAMPLES * FRAME_SAMPLES
    left = SpeexFilter(library).cancel(heard[:count], played[:count])
    last = slice(count - SAMPLE_RATE - TAIL_SAMPLES, count - TAIL_SAMPLES)
    taken_db = levels.rms_db(heard[: len(left)][last]) - levels.rms_db(left[last])
    figures = {"cancelled_db": round(taken_db, 1)}
    fact = f"libspeexdsp takes {taken_db:.0f} dB of the loudspeaker's sound out of the microphone's"
    if taken_db < 6:
        remedy = (
            "Lower the loudspeaker's volume or the microphone's gain: a distorted echo cannot be cancelled."
        )
        return Finding("echo cancellation", "warn", fact, remedy, figures)
    return Finding("echo cancellation", "ok", fact, "", figures)


def _clock(recording: Recording) -> Finding:
    clock = signals.clock_of(recording.arrivals, SAMPLE_RATE)
    drift_ppm, doubt_ppm = round(clock.drift_ppm), round(clock.doubt_ppm)
    figures = {"drift_ppm": drift_ppm, "doubt_ppm": doubt_ppm, "lost_blocks": recording.lost_blocks}
    if recording.lost_blocks:
        remedy = "End other programs that use the processor, and run this again."
        return Finding("sample rate", "fail", f"{recording.lost_blocks} blocks were lost", remedy, figures)
    way = "fast" if drift_ppm >= 0 else "slow"
    fact = f"{abs(drift_ppm)} ppm {way} against the computer's clock, give or take {doubt_ppm}"
    if abs(drift_ppm) > 20_000 + doubt_ppm:
        remedy = "The device does not keep the rate it says. Choose another with `alexa-local devices`."
        return Finding("sample rate", "fail", fact, remedy, figures)
    if abs(drift_ppm) > 1_000 + doubt_ppm:
        remedy = "Run it again with an idle processor; if it stays, choose another device."
        return Finding("sample rate", "warn", fact, remedy, figures)
    return Finding("sample rate", "ok", fact, "", figures)
