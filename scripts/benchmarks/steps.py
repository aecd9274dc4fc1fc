"""Bytes, multiply-adds and CPU time a step of .tflite files, side by side, on every runtime installed.

    python -m scripts.benchmarks.steps dense/encoder.tflite half/encoder.tflite [--rounds 60] [--json]

Each file is measured with its weights in the caches (steps one after another) and without (the caches swept
before each step), as on a small board where the search and the audio push them out between steps. The files
take turns, CPU time counts and not the clock, and of the rounds the lowest tenth is reported: on a busy
machine others only add to it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from alexa_local.tflite.network import Network, installed_runtimes, load
from scripts.benchmarks.multiply_adds import multiply_adds

SWEEP_BYTES = 64 << 20
"""More than the caches of the machines in question."""
WARM_STEPS = 4
TENTH = 10.0


@dataclass(frozen=True)
class StepCost:
    """What a file costs on one runtime: its size, and multiply-adds and CPU microseconds of one step."""

    file: str
    runtime: str
    bytes: int
    multiply_adds: int
    warm_us: float
    swept_us: float


def measure(paths: Sequence[Path], runtime: str, rounds: int) -> list[StepCost]:
    """The files' costs on one runtime, in the files' order."""
    networks = [load(path, runtime=runtime) for path in paths]
    inputs = [_some_inputs(network) for network in networks]
    swept = np.ones(SWEEP_BYTES // 4, np.float32)
    warm_us = np.zeros((rounds, len(paths)))
    swept_us = np.zeros((rounds, len(paths)))
    for turn in range(rounds):
        for number, (network, given) in enumerate(zip(networks, inputs, strict=True)):
            network.run(**given)
            warm_us[turn, number] = _cpu_us(network, given, WARM_STEPS)
            swept += 1
            swept_us[turn, number] = _cpu_us(network, given, 1)
    warm, cold = (np.percentile(times, TENTH, axis=0) for times in (warm_us, swept_us))
    return [
        StepCost(
            *(str(path), runtime, path.stat().st_size, multiply_adds(path)),
            *(round(float(w), 1), round(float(c), 1)),
        )
        for path, w, c in zip(paths, warm, cold, strict=True)
    ]


def _cpu_us(network: Network, given: dict[str, np.ndarray], steps: int) -> float:
    """CPU microseconds of this thread for one of some steps."""
    began = time.thread_time()
    for _ in range(steps):
        network.run(**given)
    return (time.thread_time() - began) * 1e6 / steps


def _some_inputs(network: Network) -> dict[str, np.ndarray]:
    """Values as large as speech makes them, the same in every run; what they are changes no time."""
    random = np.random.default_rng(0)
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in network.inputs.items()}


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table, or JSON."""
    top = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    top.add_argument("files", nargs="+", type=Path, metavar="FILE", help=".tflite files with float inputs")
    top.add_argument("--rounds", type=int, default=60, metavar="N")
    top.add_argument("--json", action="store_true", help="one JSON array instead of a table")
    args = top.parse_args(argv)
    costs = [cost for runtime in installed_runtimes() for cost in measure(args.files, runtime, args.rounds)]
    if args.json:
        print(json.dumps([asdict(cost) for cost in costs], indent=1))
        return 0
    print("runtime         bytes  multiply-adds  warm us  swept us  file")
    for cost in costs:
        print(
            f"{cost.runtime:14} {cost.bytes:7} {cost.multiply_adds:14} "
            f"{cost.warm_us:8.0f} {cost.swept_us:9.0f}  {cost.file}"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
