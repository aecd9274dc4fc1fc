"""What music there is, and which of it a spoken request means.

Tags are read once for each file and again only when it changed. What is said is compared word by word
and forgives a misheard or missing letter, because a recogniser writes names as it thinks they sound.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import mutagen

from alexa_local.context import PRIVATE
from alexa_local.errors import ConfigError

log = logging.getLogger(__name__)

SUFFIXES = frozenset({".flac", ".mp3", ".ogg", ".oga", ".opus", ".wav"})

MOST_NAMES = 2000
"""So many names are told to whoever listens for them; more would take a small board seconds to learn."""

_NOISE = frozenset(
    {"a", "an", "and", "by", "from", "in", "me", "my", "of", "on", "play", "some", "the", "to"}
    | {"album", "music", "song", "songs", "track", "tracks"}
)
_LEAST_SCORE = 0.6
_AS_GOOD = 0.02
_SIMILAR = 0.75


def _all_words(text: str) -> list[str]:
    """Lower-case words without accents, apostrophes or punctuation."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", plain.replace("'", ""))


def words_of(text: str) -> tuple[str, ...]:
    """The words to compare: all of them but those that say nothing, if that leaves any."""
    words = _all_words(text)
    return tuple(word for word in words if word not in _NOISE) or tuple(words)


@dataclass(frozen=True)
class Track:
    """One piece of music.

    Attributes:
        path: the file.
        title: from its tags, or the file's name.
        artist: from its tags, or the folder above the album's; "" when there is none.
        album: from its tags, or the file's folder.
        folder: the name of the folder that the file is in.
        number: place on the album, 0 when unknown.
    """

    path: Path
    title: str
    artist: str
    album: str
    folder: str
    number: int = 0

    @cached_property
    def joined_names(self) -> frozenset[str]:
        """Its names without the spaces, for what is spelt ("a c d c") or written apart ("thunder struck")."""
        return frozenset(
            "".join(_all_words(name)) for name in (self.title, self.artist, self.album, self.folder)
        )

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The words of everything that it may be called by."""
        fields = (self.title, self.artist, self.album, self.folder)
        pairs = (f"{self.title} {self.artist}", f"{self.album} {self.artist}")
        return tuple(dict.fromkeys(words for words in map(words_of, (*fields, *pairs)) if words))


class MusicLibrary:
    """The music in some folders and the folders below them.

    Attributes:
        folders: where it is.
        on_change: called, in the thread that read the folders, when something else was found than before.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = [Path(folder).expanduser() for folder in folders]
        self.on_change: Callable[[], None] = lambda: None
        self._known: dict[Path, tuple[int, Track]] = {}
        self._lock = threading.Lock()

    def tracks(self) -> list[Track]:
        """Everything there is now, in the order of folders, albums and numbers.

        Raises:
            ConfigError: no folder is configured, or none of them exists.
        """
        there = [folder for folder in self.folders if folder.is_dir()]
        if not there:
            named = ", ".join(f"'{folder}'" for folder in self.folders) or "none is configured"
            raise ConfigError(f"There is no music folder ({named}). Create it, or set it under `music:`.")
        with self._lock:
            found = dict(self._scanned(there))
            is_changed = found != self._known
            self._known = found
        if is_changed:
            self.on_change()
        tracks = [track for _, track in found.values()]
        return sorted(tracks, key=lambda track: (str(track.path.parent), track.number, track.path.name))

    def names(self) -> tuple[str, ...]:
        """What the music that was found last is called: artists, albums, folders, then titles; MOST_NAMES.

        A folder that is called "Music" is none of them: that means all of it.
        """
        tracks = [track for _, track in list(self._known.values())]
        names = [name for track in tracks for name in (track.artist, track.album, track.folder)]
        names += [track.title for track in tracks]
        telling = (name for name in dict.fromkeys(names) if not _NOISE.issuperset(_all_words(name)))
        return tuple(islice(telling, MOST_NAMES))

    def find(self, query: str | None) -> list[Track]:
        """What a request means: everything for None or "", or the tracks whose names fit it best."""
        tracks = self.tracks()
        wanted = words_of(query or "")
        if not wanted:
            return tracks
        vocabulary = {word for track in tracks for name in track.names for word in name}
        similar = {word: _similar_words(word, vocabulary) for word in set(wanted)}
        joined = "".join(_all_words(query or ""))
        scores = [
            max([joined in track.joined_names, *(_score(wanted, name, similar) for name in track.names)])
            for track in tracks
        ]
        best = max(scores, default=0.0)
        if best < _LEAST_SCORE:
            return []
        return [track for track, score in zip(tracks, scores, strict=True) if score >= best - _AS_GOOD]

    def _scanned(self, folders: Sequence[Path]) -> Iterator[tuple[Path, tuple[int, Track]]]:
        for top in folders:
            for directory, below, names in os.walk(top):
                below.sort()
                for name in names:
                    path = Path(directory) / name
                    if path.suffix.lower() not in SUFFIXES or name.startswith("."):
                        continue
                    try:
                        changed = path.stat().st_mtime_ns
                    except OSError:
                        continue
                    known = self._known.get(path)
                    yield path, known if known and known[0] == changed else (changed, _read_track(path, top))


def _read_track(path: Path, top: Path) -> Track:
    """A track by its tags, and by its place where it has none."""
    tags = _tags(path)
    inside = path.parent.relative_to(top).parts
    number = re.match(r"\d+", tags.get("tracknumber", "")) or re.match(r"\d+(?=[ ._-])", path.name)
    return Track(
        path=path,
        title=tags.get("title") or re.sub(r"^\d+[ ._-]+", "", path.stem).replace("_", " "),
        artist=tags.get("artist") or (inside[-2] if len(inside) >= 2 else ""),
        album=tags.get("album") or (inside[-1] if inside else ""),
        folder=path.parent.name,
        number=int(number.group()) if number else 0,
    )


def _tags(path: Path) -> dict[str, str]:
    try:
        found = mutagen.File(path, easy=True)
    except (mutagen.MutagenError, OSError, ValueError) as error:
        log.debug("No tags in %s: %s", path, error, extra=PRIVATE)
        return {}
    if found is None or found.tags is None:
        return {}
    names = ("title", "artist", "album", "tracknumber")
    return {name: str(found[name][0]).strip() for name in names if found.get(name)}


def _similar_words(word: str, vocabulary: set[str]) -> dict[str, float]:
    """Each known word that may be meant, with a likeness up to 1."""
    alike = {word: 1.0} if word in vocabulary else {}
    near_length = [known for known in vocabulary if len(known) > 2 and abs(len(known) - len(word)) <= 2]
    for known in difflib.get_close_matches(word, near_length, n=20, cutoff=_SIMILAR) if len(word) > 2 else ():
        likeness = difflib.SequenceMatcher(None, known, word).ratio()
        alike.setdefault(known, likeness * 0.95)  # an exact word always wins
    return alike


def _score(wanted: Sequence[str], name: Sequence[str], similar: dict[str, dict[str, float]]) -> float:
    """How well a name fits, 0 to 1: the harmonic mean of how much of each is found in the other."""
    said = sum(max((similar[word].get(known, 0.0) for known in name), default=0.0) for word in wanted)
    met = sum(max(similar[word].get(known, 0.0) for word in wanted) for known in name)
    if not said or not met:
        return 0.0
    said_share, met_share = said / len(wanted), met / len(name)
    return 2 * said_share * met_share / (said_share + met_share)
