"""The transducer's search: one time-synchronous beam, of which greedy is the beam of one.

At each step of the encoder every hypothesis either takes blank and waits for the next step, or a label
and stays; paths that spell the same labels are added up (Graves 2012, section 3; the order by time and the
bound on labels a step follow Saon et al. 2020, time-synchronous decoding).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.recognise.guide import START, State
from alexa_local.recognise.ngram import LanguageModel

Scores = Callable[[list[tuple[int, ...]]], NDArray[np.float32]]
"""From label contexts to natural-log probabilities (len(contexts), pieces); piece 0 is blank."""

BLANK = 0


class Leads(Protocol):
    """What may lead a search: `guide.Guide`."""

    def steps(self, state: State) -> dict[int, State]:
        """The pieces that may come next, and where each leads."""

    def barred(self, state: State) -> NDArray[np.bool_]:
        """Which pieces may not come next, bool (pieces,)."""


@dataclass(frozen=True)
class Path:
    """A reading so far.

    Attributes:
        labels: word pieces, without blanks.
        steps: the encoder step at which each was written.
        score: natural-log probability, summed over the alignments that were kept, with what the language
            model adds.
        state: where the guide is, when one leads.
    """

    labels: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()
    score: float = 0.0
    state: State = START


class BeamSearch:
    """Keeps the best readings of one stream."""

    def __init__(
        self,
        beam: int,
        context: int,
        labels_per_step: int = 3,
        margin: float = 12.0,
        guide: Leads | None = None,
        language: LanguageModel | None = None,
    ) -> None:
        """Start with nothing read.

        Args:
            beam: readings kept after each step.
            context: labels that the prediction network sees.
            labels_per_step: labels that a reading may take in one step.
            margin: a reading this many nats below the best is dropped.
            guide: keeps the readings within its sentences.
            language: what it says of each label is added to the score.
        """
        self._beam, self._context = beam, context
        self._labels_per_step, self._margin = labels_per_step, margin
        self._guide, self._language = guide, language
        self._step = 0
        self.paths: list[Path] = [Path()]

    @property
    def best(self) -> Path:
        """The best reading."""
        return self.paths[0]

    def advance(self, scores: Scores) -> None:
        """Take one step of the encoder, whose vector `scores` has bound."""
        waiting: dict[tuple[int, ...], Path] = {}
        active = self.paths
        for taken in range(self._labels_per_step + 1):
            log_p = scores([self._context_of(path) for path in active])
            for path, row in zip(active, log_p, strict=True):
                _merge(waiting, replace(path, score=path.score + float(row[BLANK])))
            if taken == self._labels_per_step:
                break
            active = self._extend(active, log_p, self._bar(waiting))
            if not active:
                break
        ranked = sorted(waiting.values(), key=lambda path: -path.score)[: self._beam]
        self.paths = [path for path in ranked if path.score >= ranked[0].score - self._margin]
        self._step += 1

    def ended(self) -> list[Path]:
        """The readings as whole sentences, best first: what their ends are worth is added."""
        if not self._language:
            return self.paths
        whole = [replace(p, score=p.score + float(self._language.next(p.labels)[BLANK])) for p in self.paths]
        return sorted(whole, key=lambda path: -path.score)

    def _context_of(self, path: Path) -> tuple[int, ...]:
        return ((BLANK,) * self._context + path.labels)[-self._context :]

    def _bar(self, waiting: dict[tuple[int, ...], Path]) -> float:
        """The score below which a path cannot be kept at the end of this step."""
        scores = sorted((path.score for path in waiting.values()), reverse=True)
        worst = scores[self._beam - 1] if len(scores) >= self._beam else -np.inf
        return max(worst, scores[0] - self._margin)

    def _extend(self, active: list[Path], log_p: NDArray[np.float32], bar: float) -> list[Path]:
        """The best paths with one label more; what is under the bar is out."""
        totals = log_p + np.array([path.score for path in active], np.float32)[:, None]  # (paths, pieces)
        if self._language:
            totals += np.stack([self._language.next(path.labels) for path in active])
        totals[:, BLANK] = -np.inf
        if self._guide:
            for row, path in zip(totals, active, strict=True):
                row[self._guide.barred(path.state)] = -np.inf
        flat = totals.ravel()
        kept = min(self._beam, len(flat))
        best = np.argpartition(flat, -kept)[-kept:]
        longer: dict[tuple[int, ...], Path] = {}
        for index in best[flat[best] > bar]:
            row, label = divmod(int(index), log_p.shape[1])
            path = active[row]
            state = self._guide.steps(path.state)[label] if self._guide else path.state
            new = Path((*path.labels, label), (*path.steps, self._step), float(flat[index]), state)
            _merge(longer, new)
        return list(longer.values())


def _merge(paths: dict[tuple[int, ...], Path], new: Path) -> None:
    """Add a path; where one with the same labels is there, add up and keep the likelier one's times."""
    old = paths.get(new.labels)
    if old is None:
        paths[new.labels] = new
        return
    better = new if new.score > old.score else old
    paths[new.labels] = replace(better, score=float(np.logaddexp(old.score, new.score)))
