"""Walking through folders that people made: with links that lead round, and parts that may not be read."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alexa_local.context import PRIVATE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """A file.

    Attributes:
        path: the whole path.
        suffix: such as ".mp3".
        changed_ns: when it was changed last.
    """

    path: str
    suffix: str
    changed_ns: int


class Walker:
    """Walks, and tells of each folder that it cannot read once and not every time."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def files(self, top: str, suffixes: frozenset[str]) -> Iterator[Found]:
        """The plain files with one of these suffixes in a folder and all below it, hidden ones excepted.

        A link to a folder is followed; each folder is looked into once, by whatever way it is reached.
        """
        seen: set[tuple[int, int]] = set()
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                about = Path(folder).stat()
                if (about.st_dev, about.st_ino) in seen:
                    continue
                seen.add((about.st_dev, about.st_ino))
                with os.scandir(folder) as entries:
                    shown = sorted((one for one in entries if one.name[0] != "."), key=lambda one: one.name)
            except OSError as error:
                self._tell(folder, error)
                continue
            below = []
            for entry in shown:
                try:
                    if entry.is_dir():
                        below.append(entry.path)
                    elif (suffix := Path(entry.name).suffix.lower()) in suffixes:
                        about = entry.stat()
                        if stat.S_ISREG(about.st_mode):
                            yield Found(entry.path, suffix, about.st_mtime_ns)
                except OSError:  # a link to nothing, or to itself
                    continue
            waiting += reversed(below)

    def _tell(self, folder: str, error: OSError) -> None:
        if folder not in self._told:
            self._told.add(folder)
            log.warning(
                "The music folder %r cannot be read (%s); what is in it is left out. "
                "Let the daemon's user read it: chmod o+rx.",
                folder,
                error.strerror,
                extra=PRIVATE,
            )
