"""Lattices a second of an owner's server, and what they gain: real lattices, a real broker, real workers.

    scripts/bench rerank --workers 2 [MANIFEST...]

Without recordings, everyday commands in the demo's voice. Devices send lattices as fast as results come
back, with so many on the way; latency is from sending a lattice to its result. On a machine that others
use too, the processor time a lattice tells more than the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import AlexaLocalError, NetworkError
from alexa_local.mqtt.wire import Result
from alexa_local.testing.lattice_senders import LatticeSenders
from alexa_local.testing.mosquitto import Mosquitto
from scripts.demo.scene import speak
from scripts.evaluation.engines import Engines
from scripts.evaluation.manifest import Choice, Clips, read_manifest
from scripts.evaluation.reranking import Heard, heard_of

COMMANDS = Path(__file__).resolve().parents[1] / "evaluation" / "everyday_commands.txt"
_LIMIT_S = 120.0


class WorkerProcess:
    """`alexa-local-cloud rerank` with a name of its own; ready when this returns."""

    def __init__(self, port: int, name: str, model: Path | None) -> None:
        command = [sys.executable, "-m", "alexa_local.cloud", "rerank", "--broker", f"127.0.0.1:{port}"]
        command += ["--name", name, *(["--model", str(model)] if model else [])]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if "waiting for lattices" in line:
                return
        raise NetworkError(f"A worker did not start: {''.join(said).strip()}")

    def cpu_s(self) -> float:
        """Processor seconds so far."""
        fields = (
            Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Let it finish and end."""
        self._process.terminate()
        self._process.communicate(timeout=_LIMIT_S)


def sounds(manifests: Sequence[Path], source: str, limit: int) -> Iterator[tuple[str, NDArray[np.int16]]]:
    """What is said in each clip, and its samples, int16 (N,)."""
    if not manifests:
        lines = COMMANDS.read_text(encoding="utf-8").splitlines()
        for line in lines[:: max(1, len(lines) // limit)] if limit else lines:
            yield line, speak(line)
        return
    rows = [row for manifest in manifests for row in read_manifest(manifest) if row.labels.get("text")]
    for row, samples in Clips(
        Choice(source, limit=limit).of(rows), None, lambda line: print(line, file=sys.stderr)
    ):
        yield str(row.labels["text"]), samples


def heard(clips: Iterable[tuple[str, NDArray[np.int16]]]) -> list[Heard]:
    """Each clip as a device hears it."""
    recogniser = Engines().recogniser()
    return [heard_of(recogniser, said, samples) for said, samples in clips]


def drive(
    senders: LatticeSenders, lattices: Sequence[bytes], devices: int, ahead: int
) -> tuple[list[UUID], list[float], float]:
    """Send lattices, with at most so many on the way.

    Returns:
        The requests' ids, each one's seconds to its result, and the seconds for all.
    """
    asked: list[UUID] = []
    sent_s: dict[UUID, float] = {}
    began_s = time.monotonic()
    for number, lattice in enumerate(lattices):
        if number >= ahead:
            senders.wait_for([asked[number - ahead]], _LIMIT_S)
        asked.append(senders.send(f"device-{number % devices}", lattice))
        sent_s[asked[-1]] = time.monotonic()
    senders.wait_for(asked, _LIMIT_S)
    spent_s = max(senders.came_s[one] for one in asked) - began_s
    return asked, [max(0.0, senders.came_s[one] - sent_s[one]) for one in asked], spent_s


def bench(clips: Sequence[Heard], args: argparse.Namespace) -> dict[str, float]:
    """Drive so many workers with the clips' lattices, over and over; print what is found."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        broker = stack.enter_context(Mosquitto(Path(folder)))
        workers = [
            stack.enter_context(closing(WorkerProcess(broker.port, f"bench-{number}", args.model)))
            for number in range(1, args.workers + 1)
        ]
        senders = stack.enter_context(closing(LatticeSenders(broker.port)))
        asked, _, _ = drive(senders, [one.lattice for one in clips], args.devices, args.ahead)  # fills caches
        before_s = sum(worker.cpu_s() for worker in workers)
        lattices = [clips[number % len(clips)].lattice for number in range(args.lattices)]
        _, latencies, spent_s = drive(senders, lattices, args.devices, args.ahead)
        cpu_s = sum(worker.cpu_s() for worker in workers) - before_s
        answers = [senders.results[one][0] for one in asked]
    words = max(1, sum(len(one.words) for one in clips))
    after = sum(
        one.wrong(answer.hypotheses[0].text if isinstance(answer, Result) else one.text)
        for one, answer in zip(clips, answers, strict=True)
    )
    middle_ms = 1000 * median(latencies)
    tail_ms = 1000 * (quantiles(latencies, n=20)[-1] if len(latencies) > 1 else latencies[0])
    print(
        f"{args.lattices} lattices of {len(clips)} clips, {args.workers} workers, {os.cpu_count()} cores; "
        f"with {args.ahead} on the way median {middle_ms:.0f} ms, 19 of 20 within {tail_ms:.0f} ms"
    )
    print(
        f"processor time of the workers: {1000 * cpu_s / args.lattices:.1f} ms a lattice, "
        f"so {args.lattices / max(cpu_s, 1e-9):.1f} lattices a second of a core's own"
    )
    return {
        "lattices_per_second": round(args.lattices / spent_s, 1),
        "wer_before": round(100 * sum(one.wrong(one.text) for one in clips) / words, 2),
        "wer_after": round(100 * after / words, 2),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; the last line is one JSON object."""
    parser = argparse.ArgumentParser(prog="scripts/bench rerank", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("manifests", nargs="*", type=Path, metavar="MANIFEST")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes (1)")
    parser.add_argument(
        "--lattices", type=int, default=300, metavar="N", help="lattices that are timed (300)"
    )
    parser.add_argument("--devices", type=int, default=50, metavar="N", help="devices that send them (50)")
    parser.add_argument("--ahead", type=int, default=16, metavar="N", help="lattices on the way at once (16)")
    parser.add_argument("--limit", type=int, default=40, metavar="N", help="clips; 0 for all (40)")
    parser.add_argument("--source", default="", metavar="TEXT", help="only rows whose source contains TEXT")
    parser.add_argument("--model", type=Path, help="folder of another language model")
    args = parser.parse_args(argv)
    try:
        found = bench(heard(sounds(args.manifests, args.source, args.limit)), args)
    except AlexaLocalError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
