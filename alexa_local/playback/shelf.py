"""What one look at the music found, and which of it a request means."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

from alexa_local.playback.index import Known
from alexa_local.playback.playlists import playlist_name
from alexa_local.playback.search import NOISE, Search, all_words, names_of, words_of
from alexa_local.playback.tracks import Track

MOST_NAMES = 2000
"""So many names are told to whoever listens for them; more would take a small board seconds to learn."""

_PLAYLIST_LIKENESS = 0.1
"""A playlist is meant although a track's name fits better by this: its owner chose the name."""


@dataclass(frozen=True)
class Shelf:
    """Tracks and playlists.

    Attributes:
        known: the tracks by their file, with the time of each one's last change in ns.
        playlists: the files of the playlists.
        is_whole: whether the look came to its end.
    """

    known: Known
    playlists: tuple[Path, ...] = ()
    is_whole: bool = True

    @cached_property
    def tracks(self) -> list[Track]:
        """In the order of folders, discs and numbers."""
        return sorted((track for _, track in self.known.values()), key=lambda track: track.place)

    @cached_property
    def composed(self) -> dict[str, str]:
        """Files by their composed names: a Mac writes é as two characters."""
        return {unicodedata.normalize("NFC", file): file for file in self.known}

    def meant(self, query: str) -> tuple[Path | None, list[Track]]:
        """What a request means: a playlist, if it is one, and the tracks whose names fit best.

        All tracks for a query that says nothing.
        """
        if not words_of(query):
            return None, self.tracks
        playlists, listed = self._playlist_search.find(query)
        tracks, likeness = self._search.find(query)
        is_list = playlists and listed >= likeness - _PLAYLIST_LIKENESS
        return playlists[0] if is_list else None, tracks

    def names(self) -> tuple[str, ...]:
        """What all of it is called: playlists, artists, albums, folders, then titles; MOST_NAMES.

        A folder that is called "Music" is none of them: that means all of it.
        """
        groups = (
            map(playlist_name, self.playlists),
            (name for track in self.tracks for name in (*track.artists, track.album, track.folder)),
            (track.title for track in self.tracks),
        )
        names = dict.fromkeys(chain.from_iterable(groups))
        return tuple(islice((name for name in names if not NOISE.issuperset(all_words(name))), MOST_NAMES))

    def counts(self) -> dict[str, object]:
        """How much there is, and the names of the playlists; ready for JSON."""
        tracks = self.tracks
        return {
            "tracks": len(tracks),
            "artists": len({artist for track in tracks for artist in track.artists}),
            "albums": len({(track.album, track.album_artist) for track in tracks if track.album}),
            "playlists": sorted({playlist_name(path) for path in self.playlists}),
        }

    def prepare(self) -> None:
        """Have the first search be as fast as all others."""
        _ = self._search, self._playlist_search

    @cached_property
    def _search(self) -> Search[Track]:
        return Search([(track, tuple(names_of(track))) for track in self.tracks])

    @cached_property
    def _playlist_search(self) -> Search[Path]:
        return Search([(path, (playlist_name(path),)) for path in self.playlists])
