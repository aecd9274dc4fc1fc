"""The end-pointers: how soon after the true end of speech they decide, and how often too early.

Every clip is followed by three seconds of its own quietest sound and goes through the program's own
pipeline, as if the wake word had just been heard. The true end of speech is the end of the last stretch of
voice, by energy, that begins before the recogniser's networks, forced to write the known text, write its last
piece; what is loud later (a click, a door) is no speech. Of clips without a text the last stretch counts.

- latency: from the true end to the decision, in the stream's own time (steps of 40 ms);
- lead: from the speculative decision that held to the final one; 0 where there was none;
- early_final: clips whose final decision came before the true end;
- early_speculative: clips with a speculative decision before the true end, or one that was taken back;
- resets: clips in which something was taken back;
- saved (in the lines for people): how much sooner the answer is ready, as its preparing has begun before the
  final decision. That is the lead, but at most the time that preparing takes on this machine
  (`scripts.evaluation.preparing`), and 0 where no speculative decision held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.frontend import log_mel
from alexa_local.frontend.logmel import WINDOW_SAMPLES
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE
from scripts.evaluation.manifest import Row
from scripts.evaluation.voiced import runs, voiced

ROOM_S = 3.0
_QUIET_SAMPLES = SAMPLE_RATE // 10
_GRAIN_SAMPLES = 512
_LATE_S = 0.3
"""The last piece may be written so long before the voice that it stands for begins a new stretch."""


@dataclass(frozen=True)
class Decisions:
    """What the end-pointers decided about one clip, in seconds of the stream.

    Attributes:
        final_s: the final decision; None where none came.
        rule: the rule that made it.
        speculative_s: the speculative decisions, in order.
        resets: how many of them were taken back.
        cap_s: after so many seconds every request is ended, whoever speaks.
        preparing_s: how long the answer takes to prepare.
    """

    final_s: float | None
    rule: str
    speculative_s: Sequence[float]
    resets: int
    cap_s: float
    preparing_s: float = 0.0


class EndPointers(Protocol):
    """The program's own, on whole clips; a test gives its own."""

    def decide(self, samples: NDArray[np.int16]) -> Decisions:
        """Listen to one clip, int16 (N,), until a request has ended."""

    def last_word_s(self, samples: NDArray[np.int16], text: str) -> float | None:
        """When a text's last piece is written, None where it cannot be told."""


@dataclass
class Ends:
    """What a run over clips found.

    Attributes:
        clips: clips that count.
        too_long: clips left out since they are longer than a request may be.
        silent: clips left out since nobody speaks in them.
        undecided: clips in which no final decision came.
        final_ms: latency of each final decision that was not early.
        speculative_ms: the same of the speculative decision that held.
        lead_ms: by how much that one came earlier.
        preparing_ms: how long each of these answers takes to prepare.
        saved_ms: how much sooner it is ready for being prepared ahead.
        early_final: how many final decisions came before the end of speech.
        early_speculative: clips with a speculative decision before it, or one taken back.
        resets: clips in which something was taken back.
    """

    clips: int = 0
    too_long: int = 0
    silent: int = 0
    undecided: int = 0
    final_ms: list[float] = field(default_factory=list)
    speculative_ms: list[float] = field(default_factory=list)
    lead_ms: list[float] = field(default_factory=list)
    preparing_ms: list[float] = field(default_factory=list)
    saved_ms: list[float] = field(default_factory=list)
    early_final: int = 0
    early_speculative: int = 0
    resets: int = 0

    def add(self, end_s: float, found: Decisions) -> dict[str, Any]:
        """Count one clip, whose speech ends at `end_s`; returns its figures."""
        self.clips += 1
        early = [at_s for at_s in found.speculative_s if at_s < end_s]
        self.early_speculative += bool(early or found.resets)
        self.resets += bool(found.resets)
        figures: dict[str, Any] = {"end_s": round(end_s, 2), "rule": found.rule, "resets": found.resets}
        if found.final_s is None:
            self.undecided += 1
            return figures
        figures["final_ms"] = round(1000 * (found.final_s - end_s))
        if found.final_s < end_s:
            self.early_final += 1
            return figures
        held = len(found.speculative_s) > found.resets
        foreseen_s = found.speculative_s[-1] if held else found.final_s
        self.final_ms.append(1000 * (found.final_s - end_s))
        self.lead_ms.append(1000 * (found.final_s - foreseen_s))
        self.preparing_ms.append(1000 * found.preparing_s)
        self.saved_ms.append(min(self.lead_ms[-1], self.preparing_ms[-1]))
        if foreseen_s >= end_s:
            self.speculative_ms.append(1000 * (foreseen_s - end_s))
        figures["lead_ms"] = round(self.lead_ms[-1])
        return figures

    def summary(self) -> dict[str, float]:
        """The last line of `scripts/evaluate endpoint`."""
        return {
            "clips": self.clips,
            "final_ms_p50": _percentile(self.final_ms, 50),
            "final_ms_p90": _percentile(self.final_ms, 90),
            "speculative_ms_p50": _percentile(self.speculative_ms, 50),
            "lead_ms_p50": _percentile(self.lead_ms, 50),
            "early_final": self._percent(self.early_final),
            "early_speculative": self._percent(self.early_speculative),
            "resets": self._percent(self.resets),
        }

    def lines(self) -> list[str]:
        """The same for people."""
        found = self.summary()
        return [
            f"{self.clips} clips; left out: {self.too_long} longer than a request may be, "
            f"{self.silent} in which nobody speaks",
            f"final decision {found['final_ms_p50']:.0f} ms after the end of speech, "
            f"{found['final_ms_p90']:.0f} ms in one of ten; too early in {found['early_final']} %, "
            f"none in {self.undecided} clips",
            f"speculative decision {found['speculative_ms_p50']:.0f} ms after it, "
            f"{found['lead_ms_p50']:.0f} ms ahead of the final one; too early or taken back in "
            f"{found['early_speculative']} %",
            f"something was taken back in {found['resets']} %",
            f"answer ready {_percentile(self.saved_ms, 50):.0f} ms sooner for being prepared ahead; "
            f"preparing takes {_percentile(self.preparing_ms, 50):.0f} ms on this machine",
        ]

    def _percent(self, count: int) -> float:
        return round(100 * count / self.clips, 2) if self.clips else 0.0


def measure(
    clips: Iterable[tuple[Row, NDArray[np.int16]]],
    engines: EndPointers,
    per_clip: Callable[[dict[str, Any]], None],
) -> Ends:
    """Listen to every clip in which somebody speaks."""
    found = Ends()
    for row, samples in clips:
        text = str(row.labels.get("text") or "")
        end_s = true_end_s(samples, engines.last_word_s(samples, text) if text else None)
        if end_s is None:
            found.silent += 1
            continue
        decisions = engines.decide(np.concatenate([samples, room_tone(samples, ROOM_S)]))
        if end_s >= decisions.cap_s - 0.5:
            found.too_long += 1
            continue
        per_clip({"audio": row.audio, **found.add(end_s, decisions)})
    return found


def true_end_s(samples: NDArray[np.int16], last_word_s: float | None) -> float | None:
    """When the speech of a clip ends, in seconds; None where nobody speaks.

    Args:
        samples: int16 (N,), 16 kHz mono.
        last_word_s: when the recogniser writes the last piece, where that is known.
    """
    stretches = runs(voiced(log_mel(samples)))
    if last_word_s is not None:
        limit = (last_word_s + _LATE_S) * SAMPLE_RATE / FRAME_SAMPLES
        stretches = [one for one in stretches if one[0] < limit] or stretches[:1]
    if not stretches:
        return None
    return (stretches[-1][1] * FRAME_SAMPLES + WINDOW_SAMPLES - FRAME_SAMPLES) / SAMPLE_RATE


def room_tone(samples: NDArray[np.int16], seconds: float) -> NDArray[np.int16]:
    """Steady sound like the quietest tenth of a second of a clip, int16 (N,): grains of it, overlapping."""
    wanted = int(seconds * SAMPLE_RATE)
    rng = np.random.default_rng(0)
    quiet = _quietest(samples).astype(np.float32)
    if len(quiet) <= _GRAIN_SAMPLES or not quiet.any():
        return rng.integers(-1, 2, wanted).astype(np.int16)
    window = np.sqrt(np.hanning(_GRAIN_SAMPLES + 1)[:-1]).astype(np.float32)
    out = np.zeros(wanted + _GRAIN_SAMPLES, np.float32)
    for first in range(0, wanted, _GRAIN_SAMPLES // 2):
        at = int(rng.integers(len(quiet) - _GRAIN_SAMPLES))
        out[first : first + _GRAIN_SAMPLES] += rng.choice((-1, 1)) * window * quiet[at : at + _GRAIN_SAMPLES]
    return np.clip(np.round(out[:wanted]), -32768, 32767).astype(np.int16)


def _quietest(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """The quietest tenth of a second that is not digital silence, int16 (1600,), or all of a shorter clip."""
    starts = range(0, max(1, len(samples) - _QUIET_SAMPLES + 1), _QUIET_SAMPLES // 4)
    pieces = [samples[first : first + _QUIET_SAMPLES] for first in starts]
    power = [float(np.mean(piece.astype(np.float64) ** 2)) if len(piece) else 0.0 for piece in pieces]
    heard = [number for number, one in enumerate(power) if one > 0] or [0]
    return pieces[min(heard, key=lambda number: power[number])]


def _percentile(values: Sequence[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 1) if len(values) else 0.0
