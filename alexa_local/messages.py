"""The values that the stages hand to each other: plain, frozen, and owned by no stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Hz; everything after capture is 16 kHz mono int16."""

FRAME_SAMPLES = 160
"""Samples from one feature frame to the next: 10 ms."""

MEL_BANDS = 64
"""Values in one feature frame."""


@dataclass(frozen=True)
class Hypothesis:
    """One reading of an utterance.

    Attributes:
        text: lower-case words separated by single spaces; "" when nothing was said.
        score: natural log of how likely the reading is, by the recogniser's own measure; only differences
            between readings of one utterance mean something.
        word_times_s: one (start, end) in seconds from the start of the stream for each word.
    """

    text: str
    score: float
    word_times_s: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class LatticeArc:
    """A word that may have been said between two nodes of a lattice.

    Attributes:
        start: the node before it.
        end: the node after it, a higher number.
        word: lower-case; "" when nothing was said.
        start_s: where the word begins, in seconds from the start of the stream.
        end_s: where it ends.
        acoustic: natural log of what the sound says for it.
        language: what the language model adds.
        bias: what the household's names add.
        posterior: how probable it is, 0 to 1, that the reading passes here.
    """

    start: int
    end: int
    word: str
    start_s: float
    end_s: float
    acoustic: float
    language: float = 0.0
    bias: float = 0.0
    posterior: float = 0.0

    @property
    def weight(self) -> float:
        """All that is for it, natural log."""
        return self.acoustic + self.language + self.bias


@dataclass(frozen=True)
class Lattice:
    """All readings of an utterance that are worth keeping, as an acyclic graph of words.

    A reading is a path from node 0 to the last node; its score is the sum of its arcs' weights. The
    posteriors of the arcs that cross from some nodes to the rest sum to one, wherever the cut is.

    Attributes:
        times_s: the time of each node in seconds, never falling along an arc.
        arcs: sorted by start, end and word.
    """

    times_s: tuple[float, ...]
    arcs: tuple[LatticeArc, ...]


@dataclass(frozen=True)
class SentenceGraph:
    """Sentences as a graph of words; a sentence is a path from node 0 to a node of `ends`.

    Attributes:
        arcs: for each node, the words that may come next and the node that each leads to.
        ends: nodes where a sentence may end.
    """

    arcs: tuple[tuple[tuple[str, int], ...], ...]
    ends: frozenset[int]


@dataclass(frozen=True)
class PhraseClass:
    """Names of one kind, which a recogniser should hear more readily, and the words that announce them.

    Attributes:
        kind: what they are, such as "contact".
        phrases: lower-case words separated by single spaces.
        after: words that come right before such a name, such as "call my"; "" is a sentence's beginning.
    """

    kind: str
    phrases: tuple[str, ...]
    after: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, repr=False)
class Voice:
    """What tells one voice from others; it is in no log and no event, and never leaves the machine.

    Attributes:
        embedding: float32 (D,), of unit length.
        speech_s: seconds of speech that it rests on.
    """

    embedding: NDArray[np.float32]
    speech_s: float


@dataclass(frozen=True)
class Talker:
    """How a request was spoken and by whom, as far as the voice tells; None is not known (yet).

    Attributes:
        whispered: whether it was whispered.
        whisper_confidence: 0 to 1, how sure that is, whichever it is.
        person: the name of somebody who is enrolled, "" for a stranger.
        person_confidence: 0 to 1, how sure that is.
        is_sure: whether that is sure enough for what strangers may not do.
        typed: whether it was typed, or came over MQTT, so that there is no voice to know.
        voice: makes what can be compared with another request's voice, None of too little speech; only in
            the thread that listens.
    """

    whispered: bool | None = None
    whisper_confidence: float = 0.0
    person: str | None = None
    person_confidence: float = 0.0
    is_sure: bool = False
    typed: bool = False
    voice: Callable[[], Voice | None] | None = field(default=None, compare=False, repr=False)


TYPED = Talker(typed=True)
"""Whoever types: the control socket's permissions, or the broker's, say who may."""


@dataclass(frozen=True)
class Interpretation:
    """What a request means.

    Attributes:
        intent: the intent's name, such as "SetTimer"; "" when nothing fits.
        slots: values by slot name; numbers are int or float, durations are seconds (int),
            times are "HH:MM", dates "YYYY-MM-DD", everything else str.
        text: the words that were understood (of the hypothesis that was chosen).
        confidence: 0 to 1.
        also: what was asked for in the same breath, to be done after it.
    """

    intent: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    confidence: float = 0.0
    also: tuple[Interpretation, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What was done about a request.

    Attributes:
        ok: whether it was done.
        reply: the sentence to say, "" for none.
        action: what was done in a form for programs, such as {"timer": {"seconds": 300}}.
        earcon: a short sound instead of or before the reply: "", "done", "error" or "alarm".
        asks: the slot that the reply asks for, which the next words may fill; "" when it asks for none.
    """

    ok: bool
    reply: str = ""
    action: Mapping[str, Any] = field(default_factory=dict)
    earcon: str = ""
    asks: str = ""


@dataclass(frozen=True)
class Event:
    """Something that happened, as it appears in `alexa-local events`.

    Attributes:
        name: wake_word_detected, listening, stt_partial, stt_text, thinking, intent, action,
            tts_speaking, tts_finished, idle, muted, timer_finished, pipeline_error, ...
        time_s: seconds since the epoch.
        data: JSON-serialisable details.
    """

    name: str
    time_s: float
    data: Mapping[str, Any] = field(default_factory=dict)
