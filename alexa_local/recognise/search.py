"""The transducer's search: one time-synchronous beam, of which greedy is the beam of one.

At each step of the encoder every reading either takes blank and waits for the next step, or a label
and stays (Graves 2012, section 3; the order by time and the bound on labels a step follow Saon et al. 2020,
time-synchronous decoding). Readings that nothing can tell apart any more (the prediction network's labels,
every scorer's state) become one, and `lattice_pieces` keeps how each got there.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from alexa_local.recognise.lattice_pieces import (
    POSTERIOR_NATS,
    Path,
    PieceLattice,
    Source,
    Token,
    Waiting,
    best_path,
)
from alexa_local.recognise.lattice_readings import log_add

Reading = tuple[tuple[int, ...], tuple[Any, ...]]
"""What readings must share to become one: the last labels and the scorers' states."""

Scores = Callable[[list[Reading]], NDArray[np.float32]]
"""From readings to natural-log probabilities (len(readings), pieces); piece 0 is blank."""

BLANK = 0
ALIGNMENT_NATS = 8.0
"""Ways of writing a reading's last piece at another time are dropped so far below all of them together."""

_MOST_WAYS = 64
"""A reading's last piece may have come at so many steps; of more, as a long silence makes them, half stay."""


class Scorer(Protocol):
    """What adds to a reading's score label by label: a language model, a phrase graph, a guide.

    States that are equal must mean the same for all labels to come, for readings merge that share them.
    """

    @property
    def start(self) -> Hashable:
        """The state before the first label."""

    def scores(self, state: Any) -> NDArray[np.float32]:
        """What each piece adds as the next label, float32 (pieces,); -inf bars it.

        Piece 0 is what ending the sentence here adds.
        """

    def most_after(self, state: Any) -> float:
        """No next label adds more than this; the less it is, the less has to be looked at."""

    def next(self, state: Any, label: int) -> Hashable:
        """The state after that label."""


def added(scorer: Scorer, labels: tuple[int, ...]) -> float:
    """What a scorer adds to a whole sentence, its end too."""
    total, state = 0.0, scorer.start
    for label in labels:
        total += float(scorer.scores(state)[label])
        state = scorer.next(state, label)
    return total + float(scorer.scores(state)[BLANK])


@dataclass(slots=True)
class _Active:
    """Readings that nothing tells apart any more; not changed once a step is over.

    Attributes:
        key: the last labels, and the scorers' states.
        score: natural log of them all.
        waiting: the tokens they end in, each with the blanks since, but for `since`.
        since: blanks that all of them took.
        best: the likeliest of the tokens.
    """

    key: Reading
    score: float
    waiting: tuple[Waiting, ...]
    since: float
    best: Token


class BeamSearch:
    """Keeps the best readings of one stream."""

    def __init__(
        self,
        beam: int,
        context: int,
        labels_per_step: int = 3,
        margin: float = 12.0,
        alignment_margin: float = ALIGNMENT_NATS,
        scorers: Mapping[str, Scorer] | None = None,
    ) -> None:
        """Start with nothing read.

        Args:
            beam: readings kept after each step.
            context: labels that the prediction network sees.
            labels_per_step: labels that a reading may take in one step.
            margin: a reading this many nats below the best is dropped.
            alignment_margin: so is a way of writing a reading's last piece, below all of them together.
            scorers: what they say of each label is added to the score; by name.
        """
        self._beam = beam
        self._labels_per_step = labels_per_step
        self._margin, self._alignment_margin = margin, alignment_margin
        self.names = tuple(scorers or ())
        self._scorers = tuple((scorers or {}).values())
        root = Token(0, BLANK, -1, None, 0.0)
        begun = (BLANK,) * context
        states = tuple(scorer.start for scorer in self._scorers)
        self._active = [_Active((begun, states), 0.0, (Waiting(root, 0.0),), 0.0, root)]
        self._tokens = 1
        self._step = 0
        self._best: Path | None = None

    def __len__(self) -> int:
        """How many readings are followed."""
        return len(self._active)

    @property
    def leading(self) -> Reading:
        """The likeliest reading's last labels, and the scorers' states."""
        return self._active[0].key

    @property
    def best(self) -> Path:
        """The likeliest reading so far."""
        if self._best is None:
            self._best = best_path(self._active[0].best, self._active[0].score)
        return self._best

    def advance(self, scores: Scores) -> None:
        """Take one step of the encoder, whose vector `scores` has bound."""
        waiting: dict[Reading, _Active] = {}
        active = self._active
        for taken in range(self._labels_per_step + 1):
            log_p = scores([one.key for one in active])
            for one, blank in zip(active, log_p[:, BLANK].tolist(), strict=True):
                self._wait(waiting, one, blank)
            if taken == self._labels_per_step:
                break
            active = self._extend(active, log_p, self._bar(waiting))
            if not active:
                break
        ranked = sorted(waiting.values(), key=lambda one: -one.score)[: self._beam]
        self._active = [one for one in ranked if one.score >= ranked[0].score - self._margin]
        self._step += 1
        self._best = None

    def settle(self) -> None:
        """Follow the best reading alone, and forget all others."""
        best = self._active[0]
        chain = [best.best]
        while chain[-1].back:
            chain.append(chain[-1].back)
        last = Token(0, BLANK, -1, None, 0.0)
        for number, (before, token) in enumerate(itertools.pairwise(reversed(chain)), 1):
            arcs = [arc for source in token.sources for arc in source.arcs() if arc.before is before]
            way = max(arcs, key=lambda arc: arc.weight)
            alone = Source((Waiting(last, 0.0),), way.acoustic, way.added)
            last = Token(number, token.label, token.step, token.state, last.score + way.weight, last, [alone])
        waited = best.since + next(way.waited for way in best.waiting if way.token is best.best)
        waiting = (Waiting(last, waited),)
        self._active = [_Active(best.key, last.score + waited, waiting, 0.0, last)]
        self._best = None

    def lattice(self, within: float = POSTERIOR_NATS) -> PieceLattice:
        """The readings as whole sentences: what ending here is worth is added; a barred end is left out.

        Args:
            within: how much less likely than all together what is kept may be, in nats.
        """
        ends = [Source(one.waiting, one.since, self._ending(one)) for one in self._active]
        return PieceLattice([end for end in ends if -np.inf not in end.added], within)

    def by_sound(self, path: Path) -> float:
        """How likely a whole sentence is without what the scorers add, in nats."""
        return path.score - sum(added(scorer, path.labels) for scorer in self._scorers)

    def _ending(self, one: _Active) -> tuple[float, ...]:
        states = one.key[1]
        return tuple(
            float(scorer.scores(state)[BLANK]) for scorer, state in zip(self._scorers, states, strict=True)
        )

    def _wait(self, waiting: dict[Reading, _Active], one: _Active, blank: float) -> None:
        """Take a blank; readings that became alike are one from now on."""
        score, since = one.score + blank, one.since + blank
        other = waiting.get(one.key)
        if other is None:
            waiting[one.key] = _Active(one.key, score, one.waiting, since, one.best)
            return
        total = log_add(score, other.score)
        both = [Waiting(token, waited + since) for token, waited in one.waiting]
        both += [Waiting(token, waited + other.since) for token, waited in other.waiting]
        floor = total - self._alignment_margin
        kept = tuple(way for way in both if way.token.score + way.waited >= floor)
        if len(kept) > _MOST_WAYS:
            kept = tuple(sorted(kept, key=lambda way: -(way.token.score + way.waited))[: _MOST_WAYS // 2])
        best = max(both, key=lambda way: way.token.score + way.waited).token
        waiting[one.key] = _Active(one.key, total, kept, 0.0, best)

    def _bar(self, waiting: dict[Reading, _Active]) -> float:
        """The score below which a reading cannot be kept at the end of this step."""
        scores = sorted((one.score for one in waiting.values()), reverse=True)
        worst = scores[self._beam - 1] if len(scores) >= self._beam else -np.inf
        return max(worst, scores[0] - self._margin)

    def _extend(self, active: list[_Active], log_p: NDArray[np.float32], bar: float) -> list[_Active]:
        """The best readings with one label more; what is under the bar is out."""
        scores = np.array([one.score for one in active], np.float32)
        high = (log_p[:, BLANK + 1 :].max(axis=1) + scores).tolist()
        rows = [row for row, one in enumerate(active) if high[row] + self._most_after(one.key) > bar]
        if not rows:
            return []
        added = [
            [scorer.scores(state) for scorer, state in zip(self._scorers, active[row].key[1], strict=True)]
            for row in rows
        ]
        totals = log_p[rows] + scores[rows, None]  # (rows, pieces)
        for total, parts in zip(totals, added, strict=True):
            for part in parts:
                total += part
        totals[:, BLANK] = -np.inf
        flat = totals.ravel()
        best = np.flatnonzero(flat > bar)
        if len(best) > self._beam:
            best = best[np.argpartition(flat[best], -self._beam)[-self._beam :]]
        longer: dict[Reading, Token] = {}
        likeliest: dict[Reading, float] = {}
        for index in best.tolist():
            which, label = divmod(index, log_p.shape[1])
            one, acoustic = active[rows[which]], float(log_p[rows[which], label])
            worth = tuple([float(part[label]) for part in added[which]])
            key = self._after(one.key, label)
            score = one.score + acoustic + sum(worth)
            token = longer.get(key)
            if token is None:
                token = longer[key] = Token(self._tokens, label, self._step, key, score, one.best)
                likeliest[key] = score
                self._tokens += 1
            else:
                token.score = log_add(token.score, score)
                if score > likeliest[key]:
                    likeliest[key], token.back = score, one.best
            token.sources.append(Source(one.waiting, one.since + acoustic, worth))
        return [
            _Active(key, token.score, (Waiting(token, 0.0),), 0.0, token) for key, token in longer.items()
        ]

    def _most_after(self, key: Reading) -> float:
        return sum([scorer.most_after(state) for scorer, state in zip(self._scorers, key[1], strict=True)])

    def _after(self, key: Reading, label: int) -> Reading:
        context, before = key
        states = tuple(
            [scorer.next(state, label) for scorer, state in zip(self._scorers, before, strict=True)]
        )
        return (*context, label)[1:] if context else (), states
