"""The hard work of updates without a process of its own, and with the faults that a test wants."""

from __future__ import annotations

from pathlib import Path

from alexa_local.errors import AlexaLocalError
from alexa_local.generations import Generation, apply_package


class FakeLabour:
    """Applies packages in this process; trying a model finds nothing wrong.

    Attributes:
        faults: raised by the next works, one each, in place of doing them.
        works: what was to be done, "apply" or "try".
    """

    def __init__(self) -> None:
        self.faults: list[AlexaLocalError] = []
        self.works: list[str] = []

    def apply(self, package: Path, sha256: str, generation: Generation, old: Path | None, new: Path) -> None:
        """Make a generation's files."""
        self._begin("apply")
        about = next(one for one in generation.packages if one.sha256 == sha256)
        apply_package(package, about, generation, old, new)

    def try_model(self, folder: Path) -> None:
        """Find nothing wrong."""
        self._begin("try")

    def end(self) -> None:
        """Nothing goes on that could be ended."""

    def _begin(self, work: str) -> None:
        self.works.append(work)
        if self.faults:
            raise self.faults.pop(0)
