"""The recogniser (weights, shared) and its streams (one utterance each)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path as FilePath
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from alexa_local.errors import ModelError
from alexa_local.frontend import log_mel
from alexa_local.frontend.logmel import LOG_FLOOR
from alexa_local.messages import FRAME_SAMPLES, SAMPLE_RATE, Hypothesis, Lattice, PhraseClass, SentenceGraph
from alexa_local.models import Model
from alexa_local.recognise.attention import Attention, spell_catalogue
from alexa_local.recognise.bias import NO_BOOST, BiasReport, Boost, PhraseGraph
from alexa_local.recognise.guide import Guide
from alexa_local.recognise.lattice import joined
from alexa_local.recognise.lattice_pieces import Path
from alexa_local.recognise.lattice_words import word_lattice
from alexa_local.recognise.networks import Networks, Pieces, log_softmax
from alexa_local.recognise.phrase_vectors import PhraseVectors
from alexa_local.recognise.search import BeamSearch, Reading, Scorer, Scores, added

Biasing = Literal["none", "fusion", "attention", "both"]
"""How phrases are made likelier."""

FRAME_S = FRAME_SAMPLES / SAMPLE_RATE
GUIDED_NATS_PER_LABEL = 1.8
"""How much less likely a guided reading may be than the best free one, for each label of the longer.

By their sound: without what the language model adds, and without what the transducer itself expects. On the
dev recordings 124 orders of 124 are within it, and 1 other command of 58.
"""

GUIDED_MARGIN = 60.0
"""Guided readings may lag further behind each other, in nats: they have to wait for the words that fit."""

ALONE = Boost()
"""What fusion adds by itself."""

BESIDE_ATTENTION = Boost(most=1.0, anywhere=0.0)
"""What fusion adds where attention has made phrases likelier already: so little that they do not add up."""

_FLUSH_FRAMES = 48
"""Near-silence pushed through at the end, so that the last word, which the model writes late, comes out."""
LATTICE_NATS = 9.0
"""What is so much less likely than all readings together is not in the lattice."""

_SETTLE_S = 60.0
"""So often a stream that does not end settles for its best reading, so that its memory stays small."""
_CUT_AFTER_S, _CUT_SILENCE_S, _CUT_AT_LATEST_S = 20.0, 0.5, 35.0
"""A recording is cut into streams at a pause after the first, at the last in any case."""


@dataclass(frozen=True)
class Options:
    """How widely to search.

    Attributes:
        beam: readings kept; 1 is greedy.
        n_best: readings returned.
        guided_beam: readings kept inside the owner's sentences, when there are any.
    """

    beam: int = 16
    n_best: int = 6
    guided_beam: int = 16


class Stream:
    """One utterance: its frames go in, its words come out."""

    def __init__(
        self,
        networks: Networks,
        options: Options,
        guide: Guide | None = None,
        attention: Attention | None = None,
        phrases: PhraseGraph | None = None,
    ) -> None:
        self._networks, self._options, self._attention = networks, options, attention
        self._heard = attention.start() if attention else np.zeros(0, np.float32)
        self._states, self._large_steps = networks.start(), 0
        scorers: dict[str, Scorer] = {"language": networks.language} if networks.language else {}
        if phrases:
            scorers["bias"] = phrases
        if attention:
            scorers["attention"] = attention.graph
        self._search = BeamSearch(options.beam, networks.context, scorers=scorers)
        self._guided = (
            BeamSearch(
                options.guided_beam,
                networks.context,
                margin=GUIDED_MARGIN,
                scorers={"guide": guide, "internal": networks.internal},
            )
            if guide
            else None
        )
        self._waiting = np.zeros((0, networks.bands), np.float32)
        self._steps = 0

    @property
    def partial(self) -> str:
        """The words so far, of the best reading."""
        return self._networks.pieces.text(self._search.best.labels)

    @property
    def leading(self) -> tuple[tuple[int, ...], Any]:
        """The best reading's last labels, and where it is in the graph of what is attended to."""
        labels, states = self._search.leading
        return labels, dict(zip(self._search.names, states, strict=True)).get("attention")

    @property
    def length_s(self) -> float:
        """Seconds taken in."""
        return self._steps * self._step_s

    @property
    def large_share(self) -> float | None:
        """Of its steps, 0 to 1, those in the encoder's large branch; None without branches or steps."""
        has_choice = self._networks.encoder.has_branches and self._steps
        return self._large_steps / self._steps if has_choice else None

    @property
    def trailing_silence_s(self) -> float:
        """Seconds since the best reading's last word piece, or since the beginning."""
        steps = self._search.best.steps
        return (self._steps - (steps[-1] + 1 if steps else 0)) * self._step_s

    @property
    def sentence_end(self) -> float:
        """How probable it is, by the language model, that the sentence ends here; 1 without such a model."""
        language = self._networks.language
        return language.end_probability(self._search.best.labels) if language else 1.0

    def push(self, frames: NDArray[np.float32]) -> None:
        """Take feature frames, float32 (T, 64), any T."""
        known = np.concatenate([self._waiting, frames]) if len(self._waiting) else frames
        size = self._networks.frames_per_step
        whole = len(known) // size * size
        large_steps = self._networks.encoder.large_steps
        for first in range(0, whole, size):
            encoded, self._states = self._networks.encode(known[first : first + size], self._states)
            self._search.advance(self._attending(encoded))
            if self._guided:
                self._guided.advance(partial(self._heard_as, encoded))
            self._steps += 1
            if self._steps % round(_SETTLE_S / self._step_s) == 0:
                self._search.settle()
                if self._guided:
                    self._guided.settle()
        self._large_steps += self._networks.encoder.large_steps - large_steps
        self._waiting = known[whole:].copy()

    def _heard_as(self, encoded: NDArray[np.float32], readings: list[Reading]) -> NDArray[np.float32]:
        """What the search asks at this step, by the networks alone."""
        return self._networks.log_probabilities(encoded, [labels for labels, _ in readings])

    def _attending(self, encoded: NDArray[np.float32]) -> Scores:
        """The same, with attention to the catalogue, if there is one."""
        if not self._attention:
            return partial(self._heard_as, encoded)
        query, self._heard = self._attention.hear(encoded, self._heard)
        added, at = self._attention.added, self._search.names.index("attention")

        def scores(readings: list[Reading]) -> NDArray[np.float32]:
            log_p = self._heard_as(encoded, readings)
            for row, (labels, states) in zip(log_p, readings, strict=True):
                row += added(query, labels, states[at], row)
            return log_softmax(log_p)

        return scores

    def peek(self) -> list[Hypothesis]:
        """What `finish` would return now; the stream goes on."""
        fork = copy.copy(self)
        fork._search, fork._guided = copy.copy(self._search), copy.copy(self._guided)
        return fork.finish()

    def finish(self) -> list[Hypothesis]:
        """Close the stream and return its readings, the guided ones before the free ones; never empty."""
        self.push(np.full((_FLUSH_FRAMES, self._networks.bands), LOG_FLOOR + 1.0, np.float32))
        free = self._search.lattice().n_best(self._options.n_best)
        ranked = [*self._sentences(free[0]), *free]
        found: dict[str, Hypothesis] = {}
        for one in map(self._hypothesis, ranked):
            found.setdefault(one.text, one)
        return list(found.values())

    def lattice(self) -> Lattice:
        """The free readings so far as a lattice of words; after `finish`, those of the whole stream."""
        pieces = self._search.lattice(LATTICE_NATS)
        return word_lattice(pieces, self._search.names, self._networks.pieces, self._step_s, self.length_s)

    def _sentences(self, free: Path) -> list[Path]:
        """The guided readings that are whole sentences and sound about as likely as the best free one."""
        if not self._guided:
            return []
        heard = self._search.by_sound(free) + added(self._networks.internal, free.labels)
        whole = [path for path in self._guided.lattice().n_best(self._options.n_best) if path.labels]
        longest = [max(len(free.labels), len(path.labels)) for path in whole]
        return [
            path
            for path, labels in zip(whole, longest, strict=True)
            if path.score >= heard - GUIDED_NATS_PER_LABEL * labels
        ]

    @property
    def _step_s(self) -> float:
        return self._networks.frames_per_step * FRAME_S

    def _hypothesis(self, path: Path) -> Hypothesis:
        times = word_times(path, self._networks.pieces, self._step_s)
        return Hypothesis(self._networks.pieces.text(path.labels), path.score, times)


def word_times(path: Path, pieces: Pieces, step_s: float) -> tuple[tuple[float, float], ...]:
    """(start, end) in seconds of each word: from its first piece's step to the end of its last one's."""
    spans: list[tuple[float, float]] = []
    for label, step in zip(path.labels, path.steps, strict=True):
        end = (step + 1) * step_s
        if spans and not pieces.starts_word(label):
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((step * step_s, end))
    return tuple((round(start, 3), round(end, 3)) for start, end in spans)


class Recogniser:
    """The weights of one model; makes streams."""

    def __init__(self, model: Model, options: Options = Options(), threads: int = 1) -> None:
        """Load the model.

        Raises:
            ModelError: a file is missing or does not fit this program.
        """
        self._networks = Networks(model, threads)
        self._options = self._widest = options
        self._guide: Guide | None = None
        self._attention: Attention | None = None
        self._vectors: PhraseVectors | None = None
        self._phrases: PhraseGraph | None = None
        self._spell = lru_cache(1 << 15)(self._networks.pieces.spell)

    @property
    def networks(self) -> Networks:
        """The weights, for those who listen with them too."""
        return self._networks

    @property
    def has_branches(self) -> bool:
        """Whether the encoder has a small branch too."""
        return self._networks.encoder.has_branches

    @property
    def large_share(self) -> float | None:
        """Of all steps, 0 to 1, those in the encoder's large branch; None without branches or steps."""
        encoder = self._networks.encoder
        return encoder.large_steps / encoder.steps if self.has_branches and encoder.steps else None

    @property
    def step_s(self) -> float:
        """Seconds of one step of the encoder."""
        return self._networks.frames_per_step * FRAME_S

    def stream(self) -> Stream:
        """A stream for a new utterance."""
        return Stream(self._networks, self._options, self._guide, self._attention, self._phrases)

    def narrow(self, beam: int | None) -> None:
        """Keep so few readings in the streams from now on, or as many as at first; from any thread."""
        widest = self._widest
        fewest = [min(beam or most, most) for most in (widest.beam, widest.n_best, widest.guided_beam)]
        self._options = Options(*fewest)

    def prefer_small(self, on: bool) -> None:
        """Prefer the encoder's small branch, or choose as usual, from the next step on; from any thread."""
        self._networks.encoder.prefer("cheap" if on else "normal")

    def guide(self, sentences: SentenceGraph | None) -> None:
        """Look for these sentences too, beside any others, in the streams from now on; None for no more."""
        pieces = self._networks.pieces
        self._guide = Guide(sentences, pieces.spell, len(pieces)) if sentences else None

    def bias(self, classes: Iterable[PhraseClass], boost: Boost = ALONE) -> BiasReport:
        """Hear these phrases more readily in the streams from now on; none for no more.

        This takes milliseconds where most of them are those of before.
        """
        classes = [each for each in classes if each.phrases]
        pieces = self._networks.pieces
        made = PhraseGraph(classes, self._spell, pieces.openings, self._surprise, boost, like=self._phrases)
        self._phrases = made if made.phrases else None
        return BiasReport(made.phrases, made.unspelled, made.left_out)

    def _surprise(self, labels: tuple[int, ...]) -> NDArray[np.float32]:
        """How surprising each piece is after these; all alike where the model has no n-grams."""
        if self._networks.language:
            return self._networks.language.surprise(labels)
        return np.full(len(self._networks.pieces), np.log(len(self._networks.pieces)), np.float32)

    def attend(self, classes: Iterable[PhraseClass], file: FilePath | None = None) -> BiasReport:
        """Listen for these phrases, in the streams from now on; none for no more.

        Args:
            classes: the phrases.
            file: where their vectors are kept, so that only new ones are encoded the next time.

        Raises:
            ModelError: there are phrases, and the model has no networks for them.
        """
        classes = [each for each in classes if each.phrases]
        networks = self._networks.attention
        if classes and not networks:
            raise ModelError(
                "The recogniser's model has no attention networks. Set recogniser.biasing to fusion or none, "
                "or install a model that has them."
            )
        if not classes or not networks:
            self._attention = None
            return BiasReport(0, (), 0)
        catalogue, pieces = spell_catalogue(classes, self._spell), self._networks.pieces
        graph = PhraseGraph(classes, self._spell, pieces.openings, self._surprise, NO_BOOST)
        if self._vectors is None or self._vectors.file != file:
            self._vectors = PhraseVectors(networks.encode, networks.weights, file)
        self._attention = (
            Attention(networks, self._networks.predict, catalogue, graph, self._vectors)
            if catalogue.phrases
            else None
        )
        return BiasReport(len(catalogue.phrases), catalogue.unspelled, catalogue.left_out)

    def listen_for(
        self, classes: Iterable[PhraseClass], biasing: Biasing = "fusion", file: FilePath | None = None
    ) -> BiasReport:
        """Hear these phrases more readily, in the ways that are chosen and no others.

        Args:
            classes: the phrases.
            biasing: none, fusion (`bias`), attention (`attend`) or both.
            file: where `attend` keeps what it makes of them.

        Raises:
            ModelError: there are phrases to attend to, and the model has no networks for it.
        """
        classes = tuple(classes)
        attended = self.attend(classes if biasing in ("attention", "both") else (), file)
        boost = BESIDE_ATTENTION if biasing == "both" else ALONE
        fused = self.bias(classes if biasing in ("fusion", "both") else (), boost)
        return attended if biasing == "attention" else fused

    def attention_map(self, samples: NDArray[np.int16]) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """The phrases that are listened for, and the best reading's attention to each in every encoder step.

        Args:
            samples: int16, shape (N,), 16 kHz mono.

        Returns:
            The phrases, and float32 (steps, phrases), the heads' mean share of each.
        """
        networks, attention, rows = self._networks, self._attention, []
        if not attention:
            return (), np.zeros((0, 0), np.float32)
        frames, size, stream = log_mel(samples), networks.frames_per_step, self.stream()
        states, heard = networks.start(), attention.start()
        for first in range(0, len(frames) // size * size, size):
            step = frames[first : first + size]
            encoded, states = networks.encode(step, states)
            query, heard = attention.hear(encoded, heard)
            labels, state = stream.leading
            log_p = networks.log_probabilities(encoded, [labels])[0]
            rows.append(attention.shares(query, labels, state, log_p))
            stream.push(step)
        names = attention.catalogue.names
        return names, np.array(rows, np.float32).reshape(-1, len(names))

    def transcribe(self, samples: NDArray[np.int16]) -> list[Hypothesis]:
        """The readings of a whole recording, best first; one cut into several streams has one reading.

        Args:
            samples: int16, shape (N,), 16 kHz mono.
        """
        parts = [(stream.finish(), began_s) for stream, began_s in self._streams(samples)]
        if len(parts) == 1:
            return parts[0][0]
        return [_joined([_shifted(n_best[0], began_s) for n_best, began_s in parts])]

    def transcribe_with_lattice(self, samples: NDArray[np.int16]) -> tuple[list[Hypothesis], Lattice]:
        """The same, and the lattice of the whole recording.

        Args:
            samples: int16, shape (N,), 16 kHz mono.
        """
        parts = [(stream.finish(), stream.lattice(), began_s) for stream, began_s in self._streams(samples)]
        n_best, lattice, _ = parts[0]
        for _, later, began_s in parts[1:]:
            lattice = joined(lattice, later, began_s)
        if len(parts) > 1:
            n_best = [_joined([_shifted(readings[0], began_s) for readings, _, began_s in parts])]
        return n_best, lattice

    def _streams(self, samples: NDArray[np.int16]) -> Iterator[tuple[Stream, float]]:
        """The streams that a recording is cut into, not finished yet, and when each began, in seconds."""
        frames = log_mel(samples)
        stream, began = self.stream(), 0
        for first in range(0, len(frames), 40):
            stream.push(frames[first : first + 40])
            paused = stream.length_s > _CUT_AFTER_S and stream.trailing_silence_s >= _CUT_SILENCE_S
            if paused or stream.length_s > _CUT_AT_LATEST_S:
                yield stream, began * FRAME_S
                stream, began = self.stream(), first + 40
        yield stream, began * FRAME_S


def _shifted(one: Hypothesis, later_s: float) -> Hypothesis:
    return Hypothesis(one.text, one.score, tuple((a + later_s, b + later_s) for a, b in one.word_times_s))


def _joined(parts: list[Hypothesis]) -> Hypothesis:
    text = " ".join(part.text for part in parts if part.text)
    return Hypothesis(
        text, sum(part.score for part in parts), tuple(t for part in parts for t in part.word_times_s)
    )
