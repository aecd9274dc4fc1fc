"""One engine over one sound file, in a process of its own: its CPU time, its memory, what it heard.

Run as a file, `python subject.py ENGINE SOUND.wav REPEAT`, by the Python that has the engine: so it imports
nothing of the project but inside the two engines that are ours. Every engine gets blocks of 40 ms, as a
microphone gives them, and the same sound REPEAT times over; loading does not count. It prints a line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path

BLOCK_BYTES = 1280
_APART_BLOCKS = 25
"""Detections less than a second apart count as one: some engines report every frame of a word."""

Push = Callable[[bytes], int]
"""Takes 640 samples of int16 as bytes, gives how many detections they brought."""


def ours_wake() -> Push:
    """Front end and wake word, as when idle."""
    import numpy as np

    from alexa_local.frontend import LogMel
    from alexa_local.models import open_model
    from alexa_local.wake import WakeWord

    features, wake = LogMel(), WakeWord(open_model("wake-alexa"))
    return lambda block: len(wake.push(features.push(np.frombuffer(block, np.int16))))


def ours_recognise() -> Push:
    """Front end and recogniser, as during a request, with the beam that the program uses."""
    import numpy as np

    from alexa_local.config import RecogniserSettings
    from alexa_local.frontend import LogMel
    from alexa_local.models import open_model
    from alexa_local.recognise import Recogniser

    features = LogMel()
    stream = Recogniser(open_model(RecogniserSettings().model)).stream()

    def push(block: bytes) -> int:
        stream.push(features.push(np.frombuffer(block, np.int16)))
        return 0

    return push


def micro_wake_word() -> Push:
    """The package pymicro-wakeword with its own model of "alexa"."""
    from pymicro_wakeword import MicroWakeWord, MicroWakeWordFeatures, Model

    wake, features = MicroWakeWord.from_builtin(Model.ALEXA), MicroWakeWordFeatures()
    return lambda block: sum(bool(wake.process_streaming(row)) for row in features.process_streaming(block))


def open_wake_word() -> Push:
    """The package pyopen-wakeword with its own model of "alexa"."""
    from pyopen_wakeword import Model, OpenWakeWord, OpenWakeWordFeatures

    wake, features = OpenWakeWord.from_builtin(Model.ALEXA), OpenWakeWordFeatures.from_builtin()
    return lambda block: sum(
        score > 0.5 for rows in features.process_streaming(block) for score in wake.process_streaming(rows)
    )


def _pocketsphinx(**options: object) -> Push:
    from pocketsphinx import Decoder

    decoder = Decoder(loglevel="FATAL", samprate=16000, **options)
    decoder.start_utt()

    def push(block: bytes) -> int:
        decoder.process_raw(block, False, False)
        if "keyphrase" in options and decoder.hyp() is not None:
            decoder.end_utt()
            decoder.start_utt()
            return 1
        return 0

    return push


def pocketsphinx_wake() -> Push:
    """PocketSphinx, spotting the key phrase "alexa" with its own English model."""
    return _pocketsphinx(keyphrase="alexa", kws_threshold=1e-20, lm=None)


def pocketsphinx_recognise() -> Push:
    """PocketSphinx, recognising free English with its own models."""
    return _pocketsphinx()


ENGINES: dict[str, Callable[[], Push]] = {
    "alexa-local wake": ours_wake,
    "pymicro-wakeword": micro_wake_word,
    "pyopen-wakeword": open_wake_word,
    "PocketSphinx wake": pocketsphinx_wake,
    "alexa-local recognise": ours_recognise,
    "PocketSphinx recognise": pocketsphinx_recognise,
}


def peak_rss_mb() -> float:
    """Most memory ever resident, in MB (10^6 bytes); VmHWM, as getrusage would count the parent's too."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def main() -> None:
    """Run the engine that the command line names."""
    engine, sound, repeat = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with wave.open(sound, "rb") as file:
        data = file.readframes(file.getnframes())
    blocks = [data[i : i + BLOCK_BYTES] for i in range(0, len(data) - BLOCK_BYTES + 1, BLOCK_BYTES)]
    push = ENGINES[engine]()
    for block in blocks[:25]:
        push(block)  # the first second pays for caches and lazy set-up
    heard, last = 0, -_APART_BLOCKS
    before_s = time.process_time()
    for _ in range(repeat):
        for number, block in enumerate(blocks):
            if push(block):
                heard += number - last >= _APART_BLOCKS
                last = number
        last -= len(blocks)
    cpu_s = time.process_time() - before_s
    audio_s = repeat * len(blocks) * BLOCK_BYTES / 32_000
    print(json.dumps({"cpu_s": cpu_s, "audio_s": audio_s, "heard": heard, "peak_rss_mb": peak_rss_mb()}))


if __name__ == "__main__":
    main()
