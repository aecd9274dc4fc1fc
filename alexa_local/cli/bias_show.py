"""What `alexa-local bias show` does: which phrases an utterance attends to, and when."""

from __future__ import annotations

import argparse
import json

import numpy as np
from numpy.typing import NDArray

from alexa_local.cli.heat_map import HeatMap, as_svg, as_text
from alexa_local.config import Config
from alexa_local.errors import UsageError
from alexa_local.messages import PhraseClass

_COLUMNS = 60
"""Of the map on the terminal."""


def show(arguments: argparse.Namespace) -> int:
    """Draw what the arguments of the command ask for."""
    from alexa_local.cli.settings import settings_of

    if arguments.out and arguments.out.suffix != ".svg":
        raise UsageError(f"{arguments.out} is no SVG file. Give a name that ends in .svg.")
    if arguments.top < 1:
        raise UsageError("At least one phrase is to be shown. Give --top 1 or more.")
    heard, phrases, drawn = _look(settings_of(arguments), arguments)
    if arguments.json:
        shown = {
            "file": str(arguments.file),
            "text": heard,
            "phrases": phrases,
            "step_s": drawn.step_s,
            "shares": {
                name: np.round(row.astype(float), 4).tolist()
                for name, row in zip(drawn.names, drawn.rows, strict=True)
            },
        }
        print(json.dumps(shown, ensure_ascii=False))
    else:
        print(f"heard: {heard}\n{phrases} phrases; darker is more attention\n")
        print(as_text(drawn, _COLUMNS))
    if arguments.out:
        try:
            arguments.out.write_text(as_svg(drawn, heard), encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{arguments.out} cannot be written ({error.strerror}). Choose another."
            ) from error
    return 0


def _look(config: Config, arguments: argparse.Namespace) -> tuple[str, int, HeatMap]:
    """What is heard, of how many phrases, and the attention to the strongest."""
    from alexa_local.act.people import read_people
    from alexa_local.capture import open_file
    from alexa_local.daemon.paths import open_used
    from alexa_local.recognise import Options, Recogniser, spoken_form
    from alexa_local.understand import Catalogue, Device, KnownPhrases

    devices = tuple(Device(one.name, one.kind, one.room, one.aliases) for one in config.home.devices)
    people = read_people(arguments.contacts) if arguments.contacts else ()
    given = PhraseClass("given", tuple(filter(None, map(spoken_form, arguments.phrase))))
    settings = config.recogniser
    model = open_used(settings.model, config.daemon)
    recogniser = Recogniser(model, Options(settings.beam, settings.n_best), settings.threads)
    recogniser.attend([*KnownPhrases().of(Catalogue(devices=devices, contacts=people)), given])
    source = open_file(arguments.file)
    try:
        samples = np.concatenate(list(source))
    finally:
        source.close()
    phrases, shares = recogniser.attention_map(samples)
    if not phrases:
        raise UsageError("There is no phrase to attend to. Give --contacts FILE or --phrase TEXT.")
    drawn = strongest(phrases, shares, recogniser.step_s, arguments.top)
    return recogniser.transcribe(samples)[0].text, len(phrases), drawn


def strongest(phrases: tuple[str, ...], shares: NDArray[np.float32], step_s: float, top: int) -> HeatMap:
    """The phrases that have the largest share at any step, the largest first.

    Args:
        phrases: the catalogue.
        shares: float32 (steps, phrases).
        step_s: seconds of one step.
        top: how many.
    """
    best = np.argsort(-shares.max(axis=0, initial=0.0), kind="stable")[:top]
    return HeatMap(tuple(phrases[index] for index in best), shares.T[best], step_s)
