"""Which of the music a spoken request means.

What is said is compared word by word and forgives a misheard or missing letter, because a recogniser
writes names as it thinks they sound. Each name is looked at once, however many tracks bear it, and only
if a word of it was said: a small board searches ten thousand tracks in the time of a blink.
"""

from __future__ import annotations

import difflib
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Generic, TypeVar

from alexa_local.playback.tracks import Track

NOISE = frozenset(
    {"a", "an", "and", "by", "from", "in", "me", "my", "of", "on", "play", "some", "the", "to"}
    | {"album", "music", "playlist", "song", "songs", "track", "tracks"}
)
"""Words that say nothing about which music is meant."""

_LEAST_SCORE = 0.6
_AS_GOOD = 0.02
_SIMILAR = 0.75
_MOST_JOINED = 3
"""Names of so few words may be spelt ("a c d c"), or be written apart or together by whoever heard them."""

_MOST_CANDIDATES, _MOST_SIMILAR = 200, 20

_Thing = TypeVar("_Thing")


def all_words(text: str) -> list[str]:
    """Lower-case words without accents, apostrophes or punctuation."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain.replace("'", ""))


def words_of(text: str) -> tuple[str, ...]:
    """The words to compare: all of them but those that say nothing, if that leaves any."""
    words = all_words(text)
    return tuple(word for word in words if word not in NOISE) or tuple(words)


def names_of(track: Track) -> Iterator[str]:
    """Everything that a track may be called by."""
    owner = track.album_artist or track.artist
    yield from (track.title, track.artist, *track.artists, track.album_artist, track.album, track.folder)
    yield from (f"{track.title} {track.artist}", f"{track.album} {owner}")


class Search(Generic[_Thing]):
    """An index of things by the words of their names."""

    def __init__(self, named: Sequence[tuple[_Thing, Sequence[str]]]) -> None:
        """Index things, each with all its names, in the order in which they are to be found."""
        self._things = [thing for thing, _ in named]
        bearers: dict[tuple[str, ...], list[int]] = {}
        self._joined: dict[str, list[int]] = {}
        for number, (_, names) in enumerate(named):
            for name in dict.fromkeys(names):
                words = tuple(map(sys.intern, words_of(name)))  # which many names have in common
                _add(bearers, words, number)
                if len(words) <= _MOST_JOINED:
                    _add(self._joined, "".join(all_words(name)), number)
        self._names = list(bearers)
        self._bearers = list(bearers.values())
        self._names_with: dict[str, list[int]] = {}
        for place, words in enumerate(self._names):
            for word in dict.fromkeys(words):
                self._names_with.setdefault(word, []).append(place)
        self._words_with: dict[str, list[str]] = defaultdict(list)
        for word in self._names_with:
            for pair in _pairs(word):
                self._words_with[pair].append(word)

    def find(self, query: str) -> tuple[list[_Thing], float]:
        """The things whose names fit the words best, and how well, up to 1; nothing where none does."""
        wanted = words_of(query)
        similar = {word: self._similar(word) for word in set(wanted)}
        scores = self._scores(wanted, similar)
        found: dict[int, float] = {}
        for place, score in scores.items():
            for number in self._bearers[place]:
                found[number] = max(found.get(number, 0.0), score)
        for number in self._joined.get("".join(all_words(query)), ()):
            found[number] = 1.0
        best = max(found.values(), default=0.0)
        if best < _LEAST_SCORE:
            return [], 0.0
        good = sorted(number for number, score in found.items() if score >= best - _AS_GOOD)
        return [self._things[number] for number in good], best

    def _scores(
        self, wanted: Sequence[str], similar: Mapping[str, Mapping[str, float]]
    ) -> Mapping[int, float]:
        """How well each name fits of which any word was said."""
        said = {known for words in similar.values() for known in words}
        places = {place for word in said for place in self._names_with[word]}
        return {place: _score(wanted, self._names[place], similar) for place in places}

    def _similar(self, word: str) -> dict[str, float]:
        """Each known word that may be meant, with a likeness up to 1."""
        alike = {word: 1.0} if word in self._names_with else {}
        if len(word) < 3:
            return alike
        shared = Counter(
            known
            for pair in _pairs(word)
            for known in self._words_with.get(pair, ())
            if abs(len(known) - len(word)) <= 2
        )
        matcher = difflib.SequenceMatcher(None, "", word)
        likenesses = []
        for known, _ in shared.most_common(_MOST_CANDIDATES):
            matcher.set_seq1(known)
            if len(known) > 2 and matcher.quick_ratio() >= _SIMILAR and matcher.ratio() >= _SIMILAR:
                likenesses.append((matcher.ratio(), known))
        for likeness, known in sorted(likenesses, reverse=True)[:_MOST_SIMILAR]:
            alike.setdefault(known, likeness * 0.95)  # an exact word always wins
        return alike


def _add(places: dict[_Thing, list[int]], name: _Thing, number: int) -> None:
    """Note once that the thing of this number bears this name."""
    if name:
        bearers = places.setdefault(name, [])
        if not bearers or bearers[-1] != number:
            bearers.append(number)


def _pairs(word: str) -> set[str]:
    """The pairs of neighbouring letters."""
    return {a + b for a, b in pairwise(word)}


def _score(wanted: Sequence[str], name: Sequence[str], similar: Mapping[str, Mapping[str, float]]) -> float:
    """How well a name fits, 0 to 1: the harmonic mean of how much of each is found in the other."""
    said = sum(max((similar[word].get(known, 0.0) for known in name), default=0.0) for word in wanted)
    met = sum(max(similar[word].get(known, 0.0) for word in wanted) for known in name)
    if not said or not met:
        return 0.0
    said_share, met_share = said / len(wanted), met / len(name)
    return 2 * said_share * met_share / (said_share + met_share)
