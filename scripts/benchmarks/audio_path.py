"""What the operating system and Python can do for sound, each help with and without, in one run.

    scripts/bench audio-path --seconds 20 --rounds 3

On one core work the mixer with music, the recogniser without a pause, labour in Python that makes many
objects, other programs that want all of the core, and (with --core-share) a thief; a stand-in for a sound
card asks for a block each 40 ms. It tells how late the callback begins and how late the block is done, how
many blocks came too late for a card that has but one more, the page faults of the callback's thread, and the
collector's longest pause. The rounds take turns. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from scripts.benchmarks.audio_subject import SLACK_S

USED = ("realtime", "collector")
"""The helps that the daemon uses."""

HELPS: dict[str, tuple[str, ...]] = {
    "none": (),
    "real-time priority": ("realtime",),
    "collector put aside": ("collector",),
    "both, as the daemon": USED,
    "both, a larger share": (*USED, "share"),
    "both, switching sooner": (*USED, "switch"),
    "both, labour at nice 10": (*USED, "nice"),
    "both, listen real-time": (*USED, "listen"),
}
"""What is tried: those that help, and below them those that were left out for what they do here."""

_OTHERS_NICE = 5
"""For a larger share the others get a smaller one, a third: nobody but root may have a negative nice."""


@dataclass(frozen=True)
class Path:
    """How the audio path fared.

    Attributes:
        blocks: that the card asked for.
        misses: those that were done after the card's slack.
        late_ms_p99: from when a block was due to when the callback began.
        done_ms_p50: to when it was done; p99 and most likewise.
        underruns: how often the music's ring was empty.
        pause_ms_most: the collector's longest pause.
        pauses_over_5_ms: how many were longer than that.
        minor_faults: page faults of the callback's thread, from memory.
        major_faults: and from the disk.
        steps_a_second: what the recogniser got done.
    """

    blocks: int
    misses: int
    late_ms_p99: float
    done_ms_p50: float
    done_ms_p99: float
    done_ms_most: float
    underruns: int
    pause_ms_most: float
    pauses_over_5_ms: int
    minor_faults: int
    major_faults: int
    steps_a_second: float


def sum_up(rounds: Sequence[dict[str, Any]]) -> Path:
    """All rounds of one way together."""
    late_ms, done_ms, pauses_ms = (
        np.concatenate([one[name] for one in rounds]) for name in ("late_ms", "done_ms", "pauses_ms")
    )
    return Path(
        blocks=len(done_ms),
        misses=int((done_ms > 1000 * SLACK_S).sum()),
        late_ms_p99=round(float(np.percentile(late_ms, 99)), 1),
        done_ms_p50=round(float(np.median(done_ms)), 2),
        done_ms_p99=round(float(np.percentile(done_ms, 99)), 1),
        done_ms_most=round(float(done_ms.max()), 1),
        underruns=sum(one["underruns"] for one in rounds),
        pause_ms_most=round(float(pauses_ms.max(initial=0.0)), 1),
        pauses_over_5_ms=int((pauses_ms > 5.0).sum()),
        minor_faults=sum(one["minor_faults"] for one in rounds),
        major_faults=sum(one["major_faults"] for one in rounds),
        steps_a_second=round(sum(one["steps"] for one in rounds) / len(rounds), 1),
    )


def table(found: dict[str, Path]) -> list[str]:
    """A line for each way, under its heading."""
    heading = (
        "misses",
        "late p99",
        "done p50",
        "p99",
        "most ms",
        "empty",
        "pause ms",
        "over 5",
        "faults",
        "steps/s",
    )
    lines = [f"{'help':<24}" + "".join(f"{name:>10}" for name in heading)]
    for name, one in found.items():
        faults = f"{one.minor_faults}+{one.major_faults}"
        cells = (
            *(one.misses, one.late_ms_p99, one.done_ms_p50, one.done_ms_p99, one.done_ms_most, one.underruns),
            *(one.pause_ms_most, one.pauses_over_5_ms, faults, one.steps_a_second),
        )
        lines.append(f"{name:<24}" + "".join(f"{cell:>10}" for cell in cells))
    return lines


@contextmanager
def _beside(command: Sequence[str], nice: int = 0) -> Iterator[None]:
    process = subprocess.Popen(["nice", "-n", str(nice), *command])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def run(helps: Sequence[str], seconds: float, core: int, others: int, core_share: float) -> dict[str, Any]:
    """One round of one way, in a process of its own."""
    module = [
        sys.executable,
        "-m",
        "scripts.benchmarks.audio_subject",
        ",".join(helps),
        str(seconds),
        str(core),
    ]
    with ExitStack() as stack:
        busy = f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
        for _ in range(others):
            nice = _OTHERS_NICE if "share" in helps else 0
            stack.enter_context(_beside([sys.executable, "-c", busy], nice))
        if core_share < 1.0:
            thief = (
                sys.executable,
                "-m",
                "scripts.benchmarks.thief",
                str(core),
                str(1.0 - core_share),
                "600",
            )
            stack.enter_context(_beside(thief))
        time.sleep(0.5)
        done = subprocess.run(module, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(argv: Sequence[str] | None = None) -> int:
    """Try every way, in turns, and print what came of it."""
    parser = argparse.ArgumentParser(prog="scripts/bench audio-path", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each round (20)")
    parser.add_argument("--rounds", type=int, default=3, help="of each way (3)")
    parser.add_argument("--others", type=int, default=1, help="programs that want all of the core (1)")
    parser.add_argument("--core-share", type=float, default=1.0, help="what a thief leaves of it (1)")
    parser.add_argument("--only", default="", help="ways whose names have this part")
    args = parser.parse_args(argv)
    core = max(os.sched_getaffinity(0))
    ways = {name: helps for name, helps in HELPS.items() if args.only in name}
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
    for _ in range(args.rounds):
        for name, helps in ways.items():
            rounds[name].append(run(helps, args.seconds, core, args.others, args.core_share))
    found = {name: sum_up(each) for name, each in rounds.items()}
    print(*table(found), sep="\n")
    print(json.dumps({name: asdict(path) for name, path in found.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
