"""The order of the stages: sound in, finished requests out; no thread, no device, no clock of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import PreRoll
from alexa_local.config import EndpointRule
from alexa_local.frontend import LogMel
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE, Hypothesis
from alexa_local.recognise import Recogniser, Stream, ended_by
from alexa_local.wake import Detection, WakeWord

FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
PRE_ROLL_S = 3.0
BEFORE_WAKE_FRAMES = 20
"""How far before the wake word's estimated beginning the recogniser starts."""

PUSH_SAMPLES = SAMPLE_RATE // 25
"""Sound is worked on in pieces of 40 ms, however it arrives: no decision depends on the blocks' size."""

OnEvent = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Request:
    """What was said after a wake word.

    Attributes:
        hypotheses: readings, best first; the best one's text is "" when nothing was said.
        started_s: when listening began, in seconds of the stream.
        ended_s: when the end-pointer decided.
        rule: the rule that ended it.
        timings: "endpoint_s" from the last word piece to the decision; "recognition_s", the
            processor time in the recogniser; "speech_s", sound that went through it.
    """

    hypotheses: tuple[Hypothesis, ...]
    started_s: float
    ended_s: float
    rule: str
    timings: Mapping[str, float] = field(default_factory=dict)


class Pipeline:
    """Waits for the wake word, then listens to one request, over and over.

    Attributes:
        state: "waiting" for the wake word, or "listening" to a request.
    """

    state: Literal["waiting", "listening"]

    def __init__(
        self,
        wake_word: WakeWord,
        recogniser: Recogniser,
        rules: Mapping[str, EndpointRule],
        on_event: OnEvent,
    ) -> None:
        """Take the stages.

        Args:
            wake_word: hears the wake word.
            recogniser: makes a stream for each request.
            rules: end a request.
            on_event: told wake_word_detected, listening, stt_partial, stt_text and idle, with their details.
        """
        self._wake_word, self._recogniser, self._rules, self._on_event = (
            wake_word,
            recogniser,
            rules,
            on_event,
        )
        self._features = LogMel()
        self._pre_roll = PreRoll(PRE_ROLL_S)
        self._stream: Stream | None = None
        self._rest = np.zeros(0, np.int16)
        self.reset()

    def push(self, samples: NDArray[np.int16]) -> list[Request]:
        """Take sound, int16 (N,), 16 kHz mono, any N; return the requests that it completed."""
        known = np.concatenate([self._rest, samples])
        whole = len(known) // PUSH_SAMPLES * PUSH_SAMPLES
        done = [self._take(known[first : first + PUSH_SAMPLES]) for first in range(0, whole, PUSH_SAMPLES)]
        self._rest = known[whole:]
        return [request for request in done if request]

    def listen(self) -> None:
        """Open a request from here on, without the wake word."""
        self._open(self._pre_roll.next_frame)

    def cancel(self) -> None:
        """Give up the request that is being listened to, if any."""
        if self._stream is not None:
            self._close()
            self._on_event("idle", {"reason": "cancelled"})

    def reset(self) -> None:
        """Forget everything that was heard, as before the first block."""
        self._rest = np.zeros(0, np.int16)
        self._features.reset()
        self._pre_roll.reset()
        self._close()

    def _take(self, samples: NDArray[np.int16]) -> Request | None:
        frames = self._features.push(samples)
        self._pre_roll.push(frames)
        if self._stream is None:
            for detection in self._wake_word.push(frames):
                self._wake(detection)
            return None
        return self._hear(self._stream, frames)

    def _wake(self, heard: Detection) -> None:
        self._on_event(
            "wake_word_detected", {"score": round(heard.score, 3), "time_s": round(self._now_s, 2)}
        )
        first = heard.start_frame + self._woken_frame - BEFORE_WAKE_FRAMES
        self._open(max(0, first))

    def _open(self, first_frame: int) -> None:
        """Start the recogniser with the frames from `first_frame` on, as far as they are kept."""
        self._stream = self._recogniser.stream()
        self.state = "listening"
        self._opened_s, self._spent_s, self._partial = self._now_s, 0.0, ""
        self._on_event("listening", {})
        self._recognise(self._stream, self._pre_roll.since(first_frame))
        self._skipped_s = self._stream.length_s

    def _hear(self, stream: Stream, frames: NDArray[np.float32]) -> Request | None:
        self._recognise(stream, frames)
        if stream.partial != self._partial:
            self._partial = stream.partial
            self._on_event("stt_partial", {"text": self._partial})
        rule = ended_by(self._rules, _SinceWake(stream, self._skipped_s))
        return self._end(stream, rule) if rule else None

    def _end(self, stream: Stream, rule: str) -> Request:
        silence_s = stream.trailing_silence_s
        began_s = time.thread_time()
        hypotheses = tuple(stream.finish())
        timings = {
            "endpoint_s": round(silence_s, 3),
            "recognition_s": round(self._spent_s + time.thread_time() - began_s, 3),
            "speech_s": round(stream.length_s, 3),
        }
        request = Request(hypotheses, self._opened_s, self._now_s, rule, timings)
        self._close()
        self._on_event("stt_text", {"text": hypotheses[0].text, "rule": rule, "timings": timings})
        return request

    def _close(self) -> None:
        """Wait for the wake word from here on."""
        self._stream = None
        self.state = "waiting"
        self._wake_word.reset()
        self._woken_frame = self._pre_roll.next_frame

    def _recognise(self, stream: Stream, frames: NDArray[np.float32]) -> None:
        began_s = time.thread_time()
        stream.push(frames)
        self._spent_s += time.thread_time() - began_s

    @property
    def _now_s(self) -> float:
        """Seconds of sound taken in since the last reset."""
        return self._pre_roll.next_frame * FRAME_S


@dataclass(frozen=True)
class _SinceWake:
    """A stream as the end-pointer sees it: the wake word at its beginning is neither silence nor request."""

    stream: Stream
    skipped_s: float

    @property
    def partial(self) -> str:
        return self.stream.partial

    @property
    def length_s(self) -> float:
        return self.stream.length_s - self.skipped_s

    @property
    def trailing_silence_s(self) -> float:
        return min(self.stream.trailing_silence_s, self.length_s)
