"""The thread that works sound through: it pushes it through the pipeline and hands requests on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import BLOCK_SAMPLES
from alexa_local.context import end_request
from alexa_local.daemon.capturing import END, MUTE_CHANGED, Capture
from alexa_local.daemon.events import EventBus
from alexa_local.messages import SAMPLE_RATE, Hypothesis, Lattice, Talker
from alexa_local.scheduler import Kind, Meter, Turns, Unordered

_PATIENCE_S = 1.0
_BLOCK_S = BLOCK_SAMPLES / SAMPLE_RATE
_IN_TIME_S = 0.16
"""Sound that was worked through so long after it came is in time: nobody notices."""

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

    def give_up(self, rungs: frozenset[str]) -> None:
        """Do without these rungs of the scheduler, and with all others; from any thread."""

    def cancel(self) -> Sequence[Decision]:
        """Give up the request that is being listened to; return what that takes back."""

    def reset(self) -> Sequence[Decision]:
        """Forget what was heard; return what that takes back."""


class Decision(Protocol):
    """What the pipeline decides: a request, the end of a speculative one, or the end of what is played."""

    @property
    def stage(self) -> str:
        """ "speculative", "reset", "final" or "stop"."""


class Requests(Protocol):
    """Whoever does what is asked: `readings.Readings`, behind the daemon's patience with files."""

    def heard(
        self, hypotheses: Sequence[Hypothesis], lattice: Callable[[], Lattice], talker: Talker
    ) -> object:
        """Do a request; `lattice` makes all its readings."""

    def speculate(self, hypotheses: Sequence[Hypothesis], talker: Talker) -> object:
        """Prepare a request, without any trace."""

    def take_back(self) -> object:
        """Give up preparing."""


class Listen:
    """The thread `listen`: pushes sound through the pipeline and hands its requests on.

    Attributes:
        progress: grows whenever the thread did what it should: with an open microphone only when sound came
            and was worked through, so that a deaf assistant does not look alive.
    """

    def __init__(
        self,
        pipeline: Listener,
        capture: Capture,
        requests: Requests,
        on_end: Callable[[], object],
        bus: EventBus,
        stopping: threading.Event,
        may_answer: Callable[[Talker, Talker], bool] = lambda asked, answering: True,
        on_stop: Callable[[str], object] = lambda playing: None,
        turns: Turns | Unordered | None = None,
    ) -> None:
        self.progress = 0
        self._mutings = 0
        self._pressed, self._asked = threading.Event(), threading.Event()
        self._pipeline = pipeline
        self._capture = capture
        self._requests = requests
        self._on_end = on_end
        self._bus = bus
        self._stopping = stopping
        self._may_answer, self._on_stop = may_answer, on_stop
        self._turns = turns or Unordered(Meter())
        self._last_talker = Talker()
        self._is_answer = False

    @property
    def state(self) -> str:
        """What a person would call it: "muted", "deaf" (no microphone), "waiting" or "listening"."""
        if self._capture.muted:
            return "muted"
        return self._pipeline.state if self._capture.state == "open" else "deaf"

    def run(self) -> None:
        """Work until the end begins."""
        while not self._stopping.is_set():
            block = self._capture.sound.get(_PATIENCE_S)
            was_muted = self._change_mute()
            self._answer_press()
            if block is END:
                self._finish()
            elif not (block is None or block is MUTE_CHANGED or was_muted or self._capture.muted):
                self._push(block)
            if self._pipeline.state == "waiting":
                end_request()
                self._is_answer = False
            if block is not None or self._capture.state != "open":
                self.progress += 1

    def press(self) -> None:
        """Listen as if the wake word had been said, or give up the present request; from any thread.

        A muted microphone stays muted, and does not answer the press later.
        """
        if not self._capture.muted:
            self._pressed.set()

    def listen_again(self) -> None:
        """Listen as if the wake word had been said, unless that is so already; from any thread."""
        self._asked.set()

    def _push(self, block: NDArray[np.int16]) -> None:
        within_s = _IN_TIME_S - _BLOCK_S * len(self._capture.sound)
        with self._turns.turn("listen", Kind.REALTIME, within_s):
            decisions = self._pipeline.push(block)
        self._hand_on(decisions)

    def _hand_on(self, decisions: Sequence[Any]) -> None:
        for one in decisions:
            if one.stage == "stop":
                self._on_stop(one.playing)
            elif one.stage == "reset":
                self._requests.take_back()
            elif one.stage == "speculative":
                self._requests.speculate(one.hypotheses, one.talker)
            elif one.hypotheses and one.hypotheses[0].text:
                self._take_request(one)
            else:  # the wake word and then silence, or no wake word at all: no answer is the best one
                self._bus.publish("idle")

    def _take_request(self, request: Any) -> None:
        """Hand it on, unless it is an answer and somebody else was asked: a television, say."""
        if self._is_answer and not self._may_answer(self._last_talker, request.talker):
            self._requests.take_back()
            self._bus.publish("follow_up_refused", {"reason": "another voice"})
            self._bus.publish("idle")
            return
        self._last_talker = request.talker
        self._requests.heard(request.hypotheses, request.lattice, request.talker)

    def _change_mute(self) -> bool:
        """The pipeline belongs to this thread, so muting takes effect here: what was heard is forgotten.

        Returns:
            Whether there was a change; a block that was taken meanwhile may be of before.
        """
        mutings = self._capture.mutings
        if mutings == self._mutings:
            return False
        self._mutings = mutings
        self._hand_on(self._pipeline.reset())
        self._bus.publish(*(("muted",) if self._capture.muted else ("idle", {"reason": "unmuted"})))
        return True

    def _answer_press(self) -> None:
        """The pipeline belongs to this thread, so a press takes effect here; not while deaf."""
        if self._asked.is_set():
            self._asked.clear()
            if self.state == "waiting":
                self._pipeline.listen()
                self._is_answer = True
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
