"""A clock that moves when somebody sleeps on it or a test says so."""

from __future__ import annotations


class FakePacing:
    """Stands in for the module `time` where `monotonic` and `sleep` are used."""

    def __init__(self, now_s: float = 1000.0) -> None:
        self.now_s = now_s
        self.slept_s: list[float] = []

    def monotonic(self) -> float:
        """The time it shows, in seconds."""
        return self.now_s

    def sleep(self, seconds: float, /) -> None:
        """Move on at once."""
        self.slept_s.append(seconds)
        self.now_s += seconds
