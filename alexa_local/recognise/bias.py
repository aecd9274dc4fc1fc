"""Names of the household, made likelier while the search spells them: shallow fusion with a phrase graph.

Each piece inside a phrase earns a boost, and a phrase that fails gives all of it back, so that a reading
keeps a boost only for phrases that it says as whole words (Zhao et al. 2019, "Shallow-fusion end-to-end
contextual biasing", sections 2.2 and 2.3), and names are looked for only after words that announce them
(their section 2.4). Where they build a weighted transducer and its failure arcs, the
phrases here stay a sorted list, in which the phrases that begin with what was said are an interval: building
is sorting, which for 5 000 names takes milliseconds, and a state is the set of intervals that are still open.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain
from math import log
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

Surprise = Callable[[tuple[int, ...]], NDArray[np.float32]]
"""From pieces to the negative log-probability of each piece after them, float32 (pieces,), in nats."""

_KNOWN_ROWS, _KNOWN_STEPS = 2048, 16384
_ABOVE_ALL = chr(0x10FFFF)


@dataclass(frozen=True)
class Boost:
    """What a piece of a phrase is worth, in nats: what it gains by knowing that one of the phrases comes.

    That is how much the language model is surprised by the piece, less how much the piece tells of which
    phrase it is, each being as likely. So common words earn little, a name among thousands earns less than
    one among ten, and nothing is earned before something rare is said.

    Attributes:
        most: for one piece.
        choice: weight of the second part; above 1 it makes up for pieces that are not as likely as they seem.
        anywhere: the share of it for phrases that no words announce, for they are looked for all the time.
    """

    most: float = 10.0
    choice: float = 1.2
    anywhere: float = 0.75

    def of(self, surprise: float, share: float, announced: bool) -> float:
        """What one piece earns.

        Args:
            surprise: the piece's negative log-probability after the phrase's earlier ones.
            share: of the phrases that begin with those, how many go on with it.
            announced: whether words announced the phrase.
        """
        worth = min(max(0.0, surprise + self.choice * log(share)), self.most)
        return round(worth if announced else self.anywhere * worth, 3)


NO_BOOST = Boost(most=0.0)
"""For a graph that only tells which phrases are being said."""


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
        earned: what its pieces are worth.
        kept: what it has earned for good by a shorter phrase within it.
        base: what had been earned before it began, beyond what is earned if all that is open fails.
    """

    kind: int
    first: int
    end: int
    said: int
    earned: float
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
        phrases: how many are looked for.
        unspelled: phrases that no pieces spell, or of more than MOST_PIECES, which are left out.
        left_out: how many were too many.
    """

    def __init__(
        self,
        classes: Sequence[PhraseClass],
        spell: Callable[[str], tuple[int, ...]],
        openings: NDArray[np.bool_],
        surprise: Surprise,
        boost: Boost = Boost(),
        like: PhraseGraph | None = None,
    ) -> None:
        """Spell and sort the phrases.

        Args:
            classes: the phrases; of too many, those of the last classes are left out.
            spell: from a word to its pieces, the first of which begins a word; () when they cannot spell it.
            openings: bool (pieces,), which pieces may follow a whole word: those that begin a word or with an
                apostrophe.
            surprise: how unlikely pieces are in themselves.
            boost: what a phrase is worth.
            like: an earlier graph of the same pieces, whose unchanged classes need no new spelling.
        """
        self.start: State = (frozenset(), frozenset({_BEGINNING}))
        self._openings = openings
        self._boost, self._surprise = boost, surprise
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
        self._always = frozenset(n for n, each in enumerate(self._classes) if not each.source.after)
        self._gains = lru_cache(_KNOWN_STEPS)(self._gains_after)
        self._first_gains = lru_cache(None)(self._gains_at_first)
        self.scores = lru_cache(_KNOWN_ROWS)(self._scores)
        self.most_after = lru_cache(_KNOWN_ROWS)(self._most_after)
        self.next = lru_cache(_KNOWN_STEPS)(self._next)

    def _scores(self, state: State) -> NDArray[np.float32]:
        """What each piece adds as the next one, float32 (pieces,), in nats; piece 0 ends the sentence."""
        matches, _ = state
        now = self._total(matches)
        failed, closed = self._kept(matches, opening=False), self._kept(matches, opening=True)
        row = np.where(self._openings, np.float32(closed), np.float32(failed))
        row[END] = closed
        for match in matches:
            earned = match.base + match.earned
            for piece, gain in self._gains(match.kind, match.first, match.end, match.said).items():
                row[piece] = max(row[piece], earned + gain)
        for number in self._opened(state):
            pieces, gains = self._first_gains(number)
            row[pieces] = np.maximum(row[pieces], np.float32(closed) + gains)
        return row - np.float32(now)

    def open(self, state: State) -> list[tuple[int, int, int, int]]:
        """What the next piece may continue or begin: (class, first, end, pieces said), of its `spelled`."""
        going = [(each.kind, each.first, each.end, each.said) for each in state[0]]
        return going + [(number, 0, len(self._classes[number].sorted), 0) for number in self._opened(state)]

    def announced(self, number: int) -> bool:
        """Whether the phrases of a class are looked for only after words that announce them."""
        return number not in self._always

    def spelled(self, number: int) -> Sequence[str]:
        """The phrases of a class, sorted, each piece as the character of its number."""
        return self._classes[number].sorted

    def _most_after(self, state: State) -> float:
        """No piece adds more as the next one: nothing, where no phrase is open or may begin."""
        return float(self.scores(state).max())

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
        for number in self._opened(state):
            whole = _Match(number, 0, len(self._classes[number].sorted), 0, 0.0, 0.0, 0.0)
            if begun := self._longer(whole, letter):
                yield begun

    def _longer(self, match: _Match, letter: str) -> _Match | None:
        spelled = self._classes[match.kind].sorted
        first, end = _narrowed(spelled, match.first, match.end, match.said, letter)
        if first == end:
            return None
        gain = self._gains(match.kind, match.first, match.end, match.said)[ord(letter)]
        earned = round(match.earned + gain, 3)
        return match._replace(first=first, end=end, said=match.said + 1, earned=earned)

    def _gains_after(self, kind: int, first: int, end: int, said: int) -> dict[int, float]:
        """What each piece earns that continues the phrases of an interval."""
        of, announced = self._classes[kind], self.announced(kind)
        surprise = self._surprise(tuple(map(ord, of.sorted[first][:said]))) if first < end else ()
        return {
            piece: self._boost.of(float(surprise[piece]), phrases / (end - first), announced)
            for piece, phrases in of.following(first, end, said)
        }

    def _gains_at_first(self, kind: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The pieces that begin a class's phrases, and what each earns."""
        gains = self._gains(kind, 0, len(self._classes[kind].sorted), 0)
        return np.array(list(gains), np.int64), np.array(list(gains.values()), np.float32)

    def _further(self, place: _Place, letter: str) -> _Place | None:
        first, end = _narrowed(self._announcers, place.first, place.end, place.said, letter)
        return _Place(first, end, place.said + 1) if first < end else None

    def _opened(self, state: State) -> frozenset[int]:
        """The classes whose phrases may begin with the next word."""
        opened = set(self._always)
        for place in state[1]:
            if place == _BEGINNING:
                opened |= self._at_start
            elif len(self._announcers[place.first]) == place.said:
                opened |= self._announced[place.first]
        return frozenset(opened)

    def _total(self, matches: frozenset[_Match]) -> float:
        """What has been given so far beyond what is kept if all that is open fails."""
        return max((each.base + each.earned for each in matches), default=0.0)

    def _kept(self, matches: frozenset[_Match], opening: bool) -> float:
        """What is kept when no match goes on; before an opening, a whole phrase is kept."""
        return max((each.base + self._kept_by(each, opening) for each in matches), default=0.0)

    def _kept_by(self, match: _Match, opening: bool) -> float:
        if opening and len(self._classes[match.kind].sorted[match.first]) == match.said:
            return match.earned
        return match.kept


class _Spelled:
    """One class of phrases in pieces, each piece as the character of its number."""

    def __init__(self, source: PhraseClass, spell: Callable[[str], tuple[int, ...]]) -> None:
        self.source = source
        by_phrase = {phrase: _spelled(phrase, spell) for phrase in source.phrases}
        self.unspelled = [phrase for phrase, spelled in by_phrase.items() if not spelled]
        self.sorted = sorted({spelled for spelled in by_phrase.values() if spelled})
        self.announcers = [spelled for words in source.after if (spelled := _spelled(words, spell))]

    def following(self, first: int, end: int, said: int) -> Iterator[tuple[int, int]]:
        """The pieces that continue `sorted[first:end]`, and how many phrases go on with each."""
        if first < end and len(self.sorted[first]) == said:
            first += 1
        while first < end:
            prefix = self.sorted[first][: said + 1]
            after = bisect_left(self.sorted, prefix + _ABOVE_ALL, first + 1, end)
            yield ord(prefix[-1]), after - first
            first = after


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
