"""`alexa-local transcribe` and `alexa-local wake`: files in, results out, without a daemon."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alexa_local.errors import AudioFileError, UsageError


def add_commands(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add transcribe and wake."""
    text = "Write down what is said in sound files (WAV, FLAC, Ogg, Opus, MP3)."
    transcribe = commands.add_parser("transcribe", help=text, description=text, parents=[common])
    transcribe.add_argument(
        "--contacts", metavar="FILE", type=Path, help="an address book whose names may be said"
    )
    transcribe.add_argument(
        "--lattice",
        metavar="OUT",
        type=Path,
        help="write all readings of one FILE: .json, .lat (few bytes), .slf (HTK) or .txt (Kaldi)",
    )
    transcribe.set_defaults(run=_transcribe)
    text = 'Find the wake word "Alexa" in sound files.'
    wake = commands.add_parser("wake", help=text, description=text, parents=[common])
    wake.set_defaults(run=_wake)
    for parser in (transcribe, wake):
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--json", action="store_true", help="one JSON object for each file")


def _transcribe(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.offline import make_transcriber
    from alexa_local.cli.settings import settings_of

    many = len(arguments.files) > 1
    if many and arguments.lattice:
        raise UsageError("--lattice writes the readings of one FILE. Give one.")
    transcribe = make_transcriber(settings_of(arguments), arguments.contacts, arguments.lattice)
    return each_file(
        arguments, transcribe, lambda file, found: f"{file}: {found['text']}" if many else found["text"]
    )


def _wake(arguments: argparse.Namespace) -> int:
    from alexa_local.cli.offline import make_wake_finder
    from alexa_local.cli.settings import settings_of

    def line(file: Path, found: dict[str, Any]) -> str:
        heard = [
            f"{one['start_s']:.2f}-{one['end_s']:.2f} s ({one['score']:.2f})" for one in found["detections"]
        ]
        return f"{file}: {', '.join(heard) or 'not heard'}"

    return each_file(arguments, make_wake_finder(settings_of(arguments)), line)


def each_file(
    arguments: argparse.Namespace,
    examine: Callable[[Path], dict[str, Any]],
    line: Callable[[Path, dict[str, Any]], str],
) -> int:
    """Examine every file; one that cannot be read is told, and the others are done all the same."""
    code = 0
    for file in arguments.files:
        try:
            found = examine(file)
        except AudioFileError as error:
            print(f"alexa-local: {error}", file=sys.stderr)
            code = error.exit_code
            if arguments.json:
                print(json.dumps({"file": str(file), "error": str(error)}, ensure_ascii=False), flush=True)
        else:
            told = (
                json.dumps({"file": str(file), **found}, ensure_ascii=False)
                if arguments.json
                else line(file, found)
            )
            print(told, flush=True)
    return code
