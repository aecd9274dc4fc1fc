"""What the assistant would do about requests of public sets that were kept out, with the network and without.

    python -m scripts.training.nlu.decisions --text DATA/text

A request counts as right when the intent is one of ours that the set's intent may mean (`labels`), in a home
of 19 devices; sentences of prose, and requests that nobody can do, should be left alone. The last line is one
JSON object.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

from alexa_local.messages import Hypothesis
from alexa_local.models import open_model
from alexa_local.understand import (
    OUT_OF_SCOPE,
    Catalogue,
    Contact,
    Device,
    RequestReader,
    Understander,
)
from scripts.training.nlu.text import OURS, Example, public, talk

_ROOMS = ("kitchen", "living room", "bedroom", "office", "bathroom", "hallway")
HOME = Catalogue(
    devices=(
        *(Device(f"{room} {kind}", kind, room) for room in _ROOMS for kind in ("light", "fan")),
        Device("coffee maker", "plug", "kitchen"),
        Device("tv", "media", "living room"),
        Device("bedroom blinds", "cover", "bedroom"),
        Device("garage door", "cover", "garage"),
        Device("movie night", "scene"),
        Device("thermostat", "thermostat"),
        Device("vacuum", "vacuum"),
    ),
    contacts=(Contact("Anna Miller", ("mom",)), Contact("John Miller"), Contact("Mary"), Contact("Mike")),
    music=("jazz", "rock", "the beatles", "classical"),
)


def decide(understander: Understander, examples: Sequence[Example]) -> Counter[str]:
    """How many are "right", "wrong" or "nothing" of what can be done, "done" or "left" of all else."""
    found: Counter[str] = Counter()
    for one in examples:
        intent = understander.interpret([Hypothesis(" ".join(one.words), 0.0)]).intent
        intent = "" if intent == OUT_OF_SCOPE else intent
        allowed = one.intents[OURS]
        if not any(allowed):
            found["done" if intent else "left"] += 1
        elif not intent:
            found["nothing"] += 1
        else:
            found["right" if intent in allowed else "wrong"] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--text", type=Path, required=True, help="folder of the public sets")
    parser.add_argument(
        "--limit", type=int, default=1500, help="of the sets' sentences; a third as much prose"
    )
    args = parser.parse_args()
    _, kept = public(args.text)
    kept = [one for one in kept if one.source != "snips"]
    Random(3).shuffle(kept)
    examples = [*kept[: args.limit], *talk(args.text)[: args.limit // 3]]
    reader = RequestReader(open_model("understand-en"))
    summary: dict[str, object] = {"requests": len(examples)}
    understanders = {"sentences": Understander(HOME), "network": Understander(HOME, None, reader)}
    for name, understander in understanders.items():
        began_s = time.process_time()
        found = decide(understander, examples)
        milliseconds = 1000 * (time.process_time() - began_s) / len(examples)
        summary[name] = {**found, "ms": round(milliseconds, 1)}
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
