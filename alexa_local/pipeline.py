"""The order of the stages: sound in, requests out; no thread, no device, no clock of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.capture import PreRoll
from alexa_local.config import EndpointSettings
from alexa_local.context import begin_request
from alexa_local.frontend import LogMel
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE, Hypothesis, Lattice, Talker
from alexa_local.recognise import EndOfSpeech, Evidence, Recogniser, Stream, ended_by, is_open_ended
from alexa_local.scheduler import Meter
from alexa_local.wake import Detection, Hearer, Playing
from alexa_local.wake.stop import StopWord

_log = logging.getLogger(__name__)

FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
PRE_ROLL_S = 3.0
PUSH_SAMPLES = SAMPLE_RATE // 25
"""While it listens, sound is worked on in pieces of 40 ms, however it arrives."""

WAITING_SAMPLES = 2 * PUSH_SAMPLES
"""While it waits for its wake word, in longer ones: that is most of the time, and nearly halves the work."""

_NARROW_BEAM = 4
"""Readings that are kept while work is late."""

OnEvent = Callable[[str, Mapping[str, Any]], None]

_UNKNOWN = Talker()


@dataclass(frozen=True)
class Request:
    """What was said after a wake word, for good or provisionally.

    Attributes:
        hypotheses: readings, best first; the best one's text is "" when nothing was said.
        started_s: when listening began, in seconds of the stream.
        ended_s: when the end-pointer decided.
        rule: the rule that ended it.
        timings: "endpoint_s" from the last voice to the decision; "speculative_s", the same for the
            speculative decision that held, and "lead_s", by how much that one came earlier, if there was one;
            "recognition_s", the processor time in the recogniser; "speech_s", sound that went through it.
        stage: "speculative" while the speaker may still go on: whoever prepares something must be able to
            leave it at that, because a `Reset`, or a final request with other words, may follow.
        talker: how it was spoken and by whom.
        lattice: makes the lattice of all readings, of a final request, in any thread; nothing is made before
            somebody asks.
    """

    hypotheses: tuple[Hypothesis, ...]
    started_s: float
    ended_s: float
    rule: str
    timings: Mapping[str, float] = field(default_factory=dict)
    stage: Literal["speculative", "final"] = "final"
    talker: Talker = _UNKNOWN
    lattice: Callable[[], Lattice] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Stop:
    """Somebody wants what is played to end, and said so without the wake word.

    Attributes:
        playing: what is played: "speech", "alarm" or "music".
    """

    stage: ClassVar[str] = "stop"
    playing: Playing


@dataclass(frozen=True)
class Reset:
    """Takes the last speculative request back: what was begun for it is undone.

    Attributes:
        reason: "went on" (the speaker did), "revised" (the words changed) or "cancelled".
    """

    stage: ClassVar[str] = "reset"
    reason: str


Decision = Request | Reset | Stop


class VoiceListener(Protocol):
    """A stage that tells from the voice how a request is spoken, or by whom; it holds one request's state."""

    def begin(self, wake: NDArray[np.float32]) -> None:
        """Forget what was heard; a request begins, with the wake word's frames, float32 (T, 64), T >= 0."""

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take the request's next frames, float32 (T, 64), any T."""

    def tell(self, talker: Talker) -> Talker:
        """Add what is known by now to what the others know; may be asked at any time."""


@dataclass(frozen=True)
class _Speculation:
    """What was handed on provisionally: its words, the stream's words so far at that time, and when."""

    text: str
    partial: str
    at_s: float
    quiet_s: float


class Pipeline:
    """Waits for the wake word, then listens to one request, over and over.

    Attributes:
        state: "waiting" for the wake word, or "listening" to a request.
    """

    state: Literal["waiting", "listening"]

    def __init__(
        self,
        wake_word: Hearer,
        recogniser: Recogniser,
        end_of_speech: EndOfSpeech,
        endpoint: EndpointSettings,
        on_event: OnEvent,
        voice_listeners: Sequence[VoiceListener] = (),
        stop_word: StopWord | None = None,
        playing: Callable[[], Playing] = lambda: "",
        meter: Meter | None = None,
    ) -> None:
        """Take the stages.

        Args:
            wake_word: hears the wake word.
            recogniser: makes a stream for each request.
            end_of_speech: hears whether somebody speaks, and whether they have finished.
            endpoint: the rules that end a request, provisionally and for good.
            on_event: told wake_word_detected, wake_word_refused, listening, stt_partial, speculative, reset,
                cut_off, whisper, speaker, stt_text and idle, with their details.
            voice_listeners: tell how requests are spoken and by whom.
            stop_word: hears, while something is played, that it shall end (event stop_word_detected).
            playing: tells what is played at this moment.
            meter: counts what the stages use.
        """
        self._wake_word, self._recogniser, self._ear = wake_word, recogniser, end_of_speech
        self._rules, self._on_event = endpoint.patient(), on_event
        self._voice_listeners = voice_listeners
        self._stop_word, self._playing = stop_word, playing
        self._meter = meter or Meter()
        self._given_up: frozenset[str] = frozenset()
        self._unheard: list[NDArray[np.float32]] = []
        self._features = LogMel()
        self._pre_roll = PreRoll(PRE_ROLL_S)
        self._stream: Stream | None = None
        self._speculation: _Speculation | None = None
        self._rest = np.zeros(0, np.int16)
        self.reset()

    def push(self, samples: NDArray[np.int16]) -> list[Decision]:
        """Take sound, int16 (N,), 16 kHz mono, any N; return what it completed or took back, in order."""
        known = np.concatenate([self._rest, samples])
        done: list[Decision] = []
        while len(known) >= (piece := WAITING_SAMPLES if self._stream is None else PUSH_SAMPLES):
            done += self._take(known[:piece])
            known = known[piece:]
        self._rest = known
        return done

    def listen(self) -> None:
        """Open a request from here on, without the wake word."""
        begin_request()
        self._open(self._pre_roll.next_frame, self._pre_roll.next_frame)

    def give_up(self, rungs: frozenset[str]) -> None:
        """Do without some things while work is late, and with all others; from any thread.

        Args:
            rungs: "encoder" takes the recogniser's small branch more readily, "voices" has voices listened to
                at a decision only, "beam" keeps fewer readings of the next requests, "partials" tells no
                words before a decision; others mean nothing here.
        """
        self._given_up = rungs
        self._recogniser.prefer_small("encoder" in rungs)
        self._recogniser.narrow(_NARROW_BEAM if "beam" in rungs else None)

    def cancel(self) -> list[Reset]:
        """Give up the request that is being listened to, if any; returns what that takes back."""
        if self._stream is None:
            return []
        taken_back = self._take_back("cancelled")
        self._close()
        self._on_event("idle", {"reason": "cancelled"})
        return taken_back

    def reset(self) -> list[Reset]:
        """Forget everything that was heard, as before the first block; returns what that takes back."""
        taken_back = self._take_back("cancelled")
        self._rest = np.zeros(0, np.int16)
        self._features.reset()
        self._pre_roll.reset()
        self._close()
        return taken_back

    def _take(self, samples: NDArray[np.int16]) -> Sequence[Decision]:
        with self._meter.part("frontend"):
            frames = self._features.push(samples)
        self._pre_roll.push(frames)
        if self._stream is None:
            playing = self._playing()
            self._wake_word.while_playing(playing)
            with self._meter.part("wake"):
                detections = self._wake_word.push(frames)
            for detection in detections:
                if self._stream is None:
                    self._wake(detection)
            return self._hear_stop(frames, playing) if self._stream is None else []
        return self._hear(self._stream, frames)

    def _hear_stop(self, frames: NDArray[np.float32], playing: Playing) -> list[Stop]:
        if self._stop_word is None or not self._stop_word.push(frames, playing):
            return []
        self._on_event("stop_word_detected", {"playing": playing})
        return [Stop(playing)]

    def _wake(self, heard: Detection) -> None:
        """Open a request, unless the second opinion was that it is not the word."""
        told = {"score": round(heard.score, 3), "time_s": round(self._now_s, 2)}
        if heard.verification is not None:
            told["verification"] = round(heard.verification, 3)
        if not heard.accepted:
            self._on_event("wake_word_refused", told)
            return
        begin_request()
        self._on_event("wake_word_detected", told)
        self._open(heard.request_frame + self._woken_frame, heard.start_frame + self._woken_frame)

    def _open(self, first_frame: int, word_frame: int) -> None:
        """Start the recogniser with the frames from `first_frame` on, as far as they are kept.

        The wake word begins at `word_frame`; both are counted as in the pre-roll.
        """
        self._stream = self._recogniser.stream()
        self._ear.reset()
        self.state = "listening"
        self._opened_s, self._spent_s, self._partial = self._now_s, 0.0, ""
        self._talker = _UNKNOWN
        self._on_event("listening", {})
        kept = self._pre_roll.since(first_frame)
        self._recognise(self._stream, kept)
        wake = self._pre_roll.since(min(first_frame, word_frame))
        self._unheard = []
        for listener in self._voice_listeners:
            listener.begin(wake)
        self._skipped_s = self._stream.length_s

    def _hear(self, stream: Stream, frames: NDArray[np.float32]) -> list[Request | Reset]:
        self._recognise(stream, frames)
        self._unheard.append(frames)
        if "voices" not in self._given_up:
            self._hear_voices()
        if stream.partial != self._partial and "partials" not in self._given_up:
            self._partial = stream.partial
            self._on_event("stt_partial", {"text": self._partial})
        evidence = self._evidence(stream)
        rule = ended_by(self._rules.final, evidence)
        return self._end(stream, rule, evidence) if rule else self._speculate(stream, evidence)

    def _evidence(self, stream: Stream) -> Evidence:
        """What the end-pointer sees: the wake word at the beginning is neither silence nor request."""
        length_s = stream.length_s - self._skipped_s
        return Evidence(
            words=bool(stream.partial),
            trailing_silence_s=min(stream.trailing_silence_s, length_s),
            quiet_s=min(self._ear.quiet_s, length_s),
            ended=self._ear.ended,
            sentence_end=stream.sentence_end,
            open_ended=is_open_ended(stream.partial),
            length_s=length_s,
        )

    def _speculate(self, stream: Stream, evidence: Evidence) -> list[Request | Reset]:
        """Hand on provisionally what was said so far, or take it back when the words have gone on."""
        if self._speculation is not None:
            return [*self._take_back("went on")] if self._went_on(stream, self._speculation) else []
        rule = ended_by(self._rules.speculative, evidence)
        if rule is None:
            return []
        began_s = time.thread_time()
        hypotheses = tuple(stream.peek())
        self._spent_s += time.thread_time() - began_s
        text = hypotheses[0].text
        self._speculation = _Speculation(text, stream.partial, self._now_s, evidence.quiet_s)
        timings = {"speculative_s": round(evidence.quiet_s, 3)}
        self._on_event("speculative", {"text": text, "rule": rule, "timings": timings})
        talker = self._tell_talker()
        return [Request(hypotheses, self._opened_s, self._now_s, rule, timings, "speculative", talker)]

    def _went_on(self, stream: Stream, foreseen: _Speculation) -> bool:
        """Whether there are other words by now; words so far that come and go do not count."""
        if stream.partial == foreseen.partial:
            return False
        began_s = time.thread_time()
        text = stream.peek()[0].text
        self._spent_s += time.thread_time() - began_s
        self._speculation = replace(foreseen, partial=stream.partial)
        return text != foreseen.text

    def _take_back(self, reason: str) -> list[Reset]:
        """Undo the speculative decision, if there is one."""
        if self._speculation is None:
            return []
        self._speculation = None
        self._on_event("reset", {"reason": reason})
        return [Reset(reason)]

    def _end(self, stream: Stream, rule: str, evidence: Evidence) -> list[Request | Reset]:
        began_s = time.thread_time()
        hypotheses = tuple(stream.finish())
        text = hypotheses[0].text
        timings = {
            "endpoint_s": round(evidence.quiet_s, 3),
            "recognition_s": round(self._spent_s + time.thread_time() - began_s, 3),
            "speech_s": round(stream.length_s, 3),
        }
        taken_back: list[Reset] = []
        if self._speculation is not None and self._speculation.text != text:
            taken_back = self._take_back("revised")
        elif self._speculation is not None:
            timings["speculative_s"] = round(self._speculation.quiet_s, 3)
            timings["lead_s"] = round(self._now_s - self._speculation.at_s, 3)
        if not (self._rules.final[rule].quiet_s or self._rules.final[rule].trailing_silence_s):
            self._tell_cut_off(rule, evidence)
        talker = self._tell_talker()
        request = Request(
            *(hypotheses, self._opened_s, self._now_s, rule, timings), talker=talker, lattice=stream.lattice
        )
        told: dict[str, Any] = {"text": text, "rule": rule, "timings": timings}
        if stream.large_share is not None:
            told["large_branch_pct"] = round(100 * stream.large_share)
        self._close()
        self._on_event("stt_text", told)
        return [*taken_back, request]

    def _hear_voices(self) -> None:
        """Have the voice listened to in what came since this was last done."""
        if not (self._unheard and self._voice_listeners):
            return
        frames, self._unheard = np.concatenate(self._unheard), []
        with self._meter.part("voices"):
            for listener in self._voice_listeners:
                listener.push(frames)

    def _tell_talker(self) -> Talker:
        """How the request is spoken and by whom; what is new of that is told."""
        self._hear_voices()
        talker, before = _UNKNOWN, self._talker
        for listener in self._voice_listeners:
            talker = listener.tell(talker)
        if talker.whispered != before.whispered:
            confidence = round(talker.whisper_confidence, 3)
            self._on_event("whisper", {"whispered": talker.whispered, "confidence": confidence})
        if talker.person != before.person:
            confidence = round(talker.person_confidence, 3)
            self._on_event("speaker", {"person": talker.person, "confidence": confidence})
        self._talker = talker
        return talker

    def _tell_cut_off(self, rule: str, evidence: Evidence) -> None:
        """Somebody, or a television, did not stop talking."""
        length_s = round(evidence.length_s, 1)
        message = f"Nobody stopped speaking for {length_s} s, so I stopped listening; what came first counts."
        _log.warning("%s See endpoint.final.%s in the configuration.", message, rule)
        self._on_event("cut_off", {"rule": rule, "length_s": length_s, "message": message})

    def _close(self) -> None:
        """Wait for the wake word from here on."""
        self._stream = self._speculation = None
        self.state = "waiting"
        self._wake_word.reset()
        if self._stop_word:
            self._stop_word.reset()
        self._woken_frame = self._pre_roll.next_frame

    def _recognise(self, stream: Stream, frames: NDArray[np.float32]) -> None:
        began_s = time.thread_time()
        if len(frames):
            with self._meter.part("recogniser"):
                stream.push(frames)
            with self._meter.part("end-pointer"):
                self._ear.push(frames)
        self._spent_s += time.thread_time() - began_s

    @property
    def _now_s(self) -> float:
        """Seconds of sound taken in since the last reset."""
        return self._pre_roll.next_frame * FRAME_S
