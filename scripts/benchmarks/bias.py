"""What names cost the search: the time to recognise with 0, 500 and 5 000 phrases, over that with none.

Every request is recognised with each catalogue right after the others, so what disturbs the machine disturbs
all alike; the time is CPU time, and the median over rounds of the ratio counts. The names are people's, and
half of the requests speak one of them, so that phrases are begun, carried through and given up.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import PhraseClass
from scripts.demo.scene import SCENE, speak
from scripts.evaluation.catalogue import Known
from scripts.evaluation.engines import Biasing, Engines, bias
from scripts.evaluation.rare_names import other_people

SIZES = (0, 500, 5000)
_SPOKEN_NAMES = 6


def requests() -> list[NDArray[np.int16]]:
    """What is recognised: the demo's commands, and as many calls; each int16 (N,), 16 kHz."""
    calls = [f"call {name}" for name in other_people(_SPOKEN_NAMES, "distractors")]
    return [speak(text) for text in [*(one.words for one in SCENE), *calls]]


def catalogue(size: int) -> Sequence[PhraseClass]:
    """So many people and nothing else, as the daemon tells the recogniser of them."""
    from alexa_local.understand import Contact

    if not size:
        return ()
    people = tuple(map(Contact, other_people(size, "distractors")))
    (contacts,) = (each for each in Known(people).classes() if each.kind == "contact")
    return (PhraseClass(contacts.kind, contacts.phrases[:size], contacts.after),)


def measure(
    recognise: Mapping[int, Callable[[NDArray[np.int16]], object]],
    sounds: Sequence[NDArray[np.int16]],
    rounds: int,
    clock_s: Callable[[], float] = time.process_time,
) -> list[dict[int, float]]:
    """Seconds of each round by size of the catalogue; the order turns from round to round."""
    found = []
    for number in range(rounds):
        spent_s = dict.fromkeys(recognise, 0.0)
        for at, sound in enumerate(sounds):
            sizes = list(recognise)
            first = (number + at) % len(sizes)
            for size in sizes[first:] + sizes[:first]:
                began_s = clock_s()
                recognise[size](sound)
                spent_s[size] += clock_s() - began_s
        found.append(spent_s)
    return found


def ratios(rounds: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """For each size the median over rounds of its time over that without phrases."""
    return {size: round(median(one[size] / one[0] for one in rounds), 3) for size in rounds[0]}


def _recogniser(size: int, biasing: Biasing, beam: int | None) -> Callable[[NDArray[np.int16]], object]:
    recogniser = Engines(beam=beam).recogniser()
    if size:
        bias(recogniser, catalogue(size), biasing)
    return recogniser.transcribe


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print a line for each catalogue, and one JSON object as the last line."""
    parser = argparse.ArgumentParser(prog="scripts/bench bias", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often every catalogue has its turn (5)")
    parser.add_argument("--biasing", choices=("fusion", "attention", "both"), default="fusion")
    parser.add_argument("--beam", type=int, metavar="N", help="another beam than the program's own")
    args = parser.parse_args(argv)
    recognise = {size: _recogniser(size, args.biasing, args.beam) for size in SIZES}
    sounds = requests()
    for one in recognise.values():
        one(sounds[0])  # what is made at the first use is no part of the cost
    rounds = measure(recognise, sounds, args.rounds)
    found = ratios(rounds)
    seconds = sum(map(len, sounds)) / 16_000
    print(
        f"{seconds:.0f} s of sound, {len(sounds)} requests; {args.rounds} rounds, {args.biasing}; "
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    for size, ratio in found.items():
        spread = sorted(one[size] / one[0] for one in rounds)
        print(f"{size:>5} phrases: x {ratio:.3f} ({spread[0]:.3f} to {spread[-1]:.3f})")
    print(json.dumps({"phrases": list(found), "time_ratio": list(found.values())}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
