"""What the file commands do with models and files; loaded only when one of them runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import open_file
from alexa_local.config import load_config
from alexa_local.frontend import LogMel
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE
from alexa_local.models import open_model

_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE


def make_wake_finder(config_file: str | None) -> Callable[[Path], dict[str, Any]]:
    """A function from a file to where the wake word was heard in it."""
    from alexa_local.wake import WakeWord

    config = load_config(config_file)
    wake = WakeWord(open_model(config.wake.model, config.daemon.models_dir), config.wake.threshold)

    def find(file: Path) -> dict[str, Any]:
        wake.reset()
        found = []

        def push(frames: NDArray[np.float32]) -> None:
            found.extend(wake.push(frames))

        figures = _feed(file, push)
        detections = [
            {
                "start_s": round(one.start_frame * _FRAME_S, 2),
                "end_s": round(one.end_frame * _FRAME_S, 2),
                "score": round(one.score, 4),
            }
            for one in found
        ]
        return {"detections": detections, **figures}

    return find


def make_transcriber(config_file: str | None, contacts: Path | None) -> Callable[[Path], dict[str, Any]]:
    """A function from a file to what is said in it."""
    from alexa_local.recognise import Recogniser

    config = load_config(config_file)
    recogniser = Recogniser(open_model(config.recogniser.model, config.daemon.models_dir))

    def transcribe(file: Path) -> dict[str, Any]:
        stream = recogniser.stream()
        figures = _feed(file, stream.push)
        n_best = stream.finish()
        return {
            "text": n_best[0].text if n_best else "",
            "n_best": [{"text": one.text, "score": round(one.score, 3)} for one in n_best],
            **figures,
        }

    return transcribe


def import_contacts(config_file: str | None, data: bytes) -> dict[str, Any]:
    """Import an address book into the database of a daemon that does not run."""
    from alexa_local.act.contacts import Contacts
    from alexa_local.daemon.importing import import_address_book
    from alexa_local.daemon.paths import DATABASE, state_dir
    from alexa_local.store import open_store

    config = load_config(config_file)
    with open_store(state_dir(config.daemon) / DATABASE) as store:
        return import_address_book(Contacts(store), data)


def _feed(file: Path, push: Callable[[NDArray[np.float32]], None]) -> dict[str, float]:
    """Push a file's features, and a second of near silence after them for what is heard late."""
    features, samples, began_s = LogMel(), 0, time.process_time()
    source = open_file(file)
    try:
        for block in source:
            samples += len(block)
            push(features.push(block))
    finally:
        source.close()
    push(features.push(np.random.default_rng(0).integers(-2, 3, SAMPLE_RATE).astype(np.int16)))
    seconds = samples / SAMPLE_RATE
    return {"seconds": round(seconds, 3), "rtf": round((time.process_time() - began_s) / seconds, 4)}
