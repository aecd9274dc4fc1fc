"""Requests that are sent while the link is cut again and again: which are lost, which are answered twice.

    scripts/bench sync --requests 1000 --cuts 100

A real database, broker and link; a worker that answers every lattice twice with its likeliest reading. A cut
is one of three, in turn: the link breaks, it breaks and the broker does not notice, the broker is killed and
forgets. Half of what is sent between two cuts is sent while there is no link. The lattices are those of
everyday commands, recognised from the demo's voice. Bytes are all that the device sends, in MQTT's terms:
lattices with what is around them, repeats, confirmations and log-ins; those of TCP are not in them.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

from alexa_local.errors import AlexaLocalError, NetworkError
from alexa_local.messages import SAMPLE_RATE
from alexa_local.mqtt import Result
from alexa_local.recognise.lattice import n_best
from alexa_local.recognise.lattice_wire import from_bytes
from alexa_local.testing.link import Link
from alexa_local.testing.mosquitto import Mosquitto
from alexa_local.testing.sender import Sender
from alexa_local.testing.worker import Worker

OPUS_BYTES_S = 3000.0
"""Opus at 24 kbit/s."""

_LIMIT_S = 120.0
_COMMANDS = 40
_AT_MOST_IN_FLIGHT_S = 0.02


@dataclass(frozen=True)
class Figures:
    """What came of it; the names are those of the last line."""

    requests: int
    cuts: int
    lost: int
    doubled: int
    bytes_per_request: float


@dataclass(frozen=True)
class Spent:
    """What it took beside.

    Attributes:
        sent: lattices sent, repeats included.
        repeated: results that were dropped, as the request had one already.
        received_bytes: what came back, twice as much as from workers that answer once.
        connections: how often the device connected.
        seconds: the whole run.
    """

    sent: int
    repeated: int
    received_bytes: int
    connections: int
    seconds: float


def run(
    lattices: Sequence[bytes], requests: int, cuts: int, chance: random.Random, ahead: int
) -> tuple[Figures, Spent]:
    """Send requests, with cuts spread among them; while there is a link, at most `ahead` are on the way.

    Raises:
        NetworkError: the broker does not start, or is not found again.
    """
    began_s = time.monotonic()
    supply = cycle(lattices)
    with (
        tempfile.TemporaryDirectory(prefix="al-") as name,
        Mosquitto(Path(name)) as broker,
        closing(Worker(broker.port, _likeliest, copies=2)),
        Link(broker.port) as link,
        closing(Sender(Path(name), link.port)) as sender,
    ):
        sent = 0
        for cut in range(cuts + 1):
            _wait_for_link(sender)
            sent = _send(sender, supply, sent, requests * (2 * cut + 1) // (2 * cuts + 1), ahead)
            if cut == cuts:
                break
            time.sleep(chance.uniform(0, _AT_MOST_IN_FLIGHT_S))
            _break(cut % 3, link, broker)
            sender.listening.clear()
            sent = _send(sender, supply, sent, requests * (2 * cut + 2) // (2 * cuts + 1))
            _mend(cut % 3, link, broker)
        sender.wait(limit_s=_LIMIT_S)
        repeated = sender.courier.answers["repeated"]
        spent = Spent(
            sender.exchange.sent,
            repeated,
            link.received_bytes,
            link.connections,
            time.monotonic() - began_s,
        )
        lost = sum(1 for number in range(requests) if not sender.results[number])
        doubled = sum(1 for count in sender.results.values() if count > 1)
    return Figures(requests, cuts, lost, doubled, round(link.sent_bytes / requests, 1)), spent


def _send(sender: Sender, supply: cycle[bytes], first: int, last: int, ahead: int | None = None) -> int:
    for number in range(first, last):
        if ahead is not None and not sender.wait(ahead - 1, _LIMIT_S):
            raise NetworkError("The results do not come. Look at the log above.")
        lattice = next(supply)
        sender.send(number, lambda lattice=lattice: lattice)  # type: ignore[misc]
    return last


def _wait_for_link(sender: Sender) -> None:
    if not sender.listening.wait(_LIMIT_S):
        raise NetworkError("The device did not find the broker again. Look at the log above.")


def _break(kind: int, link: Link, broker: Mosquitto) -> None:
    if kind == 2:
        broker.stop()
    link.cut(tell_server=kind == 0)


def _mend(kind: int, link: Link, broker: Mosquitto) -> None:
    if kind == 2:
        broker.start()
    link.mend()


def _likeliest(lattice: bytes) -> Result:
    return Result(tuple(n_best(from_bytes(lattice), 6)), 0.9, "bench")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tell; returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/bench sync", description=__doc__)
    parser.add_argument("--requests", type=int, default=1000, metavar="N")
    parser.add_argument("--cuts", type=int, default=100, metavar="N")
    parser.add_argument("--ahead", type=int, default=4, metavar="N", help="requests on the way at once")
    arguments = parser.parse_args(argv)
    logging.getLogger("alexa_local").setLevel(logging.ERROR)
    from scripts.benchmarks.rerank import heard, sounds

    try:
        clips = list(sounds([], "", _COMMANDS))
        lattices = [one.lattice for one in heard(clips)]
        figures, spent = run(lattices, arguments.requests, arguments.cuts, random.Random(0), arguments.ahead)
    except AlexaLocalError as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return error.exit_code
    opus = [len(samples) / SAMPLE_RATE * OPUS_BYTES_S for _, samples in clips]
    print(f"lattices           median {median(map(len, lattices)):.0f} bytes of {len(lattices)} commands")
    print(f"Opus, 24 kbit/s    mean {sum(opus) / len(opus):.0f} bytes of the same")
    print(f"sent               {spent.sent} lattices over {spent.connections} connections")
    print(f"dropped            {spent.repeated} further results of requests that had one")
    print(f"came back          {spent.received_bytes / figures.requests:.0f} bytes a request, each twice")
    print(f"took               {spent.seconds:.0f} s")
    print(json.dumps(figures.__dict__))
    return 0


if __name__ == "__main__":
    sys.exit(main())
