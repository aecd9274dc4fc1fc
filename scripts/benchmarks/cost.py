"""Idle cost and recognition cost as shares of one core, ours and others', over the same sound in one run.

Shares are CPU time over the sound's length, so a busy machine disturbs them little; the engines take turns,
round by round, so that what disturbs them disturbs all alike, and the median over the rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmarks.subject import ENGINES
from scripts.demo.scene import build_scene

_SUBJECT = Path(__file__).with_name("subject.py")
OURS = "alexa-local"


@dataclass(frozen=True)
class Cost:
    """What one engine cost.

    Attributes:
        core_pct: CPU seconds for 100 seconds of sound: the share of one core, median over rounds.
        lowest_pct: the lowest of the rounds.
        highest_pct: the highest of the rounds.
        peak_rss_mb: most memory resident, the whole process with its interpreter, in MB.
        heard: detections in one round.
    """

    core_pct: float
    lowest_pct: float
    highest_pct: float
    peak_rss_mb: float
    heard: int


def cost_of(rounds: Sequence[Mapping[str, Any]]) -> Cost:
    """Sum up one engine's rounds."""
    shares = [100 * one["cpu_s"] / one["audio_s"] for one in rounds]
    return Cost(
        round(median(shares), 3),
        round(min(shares), 3),
        round(max(shares), 3),
        round(median(one["peak_rss_mb"] for one in rounds), 1),
        rounds[0]["heard"],
    )


def table(costs: Mapping[str, Cost]) -> list[str]:
    """The costs for people, each beside ours for the same job."""
    lines = [f"{'engine':<24}{'% of a core':>12}{'range':>18}{'beside ours':>13}{'peak MB':>9}{'heard':>7}"]
    for name, cost in costs.items():
        ratio = ratios(costs).get(name)
        beside = f"x {ratio:.2f}" if ratio else ""
        spread = f"{cost.lowest_pct:.2f} to {cost.highest_pct:.2f}"
        heard = "" if name.endswith("recognise") else str(cost.heard)
        row = f"{name:<24}{cost.core_pct:>12.2f}{spread:>18}{beside:>13}{cost.peak_rss_mb:>9.0f}{heard:>7}"
        lines.append(row.rstrip())
    return lines


def ratios(costs: Mapping[str, Cost]) -> dict[str, float]:
    """Every other engine's cost over ours for the same job."""
    found = {}
    for name, cost in costs.items():
        ours = costs.get(f"{OURS} recognise" if name.endswith("recognise") else f"{OURS} wake")
        if ours and not name.startswith(OURS) and ours.core_pct:
            found[name] = round(cost.core_pct / ours.core_pct, 2)
    return found


def measure(engine: str, python: str, sound: Path, repeat: int) -> dict[str, Any] | str:
    """One round of one engine in its own process; its last words when it failed."""
    command = [python, str(_SUBJECT), engine, str(sound), str(repeat)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return dict(json.loads(done.stdout.splitlines()[-1]))
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def run_rounds(peer_python: str, sound: Path, rounds: int, repeat: int) -> dict[str, Cost]:
    """All engines in turn, round by round; one that fails is told and left out."""
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in ENGINES}
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr)
        for name in list(results):
            found = measure(name, sys.executable if name.startswith(OURS) else peer_python, sound, repeat)
            if isinstance(found, str):
                print(f"  {name} left out: {found}", file=sys.stderr)
                del results[name]
            else:
                results[name].append(found)
    return {name: cost_of(found) for name, found in results.items()}


def write_wav(path: Path, repeats_of_scene: int = 1) -> float:
    """The demo's scene as a WAV file; returns its seconds."""
    samples = build_scene()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes() * repeats_of_scene)
    return len(samples) * repeats_of_scene / 16_000


def main() -> int:
    """Measure, print the table, and one JSON object as the last line."""
    parser = argparse.ArgumentParser(prog="scripts/bench cost", description=__doc__)
    parser.add_argument("--peer-python", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=5, help="how often every engine has its turn (5)")
    parser.add_argument("--repeat", type=int, default=1, help="the scene, so many times in a round (1)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder, "scene.wav")
        seconds = write_wav(sound)
        costs = run_rounds(args.peer_python, sound, args.rounds, args.repeat)
    print(
        f"{seconds * args.repeat:.0f} s of sound, 6 commands; {args.rounds} rounds; {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}"
    )
    print(*table(costs), sep="\n")
    print(
        json.dumps(
            {
                "seconds": round(seconds * args.repeat, 1),
                "rounds": args.rounds,
                "core_pct": {name: cost.core_pct for name, cost in costs.items()},
                "peak_rss_mb": {name: cost.peak_rss_mb for name, cost in costs.items()},
                "times_ours": ratios(costs),
            }
        )
    )
    return 0 if all(name in costs for name in ENGINES if name.startswith(OURS)) else 1


if __name__ == "__main__":
    sys.exit(main())
