"""Names of the household, made likelier while the search spells them: shallow fusion with a phrase graph.

Each piece inside a phrase earns a boost, and a phrase that fails gives all of it back, so that a reading
keeps a boost only for phrases that it says as whole words (Zhao et al. 2019, "Shallow-fusion end-to-end
contextual biasing", sections 2.2 and 2.3). Where they build a weighted transducer and its failure arcs, the
phrases here stay a sorted list, in which the phrases that begin with what was said are an interval: building
is sorting, which for 5 000 names takes milliseconds, and a state is the set of intervals that are still open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from alexa_local.messages import PhraseClass

MOST_PHRASES = 20_000
"""Of all classes together; more of them would cost a small board seconds when they change."""

MOST_PIECES = 120
"""Of one phrase; nobody says a longer name."""

END = 0
"""Piece 0, blank to the transducer, stands for a sentence's end."""

_KNOWN_ROWS, _KNOWN_STEPS = 2048, 16384
_ABOVE_ALL = chr(0x10FFFF)


@dataclass(frozen=True)
class Boost:
    """What a phrase is worth, in nats.

    Attributes:
        piece: for each piece of a name that was announced ("call" and then the name).
        full_pieces: pieces that earn so much; a longer name has been told apart by then.
        later_piece: for each piece after those.
        elsewhere: the share of it for a name that nothing announced.
        unsure_pieces: pieces of such a name that earn nothing, for many words begin like some name.
    """

    piece: float = 3.0
    full_pieces: int = 8
    later_piece: float = 1.0
    elsewhere: float = 0.5
    unsure_pieces: int = 2

    def after(self, pieces: int, announced: bool) -> float:
        """What a name has earned by its first so many pieces."""
        if not announced:
            return self.elsewhere * self.after(max(0, pieces - self.unsure_pieces), True)
        return self.piece * min(pieces, self.full_pieces) + self.later_piece * max(
            0, pieces - self.full_pieces
        )


@dataclass(frozen=True)
class BiasReport:
    """What became of phrases that were to be heard more readily.

    Attributes:
        phrases: how many are looked for.
        unspelled: those that no word pieces spell, or that are too long, which are left out.
        left_out: how many were too many, beyond MOST_PHRASES.
    """

    phrases: int = 0
    unspelled: tuple[str, ...] = ()
    left_out: int = 0


class _Match(NamedTuple):
    """A phrase that is being said: `spelled[first:end]` of its class begin with the `said` pieces.

    Attributes:
        kept: what it has earned for good by a shorter phrase within it.
        base: what had been earned before it began, beyond what is earned if all that is open fails.
    """

    kind: int
    first: int
    end: int
    said: int
    announced: bool
    kept: float
    base: float


class _Place(NamedTuple):
    """Words that may announce a name: `announcers[first:end]` begin with the `said` pieces."""

    first: int
    end: int
    said: int


State = tuple[frozenset[_Match], frozenset[_Place]]

_BEGINNING = _Place(-1, -1, 0)


class PhraseGraph:
    """Scores what each piece, as the next one, adds to a reading; a `search.Scorer`.

    Attributes:
        start: the state before the first piece.
        most: no piece adds more.
        phrases: how many are looked for.
        unspelled: phrases that no pieces spell, or of more than MOST_PIECES, which are left out.
        left_out: how many were too many.
    """

    def __init__(
        self,
        classes: Sequence[PhraseClass],
        spell: Callable[[str], tuple[int, ...]],
        openings: NDArray[np.bool_],
        boost: Boost = Boost(),
        like: PhraseGraph | None = None,
    ) -> None:
        """Spell and sort the phrases.

        Args:
            classes: the phrases; of too many, those of the last classes are left out.
            spell: from a word to its pieces, the first of which begins a word; () when they cannot spell it.
            openings: bool (pieces,), which pieces may follow a whole word: those that begin a word or with an
                apostrophe.
            boost: what a phrase is worth.
            like: an earlier graph of the same pieces, whose unchanged classes need no new spelling.
        """
        self.start: State = (frozenset(), frozenset({_BEGINNING}))
        self._openings = openings
        self.most = max(boost.piece, boost.later_piece) * max(boost.elsewhere, 1.0)
        self._worth = (_worths(boost, announced=False), _worths(boost, announced=True))
        self._classes: list[_Spelled] = []
        known = {each.source.kind: each for each in like._classes} if like else {}
        room = MOST_PHRASES
        for each in classes:
            source = each if len(each.phrases) <= room else replace(each, phrases=each.phrases[:room])
            old = known.get(source.kind)
            self._classes.append(old if old and old.source == source else _Spelled(source, spell))
            room -= len(source.phrases)
        self.phrases = sum(len(each.sorted) for each in self._classes)
        self.unspelled = tuple(chain.from_iterable(each.unspelled for each in self._classes))
        self.left_out = sum(len(each.phrases) for each in classes) - (MOST_PHRASES - room)
        announced: dict[str, set[int]] = {}
        for number, spelled in enumerate(self._classes):
            for announcer in spelled.announcers:
                announced.setdefault(announcer, set()).add(number)
        self._announcers = sorted(announced)
        self._announced = [frozenset(announced[announcer]) for announcer in self._announcers]
        self._at_start = frozenset(n for n, each in enumerate(self._classes) if "" in each.source.after)
        self.scores = lru_cache(_KNOWN_ROWS)(self._scores)
        self.next = lru_cache(_KNOWN_STEPS)(self._next)

    def _scores(self, state: State) -> NDArray[np.float32]:
        """What each piece adds as the next one, float32 (pieces,), in nats; piece 0 ends the sentence."""
        matches, _ = state
        now = self._total(matches)
        failed, closed = self._kept(matches, opening=False), self._kept(matches, opening=True)
        row = np.where(self._openings, np.float32(closed), np.float32(failed))
        row[END] = closed
        for match in matches:
            worth = match.base + self._worth[match.announced][match.said + 1]
            for piece in self._classes[match.kind].following(match):
                row[piece] = max(row[piece], worth)
        for number, announced in self._opened(state):
            worth = closed + self._worth[announced][1]
            if worth > closed:
                first = self._classes[number].firsts
                row[first] = np.maximum(row[first], np.float32(worth))
        return row - np.float32(now)

    def _next(self, state: State, label: int) -> State:
        """The state after that piece."""
        matches, places = state
        letter = chr(label)
        opening = bool(self._openings[label])
        floor = self._kept(matches, opening)
        longer = [
            longer._replace(kept=self._kept_by(match, opening), base=round(match.base - floor, 3))
            for match in matches
            if (longer := self._longer(match, letter))
        ]
        goes_on = [place for place in places if place != _BEGINNING]
        if opening:
            longer += self._begun(state, letter)
            goes_on.append(_Place(0, len(self._announcers), 0))
        after = [found for place in goes_on if (found := self._further(place, letter))]
        return frozenset(longer), frozenset(after)

    def _begun(self, state: State, letter: str) -> Iterator[_Match]:
        for number, announced in self._opened(state):
            spelled = self._classes[number].sorted
            whole = _Match(number, 0, len(spelled), 0, announced, 0.0, 0.0)
            if begun := self._longer(whole, letter):
                yield begun

    def _longer(self, match: _Match, letter: str) -> _Match | None:
        spelled = self._classes[match.kind].sorted
        first, end = _narrowed(spelled, match.first, match.end, match.said, letter)
        return match._replace(first=first, end=end, said=match.said + 1) if first < end else None

    def _further(self, place: _Place, letter: str) -> _Place | None:
        first, end = _narrowed(self._announcers, place.first, place.end, place.said, letter)
        return _Place(first, end, place.said + 1) if first < end else None

    def _opened(self, state: State) -> Iterator[tuple[int, bool]]:
        """The classes whose names may begin with the next word: (number, whether something announced it)."""
        announced: set[int] = set()
        for place in state[1]:
            if place == _BEGINNING:
                announced |= self._at_start
            elif len(self._announcers[place.first]) == place.said:
                announced |= self._announced[place.first]
        for number in range(len(self._classes)):
            yield number, number in announced

    def _total(self, matches: frozenset[_Match]) -> float:
        """What has been given so far beyond what is kept if all that is open fails."""
        return max((each.base + self._worth[each.announced][each.said] for each in matches), default=0.0)

    def _kept(self, matches: frozenset[_Match], opening: bool) -> float:
        """What is kept when no match goes on; before an opening, a whole phrase is kept."""
        return max((each.base + self._kept_by(each, opening) for each in matches), default=0.0)

    def _kept_by(self, match: _Match, opening: bool) -> float:
        if opening and len(self._classes[match.kind].sorted[match.first]) == match.said:
            return self._worth[match.announced][match.said]
        return match.kept


class _Spelled:
    """One class of phrases in pieces, each piece as the character of its number."""

    def __init__(self, source: PhraseClass, spell: Callable[[str], tuple[int, ...]]) -> None:
        self.source = source
        by_phrase = {phrase: _spelled(phrase, spell) for phrase in source.phrases}
        self.unspelled = [phrase for phrase, spelled in by_phrase.items() if not spelled]
        self.sorted = sorted({spelled for spelled in by_phrase.values() if spelled})
        self.firsts = np.array(sorted({ord(spelled[0]) for spelled in self.sorted}), np.int64)
        self.announcers = [spelled for words in source.after if (spelled := _spelled(words, spell))]

    def following(self, match: _Match) -> Iterator[int]:
        """The pieces that continue a phrase of the match."""
        at = match.first
        if len(self.sorted[at]) == match.said:
            at += 1
        while at < match.end:
            letter = self.sorted[at][match.said]
            yield ord(letter)
            at = bisect_left(
                self.sorted, self.sorted[at][: match.said] + letter + _ABOVE_ALL, at + 1, match.end
            )


def _spelled(phrase: str, spell: Callable[[str], tuple[int, ...]]) -> str:
    """A phrase's pieces as characters; "" when one of its words cannot be spelled, or it is too long."""
    words = [spell(word) for word in phrase.split()]
    spelled = "".join(map(chr, chain.from_iterable(words)))
    return spelled if all(words) and len(spelled) <= MOST_PIECES else ""


def _narrowed(spelled: Sequence[str], first: int, end: int, said: int, letter: str) -> tuple[int, int]:
    """Which of an interval of the sorted phrases have the letter next; they share what was said."""
    if first >= end:
        return first, first
    prefix = spelled[first][:said] + letter
    begin = bisect_left(spelled, prefix, first, end)
    return begin, bisect_left(spelled, prefix + _ABOVE_ALL, begin, end)


def _worths(boost: Boost, announced: bool) -> list[float]:
    return [round(boost.after(pieces, announced), 3) for pieces in range(MOST_PIECES + 2)]
