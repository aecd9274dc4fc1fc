"""The command `scripts/evaluate`: what it is asked, and what it prints.

Standard output ends with one JSON object, whose keys other programs rely on; rates in it are percent. Before
it come lines for people, or with `--json` one JSON object for each clip. Progress and trouble go to standard
error.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from alexa_local.errors import AlexaLocalError
from scripts.evaluation import (
    asr,
    background,
    biasing,
    branches,
    catalogue,
    echo,
    endpoint,
    engines,
    intent,
    lattice,
    names,
    nlu,
    speaker,
    wake,
    whisper,
)
from scripts.evaluation.manifest import Choice, Clips, read_manifest, read_samples
from scripts.evaluation.noise import Noise, Room

_PROGRESS_EVERY_S = 5.0
T = TypeVar("T")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="scripts/evaluate", description=__doc__)
    top.add_argument(
        "what",
        choices=(
            *("asr", "wake", "intent", "endpoint", "lattice"),
            *("background", "speaker", "whisper", "branches"),
        ),
        help="words, the wake word, intents with slots, when a request is taken for finished, what is done "
        "by mistake where nobody asks for anything, voices, whispers, what the recogniser's branches save, "
        "or lattices "
        "(opus_ratio: bytes of the sound's Opus packets at 24 kbit/s, as really encoded and without a "
        "container, over bytes of the lattice as it is sent; the median over the clips)",
    )
    top.add_argument(
        "manifests", nargs="+", type=Path, metavar="MANIFEST", help="manifest.jsonl: one row a clip"
    )
    top.add_argument(
        "--intents", type=Path, metavar="FILE", help="an owner's intents, used beside the built-in ones"
    )
    top.add_argument(
        "--contacts",
        type=Path,
        metavar="FILE",
        help="contacts, whose names may be spoken; asr counts which of them are right",
    )
    top.add_argument("--phrases", type=Path, metavar="FILE", help="asr: more names, one a line")
    top.add_argument(
        "--distractors", type=int, default=0, metavar="N", help="asr: N made-up names beside them"
    )
    top.add_argument(
        "--biasing",
        choices=get_args(engines.Biasing),
        default="fusion",
        help="asr, intent: how names help to recognise (fusion)",
    )
    top.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="a configuration with devices to speak to, or rules of endpoint",
    )
    top.add_argument("--noise", type=Path, metavar="FILE", help="a recording to mix under every clip")
    top.add_argument("--snr", type=float, metavar="DB", help="speech over that noise, in dB")
    top.add_argument(
        "--music",
        type=Path,
        metavar="FILE",
        help="as --noise, and heard in the room too",
    )
    top.add_argument("--room", type=Path, metavar="FILE", help="a room's impulse response around every clip")
    top.add_argument("--limit", type=int, default=0, metavar="N", help="N clips, spread evenly over the rows")
    top.add_argument(
        "--json", action="store_true", help="one JSON object for each clip instead of lines for people"
    )
    top.add_argument(
        "--curve",
        action="store_true",
        help="wake, speaker, whisper: misses and false accepts at other thresholds too",
    )
    top.add_argument(
        "--thresholds",
        type=float,
        nargs="*",
        default=branches.THRESHOLDS,
        metavar="T",
        help="branches: choices to measure beside all large, all small and the model's own two",
    )
    top.add_argument("--source", default="", metavar="TEXT", help="only rows whose source contains TEXT")
    top.add_argument(
        "--audio-glob", action="append", default=[], metavar="GLOB", help="only rows with such an audio"
    )
    top.add_argument(
        "--exclude-glob", action="append", default=[], metavar="GLOB", help="no rows with such an audio"
    )
    top.add_argument("--model", metavar="NAME", help="another model's folder name than the program's own")
    top.add_argument("--beam", type=int, metavar="N", help="another beam than the program's own")
    return top


def main(argv: Sequence[str] | None = None, make: engines.Engines | None = None) -> int:
    """Measure as the command line says; return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["biasing"]:
        return biasing.main(arguments[1:], make)
    if arguments[:1] == ["echo"]:
        return echo.main(arguments[1:], make)
    if arguments[:1] == ["nlu"]:
        return nlu.main(arguments[1:], make)
    top = parser()
    args = top.parse_args(arguments)
    if args.noise and args.music:
        top.error("one of --noise and --music")
    if (args.noise is None and args.music is None) != (args.snr is None):
        top.error("--noise or --music, and --snr, go together")
    if args.limit < 0 or args.distractors < 0:
        top.error("--limit and --distractors take a number that is not negative")
    try:
        return _measure(args, make or engines.Engines(args.model, args.beam))
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _measure(args: argparse.Namespace, make: engines.Engines) -> int:
    choice = Choice(args.source, args.audio_glob, args.exclude_glob, args.limit)
    rows = choice.of([row for manifest in args.manifests for row in read_manifest(manifest)])
    room = Room(read_samples(args.room)) if args.room else None
    noise = Noise(read_samples(args.noise), args.snr) if args.noise else None
    if args.music:
        music = read_samples(args.music)
        noise = Noise(room.around(music) if room else music, args.snr)
    clips = Clips(rows, noise, lambda line: print(line, file=sys.stderr), room)
    per_clip: Callable[[dict[str, Any]], None] = _print_json if args.json else _ignore
    found: (
        asr.Words
        | wake.Wakes
        | intent.Intents
        | endpoint.Ends
        | lattice.Lattices
        | background.Background
        | branches.Branches
        | speaker.Voices
        | whisper.Whispers
    )
    match args.what:
        case "asr":
            transcribe, names = _words_and_names(args, make)
            found = asr.measure(_progress(clips, len(rows)), transcribe, per_clip, names)
        case "wake":
            found = wake.measure(_progress(clips, len(rows)), make.detector(), per_clip, curve=args.curve)
        case "speaker":
            found = speaker.measure(_progress(clips, len(rows)), make.embedder(), per_clip, curve=args.curve)
        case "whisper":
            listened = _progress(clips, len(rows))
            found = whisper.measure(listened, *make.how_whispered(), per_clip, curve=args.curve)
        case "endpoint":
            found = endpoint.measure(_progress(clips, len(rows)), make.end_pointers(args.config), per_clip)
        case "lattice":
            transcribe_all = make.recogniser().transcribe_with_lattice
            found = lattice.measure(_progress(clips, len(rows)), transcribe_all, per_clip)
        case "branches":
            costs = branches.Costs.of(make.recogniser_model())
            stages = make.recogniser(), make.ear(), costs
            found = branches.measure(_progress(clips, len(rows)), *stages, args.thresholds, per_clip)
        case "background":
            interpret, sentences, phrases = make.interpret(args.intents, args.contacts, args.config, ())
            assistants = make.assistants(sentences, phrases, args.biasing)
            found = background.measure(_progress(clips, len(rows)), assistants, interpret, per_clip)
        case _:
            wanted = {row.labels.get("intent") for row in rows}
            interpret, sentences, phrases = make.interpret(args.intents, args.contacts, args.config, wanted)
            transcribe = make.transcribe(sentences, phrases, args.biasing)
            found = intent.measure(_progress(clips, len(rows)), transcribe, interpret, per_clip)
    lines = found.lines()
    if clips.unreadable:
        lines.insert(0, f"clips that could not be read, left out: {clips.unreadable}")
    print(*lines, sep="\n", file=sys.stderr if args.json else sys.stdout)
    _print_json(found.summary())
    return 0


def _words_and_names(
    args: argparse.Namespace, make: engines.Engines
) -> tuple[asr.Transcribe, names.Names | None]:
    """The recogniser, told of the catalogue, and the catalogue's names; None without a catalogue."""
    if args.contacts is None and args.phrases is None:
        return make.transcribe(), None
    contacts, phrases = catalogue.read_contacts(args.contacts), catalogue.read_phrases(args.phrases)
    known = catalogue.Known(contacts, phrases, args.distractors)
    return make.transcribe(None, known.classes(), args.biasing), known.names


def _progress(clips: Iterable[T], count: int) -> Iterator[T]:
    """The clips, with a line on standard error every few seconds."""
    started_s = told_s = time.monotonic()
    for number, clip in enumerate(clips, 1):
        yield clip
        now_s = time.monotonic()
        if now_s - told_s >= _PROGRESS_EVERY_S:
            told_s = now_s
            print(f"{number} of {count} clips, {now_s - started_s:.0f} s", file=sys.stderr)


def _print_json(row: dict[str, Any]) -> None:
    print(json.dumps(row, ensure_ascii=False, default=str), flush=True)


def _ignore(row: dict[str, Any]) -> None:
    """Print nothing for a clip."""


if __name__ == "__main__":
    sys.exit(main())
