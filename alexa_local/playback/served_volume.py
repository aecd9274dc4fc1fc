"""How loud a music server is: as asked for, lower while somebody speaks, and as before if we end meanwhile.

What it was is in the store before it is lowered. A run that is killed then leaves quiet music behind, and the
next one makes it as loud as it was, unless somebody chose another volume since.
"""

from __future__ import annotations

import logging
from typing import Any

from alexa_local.errors import StorageError
from alexa_local.playback.mixer import Mixer
from alexa_local.playback.served import Line
from alexa_local.store import Store

log = logging.getLogger(__name__)

HUSHED = 0.4
"""What the server's volume is multiplied by beside speech: with its own curve, some 14 dB down."""

LOWERED_SETTING = "music_server_lowered_from"
"""The store's setting: what the volume was, in percent, while it is lowered; "" while it is not."""

_ATTACK, _RELEASE = 0.3, 0.1
_GAINS = tuple(step / 10 for step in range(10))
"""All that it may be multiplied by on the way down and up."""

_ROUNDED = 0.51
"""A volume that is farther from all of these, in percent, is not ours."""


class Loudness:
    """Lets a server's volume follow ours, and makes it lower while somebody speaks."""

    def __init__(self, mixer: Mixer, line: Line, store: Store) -> None:
        """Nothing is changed until somebody speaks or asks for a volume: the server has its own."""
        self._mixer, self._line, self._store = mixer, line, store
        self._asked = mixer.volume
        self._base: int | None = None
        self._gain = 1.0
        self._kept: str | None = None  # in the store; None before that was looked at
        self._fault = ""

    @property
    def is_resting(self) -> bool:
        """Whether it is as it should be while nothing plays."""
        return self._gain == 1.0

    def put_back(self) -> None:
        """Make it as loud as before a run that was killed while it was lowered; once the server tells."""
        if self._kept is not None:
            return
        kept = self._read()
        if kept.isdigit():
            before, now = int(kept), self._line.do(_volume)
            if now is None:  # its sound is not open yet
                return
            if any(abs(now - before * gain) < _ROUNDED for gain in _GAINS):
                self._line.do(lambda client: client.setvol(before))
        self._kept = kept
        self._keep("")

    def step(self) -> None:
        """Go a step towards where it should be; called twenty times in a second while something plays."""
        if self._mixer.volume != self._asked:
            self._asked = self._base = self._mixer.volume
            self._set(self._gain)
        target = 0.0 if self._mixer.muted else HUSHED if self._mixer.is_hushed else 1.0
        if target == self._gain:
            return
        if self._gain == 1.0:
            self._base = self._line.do(_volume)
        down, up = self._gain - _ATTACK, self._gain + _RELEASE
        self._set(max(target, down) if target < self._gain else min(target, up))

    def restore(self) -> None:
        """Be as loud as before."""
        if self._gain != 1.0:
            self._set(1.0)

    def _set(self, gain: float) -> None:
        """Multiply by this; what it was is kept for as long as that is less than 1."""
        base = self._base
        if base is not None:
            if gain < 1.0:
                self._keep(str(base))
            self._line.do(lambda client: client.setvol(round(base * gain)))
            if gain == 1.0:
                self._keep("")
        self._gain = gain

    def _read(self) -> str:
        try:
            return self._store.setting(LOWERED_SETTING)
        except StorageError as error:
            log.warning("The music server stays as loud as it is: %s", error)
            return ""

    def _keep(self, text: str) -> None:
        """Write what is new; a disk that refuses is told once, and does not keep music from being lowered."""
        if text == self._kept:
            return
        try:
            self._store.remember(LOWERED_SETTING, text)
            self._fault = ""
        except StorageError as error:
            if str(error) != self._fault:
                log.error("The music server's volume is not kept: %s", error)
            self._fault = str(error)
        self._kept = text


def _volume(client: Any) -> int | None:
    """In percent, None where the server has no mixer."""
    volume = client.status().get("volume", "-1")
    return int(volume) if volume.isdigit() else None
