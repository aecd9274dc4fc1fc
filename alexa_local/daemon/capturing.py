"""The thread that only reads sound, so that slow recognition never holds it up; muted, it lets go."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture.microphone import OnState
from alexa_local.capture.source import Source
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.queues import BoundedQueue
from alexa_local.errors import AlexaLocalError

_log = logging.getLogger(__name__)

END: Final = object()
"""What follows the last block of a file."""

MUTE_CHANGED: Final = object()
"""Comes between blocks when it was muted or unmuted, so that nobody waits for sound to notice."""

_SOUND_QUEUE_BLOCKS = 256


class Capture:
    """The thread `capture`: from the source into a queue.

    Attributes:
        sound: the queue; it drops when `listen` is too slow for a microphone, and waits for it with a file.
        state: "opening", "open", "missing" (it is looked for), "closed" (muted) or "ended" (a file's end).
        muted: whether nothing is to be heard. Then the microphone is closed; a file is read for nothing.
        mutings: how often that took effect; then comes `MUTE_CHANGED`.
        blocks: how many came from the source so far.
    """

    def __init__(
        self,
        open_source: Callable[[OnState], Source],
        finite: bool,
        bus: EventBus,
        stopping: threading.Event,
        on_failure: Callable[[AlexaLocalError], None],
    ) -> None:
        self.sound: BoundedQueue[Any] = BoundedQueue("sound", _SOUND_QUEUE_BLOCKS)
        self.state = "opening"
        self.muted = False
        self.mutings = 0
        self.blocks = 0
        self._turn = threading.Condition()  # whoever has it may open, close and hand on
        self._open_source = open_source
        self._finite = finite
        self._bus = bus
        self._stopping = stopping
        self._on_failure = on_failure
        self._source: Source | None = None

    @property
    def lost_blocks(self) -> int:
        """Blocks that the microphone lost before they came here."""
        return int(getattr(self._source, "dropped_blocks", 0))

    def open(self, muted: bool = False) -> None:
        """Open the source, or leave a microphone closed; raises what `open_source` raises."""
        if muted and not self._finite:
            self.mute(True)
        else:
            self._open()

    def mute(self, on: bool) -> None:
        """Listen no more, or again, from any thread; muted, the device is closed when this returns."""
        with self._turn:
            if on is self.muted:
                return
            self.muted = on
            if self._finite:
                self.mutings += 1
            elif on:
                source, self._source = self._source, None
                if source is not None:
                    source.close()
                self.sound.drain(self.sound.size)
                self._enter("closed")
                self._tell_change()
            else:
                self._turn.notify_all()  # the thread opens it

    def run(self) -> None:
        """Read until the end begins."""
        try:
            while source := self._next_source():
                self._read(source)
                if self._finite or self._source is source:  # it ended by itself
                    break
        except AlexaLocalError as error:
            if not self._finite:
                raise
            if not self._stopping.is_set():
                self._on_failure(error)  # the file breaks off; what came before it still counts
        finally:
            if self._source is not None:
                self._source.close()
        if self._finite and not self._stopping.is_set():
            self._enter("ended")
            self.sound.put_waiting(END)
            self._stopping.wait()

    def stop(self) -> None:
        """Make `run` return, from any thread, once `stopping` is set."""
        self.sound.close()
        with self._turn:
            self._turn.notify_all()
            if self._source and not self._finite:  # a file is closed by the thread that reads it
                self._source.close()

    def _next_source(self) -> Source | None:
        """The open source, opened again where it was closed for a while; None at the end."""
        with self._turn:
            self._turn.wait_for(lambda: self._finite or not self.muted or self._stopping.is_set())
            if self._source is None and not self._stopping.is_set():
                self._enter("opening")
                self._open()
                self._tell_change()
            return self._source

    def _tell_change(self) -> None:
        self.mutings += 1
        self.sound.put(MUTE_CHANGED)

    def _open(self) -> None:
        self._source = self._open_source(self._device_changed)
        if self.state == "opening":
            self._enter("open")

    def _read(self, source: Source) -> None:
        for block in source:
            if self._stopping.is_set():
                return
            self.blocks += 1
            if self._finite:
                self.sound.put_waiting(block)
            elif not self._hand_on(block, source):
                return

    def _hand_on(self, block: NDArray[np.int16], source: Source) -> bool:
        """Give a block to `listen`; False when it was heard before somebody muted."""
        with self._turn:
            if source is self._source:
                self.sound.put(block)
            return source is self._source

    def _device_changed(self, state: str, detail: str) -> None:
        """Say it once that the microphone is away, not at every try to find it, and not while muted."""
        with self._turn:
            if self.muted:
                return
            if state == "back":
                _log.info("%s", detail)
                self._enter("open")
            elif self.state != "missing":
                _log.warning("%s Until then, type requests: alexa-local say TEXT", detail)
                self._enter("missing")

    def _enter(self, state: str) -> None:
        self.state = state
        self._bus.publish("microphone", {"state": state})
