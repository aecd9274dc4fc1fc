"""What a worker counts, for Prometheus: how many and how long, never whose and never what was said."""

from __future__ import annotations

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from alexa_local.cloud.answering import Outcome
from alexa_local.errors import NetworkError

_SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
LOOPBACK = "127.0.0.1"


class Metrics:
    """One worker's; its labels are the outcomes alone."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._lattices = Counter(
            "alexa_local_cloud_lattices",
            "Lattices that came, by what became of them",
            ["outcome"],
            registry=self.registry,
        )
        for outcome in get_args(Outcome):
            self._lattices.labels(outcome)  # so that they are there before the first one
        self._seconds = Histogram(
            "alexa_local_cloud_lattice_seconds",
            "Seconds to read a lattice again",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._in_hand = Gauge(
            "alexa_local_cloud_in_hand",
            "Lattices whose answer the broker has not confirmed",
            registry=self.registry,
        )
        self._connected = Gauge(
            "alexa_local_cloud_connected", "1 while the broker is there", registry=self.registry
        )

    def lattice(self, outcome: Outcome, seconds: float) -> None:
        """One more."""
        self._lattices.labels(outcome).inc()
        self._seconds.observe(seconds)

    def in_hand(self, count: int) -> None:
        """So many are in hand."""
        self._in_hand.set(count)

    def connected(self, is_there: bool) -> None:
        """Whether the broker is there."""
        self._connected.set(is_there)

    def serve(self, port: int) -> None:
        """Offer them at http://127.0.0.1:PORT/metrics until the process ends.

        Raises:
            NetworkError: the port is taken.
        """
        try:
            start_http_server(port, addr=LOOPBACK, registry=self.registry)
        except OSError as error:
            raise NetworkError(
                f"Metrics cannot be offered at {LOOPBACK}:{port} ({error.strerror}). Choose another port."
            ) from error
