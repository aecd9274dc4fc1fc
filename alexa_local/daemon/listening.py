"""The two threads that sound goes through: one only reads, so that slow recognition never holds it up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture.microphone import OnState
from alexa_local.capture.source import Source
from alexa_local.context import end_request
from alexa_local.daemon.events import EventBus
from alexa_local.daemon.queues import BoundedQueue
from alexa_local.errors import AlexaLocalError
from alexa_local.messages import SAMPLE_RATE, Hypothesis, Lattice

_log = logging.getLogger(__name__)

END: Final = object()
"""What follows the last block of a file."""

_SOUND_QUEUE_BLOCKS = 256
_PATIENCE_S = 1.0
_LONGEST_TAIL_S = 30
_TAIL_BLOCK_SAMPLES = SAMPLE_RATE // 10


class Listener(Protocol):
    """What the pipeline offers to the daemon."""

    @property
    def state(self) -> str:
        """ "waiting" for the wake word, or "listening" to a request."""

    def push(self, samples: NDArray[np.int16]) -> Sequence[Decision]:
        """Take int16 samples, shape (N,), 16 kHz mono; return what they completed or took back."""

    def listen(self) -> object:
        """Open a request, without the wake word."""

    def cancel(self) -> Sequence[Decision]:
        """Give up the request that is being listened to; return what that takes back."""

    def reset(self) -> Sequence[Decision]:
        """Forget what was heard; return what that takes back."""


class Decision(Protocol):
    """What the pipeline decides: a request, or the end of a speculative one."""

    @property
    def stage(self) -> str:
        """ "speculative", "reset" or "final"."""


class Requests(Protocol):
    """Whoever does what is asked: `readings.Readings`, behind the daemon's patience with files."""

    def heard(self, hypotheses: Sequence[Hypothesis], lattice: Callable[[], Lattice]) -> object:
        """Do a request; `lattice` makes all its readings."""

    def speculate(self, hypotheses: Sequence[Hypothesis]) -> object:
        """Prepare a request, without any trace."""

    def take_back(self) -> object:
        """Give up preparing."""


class Capture:
    """The thread `capture`: from the source into a queue.

    Attributes:
        sound: the queue; it drops when `listen` is too slow for a microphone, and waits for it with a file.
        state: "opening", "open", "missing" (it is looked for) or "ended" (a file's end).
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

    def open(self) -> None:
        """Open the source; raises what `open_source` raises."""
        self._source = self._open_source(self._device_changed)
        if self.state == "opening":
            self._enter("open")

    def run(self) -> None:
        """Read until the end begins."""
        assert self._source is not None, "open() comes first"
        try:
            self._read(self._source)
        except AlexaLocalError as error:
            if not self._finite:
                raise
            if not self._stopping.is_set():
                self._on_failure(error)  # the file breaks off; what came before it still counts
        finally:
            self._source.close()
        if self._finite and not self._stopping.is_set():
            self._enter("ended")
            self.sound.put_waiting(END)
            self._stopping.wait()

    def stop(self) -> None:
        """Make `run` return, from any thread, once `stopping` is set."""
        self.sound.close()
        if self._source and not self._finite:  # a file is closed by the thread that reads it
            self._source.close()

    def _read(self, source: Source) -> None:
        for block in source:
            if self._stopping.is_set():
                return
            if self._finite:
                self.sound.put_waiting(block)
            else:
                self.sound.put(block)

    def _device_changed(self, state: str, detail: str) -> None:
        """Say it once that the microphone is away, and not at every try to find it."""
        if state == "back":
            _log.info("%s", detail)
            self._enter("open")
        elif self.state != "missing":
            _log.warning("%s Until then, type requests: alexa-local say TEXT", detail)
            self._enter("missing")

    def _enter(self, state: str) -> None:
        self.state = state
        self._bus.publish("microphone", {"state": state})


class Listen:
    """The thread `listen`: pushes sound through the pipeline and hands its requests on.

    Attributes:
        progress: grows whenever the thread did what it should: with an open microphone only when sound came
            and was worked through, so that a deaf assistant does not look alive.
        muted: sound is read and thrown away.
    """

    def __init__(
        self,
        pipeline: Listener,
        capture: Capture,
        requests: Requests,
        on_end: Callable[[], object],
        bus: EventBus,
        stopping: threading.Event,
    ) -> None:
        self.progress = 0
        self.muted = False
        self._was_muted = False
        self._pressed = threading.Event()
        self._pipeline = pipeline
        self._capture = capture
        self._requests = requests
        self._on_end = on_end
        self._bus = bus
        self._stopping = stopping

    @property
    def state(self) -> str:
        """What a person would call it: "muted", "deaf" (no microphone), "waiting" or "listening"."""
        if self.muted:
            return "muted"
        return self._pipeline.state if self._capture.state == "open" else "deaf"

    def run(self) -> None:
        """Work until the end begins."""
        while not self._stopping.is_set():
            block = self._capture.sound.get(_PATIENCE_S)
            self._change_mute()
            self._answer_press()
            if block is END:
                self._finish()
            elif block is not None and not self.muted:
                self._push(block)
            if self._pipeline.state == "waiting":
                end_request()
            if block is not None or self._capture.state != "open":
                self.progress += 1

    def press(self) -> None:
        """Listen as if the wake word had been said, or give up the present request; from any thread.

        A muted microphone stays muted, and does not answer the press later.
        """
        if not self.muted:
            self._pressed.set()

    def _push(self, block: NDArray[np.int16]) -> None:
        self._hand_on(self._pipeline.push(block))

    def _hand_on(self, decisions: Sequence[Any]) -> None:
        for one in decisions:
            if one.stage == "reset":
                self._requests.take_back()
            elif one.stage == "speculative":
                self._requests.speculate(one.hypotheses)
            elif one.hypotheses and one.hypotheses[0].text:
                self._requests.heard(one.hypotheses, one.lattice)
            else:  # the wake word and then silence, or no wake word at all: no answer is the best one
                self._bus.publish("idle")

    def _change_mute(self) -> None:
        """The pipeline belongs to this thread, so a change of `muted` takes effect here."""
        if self.muted != self._was_muted:
            self._was_muted = self.muted
            self._hand_on(self._pipeline.reset())
            self._bus.publish(*(("muted",) if self.muted else ("idle", {"reason": "unmuted"})))

    def _answer_press(self) -> None:
        """The pipeline belongs to this thread, so a press takes effect here; not while deaf."""
        if self._pressed.is_set():
            self._pressed.clear()
            if self._pipeline.state == "listening":
                self._hand_on(self._pipeline.cancel())
            elif self.state == "waiting":
                self._pipeline.listen()

    def _finish(self) -> None:
        """A file broke off in the middle of a request: silence closes it as it does for a person."""
        silence = np.zeros(_TAIL_BLOCK_SAMPLES, np.int16)
        for _ in range(_LONGEST_TAIL_S * SAMPLE_RATE // _TAIL_BLOCK_SAMPLES):
            self._push(silence)
            if self._pipeline.state == "waiting":
                break
        self._on_end()
