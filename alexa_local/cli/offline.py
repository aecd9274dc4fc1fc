"""What the file commands do with models and files; loaded only when one of them runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import open_file
from alexa_local.config import Config
from alexa_local.daemon.paths import open_used
from alexa_local.frontend import LogMel
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE, PhraseClass

_FRAME_S = FRAME_SAMPLES / SAMPLE_RATE


def make_wake_finder(config: Config) -> Callable[[Path], dict[str, Any]]:
    """A function from a file to where the wake word was heard in it."""
    from alexa_local.daemon.calling import offline_hearer

    wake = offline_hearer(config)

    def find(file: Path) -> dict[str, Any]:
        wake.reset()
        found, features, samples, began_s = [], LogMel(), 0, time.process_time()
        source = open_file(file)
        try:
            for block in source:
                samples += len(block)
                found += wake.push(features.push(block))
        finally:
            source.close()
        found += wake.push(features.push(_faint_second()))
        seconds = samples / SAMPLE_RATE
        detections = [
            {
                "start_s": round(one.start_frame * _FRAME_S, 2),
                "end_s": round(one.end_frame * _FRAME_S, 2),
                "score": round(one.score, 4),
            }
            for one in found
            if one.accepted
        ]
        rtf = (time.process_time() - began_s) / seconds
        return {"detections": detections, "seconds": round(seconds, 3), "rtf": round(rtf, 4)}

    return find


def _faint_second() -> NDArray[np.int16]:
    """A second of near silence, for what is heard late at the end of a file; int16 (16000,)."""
    return np.random.default_rng(0).integers(-2, 3, SAMPLE_RATE).astype(np.int16)


def make_transcriber(
    config: Config, contacts: Path | None, lattice: Path | None = None
) -> Callable[[Path], dict[str, Any]]:
    """A function from a file to what is said in it.

    Args:
        config: the settings.
        contacts: an address book, whose people may be named.
        lattice: where all readings of the file are written.
    """
    from alexa_local.recognise import Options, Recogniser
    from alexa_local.recognise.lattice_files import write_lattice

    settings = config.recogniser
    model = open_used(settings.model, config.daemon)
    recogniser = Recogniser(model, Options(settings.beam, settings.n_best), settings.threads)
    if contacts:
        recogniser.listen_for(_phrases(contacts), settings.biasing)

    def transcribe(file: Path) -> dict[str, Any]:
        samples = whole_file(file)
        began_s = time.process_time()
        if lattice:
            n_best, readings = recogniser.transcribe_with_lattice(samples)
            write_lattice(readings, lattice)
        else:
            n_best = recogniser.transcribe(samples)
        spent_s, seconds = time.process_time() - began_s, len(samples) / SAMPLE_RATE
        return {
            "text": n_best[0].text if n_best else "",
            "n_best": [{"text": one.text, "score": round(one.score, 3)} for one in n_best],
            "seconds": round(seconds, 3),
            "rtf": round(spent_s / seconds, 4),
        }

    return transcribe


def _phrases(contacts: Path) -> tuple[PhraseClass, ...]:
    """The names of an address book's people."""
    from alexa_local.act.people import read_people
    from alexa_local.understand import Catalogue, KnownPhrases

    return KnownPhrases().of(Catalogue(contacts=read_people(contacts)))


def whole_file(file: Path) -> NDArray[np.int16]:
    """A whole file, int16 (N,), 16 kHz mono."""
    source = open_file(file)
    try:
        return np.concatenate(list(source))
    finally:
        source.close()


def import_contacts(config: Config, data: bytes, book: str) -> dict[str, Any]:
    """Import an address book into the database of a daemon that does not run."""
    from alexa_local.act.contacts import Contacts
    from alexa_local.daemon.importing import import_address_book
    from alexa_local.daemon.paths import DATABASE, state_dir
    from alexa_local.store import as_owner_of, open_store

    folder = state_dir(config.daemon)
    with as_owner_of(folder), open_store(folder / DATABASE) as store:
        return import_address_book(Contacts(store), data, book)
